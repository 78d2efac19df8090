"""Functions, drawn: values, derivatives, the swish family, softmax."""

import functools
import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import special

import activations
from comparison.style import colour, label, legend_beside, styled

# How far from a break, on either side, a curve is taken to be.
_NEAR = 1e-6


@styled
def value_and_derivative(activation, low=-6.0, high=6.0):
    """Draws a function beside its derivative.

    Dots mark the value at zero and at every kink and jump; hollow dots, what
    a curve comes to from one side where it jumps; diamonds, where it turns.
    Where a function has a kink or a jump it has no derivative, and no full
    dot there. What is too flat to be seen below zero is drawn again,
    stretched.

    Args:
        activation: What `activations.layer` takes: a name, a function of a
            tensor, a layer, drawn as it starts. Of a function of several
            numbers, such as softmax, the first output is drawn as the first
            input varies beside a 0.
        low: Where the drawing begins.
        high: Where it ends.
    """
    value, derivative = _functions(activation)
    breaks, jumps = _breaks(value, derivative, low, high)
    name = _name(activation)
    entry = activations.CATALOG.get(name) if name == activation else None
    shade = colour(name)
    full = np.array([0.0] if low <= 0 <= high else [])
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.2))
    for axes, function, dots, hollow, formula, symbol in (
        (
            panels[0],
            value,
            np.union1d(full, breaks),
            jumps,
            entry and entry.formula,
            "f(x)",
        ),
        (
            panels[1],
            derivative,
            # Beside the point, at which autodiff may follow a convention.
            np.setdiff1d(full, breaks) + _NEAR,
            breaks,
            entry and entry.derivative_formula,
            "f'(x)",
        ),
    ):
        _draw(axes, function, (low, *breaks, high), shade)
        _dot(axes, function, dots, hollow, shade)
        _mark_turns(axes, function, breaks, low, high, shade)
        axes.set_title(f"${symbol} = {formula}$" if formula else f"${symbol}$")
        axes.set_xlabel(_argument(value))
        axes.set_ylabel(f"${symbol}$")
        _cross(axes)
        _stretch(axes, function, low, high, shade)
    slopes = derivative(_between(low, high))
    if np.ptp(slopes) == 0:
        # A constant would get a scale of its own.
        panels[1].set_ylim(-0.05, 1.05)
    values = value(_between(low, high))
    figure.suptitle(f"{label(name)}: {_finding(entry, values, slopes)}")
    return figure


