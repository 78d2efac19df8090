"""Makes explorer.html: any two functions, their slopes, what depth leaves.

    PYTHONPATH=. python site/explorer.py

To be made anew when the functions change.
"""

import functools
import itertools
import json
import math
import re

import altair as alt
import keras
import numpy as np
import vega
from keras import ops

import activations
from comparison import style
from comparison.style import label

# Value and derivative of `x` as Vega writes them; `shared` has what several
# use. Where a derivative jumps, it is the one on the left.
SHARED = {
    "s": "1 / (1 + exp(-x))",
    "t": "2 / (1 + exp(-2 * x)) - 1",
    "softplus": "max(x, 0) + log(1 + exp(-abs(x)))",
    "u": "2 / (1 + exp(-2 * softplus)) - 1",
    "gate": "1 / (1 + exp(-beta * x))",
    # The normal distribution: erfc by Chebyshev's approximation in Numerical
    # Recipes, 2nd ed., section 6.2, which is good to 1.2e-7.
    "r": "1 / (1 + abs(x) / sqrt(8))",
    "tail": (
        "r / 2 * exp(-x * x / 2 - 1.26551223"
        " + r * (1.00002368 + r * (0.37409196"
        " + r * (0.09678418 + r * (-0.18628806"
        " + r * (0.27886807 + r * (-1.13520398"
        " + r * (1.48851587 + r * (-0.82215223"
        " + r * 0.17087277)))))))))"
    ),
    "normal": "x > 0 ? 1 - tail : tail",
    "density": "exp(-x * x / 2) / sqrt(2 * PI)",
    "root": "sqrt(x * x + 4)",
}
FUNCTIONS = {
    "step": ("x >= 0 ? 1 : 0", "0"),
    "linear": ("c * x", "c"),
    "sigmoid": ("s", "s * (1 - s)"),
    "tanh": ("t", "1 - t * t"),
    "relu": ("max(x, 0)", "x > 0 ? 1 : 0"),
    "leaky_relu": ("x > 0 ? x : slope * x", "x > 0 ? 1 : slope"),
    "swish": ("x * gate", "gate * (1 + beta * x * (1 - gate))"),
    "elu": (
        "x > 0 ? x : alpha * (exp(x) - 1)",
        "x > 0 ? 1 : alpha * exp(x)",
    ),
    "selu": (
        "1.05070098735548 * (x > 0 ? x : 1.67326324235438 * (exp(x) - 1))",
        "1.05070098735548 * (x > 0 ? 1 : 1.67326324235438 * exp(x))",
    ),
    "gelu": ("x * normal", "normal + x * density"),
    "silu": ("x * s", "s * (1 + x * (1 - s))"),
    "mish": ("x * u", "u + x * s * (1 - u * u)"),
    "softplus": ("softplus", "s"),
    "squareplus": ("(x + root) / 2", "(1 + x / root) / 2"),
    "sparse_plus": (
        "x <= -1 ? 0 : x < 1 ? (x + 1) * (x + 1) / 4 : x",
        "x <= -1 ? 0 : x < 1 ? (x + 1) / 2 : 1",
    ),
    "softsign": ("x / (1 + abs(x))", "1 / ((1 + abs(x)) * (1 + abs(x)))"),
    "log_sigmoid": ("x - softplus", "1 - s"),
    "hard_sigmoid": ("clamp(x / 6 + 0.5, 0, 1)", "x > -3 && x <= 3 ? 1/6 : 0"),
    "hard_tanh": ("clamp(x, -1, 1)", "x > -1 && x <= 1 ? 1 : 0"),
    "hard_silu": (
        "x * clamp(x / 6 + 0.5, 0, 1)",
        "x <= -3 ? 0 : x <= 3 ? x / 3 + 0.5 : 1",
    ),
    "sparse_sigmoid": (
        "clamp(x / 2 + 0.5, 0, 1)",
        "x > -1 && x <= 1 ? 0.5 : 0",
    ),
    "relu6": ("clamp(x, 0, 6)", "x > 0 && x <= 6 ? 1 : 0"),
}

