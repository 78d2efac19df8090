"""Tests of activations.py against mpmath, SciPy, autodiff and Keras."""

import dataclasses
import functools
import inspect
import json
import math
import sys

import keras
import mpmath
import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from keras import ops
from keras.src import testing

import activations
from activations import (
    CATALOG,
    Swish,
    layer,
    leaky_relu,
    leaky_relu_derivative,
    linear,
    linear_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_jacobian,
    step,
    step_derivative,
    swish,
    swish_beta_derivative,
    swish_derivative,
    tanh,
    tanh_derivative,
)

NAMES = [
    "step",
    "linear",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "softmax",
    "swish",
]
ELEMENTWISE = [name for name in NAMES if name != "softmax"]
# All that is written in activations.py, with arguments that are not defaults.
OWN = {
    "step": step,
    "step_derivative": step_derivative,
    "linear": lambda x: linear(x, 0.5),
    "linear_derivative": lambda x: linear_derivative(x, 0.5),
    "sigmoid_derivative": sigmoid_derivative,
    "tanh_derivative": tanh_derivative,
    "relu_derivative": relu_derivative,
    "leaky_relu": leaky_relu,
    "leaky_relu_derivative": leaky_relu_derivative,
    "swish": swish,
    "swish_scaled": lambda x: swish(x, 1.5, 2.0),
    "swish_derivative": swish_derivative,
    "swish_derivative_scaled": lambda x: swish_derivative(x, 1.5, 2.0),
    "swish_beta_derivative": lambda x: swish_beta_derivative(x, 1.0),
    "softmax_jacobian": softmax_jacobian,
}
REUSED = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "softmax": softmax}
DTYPES = ["float16", "bfloat16", "float32", "float64"]
BAD_NUMBERS = [
    *(math.nan, math.inf, -math.inf, "1", True, None, [1.0], 1j),
    *(np.float16("inf"), np.float32("nan")),
]


def as_array(x):
    return ops.convert_to_numpy(ops.cast(x, "float64"))


def tensor(values, dtype):
    return ops.cast(ops.convert_to_tensor(values, "float64"), dtype)


def largest(dtype):
    return float(tf.as_dtype(dtype).max)


# Accuracy


def mp_sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def mp_swish(x, beta=1, scale=1):
    return scale * x * mp_sigmoid(beta * x)


def mp_slope(function):
    return lambda x: mpmath.diff(function, x)


def betas(make):
    """Cases of `make(beta, scale)`, whose values are exact in float32."""
    return {
        f"beta={beta},scale={scale}": make(beta, scale)
        for beta, scale in (
            [(1, 1), (1, 2), (0, 1), (0.5, 1), (-1.5, 1), (8, 2)]
        )
    }


ACCURACY = {
    "step": (step, lambda x: 1 if x >= 0 else 0),
    "step'": (step_derivative, lambda x: 0),
    "linear": (lambda x: linear(x, 0.375), lambda x: 0.375 * x),
    "linear'": (lambda x: linear_derivative(x, 0.375), lambda x: 0.375),
    "sigmoid": (sigmoid, mp_sigmoid),
    "sigmoid'": (sigmoid_derivative, mp_slope(mp_sigmoid)),
    "tanh": (tanh, mpmath.tanh),
    "tanh'": (tanh_derivative, mp_slope(mpmath.tanh)),
    "relu": (relu, lambda x: max(x, 0)),
    "relu'": (relu_derivative, lambda x: 1 if x > 0 else 0),
    "leaky_relu": (
        leaky_relu,
        lambda x: x if x > 0 else x * mpmath.mpf("0.01"),
    ),
    "leaky_relu'": (
        leaky_relu_derivative,
        lambda x: 1 if x > 0 else mpmath.mpf("0.01"),
    ),
    **{
        f"swish {case}": functions
        for case, functions in betas(
            lambda beta, scale: (
                lambda x: swish(x, beta, scale),
                lambda x: mp_swish(x, beta, scale),
            )
        ).items()
    },
    **{
        f"swish' {case}": functions
        for case, functions in betas(
            lambda beta, scale: (
                lambda x: swish_derivative(x, beta, scale),
                mp_slope(lambda x: mp_swish(x, beta, scale)),
            )
        ).items()
    },
    **{
        f"d swish/d beta {case}": functions
        for case, functions in betas(
            lambda beta, scale: (
                lambda x: swish_beta_derivative(x, beta, scale),
                lambda x: mpmath.diff(lambda b: mp_swish(x, b, scale), beta),
            )
        ).items()
    },
}


@pytest.fixture(scope="module")
def points():
    # From the smallest normal number on: TensorFlow takes denormals for zero.
    small = np.geomspace(1.2e-38, 1, 60)
    rng = np.random.default_rng(0)
    return np.concatenate(
        [
            [0.0, -0.0],
            small,
            -small,
            np.linspace(-30, 30, 601),
            rng.uniform(-30, 30, 300),
            rng.normal(size=200),
        ]
    ).astype("float32")


def assert_accurate(actual, exact):
    """Within 8 float32 ULP of `exact`, or 1e-7, whichever is looser."""
    actual = ops.convert_to_numpy(actual)
    assert actual.dtype == "float32"
    exact = np.asarray(exact, "float64")
    ulp = np.spacing(np.abs(exact).astype("float32")).astype("float64")
    error = np.abs(actual - exact) / np.maximum(8 * ulp, 1e-7)
    worst = np.unravel_index(np.argmax(error), error.shape)
    assert error[worst] <= 1, (worst, actual[worst], exact[worst])


@pytest.mark.parametrize("case", ACCURACY)
def test_accuracy_in_float32(case, points):
    function, oracle = ACCURACY[case]
    with mpmath.workdps(30):
        exact = [float(oracle(mpmath.mpf(float(x)))) for x in points]
    assert_accurate(function(points), exact)


@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0])
def test_accuracy_of_softmax_and_its_jacobian(spread):
    rng = np.random.default_rng(1)
    x = rng.uniform(-spread, spread, (20, 5)).astype("float32")
    s = scipy.special.softmax(x.astype("float64"), axis=-1)
    exact = np.stack([np.diag(row) - np.outer(row, row) for row in s])
    assert_accurate(softmax(x), s)
    assert_accurate(softmax_jacobian(x), exact)


