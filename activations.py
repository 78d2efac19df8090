"""The activation functions compared: values, derivatives, layers, a catalogue.

Keras's own functions are used where Keras has them. What it lacks is written
here on `keras.ops`, so that it runs on every Keras backend: `step`, `linear`
with a slope, `swish` with a beta, the derivatives in closed form, and `Swish`,
the layer that learns its beta.

Dtypes: float16, bfloat16, float32 and float64 are kept. Integers and booleans
are promoted to `keras.config.floatx()` by everything written here; Keras's own
`relu` keeps them, and its `sigmoid` and `softmax` refuse them on TensorFlow.
NaN stays NaN. At infinity the derivatives give their limit; a function gives
NaN where it would multiply zero by infinity, and its docstring says where.
TensorFlow takes denormal numbers for zero, and so does everything here on it.

Autodiff agrees with the closed forms. At a kink both give the derivative on
the left: at zero 0 for ReLU and step, `negative_slope` for leaky ReLU.
"""

import dataclasses
import difflib
import inspect
import math
import numbers
import sys
import types
from collections.abc import Callable

import keras
from keras import ops
from keras.activations import relu, sigmoid, softmax, tanh

# Without a package name, `linear`, `leaky_relu` and `swish` would be reloaded
# as Keras's functions of the same name, which have other defaults.
_PACKAGE = "activation_comparison"

_LARGEST = {
    "float16": (2 - 2**-10) * 2.0**15,
    "bfloat16": (2 - 2**-7) * 2.0**127,
    "float32": (2 - 2**-23) * 2.0**127,
    "float64": sys.float_info.max,
}


def _to_float(x):
    """`x` as a tensor; integers become `floatx`, as Keras promotes them."""
    x = ops.convert_to_tensor(x)
    return ops.cast(x, keras.backend.result_type(x.dtype, float))


def _to_finite(x):
    """`x`, infinities as the largest finite numbers, since 0 * inf is NaN."""
    return ops.nan_to_num(x, nan=math.nan)


def _unless_nan(x, value):
    """`value` in the shape and dtype of `x`, but NaN where `x` is NaN.

    A comparison is false for NaN: without this, NaN would leave as a number.
    """
    return ops.where(ops.isnan(x), x, ops.cast(value, x.dtype))


def _number(name, value, dtype=None):
    """`value` as a float, if it is a number and finite in `dtype`."""
    dtype = keras.backend.standardize_dtype(dtype)
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not abs(value) <= _LARGEST[dtype]
    ):
        raise ValueError(
            f"`{name}` must be a number, finite in {dtype}. "
            f"Received: {name}={value!r}"
        )
    return float(value)


def _beta(beta, x):
    """`beta` ready to multiply `x`: a float, or a tensor of its dtype."""
    if hasattr(beta, "dtype") and not isinstance(beta, numbers.Number):
        return ops.cast(beta, x.dtype)
    return _number("beta", beta, x.dtype)


@keras.saving.register_keras_serializable(package=_PACKAGE)
def step(x):
    """Binary step: 1 from zero on, 0 below.

    `step(x) = 1 if x >= 0 else 0`, so `step(0) = step(-0) = 1`.

    Nothing below it can learn by backpropagation: its gradient is zero (a
    tensor of zeros, not a missing gradient).

    Args:
        x: Tensor of any shape.

    Returns:
        A tensor of the shape of `x`: 0 at -inf, 1 at inf, NaN at NaN.
    """
    x = _to_float(x)
    return _unless_nan(x, x >= 0)


def step_derivative(x):
    """Derivative of `step`: 0, also at zero, where none exists."""
    x = _to_float(x)
    return _unless_nan(x, ops.zeros_like(x))


@keras.saving.register_keras_serializable(package=_PACKAGE)
def linear(x, slope=1.0):
    """Linear function `linear(x) = slope * x`.

    Keras's own `linear` is the identity.

    Args:
        x: Tensor of any shape.
        slope: Finite number.

    Returns:
        A tensor of the shape of `x`. At infinity NaN if `slope` is 0.

    Raises:
        ValueError: If `slope` is not a finite number.
    """
    x = _to_float(x)
    return _number("slope", slope, x.dtype) * x


def linear_derivative(x, slope=1.0):
    """Derivative of `linear`: `slope` everywhere."""
    x = _to_float(x)
    slope = _number("slope", slope, x.dtype)
    return _unless_nan(x, slope * ops.ones_like(x))


