"""What the figures show, read off the drawn objects."""

import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from scipy import special, stats

import activations
from comparison import (
    figures,
    function_figures,
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


@pytest.mark.parametrize(
    "name, value",
    [
        ("sigmoid", special.expit),
        ("tanh", np.tanh),
        ("relu", lambda x: np.maximum(x, 0)),
        ("swish", lambda x: x * special.expit(x)),
    ],
)
def test_value_and_derivative(name, value):
    left, right = function_figures.value_and_derivative(name, -5, 5).axes
    for line in lines(left):
        x, y = line.get_data()
        np.testing.assert_allclose(y, value(x), atol=1e-7)
    for line in lines(right):
        x, y = line.get_data()
        inner = np.abs(x) > 1e-3
        slope = (value(x + 1e-6) - value(x - 1e-6)) / 2e-6
        np.testing.assert_allclose(y[inner], slope[inner], atol=1e-6)


def test_no_line_crosses_the_jump_of_step():
    left, _ = function_figures.value_and_derivative("step").axes
    for line in lines(left):
        assert len(np.unique(line.get_ydata())) == 1


def test_swish_family_lies_between_its_limits_at_the_ends():
    left, _ = function_figures.swish_family([0.5, 1.0], -8, 8).axes
    _first, second, half, relu = left.get_lines()
    x = half.get_xdata()
    np.testing.assert_allclose(half.get_ydata(), x / 2)
    np.testing.assert_allclose(relu.get_ydata(), np.maximum(x, 0))
    np.testing.assert_allclose(second.get_ydata(), x * special.expit(x))


def test_jacobian_is_written_into_its_cells():
    figure = function_figures.softmax_and_jacobian((2.0, 0.0, -1.0))
    s = special.softmax([2.0, 0.0, -1.0])
    expected = np.diag(s) - np.outer(s, s)
    written = [float(text.get_text()) for text in figure.axes[1].texts]
    np.testing.assert_allclose(written, expected.ravel(), atol=5.1e-4)


@pytest.mark.parametrize("metric", tables.METRICS)
def test_curves_are_the_records(controlled, metric):
    study, records = controlled
    figure = figures.curves(
        tables.history_table(study, records),
        metric,
        tables.published_history(),
    )
    (axes,) = figure.axes
    drawn = {line.get_label(): line for line in axes.get_lines()}
    for record in records:
        if record["configuration"]["seed"] == 0:
            name = style.label(record["configuration"]["activation"])
            same_activation = [
                r
                for r in records
                if r["configuration"]["activation"]
                == record["configuration"]["activation"]
            ]
            expected = np.mean(
                [r["history"][metric] for r in same_activation], axis=0
            )
            np.testing.assert_allclose(drawn[name].get_ydata(), expected)
    low, high = axes.get_ylim()
    last = [record["history"][metric][-1] for record in records]
    assert low < min(last) and max(last) < high


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
    bars = [
        list(line.get_xdata())
        for line in axes.get_lines()
        if len(line.get_xdata()) == 2 and line.get_color() == "black"
    ]
    assert bars == [[0.12, 0.28], [-0.05, 0.05]]
    assert "1 of 2" in axes.get_title()


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
    assert axes.get_title().startswith("1 of 2 mean differences is beyond")


def test_betas_are_the_table():
    rows = [
        (seed, layer, epoch, seed + epoch / 10)
        for seed in (0, 1)
        for layer in ("activation_1", "activation_2")
        for epoch in (1, 2, 3)
    ]
    table = pd.DataFrame(rows, columns=["seed", "layer", "epoch", "beta"])
    (axes,) = figures.betas(table).axes
    assert len(lines(axes)) == 4
    np.testing.assert_allclose(lines(axes)[1].get_ydata(), [1.1, 1.2, 1.3])
    # The mean of the last epoch's, over the seeds.
    assert "0.80, 0.80" in axes.get_title()


def test_variants_of_an_activation_are_told_apart(write_record, tmp_path):
    study = studies.study("published", ["swish"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    table = tables.history_table(study, records)
    (axes,) = figures.curves(table, "loss").axes
    one, two = axes.get_lines()[:2]
    assert one.get_color() == two.get_color()
    assert one.get_linestyle() != two.get_linestyle()
    assert "fits=2" in two.get_label() and "fits" not in one.get_label()


def test_all_figures_are_written(controlled, tmp_path):
    paths = figures.save_all(*controlled, tmp_path / "figures")
    assert len(paths) == 5
    for path in paths:
        assert path.read_bytes().startswith(b"\x89PNG")
