"""Tests of published single runs beside seeds that were made up."""

import math

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from scipy import stats

from comparison import cited, depth_figures, report, studies

matplotlib.use("Agg")
CITED = ["cited_swish", "cited_eswish", "cited_mish"]


@pytest.fixture
def made_up(write_record, tmp_path):
    """Records of a study, accuracies by a function of configuration."""

    def make(study, accuracy, seeds=(0, 1, 2)):
        study = studies.study(study, seeds=seeds)
        found = []
        for c in study.configurations:
            value = accuracy(c)
            record = write_record(c, tmp_path, value, diverged=value is None)
            # What was published is of the last epoch.
            record["history"]["val_accuracy"][-1] = value
            found.append(record)
        return study, found

    return make


@pytest.mark.parametrize(
    ("name", "count", "metric"),
    [
        ("cited_swish", 20, "val_accuracy"),
        ("cited_eswish", 6, "test_accuracy"),
        ("cited_mish", 22, "test_accuracy"),
    ],
)
def test_published_tables_are_whole(name, count, metric):
    study = studies.study(name)
    table = cited.published(study)
    assert len(table) == count
    assert cited.metric(study) == metric
    assert table[metric].between(0.39, 0.99).all()
    assert set(table["activation"]) <= {
        c.activation for c in study.configurations
    }


def test_every_network_of_the_swish_experiment_was_published():
    study = studies.study("cited_swish", seeds=[0])
    table = cited.published(study)
    once = table[table["run"] == "stored curves"]
    expected = {(c.activation, c.stddev) for c in study.configurations}
    assert set(zip(once["activation"], once["stddev"])) == expected
    assert len(once) == 15
    # Two of its values, as printed there.
    cells = once.set_index(["activation", "stddev"])["val_accuracy"]
    assert cells["sigmoid", 0.5] == 0.9387
    assert cells["swish_trainable", 1.0] == 0.8998


def test_layers_of_mish_are_its_dense_ones_and_three():
    table = cited.published(studies.study("cited_mish"))
    assert (table["layers"] == table["depth"] + 3).all()
    row = table.set_index(["activation", "layers"])["test_accuracy"]
    assert row["swish", 25] == 0.3968 and row["mish", 15] == 0.9843


def test_beside_is_the_interval_for_a_new_run(made_up):
    spread = {0: -0.01, 1: 0.0, 2: 0.01}
    study, records = made_up(
        "cited_swish", lambda c: 0.9 + c.stddev / 100 + spread[c.seed]
    )
    table = cited.beside(study, records)
    assert len(table) == 20
    # The standard deviation is 0.01, of three values.
    half = stats.t.ppf(0.975, 2) * 0.01 * math.sqrt(1 + 1 / 3)
    for variant, row in table.iterrows():
        mean = 0.9 + float(variant.partition("stddev=")[2]) / 100
        assert row["mean"] == pytest.approx(mean, abs=6e-5)
        assert row["low"] == pytest.approx(mean - half, abs=6e-5)
        assert row["high"] == pytest.approx(min(mean + half, 1), abs=6e-5)
        assert row["inside"] == (abs(row["published"] - mean) < half)
    assert set(table["inside"]) == {True, False}
    assert list(table.loc["relu, stddev=1.0", "run"]) == [
        "stored curves",
        "notebook",
    ]


def test_runs_that_did_not_learn_are_counted(made_up):
    study, records = made_up(
        "cited_eswish",
        lambda c: (
            None
            if c.activation == "relu" and c.seed == 0
            else 0.1
            if c.scale == 2 and c.seed
            else 0.98
        ),
    )
    table = cited.beside(study, records)
    assert (table["seeds"] == 3).all()
    assert table.loc["relu", "learned"] == 2
    # No accuracy of the one that diverged is in the mean, 0.1 of others is.
    assert table.loc["relu", "mean"] == 0.98
    assert table.loc["swish, scale=2.0", "learned"] == 1
    assert table.loc["swish, scale=2.0", "mean"] == pytest.approx(0.3933)
    # As far as accuracies go.
    assert table.loc["swish, scale=2.0", ["low", "high"]].tolist() == [0, 1]


def test_all_diverged_is_outside_of_nothing(made_up):
    study, records = made_up("cited_eswish", lambda c: None)
    table = cited.beside(study, records)
    assert table["inside"].isna().all()
    assert table[["mean", "low", "high"]].isna().all(axis=None)
    figure = depth_figures.single_runs(table, cited.measured(study, records))
    assert "no interval" in figure.axes[0].get_title()


def test_beside_one_seed_nothing_is_said_to_lie_outside(made_up):
    study, records = made_up("cited_eswish", lambda c: 0.98)
    rest = [
        r
        for r in records
        if r["configuration"]["activation"] == "swish"
        or r["configuration"]["seed"] == 0
    ]
    table = cited.beside(study, rest)
    assert table["inside"].isna().sum() == 1 and pd.isna(
        table.loc["relu", "inside"]
    )
    figure = depth_figures.single_runs(table, cited.measured(study, rest))
    counted = table["inside"].notna().sum()
    assert f"of {counted} published runs" in figure.axes[0].get_title()
    assert "<NA>" not in report.text(study, rest, [])


def test_depths_that_were_not_run_are_left_out(made_up):
    study, records = made_up("cited_mish", lambda c: 0.9)
    table = cited.beside(study, records)
    assert list(table["layers"]) == [15, 15, 20, 20, 25, 25]
    assert list(table["published"]) == [
        *(0.982, 0.9843, 0.9622, 0.9752, 0.3968, 0.8516)
    ]


@pytest.mark.parametrize("name", CITED)
def test_changed_study_is_beside_nothing_published(name):
    assert studies.study(name, seeds=[0]).cited
    assert not studies.study(name, epochs=3).cited


def test_report_sets_them_side_by_side(made_up, tmp_path):
    study, records = made_up("cited_eswish", lambda c: 0.98 + c.seed / 1000)
    text = report.text(study, records, [tmp_path])
    table = text.partition("Beside what was published elsewhere:")[2]
    (row,) = [r for r in table.splitlines() if r.startswith("swish, scale=1.5")]
    assert row.split()[2:6] == ["0.9801", "3", "3", "0.981"]


def test_figure_marks_what_lies_outside(made_up):
    study, records = made_up("cited_eswish", lambda c: 0.979 + c.seed / 10000)
    table = cited.beside(study, records)
    rows = cited.measured(study, records)
    figure = depth_figures.single_runs(table, rows)
    (axes,) = figure.axes
    outside = (~table["inside"]).sum()
    assert 0 < outside < 6
    marks = [c for c in axes.collections if isinstance(c, PathCollection)]
    filled = [(m.get_facecolor()[:, :3] == 0).all() for m in marks]
    assert filled == list(~table["inside"])
    seeds = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(
        [line.get_xdata() for line in seeds], [[97.9, 97.91, 97.92]] * 6
    )
    assert axes.get_title() == (
        f"{6 - outside} of 6 published runs lie where one new run would"
    )
    assert axes.get_yticklabels()[2].get_text() == "swish, × 1.25"
