"""The activation functions compared: values, derivatives, layers, a catalogue.

Keras's own functions are used where Keras has them. What it lacks is written
here on `keras.ops`, so that it runs on every Keras backend: `step`, `linear`
with a slope, `swish` with a beta, the derivatives in closed form, and `Swish`,
the layer that learns its beta.

Dtypes: float16, bfloat16, float32 and float64 are kept, but that JAX has no
float64 unless `jax_enable_x64` is set. Integers and booleans are promoted to
`keras.config.floatx()` by everything written here; Keras's own `relu` keeps
them, and its `sigmoid` and `softmax` refuse them on TensorFlow.
NaN stays NaN. At infinity the derivatives give their limit; a function gives
NaN where it would multiply zero by infinity, and its docstring says where. What
is no tensor of real numbers is refused: complex ones, text, ragged lists.
TensorFlow takes denormal numbers for zero, and so does everything here on it.

Autodiff agrees with the closed forms. At a kink both give the derivative on
the left: at zero 0 for ReLU and step, `negative_slope` for leaky ReLU.
"""

import dataclasses
import difflib
import functools
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


def shown(value):
    """Returns `value` as an error shows it: on one line, and not for pages."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        # An integer of thousands of digits, or a class's own faulty `repr`.
        text = f"<{type(value).__name__} that cannot be printed>"
    return text if len(text) <= 200 else f"{text[:200]}..."


def unknown(kind, name, known):
    """Returns the error for a name that is not known, with the nearest known.

    Example:
    >>> print(unknown("hue", "rad", ["red", "blue"]))
    Unknown hue. Did you mean 'red'? Known are red, blue. Received: hue='rad'

    Args:
        kind: What is named, as the argument is called.
        name: What was given.
        known: The known names, in the order in which to list them.
    """
    known = list(known)
    given = name[:200].lower() if isinstance(name, str) else shown(name)
    nearest = difflib.get_close_matches(given, known, n=1, cutoff=0.0)
    return ValueError(
        f"Unknown {kind}. Did you mean {nearest[0]!r}? "
        f"Known are {', '.join(known)}. Received: {kind}={shown(name)}"
    )


def _real(name, value):
    """`value` as a tensor, if it is one of real numbers or booleans."""
    try:
        tensor = ops.convert_to_tensor(value)
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        if dtype in _LARGEST or dtype == "bool" or "int" in dtype:
            return tensor
    except (OverflowError, RuntimeError, TypeError, ValueError):
        pass
    raise ValueError(
        f"`{name}` must be real numbers, as a tensor or what makes one. "
        f"Received: {name}={shown(value)}"
    )


def _to_float(x):
    """`x` as a tensor; integers become `floatx`, as Keras promotes them."""
    x = _real("x", x)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if dtype in _LARGEST:
        # Where float64 is a choice, as on torch, `result_type` has float32.
        return x
    return ops.cast(x, keras.backend.result_type(dtype, float))


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
    # NumPy compares in the dtype of its own number, where the limit may be
    # infinite, too; `item` is Python's number.
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not abs(getattr(value, "item", lambda: value)()) <= _LARGEST[dtype]
    ):
        raise ValueError(
            f"`{name}` must be a number, finite in {dtype}. "
            f"Received: {name}={shown(value)}"
        )
    return float(value)


def _beta(beta, x):
    """`beta` ready to multiply `x`: a float, or a tensor of its dtype."""
    if not hasattr(beta, "dtype") or isinstance(beta, numbers.Number):
        return _number("beta", beta, x.dtype)
    tensor = _real("beta", beta)
    sizes = zip(reversed(tensor.shape), reversed(x.shape), strict=False)
    if not all(a == b or 1 in (a, b) or None in (a, b) for a, b in sizes):
        raise ValueError(
            f"`beta` must broadcast with `x`, of shape {tuple(x.shape)}. "
            f"Received: beta={shown(beta)}"
        )
    return ops.cast(tensor, x.dtype)


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

    Raises:
        ValueError: If `x` is no tensor of real numbers.
    """
    x = _to_float(x)
    return _unless_nan(x, x >= 0)