def test_tanh_derivative_keeps_its_digits_where_tanh_saturates():
    x = np.linspace(4, 30, 100, dtype="float32")
    exact = [float(mpmath.sech(float(v)) ** 2) for v in x]
    np.testing.assert_allclose(tanh_derivative(x), exact, rtol=1e-5)


def test_softmax_jacobian_keeps_its_digits_where_softmax_saturates():
    x = np.array([20.0, 0.0], "float32")
    exact = float(mp_sigmoid(mpmath.mpf(20)) * mp_sigmoid(mpmath.mpf(-20)))
    expected = exact * np.array([[1, -1], [-1, 1]])
    np.testing.assert_allclose(softmax_jacobian(x), expected, rtol=1e-5)


# Autodiff

AUTODIFF = {
    **{n: (CATALOG[n].function, CATALOG[n].derivative) for n in ELEMENTWISE},
    "linear, slope": (
        lambda x: linear(x, -0.7),
        lambda x: linear_derivative(x, -0.7),
    ),
    "leaky_relu, slope": (
        lambda x: leaky_relu(x, 0.3),
        lambda x: leaky_relu_derivative(x, 0.3),
    ),
    "swish, beta": (
        lambda x: swish(x, 2.5),
        lambda x: swish_derivative(x, 2.5),
    ),
    "swish, beta 0": (lambda x: swish(x, 0), lambda x: swish_derivative(x, 0)),
    "swish, scale": (
        lambda x: swish(x, -0.5, 2.0),
        lambda x: swish_derivative(x, -0.5, 2.0),
    ),
}


