"""What is said of records, and the README's commands and pictures."""

import pathlib
import re

import pytest

from comparison import records, report, runs, studies
from comparison.configuration import Configuration

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_help_writes_no_page(monkeypatch, tmp_path, capsys):
    page = tmp_path / "results.md"
    monkeypatch.setattr(report, "PAGE", page)
    with pytest.raises(SystemExit) as caught:
        report.main(["--help"])
    assert caught.value.code == 0 and not page.exists()
    monkeypatch.setattr(report, "page", lambda: "all\n")
    assert report.main([]) == 0
    assert page.read_text() == "all\n"


def test_page_of_results_is_what_the_records_give():
    assert report.PAGE.read_text(encoding="utf-8") == report.page()


def test_effects_are_what_the_records_hold():
    """Each ablation less the controlled run of its seed, by hand."""
    ablations = studies.study("ablations")
    gains = {}
    for configuration in ablations.configurations:
        plain = Configuration(configuration.activation, seed=configuration.seed)
        changed, base = (
            runs.find(c, [records.RESULTS]) for c in (configuration, plain)
        )
        gain = changed["test"]["accuracy"] - base["test"]["accuracy"]
        variant = ablations.variant(configuration)
        gains.setdefault(variant, []).append(100 * gain)
    assert len(gains) == 5
    found = studies.records(ablations, [records.RESULTS])
    text = report.text(ablations, found, [records.RESULTS])
    table = text.partition("run of the same seed:")[2]
    for variant, values in gains.items():
        row = re.search(rf"^{re.escape(variant)} +2 +([-\d.]+)", table, re.M)
        assert float(row[1]) == pytest.approx(
            sum(values) / len(values), abs=0.0051
        )


def test_changed_study_is_beside_nothing_published(tmp_path, write_record):
    study = studies.study("controlled", ["relu", "tanh"], [0, 1], epochs=1)
    found = [write_record(c, tmp_path) for c in study.configurations]
    text = report.text(study, found, [tmp_path, records.RESULTS])
    assert "published" not in text
    assert "Differences in test accuracy" in text
    whole = studies.study("controlled", ["relu", "tanh"], [0, 1])
    text = report.text(whole, found, [tmp_path])
    assert "Beside what was published" in text


def test_changed_ablation_has_a_baseline_changed_alike(tmp_path, write_record):
    study = studies.study("ablations", ["swish"], epochs=1)
    found = [write_record(c, tmp_path, 0.10) for c in study.configurations]
    # The committed controlled runs have twenty epochs.
    text = report.text(study, found, [tmp_path, records.RESULTS])
    assert (
        "There is no record of controlled-epochs=1 with the same seeds" in text
    )
    assert str(tmp_path) in text
    for seed in (0, 1):
        write_record(
            Configuration("swish", seed=seed, epochs=1),
            tmp_path,
            0.08 + seed / 100,
        )
    text = report.text(study, found, [tmp_path, records.RESULTS])
    row = re.search(
        r"^swish, kernel_init\S+ +2 +([-\d.]+)", text.partition("Less")[2], re.M
    )
    assert float(row[1]) == pytest.approx(100 * (0.10 - 0.085))


def test_baseline_may_lie_beside_the_records(tmp_path, write_record):
    """Runs of further seeds, and their baseline, in a folder of one's own."""
    study = studies.study("ablations", ["relu"], [7])
    found = [write_record(c, tmp_path, 0.97) for c in study.configurations]
    write_record(Configuration("relu", seed=7), tmp_path, 0.96)
    text = report.text(study, found, [tmp_path, records.RESULTS])
    assert re.search(r"^relu, validation=test +1 +1\.0 ", text, re.M)


def test_figure_is_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)h][^)]*)\)", README):
        assert (ROOT / path).is_file()


def test_ci_runs_the_readme_command():
    script = (ROOT / ".ci" / "run").read_text()
    (command,) = re.findall(r"^    (python3 -m venv .*pytest)$", README, re.M)
    assert command in script
