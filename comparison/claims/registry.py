"""The register of experiments and rules, and the experiments' records.

An experiment is a seeded function that returns rows, plain dicts; its name,
parameters and defaults make its record. A rule decides on a claim from the
rows of its experiments alone.
"""

import argparse
import dataclasses
import inspect
import json
import math
import pathlib
import time

import numpy as np
import pandas as pd
from scipy import stats

from comparison import records

# C3, C6: differences under ten points of accuracy, and shares under a tenth,
# are not called learning more slowly, or dying.
NOTABLE = 0.1
# By name: the function, and what is smaller where nothing is measured. By
# claim: its sentence; its rule and the experiments whose rows it takes.
EXPERIMENTS = {}
SMOKE = {}
CLAIMS = {}
RULES = {}
STUDIES = {"claims": {}, "smoke": SMOKE}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim, what was measured, and what follows.

    `verdict` is "holds", "does not hold", or "holds only where ...".
    """

    claim: str
    measured: str
    verdict: str


def experiment(**smoke):
    """Registers an experiment, with its parameters for the study `smoke`."""

    def register(function):
        EXPERIMENTS[function.__name__] = function
        SMOKE[function.__name__] = smoke
        return function

    return register


def rule(claim, sentence, *experiments):
    """Registers the rule for a claim, a function of its experiments' rows."""

    def register(function):
        CLAIMS[claim] = sentence
        RULES[claim] = function, [e.__name__ for e in experiments]
        return function

    return register


def decide(tables):
    """Returns the verdicts on C1 to C8.

    Args:
        tables: Of each experiment's name, its rows.
    """
    return [
        decided(*(tables[name] for name in names))
        for _, (decided, names) in sorted(RULES.items())
    ]


def recorded(name, results, folders=(), study="claims", again=False):
    """Returns the rows of an experiment, as a table, from its record.

    The record is `STUDY/NAME.json` in one of the folders: the experiment's
    parameters, its rows, the environment and a hash of all that. One that is
    damaged or was edited is set aside; one with other parameters is not used.
    Where there is none, the experiment is run and its record written to
    `results`, whole or not at all.

    Args:
        name: A name in `EXPERIMENTS`.
        results: The folder for a new record, made if need be.
        folders: Further folders whose records count as well.
        study: `"claims"`, or `"smoke"` for as little as shows that it works.
        again: Whether to run it although there is a record.

    Raises:
        ValueError: If the name or the study is unknown.
    """
    if name not in EXPERIMENTS:
        raise ValueError(
            f"`name` must be among {', '.join(EXPERIMENTS)}. Received: "
            f"name={name!r}"
        )
    if study not in STUDIES:
        raise ValueError(
            f"`study` must be among {', '.join(STUDIES)}. Received: "
            f"study={study!r}"
        )
    results, *folders = map(pathlib.Path, (results, *folders))
    experiment = EXPERIMENTS[name]
    parameters = {
        parameter.name: parameter.default
        for parameter in inspect.signature(experiment).parameters.values()
    } | STUDIES[study].get(name, {})
    parameters = _plain(parameters)
    file = pathlib.Path(study, f"{name}.json")
    if not again:
        for folder in (results, *folders):
            rows = _read(folder / file, parameters)
            if rows is not None:
                return pd.DataFrame(rows)
    record = {
        "experiment": name,
        "parameters": parameters,
        "environment": records.environment(),
        "rows": _plain(experiment(**parameters)),
    }
    record["hash"] = records.content_hash(record)
    with records.claim(f"{study}-{name}", results):
        _write(results / file, record)
    return pd.DataFrame(record["rows"])


def _read(path, parameters):
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["hash"] != records.content_hash(record):
            raise records.RecordError("it was edited: its hash does not fit")
        found, rows = record["parameters"], record["rows"]
    except (ValueError, KeyError, TypeError) as error:
        records.set_aside(path, error)
        return None
    return rows if found == parameters else None


def _write(path, record):
    """Writes a record, a row a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ",\n  ".join(json.dumps(row) for row in record["rows"])
    head = json.dumps({**record, "rows": []}, indent=1)
    text = head.replace('"rows": []', f'"rows": [\n  {rows}\n ]') + "\n"
    records.write_whole(path, text.encode())


def _plain(value):
    """Returns a value as JSON has it, numbers to six digits."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def main(arguments=None):
    """Makes the records that are missing, or some anew."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.claims",
        description="Makes the records of the claims that are missing.",
    )
    parser.add_argument(
        "--again",
        nargs="+",
        default=[],
        choices=list(EXPERIMENTS),
        metavar="NAME",
        help=f"make these anew: {', '.join(EXPERIMENTS)}",
    )
    parser.add_argument(
        "--results",
        type=pathlib.Path,
        default=records.RESULTS,
        metavar="FOLDER",
        help="for the records (default: the project's results)",
    )
    options = parser.parse_args(arguments)
    for name in EXPERIMENTS:
        start = time.perf_counter()
        table = recorded(name, options.results, again=name in options.again)
        seconds = time.perf_counter() - start
        print(f"{name}: {len(table)} rows, {seconds:.0f} s", flush=True)
    return 0


def paired_difference(first, second):
    """Returns the mean of paired differences and its 95 % t-interval."""
    difference = np.asarray(first, float) - np.asarray(second, float)
    if len(difference) < 2:
        return difference.mean(), -math.inf, math.inf
    half = stats.sem(difference) * stats.t.ppf(0.975, len(difference) - 1)
    mean = difference.mean()
    return mean, mean - half, mean + half


def _listed(items, word="and"):
    items = [str(item) for item in items]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