def step_derivative(x):
    """Derivative of `step`: 0, also at zero, where none exists.

    Raises:
        ValueError: If `x` is no tensor of real numbers.
    """
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
        ValueError: If `x` is no tensor of real numbers, or `slope` no finite
            number.
    """
    x = _to_float(x)
    return _number("slope", slope, x.dtype) * x


def linear_derivative(x, slope=1.0):
    """Derivative of `linear`: `slope` everywhere.

    Raises:
        ValueError: If `x` is no tensor of real numbers, or `slope` no finite
            number.
    """
    x = _to_float(x)
    slope = _number("slope", slope, x.dtype)
    return _unless_nan(x, slope * ops.ones_like(x))


def sigmoid_derivative(x):
    """Derivative of the sigmoid, at most 1/4.

    `e / (1 + e)**2` where `e = exp(-|x|)`. It equals `s * (1 - s)` where
    `s = sigmoid(x)`, which loses its digits where `s` is close to 1.

    Raises:
        ValueError: If `x` is no tensor of real numbers.
    """
    e = ops.exp(-ops.abs(_to_float(x)))
    return e / ops.square(1 + e)


def tanh_derivative(x):
    """Derivative of tanh, at most 1: `4 * sigmoid_derivative(2 * x)`.

    It equals `1 - tanh(x)**2`, which loses its digits where tanh saturates.

    Raises:
        ValueError: If `x` is no tensor of real numbers.
    """
    return 4 * sigmoid_derivative(2 * _to_float(x))


def relu_derivative(x):
    """Derivative of ReLU: `1 if x > 0 else 0`, so 0 at zero, as autodiff.

    Raises:
        ValueError: If `x` is no tensor of real numbers.
    """
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
        ValueError: If `x` is no tensor of real numbers, or `negative_slope` no
            finite number.

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

    Raises:
        ValueError: If `x` is no tensor of real numbers, or `negative_slope` no
            finite number.
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
        A tensor of the shape to which `x` and `beta` broadcast. NaN where
        infinity meets a zero: at -inf for `beta > 0` (the limit is 0; `silu`
        gives NaN as well), at inf for `beta < 0`, at both for `beta = 0`.

    Raises:
        ValueError: If `x` is no tensor of real numbers, `beta` or `scale` no
            finite number, or `beta` a tensor that does not broadcast with `x`.

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

    Arguments are those of `swish`. At infinity it gives the limit: `scale` on
    one side and 0 on the other, or `scale / 2` if `beta` is 0.

    Raises:
        ValueError: Where `swish` does.
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

    Arguments are those of `swish`. At infinity it gives the limit: 0, or
    infinity if `beta` is 0. The gradient of a shared `beta` is the sum over the
    elements that share it.

    Raises:
        ValueError: Where `swish` does.
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
        ValueError: If `x` is no tensor of real numbers, or `axis` no axis of
            it.
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
            f"Received: axis={shown(axis)}"
        )
    s = softmax(_to_finite(ops.moveaxis(x, axis, -1)))
    eye = ops.eye(ops.shape(s)[-1], dtype=s.dtype)
    others = s[..., :, None] * s[..., None, :] * (1 - eye)
    # On the diagonal, s_i times the sum of the other s_j keeps the digits that
    # s_i * (1 - s_i) loses where s_i is close to 1.
    return eye * ops.sum(others, axis=-1, keepdims=True) - others


def _clip(z):
    """`z` held in [-1024, 1024], where the sigmoid is 0 or 1 in all dtypes.

    Outside, its gradient is a zero that is put there, not multiplied: the
    limit also where that would be zero times infinity. Keras's own `clip`
    multiplies on JAX.
    """
    return ops.where(z > 1024, 1024.0, ops.where(z < -1024, -1024.0, z))


def _swish_by_autodiff(x, beta, clip=_clip):
    """`swish` for the layer, in operations that every backend differentiates.

    In the dtype of `beta`, float32 where `x` is in half precision: products of
    gradients and the sum over all elements, beta's gradient, overflow there.
    """
    wide = ops.cast(x, beta.dtype)
    return ops.cast(wide * ops.sigmoid(clip(beta * wide)), x.dtype)


def _swish_on_tensorflow():
    """`_swish_by_autodiff`, which keeps its two arguments alone.

    TensorFlow computes operation by operation and would keep the sigmoid, too.
    The gradient consists of operations that can be differentiated themselves.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def swish(x, beta):
        def gradient(upstream):
            # As in `tf.nn.silu`: or else what the forward pass computed would
            # be kept, as the same thing, instead of being computed again.
            with tf.control_dependencies([upstream]):
                wide = tf.cast(x, beta.dtype)
                s = tf.sigmoid(beta * wide)
            # x * s * (1 - s) in one pass. `x**2` and `x * upstream` could
            # overflow where this is 0, hence the order of the products.
            slope = tf.raw_ops.SigmoidGrad(y=s, dy=wide)
            upstream = tf.cast(upstream, beta.dtype)
            by_element = upstream * (wide * slope)
            lead = len(x.shape) - len(beta.shape)
            shared = [a + lead for a, n in enumerate(beta.shape) if n == 1]
            return (
                tf.cast(upstream * (s + beta * slope), x.dtype),
                tf.reshape(
                    tf.reduce_sum(by_element, [*range(lead), *shared]),
                    beta.shape,
                ),
            )

        wide = tf.cast(x, beta.dtype)
        return tf.cast(wide * tf.sigmoid(beta * wide), x.dtype), gradient

    return swish


