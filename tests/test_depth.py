"""Tests of networks by depth, on records that were made up."""

import dataclasses
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest

from comparison import depth, depth_figures, figures, report, studies, tables

matplotlib.use("Agg")

# Accuracy by initializer, activation, depth and seed; `None` diverged.
KNOWN = {
    "he_normal": {
        "relu": {2: [0.97, 0.96, 0.95], 8: [0.95, 0.94, 0.60], 32: [0.1] * 3},
        "sigmoid": {2: [0.92, 0.89, None], 8: [0.1] * 3, 32: [None] * 3},
    },
    "glorot_uniform": {
        "relu": {2: [0.9] * 3, 8: [0.8] * 3, 32: [0.1, 0.93, 0.2]},
        "sigmoid": {2: [0.1] * 3, 8: [0.1] * 3, 32: [0.1] * 3},
    },
}


@pytest.fixture
def study():
    return studies.of_networks(
        "mine",
        "A trial.",
        seeds=range(3),
        networks=[
            {
                "activation": activation,
                "hidden": (100,) * layers,
                "kernel_initializer": initializer,
            }
            for activation in ("sigmoid", "relu")
            for layers in (8, 2, 32)
            for initializer in ("he_normal", "glorot_uniform")
        ],
        network="dense",
    )


@pytest.fixture
def records(study, write_record, tmp_path):
    made = []
    for c in study.configurations:
        values = KNOWN[c.kernel_initializer][c.activation][len(c.hidden)]
        value = values[c.seed]
        record = write_record(c, tmp_path, value, diverged=value is None)
        # Highest before the end.
        record["history"]["val_accuracy"][0] = value or 0.1
        record["history"]["val_accuracy"][1:] = [0.1] * (
            len(record["history"]["val_accuracy"]) - 1
        )
        made.append(record)
    return made


@pytest.fixture
def rows(study, records):
    return depth.ends(study, records)


def test_rows_say_what_was_run(rows):
    assert len(rows) == 36
    for row in rows.itertuples():
        value = KNOWN[row.initializer][row.activation][row.depth][row.seed]
        assert row.best == (0.1 if value is None else value)
        assert row.diverged == (value is None)
        assert row.learned == (value is not None and value > 0.5)
        assert (row.optimizer, row.normalised) == ("adam", True)
    # In the study's order, initializers first.
    kinds = list(dict.fromkeys(zip(rows["initializer"], rows["activation"])))
    assert kinds == [
        ("he_normal", "sigmoid"),
        ("he_normal", "relu"),
        ("glorot_uniform", "sigmoid"),
        ("glorot_uniform", "relu"),
    ]


def test_deepest(rows):
    table = depth.deepest(rows).droplevel(["optimizer", "normalised"])
    seeds = ["seed 0", "seed 1", "seed 2"]
    found = {kind: list(row) for kind, row in table[seeds].iterrows()}
    assert found == {
        ("he_normal", "sigmoid"): [2, 0, 0],
        ("he_normal", "relu"): [8, 8, 2],
        ("glorot_uniform", "sigmoid"): [0, 0, 0],
        # One seed reaches it deep, and not at a depth between.
        ("glorot_uniform", "relu"): [2, 32, 2],
    }
    columns = ["smallest", "largest", "runs", "learned", "diverged"]
    assert list(table.loc[("he_normal", "sigmoid"), columns]) == [0, 2, 9, 2, 4]
    assert list(table.loc[("he_normal", "relu"), columns]) == [2, 8, 9, 6, 0]


def test_accuracies_are_medians_and_counts(rows):
    table = depth.accuracies(rows).droplevel(["optimizer", "normalised"])
    row = table.loc[("he_normal", "relu", 8)]
    assert list(row) == [0.94, 0.60, 0.95, 3, 3, 0]
    # The diverged one is in no median, and is counted.
    row = table.loc[("he_normal", "sigmoid", 2)]
    assert list(row) == [pytest.approx(0.905), 0.89, 0.92, 3, 2, 1]
    row = table.loc[("he_normal", "sigmoid", 32)]
    assert np.isnan(row["median"]) and row["diverged"] == 3
    wide = depth.by_depth(depth.accuracies(rows), "learned")
    assert list(wide.columns) == [2, 8, 32]
    assert list(wide.xs("relu", level="activation").iloc[1]) == [3, 3, 1]


def test_initializers_of_one_name_are_told_apart():
    rows = depth.ends(studies.study("depth"), [])
    assert rows.empty
    names = [
        c.kernel_initializer + str(c.stddev or "")
        for c in studies.study("depth", ["relu"], [0]).configurations
    ]
    assert len(set(names)) == 5


def fields(axes):
    texts = sorted(axes.texts, key=lambda text: text.get_position()[::-1])
    return [text.get_text() for text in texts]


