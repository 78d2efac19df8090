"""`python -m comparison.claims`: makes the records that are missing."""

import argparse
import sys
import time

from comparison import claims, records, terminal


@terminal.command
def main(arguments):
    """Makes the records that are missing, or some anew; returns the status."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.claims",
        description="Makes the records of the claims that are missing.",
    )
    parser.add_argument(
        "--again",
        nargs="+",
        default=[],
        choices=list(claims.EXPERIMENTS),
        metavar="NAME",
        help=f"make these anew: {', '.join(claims.EXPERIMENTS)}",
    )
    parser.add_argument(
        "--results",
        type=terminal.path,
        default=records.RESULTS,
        metavar="FOLDER",
        help="for the records (default: the project's results)",
    )
    options = parser.parse_args(arguments)
    results = records.check_folder(options.results)
    for name in claims.EXPERIMENTS:
        start = time.perf_counter()
        table = claims.recorded(name, results, again=name in options.again)
        seconds = time.perf_counter() - start
        print(f"{name}: {len(table)} rows, {seconds:.0f} s", flush=True)
        terminal.check_interrupt()
    return 0


if __name__ == "__main__":
    sys.exit(main())