@functools.cache
def _swish():
    """Swish of two tensors, for the layer, as suits the backend."""
    if keras.backend.backend() == "tensorflow":
        return _swish_on_tensorflow()
    if keras.backend.backend() == "jax":
        import jax

        # XLA computes in one pass: that is faster than keeping the sigmoid.
        return jax.checkpoint(_swish_by_autodiff)
    if keras.backend.backend() == "torch":
        import torch

        # The same in one pass.
        clip = functools.partial(torch.clamp, min=-1024, max=1024)
        return functools.partial(_swish_by_autodiff, clip=clip)
    return _swish_by_autodiff


def _check_layer(name=None, dtype=None, trainable=True):
    """Checks what every layer takes; Keras lets some of it pass."""
    if name is not None and (
        not isinstance(name, str)
        or not name.strip()
        or not name.isprintable()
        or "/" in name
    ):
        raise ValueError(
            "`name` must be None or a text of one line without a slash. "
            f"Received: name={shown(name)}"
        )
    if not isinstance(trainable, bool):
        raise ValueError(
            "`trainable` must be True or False. "
            f"Received: trainable={shown(trainable)}"
        )
    _compute_dtype(dtype)


def _compute_dtype(dtype):
    """The dtype in which a layer of this dtype or policy computes."""
    try:
        found = keras.dtype_policies.get(dtype).compute_dtype
    except (AttributeError, KeyError, TypeError, ValueError):
        found = None
    if found not in _LARGEST:
        raise ValueError(
            "`dtype` must be None, a dtype policy, or one of "
            f"{', '.join(_LARGEST)}. Received: dtype={shown(dtype)}"
        )
    return found


_KINDS = {
    "initializer": keras.initializers.Initializer,
    "regularizer": keras.regularizers.Regularizer,
    "constraint": keras.constraints.Constraint,
}


