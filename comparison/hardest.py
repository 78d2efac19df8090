"""The hardest test images, kept: `python -m comparison.hardest PATH`.

The notebooks show them, and need no dataset for it.
"""

import argparse
import io
import sys

import numpy as np

from comparison import data, records, studies, tables, terminal

FILE = "hardest_images.npz"


def write(path=None):
    """Keeps the test images that half of the controlled runs get wrong.

    Args:
        path: Where MNIST lies; see `data.load`.
    """
    study = studies.study("controlled")
    found = studies.records(study, [records.RESULTS])
    table = tables.hardest_images(found)
    index = np.sort(table.index[2 * table["wrong"] >= len(found)])
    test = data.load("mnist", path)
    content = io.BytesIO()
    np.savez_compressed(
        content,
        index=index,
        images=test.x_test[index, ..., 0],
        labels=test.y_test[index].astype(np.uint8),
    )
    records.write_whole(records.RESULTS / FILE, content.getvalue())


def read():
    """Returns the kept images and labels, as two dicts by index."""
    with np.load(records.RESULTS / FILE) as kept:
        index = kept["index"].tolist()
        return (
            dict(zip(index, kept["images"], strict=True)),
            dict(zip(index, kept["labels"].tolist(), strict=True)),
        )


@terminal.command
def main(arguments):
    """Keeps the images; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.hardest",
        description="Keeps the test images that half of the controlled runs "
        "get wrong.",
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="file or folder with MNIST (default: Keras's cache, else a "
        "download)",
    )
    write(parser.parse_args(arguments).path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
