"""A study's records in one file: `python -m comparison.pack STUDY`.

For hundreds of small runs. The file is `results/packed/STUDY.json`: an object
from each record's name to the record, a record a line, sorted. `records.find`
looks in it.
"""

import argparse
import contextlib
import json
import logging
import sys

from comparison import records, runs, studies, terminal

_log = logging.getLogger(__name__)


def write(name, folder=records.RUNS):
    """Gathers a study's records in its pack, and returns those in the pack.

    What the pack has, it keeps; of a run that another study has as well, the
    record stays in that one's pack. The study's own files in `results/` go
    where the same record is in the pack now; in the other folder nothing
    changes.

    Args:
        name: The study's.
        folder: Where records lie besides `results/`.

    Raises:
        ValueError: If the study is unknown or has no record, or if a pack is
            damaged.
    """
    study = studies.study(name)
    folder = records.check_folder(folder, write=False)
    folders = [records.RESULTS, folder]
    found = {
        runs.of_record(record).key: record
        for record in studies.records(study, folders)
    }
    if not found:
        raise ValueError(
            f"There is no record of {name} in {folder} or {records.RESULTS}. "
            f"Received: results={str(folder)!r}"
        )
    path = records.RESULTS / records.PACKED / f"{name}.json"
    # Two at once could each remove what the other's pack lacks.
    with records.claim(f"{records.PACKED}-{name}", records.RESULTS):
        for other in path.parent.glob("*.json"):
            if other != path:
                for key in found.keys() & _read(other).keys():
                    del found[key]
        packed = {**found, **_read(path)}
        lines = [
            f" {json.dumps(key)}: {json.dumps(record)}"
            for key, record in sorted(packed.items())
        ]
        content = ",\n".join(lines)
        records.write_whole(path, f"{{\n{content}\n}}\n".encode())
        for key in found:
            _remove(records.RESULTS / f"{key}.json", path)
    return packed


def _read(path):
    """Returns the records of a pack by name; none where there is no pack.

    Raises:
        RecordError: If one is damaged, which a new pack would be without.
    """
    if not path.exists():
        return {}
    try:
        names = json.loads(records.read_file(path)).keys()
        return {name: records.read(path / name) for name in names}
    except (ValueError, AttributeError, RecursionError) as error:
        raise records.RecordError(
            f"{path} has to be restored or mended first: {error}"
        ) from error


def _remove(path, pack):
    """Removes a record's own file if the pack has the same record."""
    # Of what is damaged, the search for it has told.
    with contextlib.suppress(FileNotFoundError, records.RecordError):
        if records.read(path) == records.read(pack / path.stem):
            path.unlink()
        else:
            _log.warning("%s stays: %s has another of that run.", path, pack)


@terminal.command
def main(arguments):
    """Packs a study's records; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.pack",
        description="Gathers a study's records in one file, "
        "results/packed/STUDY.json.",
    )
    parser.add_argument(
        "study", metavar="STUDY", help=f"one of {', '.join(studies.STUDIES)}"
    )
    parser.add_argument(
        "--results",
        default=records.RUNS,
        metavar="FOLDER",
        help="where records lie besides the project's own (default: runs)",
    )
    options = parser.parse_args(arguments)
    packed = write(options.study, options.results)
    print(f"{len(packed)} records in results/packed/{options.study}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
