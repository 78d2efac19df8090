"""The hardest test images, kept: `python -m comparison.hardest PATH`.

The notebooks show them, and need no dataset for it.
"""

import io
import sys

import numpy as np

from comparison import data, records, studies, tables

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


if __name__ == "__main__":
    write(*sys.argv[1:])