# An activation's slope is called flat below this.
FLAT = 0.01
# As claim C3 has it: a gradient of which less is left has vanished.
VANISHED = 1e-3
POINT = 601  # The row of the chosen x, after those that are drawn.
LAYERS = 50
# The networks are those of notebook 5: of 784 inputs, whose squares sum to 87.6
# in the mean of its digits, and 100 units a layer.
INPUTS, SQUARES, WIDTH = 784, 87.6, 100
VARIANCES = {
    "Glorot": lambda n_in, n_out: 2 / (n_in + n_out),
    "He": lambda n_in, n_out: 2 / n_in,
    "LeCun": lambda n_in, n_out: 1 / n_in,
    "He, fan-out": lambda n_in, n_out: 2 / n_out,
    "Gaussian of 0.01": lambda n_in, n_out: 0.01**2,
}
# n Var W of a hidden layer.
SCALES = {
    name: WIDTH * variance(WIDTH, WIDTH) for name, variance in VARIANCES.items()
}
BETAS = np.round(np.arange(0, 10.05, 0.1), 1)
ALPHAS = np.round(np.arange(0, 2.01, 0.05), 2)


def expression(words):
    """Writes an expression of `FUNCTIONS` or `SHARED` in Vega's language."""
    fields = "|".join(["x", *SHARED])
    return re.sub(rf"\b({fields})\b", r"datum.\1", words)


def chosen(column):
    """The value (0) or derivative (1) of the function that a row names."""
    return (
        "".join(
            f"datum.name === '{name}' ? ({expression(both[column])}) : "
            for name, both in FUNCTIONS.items()
        )
        + "0"
    )


def gradient_left(function, derivative, initializer):
    """Returns how much gradient is left at the first of 1 to `LAYERS` layers.

    A layer of n units multiplies the root mean square of dL/dz by
    sqrt(n Var W E[f'(z)^2]) where z is normal with mean 0 and the variance q
    of its sums; the next layer's is n Var W E[f(z)^2].

    Args:
        function: Of a tensor.
        derivative: Of a tensor.
        initializer: A key of `VARIANCES`.

    Returns:
        The logarithms to base 10, first layer over last.
    """
    scale = SCALES[initializer]
    # An even number, so that none is at a kink: half lie on either side.
    z = np.linspace(-9, 9, 4000)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()

    def mean_square(of, q):
        at = ops.convert_to_tensor(np.sqrt(q) * z, "float64")
        return weights @ ops.convert_to_numpy(of(at)) ** 2

    q, left = SQUARES * VARIANCES[initializer](INPUTS, WIDTH), [0.0]
    with np.errstate(divide="ignore"):
        for _ in range(LAYERS - 1):
            left.append(
                left[-1] + np.log10(scale * mean_square(derivative, q)) / 2
            )
            q = scale * mean_square(function, q)
    return left