@styled
def gallery(names=None, low=-7.0, high=7.0):
    """Draws functions beside their derivatives, in small, two pairs a row.

    Names of one curve share a pair. An axis of values ends where that of x
    does, so that an exponential shows its shape.

    Args:
        names: What `activations.layer` takes; by default all that Keras has
            beside those in the catalogue.
        low: Where the drawings begin.
        high: Where they end.
    """
    if names is None:
        known = (*activations.CATALOG, "swish_trainable")
        names = [name for name in activations.names() if name not in known]
    curves = {}
    for name in names:
        value, _ = _functions(name)
        # Zero has two signs.
        key = (np.round(value(_between(low, high)), 9) + 0.0).tobytes()
        curves.setdefault(key, []).append(name)
    rows = -(-len(curves) // 2)
    figure, grid = plt.subplots(
        rows, 4, figsize=(7.5, 1.45 * rows), squeeze=False
    )
    pairs = grid.reshape(-1, 2)
    for panels, shared in zip(pairs, curves.values(), strict=False):
        value, derivative = _functions(shared[0])
        shade = colour(_name(shared[0]))
        breaks, jumps = _breaks(value, derivative, low, high)
        for axes, function, hollow in (
            (panels[0], value, jumps),
            (panels[1], derivative, breaks),
        ):
            _draw(axes, function, (low, *breaks, high), shade)
            _dot(axes, function, [], hollow, shade, size=3)
            y = np.clip(function(_between(low, high)), low, high)
            margin = 0.08 * np.ptp(y) or 1
            axes.set_ylim(y.min() - margin, y.max() + margin)
            _cross(axes)
            axes.tick_params(labelsize=8)
        title = " = ".join(
            _name(each) + _argument(_functions(each)[0]).removeprefix("x")
            for each in shared
        )
        panels[0].set_title(title, loc="left", fontsize=10)
        panels[1].set_title("slope", loc="right", fontsize=9, color="0.35")
    for axes in pairs[len(curves) :].ravel():
        axes.remove()
    return figure


# The functions of one number: those that share most of their curves take
# turns in dashes, so that none hides another.
_BOUNDED = {"sigmoid": None, "step": (0, 2), "tanh": (1, 2)}
_GROWING = {
    "swish": None,
    "linear": (0, 3),
    "relu": (1, 3),
    "leaky_relu": (2, 3),
}


@styled
def all_functions(low=-4.0, high=4.0):
    """Draws the functions of one number together, derivatives beside.

    Those that are bounded above, those that grow below. Where curves lie on
    each other they take turns in dashes, and what leaky ReLU does below zero
    is drawn again, stretched.
    """
    figure, grid = plt.subplots(2, 2, figsize=(8.5, 6.4))
    for panels, group in zip(grid, (_BOUNDED, _GROWING), strict=True):
        for name, turn in group.items():
            entry = activations.CATALOG[name]
            for axes, function in zip(
                panels, (entry.function, entry.derivative), strict=True
            ):
                _draw(
                    axes,
                    functools.partial(_values, function),
                    (low, 0, high),
                    colour(name),
                    turn=turn,
                    label=label(name),
                )
        for axes, symbol in zip(panels, ("$f(x)$", "$f'(x)$"), strict=True):
            axes.set_xlabel("x")
            axes.set_ylabel(symbol)
        legend_beside(panels[1])
    for axes, side, place in (
        (grid[1, 0], "function", (0.17, 0.6, 0.3, 0.28)),
        (grid[1, 1], "derivative", (0.17, 0.38, 0.26, 0.28)),
    ):
        draw = [
            functools.partial(_values, getattr(activations.CATALOG[name], side))
            for name in ("relu", "leaky_relu")
        ]
        inner = _inset(axes, place, draw[1](np.array([low]))[0])
        for function, name in zip(draw, ("relu", "leaky_relu"), strict=True):
            _draw(inner, function, (low, 0), colour(name))
    grid[0, 0].set_title("Bounded: flat at both ends")
    grid[0, 1].set_title("Slopes end near 0 on both sides")
    grid[1, 0].set_title("Growing: like x above zero")
    grid[1, 1].set_title("Slopes end near 1 above zero")
    return figure


@styled
def swish_family(betas, low=-6.0, high=6.0):
    """Draws swish and its derivative for each beta, between both limits."""
    figure, panels = plt.subplots(1, 2, figsize=(8.5, 3.5))
    x = np.linspace(low, high, 1202)
    shades = plt.colormaps["viridis"](np.linspace(0, 0.9, len(betas)))
    for beta, shade in zip(betas, shades, strict=True):
        for axes, function in zip(
            panels,
            (activations.swish, activations.swish_derivative),
            strict=True,
        ):
            y = _values(function, x, beta=beta)
            axes.plot(x, y, color=shade, label=f"β = {beta:g}")
    limits = (
        (x / 2, np.maximum(x, 0)),
        (np.full_like(x, 0.5), x > 0),
    )
    for axes, (line, relu), symbol in zip(
        panels, limits, ("$f(x)$", "$f'(x)$"), strict=True
    ):
        axes.plot(x, line, "k:", label="β = 0: x/2")
        axes.plot(x, relu, "k--", label="β → ∞: ReLU")
        axes.set_xlabel("x")
        axes.set_ylabel(symbol)
    panels[0].set_title("From a straight line to ReLU")
    panels[1].set_title("For β > 0 the slope leaves its limits' range")
    legend_beside(panels[1])
    return figure


@styled
def swish_at(beta, low=-6.0, high=6.0):
    """Draws swish at one beta with its turning point, on axes that stay."""
    figure, axes = plt.subplots(figsize=(6, 3.6))
    x = np.linspace(low, high, 1202)
    axes.plot(x, x / 2, "k:", label="β = 0: x/2")
    axes.plot(x, np.maximum(x, 0), "k--", label="β → ∞: ReLU")
    axes.plot(
        x,
        _values(activations.swish, x, beta=beta),
        color=colour("swish"),
        label=f"β = {beta:g}",
    )
    finding = "the straight line x/2"
    if beta:
        # The derivative is 0 where -1 - βx = W(1/e), Lambert's W.
        turn = special.lambertw(np.exp(-1)).real
        place, extreme = -(1 + turn) / beta, -turn / beta
        finding = "lowest" if beta > 0 else "highest"
        finding += f" at x = {place:.2f}, where it is {extreme:.3f}"
        if low <= place <= high:
            axes.plot(place, extreme, "D", color=colour("swish"))
    axes.set_title(f"β = {beta:g}: {finding}")
    axes.set_xlabel("x")
    axes.set_ylabel("$f(x)$")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.legend(loc="upper left")
    return figure


@styled
def swish_forms(low=-6.0, high=6.0):
    """Draws the article's form of swish beside the standard one."""
    figure, axes = plt.subplots(figsize=(7, 3.8))
    x = np.linspace(low, high, 601)
    for scale, style, words in (
        (1.0, "-", "x σ(βx), standard"),
        (2.0, "--", "2x σ(βx), the article's text"),
    ):
        for beta, shade in ((0.0, "grey"), (1.0, colour("swish"))):
            y = _values(activations.swish, x, beta=beta, scale=scale)
            axes.plot(x, y, style, color=shade, label=f"{words}, β = {beta:g}")
    # Wide and pale, since other curves come to lie on it.
    axes.plot(
        x,
        np.maximum(x, 0),
        color=colour("relu"),
        linewidth=6,
        alpha=0.3,
        zorder=1,
        label="ReLU",
    )
    axes.set_title("With the 2, β = 0 is the identity, ReLU out of reach")
    axes.set_xlabel("x")
    axes.set_ylabel("$f(x)$")
    legend_beside(axes)
    return figure


@styled
def softmax_and_jacobian(logits=(2.0, 0.0, -1.0)):
    """Draws softmax as the first logit varies, and its Jacobian at one point.

    The Jacobian's entry in row i and column j is the derivative of
    probability i by logit j.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.5))
    z = np.linspace(-6, 6, 241)
    points = np.stack([z, *(np.full_like(z, v) for v in logits[1:])], axis=-1)
    probabilities = _values(activations.softmax, points)
    for number, style in zip(range(len(logits)), ("-", "--", ":"), strict=True):
        left.plot(
            z,
            probabilities[:, number],
            style,
            color=colour("softmax"),
            label=f"$s_{number + 1}$",
        )
    left.axvline(logits[0], color="grey", linewidth=0.8)
    fixed = ", ".join(f"{v:g}" for v in logits[1:])
    left.set_title("One logit up, the others' probability down")
    left.set_xlabel(f"$z_1$, beside {fixed}; grey: the point right")
    left.set_ylabel("probability")
    left.legend()
    jacobian = _values(activations.softmax_jacobian, np.array(logits))
    size = np.abs(jacobian).max()
    right.imshow(jacobian, cmap="PuOr_r", vmin=-size, vmax=size)
    for (i, j), value in np.ndenumerate(jacobian):
        shade = "white" if abs(value) > 0.6 * size else "black"
        right.text(j, i, f"{value:.3f}", ha="center", va="center", color=shade)
    names = range(1, len(logits) + 1)
    right.set_xticks(range(len(logits)), [f"$z_{n}$" for n in names])
    right.set_yticks(range(len(logits)), [f"$s_{n}$" for n in names])
    right.grid(False)
    right.set_xlabel("by logit")
    right.set_ylabel("derivative of probability")
    right.set_title("Jacobian: symmetric, rows sum to 0")
    return figure


def _functions(activation):
    """Returns a function and its derivative, both of arrays of float64.

    The catalogue has its derivatives; others are TensorFlow's, since Keras
    has no neutral way to ask for one.
    """
    if isinstance(activation, str) and activation in (*_BOUNDED, *_GROWING):
        entry = activations.CATALOG[activation]
        return (
            functools.partial(_values, entry.function),
            functools.partial(_values, entry.derivative),
        )
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Derivatives beside the catalogue's are TensorFlow's. Received: "
            f"backend={keras.backend.backend()!r}"
        )
    import tensorflow as tf

    layer = activations.layer(activation, dtype="float64")

    def value(x, beside=0.0):
        points = np.stack([x, np.full_like(x, beside)], axis=-1)
        return _values(layer, points)[:, 0]

    def derivative(x):
        points = tf.constant(np.stack([x, np.zeros_like(x)], axis=-1))
        with tf.GradientTape() as tape:
            tape.watch(points)
            first = layer(points)[:, 0]
        return tape.gradient(
            first, points, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )[:, 0].numpy()

    return value, derivative


def _name(activation):
    """Returns the name of what `activations.layer` takes."""
    if isinstance(activation, str):
        return activation
    # A function or a layer class has a name, of a layer it is the class's.
    return getattr(activation, "__name__", type(activation).__name__)


def _argument(value):
    """Returns what a function is of: x, or several numbers, x the first."""
    if isinstance(value, functools.partial):
        return "x"
    x = np.linspace(-2, 2, 9)
    alone = np.allclose(value(x), value(x, beside=1.0))
    return "x" if alone else "x, beside a 0"


def _between(low, high, points=6001):
    """Returns points off round numbers, where functions have their breaks."""
    x = np.linspace(low, high, points)
    x[1:-1] += (x[1] - x[0]) * 1e-3
    return x


def _breaks(value, derivative, low, high):
    """Returns where a function has no derivative, and where it jumps."""
    jumps = _jumps(value, low, high)
    return np.union1d(jumps, _jumps(derivative, low, high)), jumps


def _jumps(function, low, high):
    """Returns the places, to six digits, where a function jumps."""
    x = _between(low, high, 1201)
    y = function(x)
    rises = np.abs(np.diff(y))
    neighbours = np.maximum(
        np.append(rises[1:], 0.0), np.insert(rises[:-1], 0, 0.0)
    )
    smallest = 1e-6 * np.abs(y).max()
    places = []
    for i in np.flatnonzero((rises > 10 * neighbours) & (rises > smallest)):
        left, right = x[i], x[i + 1]
        # A steep curve rises less and less on shorter and shorter stretches.
        for _ in range(3):
            inner = np.linspace(left, right, 1001)
            rise = np.abs(np.diff(function(inner)))
            left, right = inner[[rise.argmax(), rise.argmax() + 1]]
        if rise.max() > smallest and low < round(left, 6) < high:
            places.append(round(left, 6) + 0.0)
    return np.array(places)


def _draw(axes, function, edges, shade, turn=None, **arguments):
    """Draws a curve in pieces, since none crosses a jump.

    With `turn = (i, n)` it is dashed, in the i-th place of n curves that may
    lie on each other. Dashes count from zero, where they are together.
    """
    style = "-"
    if turn:
        number, count = turn
        style = (-5 * number, (5, 5 * (count - 1)))
    for left, right in itertools.pairwise(edges):
        x = _between(left + _NEAR, right - _NEAR, 301)
        if right <= 0:
            x = x[::-1]
        axes.plot(x, function(x), linestyle=style, color=shade, **arguments)
        # One entry of a legend for all pieces.
        arguments.pop("label", None)


def _cross(axes):
    """Draws the axes through zero."""
    for line in (axes.axhline, axes.axvline):
        line(0, color="grey", linewidth=0.5)


def _dot(axes, function, full, hollow, shade, size=6):
    """Marks values of a curve, and what it comes to on both sides."""
    for side in (-_NEAR, _NEAR):
        axes.plot(
            hollow,
            function(np.asarray(hollow, float) + side),
            "o",
            color=shade,
            markerfacecolor="white",
            markersize=size,
            zorder=3,
        )
    axes.plot(
        full,
        function(np.asarray(full, float)),
        "o",
        color=shade,
        markersize=size,
        zorder=3,
    )


def _mark_turns(axes, function, breaks, low, high, shade):
    """Marks where a smooth curve turns, zero apart, with the coordinates."""
    x = _between(low, high)
    # Rounded, since a flat curve turns at every error of rounding.
    y = np.round(function(x), 9)
    rises = np.sign(np.diff(y))
    for i in np.flatnonzero(rises[1:] * rises[:-1] < 0) + 1:
        if np.abs(x[i] - np.append(breaks, 0.0)).min() > 0.01:
            axes.plot(x[i], y[i], "D", markersize=5, color=shade)
            axes.annotate(
                f"({x[i]:.2f}, {y[i]:.3f})",
                (x[i], y[i]),
                # Outside the curve, where nothing else is drawn.
                xytext=(0, 8 if y[i] > y[max(i - 300, 0)] else -16),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
            axes.margins(y=0.18)


def _stretch(axes, function, low, high, shade):
    """Draws what is below zero again if it is too flat to be seen there."""
    if not low < 0 < high:
        return
    x = np.linspace(low, -_NEAR, 301)
    y = function(x)
    far = y[np.abs(y).argmax()]
    if not 0 < abs(far) < np.abs(function(_between(low, high))).max() / 50:
        return
    inner = _inset(axes, (0.2, 0.5, 0.27, 0.34), far)
    _draw(inner, function, (low, 0), shade)
    _cross(inner)


def _inset(axes, place, far):
    """Returns axes in others for what is below zero, to the value `far`."""
    inner = axes.inset_axes(place)
    inner.set_ylim(*sorted((-0.4 * far, 1.4 * far)))
    inner.set_yticks([0, far])
    inner.yaxis.set_major_formatter("{x:.2g}")
    inner.tick_params(labelsize=8)
    inner.set_title("below zero, stretched", fontsize=8)
    return inner


def _finding(entry, values, slopes):
    """Returns the range of the values and of the slopes in words."""
    words = f"values from {values.min():.2f} to {values.max():.2f} here"
    if entry:
        words = f"values in ${entry.range_formula}$"
    different = np.unique(np.round(slopes, 6)) + 0.0
    if len(different) <= 2:
        return f"{words}, slope {' or '.join(f'{v:g}' for v in different)}"
    return f"{words}, slopes from {slopes.min():.2f} to {slopes.max():.2f}"


def _values(function, x, **arguments):
    values = function(keras.ops.convert_to_tensor(x, "float64"), **arguments)
    return keras.ops.convert_to_numpy(values)
