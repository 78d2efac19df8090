"""What the figures of functions show, read off the drawn objects and pixels."""

import keras
import matplotlib
import numpy as np
import pytest
from keras.src.activations import ALL_OBJECTS
from matplotlib import colors
from scipy import special

import activations
from comparison import function_figures, style

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


def lines(axes):
    """The pieces of a curve."""
    return [
        line
        for line in axes.get_lines()
        if line.get_linestyle() != "None"
        and len(np.unique(line.get_xdata())) > 2
    ]


def dots(axes, full):
    """The places and values of all full dots, or of all hollow ones."""
    return sorted(
        {
            (round(x, 3) + 0.0, round(y, 3) + 0.0)
            for line in axes.get_lines()
            if line.get_marker() == "o"
            and (line.get_markerfacecolor() != "white") == full
            for x, y in np.transpose(line.get_data())
        }
    )


def selu(x):
    """With the constants of Klambauer et al., 2017, appendix A1."""
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@pytest.mark.parametrize(
    "name, value",
    [
        ("sigmoid", special.expit),
        ("tanh", np.tanh),
        ("relu", lambda x: np.maximum(x, 0)),
        ("swish", lambda x: x * special.expit(x)),
        ("swish_trainable", lambda x: x * special.expit(x)),
        ("elu", lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
        ("selu", selu),
        ("mish", lambda x: x * np.tanh(np.logaddexp(0, x))),
        ("softplus", lambda x: np.logaddexp(0, x)),
        ("hard_shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0)),
        # The first of two logits, the second being 0.
        ("softmax", special.expit),
        ("log_softmax", special.log_expit),
        (keras.ops.sin, np.sin),
        (lambda x: x * keras.ops.tanh(x), lambda x: x * np.tanh(x)),
        (keras.layers.PReLU, lambda x: np.maximum(x, 0)),
        (
            keras.layers.LeakyReLU(0.3),
            lambda x: np.where(x > 0, x, np.float32(0.3) * x),
        ),
    ],
)
def test_value_and_derivative(name, value):
    figure = function_figures.value_and_derivative(name, -5, 5)
    left, right = figure.axes[:2]
    for line in lines(left):
        x, y = line.get_data()
        np.testing.assert_allclose(y, value(x), atol=1e-7)
    for line in lines(right):
        x, y = line.get_data()
        inner = np.abs(x * (np.abs(x) - 0.5)) > 1e-3
        slope = (value(x + 1e-6) - value(x - 1e-6)) / 2e-6
        np.testing.assert_allclose(y[inner], slope[inner], atol=1e-6)


def test_formulas_are_the_catalogues_and_no_others():
    for name, formula in (
        ("tanh", activations.CATALOG["tanh"].formula),
        ("gelu", None),
    ):
        left = function_figures.value_and_derivative(name).axes[0]
        expected = f"$f(x) = {formula}$" if formula else "$f(x)$"
        assert left.get_title() == expected


def test_unknown_name():
    with pytest.raises(ValueError, match="mean 'gelu'.*activation='gelo'"):
        function_figures.value_and_derivative("gelo")


def test_catalogue_alone_on_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    function_figures.value_and_derivative("relu")
    with pytest.raises(RuntimeError, match="Received: backend='jax'"):
        function_figures.value_and_derivative("gelu")


def test_no_line_crosses_the_jump_of_step():
    left, _ = function_figures.value_and_derivative("step").axes
    for line in lines(left):
        assert len(np.unique(line.get_ydata())) == 1


@pytest.mark.parametrize(
    "name, value_full, value_hollow, slope_full, slope_hollow",
    [
        # No derivative at the jump: no full dot there, whatever code gives.
        ("step", [(0, 1)], [(0, 0), (0, 1)], [], [(0, 0)]),
        ("relu", [(0, 0)], [], [], [(0, 0), (0, 1)]),
        ("leaky_relu", [(0, 0)], [], [], [(0, 0.01), (0, 1)]),
        ("sigmoid", [(0, 0.5)], [], [(0, 0.25)], []),
        # Where autodiff gives 2, on both sides of which the slope is 1.
        ("celu", [(0, 0)], [], [(0, 1)], []),
        ("softsign", [(0, 0)], [], [(0, 1)], []),
        (
            "hard_shrink",
            [(-0.5, 0), (0, 0), (0.5, 0)],
            [(-0.5, -0.5), (-0.5, 0), (0.5, 0), (0.5, 0.5)],
            [(0, 0)],
            [(-0.5, 0), (-0.5, 1), (0.5, 0), (0.5, 1)],
        ),
        (
            "relu6",
            [(0, 0), (6, 6)],
            [],
            [],
            [(0, 0), (0, 1), (6, 0), (6, 1)],
        ),
        # Steep, and smooth.
        (lambda x: keras.ops.tanh(200 * x), [(0, 0)], [], [(0, 200)], []),
    ],
)
def test_dots(name, value_full, value_hollow, slope_full, slope_hollow):
    figure = function_figures.value_and_derivative(name, -7, 7)
    left, right = figure.axes[:2]
    assert dots(left, full=True) == value_full
    assert dots(left, full=False) == value_hollow
    assert dots(right, full=True) == slope_full
    assert dots(right, full=False) == slope_hollow


def test_slope_of_leaky_relu_can_be_seen():
    """Below zero it rises by a twentieth of a panel or more, somewhere."""
    figure = function_figures.value_and_derivative("leaky_relu")
    figure.canvas.draw()
    left, right = figure.axes[:2]
    (inner,) = left.child_axes
    (line,) = lines(inner)
    x, y = line.get_data()
    np.testing.assert_allclose(y, 0.01 * x)
    height = np.ptp(inner.transData.transform(np.transpose([x, y]))[:, 1])
    assert height > left.bbox.height / 20
    assert dict(zip(inner.get_yticks(), inner.get_yticklabels()))
    (inner,) = right.child_axes
    (line,) = lines(inner)
    np.testing.assert_allclose(line.get_ydata(), 0.01)
    places = inner.transData.transform([(0, 0), (0, 0.01)])
    assert np.ptp(places[:, 1]) > right.bbox.height / 20
    for name in ("relu", "sigmoid", "gelu"):
        plain = function_figures.value_and_derivative(name)
        assert not any(axes.child_axes for axes in plain.axes)


def test_all_functions_are_there_and_none_is_hidden():
    """On either side of zero each curve's own colour is on the picture."""
    figure = function_figures.all_functions()
    figure.set_dpi(200)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    seen = {}
    for axes in figure.axes:
        for line in lines(axes):
            places = line.get_transform().transform(line.get_xydata())
            rows, columns = np.round(places[:, ::-1] - 0.5).astype(int).T
            shown = picture[rows, columns]
            colour = colors.to_rgb(line.get_color())
            own = np.abs(shown - colour).max(axis=1) < 0.1
            side = "left" if line.get_xdata().mean() < 0 else "right"
            key = (line.get_color(), figure.axes.index(axes) % 2, side)
            seen[key] = own.mean()
    names = [name for name in activations.CATALOG if name != "softmax"]
    assert len(seen) == 4 * len(names)
    for name in names:
        for panel in (0, 1):
            for side in ("left", "right"):
                assert seen[style.colour(name), panel, side] > 0.15, name


def test_gallery_has_every_other_activation_of_keras():
    figure = function_figures.gallery()
    titles = [axes.get_title("left") for axes in figure.axes[::2]]
    shown = {
        name.partition(",")[0]
        for title in titles
        for name in title.split(" = ")
    }
    others = {function.__name__ for function in ALL_OBJECTS}
    # Of more arguments than one, or to half as many values.
    others -= {"threshold", "glu"}
    assert others - set(activations.CATALOG) <= shown
    assert not shown & set(activations.CATALOG)
    assert "celu = elu" in titles
    for left, right in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        pieces = zip(lines(left), lines(right), strict=True)
        for value, slope in pieces:
            x, y = value.get_data()
            np.testing.assert_array_equal(x, slope.get_xdata())
            # The trapezoids under the slope are the rise of the value.
            ends = slope.get_ydata()
            rise = np.diff(x) * (ends[1:] + ends[:-1]) / 2
            # Over a kink of the slope by k they err by k * step**2 / 8; the
            # sharpest is softsign's, 4.
            within = np.diff(x).max() ** 2 / 2
            np.testing.assert_allclose(np.diff(y), rise, rtol=1e-3, atol=within)


def test_gallery_of_some():
    figure = function_figures.gallery(["relu", keras.ops.sin, "gelu"])
    assert [axes.get_title("left") for axes in figure.axes[::2]] == [
        "relu",
        "sin",
        "gelu",
    ]


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