def _is_finite(tensor):
    """Whether all numbers are finite, as far as a tensor has numbers yet."""
    try:
        return bool(ops.all(ops.isfinite(tensor)))
    except Exception:
        # Within a model that is traced, each backend has its own error.
        return True


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
        beta_initializer: Initializer of `beta`; for a number,
            `keras.initializers.Constant(number)`.
        beta_regularizer: Regularizer of `beta`.
        beta_constraint: Constraint on `beta`. With `shared_axes=None` all
            three have to work on a scalar, as the constraint `"non_neg"` does
            and `"max_norm"` does not.
        shared_axes: The axes along which `beta` is shared, an integer or a
            list of them, counted from 1 as axis 0 is the batch. `[1, 2]` gives
            an image `(batch, height, width, channels)` one `beta` per channel,
            `[]` one per element, `None` one for the whole layer. The sizes of
            all other axes, if any, must be known and stay the same.
        **kwargs: Base layer keyword arguments, such as `name`, `dtype` and
            `trainable`.

    Input shape:
        Any. The output has the same shape, and the layer's compute dtype.

    In half precision it computes in float32, and rounds once. With TensorFlow
    and JAX it keeps no more for the backward pass than its input and output;
    with torch, unless compiled, what autograd keeps.

    To load a model with it, import this module first. An optimizer's weight
    decay, such as AdamW's, pulls `beta` towards 0, where swish is x / 2, unless
    it is left out: `optimizer.exclude_from_weight_decay(var_names=["beta"])`.

    Raises:
        ValueError: If an argument is not what it should be, `shared_axes` are
            not axes of the input, the input is complex, or, when the layer is
            built, if an initializer, regularizer or constraint does not work
            on a `beta` of the layer's shape.

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
        _check_layer(
            **{
                argument: kwargs[argument]
                for argument in ("name", "dtype", "trainable")
                if argument in kwargs
            }
        )
        super().__init__(**kwargs)
        self.supports_masking = True
        self.beta_initializer = self._object("initializer", beta_initializer)
        self.beta_regularizer = self._object("regularizer", beta_regularizer)
        self.beta_constraint = self._object("constraint", beta_constraint)
        if isinstance(self.beta_initializer, keras.initializers.Constant):
            self._check_constant(self.beta_initializer.value)
        self.shared_axes = self._standardize_axes(shared_axes)

    @staticmethod
    def _error(kind, needed, value):
        return ValueError(
            f"`beta_{kind}` must be {needed}. "
            f"Received: beta_{kind}={shown(value)}"
        )

    def _object(self, kind, value):
        """What Keras makes of a name, a configuration, a class or an object.

        Of an array Keras makes an initializer that cannot be saved.
        """
        if value is None and kind != "initializer":
            return None
        try:
            if isinstance(value, (str, dict)) or callable(value):
                found = getattr(keras, f"{kind}s").get(value)
                # On a scalar a constraint would work as a regularizer, and
                # the other way round.
                if isinstance(found, _KINDS[kind]) or not isinstance(
                    found, tuple(_KINDS.values())
                ):
                    return found
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        article = "an" if kind == "initializer" else "a"
        needed = f"{article} {kind}, by name, configuration or object"
        if kind == "initializer":
            needed += "; for a number, keras.initializers.Constant(number)"
        raise self._error(kind, needed, value)

    def _check_constant(self, value):
        values = [value]
        if hasattr(value, "shape") or isinstance(value, (list, tuple)):
            array = ops.convert_to_numpy(_real("beta_initializer", value))
            values = array.ravel().tolist()
        for number in values:
            _number("beta_initializer", number, self.compute_dtype)

    def _try_on_beta(self, kind, shape):
        """Refuses, in `build`, what does not work on a beta of this shape."""
        function = getattr(self, f"beta_{kind}")
        if function is None:
            return
        try:
            if kind == "initializer":
                result = function(shape, dtype=self.variable_dtype)
            else:
                result = function(ops.ones(shape, self.variable_dtype))
            fits = tuple(result.shape) == (
                () if kind == "regularizer" else tuple(shape)
            ) and (kind != "initializer" or _is_finite(result))
        except Exception:
            # Anything that a user's own object or one of Keras's may raise.
            fits = False
        if not fits:
            needed = f"one that works on a beta of shape {tuple(shape)}"
            if kind == "initializer":
                needed += ", and gives finite numbers"
            raise self._error(kind, needed, function)

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
                f"Received: shared_axes={shown(shared_axes)}"
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
        for kind in ("initializer", "regularizer", "constraint"):
            self._try_on_beta(kind, shape)
        self.beta = self.add_weight(
            shape=shape,
            name="beta",
            initializer=self.beta_initializer,
            regularizer=self.beta_regularizer,
            constraint=self.beta_constraint,
            # Rounded to half precision, a small step of it would be none.
            autocast=False,
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
        x = ops.cast(_real("inputs", inputs), self.compute_dtype)
        wide = keras.backend.standardize_dtype(x.dtype)
        if wide != "float64":
            wide = "float32"
        return _swish()(x, ops.cast(self.beta, wide))

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
    slope = _number("negative_slope", negative_slope, _compute_dtype(dtype))
    return keras.layers.LeakyReLU(slope, name=name, dtype=dtype)


def _axis(axis):
    """`axis`, of softmax, if it can be one, in integers of Python."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if (
        not axes
        or not all(isinstance(one, numbers.Integral) for one in axes)
        or any(isinstance(one, bool) or abs(one) > 64 for one in axes)
        or len(set(axes)) < len(axes)
    ):
        raise ValueError(
            "`axis` must be an integer, or a list of different ones. "
            f"Received: axis={shown(axis)}"
        )
    axes = [int(one) for one in axes]
    return axes if isinstance(axis, (list, tuple)) else axes[0]


def _softmax_layer(axis=-1, name=None, dtype=None):
    return keras.layers.Softmax(axis=_axis(axis), name=name, dtype=dtype)


def _swish_layer(beta=1.0, name=None, dtype=None):
    """Swish with a fixed beta; for 1, Keras's silu, which has no weight."""
    beta = _number("beta", beta, _compute_dtype(dtype))
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
    beta = _number("beta", beta, _compute_dtype(dtype))
    return Swish(
        keras.initializers.Constant(beta),
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
                range_formula=r"[-0.278/\beta, \infty)",
                monotonic=False,
                zero_centred=False,
                trainable=True,
                layer=_swish_layer,
            ),
        )
    }
)