def slope_of(function):
    """The derivative of a function of a tensor, by TensorFlow."""
    import tensorflow as tf

    def derivative(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    return derivative


def depth_table():
    """Rows of `gradient_left`, one a function, parameter and initialiser.

    Linear's and leaky ReLU's are left to the chart, since theirs has a closed
    form.
    """
    families = {"swish": ("beta", BETAS), "elu": ("alpha", ALPHAS)}
    rows = []
    for name in FUNCTIONS:
        function = getattr(activations, name, None)
        function = function or getattr(keras.activations, name)
        argument, values = families.get(name, (None, [None]))
        for value, initializer in itertools.product(values, VARIANCES):
            row = {"name": name, "initializer": initializer}
            if argument:
                row["parameter"] = float(value)
            if name not in ("linear", "leaky_relu"):
                member = functools.partial(
                    function, **({argument: float(value)} if argument else {})
                )
                left = gradient_left(member, slope_of(member), initializer)
                row["powers"] = [
                    round(v, 3) + 0.0 if math.isfinite(v) else None
                    for v in left
                ]
            rows.append(row)
    return rows


def controls():
    """The explorer's parameters, each with its control."""
    names = list(FUNCTIONS)
    labels = [label(name) for name in names]

    def choice(name, value, words):
        bound = alt.binding_select(options=names, labels=labels, name=words)
        return alt.param(name=name, value=value, bind=bound)

    def slider(name, value, low, high, by, words):
        bound = alt.binding_range(min=low, max=high, step=by, name=words)
        return alt.param(name=name, value=value, bind=bound)

    start = alt.binding_select(options=list(VARIANCES), name="initialiser")
    return [
        choice("first", "swish", "solid line"),
        choice("second", "sigmoid", "dashed line"),
        slider("point", -1, -6, 6, 0.1, "x"),
        slider("beta", 1, 0, 10, 0.1, f"β of {label('swish')}"),
        slider("slope", 0.01, 0, 1, 0.01, f"slope of {label('leaky_relu')}"),
        slider("alpha", 1, 0, 2, 0.05, f"α of {label('elu')}"),
        slider("c", 1, 0, 2, 0.05, f"c of {label('linear')}"),
        slider("layers", 20, 1, LAYERS, 1, "hidden layers"),
        alt.param(name="initializer", value="Glorot", bind=start),
    ]


# The project's; elsewhere linear is black, and those without a colour of their
# own have some that a dark page swallows.
COLOURS = {
    name: style.COLOURS.get(name, spare)
    for name, spare in zip(
        FUNCTIONS,
        itertools.cycle(("#9467BD", "#C7763B", "#1B9E77", "#E7298A")),
        strict=False,
    )
} | {"linear": "currentColor"}
COLOUR = alt.Color(
    "name:N",
    scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
    legend=None,
)
# Where both are one curve, the second must not hide the first.
DASH = alt.StrokeDash(
    "which:N",
    scale=alt.Scale(domain=["first", "second"], range=[[1, 0], [6, 5]]),
    legend=None,
)


def curves():
    """Value and slope of the two functions, and where the slope is flat."""
    source = alt.Chart(alt.sequence(POINT + 1, as_="i"))
    rows = {
        "x": f"datum.i < {POINT} ? (datum.i - 300) / 50 : point",
        **{name: expression(words) for name, words in SHARED.items()},
        "which": "['first', 'second']",
    }
    for name, words in rows.items():
        source = source.transform_calculate(**{name: words})
    source = source.transform_flatten(["which"])
    for name, words in (
        ("name", "datum.which === 'first' ? first : second"),
        ("value", chosen(0)),
        ("slope", chosen(1)),
        ("flat", f"abs(datum.slope) < {FLAT}"),
    ):
        source = source.transform_calculate(**{name: words})
    return source


def panel(source, column, title):
    """A panel of the curves: `"value"` or `"slope"` over x."""
    lines = source.transform_filter(f"datum.i < {POINT}")
    flat = lines.transform_calculate(
        level=f"datum.flat ? datum.{column} : null"
    )
    y = alt.Y(f"{column}:Q", title=None)
    x = alt.X("x:Q", title="x", scale=alt.Scale(domain=[-6, 6], nice=False))
    at = source.transform_filter(f"datum.i === {POINT}")
    return alt.layer(
        flat.mark_line(strokeWidth=9, opacity=0.25).encode(
            x=x, y=alt.Y("level:Q", title=None), color=COLOUR, detail="which:N"
        ),
        lines.mark_line().encode(x=x, y=y, color=COLOUR, strokeDash=DASH),
        at.mark_rule(strokeDash=[2, 3], opacity=0.5).encode(x=x),
        at.mark_point(size=60, filled=True, opacity=1).encode(
            x=x, y=y, color=COLOUR
        ),
    ).properties(height=190, title=title)


def depths():
    """What is left of the gradient of the two functions by depth."""
    source = alt.Chart(alt.InlineData(values=depth_table(), name="depths"))
    parameter = "(datum.name === 'swish' ? beta : alpha)"
    scale = f"({json.dumps(SCALES)})[initializer]"
    closed = {
        "linear": f"log(c * c * {scale})",
        "leaky_relu": f"log((1 + slope * slope) / 2 * {scale})",
    }
    for keep in (
        "datum.name === first || datum.name === second",
        "datum.initializer === initializer",
        "!isValid(datum.parameter)"
        f" || abs(datum.parameter - {parameter}) < 1e-6",
    ):
        source = source.transform_filter(keep)
    source = source.transform_calculate(which="['first', 'second']")
    source = source.transform_flatten(["which"])
    source = source.transform_filter(
        "datum.name === (datum.which === 'first' ? first : second)"
    )
    source = source.transform_calculate(layer=f"sequence(1, {LAYERS + 1})")
    source = source.transform_flatten(["layer"])
    power = "datum.powers[datum.layer - 1]"
    for name, words in closed.items():
        power = (
            f"datum.name === '{name}' ? "
            f"(datum.layer - 1) / 2 * {words} / LN10 : {power}"
        )
    source = source.transform_calculate(power=power)
    # Nothing at all is left of zero; a logarithmic axis has no place for it.
    return source.transform_calculate(
        left="isValid(datum.power) && isFinite(datum.power)"
        " ? pow(10, datum.power) : null"
    )


def depth_panel(source):
    """The panel of what is left of the gradient."""
    x = alt.X("layer:Q", title="hidden layers", scale=alt.Scale(nice=False))
    y = alt.Y(
        "left:Q",
        title=None,
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(format="~e", tickCount=5),
    )
    at = source.transform_filter("datum.layer === layers")
    gone = alt.Chart(alt.InlineData(values=[{"left": VANISHED}]))
    return alt.layer(
        gone.mark_rule(strokeDash=[2, 3]).encode(y=y),
        source.mark_line().encode(x=x, y=y, color=COLOUR, strokeDash=DASH),
        at.mark_rule(strokeDash=[2, 3], opacity=0.5).encode(x=x),
        at.mark_point(size=60, filled=True, opacity=1).encode(
            x=x, y=y, color=COLOUR
        ),
    ).properties(
        height=190,
        title=alt.Title(
            "Gradient left at the first hidden layer, by depth",
            subtitle="dotted: a thousandth; a line that stops: nothing left",
        ),
    )


def readout(source, depth):
    """Three lines of words for each function, behind its line."""
    labels = json.dumps({name: label(name) for name in FUNCTIONS})
    at = source.transform_filter(f"datum.i === {POINT}").transform_calculate(
        label=f"({labels})[datum.name]",
        words="'value ' + format(datum.value, '.4f')"
        " + ', slope ' + format(datum.slope, '.4f')"
        " + ' at x = ' + format(point, '.1f')",
    )
    left = depth.transform_filter("datum.layer === layers")
    left = left.transform_calculate(
        words="(isValid(datum.left) ? format(datum.left, datum.left < 0.001 ?"
        " '.1e' : '.2g') : 'nothing')"
        " + ' left of the gradient after ' + layers"
        " + (layers > 1 ? ' layers' : ' layer')"
    )
    y = alt.Y("which:N", axis=None)

    def line(chart, field, place, **style):
        return chart.mark_text(
            align="left",
            baseline="middle",
            color="currentColor",
            dy=18 * place,
            fontSize=13,
            **style,
        ).encode(x=alt.value(0), y=y, text=field)

    return alt.layer(
        vega.key(at, y, yOffset=-18).encode(color=COLOUR, strokeDash=DASH),
        line(at, "label:N", -1, fontWeight="bold"),
        line(at, "words:N", 0),
        line(left, "words:N", 1),
    ).properties(height=130)


def chart():
    """The chart of any two functions, their slopes and what depth leaves."""
    source, depth = curves(), depths()
    flat = f"pale: the slope is under {FLAT}"
    pair = vega.pair(
        panel(source, "value", alt.Title("Value", subtitle=flat)),
        panel(source, "slope", alt.Title("Slope", subtitle=flat)),
    )
    return alt.vconcat(
        readout(source, depth), pair, depth_panel(depth)
    ).add_params(*controls())


if __name__ == "__main__":
    vega.write(
        "explorer",
        chart(),
        "Two activation functions, their slopes, and how much of the "
        "gradient is left by depth, with controls to change them",
    )
