"""Command line: `python -m comparison`, `... run STUDY`, `... table STUDY`."""

import argparse
import contextlib
import pathlib
import sys

from comparison import figures, records, report, studies, tables


def main(arguments=None):
    """Runs a command; returns the exit status."""
    if arguments is None:
        arguments = sys.argv[1:]
    options = _parser().parse_args(arguments or ["run"])
    try:
        study = _study(options)
        if options.results.exists() and not options.results.is_dir():
            raise ValueError(
                f"--results must name a folder. Received: {options.results}"
            )
        return options.command(study, options)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def run(study, options):
    """Runs a study, prints its table, and draws its figures."""
    with _client(options) as client:
        print(f"{study.name}: {study.purpose}")
        return _run(study, options, client)


def _run(study, options, client):
    try:
        found = studies.run(
            study, options.results, [records.RESULTS], options.data, client
        )
    except KeyboardInterrupt:
        done = len(studies.records(study, _folders(options)))
        print(
            f"\nInterrupted: {done} of {len(study.configurations)} runs are "
            f"on disk, in {options.results}. The same command goes on from "
            "there.",
            file=sys.stderr,
        )
        return 130
    print(report.text(study, found, _folders(options)))
    print(f"\nRecords: {options.results}")
    _draw(study, found, options)
    return 0


def _client(options):
    """Returns a context with a Dask client, or with `None` for this process."""
    if options.workers is None and options.cluster is None:
        return contextlib.nullcontext()
    # Not at the top: it takes a while, and most runs need none of it.
    from comparison import cluster

    if options.cluster is not None:
        return cluster.connected(options.cluster)
    return cluster.local(options.workers)


def table(study, options):
    """Prints a study's records: a row an activation, or a row a run."""
    found = _records(study, options)
    if options.csv:
        rows = tables.run_table(study, found)
        rows.to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        print(report.text(study, found, _folders(options)))
    return 0


def draw(study, options):
    """Draws a study's figures."""
    _draw(study, _records(study, options), options)
    return 0


def _records(study, options):
    found = studies.records(study, _folders(options))
    if not found:
        raise ValueError(
            f"There is no record of {study.name} in "
            f"{' or '.join(map(str, _folders(options)))}. Make them with: "
            f"python -m comparison run {study.name}"
        )
    return found


def _folders(options):
    return [options.results, records.RESULTS]


def _draw(study, found, options):
    folder = options.results / "figures"
    for path in figures.save_all(study, found, folder):
        print(f"Figure: {path}")


def _study(options):
    changes = {
        field: getattr(options, field)
        for field in ("epochs", "batch_size", "dropout", "dataset")
        if getattr(options, field) is not None
    }
    return studies.study(
        options.study, options.activations, options.seeds, **changes
    )


def _parser():
    known = ", ".join(studies.STUDIES)
    parser = argparse.ArgumentParser(
        prog="python -m comparison",
        description="Compares activation functions on the article's network. "
        "With no words: run quick.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, function, words in (
        ("run", run, "train what has no record yet, print the table"),
        ("table", table, "print a study's table"),
        ("figures", draw, "draw a study's figures"),
    ):
        sub = commands.add_parser(command, help=words, description=words)
        sub.set_defaults(command=function)
        sub.add_argument(
            "study",
            nargs="?" if command == "run" else None,
            default="quick",
            metavar="STUDY",
            help=f"one of {known}",
        )
        sub.add_argument("--activations", nargs="+", metavar="NAME")
        sub.add_argument("--seeds", nargs="+", type=_number, metavar="N")
        sub.add_argument("--epochs", type=_number, metavar="N")
        sub.add_argument("--batch-size", type=_number, metavar="N")
        sub.add_argument("--dropout", type=_number, metavar="RATE")
        sub.add_argument("--dataset", metavar="NAME")
        sub.add_argument(
            "--results",
            type=pathlib.Path,
            default=records.RUNS,
            metavar="FOLDER",
            help="for records and figures (default: runs); the project's own "
            "results are read as well",
        )
        if command == "run":
            sub.add_argument(
                "--data",
                type=pathlib.Path,
                metavar="PATH",
                help="file or folder with the dataset (default: Keras's "
                "cache, else a download)",
            )
            where = sub.add_mutually_exclusive_group()
            where.add_argument(
                "--workers",
                type=_number,
                metavar="N",
                help="run in N processes of this machine, each with its share "
                "of the cores",
            )
            where.add_argument(
                "--cluster",
                metavar="ADDRESS",
                help="run on the workers of the Dask scheduler at this "
                "address, such as tcp://HOST:8786",
            )
        if command == "table":
            sub.add_argument(
                "--csv", action="store_true", help="a row a run, as CSV"
            )
    return parser


def _number(text):
    # What is no number goes on as it is: the configuration names the range.
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


if __name__ == "__main__":
    sys.exit(main())
