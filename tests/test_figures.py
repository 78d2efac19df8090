"""What the figures show, read off the drawn objects."""

import itertools

import filelock
import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from scipy import stats

import activations
from comparison import (
    figures,
    records,
    statistics,
    studies,
    style,
    tables,
)

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def controlled():
    study = studies.study("controlled")
    return study, studies.records(study, [records.RESULTS])


def test_colours_differ_and_are_of_every_activation():
    names = [*activations.CATALOG, *studies.COMPARED]
    rgb = {name: np.array(colors.to_rgb(style.colour(name))) for name in names}
    for one, other in itertools.combinations(rgb, 2):
        assert np.abs(rgb[one] - rgb[other]).max() > 0.1, (one, other)
    assert style.colour("gelu") == style.colour("gelu")


def lines(axes):
    return [
        line
        for line in axes.get_lines()
        if len(np.unique(line.get_xdata())) > 2
    ]


@pytest.mark.parametrize("metric", tables.METRICS)
def test_curves_are_the_records(controlled, metric):
    study, records = controlled
    published = tables.published_history()
    figure = figures.curves(
        tables.history_table(study, records), metric, published
    )
    assert len(figure.axes) == len(studies.COMPARED)
    for axes, name in zip(figure.axes, studies.COMPARED):
        runs = [
            np.array(record["history"][metric])
            for record in records
            if record["configuration"]["activation"] == name
        ]
        drawn = axes.get_lines()
        *seeds, mean = [
            line for line in drawn if line.get_color() == style.colour(name)
        ]
        assert axes.get_title() == style.label(name)
        # From the third epoch on.
        assert list(mean.get_xdata()) == list(range(3, 21))
        np.testing.assert_allclose(mean.get_ydata(), np.mean(runs, axis=0)[2:])
        np.testing.assert_allclose(
            [seed.get_ydata() for seed in seeds], [run[2:] for run in runs]
        )
        assert all(s.get_linewidth() < mean.get_linewidth() for s in seeds)
        dashed = [line for line in drawn if line.get_linestyle() == "--"]
        known = published[published["activation"] == name]
        np.testing.assert_allclose(
            np.concatenate([line.get_ydata() for line in dashed]),
            known.loc[known["epoch"] >= 3, metric],
        )
        # All panels have the same scale, and nothing lies off it.
        low, high = axes.get_ylim()
        assert (low, high) == figure.axes[0].get_ylim()
        for line in drawn:
            assert low < min(line.get_ydata(), default=high)
            assert max(line.get_ydata(), default=low) < high


def test_title_of_curves_speaks_of_all_of_them(controlled):
    figure = figures.curves(tables.history_table(*controlled), "loss")
    last = {}
    for record in controlled[1]:
        name = style.label(record["configuration"]["activation"])
        last.setdefault(name, []).append(record["history"]["loss"][-1])
    means = {name: np.mean(losses) for name, losses in last.items()}
    high, low = max(means, key=means.get), min(means, key=means.get)
    assert figure.get_suptitle() == (
        f"At the end the mean training loss is highest for\n{high} "
        f"({means[high]:.3f}) and lowest for {low} ({means[low]:.3f})"
    )


def test_curves_of_one_epoch_and_of_runs_that_diverged(write_record, tmp_path):
    smoke = studies.study("smoke", ["relu", "tanh"])
    short, diverged = (
        [
            write_record(c, tmp_path / name, diverged=name == "diverged")
            for c in study.configurations
        ]
        for name, study in (
            ("short", smoke),
            ("diverged", studies.study("quick", ["relu"])),
        )
    )
    figure = figures.curves(tables.history_table(smoke, short), "val_accuracy")
    for axes in figure.axes:
        (point,) = axes.get_lines()
        assert point.get_marker() == "o"
        assert list(point.get_xdata()) == list(axes.get_xticks()) == [1]
        assert list(point.get_ydata()) == [0.875]
    figure = figures.curves(
        tables.history_table(studies.study("quick"), diverged), "val_loss"
    )
    assert figure.get_suptitle() == (
        "No validation loss: of every network a run diverged"
    )
    figure.canvas.draw()