def sigmoid_derivative(x):
    """Derivative of the sigmoid, at most 1/4.

    `e / (1 + e)**2` where `e = exp(-|x|)`. It equals `s * (1 - s)` where
    `s = sigmoid(x)`, which loses its digits where `s` is close to 1.
    """
    e = ops.exp(-ops.abs(_to_float(x)))
    return e / ops.square(1 + e)


def tanh_derivative(x):
    """Derivative of tanh, at most 1: `4 * sigmoid_derivative(2 * x)`.

    It equals `1 - tanh(x)**2`, which loses its digits where tanh saturates.
    """
    return 4 * sigmoid_derivative(2 * _to_float(x))


def relu_derivative(x):
    """Derivative of ReLU: `1 if x > 0 else 0`, so 0 at zero, as autodiff."""
    x = _to_float(x)
    return _unless_nan(x, x > 0)


@keras.saving.register_keras_serializable(package=_PACKAGE)
def leaky_relu(x, negative_slope=0.01):
    """Leaky ReLU: `x if x > 0 else negative_slope * x`.

    The usual slope is 0.01; Keras's own function has 0.2 by default, and on
    TensorFlow rounds the slope to float32 even if `x` is float64.

    Args:
        x: Tensor of any shape.
        negative_slope: Finite number.

    Returns:
        A tensor of the shape of `x`. At -inf NaN if `negative_slope` is 0.

    Raises:
        ValueError: If `negative_slope` is not a finite number.

    Reference:

    - [Maas et al., 2013](
        https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf)
    """
    x = _to_float(x)
    slope = _number("negative_slope", negative_slope, x.dtype)
    return ops.where(x > 0, x, slope * x)


def leaky_relu_derivative(x, negative_slope=0.01):
    """Derivative of leaky ReLU: `1 if x > 0 else negative_slope`.

    At zero it is `negative_slope`, as autodiff gives.
    """
    x = _to_float(x)
    slope = _number("negative_slope", negative_slope, x.dtype)
    ones = ops.ones_like(x)
    return _unless_nan(x, ops.where(x > 0, ones, slope * ones))


@keras.saving.register_keras_serializable(package=_PACKAGE)
def swish(x, beta=1.0, scale=1.0):
    """Swish `scale * x * sigmoid(beta * x)`.

    `beta=1` is Keras's `silu`; `beta=0` is `x / 2`; the larger `beta`, the
    closer to ReLU. `scale=2` is the form of the paper's first version, in
    which `beta=0` is the identity and a large `beta` gives `2 * relu(x)`.

    Example:
    >>> swish([-1.0, 0.0, 1.0])
    [-0.26894143, 0.0, 0.7310586]
    >>> swish([-1.0, 0.0, 1.0], beta=0.0, scale=2.0)
    [-1.0, 0.0, 1.0]

    Args:
        x: Tensor of any shape.
        beta: Finite number, or a tensor or variable that broadcasts with `x`;
            it is cast to the dtype of `x`.
        scale: Finite number.

    Returns:
        A tensor of the shape of `x`. NaN where infinity meets a zero: at -inf
        for `beta > 0` (the limit is 0; `silu` gives NaN as well), at inf for
        `beta < 0`, at both for `beta = 0`.

    Raises:
        ValueError: If `beta` or `scale` is not a finite number.

    Reference:

    - [Ramachandran et al., 2017, section 4](https://arxiv.org/abs/1710.05941)
    - [First version, with the factor 2](https://arxiv.org/abs/1710.05941v1)
    """
    x = _to_float(x)
    scale = _number("scale", scale, x.dtype)
    # `scale * x` could overflow where the sigmoid is 0, hence this order.
    y = x * sigmoid(_beta(beta, x) * x)
    # Saves a pass over the tensor in every training step.
    return y if scale == 1 else scale * y


def swish_derivative(x, beta=1.0, scale=1.0):
    """Derivative of `swish` with respect to `x`.

    `scale * (sigmoid(z) + z * sigmoid_derivative(z))` where `z = beta * x`.

    Arguments and errors are those of `swish`. At infinity it gives the limit:
    `scale` on one side and 0 on the other, or `scale / 2` if `beta` is 0.
    """
    x = _to_float(x)
    scale = _number("scale", scale, x.dtype)
    z = _to_finite(_beta(beta, x) * _to_finite(x))
    # In `sigmoid(z) + z * sigmoid_derivative(z)` the terms nearly cancel about
    # the minimum of swish; over a common denominator the digits are kept.
    e = ops.exp(-ops.abs(z))
    numerator = ops.where(z >= 0, 1 + e * (1 + z), e * (1 + e + z))
    return scale * (numerator / ops.square(1 + e))