def _needs_more(function):
    """What a function needs besides a tensor, as text, or `None`."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        # NumPy's functions and some of C's do not say what they take.
        return None
    needed = [
        parameter.name
        for parameter in parameters[1:]
        if parameter.default is parameter.empty
        and parameter.kind
        not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return " and ".join(needed) or None


@functools.cache
def _refusal(name):
    """Why a function of Keras is no activation by itself, or `None`."""
    function = getattr(keras.activations, name)
    needed = _needs_more(function)
    if needed:
        return f"needs {needed} besides a tensor"
    for size in (5, 6):
        try:
            # Of shapes alone: a computation would start the backend, and
            # a process that is forked behind that hangs.
            of_shapes = keras.layers.Lambda(function).compute_output_shape
            kept = of_shapes((2, size)) == (2, size)
        except Exception:
            # Whatever a function that wants something else may raise.
            kept = False
        if not kept:
            return "does not keep the shape of every tensor"
    return None


def _keras_names():
    """Names of Keras's functions, without those that look up and save them."""
    return sorted(
        name
        for name, member in vars(keras.activations).items()
        if inspect.isfunction(member)
        and name not in ("get", "serialize", "deserialize")
    )


def names():
    """Names that `layer` takes: the catalogue, `swish_trainable`, Keras's.

    Keras's are found, not listed: every function of `keras.activations` that
    needs nothing but a tensor and keeps its shape, in alphabetical order.
    `softmax`, `log_softmax` and `sparsemax`, which normalise along an axis,
    are among them; `glu`, which halves one, and `threshold` are not.
    """
    ours = [*CATALOG, "swish_trainable"]
    return ours + [
        name
        for name in _keras_names()
        if name not in ours and _refusal(name) is None
    ]


