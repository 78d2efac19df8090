"""Tables, as text: what the command line prints and `docs/results.md` shows.

`python -m comparison.report` writes that page anew.
"""

import argparse
import sys

from comparison import (
    cited,
    claims,
    depth,
    factors,
    records,
    studies,
    tables,
    terminal,
)

PAGE = records.ROOT / "docs" / "results.md"
LEGEND = """\
low, high: simultaneous 95 % interval over all pairs (Games and Howell). Of
studies of equal activations, 5 to 6 % would show a difference with ten seeds,
6 to 7.5 % with five, 6 to 10 % with three.
"different, by more than the margin": the interval lies beyond the margin (0.1
points; 0.004 nats). "different, by less": it excludes 0; that the difference
is more than the margin is not shown. "equivalent": it lies within the margin.
"cannot tell": anything else. detectable: the true difference that so many
seeds with such spreads would find four times in five."""
CHANCE = """\
chance ±: how far the seed alone would move the mean difference in accuracy,
95 % of the time, by the spread of the baseline's runs."""
LEARNED = f"""\
learned: how many of the seeds have a test accuracy above {tables.LEARNED};
diverged ones have none. Means are of all that have one, learned or not."""
DEEPEST = f"""\
Hidden layers of the deepest network that reached {depth.REACHED} in validation
after some epoch, by seed; 0: none did. learned: how many runs of all depths
have a test accuracy above {tables.LEARNED}."""
MEDIANS = """\
Test accuracy by hidden layers, the median of the seeds that have one:"""
COUNTS = f"""\
How many of the seeds learned, with a test accuracy above {tables.LEARNED}:"""
CITED = """\
low, high: 95 % interval for one new run, from the seeds measured (t); inside:
whether the published run lies within."""
COLUMNS = """\
Of each activation: `training` and `validation`, the accuracies after the last
epoch (the training one is Keras's average over the epoch, with dropout at
work); `test accuracy` and `test loss`, the means over the seeds; `±`, half the
95 % interval of that mean, and `sd`, the standard deviation over the seeds, of
the accuracy, and of the loss where they say so. Accuracies are fractions;
differences are percentage points."""
UNITS = {
    "test_accuracy": "test accuracy, percentage points",
    "test_loss": "test loss, nats",
}


def text(study, found, folders):
    """Returns all that there is to say of a study's records, in plain text.

    Args:
        study: A `studies.Study`.
        found: Its records, one or more.
        folders: Where the records of its baseline are looked for.
    """
    own = factors.text(study, found, folders)
    if own:
        parts = [own]
    elif "hidden" in study.varying:
        parts = _by_depth(study, found)
    else:
        summary = tables.summary(study, found)
        parts = [_shown(summary)]
        if "learned" in summary:
            parts.append(LEARNED)
    if study.cited:
        beside = _shown(cited.beside(study, found))
        parts.append(f"Beside what was published elsewhere:\n\n{beside}")
        parts.append(CITED)
    if study.published:
        beside = _shown(tables.beside_published(study, found))
        parts.append(f"Beside what was published:\n\n{beside}")
    if study.baseline is not None and not own:
        parts.append(_effects(study, found, folders))
    if not study.varying:
        parts += _differences(study, found)
    total = len(study.configurations)
    if len(found) < total:
        parts.append(f"{len(found)} of {total} runs have a record.")
    if len({record["configuration"]["seed"] for record in found}) == 1:
        parts.append("One seed: differences this small are not a ranking.")
    return "\n\n".join(parts)


def _by_depth(study, found):
    rows = depth.ends(study, found)
    deepest, accuracies = depth.deepest(rows), depth.accuracies(rows)
    # What is the same in all of them is in the study's purpose.
    shared = [
        level
        for level in deepest.index.names
        if level != "activation" and deepest.index.unique(level).size == 1
    ]
    return [
        f"{words}\n\n{_shown(table.droplevel(shared))}"
        for words, table in (
            (DEEPEST, deepest),
            (MEDIANS, depth.by_depth(accuracies, "median").round(4)),
            (COUNTS, depth.by_depth(accuracies, "learned")),
        )
    ]


def _effects(study, found, folders):
    name = study.baseline.name
    baseline = studies.records(study.baseline, folders)
    effects = tables.effects(study, found, baseline)
    if effects.empty:
        return (
            f"There is no record of {name} with the same seeds and settings "
            f"to compare with in {_listed(folders)}."
        )
    return (
        f"Less the {name} run of the same seed:\n\n"
        f"{_shown(effects.drop(columns='activation'))}\n\n{CHANCE}"
    )


def _differences(study, found):
    pairs = {
        unit: tables.verdicts(study, found, metric)
        for metric, unit in UNITS.items()
    }
    parts = [
        f"Differences in {unit}:\n\n{_shown(table)}"
        for unit, table in pairs.items()
        if len(table)
    ]
    return [*parts, LEGEND] if parts else []


def _shown(table):
    # pandas writes a missing truth value as <NA>, whatever `na_rep` says.
    truths = table.select_dtypes("boolean").columns
    words = {
        name: table[name].map({True: "True", False: "False"}, "ignore")
        for name in truths
    }
    return table.assign(**words).to_string(na_rep="-", sparsify=False)


def _listed(folders):
    return " or ".join(str(folder) for folder in folders)


def page():
    """Returns `docs/results.md`: every study with records, and the claims."""
    folders = [records.RESULTS]
    parts = [
        "# All results, as tables",
        "What `python -m comparison table STUDY` prints of the records in "
        "`results/`, and what was found of the article's claims. "
        "`python -m comparison.report` writes this page; a test holds it to "
        "the records.",
    ]
    recorded = {
        study: found
        for study in studies.STUDIES.values()
        if (found := studies.records(study, folders))
    }
    contents = " · ".join(f"[{s.name}](#{s.name})" for s in recorded)
    parts += [f"{contents} · [claims](#claims)", COLUMNS]
    for study, found in recorded.items():
        parts.append(
            f"## {study.name}\n\n{study.purpose}\n\n```\n"
            f"{text(study, found, folders)}\n```"
        )
    return "\n\n".join([*parts, claims.page(folders)]) + "\n"


@terminal.command
def main(arguments):
    """Writes the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.report",
        description="Writes docs/results.md from the records in results/.",
    )
    parser.parse_args(arguments)
    records.write_whole(PAGE, page().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