def swish_beta_derivative(x, beta, scale=1.0):
    """Derivative of `swish` with respect to `beta`, element by element.

    `scale * x**2 * sigmoid_derivative(z)` where `z = beta * x`.

    Arguments and errors are those of `swish`. At infinity it gives the limit:
    0, or infinity if `beta` is 0. The gradient of a shared `beta` is the sum
    over the elements that share it.
    """
    x = _to_float(x)
    scale = _number("scale", scale, x.dtype)
    x = _to_finite(x)
    z = _to_finite(_beta(beta, x) * x)
    # `x**2` could overflow where the derivative is 0, hence this order.
    return scale * (x * (x * sigmoid_derivative(z)))


def softmax_jacobian(x, axis=-1):
    """Derivative of softmax: its Jacobian `diag(s) - s s^T`, `s = softmax(x)`.

    The entry `(i, j)` is the derivative of output `i` by input `j`. Every row
    and every column sums to zero.

    Example:
    >>> softmax_jacobian([0.0, 0.0])
    [[0.25, -0.25], [-0.25, 0.25]]

    Args:
        x: Tensor of one dimension or more.
        axis: Integer, the axis along which softmax is applied.

    Returns:
        A tensor with two last axes, `i` and `j`, in place of `axis`:
        `(batch, n)` gives `(batch, n, n)`. At infinity it gives the limit,
        where softmax itself gives NaN.

    Raises:
        ValueError: If `axis` is not an axis of `x`.
    """
    x = _to_float(x)
    rank = len(x.shape)
    if (
        isinstance(axis, bool)
        or not isinstance(axis, numbers.Integral)
        or not -rank <= axis < rank
    ):
        raise ValueError(
            f"`axis` must be an axis of a tensor of rank {rank}. "
            f"Received: axis={axis!r}"
        )
    s = softmax(_to_finite(ops.moveaxis(x, axis, -1)))
    eye = ops.eye(ops.shape(s)[-1], dtype=s.dtype)
    others = s[..., :, None] * s[..., None, :] * (1 - eye)
    # On the diagonal, s_i times the sum of the other s_j keeps the digits that
    # s_i * (1 - s_i) loses where s_i is close to 1.
    return eye * ops.sum(others, axis=-1, keepdims=True) - others


