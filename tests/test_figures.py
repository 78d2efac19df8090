"""What the figures show, read off the drawn objects."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib import colors
from scipy import special

import activations
from comparison import analysis
from comparison import figures
from comparison import studies

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def controlled():
    study = studies.study("controlled")
    return study, studies.records(study, [analysis.RESULTS])


def test_colours_differ_and_are_of_every_activation():
    names = [*activations.CATALOG, *studies.COMPARED]
    rgb = {name: np.array(colors.to_rgb(figures.colour(name))) for name in names}
    for one, other in itertools.combinations(rgb, 2):
        assert np.abs(rgb[one] - rgb[other]).max() > 0.1, (one, other)
    assert figures.colour("gelu") == figures.colour("gelu")


def lines(axes):
    return [
        line for line in axes.get_lines() if len(np.unique(line.get_xdata())) > 2
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
    left, right = figures.value_and_derivative(name, -5, 5).axes
    for line in lines(left):
        x, y = line.get_data()
        np.testing.assert_allclose(y, value(x), atol=1e-7)
    for line in lines(right):
        x, y = line.get_data()
        inner = np.abs(x) > 1e-3
        slope = (value(x + 1e-6) - value(x - 1e-6)) / 2e-6
        np.testing.assert_allclose(y[inner], slope[inner], atol=1e-6)


def test_no_line_crosses_the_jump_of_step():
    left, _ = figures.value_and_derivative("step").axes
    for line in lines(left):
        assert len(np.unique(line.get_ydata())) == 1


def test_swish_family_lies_between_its_limits_at_the_ends():
    left, _ = figures.swish_family([0.5, 1.0], -8, 8).axes
    first, second, half, relu = left.get_lines()
    x = half.get_xdata()
    np.testing.assert_allclose(half.get_ydata(), x / 2)
    np.testing.assert_allclose(relu.get_ydata(), np.maximum(x, 0))
    np.testing.assert_allclose(second.get_ydata(), x * special.expit(x))


def test_jacobian_is_written_into_its_cells():
    figure = figures.softmax_and_jacobian((2.0, 0.0, -1.0))
    s = special.softmax([2.0, 0.0, -1.0])
    expected = np.diag(s) - np.outer(s, s)
    written = [float(text.get_text()) for text in figure.axes[1].texts]
    np.testing.assert_allclose(written, expected.ravel(), atol=5.1e-4)


@pytest.mark.parametrize("metric", analysis.METRICS)
def test_curves_are_the_records(controlled, metric):
    _, records = controlled
    figure = figures.curves(
        analysis.history_table(records), metric, analysis.published_history()
    )
    (axes,) = figure.axes
    drawn = {line.get_label(): line for line in axes.get_lines()}
    for record in records:
        if record["configuration"]["seed"] == 0:
            name = figures.label(record["configuration"]["activation"])
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


def test_all_figures_are_written(controlled, tmp_path):
    paths = figures.save_all(*controlled, tmp_path / "figures")
    assert len(paths) == 5
    for path in paths:
        assert path.read_bytes().startswith(b"\x89PNG")
