"""The register of experiments and rules, and the experiments' records.

An experiment is a seeded function that yields rows, plain dicts; its name,
parameters and defaults make its record. A rule decides on a claim from the
rows of its experiments alone.
"""

import dataclasses
import inspect
from collections.abc import Callable

import keras
import pandas as pd

from activations import unknown
from comparison import networks, records, terminal

# C3, C6: differences under ten points of accuracy, and shares under a tenth,
# are not called learning more slowly, or dying.
NOTABLE = 0.1
STUDIES = ("claims", "smoke")
# As many as the records keep of each number.
DIGITS = 6


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A function with defaults, and what is smaller where nothing is measured.

    Attributes:
        function: Yields rows; its name is the experiment's.
        smoke: Its parameters in the study `smoke`.
    """

    function: Callable
    smoke: dict

    def parameters(self, study):
        """Returns all parameters in a study, as JSON has them."""
        signature = inspect.signature(self.function).parameters
        defaults = {name: p.default for name, p in signature.items()}
        smoke = self.smoke if study == "smoke" else {}
        return records.plain(defaults | smoke, DIGITS)


@dataclasses.dataclass(frozen=True)
class Rule:
    """How a claim is decided.

    Attributes:
        sentence: The claim.
        decide: A function of the experiments' rows that returns a `Verdict`.
        experiments: Their names.
    """

    sentence: str
    decide: Callable
    experiments: list


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What follows for a claim.

    Attributes:
        verdict: "holds", "does not hold", or "holds only where ...".
        measured: Numbers by what they are; a tuple is a value with the ends
            of its interval.
    """

    verdict: str
    measured: dict


EXPERIMENTS = {}
RULES = {}


def experiment(**smoke):
    """Registers an experiment, with its parameters for the study `smoke`."""

    def register(function):
        EXPERIMENTS[function.__name__] = Experiment(function, smoke)
        return function

    return register


def rule(claim, sentence, *experiments):
    """Registers the rule for a claim, a function of its experiments' rows."""

    def register(function):
        RULES[claim] = Rule(
            sentence, function, [e.__name__ for e in experiments]
        )
        return function

    return register


def decide(tables):
    """Returns the verdict on each claim whose experiments have rows.

    Args:
        tables: Of each experiment's name, its rows.
    """
    return {
        claim: rule.decide(*(tables[name] for name in rule.experiments))
        for claim, rule in sorted(RULES.items())
        if all(name in tables for name in rule.experiments)
    }


def recorded(name, results, folders=(), study="claims", again=False):
    """Returns the rows of an experiment, as a table, from its record.

    The record is `STUDY/NAME.json` in one of the folders. One that is damaged
    is not used, and set aside where a new one takes its place; one with other
    parameters is not used and stays: the new one is `STUDY/NAME-HASH.json`
    then. Where there is none, the experiment is run, in one process alone, and
    its record written to `results`, whole or not at all.

    Args:
        name: A name in `EXPERIMENTS`.
        results: The folder for a new record, made if need be.
        folders: Further folders whose records count as well.
        study: `"claims"`, or `"smoke"` for as little as shows that it works.
        again: Whether to run it although there is a record.

    Raises:
        ValueError: If the name or the study is unknown, or where a record is
            missing and nothing can be written, or the backend is not
            TensorFlow.
    """
    for kind, value, known in (
        ("experiment", name, EXPERIMENTS),
        ("study", study, STUDIES),
    ):
        if value not in known:
            raise unknown(kind, value, known)
    sought = name, study
    found = None
    if not again:
        found = _find(*sought, [results, *folders], records.report)
    if found is None:
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                "The claims' experiments take TensorFlow's gradients and "
                "steps: unset KERAS_BACKEND. Received: "
                f"backend={keras.backend.backend()!r}"
            )
        results = records.check_folder(results)
        records.check_folder(results / study)
        with records.claim(f"{study}-{name}", results):
            # Another process may have made it meanwhile.
            found = _find(*sought, [results], records.set_aside)
            if again or found is None:
                found = _make(*sought, results)
    return pd.DataFrame(found["rows"])


def page(folders):
    """Returns a section in Markdown: a row a claim, from its records alone.

    Args:
        folders: Where the records lie.
    """
    found = {
        name: _find(name, "claims", folders, records.report)
        for name in EXPERIMENTS
    }
    tables = {n: pd.DataFrame(r["rows"]) for n, r in found.items() if r}
    lines = [
        "## claims",
        "",
        "| | claim | verdict | measured |",
        "|---|---|---|---|",
    ]
    for claim, verdict in decide(tables).items():
        measured = "; ".join(
            f"{what}: {_shown(value)}"
            for what, value in verdict.measured.items()
        )
        lines.append(
            f"| {claim} | {RULES[claim].sentence} | {verdict.verdict} | "
            f"{measured} |"
        )
    return "\n".join(lines)


def listed(items, word="and"):
    """Returns the items as a list in words."""
    items = [str(item) for item in items]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def _find(name, study, folders, on_damage):
    parameters = EXPERIMENTS[name].parameters(study)

    def check(record, path):
        for field, kind in (("parameters", dict), ("rows", list)):
            if not isinstance(record.get(field), kind):
                raise records.RecordError(f"{path} has no {field}.")
        if record["parameters"] != parameters:
            raise _OtherParametersError(f"{path} has other parameters.")

    def on_error(path, error):
        if not isinstance(error, _OtherParametersError):
            on_damage(path, error)

    for file in _files(name, study):
        record = records.find(file, folders, check, on_error)
        if record is not None:
            return record
    return None


def _make(name, study, results):
    networks.check_settings()
    parameters = EXPERIMENTS[name].parameters(study)
    rows = []
    with terminal.put_off():
        for row in EXPERIMENTS[name].function(**parameters):
            rows.append(records.plain(row, DIGITS))
            terminal.check_interrupt()
    content = {
        "experiment": name,
        "parameters": parameters,
        "environment": records.environment(),
        "rows": rows,
    }
    path, other = (results / file for file in _files(name, study))
    # What is there now is whole.
    if path.exists() and records.read(path)["parameters"] != parameters:
        path = other
    return records.write(path, content, rows="rows")


def _files(name, study):
    """Returns the record's name, and that beside one of other parameters."""
    digest = records.content_hash(EXPERIMENTS[name].parameters(study))[:8]
    return [f"{study}/{name}.json", f"{study}/{name}-{digest}.json"]


class _OtherParametersError(records.RecordError):
    """A record of the same experiment, done otherwise."""


def _shown(value):
    if isinstance(value, tuple):
        mean, low, high = (f"{number:+.2g}" for number in value)
        return f"{mean} [{low}, {high}]"
    return f"{value:.2g}"