def _in_one_pass(function):
    """Compiles an elementwise function of tensors, where that is not done.

    TensorFlow runs one operation after the other, each through memory and
    back; XLA makes one loop of them all. JAX's trainer has XLA compile the
    whole step.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, jit_compile=True, reduce_retracing=True)


@_in_one_pass
def _swish_value(x, beta):
    return x * ops.sigmoid(beta * x)


@_in_one_pass
def _swish_gradient(x, beta, upstream):
    s = ops.sigmoid(beta * x)
    return upstream * (s * (1 + beta * x * (1 - s)))


@_in_one_pass
def _swish_beta_gradient(x, beta, upstream):
    s = ops.sigmoid(beta * x)
    # `x**2` could overflow where the derivative is 0, hence this order.
    return upstream * (x * (s * (1 - s)) * x)


@ops.custom_gradient
def _swish(x, beta):
    """`swish` of two tensors, which keeps no more than those for its gradient.

    What its value is computed from, sigmoid above all, is computed once more
    instead: in one pass that takes less time than keeping it.
    """

    def gradient(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        by_element = _swish_beta_gradient(x, beta, upstream)
        rank = len(beta.shape)
        lead = len(x.shape) - rank
        shared = [axis for axis in range(rank) if beta.shape[axis] == 1]
        axes = [*range(lead), *(lead + axis for axis in shared)]
        return (
            _swish_gradient(x, beta, upstream),
            ops.reshape(ops.sum(by_element, axis=axes), beta.shape),
        )

    return _swish_value(x, beta), gradient


@keras.saving.register_keras_serializable(package=_PACKAGE)
class Swish(keras.layers.Layer):
    """Swish with a trainable beta.

    Formula:
    ``` python
    f(x) = x * sigmoid(beta * x)
    ```
    where `beta` is learned. `Swish` is to swish what `keras.layers.PReLU` is
    to leaky ReLU, with one difference: `shared_axes=None` is one `beta` for
    the whole layer, not one for each element.

    Example:
    >>> layer = Swish(shared_axes=[1, 2])
    >>> layer(np.ones((1, 28, 28, 32))).shape
    (1, 28, 28, 32)
    >>> layer.beta.shape
    (1, 1, 32)

    Args:
        beta_initializer: Initializer of `beta`.
        beta_regularizer: Regularizer of `beta`.
        beta_constraint: Constraint on `beta`. With `shared_axes=None` it has
            to work on a scalar, as `"non_neg"` does and `"max_norm"` does not.
        shared_axes: The axes along which `beta` is shared, an integer or a
            list of them, counted from 1 as axis 0 is the batch. `[1, 2]` gives
            an image `(batch, height, width, channels)` one `beta` per channel,
            `[]` one per element, `None` one for the whole layer. The sizes of
            all other axes, if any, must be known and stay the same.
        **kwargs: Base layer keyword arguments, such as `name`, `dtype` and
            `trainable`.

    Input shape:
        Any. The output has the same shape, and the layer's compute dtype.

    Raises:
        ValueError: If `shared_axes` are not axes, or not axes of the input.

    Reference:

    - [Ramachandran et al., 2017, section 4](https://arxiv.org/abs/1710.05941)
    """

    def __init__(
        self,
        beta_initializer="ones",
        beta_regularizer=None,
        beta_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.beta_initializer = keras.initializers.get(beta_initializer)
        if self.beta_initializer is None:
            raise ValueError(
                "`beta_initializer` must be an initializer. "
                f"Received: beta_initializer={beta_initializer}"
            )
        self.beta_regularizer = keras.regularizers.get(beta_regularizer)
        self.beta_constraint = keras.constraints.get(beta_constraint)
        self.shared_axes = self._standardize_axes(shared_axes)

    @staticmethod
    def _standardize_axes(shared_axes):
        if shared_axes is None:
            return None
        axes = shared_axes
        if not isinstance(axes, (list, tuple)):
            axes = [axes]
        if not all(
            isinstance(axis, numbers.Integral)
            and not isinstance(axis, bool)
            and axis >= 1
            for axis in axes
        ) or len(set(axes)) < len(axes):
            raise ValueError(
                "`shared_axes` must be None, an integer of 1 or more, or a "
                "list of different ones; axis 0 is the batch. "
                f"Received: shared_axes={shared_axes!r}"
            )
        return [int(axis) for axis in axes]

    def build(self, input_shape):
        shape = ()
        if self.shared_axes is not None:
            shape = self._beta_shape(input_shape)
            self.input_spec = keras.InputSpec(
                ndim=len(input_shape),
                axes={
                    axis: size
                    for axis, size in enumerate(input_shape)
                    if axis > 0 and axis not in self.shared_axes
                },
            )
        self.beta = self.add_weight(
            shape=shape,
            name="beta",
            initializer=self.beta_initializer,
            regularizer=self.beta_regularizer,
            constraint=self.beta_constraint,
        )

    def _beta_shape(self, input_shape):
        shape = list(input_shape[1:])
        for axis in self.shared_axes:
            if axis >= len(input_shape):
                raise ValueError(
                    f"`shared_axes` must be axes of the input, of shape "
                    f"{input_shape}. Received: shared_axes={self.shared_axes}"
                )
            shape[axis - 1] = 1
        if None in shape:
            raise ValueError(
                f"Axes of unknown size must be shared, and the input shape is "
                f"{input_shape}. Received: shared_axes={self.shared_axes}"
            )
        return shape

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        return _swish(x, ops.cast(self.beta, x.dtype))

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "beta_initializer": keras.initializers.serialize(
                    self.beta_initializer
                ),
                "beta_regularizer": keras.regularizers.serialize(
                    self.beta_regularizer
                ),
                "beta_constraint": keras.constraints.serialize(
                    self.beta_constraint
                ),
                "shared_axes": self.shared_axes,
            }
        )
        return config

    def compute_output_shape(self, input_shape):
        return input_shape


def _activation_layer(function):
    """A maker of layers that apply `function`, by name if it is Keras's."""

    def make(name=None, dtype=None):
        return keras.layers.Activation(function, name=name, dtype=dtype)

    return make


def _leaky_relu_layer(negative_slope=0.01, name=None, dtype=None):
    # Keras refuses a negative slope, but not NaN, infinity or a boolean.
    slope = _number("negative_slope", negative_slope)
    return keras.layers.LeakyReLU(slope, name=name, dtype=dtype)


def _softmax_layer(axis=-1, name=None, dtype=None):
    return keras.layers.Softmax(axis=axis, name=name, dtype=dtype)


def _swish_layer(beta=1.0, name=None, dtype=None):
    """Swish with a fixed beta; for 1, Keras's silu, which has no weight."""
    beta = _number("beta", beta)
    if beta == 1:
        return keras.layers.Activation("silu", name=name, dtype=dtype)
    initializer = keras.initializers.Constant(beta)
    return Swish(initializer, name=name, dtype=dtype, trainable=False)


def _swish_trainable_layer(
    beta=1.0,
    beta_regularizer=None,
    beta_constraint=None,
    shared_axes=None,
    name=None,
    dtype=None,
):
    return Swish(
        keras.initializers.Constant(_number("beta", beta)),
        beta_regularizer=beta_regularizer,
        beta_constraint=beta_constraint,
        shared_axes=shared_axes,
        name=name,
        dtype=dtype,
    )


@dataclasses.dataclass(frozen=True)
class Activation:
    """What is known of an activation function, at its default parameters.

    Attributes:
        name: Its name in `CATALOG`.
        function: The function of a tensor.
        derivative: Its derivative, a function of a tensor; for softmax the
            Jacobian.
        formula: The function in LaTeX that matplotlib can draw as well.
        derivative_formula: The derivative in the same.
        range: The infimum and supremum of its values.
        range_formula: The set of its values in LaTeX.
        monotonic: Whether a value never falls as its input rises.
        zero_centred: Whether it is odd, `f(-x) = -f(x)`, so that inputs
            balanced about zero give outputs balanced about zero.
        trainable: Whether it has a parameter made to be learned: the beta of
            swish, which `Swish` learns and `layer("swish")` holds at 1.
        layer: Makes a fresh Keras layer. Takes `name` and `dtype`, and what
            `layer` says.
    """

    name: str
    function: Callable
    derivative: Callable
    formula: str
    derivative_formula: str
    range: tuple[float, float]
    range_formula: str
    monotonic: bool
    zero_centred: bool
    trainable: bool
    layer: Callable


CATALOG = types.MappingProxyType(
    {
        activation.name: activation
        for activation in (
            Activation(
                name="step",
                function=step,
                derivative=step_derivative,
                formula=r"1\;\mathrm{if}\;x \geq 0\;\mathrm{else}\;0",
                derivative_formula=r"0",
                range=(0.0, 1.0),
                range_formula=r"\{0, 1\}",
                monotonic=True,
                zero_centred=False,
                trainable=False,
                layer=_activation_layer(step),
            ),
            Activation(
                name="linear",
                function=linear,
                derivative=linear_derivative,
                formula=r"c\,x",
                derivative_formula=r"c",
                range=(-math.inf, math.inf),
                range_formula=r"(-\infty, \infty)",
                monotonic=True,
                zero_centred=True,
                trainable=False,
                layer=_activation_layer("linear"),
            ),
            Activation(
                name="sigmoid",
                function=sigmoid,
                derivative=sigmoid_derivative,
                formula=r"\sigma(x) = \frac{1}{1 + e^{-x}}",
                derivative_formula=r"\sigma(x)\,\sigma(-x)",
                range=(0.0, 1.0),
                range_formula=r"(0, 1)",
                monotonic=True,
                zero_centred=False,
                trainable=False,
                layer=_activation_layer("sigmoid"),
            ),
            Activation(
                name="tanh",
                function=tanh,
                derivative=tanh_derivative,
                formula=r"\frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}",
                derivative_formula=r"1 - \tanh^2 x",
                range=(-1.0, 1.0),
                range_formula=r"(-1, 1)",
                monotonic=True,
                zero_centred=True,
                trainable=False,
                layer=_activation_layer("tanh"),
            ),
            Activation(
                name="relu",
                function=relu,
                derivative=relu_derivative,
                formula=r"\max(0, x)",
                derivative_formula=r"1\;\mathrm{if}\;x > 0\;\mathrm{else}\;0",
                range=(0.0, math.inf),
                range_formula=r"[0, \infty)",
                monotonic=True,
                zero_centred=False,
                trainable=False,
                layer=_activation_layer("relu"),
            ),
            Activation(
                name="leaky_relu",
                function=leaky_relu,
                derivative=leaky_relu_derivative,
                formula=r"x\;\mathrm{if}\;x > 0\;\mathrm{else}\;0.01\,x",
                derivative_formula=(
                    r"1\;\mathrm{if}\;x > 0\;\mathrm{else}\;0.01"
                ),
                range=(-math.inf, math.inf),
                range_formula=r"(-\infty, \infty)",
                monotonic=True,
                zero_centred=False,
                trainable=False,
                layer=_leaky_relu_layer,
            ),
            Activation(
                name="softmax",
                function=softmax,
                derivative=softmax_jacobian,
                formula=r"s_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
                derivative_formula=(
                    r"\frac{\partial s_i}{\partial x_j}"
                    r" = s_i\,(\delta_{ij} - s_j)"
                ),
                range=(0.0, 1.0),
                range_formula=r"(0, 1)",
                # Each output rises with its own input.
                monotonic=True,
                zero_centred=False,
                trainable=False,
                layer=_softmax_layer,
            ),
            Activation(
                name="swish",
                function=swish,
                derivative=swish_derivative,
                formula=r"x\,\sigma(\beta x)",
                derivative_formula=(
                    r"\sigma(\beta x)\,(1 + \beta x\,\sigma(-\beta x))"
                ),
                # The minimum is -W(1/e), Lambert's W, at x = -1 - W(1/e).
                range=(-0.27846454276107380, math.inf),
                range_formula=r"[-0.278, \infty)",
                monotonic=False,
                zero_centred=False,
                trainable=True,
                layer=_swish_layer,
            ),
        )
    }
)


def layer(activation, **arguments):
    """Makes a fresh Keras layer from the name of an activation, or a callable.

    Example:
    >>> layer("leaky_relu", negative_slope=0.001)
    <LeakyReLU name=leaky_re_lu, built=True>
    >>> layer("swish_trainable", shared_axes=[1, 2], name="act1")
    <Swish name=act1, built=False>

    Args:
        activation: A name in `CATALOG`; `"swish_trainable"`; another name in
            `keras.activations`, such as `"gelu"`; a function of a tensor; a
            Keras layer class, or a layer, of which a copy with a name and
            weights of its own is made.
        **arguments: All layers take `name` and `dtype`. `"leaky_relu"` takes
            `negative_slope` (0.01), finite and not negative; `"softmax"` takes
            `axis`; `"swish"` takes `beta` (1), which stays fixed;
            `"swish_trainable"` takes `beta` (1), where it starts, and all of
            `Swish` but the initializer. A layer class takes its own arguments,
            and they replace those of a layer.

    Returns:
        A layer that Keras can save. To load it, import this module first; a
        function or class of your own has to be registered with Keras.

    Raises:
        ValueError: If the name is unknown, or an argument is not taken or out
            of range.
    """
    if isinstance(activation, keras.layers.Layer):
        config = activation.get_config()
        # Keras refuses two layers of one name in a model.
        del config["name"]
        return type(activation).from_config({**config, **arguments})
    if isinstance(activation, type) and issubclass(
        activation, keras.layers.Layer
    ):
        return activation(**arguments)
    if isinstance(activation, str):
        make = _maker(activation)
    elif callable(activation) and not isinstance(activation, type):
        make = _activation_layer(activation)
    else:
        raise ValueError(
            "`activation` must be a name, a function, or a Keras layer. "
            f"Received: activation={activation!r}"
        )
    taken = list(inspect.signature(make).parameters)
    for argument, value in arguments.items():
        if argument not in taken:
            raise ValueError(
                f"The layer of {activation!r} takes {', '.join(taken)}. "
                f"Received: {argument}={value!r}"
            )
    return make(**arguments)


def _maker(name):
    makers = {
        **{
            keras_name: _activation_layer(keras_name)
            for keras_name, member in vars(keras.activations).items()
            if inspect.isfunction(member)
            and keras_name not in ("get", "serialize", "deserialize")
        },
        **{entry.name: entry.layer for entry in CATALOG.values()},
        "swish_trainable": _swish_trainable_layer,
    }
    if name in makers:
        return makers[name]
    known = [*CATALOG, "swish_trainable"]
    known += sorted(set(makers) - set(known))
    raise unknown("activation", name, known)


def unknown(kind, name, known):
    """Returns the error for a name that is none of those known.

    Args:
        kind: What the name should be of, such as `"activation"`.
        name: The name.
        known: The names that are known, the nearest of which is suggested.
    """
    nearest = difflib.get_close_matches(
        str(name).lower(), known, n=1, cutoff=0.0
    )
    return ValueError(
        f"Unknown {kind}. Did you mean {nearest[0]!r}? "
        f"Known are {', '.join(known)}. Received: {kind}={name!r}"
    )
