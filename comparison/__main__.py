"""Command line: `python -m comparison`, `... run STUDY`, `... table STUDY`."""

import argparse
import contextlib
import os
import shlex
import sys

from comparison import (
    figures,
    networks,
    process,
    records,
    report,
    studies,
    tables,
    terminal,
)


@terminal.command
def main(arguments):
    """Runs a command; returns the exit status."""
    options = _parser().parse_args(arguments or ["run"])
    options.words = arguments
    study = _study(options)
    writes = options.command is not table
    options.results = records.check_folder(options.results, writes)
    if writes:
        records.check_folder(_figures(options))
    return options.command(study, options)


def run(study, options):
    """Runs a study, prints its table, and draws its figures."""
    process.threads_set()
    networks.check_settings()
    try:
        with terminal.interruptible(), _client(options) as client:
            print(f"{study.name}: {study.purpose}")
            found = studies.run(
                study,
                options.results,
                _own(options),
                options.data,
                client,
            )
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(_kept(study, options)) from error
    # A full disk, or a cluster that is no more: no word of the user's is wrong.
    except OSError as error:
        raise ValueError(f"{error}. {_kept(study, options)}") from error
    print(report.text(study, found, _folders(options)))
    here = len(studies.records(study, [options.results]))
    print(
        f"\nRecords: {here} of {len(found)} in {options.results}"
        + (f", the others in {records.RESULTS}" if here < len(found) else "")
    )
    _draw(study, found, options)
    return 0


def _kept(study, options):
    done = len(studies.records(study, _folders(options)))
    return (
        f"{done} of {len(study.configurations)} runs are on disk, in "
        f"{options.results}, and so is each epoch that was reported. The same "
        "command goes on from there."
    )


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
            f"{_advice(options)}"
        )
    return found


def _advice(options):
    """The command that makes the records, in the user's own words."""
    # `--csv` is the one option that `run` has not.
    words = [_quoted(word) for word in options.words[1:] if word != "--csv"]
    return " ".join(["python -m comparison run", *words])


def _quoted(word):
    if word.isprintable():
        return shlex.quote(word)
    # A new line in quotes would end the error's only one.
    signs = (
        chr(byte)
        if 32 <= byte < 127 and byte not in b"\\'"
        else f"\\x{byte:02x}"
        for byte in os.fsencode(word)
    )
    return f"$'{''.join(signs)}'"


def _figures(options):
    return options.results / "figures"


def _folders(options):
    return [options.results, *_own(options)]


def _own(options):
    """Where the project's own records lie, if they are to be read."""
    return [] if options.anew else [records.RESULTS]


def _draw(study, found, options):
    where = _figures(options), _folders(options)
    for path in figures.save_all(study, found, *where):
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
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, function, words in (
        ("run", run, "train what has no record yet, print the table"),
        ("table", table, "print a study's table"),
        ("figures", draw, "draw a study's figures"),
    ):
        sub = commands.add_parser(
            command, help=words, description=words, allow_abbrev=False
        )
        sub.set_defaults(command=function, anew=False)
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
            type=terminal.path,
            default=records.RUNS,
            metavar="FOLDER",
            help="for records and figures (default: runs); the project's own "
            "results are read as well",
        )
        if command == "run":
            sub.add_argument(
                "--anew",
                action="store_true",
                help="read none of the project's own results: train them too",
            )
            sub.add_argument(
                "--data",
                type=terminal.path,
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
