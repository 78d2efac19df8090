"""Functions, drawn: values, derivatives, the swish family, softmax."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import special

import activations
from comparison.style import colour, label, legend_beside, styled


@styled
def value_and_derivative(name, low=-6.0, high=6.0):
    """Draws a function of the catalogue beside its derivative.

    Dots mark the value at zero and, at a kink or a jump, both one-sided
    limits of the derivative or the value; diamonds, where the curve turns.
    """
    entry = activations.CATALOG[name]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.2))
    for axes, function, formula, symbol in (
        (panels[0], entry.function, entry.formula, "f(x)"),
        (panels[1], entry.derivative, entry.derivative_formula, "f'(x)"),
    ):
        # In two halves: a line across a jump would show values that the
        # function does not have.
        for half in (
            np.linspace(low, 0, 301)[:-1],
            np.linspace(high, 0, 301)[:-1],
        ):
            axes.plot(half, _values(function, half), color=colour(name))
        ends = _values(function, np.array([-1e-9, 0.0, 1e-9]))
        axes.plot(
            [0, 0], ends[[0, 2]], "o", color=colour(name), fillstyle="none"
        )
        axes.plot(0, ends[1], "o", color=colour(name))
        _mark_turns(axes, function, low, high, colour(name))
        axes.set_title(f"${symbol} = {formula}$", fontsize=11)
        axes.set_xlabel("x")
        axes.set_ylabel(f"${symbol}$")
        axes.axhline(0, color="grey", linewidth=0.5)
        axes.axvline(0, color="grey", linewidth=0.5)
    x = np.linspace(low, high, 6001)
    slopes = _values(entry.derivative, x[x != 0])
    flat = np.mean(np.abs(slopes) < 0.01)
    finding = (
        f"slope from {slopes.min():.2g} to {slopes.max():.2g}, "
        f"under 0.01 in size on {flat:.0%} of [{low:g}, {high:g}]"
    )
    if slopes.min() == slopes.max():
        finding = f"slope {slopes.max():g} throughout"
        # A constant would get a scale of its own.
        panels[1].set_ylim(-0.05, 1.05)
    figure.suptitle(
        f"{label(name)}: values in ${entry.range_formula}$; {finding}",
        fontsize=11,
    )
    return figure


def _mark_turns(axes, function, low, high, shade):
    """Marks where a smooth curve turns, zero apart, with the coordinates."""
    x = np.linspace(low, high, 6001)
    y = _values(function, x)
    rises = np.sign(np.diff(y))
    for i in np.flatnonzero(rises[1:] * rises[:-1] < 0) + 1:
        if abs(x[i]) > 0.01:
            axes.plot(x[i], y[i], "D", markersize=5, color=shade)
            axes.annotate(
                f"({x[i]:.2f}, {y[i]:.3f})",
                (x[i], y[i]),
                # Outside the curve, where nothing else is drawn.
                xytext=(0, 8 if y[i] > y[i - 300] else -16),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
            axes.margins(y=0.18)


@styled
def all_functions(low=-4.0, high=4.0):
    """Draws the functions of one number in one panel, derivatives beside."""
    names = [name for name in activations.CATALOG if name != "softmax"]
    figure, panels = plt.subplots(1, 2, figsize=(11, 4))
    x = np.linspace(low, high, 802)
    for name in names:
        entry = activations.CATALOG[name]
        for axes, function in zip(
            panels, (entry.function, entry.derivative), strict=True
        ):
            axes.plot(
                x,
                _values(function, x),
                # Above zero it lies on ReLU.
                linestyle="--" if name == "leaky_relu" else "-",
                color=colour(name),
                label=label(name),
            )
    panels[0].set_title("Above zero: bounded by 1, or growing with x")
    panels[1].set_title("Slopes: step, sigmoid, tanh end near 0 on both sides")
    for axes, symbol in zip(panels, ("$f(x)$", "$f'(x)$"), strict=True):
        axes.set_xlabel("x")
        axes.set_ylabel(symbol)
    panels[0].set_ylim(-1.5, 4)
    legend_beside(panels[1])
    return figure


@styled
def swish_family(betas, low=-6.0, high=6.0, scale=1.0):
    """Draws swish and its derivative for each beta, between both limits."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.8))
    x = np.linspace(low, high, 1202)
    shades = plt.colormaps["viridis"](np.linspace(0, 0.9, len(betas)))
    for beta, shade in zip(betas, shades, strict=True):
        for axes, function in zip(
            panels,
            (activations.swish, activations.swish_derivative),
            strict=True,
        ):
            y = _values(function, x, beta=beta, scale=scale)
            axes.plot(x, y, color=shade, label=f"β = {beta:g}")
    limits = (
        (scale * x / 2, scale * np.maximum(x, 0)),
        (np.full_like(x, scale / 2), scale * (x > 0)),
    )
    factor = "" if scale == 1 else f"{scale:g} "
    for axes, (line, relu), symbol in zip(
        panels, limits, ("$f(x)$", "$f'(x)$"), strict=True
    ):
        axes.plot(x, line, "k:", label=f"β = 0: {factor}x/2")
        axes.plot(x, relu, "k--", label=f"β → ∞: {factor}ReLU")
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
    axes.plot(x, np.maximum(x, 0), ":", color=colour("relu"), label="ReLU")
    axes.set_title("With the 2, β = 0 is the identity and ReLU is out of reach")
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
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
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
    left.set_title("One logit up, its probability up, the others down")
    left.set_xlabel(f"$z_1$, beside {fixed}; the grey line is the point right")
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
    right.set_xlabel("by logit")
    right.set_ylabel("derivative of probability")
    right.set_title("The Jacobian is symmetric, and its rows sum to 0")
    return figure


def _values(function, x, **arguments):
    values = function(keras.ops.convert_to_tensor(x, "float64"), **arguments)
    return keras.ops.convert_to_numpy(values)