def layer(activation, **arguments):
    """Makes a fresh Keras layer from the name of an activation, or a callable.

    Example:
    >>> layer("leaky_relu", negative_slope=0.001)
    <LeakyReLU name=leaky_re_lu, built=True>
    >>> layer("swish_trainable", shared_axes=[1, 2], name="act1")
    <Swish name=act1, built=False>

    Args:
        activation: One of `names()`, such as `"gelu"`; a function of a tensor;
            a Keras layer class, or a layer, of which a copy with a name and
            weights of its own is made.
        **arguments: All layers take `name` and `dtype`. `"leaky_relu"` takes
            `negative_slope` (0.01), finite and not negative; `"softmax"` takes
            `axis` (-1), an integer or a list of them; `"swish"` takes `beta`
            (1), which is not trained; where it is not 1, that is as long as
            the layer's `trainable` is off, as it is made, and switching a
            model's on switches it on. `"swish_trainable"` takes `beta` (1),
            where it starts, and `Swish`'s `beta_regularizer`,
            `beta_constraint` and `shared_axes`. A layer class takes its own
            arguments, and they replace those of a layer.

    Returns:
        A layer that Keras can save. To load it, import this module first; a
        function or class of your own has to be registered with Keras.

    Raises:
        ValueError: If the name is unknown or no activation by itself, or an
            argument is not taken or out of range, or infinite in the dtype in
            which the layer computes.
    """
    _check_layer(
        **{k: v for k, v in arguments.items() if k in ("name", "dtype")}
    )
    if isinstance(activation, keras.layers.Layer) or (
        isinstance(activation, type)
        and issubclass(activation, keras.layers.Layer)
    ):
        return _of_layer(activation, arguments)
    if isinstance(activation, str):
        make = _maker(activation)
    elif callable(activation) and not isinstance(activation, type):
        needed = _needs_more(activation)
        if needed:
            raise ValueError(
                f"`activation` must be a function of a tensor alone, and this "
                f"needs {needed}. Received: activation={shown(activation)}"
            )
        make = _activation_layer(activation)
    else:
        raise ValueError(
            "`activation` must be a name, a function, or a Keras layer. "
            f"Received: activation={shown(activation)}"
        )
    taken = list(inspect.signature(make).parameters)
    for argument, value in arguments.items():
        if argument not in taken:
            raise ValueError(
                f"The layer of {shown(activation)} takes {', '.join(taken)}. "
                f"Received: {argument}={shown(value)}"
            )
    return make(**arguments)


def _of_layer(one, arguments):
    """Makes a layer of a class, or a copy of a layer, with arguments."""
    try:
        if isinstance(one, type):
            made = one(**arguments)
        else:
            config = one.get_config()
            # Keras refuses two layers of one name in a model.
            del config["name"]
            made = type(one).from_config({**config, **arguments})
    except Exception as error:
        # Whatever Keras or a class of one's own makes of its arguments.
        reason = str(error).rpartition("Exception encountered: ")[2]
        received = {"activation": one, **arguments}
        raise ValueError(
            f"The layer cannot be made ({' '.join(reason.split())}). Received: "
            + ", ".join(f"{k}={shown(v)}" for k, v in received.items())
        ) from error
    # Keras takes some that the layer cannot compute with.
    for argument in _ARGUMENTS.get(type(made), ()):
        value = getattr(made, argument)
        if argument == "axis":
            _axis(value)
        elif value is not None:
            _number(argument, value, made.compute_dtype)
    return made


def _maker(name):
    if name in CATALOG:
        return CATALOG[name].layer
    if name == "swish_trainable":
        return _swish_trainable_layer
    if name not in _keras_names():
        raise unknown("activation", name, names())
    reason = _refusal(name)
    if reason:
        raise ValueError(
            f"Keras's {name} is no activation by itself: it {reason}. "
            f"Received: activation={name!r}"
        )
    return _activation_layer(name)


