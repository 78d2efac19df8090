"""How figures look: a style sheet, and a colour and a name an activation."""

import pathlib
import sys

import matplotlib.pyplot as plt
from matplotlib import ticker

SHEET = pathlib.Path(__file__).with_name("comparison.mplstyle")
# One colour per activation in every figure: Okabe and Ito's, which readers
# with colour-blindness tell apart.
COLOURS = {
    "step": "#999999",
    "linear": "#000000",
    "sigmoid": "#E69F00",
    "tanh": "#56B4E9",
    "relu": "#D55E00",
    "leaky_relu": "#CC79A7",
    "softmax": "#8C6D1F",
    "swish": "#0072B2",
    "swish_trainable": "#009E73",
}
# For others that are drawn together; and for any other, by its letters.
_OTHERS = {"elu": "#6A3D9A", "selu": "#B15928", "gelu": "#666600"}
_SPARE = ("#6A3D9A", "#B15928", "#1B9E77", "#E7298A", "#666600")
# Where lines lie on each other, marks tell them apart.
MARKERS = {
    "step": "x",
    "linear": "+",
    "sigmoid": "o",
    "tanh": "s",
    "relu": "^",
    "leaky_relu": "v",
    "swish": "D",
    "swish_trainable": "P",
    "elu": "<",
    "selu": ">",
    "gelu": "X",
}
LABELS = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "swish_trainable": "swish, β trained",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "mish": "Mish",
}

# Initialisers as a reader says them.
INITIALIZERS = {
    "glorot_uniform": "Glorot",
    "he_normal": "He",
    "lecun_normal": "LeCun",
    "fan_out_normal": "He, fan-out",
    "random_normal 0.01": "Gaussian of 0.01",
}


def use():
    """Draws what follows in the project's style; in a notebook, sharp."""
    plt.style.use(SHEET)
    if "IPython" in sys.modules:
        shell = sys.modules["IPython"].get_ipython()
        if hasattr(shell, "kernel"):
            sharp = "InlineBackend.figure_formats = ['retina']"
            shell.run_line_magic("config", sharp)


def styled(function):
    """Makes a function draw with the project's style sheet."""
    return plt.style.context(SHEET)(function)


def colour(activation):
    """Returns the colour of an activation, always the same for a name."""
    spare = _SPARE[sum(activation.encode()) % len(_SPARE)]
    return {**_OTHERS, **COLOURS}.get(activation, spare)


def marker(activation):
    """Returns the mark of an activation."""
    return MARKERS.get(activation, "o")


def label(activation, variant=None):
    """Returns an activation as a reader writes it, or a variant of it.

    Args:
        activation: Its name.
        variant: What `studies.Study.variant` says, or `None`.
    """
    rest = (variant or activation).removeprefix(activation)
    return LABELS.get(activation, activation) + rest


def legend_beside(axes):
    """Puts the legend to the right, where it covers no data."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def whole_numbers(axes):
    """Ticks the horizontal axis at whole numbers, as epochs are."""
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(integer=True, steps=[1, 2, 5, 10])
    )