def test_all_right_and_all_wrong_leave_the_others_in_sight(controlled):
    """On a logit scale they would lie at infinity."""
    histories = tables.history_table(*controlled)
    values = histories["accuracy"].where(histories["epoch"] < 20, 1.0)
    values = values.where(histories["epoch"] != 10, 0.0)
    figure = figures.curves(histories.assign(accuracy=values), "accuracy")
    # The title has what was measured.
    assert figure.get_suptitle().count("100.00 %") == 1
    low, high = figure.axes[0].get_ylim()
    inner = values[(values > 0) & (values < 1) & (histories["epoch"] > 2)]
    assert 0 < low < inner.min() / 2 < inner.min()
    assert inner.max() < (1 + inner.max()) / 2 < high < 1
    for axes in figure.axes:
        for line in axes.get_lines():
            assert low < min(line.get_ydata()) <= max(line.get_ydata()) < high


def test_runs_that_diverged_count_in_the_title(write_record, tmp_path):
    study = studies.study("quick", ["relu", "tanh"], seeds=[0, 1])
    made = [
        write_record(
            c, tmp_path, diverged=(c.activation, c.seed) == ("relu", 1)
        )
        for c in study.configurations
    ]
    for record in made:
        ends = {"relu": [0.99, 0.1], "tanh": [0.95, 0.96]}
        c = record["configuration"]
        value = ends[c["activation"]][c["seed"]]
        record["history"]["val_accuracy"][-1] = value
    histories = tables.history_table(study, made)
    title = figures.curves(histories, "val_accuracy").get_suptitle()
    # The mean of what each run had last.
    assert "highest for\ntanh (95.50 %) and lowest for ReLU (54.50 %)" in title
    # A loss that is no number has no mean with others.
    title = figures.curves(histories, "val_loss").get_suptitle()
    assert (
        title == "At the end the mean validation loss is that of tanh (0.500)"
    )


def test_title_of_one_seed_has_the_widest_interval(write_record, tmp_path):
    study = studies.study("quick", ["relu", "tanh", "swish"])
    values = 0.9, 0.5, 0.99
    made = [
        write_record(c, tmp_path, value)
        for c, value in zip(study.configurations, values, strict=True)
    ]
    (axes,) = figures.test_accuracy(tables.run_table(study, made)).axes
    low, high = stats.binomtest(500, 1000).proportion_ci(method="wilson")
    assert f"alone leave up to ± {50 * (high - low):.2f}" in axes.get_title()


def test_every_seed_is_a_point_and_the_bar_is_the_interval(
    write_record, tmp_path
):
    study = studies.study("smoke", ["relu", "tanh"], [0, 1, 2])
    values = iter([0.90, 0.95, 0.92, 0.94, 0.96, 0.97])
    records = [
        write_record(c, tmp_path, accuracy=next(values))
        for c in study.configurations
    ]
    rows = tables.run_table(study, records)
    (axes,) = figures.test_accuracy(rows).axes
    points = [
        sorted(line.get_xdata())
        for line in axes.get_lines()
        if line.get_marker() == "o" and len(line.get_xdata()) == 3
    ]
    expected = [
        sorted(100 * rows.loc[rows["activation"] == name, "test_accuracy"])
        for name in ("relu", "tanh")
    ]
    np.testing.assert_allclose(points, expected)
    for bar, accuracies in zip(axes.collections, expected, strict=True):
        ends = bar.get_segments()[0][:, 0]
        interval = stats.ttest_1samp(accuracies, 0).confidence_interval(0.95)
        np.testing.assert_allclose(ends, [interval.low, interval.high])


def test_differences_are_the_table():
    table = pd.DataFrame(
        {
            "difference": [0.2, 0.0],
            "low": [0.12, -0.05],
            "high": [0.28, 0.05],
            "verdict": [statistics.VERDICTS[0], statistics.VERDICTS[2]],
        },
        index=pd.MultiIndex.from_tuples(
            [("relu", "tanh"), ("relu", "leaky_relu")]
        ),
    )
    (axes,) = figures.differences(table).axes
    (bars,) = [c for c in axes.collections if len(c.get_segments()) == 2]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    assert ends == [[0.12, 0.28], [-0.05, 0.05]]
    assert "1 of 2" in axes.get_title()