# Layers of Keras that compute, configured so, what a function computes.
_SAME = (
    (keras.layers.ReLU, (None, 0, 0), relu),
    (keras.layers.ReLU, (6, 0, 0), keras.activations.relu6),
    (keras.layers.LeakyReLU, (0.01,), leaky_relu),
    (keras.layers.LeakyReLU, (0.2,), keras.activations.leaky_relu),
    (keras.layers.ELU, (1,), keras.activations.elu),
    (keras.layers.Softmax, (-1,), softmax),
)
_ARGUMENTS = {
    keras.layers.ReLU: ("max_value", "negative_slope", "threshold"),
    keras.layers.LeakyReLU: ("negative_slope",),
    keras.layers.ELU: ("alpha",),
    keras.layers.Softmax: ("axis",),
}


def _what(one):
    """What a layer or function computes; equal for two that compute the same.

    The function, if it is one, or the layer's class and configuration, where
    beta may have started anywhere.
    """
    if isinstance(one, keras.layers.Activation):
        one = one.activation
    if not isinstance(one, keras.layers.Layer):
        if one is swish:
            return keras.activations.silu
        return keras.activations.linear if one is linear else one
    config = one.get_config()
    arguments = tuple(map(config.get, _ARGUMENTS.get(type(one), ())))
    for kind, same, function in _SAME:
        if type(one) is kind and arguments == same:
            return function
    kept = config.keys() - {"name", "dtype", "beta_initializer"}
    return type(one), {key: config[key] for key in kept}


def _argument(one):
    """The activation that is an argument of a layer, or `None`."""
    if isinstance(one, keras.layers.Activation):
        return None
    function = getattr(one, "activation", None)
    return function if callable(function) else None


class _Swap:
    """A copy of a model in the making; see `swap`."""

    def __init__(self, old, new):
        self.old, self.new = old, new
        self.wanted = None if isinstance(old, type) else _what(layer(old))
        self.pairs = {}
        self.following = {}
        self.swapped = False

    def model(self, model):
        if not isinstance(model, keras.Sequential):
            return keras.models.clone_model(
                model, clone_function=self.layer, call_function=self.call
            )
        # `clone_model` inserts no layers into a Sequential.
        stack = [
            keras.Input(batch_shape=x.shape, dtype=x.dtype, name=x.name)
            for x in (model.inputs if model.built else ())
        ]
        for one in model.layers:
            copy = self.layer(one)
            stack += [copy, *self.following.get(copy, ())]
        return keras.Sequential(stack, name=model.name)

    def call(self, copy, *args, **kwargs):
        outputs = copy(*args, **kwargs)
        for following in self.following.get(copy, ()):
            outputs = following(outputs)
        return outputs

    def layer(self, one):
        """The copy of a layer: the same whenever the layer is the same."""
        if one not in self.pairs:
            self.pairs[one] = self.copy(one)
        return self.pairs[one]

    def copy(self, one):
        if isinstance(one, keras.Sequential) or hasattr(one, "operations"):
            return self.model(one)
        if not isinstance(one, keras.Layer):
            self.check_operation(one)
            return one
        self.check_inside(one)
        if self.matches(one):
            self.swapped = True
            return layer(self.new, name=one.name, dtype=one.dtype_policy)
        copy = type(one).from_config(one.get_config())
        if self.matches(_argument(one)):
            self.swapped = True
            self.set_argument(copy)
        return copy

    def matches(self, one):
        if one is None:
            return False
        if isinstance(self.old, type):
            return type(one) is self.old
        return _what(one) == self.wanted

    def check_operation(self, one):
        """Refuses an operation, such as `keras.ops.relu`, that is the old."""
        if isinstance(self.old, type):
            return
        x = ops.linspace(-8.0, 8.0, 33)
        try:
            found, wanted = one(x), layer(self.old)(x)
        except Exception:
            # It takes another number of arguments, or another shape, of which
            # each backend makes an error of its own.
            return
        same = getattr(found, "shape", None) == wanted.shape
        if same and ops.all(ops.isclose(found, wanted, atol=1e-6)):
            raise self.error(
                f"the model calls it as an operation, {one.name!r}, and only "
                "a layer can be swapped"
            )

    def check_inside(self, one):
        """Refuses a layer that has the old activation in a layer of its own.

        A recurrent layer's cell is such a one, and what a wrapper wraps.
        """
        for inner in one._flatten_layers(include_self=False):
            if self.matches(inner) or self.matches(_argument(inner)):
                raise self.error(
                    f"the {type(one).__name__} {one.name!r} has it inside, "
                    "where it cannot be swapped"
                )

    def set_argument(self, copy):
        made = layer(
            self.new, name=f"{copy.name}_activation", dtype=copy.dtype_policy
        )
        function = _what(made)
        if not callable(function):
            if not type(copy).__module__.startswith("keras."):
                raise self.error(
                    f"only in a layer of Keras can a layer replace it, and "
                    f"{copy.name!r} is a {type(copy).__name__}"
                )
            self.following[copy] = [made]
            function = keras.activations.linear
        copy.activation = function

    def error(self, reason):
        return ValueError(
            f"Cannot swap this activation: {reason}. "
            f"Received: old={shown(self.old)}"
        )


