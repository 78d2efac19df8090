"""The README says what the records say, and its commands are those of CI."""

import pathlib
import re

import pytest

from comparison import analysis, readme, runs, studies

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_results_are_those_of_the_records():
    assert readme.rendered(TEXT) == TEXT


def test_finding_is_what_the_records_hold():
    """The extremes and the spread, from the records by hand."""
    study = studies.study("controlled")
    records = studies.records(study, [analysis.RESULTS])
    seeds = [record["configuration"]["seed"] for record in records]
    accuracies = {}
    for record, seed in zip(records, seeds):
        # Of the seeds with every activation.
        if seeds.count(seed) == 6:
            name = record["configuration"]["activation"]
            percent = 100 * record["test"]["accuracy"]
            accuracies.setdefault(name, []).append(percent)
    means = {name: sum(a) / len(a) for name, a in accuracies.items()}
    low, high = (end(means, key=means.get) for end in (min, max))
    finding = analysis.finding(study, records)
    assert (
        f"between {means[low]:.2f} % ({low}) and {means[high]:.2f} % ({high})"
        in finding
    )
    assert f"{len(accuracies['relu'])} seeds each" in finding
    spread = max(max(a) - min(a) for a in accuracies.values())
    assert f"move one network by up to {spread:.2f} points" in finding


def test_contributions_are_what_the_records_hold():
    """Each ablation less the controlled run of its seed, by hand."""
    ablations = studies.study("ablations")
    gains = {}
    for configuration in ablations.configurations:
        plain = runs.Configuration(
            configuration.activation, seed=configuration.seed
        )
        changed, base = (
            runs.find(c, [analysis.RESULTS]) for c in (configuration, plain)
        )
        if changed and base:
            gain = changed["test"]["accuracy"] - base["test"]["accuracy"]
            variant = ablations.variant(configuration)
            gains.setdefault(variant, []).append(100 * gain)
    assert len(gains) == 5
    for variant, values in gains.items():
        found = re.search(rf"{re.escape(variant)} ([+-][\d.]+) \(±", TEXT)
        assert float(found[1]) == pytest.approx(
            sum(values) / len(values), abs=0.0051
        )


def test_figure_is_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)h][^)]*)\)", TEXT):
        assert (ROOT / path).is_file()


def test_ci_runs_the_readme_command():
    script = (ROOT / ".ci" / "run").read_text()
    (command,) = re.findall(r"^    (python3 -m venv .*pytest)$", TEXT, re.M)
    assert command in script