def test_improvement_is_beside_the_differences():
    pairs = pd.MultiIndex.from_tuples([("relu", "tanh"), ("relu", "swish")])
    verdicts = pd.DataFrame(
        {
            "difference": [0.2, 0.0],
            "low": [0.12, -0.05],
            "high": [0.28, 0.05],
            "verdict": [statistics.VERDICTS[0], statistics.VERDICTS[2]],
        },
        index=pairs,
    )
    chances = pd.DataFrame(
        {"probability": [0.96, 0.4], "low": [0.6, 0.2], "high": [1.0, 0.7]},
        index=pairs,
    )
    left, right = figures.differences(verdicts, improvement=chances).axes
    for axes, ends in (
        (left, [[0.12, 0.28], [-0.05, 0.05]]),
        (right, [[0.6, 1.0], [0.2, 0.7]]),
    ):
        (bars,) = [c for c in axes.collections if len(c.get_segments()) == 2]
        found = [segment[:, 0].tolist() for segment in bars.get_segments()]
        assert found == ends
    points = [line for line in right.get_lines() if line.get_marker() == "o"]
    assert [p.get_xdata()[0] for p in points] == [0.96, 0.4]
    # Filled where one half is out of the interval.
    assert [p.get_markerfacecolor() for p in points] == ["black", "white"]
    names = [text.get_text() for text in left.get_yticklabels()]
    assert names == ["ReLU − tanh", "ReLU − swish"]


def test_orders_are_the_ranks():
    accuracies = pd.DataFrame(
        {"one": [0.99, 0.98, 0.97], "other": [0.98, 0.985, 0.97]},
        index=["relu", "tanh", "sigmoid"],
    )
    (axes,) = figures.orders(accuracies).axes
    drawn = {
        line.get_color(): list(line.get_ydata()) for line in axes.get_lines()
    }
    assert drawn == {
        style.colour("relu"): [1, 2],
        style.colour("tanh"): [2, 1],
        style.colour("sigmoid"): [3, 3],
    }
    assert axes.get_title() == "2 runs rank the activations in 2 orders"
    same = pd.concat([accuracies["one"], accuracies["one"]], axis=1)
    same.columns = ["one", "again"]
    (axes,) = figures.orders(same).axes
    assert axes.get_title() == "2 runs rank the activations in 1 order"
    written = [text.get_text() for text in axes.texts]
    assert written.count("99.00 %") == 2 and "ReLU" in written


def test_spreads_are_the_table():
    table = pd.DataFrame(
        {
            "sd": [0.09, 0.05],
            "independent": [0.05, 0.04],
            "own": [0.07, 0.02],
            "low": [0.01, 0.0],
            "high": [0.25, 0.12],
        },
        index=["sigmoid", "relu"],
    )
    (axes,) = figures.spreads(table).axes
    bars, *points = [c for c in axes.collections if len(c.get_offsets()) != 0]
    ends = [segment[:, 0].tolist() for segment in bars.get_segments()]
    assert ends == [[0.01, 0.25], [0.0, 0.12]]
    drawn = [p.get_offsets()[:, 0].tolist() for p in points]
    assert drawn == [[0.09, 0.05], [0.05, 0.04], [0.07, 0.02]]
    assert axes.get_title().startswith("1 of 2 intervals")


def test_late_start_is_the_published_curve_beside_both_fits():
    histories = pd.DataFrame(
        {"epoch": [1, 2, 3, 4], "loss": [0.4, 0.3, 0.2, 0.1]}
    )
    published = pd.DataFrame(
        {
            "activation": ["swish", "swish", "relu"],
            "epoch": [1, 2, 1],
            "loss": [0.21, 0.11, 0.5],
        }
    )
    (axes,) = figures.late_start(histories, published).axes
    drawn = [line.get_xydata().tolist() for line in axes.get_lines()]
    assert drawn == [
        [[1, 0.21], [2, 0.11]],
        [[1, 0.4], [2, 0.3]],
        [[1, 0.2], [2, 0.1]],
    ]
    assert "starts at 0.210, a first fit at 0.400" in axes.get_title()


