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


def test_contents_of_the_page():
    """Each link is to a heading, and each heading has one.

    They are words that make the same anchor on GitHub and in the site.
    """
    page = report.PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", page, re.M)
    assert all(re.fullmatch("[a-z_]+", heading) for heading in headings)
    assert re.findall(r"\(#([^)]*)\)", page) == headings


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


# The documents.


def python_of(path):
    """Returns the Python code of a document, block by block."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


def test_code_of_the_command_line_page(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {}
    for code in python_of("docs/command-line.md"):
        exec(code, names)
    printed = capsys.readouterr().out.splitlines()
    assert "3 True held_out 0.9931" in printed
    assert len(printed) > 1000


def test_code_of_a_function_of_your_own(capsys):
    code, _study = python_of("docs/extending.md")
    # One seed says as well that it runs.
    assert code.count("range(3)") == 1
    exec(code.replace("range(3)", "range(1)"), {})
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 3 and rows[0].startswith("relu [0.")


def test_numbers_of_runs_are_those_of_the_studies():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \| ([\d, ]+) \|", page, re.M)
    told = {
        name: int(number)
        for names, numbers in rows
        for name, number in zip(
            re.findall(r"`(\w+)`", names), numbers.split(", "), strict=True
        )
    }
    assert told == {
        name: len(study.configurations)
        for name, study in studies.STUDIES.items()
    }


def test_times_are_those_of_the_last_benchmark():
    found = (ROOT / "benchmarks" / "last_run.txt").read_text(encoding="utf-8")

    def number(pattern, text=found):
        return float(re.search(pattern, text, re.M)[1])

    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert "20 epochs of 55,000" in found
    a_run = number(r": (\d+) s in training") + number(r", (\d+) s outside")
    assert number(r"images, (\d+) seconds", page) == a_run
    runs = len(studies.study("controlled").configurations)
    assert (runs, round(runs * a_run / 3600)) == (60, 7)
    assert "sixty of them are seven hours" in page
    quick = number(r"whole process, once: ([\d.]+) s")
    assert number(r"`quick` takes (\d+) seconds", page) == round(quick)

    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    keras = number(r"^ +float32 step, of plain Keras .* ([\d.]+) +\w+$")
    assert number(r"takes ([\d.]+) of plain", page) == round(keras, 2)
    torch = number(r"^ +float32 step, of PyTorch  .* ([\d.]+) +\w+$")
    assert number(r"and ([\d.]+) of PyTorch", page) == round(torch, 2)
    relu, swish = (
        number(rf"^{name} .* to [\d.]+ +([\d.]+) ")
        for name in ("relu", "swish, one beta")
    )
    assert number(r"it takes ([\d.]+) times", page) == round(swish, 2)
    assert number(r"and ([\d.]+) times as long as", page) == round(
        swish / relu, 1
    )


def test_figure_is_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)h][^)]*)\)", README):
        assert (ROOT / path).is_file()


def test_ci_runs_the_readme_command():
    script = (ROOT / ".ci" / "run").read_text()
    (command,) = re.findall(r"^    (python3 -m venv .*pytest)$", README, re.M)
    assert command in script
