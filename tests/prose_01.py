"""The numbers in the prose of notebook 1; see prose.check."""

import inspect

import keras
import mpmath
import numpy as np
from scipy import optimize, special

import activations
from comparison import studies


def sigmoid_slope(x):
    return mpmath.sech(mpmath.mpf(x) / 2) ** 2 / 4


def tanh_slope(x):
    return mpmath.sech(x) ** 2


def crossing():
    """Where tanh's slope falls below sigmoid's."""
    return mpmath.findroot(lambda x: tanh_slope(x) - sigmoid_slope(x), 2)


def lowest():
    """The minimum of swish, -W(1/e), Lambert's W, at -1 - W(1/e)."""
    w = special.lambertw(np.exp(-1)).real
    return -w, -1 - w


def steepest():
    """The largest slope of swish, found on its derivative by mpmath."""
    swish = lambda x: x / (1 + mpmath.exp(-x))  # noqa: E731
    top = mpmath.findroot(lambda x: mpmath.diff(swish, x, 2), 2.4)
    return mpmath.diff(swish, top)


def probabilities():
    return special.softmax([2.0, 0.0, -1.0])


def largest_derivative(logits):
    s = special.softmax(logits)
    return np.abs(np.diag(s) - np.outer(s, s)).max()


def slope_of_the_articles_code():
    (run, *_) = studies.study("published", ["leaky_relu"]).configurations
    return run.negative_slope


def default_slope():
    """Of Keras's function."""
    parameters = inspect.signature(keras.activations.leaky_relu).parameters
    return parameters["negative_slope"].default


def slope_at_zero(function):
    """The slopes of a function on the left and on the right of zero."""
    x = np.array([-1e-6, 0.0, 1e-6])
    y = keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x)))
    return [*np.diff(y.astype(float)) / np.diff(x)]


def turned_at():
    """Where the slope of x tanh x is largest: where x tanh x = 1."""
    return optimize.brentq(lambda x: x * np.tanh(x) - 1, 1, 2)


def parameters(filters=32, classes=10):
    convolution = (3 * 3 + 1) * filters
    return filters, convolution + filters + (filters + 1) * classes


def range_of(name):
    return [*activations.CATALOG[name].range]


FACTS = [
    ("Kızrak, {}", lambda: [2019]),
    # Step and linear.
    ("The slope is {} wherever it exists", lambda: [0]),
    (
        "*Figure: the step function is {} below zero and {} from zero on; its "
        "slope is {} on both sides",
        lambda: [*range_of("step"), 0],
    ),
    (
        "this project give {} there as well",
        lambda: [float(activations.step_derivative(0.0))],
    ),
    ("arrives from above is multiplied by {}", lambda: [0]),
    # Sigmoid and tanh.
    ("one between {} and {}, which reads", lambda: range_of("sigmoid")),
    ("sigmoid rises from {} to {}", lambda: range_of("sigmoid")),
    ("The slope is {} at zero", lambda: [sigmoid_slope(0)]),
    ("At x = {} it is {}", lambda: [2, sigmoid_slope(2)]),
    ("at x = {} only {}", lambda: [6, sigmoid_slope(6)]),
    ("the tenth power of that, {}", lambda: [float(sigmoid_slope(0)) ** 10]),
    ("The same shape, from {} to {}", lambda: range_of("tanh")),
    ("tanh rises from {} to {}", lambda: range_of("tanh")),
    ("the slopes cross at {}", lambda: [crossing()]),
    (
        "at x = {} tanh's is {} against {}",
        lambda: [2, tanh_slope(2), sigmoid_slope(2)],
    ),
    # ReLU and leaky ReLU.
    ("Negative inputs give {}, positive", lambda: [range_of("relu")[0]]),
    (
        "ReLU is {} below zero and x above; its slope jumps from {} to {}",
        lambda: [0, *slope_at_zero(keras.activations.relu)],
    ),
    ("On the positive side the slope is {}", lambda: [1]),
    ("both value and slope are {}", lambda: [0]),
    (
        "automatic differentiation gives {} there",
        lambda: [float(activations.relu_derivative(0.0))],
    ),
    (
        "scaled down, by {}, instead",
        lambda: [slope_at_zero(activations.leaky_relu)[0]],
    ),
    (
        "Keras's own default is {} in the layer and {} in the function",
        lambda: [keras.layers.LeakyReLU().negative_slope, default_slope()],
    ),
    (
        "the article's text says {}, its code {}",
        lambda: [0.01, slope_of_the_articles_code()],
    ),
    (
        "show its slope of {} below zero",
        lambda: [slope_at_zero(activations.leaky_relu)[0]],
    ),
    ("is small but it is not {}", lambda: [0]),
    (
        "{} times as much, the ratio of the slopes",
        lambda: [
            keras.layers.LeakyReLU().negative_slope
            / slope_of_the_articles_code()
        ],
    ),
    # Swish.
    ("and on the right it is above {}.", lambda: [1]),
    ("it falls to {} at x = {}", lowest),
    ("rises again toward {} on the left", lambda: [0]),
    ("Its slope is at most {}, more than ReLU's", lambda: [steepest()]),
    ("Below zero ReLU is {}", lambda: [0]),
    # Softmax.
    ("The probabilities, {}, {} and {}, sum", lambda: [*probabilities()]),
    ("sum to {}; therefore", lambda: [probabilities().sum()]),
    ("rows of the Jacobian sum to {}", lambda: [0]),
    (
        "The largest derivative is {}",
        lambda: [largest_derivative([2.0, 0.0, -1.0])],
    ),
    (
        "its largest entry is {}",
        lambda: [largest_derivative([20.0, 0.0, -10.0])],
    ),
    # All together, and the others.
    ("their slopes end near {};", lambda: [0]),
    ("their slopes end at or near {} there", lambda: [1]),
    ("Step has slope {} on both sides", lambda: [0]),
    (
        "its slope falls from {} to {}",
        lambda: slope_at_zero(keras.activations.selu),
    ),
    ("the slope is {}, not merely small", lambda: [0]),
    ("two logits varies and the other is {}", lambda: [0]),
    (
        "the slope is at most {} in size, at x = {}",
        lambda: [
            np.tanh(turned_at()) + turned_at() / np.cosh(turned_at()) ** 2,
            turned_at(),
        ],
    ),
    ("Here {} of the {} parameters", parameters),
    # The explorer's range.
    ("the first of 1 to 50 layers", list),
]