def autodiff(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


@pytest.mark.parametrize("case", AUTODIFF)
def test_autodiff_equals_closed_form(case):
    function, derivative = AUTODIFF[case]
    # Zero of both signs is among them: the convention at a kink.
    x = np.concatenate([np.linspace(-30, 30, 241), [-0.0, 1e-300, -1e-300]])
    np.testing.assert_allclose(
        autodiff(function, x), derivative(x), rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_autodiff_at_the_largest_numbers(name, dtype):
    x = tensor([-1, 1], dtype) * tf.as_dtype(dtype).max
    entry = CATALOG[name]
    np.testing.assert_array_equal(
        as_array(autodiff(entry.function, x)), as_array(entry.derivative(x))
    )


@pytest.mark.parametrize("beta", [-2.0, 0.0, 0.3, 1.0, 40.0])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_autodiff_by_beta_equals_closed_form(beta, scale):
    x = np.linspace(-30, 30, 241)
    beta = tf.fill(x.shape, tf.constant(beta, tf.float64))
    with tf.GradientTape() as tape:
        tape.watch(beta)
        y = swish(x, beta, scale)
    np.testing.assert_allclose(
        tape.gradient(y, beta),
        swish_beta_derivative(x, beta, scale),
        rtol=1e-12,
        atol=1e-12,
    )


def test_gradient_of_a_shared_beta_is_the_sum():
    x = np.random.default_rng(2).normal(size=(4, 3, 2))
    for start in (1.3, [[1.3, 0.2]]):
        beta = tf.constant(start, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(beta)
            y = swish(x, beta)
        by_element = as_array(swish_beta_derivative(x, beta))
        np.testing.assert_allclose(
            tape.gradient(y, beta),
            by_element.sum((0, 1))[None] if beta.ndim else by_element.sum(),
            rtol=1e-12,
        )


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_autodiff_equals_softmax_jacobian(axis):
    x = np.random.default_rng(3).normal(size=(2, 3, 4))
    jacobian = as_array(softmax_jacobian(x, axis))
    others = [n for i, n in enumerate(x.shape) if i != axis % 3]
    assert jacobian.shape == (*others, x.shape[axis], x.shape[axis])
    for index in np.ndindex(*others):
        row = np.moveaxis(x, axis, -1)[index]
        variable = tf.constant(row)
        with tf.GradientTape() as tape:
            tape.watch(variable)
            s = tf.nn.softmax(variable)
        np.testing.assert_allclose(
            jacobian[index], tape.jacobian(s, variable), rtol=1e-9, atol=1e-14
        )


def test_step_has_a_gradient_of_zeros_and_not_none():
    gradient = autodiff(step, np.array([-1.0, -0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(gradient, np.zeros(4))


# Edges


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*OWN, *REUSED])
def test_dtype_is_kept(name, dtype):
    function = {**OWN, **REUSED}[name]
    y = function(tensor([-2.0, 0.0, 3.0], dtype))
    assert keras.backend.standardize_dtype(y.dtype) == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OWN)
def test_shape_is_kept(name, dtype):
    x = tensor(np.zeros((2, 1, 3)), dtype)
    last = (3, 3) if name == "softmax_jacobian" else (3,)
    assert tuple(OWN[name](x).shape) == (2, 1, *last)


@pytest.mark.parametrize("floatx", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64"])
@pytest.mark.parametrize("name", OWN)
def test_integers_are_promoted_as_keras_does(name, dtype, floatx):
    values = np.array([0, 1, 3, 2]).astype(dtype)
    default = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        y = OWN[name](values)
    finally:
        keras.config.set_floatx(default)
    assert keras.backend.standardize_dtype(y.dtype) == floatx
    np.testing.assert_array_equal(
        as_array(y), as_array(OWN[name](values.astype(floatx)))
    )


def test_integers_are_not_truncated():
    np.testing.assert_array_equal(linear([1, 3], 0.5), [0.5, 1.5])
    np.testing.assert_allclose(leaky_relu([-1, 3]), [-0.01, 3])
    np.testing.assert_allclose(swish(3), 3 / (1 + math.exp(-3)), rtol=1e-6)


def test_reused_functions_keep_integers_or_refuse_them():
    x = np.array([-2, 3])
    np.testing.assert_array_equal(relu(x), [0, 3])
    np.testing.assert_allclose(tanh(x), np.tanh(x), rtol=1e-6)
    for function in (sigmoid, softmax):
        with pytest.raises(tf.errors.InvalidArgumentError, match="int64"):
            function(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*OWN, *REUSED])
def test_nan_stays_nan(name, dtype):
    y = as_array({**OWN, **REUSED}[name](tensor([math.nan, 1.0], dtype)))
    assert np.isnan(y[0]).all()
    if name not in ("softmax", "softmax_jacobian"):
        assert not np.isnan(y[1])


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_nan_stays_nan_whatever_beta(beta):
    for function in (swish, swish_derivative, swish_beta_derivative):
        assert np.isnan(as_array(function([math.nan], beta))).all()
        y = function([1.0], np.float32([math.nan]))
        assert np.isnan(as_array(y)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_keep_their_sign(dtype):
    zeros = tensor([0.0, -0.0], dtype)
    for function in (
        linear,
        leaky_relu,
        swish,
        tanh,
        lambda x: swish(x, 0.0),
        lambda x: swish(x, -3.0, 2.0),
    ):
        y = as_array(function(zeros))
        np.testing.assert_array_equal(y, [0, 0])
        np.testing.assert_array_equal(np.signbit(y), [False, True])


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_of_both_signs_give_the_same(dtype):
    zeros = tensor([0.0, -0.0], dtype)
    slope = as_array(tensor(0.01, dtype))
    for function, expected in [
        (step, 1),
        (step_derivative, 0),
        (sigmoid, 0.5),
        (relu, 0),
        (sigmoid_derivative, 0.25),
        (tanh_derivative, 1),
        (relu_derivative, 0),
        (leaky_relu_derivative, slope),
        (swish_derivative, 0.5),
        (lambda x: swish_derivative(x, 3.0, 2.0), 1),
        (lambda x: swish_beta_derivative(x, 1.0), 0),
    ]:
        y = as_array(function(zeros))
        np.testing.assert_array_equal(y, [expected, expected])


# Values at (-largest, largest), in units of the largest number.
AT_LARGEST = {
    "linear": (linear, (-1, 1)),
    "linear, slope": (lambda x: linear(x, -0.5), (0.5, -0.5)),
    "relu": (relu, (0, 1)),
    "leaky_relu": (lambda x: leaky_relu(x, 0.25), (-0.25, 1)),
    "swish": (swish, (0, 1)),
    "swish, beta": (lambda x: swish(x, 100.0), (0, 1)),
    "swish, negative beta": (lambda x: swish(x, -100.0), (-1, 0)),
    "swish, zero beta": (lambda x: swish(x, 0.0), (-0.5, 0.5)),
    "swish, scale": (lambda x: swish(x, 1.0, 2.0), (0, math.inf)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", AT_LARGEST)
def test_functions_at_the_largest_numbers(case, dtype):
    function, expected = AT_LARGEST[case]
    x = tensor([-1, 1], dtype) * tf.as_dtype(dtype).max
    np.testing.assert_array_equal(
        as_array(function(x)), np.array(expected) * largest(dtype)
    )


# Limits at (-inf, inf), which the derivatives have reached at the largest
# numbers as well.
LIMITS = {
    "step": (step_derivative, (0, 0)),
    "linear": (linear_derivative, (1, 1)),
    "linear, slope": (lambda x: linear_derivative(x, -0.5), (-0.5, -0.5)),
    "linear, flat": (lambda x: linear_derivative(x, 0.0), (0, 0)),
    "sigmoid": (sigmoid_derivative, (0, 0)),
    "tanh": (tanh_derivative, (0, 0)),
    "relu": (relu_derivative, (0, 1)),
    "leaky_relu": (lambda x: leaky_relu_derivative(x, 0.25), (0.25, 1)),
    "leaky_relu, flat": (lambda x: leaky_relu_derivative(x, 0.0), (0, 1)),
    "swish": (swish_derivative, (0, 1)),
    "swish, beta": (lambda x: swish_derivative(x, 0.5, 2.0), (0, 2)),
    "swish, large beta": (lambda x: swish_derivative(x, 60000.0), (0, 1)),
    "swish, negative beta": (lambda x: swish_derivative(x, -2.0), (1, 0)),
    "swish, zero beta": (lambda x: swish_derivative(x, 0.0), (0.5, 0.5)),
    "swish by beta": (lambda x: swish_beta_derivative(x, 1.0), (0, 0)),
    "swish by negative beta": (
        lambda x: swish_beta_derivative(x, -3.0, 2.0),
        (0, 0),
    ),
    "swish by zero beta": (
        lambda x: swish_beta_derivative(x, 0.0),
        (math.inf, math.inf),
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", LIMITS)
def test_derivatives_give_their_limits(case, dtype):
    derivative, expected = LIMITS[case]
    for end in (math.inf, largest(dtype)):
        x = tensor(np.array([-end, end]), dtype)
        np.testing.assert_array_equal(as_array(derivative(x)), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_at_infinity_give_what_is_documented(dtype):
    infinities = tensor([-math.inf, math.inf], dtype)
    nan, inf = math.nan, math.inf
    for function, expected in [
        (step, (0, 1)),
        (linear, (-inf, inf)),
        (lambda x: linear(x, 0.0), (nan, nan)),
        (sigmoid, (0, 1)),
        (tanh, (-1, 1)),
        (relu, (0, inf)),
        (leaky_relu, (-inf, inf)),
        (lambda x: leaky_relu(x, 0.0), (nan, inf)),
        (swish, (nan, inf)),
        (keras.activations.silu, (nan, inf)),
        (lambda x: swish(x, -1.0), (-inf, nan)),
        (lambda x: swish(x, 0.0), (nan, nan)),
    ]:
        np.testing.assert_array_equal(as_array(function(infinities)), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "x, expected",
    [
        ([math.inf, 0.0], np.zeros((2, 2))),
        ([-math.inf, 0.0], np.zeros((2, 2))),
        ([math.inf, math.inf], [[0.25, -0.25], [-0.25, 0.25]]),
        (
            [-math.inf, 0.0, 0.0],
            [[0, 0, 0], [0, 0.25, -0.25], [0, -0.25, 0.25]],
        ),
    ],
)
def test_softmax_jacobian_gives_its_limit(x, expected, dtype):
    np.testing.assert_array_equal(
        as_array(softmax_jacobian(tensor(x, dtype))), expected
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_jacobian_at_the_largest_numbers(dtype):
    x = tensor([-1, 0, 1], dtype) * tf.as_dtype(dtype).max
    np.testing.assert_array_equal(
        as_array(softmax_jacobian(x)), np.zeros((3, 3))
    )


def test_softmax_jacobian_sums_to_zero():
    x = np.random.default_rng(4).normal(size=(5, 7))
    jacobian = as_array(softmax_jacobian(x))
    np.testing.assert_allclose(jacobian.sum(-1), 0, atol=1e-15)
    np.testing.assert_allclose(jacobian.sum(-2), 0, atol=1e-15)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_softmax_jacobian_of_one_class_is_zero():
    np.testing.assert_array_equal(softmax_jacobian([3.0]), [[0]])


# Swish over beta


def test_swish_limits_in_beta():
    x = np.concatenate([np.linspace(-5, 5, 101), np.geomspace(1e-3, 1, 9)])
    np.testing.assert_array_equal(swish(x, 0.0), x / 2)
    np.testing.assert_array_equal(swish(x, 0.0, scale=2.0), x)
    np.testing.assert_allclose(swish(x, 1e6), np.maximum(x, 0), atol=1e-12)
    np.testing.assert_allclose(
        swish(x, 1e6, scale=2.0), 2 * np.maximum(x, 0), atol=1e-12
    )


def test_swish_with_beta_1_is_silu():
    x = np.linspace(-30, 30, 301)
    np.testing.assert_array_equal(swish(x), keras.activations.silu(x))


def test_swish_mirrors_in_beta():
    # x sigmoid(-bx) = -(-x) sigmoid(b(-x))
    x = np.linspace(-9, 9, 101)
    np.testing.assert_allclose(swish(x, -1.3), -swish(-x, 1.3), rtol=1e-15)


@pytest.mark.parametrize(
    "beta",
    [
        np.float32([0.5, 2.0]),
        tf.constant([0.5, 2.0]),
        tf.constant([0.5, 2.0], tf.float64),
    ],
)
def test_swish_takes_a_tensor_for_beta(beta):
    x = np.float32([[1, 2], [-3, 4]])
    expected = x * scipy.special.expit(np.float32([0.5, 2.0]) * x)
    y = swish(x, beta)
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_swish_takes_a_variable_for_beta():
    for beta in (keras.Variable(2.0), tf.Variable(2.0)):
        y = swish(np.float32([1.0]), beta)
        np.testing.assert_allclose(y, [1 / (1 + math.exp(-2))], rtol=1e-6)


# Arguments


@pytest.mark.parametrize("value", BAD_NUMBERS)
@pytest.mark.parametrize(
    "function, argument",
    [
        (linear, "slope"),
        (linear_derivative, "slope"),
        (leaky_relu, "negative_slope"),
        (leaky_relu_derivative, "negative_slope"),
        (swish, "beta"),
        (swish, "scale"),
        (swish_derivative, "beta"),
        (swish_derivative, "scale"),
        (swish_beta_derivative, "beta"),
        (swish_beta_derivative, "scale"),
    ],
)
def test_what_is_not_a_finite_number_is_refused(function, argument, value):
    arguments = {"beta": 1.0} if function is swish_beta_derivative else {}
    with pytest.raises(ValueError) as error:
        function([1.0], **{**arguments, argument: value})
    assert str(error.value).endswith(f"Received: {argument}={value!r}")


def test_a_number_that_the_dtype_cannot_hold_is_refused():
    x = tensor([0.0], "float16")
    np.testing.assert_array_equal(as_array(swish(x, 65504)), [0])
    with pytest.raises(ValueError, match="float16. Received: beta=65520"):
        swish(x, 65520)
    with pytest.raises(ValueError, match="float32. Received: slope=10000"):
        linear([1.0], 10**400)


@pytest.mark.parametrize("axis", [2, -3, "0", None, 1.0, True, (0, 1)])
def test_a_bad_axis_is_refused(axis):
    with pytest.raises(ValueError) as error:
        softmax_jacobian(np.zeros((2, 2)), axis)
    assert str(error.value).endswith(f"Received: axis={axis!r}")


def test_a_scalar_has_no_softmax_jacobian():
    with pytest.raises(ValueError, match="Received: axis=-1"):
        softmax_jacobian(1.0)


# Inside Keras


@pytest.mark.parametrize("name", OWN)
def test_functions_take_symbolic_tensors(name):
    x = np.float32([[-1.0, 0.0, 2.0]])
    inputs = keras.Input((3,))
    model = keras.Model(inputs, OWN[name](inputs))
    np.testing.assert_allclose(model(x), OWN[name](x), rtol=1e-6)


@pytest.mark.parametrize("function", [step, linear, leaky_relu, swish, Swish])
def test_registered_under_the_package(function):
    name = f"activation_comparison>{function.__name__}"
    assert keras.saving.get_registered_name(function) == name
    assert keras.saving.get_registered_object(name) is function


@pytest.mark.parametrize("function", [step, linear, leaky_relu, swish])
def test_reloads_as_ours_and_not_as_the_function_keras_has(function):
    dense = keras.layers.Dense(2, activation=function)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(dense)))
    assert keras.saving.deserialize_keras_object(config).activation is function


def test_reused_functions_are_those_of_keras():
    for name, function in REUSED.items():
        assert function is getattr(keras.activations, name)


def test_saved_model_gives_the_same_outputs(tmp_path):
    inputs = keras.Input((4, 4, 2))
    x = layer("swish_trainable", beta=1.5, shared_axes=[1, 2])(inputs)
    x = keras.layers.Conv2D(3, 3, activation=swish)(x)
    x = layer(leaky_relu)(x)
    x = layer("leaky_relu", negative_slope=0.3)(x)
    x = layer("swish", beta=0.3)(x)
    x = layer("swish")(x)
    x = layer("swish_trainable", beta=-2.0)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(5, activation=linear)(x)
    x = keras.layers.Concatenate()([x, layer("step")(x), layer("linear")(x)])
    model = keras.Model(inputs, layer("softmax")(x))
    images = np.random.default_rng(5).normal(size=(3, 4, 4, 2))
    expected = model.predict(images, verbose=0)

    path = tmp_path / "model.keras"
    model.save(path)
    reloaded = keras.saving.load_model(path)

    np.testing.assert_array_equal(reloaded.predict(images, verbose=0), expected)
    for before, after in zip(model.layers, reloaded.layers, strict=True):
        assert type(before) is type(after)
        assert before.get_config() == after.get_config()
        assert getattr(before, "activation", 0) is getattr(
            after, "activation", 0
        )


# The catalogue


def test_catalogue_names_in_order():
    assert list(CATALOG) == NAMES
    assert [entry.name for entry in CATALOG.values()] == NAMES


def test_catalogue_is_read_only():
    with pytest.raises(TypeError):
        CATALOG["step"] = CATALOG["relu"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOG["step"].name = "relu"


# An even number of points, evenly spaced about zero but without it.
GRID = np.linspace(-40, 40, 20000)


def values(entry, x):
    """Values over `x`; of softmax, the first of three outputs by its input."""
    if entry.name == "softmax":
        rows = np.stack([x, np.full_like(x, 0.3), np.full_like(x, -0.1)], -1)
        return as_array(entry.function(rows))[:, 0]
    return as_array(entry.function(x))


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_range(name):
    entry = CATALOG[name]
    low, high = entry.range
    y = values(entry, GRID)
    assert low <= y.min() and y.max() <= high
    # The bounds are reached, or come as close as floats do, or are infinite.
    if math.isfinite(low):
        assert y.min() == pytest.approx(low, abs=1e-6)
    else:
        assert as_array(entry.function([-1e30]))[0] < -1e27
    if math.isfinite(high):
        assert y.max() == pytest.approx(high, abs=1e-6)
    else:
        assert as_array(entry.function([1e30]))[0] > 1e27


def test_catalogue_range_of_swish_is_exact():
    low, high = CATALOG["swish"].range
    with mpmath.workdps(30):
        minimum = mp_swish(mpmath.findroot(mp_slope(mp_swish), -1.3))
    assert low == pytest.approx(float(minimum), rel=1e-15)
    assert high == math.inf


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_monotonic(name):
    entry = CATALOG[name]
    never_falls = (np.diff(values(entry, GRID)) > -1e-12).all()
    assert never_falls == entry.monotonic


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_zero_centred(name):
    entry = CATALOG[name]
    odd = np.allclose(values(entry, -GRID), -values(entry, GRID), atol=1e-9)
    assert odd == entry.zero_centred


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_trainable(name):
    made = [layer(name)]
    if name == "swish":
        made.append(layer("swish_trainable"))
    for one in made:
        one.build((None, 3))
    trainable = any(one.trainable_weights for one in made)
    assert trainable == CATALOG[name].trainable


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_catalogue_derivative_is_the_slope_of_the_function(name):
    # Central differences; a kink is never between the two points.
    entry, x, h = CATALOG[name], GRID[::40], 1e-6
    rise = as_array(entry.function(x + h)) - as_array(entry.function(x - h))
    slope = rise / (2 * h)
    np.testing.assert_allclose(entry.derivative(x), slope, atol=2e-8)


def test_catalogue_derivative_of_softmax_is_the_jacobian():
    assert CATALOG["softmax"].derivative is softmax_jacobian


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_formulas_are_latex_that_matplotlib_draws(name):
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    entry = CATALOG[name]
    for formula in (
        entry.formula,
        entry.derivative_formula,
        entry.range_formula,
    ):
        assert parser.parse(f"${formula}$").width > 0


# Layers


@pytest.mark.parametrize("name", NAMES)
def test_catalogue_layers_compute_the_function(name):
    x = np.random.default_rng(6).normal(0, 3, size=(5, 7)).astype("float32")
    entry = CATALOG[name]
    first, second = entry.layer(), layer(name)
    assert isinstance(first, keras.layers.Layer)
    assert first is not second and first.name != second.name
    for one in (first, second):
        np.testing.assert_allclose(one(x), entry.function(x), rtol=1e-6)
        assert not one.weights


@pytest.mark.parametrize("name", [*NAMES, "swish_trainable", "gelu"])
def test_layers_take_name_and_dtype_and_reload(name):
    one = layer(name, name="here", dtype="mixed_float16")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(one)))
    again = keras.saving.deserialize_keras_object(config)
    x = np.float32([[-2.0, 0.5, 3.0]])
    assert again.name == "here"
    assert again(x).dtype == "float16"
    np.testing.assert_array_equal(again(x), one(x))


@pytest.mark.parametrize("name", ["gelu", "mish", "elu", "hard_swish", "silu"])
def test_layers_by_a_name_that_keras_knows(name):
    x = np.float32([[-2.0, 0.5, 3.0]])
    one = layer(name)
    np.testing.assert_array_equal(one(x), getattr(keras.activations, name)(x))


def test_names_are_the_catalogue_then_what_keras_has():
    known = activations.names()
    assert known[:9] == [*NAMES, "swish_trainable"]
    assert known[9:] == sorted(known[9:]) and len(set(known)) == len(known)
    assert {"gelu", "mish", "log_softmax", "sparsemax"} < set(known)
    x = np.float32([[-2.0, 0.5, 3.0]])
    for name in known:
        assert layer(name)(x).shape == (1, 3), name
    left_out = {
        name
        for name, member in vars(keras.activations).items()
        if inspect.isfunction(member)
    } - set(known)
    assert left_out == {"get", "serialize", "deserialize", "glu", "threshold"}


@pytest.mark.parametrize(
    "name, reason",
    [
        ("threshold", "needs threshold and default_value besides a tensor"),
        ("glu", "does not keep the shape"),
    ],
)
def test_what_keras_knows_and_is_no_activation_by_itself(name, reason):
    with pytest.raises(ValueError, match=reason) as error:
        layer(name)
    assert str(error.value).endswith(f"Received: activation={name!r}")


def test_a_function_that_needs_more_than_a_tensor_is_refused():
    with pytest.raises(ValueError, match="needs threshold and default_value"):
        layer(keras.activations.threshold)


def test_unknown_serves_other_names():
    error = activations.unknown("colour", "rad", ["red", "green"])
    assert str(error) == (
        "Unknown colour. Did you mean 'red'? Known are red, green. "
        "Received: colour='rad'"
    )


def test_layer_of_a_function():
    x = np.float32([[-2.0, 3.0]])
    one = layer(lambda x: x**2, name="square")
    assert one.name == "square"
    np.testing.assert_array_equal(one(x), [[4, 9]])
    np.testing.assert_array_equal(layer(keras.ops.abs)(x), [[2, 3]])


def test_layer_of_a_layer_class():
    one = layer(keras.layers.PReLU, shared_axes=[1], name="p")
    assert type(one) is keras.layers.PReLU
    assert (one.name, one.shared_axes) == ("p", [1])


def test_layer_of_a_layer_is_a_fresh_copy():
    original = Swish("zeros", shared_axes=[1], name="original")
    original.build((None, 2))
    original.beta.assign([5.0])
    copy = layer(original)
    copy.build((None, 2))
    assert type(copy) is Swish and copy.name != "original"
    assert copy.shared_axes == [1]
    assert float(copy.beta[0]) == 0
    assert layer(original, name="mine").name == "mine"


def test_leaky_relu_layer_has_its_slope():
    x = np.float32([[-100.0, 100.0]])
    np.testing.assert_allclose(layer("leaky_relu")(x), [[-1, 100]], rtol=1e-6)
    np.testing.assert_allclose(
        layer("leaky_relu", negative_slope=0.001)(x), [[-0.1, 100]], rtol=1e-6
    )


def test_swish_layer_with_beta_1_is_keras_silu_without_a_weight():
    for one in (layer("swish"), layer("swish", beta=1)):
        assert one.activation is keras.activations.silu
        assert one.weights == []


def test_swish_layer_with_another_beta_holds_it():
    one = layer("swish", beta=0.3)
    x = np.float32([[-2.0, 3.0]])
    np.testing.assert_allclose(
        one(x), x * scipy.special.expit(0.3 * x), rtol=1e-6
    )
    assert one.trainable_weights == []
    assert float(one.beta) == np.float32(0.3)


def test_swish_trainable_layer_starts_at_beta():
    for arguments, beta in [({}, 1.0), ({"beta": -0.7}, -0.7)]:
        one = layer("swish_trainable", **arguments)
        one.build((None, 3))
        assert len(one.trainable_weights) == 1
        assert float(one.beta) == np.float32(beta)


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("swsh", "swish"),
        ("ReLU", "relu"),
        ("Leaky-ReLU", "leaky_relu"),
        ("swish_trained", "swish_trainable"),
        ("gellu", "gelu"),
        ("soft max", "softmax"),
    ],
)
def test_unknown_name_lists_the_known_and_the_nearest(name, nearest):
    with pytest.raises(ValueError) as error:
        layer(name)
    message = str(error.value)
    assert f"Did you mean {nearest!r}?" in message
    assert message.endswith(f"Received: activation={name!r}")
    for known in [*NAMES, "swish_trainable", "gelu", "mish"]:
        assert known in message


@pytest.mark.parametrize("activation", ["", "get", "serialize", "Swish "])
def test_what_is_no_activation_is_unknown(activation):
    with pytest.raises(ValueError, match="Unknown activation"):
        layer(activation)


@pytest.mark.parametrize("activation", [None, 3, ["relu"], int])
def test_what_is_neither_name_nor_callable_is_refused(activation):
    with pytest.raises(ValueError) as error:
        layer(activation)
    assert str(error.value).endswith(f"Received: activation={activation!r}")


@pytest.mark.parametrize(
    "activation, argument",
    [
        *[(name, "negative_slope") for name in NAMES if name != "leaky_relu"],
        *[(name, "beta") for name in NAMES if name != "swish"],
        ("gelu", "approximate"),
        ("swish", "scale"),
        ("swish_trainable", "beta_initializer"),
        (abs, "function"),
    ],
)
def test_an_argument_that_is_not_taken_is_named(activation, argument):
    with pytest.raises(ValueError) as error:
        layer(activation, **{argument: 0.1})
    assert str(error.value).endswith(f"Received: {argument}=0.1")


@pytest.mark.parametrize("value", BAD_NUMBERS)
@pytest.mark.parametrize(
    "activation, argument",
    [
        ("leaky_relu", "negative_slope"),
        ("swish", "beta"),
        ("swish_trainable", "beta"),
    ],
)
def test_a_bad_argument_of_a_layer_is_refused(activation, argument, value):
    with pytest.raises(ValueError) as error:
        layer(activation, **{argument: value})
    assert str(error.value).endswith(f"Received: {argument}={value!r}")


def test_a_negative_slope_below_zero_is_refused():
    with pytest.raises(ValueError, match="Received: negative_slope=-0.1"):
        layer("leaky_relu", negative_slope=-0.1)


# Swish, the layer


class SwishContractTest(testing.TestCase):
    """Keras's own checks: configuration, build, call, training, saving."""

    def check(self, shape, betas, **arguments):
        self.run_layer_test(
            Swish,
            init_kwargs=arguments,
            input_shape=shape,
            expected_output_shape=shape,
            expected_num_trainable_weights=betas,
            expected_num_non_trainable_weights=1 - betas,
            expected_num_losses=int("beta_regularizer" in arguments),
            supports_masking=True,
        )

    def test_one_beta_per_layer(self):
        self.check((2, 3, 4), betas=1)

    def test_one_beta_per_channel(self):
        self.check(
            (2, 4, 4, 3),
            betas=1,
            beta_initializer="glorot_uniform",
            beta_regularizer="L1",
            beta_constraint="MaxNorm",
            shared_axes=[1, 2],
        )

    def test_one_beta_per_layer_with_regularizer_and_constraint(self):
        self.check(
            (2, 3), betas=1, beta_regularizer="L2", beta_constraint="NonNeg"
        )

    def test_one_beta_per_element(self):
        self.check((2, 3, 4), betas=1, shared_axes=[])

    def test_fixed_beta(self):
        self.check((2, 3, 4), betas=0, shared_axes=1, trainable=False)


@pytest.mark.parametrize(
    "shared_axes, shape",
    [
        (None, ()),
        ([], (4, 5, 3)),
        (1, (1, 5, 3)),
        (np.int64(3), (4, 5, 1)),
        ([1, 2], (1, 1, 3)),
        ((2, 1), (1, 1, 3)),
        ([1, 2, 3], (1, 1, 1)),
    ],
)
def test_shared_axes_shape_beta_and_share_it(shared_axes, shape):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    beta = rng.normal(size=shape)
    one = Swish(shared_axes=shared_axes)
    one.build((None, 4, 5, 3))
    assert one.beta.shape == shape and one.beta.name == "beta"
    np.testing.assert_array_equal(one.beta, np.ones(shape))
    one.beta.assign(beta)
    np.testing.assert_allclose(
        one(x), x * scipy.special.expit(beta * x), rtol=2e-6
    )
    json.dumps(one.get_config())


@pytest.mark.parametrize(
    "shared_axes",
    [
        0,
        -1,
        True,
        1.0,
        "1",
        "channels",
        [0, 1],
        [1, -1],
        [1, 1],
        [1, True],
        [1, None],
        [1.0],
        ["1"],
        [[1]],
        {1: 2},
        np.array([1, 2]),
    ],
)
def test_what_is_no_axis_is_refused_at_construction(shared_axes):
    with pytest.raises(ValueError) as error:
        Swish(shared_axes=shared_axes)
    assert str(error.value).endswith(f"Received: shared_axes={shared_axes!r}")


def test_an_axis_beyond_the_input_is_refused_in_build():
    with pytest.raises(ValueError, match=r"Received: shared_axes=\[1, 3\]"):
        Swish(shared_axes=[1, 3]).build((None, 4, 4))


def test_an_axis_of_unknown_size_has_to_be_shared():
    with pytest.raises(ValueError, match=r"Received: shared_axes=\[1\]"):
        Swish(shared_axes=[1]).build((None, None, None, 3))


@pytest.mark.parametrize("kind", ["initializer", "regularizer", "constraint"])
def test_what_is_no_initializer_or_the_like_is_refused(kind):
    with pytest.raises(ValueError, match="nonsense"):
        Swish(**{f"beta_{kind}": "nonsense"})


def test_no_initializer_is_refused():
    with pytest.raises(ValueError, match="Received: beta_initializer=None"):
        Swish(beta_initializer=None)


def test_another_shape_is_refused_once_built():
    one = Swish(shared_axes=[1])
    one(np.zeros((2, 4, 3)))
    one(np.zeros((1, 7, 3)))
    for shape in [(2, 4, 5), (2, 3)]:
        with pytest.raises(ValueError, match="incompatible"):
            one(np.zeros(shape))


@pytest.mark.parametrize("shared_axes", [None, [1, 2]])
def test_batch_and_image_size_may_be_unknown(shared_axes):
    inputs = keras.Input((None, None, 3))
    one = Swish(shared_axes=shared_axes)
    model = keras.Model(inputs, one(inputs))
    assert model.output_shape == (None, None, None, 3)
    for size in (4, 6):
        x = np.random.default_rng(8).normal(size=(2, size, size, 3))
        expected = x * scipy.special.expit(x)
        np.testing.assert_allclose(
            model.predict(x, verbose=0), expected, rtol=1e-5
        )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("shared_axes", [None, [1]])
def test_mixed_precision(policy, shared_axes):
    one = Swish("zeros", shared_axes=shared_axes, dtype=policy)
    x = np.float32([[[-2.0, 4.0]]])
    with tf.GradientTape() as tape:
        y = one(x)
        loss = tf.reduce_sum(tf.cast(y, "float32"))
    assert y.dtype == policy.removeprefix("mixed_")
    assert one(np.int32([[[1, 2]]])).dtype == y.dtype
    np.testing.assert_array_equal(as_array(y), x / 2)
    assert one.beta.dtype == "float32"
    gradient = tape.gradient(loss, one.beta.value)
    assert gradient.dtype == "float32"
    by_element = np.array([1.0, 4.0])  # x^2 / 4
    expected = by_element if shared_axes else by_element.sum()
    np.testing.assert_array_equal(np.squeeze(gradient), expected)


@pytest.mark.parametrize("shared_axes", [None, [1], [2], [1, 2], []])
def test_gradients_of_the_layer_equal_the_closed_forms(shared_axes):
    x = np.random.default_rng(9).normal(0, 3, size=(6, 5, 4))
    one = Swish("random_normal", shared_axes=shared_axes, dtype="float64")
    inputs, weight = tf.constant(x), tf.constant(np.cos(x))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(weight * one(inputs))
    by_x, by_beta = tape.gradient(loss, [inputs, one.beta.value])
    beta = as_array(one.beta)
    np.testing.assert_allclose(
        by_x, np.cos(x) * swish_derivative(x, beta), rtol=1e-10
    )
    by_element = np.cos(x) * as_array(swish_beta_derivative(x, beta))
    shared = (0, 1, 2) if shared_axes is None else (0, *shared_axes)
    np.testing.assert_allclose(
        np.squeeze(by_beta), np.squeeze(by_element.sum(shared)), rtol=1e-10
    )


def test_second_derivative_of_the_layer():
    x, h = np.linspace(-4, 4, 9), 1e-5
    one = Swish(keras.initializers.Constant(1.7), dtype="float64")
    inputs = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            y = one(inputs)
        first = inner.gradient(y, inputs)
    differences = as_array(
        swish_derivative(x + h, 1.7) - swish_derivative(x - h, 1.7)
    ) / (2 * h)
    np.testing.assert_allclose(
        outer.gradient(first, inputs), differences, rtol=1e-7, atol=1e-9
    )


def test_training_learns_beta():
    x = np.random.default_rng(10).normal(0, 2, size=(256, 3))
    target = np.array([0.3, 1.0, 2.0])
    model = keras.Sequential([keras.Input((3,)), Swish(shared_axes=[])])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    y = x * scipy.special.expit(target * x)
    for _ in range(150):
        model.train_on_batch(x, y)
    np.testing.assert_allclose(model.layers[0].beta, target, atol=0.02)


def test_constraint_and_regularizer_act_on_beta():
    one = Swish(
        keras.initializers.Constant(3.0),
        beta_regularizer=keras.regularizers.L2(0.5),
        beta_constraint="non_neg",
    )
    model = keras.Sequential([keras.Input((2,)), one])
    assert float(one.losses[0]) == 4.5
    model.compile(keras.optimizers.SGD(100.0), "mse")
    model.fit(np.zeros((1, 2)), np.zeros((1, 2)), verbose=0)
    # A step of -300 by the regularizer, brought back to 0 by the constraint.
    assert float(one.beta) == 0


def test_masks_pass_through():
    x = np.float32([[[1.0], [2.0], [0.0]]])
    model = keras.Sequential(
        [
            keras.Input((3, 1)),
            keras.layers.Masking(),
            Swish(keras.initializers.Constant(0.0)),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    # The mean of 1/2 and 2/2, the last step left out.
    np.testing.assert_allclose(model(x), [[0.75]])


def test_module_imports_nothing_of_the_project():
    imported = {
        line.split()[1].split(".")[0]
        for line in inspect.getsource(activations).splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - {"keras"} <= sys.stdlib_module_names


# Arguments that mean nothing, each refused in one line

HUGE = 10**5000
DIGITS = pytest.param(HUGE, id="digits")
COMPLEX = np.array([1 + 2j, 3])
PAIR = np.array([1.0, 2.0])


def refused(function, ending):
    """The message with which `function` refuses, one line of modest length."""
    with pytest.raises(ValueError) as error:
        function()
    message = str(error.value)
    assert "\n" not in message and len(message) < 1500
    assert f"Received: {ending}" in message
    return message


@pytest.mark.parametrize(
    "axis", [1.5, "x", True, None, [], [1, 1], DIGITS, PAIR]
)
def test_a_softmax_over_no_axis_is_refused(axis):
    refused(lambda: layer("softmax", axis=axis), "axis=")


def test_a_softmax_over_several_axes_or_a_numpy_integer_is_made():
    x = np.random.default_rng(20).normal(size=(2, 3, 4))
    for axis, wanted in [([1, 2], (1, 2)), (np.int64(1), 1)]:
        np.testing.assert_allclose(
            layer("softmax", axis=axis)(x),
            scipy.special.softmax(x, wanted),
            rtol=1e-5,
        )


@pytest.mark.parametrize(
    "name, argument",
    [
        ("swish", "beta"),
        ("swish_trainable", "beta"),
        ("leaky_relu", "negative_slope"),
    ],
)
def test_infinite_in_the_dtype_of_the_layer_is_refused(name, argument):
    for dtype in ("float16", "mixed_float16"):
        policy = keras.dtype_policies.get(dtype)
        for one in (dtype, policy):
            message = refused(
                functools.partial(layer, name, **{argument: 1e6}, dtype=one),
                f"{argument}=1000000.0",
            )
            assert "finite in float16" in message
    assert layer(name, **{argument: 1e6}, dtype="bfloat16")
    refused(lambda: layer(name, **{argument: HUGE}), f"{argument}=<int")
    refused(lambda: layer(name, **{argument: PAIR}), f"{argument}=array")


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float32(0.5),
        np.array(0.5),
        PAIR,
        math.nan,
        True,
        DIGITS,
        None,
        "nonsense",
    ],
)
def test_what_is_no_initializer_is_refused_and_says_what_is_right(value):
    message = refused(
        lambda: Swish(beta_initializer=value), "beta_initializer="
    )
    assert "keras.initializers.Constant(number)" in message


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, True, "1", DIGITS, [math.nan]]
)
def test_a_constant_that_is_no_finite_number_is_refused(value):
    constant = keras.initializers.Constant(value)
    refused(lambda: Swish(beta_initializer=constant), "beta_initializer=")


@pytest.mark.parametrize(
    "kind, value",
    [
        ("constraint", "max_norm"),
        ("constraint", lambda beta: 1 / 0),
        ("constraint", lambda beta: keras.ops.ones((3,))),
        ("regularizer", keras.regularizers.OrthogonalRegularizer()),
        ("regularizer", lambda beta: keras.ops.ones((3,))),
        ("initializer", "orthogonal"),
        ("initializer", lambda shape: 1.0),
    ],
)
def test_what_does_not_work_on_beta_is_refused_when_built(kind, value):
    one = Swish(**{f"beta_{kind}": value})
    message = refused(lambda: one.build((None, 3)), f"beta_{kind}=")
    assert "works on a beta of shape ()" in message


@pytest.mark.parametrize("kind", ["constraint", "regularizer"])
@pytest.mark.parametrize("value", [True, 3, PAIR, "nonsense\n"])
def test_what_is_no_constraint_or_regularizer_is_refused(kind, value):
    refused(lambda: Swish(**{f"beta_{kind}": value}), f"beta_{kind}=")


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a/b", 3, True, PAIR, DIGITS]
)
@pytest.mark.parametrize(
    "make",
    [
        Swish,
        *(
            lambda n=n, **k: layer(n, **k)
            for n in ("relu", "swish_trainable", keras.layers.PReLU)
        ),
    ],
)
def test_a_bad_name_of_a_layer_is_refused(make, name):
    refused(lambda: make(name=name), "name=")


@pytest.mark.parametrize(
    "dtype", ["", "nonsense", "int32", "complex64", 3, PAIR]
)
def test_a_bad_dtype_of_a_layer_is_refused(dtype):
    refused(lambda: layer("relu", dtype=dtype), "dtype=")
    refused(lambda: Swish(dtype=dtype), "dtype=")


@pytest.mark.parametrize("trainable", [PAIR, "no", 1, None])
def test_trainable_is_true_or_false(trainable):
    refused(lambda: Swish(trainable=trainable), "trainable=")


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    "x", [COMPLEX, "text", ["a"], None, object(), [[1], [1, 2]], DIGITS, {}]
)
def test_what_is_no_real_tensor_is_refused(name, x):
    refused(lambda: OWN[name](x), "x=")


def test_the_layer_refuses_complex_numbers():
    # Keras puts words of its own around it.
    with pytest.raises(ValueError, match=r"real numbers.* Received: inputs="):
        Swish()(COMPLEX)


@pytest.mark.parametrize(
    "function", [swish, swish_derivative, swish_beta_derivative]
)
@pytest.mark.parametrize("beta", [COMPLEX, np.array(["a"]), np.ones(5)])
def test_a_beta_that_is_no_real_tensor_that_fits_is_refused(function, beta):
    refused(lambda: function(np.ones((2, 3)), beta), "beta=")


def test_thousands_of_digits_are_refused_where_a_number_is_expected():
    refused(lambda: linear([1.0], HUGE), "slope=<int")
    refused(lambda: softmax_jacobian([1.0], HUGE), "axis=<int")
    refused(lambda: Swish(shared_axes=-HUGE), "shared_axes=<int")
    refused(lambda: layer(HUGE), "activation=<int")
    refused(lambda: layer("relu" * 1000), "activation='relurelu")
    refused(lambda: layer("re\nlu"), "activation='re\\nlu'")