def swap(model, old, new):
    """Returns a copy of a model with one activation in place of another.

    The weights are copied; those of the activations as well where old and new
    have the same. The model itself stays as it is, and the copy has yet to be
    compiled.

    Example:
    >>> model = keras.applications.MobileNetV2(weights=None)
    >>> swish_model = swap(model, "relu6", "swish")
    >>> learning = swap(model, "relu6", "swish_trainable")

    Every place is found where `old` is a layer (`Activation("relu")`,
    `ReLU()`) or the argument `activation` of one (`Dense(8, "relu")`), in
    nested models as well. If `new` has weights or is no function, as
    `"swish_trainable"`, such an argument becomes linear, and a layer follows.

    A name or a function stands for exactly what `layer` makes of it: `"relu"`
    for no `ReLU(max_value=6)`, which is `"relu6"`, and `"leaky_relu"` for a
    slope of 0.01, but `"swish"` also for Keras's `silu`. A layer class, such
    as `keras.layers.LeakyReLU` or `keras.layers.PReLU`, stands for all its
    layers; a layer for those of the same configuration.

    What is not found: other arguments than `activation`, such as a recurrent
    layer's `recurrent_activation`. What is refused: `old` inside a recurrent
    or wrapped layer or a subclassed model, and as an operation that a model
    calls without a layer, such as `keras.ops.relu(x)`.

    Args:
        model: A Functional or Sequential Keras model.
        old: What `layer` takes, the activation to replace.
        new: What `layer` takes, the activation to have instead.

    Raises:
        ValueError: If the model is subclassed, `old` is nowhere in it, or is
            where it cannot be swapped, and what `layer` raises.
    """
    if not isinstance(model, keras.Sequential) and not (
        isinstance(model, keras.Model) and hasattr(model, "operations")
    ):
        raise ValueError(
            "`model` must be a Functional or Sequential Keras model. "
            f"Received: model={shown(model)}"
        )
    swapping = _Swap(old, new)
    copy = swapping.model(model)
    if not swapping.swapped:
        raise swapping.error("it is nowhere in the model")
    for one, twin in swapping.pairs.items():
        if not isinstance(one, keras.Layer):
            continue
        shapes = [[w.shape for w in side.weights] for side in (one, twin)]
        if type(one) is type(twin) and shapes[0] == shapes[1]:
            twin.set_weights(one.get_weights())
    return copy