def test_grid_writes_the_medians(rows):
    figure = depth_figures.grid(rows)
    he, glorot = figure.axes
    assert (he.get_title(), glorot.get_title()) == ("He", "Glorot")
    names = [text.get_text() for text in he.get_yticklabels()]
    assert names == ["sigmoid", "ReLU"]
    # From left to right, from top to bottom.
    assert fields(he) == ["90 (2/3)", "10 (0/3)", "–", "96", "94", "10 (0/3)"]
    # White where it is dark alone: a dash has no shade.
    for text in he.texts:
        dark = text.get_text() == "10 (0/3)"
        assert text.get_color() == ("white" if dark else "black")
    assert "a dash where every run diverged" in figure.get_supxlabel()
    (shades,) = he.get_images()
    np.testing.assert_allclose(
        shades.get_array().filled(np.nan),
        [[0.905, 0.1, np.nan], [0.96, 0.94, 0.1]],
    )
    assert figure.get_suptitle() == (
        "With 2 hidden layers 3 of 4 networks end at 90 % or more,\n"
        "with 32 layers 0 of 4"
    )


def test_grid_names_what_differs(study, records):
    one = depth.ends(study, [r for r in records if _is_he(r)])
    deep_relu = (one["activation"] == "relu") & (one["depth"] == 32)
    other = one.assign(normalised=False, learned=one["learned"] | deep_relu)
    figure = depth_figures.grid(pd.concat([other, one]))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["plain", "batch normalisation"]
    deepest = "Networks with 32 hidden layers of which every seed learned\n"
    assert figure.get_suptitle() == (
        deepest + "plain: 1 of 2, batch normalisation: 0 of 2"
    )
    other = other.assign(normalised=True, optimizer="sgd")
    figure = depth_figures.grid(pd.concat([one, other]))
    assert figure.get_suptitle() == deepest + "Adam: 0 of 2, SGD: 1 of 2"
    other = other.assign(optimizer="adam 1e-16")
    figure = depth_figures.grid(pd.concat([one, other]))
    assert figure.get_suptitle() == (
        deepest + "Adam: 0 of 2, Adam with ε = 1e-16: 1 of 2"
    )


def test_grid_of_a_study_that_was_stopped(study, records):
    """One initialisation has a depth that the other lacks."""
    rows = depth.ends(study, records)
    stopped = rows[(rows["initializer"] == "he_normal") | (rows["depth"] == 2)]
    figure = depth_figures.grid(stopped)
    whole, part = (axes.get_images()[0].get_array() for axes in figure.axes)
    assert np.ma.count(whole) > np.ma.count(part) == 2


def test_other_epsilon_is_another_optimizer(study, write_record, tmp_path):
    configuration = dataclasses.replace(study.configurations[0], epsilon=1e-16)
    found = [write_record(configuration, tmp_path)]
    (name,) = depth.ends(study, found)["optimizer"]
    assert name == "adam 1e-16"


def _is_he(record):
    return record["configuration"]["kernel_initializer"] == "he_normal"


def test_report_has_tables_by_depth(study, records, tmp_path):
    text = report.text(study, records, [tmp_path])
    deepest, medians, counts = text.split("\n\n")[1::2]
    for table, begin, expected in (
        (deepest, "he_normal.* relu", ["8", "8", "2", "2", "8", "9", "6", "0"]),
        (medians, "he_normal.* sigmoid", ["0.905", "0.10", "-"]),
        (counts, "he_normal.* sigmoid", ["2", "0", "0"]),
    ):
        rest = re.search(rf"^{begin} (.*)", table, re.MULTILINE)[1]
        assert rest.split() == expected
    # Whatever they share is not repeated in each row.
    assert "adam" not in text


def test_one_picture_of_a_study_by_depth(study, records, tmp_path):
    (path,) = figures.save_all(study, records, tmp_path)
    assert path.name == "mine.png"


def test_summary_counts_who_learned(write_record, tmp_path):
    study = studies.study("controlled", ["relu", "tanh", "swish"], [0, 1, 2])
    values = {"relu": [0.99, 0.5, None], "tanh": [0.9] * 3, "swish": [0.1] * 3}
    made = []
    for c in study.configurations:
        value = values[c.activation][c.seed]
        made.append(write_record(c, tmp_path, value, diverged=value is None))
    table = tables.summary(study, made)
    # A half is no more than a half, and no accuracy is none.
    assert dict(table["learned"]) == {"relu": 1, "tanh": 3, "swish": 0}
    assert dict(table["diverged"]) == {"relu": 1, "tanh": 0, "swish": 0}
    assert table.loc["relu", "test accuracy"] == round((0.99 + 0.5) / 2, 4)
    text = report.text(study, made, [tmp_path])
    assert "learned: how many of the seeds" in text
    fine = [r for r in made if r["configuration"]["activation"] == "tanh"]
    assert "learned" not in tables.summary(study, fine)
