"""The README says what the records say, and its commands are those of CI."""

import pathlib
import re

from comparison import analysis
from comparison import readme
from comparison import studies

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_results_are_those_of_the_records():
    assert readme.rendered(TEXT) == TEXT


def test_finding_is_what_the_records_hold():
    """The extremes and the span, from the records by hand."""
    study = studies.study("controlled")
    records = studies.records(study, [analysis.RESULTS])
    # Of the seeds with every activation.
    seeds = [record["configuration"]["seed"] for record in records]
    means = {}
    for record, seed in zip(records, seeds):
        if seeds.count(seed) < 6:
            continue
        name = record["configuration"]["activation"]
        means.setdefault(name, []).append(record["test"]["accuracy"])
    means = {name: sum(m) / len(m) for name, m in means.items()}
    finding = analysis.finding(study, records)
    low, high = min(means.values()), max(means.values())
    numbers = [float(n) for n in re.findall(r"\d+\.\d\d", finding)]
    for value, expected in zip(
        numbers, (100 * low, 100 * high, 100 * (high - low)), strict=False
    ):
        assert abs(value - expected) <= 0.00501
    assert f"({min(means, key=means.get)})" in finding


def test_figure_is_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)h][^)]*)\)", TEXT):
        assert (ROOT / path).is_file()


def test_ci_runs_the_readme_command():
    script = (ROOT / ".ci" / "run").read_text()
    (command,) = re.findall(r"^    (python3 -m venv .*pytest)$", TEXT, re.M)
    assert command in script