def test_effects_are_the_table():
    table = pd.DataFrame(
        {
            "activation": ["swish", "relu"],
            "accuracy, points": [0.3, -0.05],
            "by seed": [[0.2, 0.4], [-0.05]],
            "chance ±": [0.1, 0.2],
        },
        index=["swish, kernel_initializer=he_normal", "relu, validation=test"],
    )
    (axes,) = figures.effects(table).axes
    drawn = {
        marker: [
            (list(line.get_xdata()), line.get_color())
            for line in axes.get_lines()
            if line.get_marker() == marker and len(line.get_xdata())
        ]
        for marker in "o|"
    }
    swish, relu = style.colour("swish"), style.colour("relu")
    assert drawn["o"] == [([0.2, 0.4], swish), ([-0.05], relu)]
    assert drawn["|"] == [([0.3], swish), ([-0.05], relu)]
    bars = [
        list(segment[:, 0]) for segment in axes.collections[0].get_segments()
    ]
    assert bars == [[-0.1, 0.1], [-0.2, 0.2]]
    assert axes.get_title() == "1 of 2 mean differences is beyond chance"
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [
        "swish, He's initialiser",
        "ReLU, validated on test images",
    ]


def test_betas_are_the_table():
    rows = [
        (seed, layer, epoch, seed + epoch / scale)
        for seed in (0, 1)
        for layer, scale in (("activation_1", 10), ("activation_2", 5))
        for epoch in (1, 2, 3)
    ]
    table = pd.DataFrame(rows, columns=["seed", "layer", "epoch", "beta"])
    figure = figures.betas(table)
    for axes, scale in zip(figure.axes, (10, 5)):
        one, other, mean = (line.get_ydata() for line in lines(axes))
        np.testing.assert_allclose(one, np.array([1, 2, 3]) / scale)
        np.testing.assert_allclose(other, one + 1)
        np.testing.assert_allclose(mean, one + 0.5)
    # The mean of the last epoch's, over the seeds.
    assert figure.get_suptitle().endswith("the mean β goes to 0.80 and 1.10")


def test_variants_of_an_activation_have_a_panel_each(write_record, tmp_path):
    study = studies.study("published", ["swish"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    table = tables.history_table(study, records)
    one, two = figures.curves(table, "loss").axes
    assert "fits=2" in two.get_title() and "fits" not in one.get_title()
    for axes in (one, two):
        (line,) = axes.get_lines()
        assert line.get_color() == style.colour("swish")


def test_overview_is_of_every_run_and_of_what_was_published(controlled):
    figure = figures.overview(*controlled)
    (axes,) = figure.axes
    rows = tables.run_table(*controlled)
    for marker, expected in (
        ("o", rows["test_accuracy"]),
        ("s", tables.published_test()["article_accuracy"]),
        ("D", tables.published_test()["notebook_accuracy"]),
    ):
        drawn = [
            value
            for line in axes.get_lines()
            if line.get_marker() == marker
            for value in line.get_xdata()
        ]
        np.testing.assert_allclose(sorted(drawn), sorted(100 * expected))
    (key,) = figure.legends
    assert len(key.get_texts()) == 4


def test_published_values_stand_below_each_network_of_their_activation():
    """By the activation, whatever else is a network's own."""
    study = studies.study("published")
    found = studies.records(study, [records.RESULTS])
    (axes,) = figures.overview(study, found).axes
    table = 100 * tables.published_test()
    names = [record["configuration"]["activation"] for record in found]
    for marker, column in (("s", "article"), ("D", "notebook")):
        (line,) = (
            line for line in axes.get_lines() if line.get_marker() == marker
        )
        expected = table.loc[names, f"{column}_accuracy"]
        np.testing.assert_allclose(line.get_xdata(), expected)
        assert [round(y - 0.25, 9) for y in line.get_ydata()] == [*range(6)]


def test_figures_are_written_by_one_process_at_a_time(
    controlled, monkeypatch, tmp_path
):
    """Those that share a study come to its figures together."""
    written = []

    def write(path, content):
        with pytest.raises(filelock.Timeout):
            with records.claim("figures", tmp_path, wait=False):
                pass
        written.append(path)

    monkeypatch.setattr(figures, "write_whole", write)
    assert figures.save_all(*controlled, tmp_path / "figures") == written
    assert written


def test_all_figures_are_written(controlled, tmp_path):
    paths = figures.save_all(*controlled, str(tmp_path / "figures"))
    assert len(paths) == 5
    assert {path.parent for path in paths} == {tmp_path / "figures"}
    for path in paths:
        assert path.read_bytes().startswith(b"\x89PNG")
