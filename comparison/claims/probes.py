"""What happens inside a Keras model: pre-activations, gradients, dead units.

A probe looks at one activation of a model while inputs pass through it and
the gradient of the loss comes back. It works on any Keras model, convolutional
or dense, whether the activation is a layer of its own or an argument of a
layer, and leaves the model as it was.

The gradients are TensorFlow's, by `tf.GradientTape`: Keras has no neutral way
to ask for one, and the other backends are refused by name.
"""

import contextlib
import dataclasses
import numbers

import keras
import numpy as np
import pandas as pd

import activations

# A unit is saturated for an input where its activation's derivative is less
# than this in size: sigmoid's beyond |x| = 5.3, tanh's beyond |x| = 3.3. It is
# half of leaky ReLU's slope, which therefore never counts.
SATURATED = 0.005

_LAYERS = (
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
    activations.Swish,
)


@dataclasses.dataclass(frozen=True)
class Probe:
    """What one activation did with some inputs.

    Arrays are float32 of shape (inputs, ..., units), a unit of a convolution
    being a channel with all its places.

    Attributes:
        layer: The name of the layer.
        pre_activation: What the activation f was given, z.
        activation: What it gave, f(z).
        derivative: f'(z); of softmax, which is not taken element by element,
            the column sums of its Jacobian.
        gradient: dL/dz, of the loss L of the same input.
    """

    layer: str
    pre_activation: np.ndarray
    activation: np.ndarray
    derivative: np.ndarray
    gradient: np.ndarray

    @property
    def dead(self):
        """Which units get no gradient from any input: (units,) of bool.

        Whatever is below such a unit learns nothing through it. It may be the
        unit's own activation that is flat, or everything above it.
        """
        others = tuple(range(self.gradient.ndim - 1))
        return ~np.any(self.gradient != 0, axis=others)


def probe(model, x, y, loss=None, layers=None, training=False):
    """Passes inputs through a model and looks at its hidden activations.

    Args:
        model: A built Keras model with the channels last and one output, not
            recurrent.
        x: Inputs, (inputs, ...), all passed at once.
        y: Targets, as the loss takes them.
        loss: A Keras loss, or the name of one, or a function of (y, output)
            that gives a value an input; by default what the model was
            compiled with.
        layers: The names of the layers to look at. By default all that have
            an activation but the model's last layer: layers with an argument
            `activation` other than linear, `Activation` layers, and the
            activations that are layer classes of Keras or of this project.
            A layer class of your own has to be named; its input is the
            pre-activation, its output the activation.
        training: Whether layers behave as in training: batch normalisation
            takes the batch's own mean and variance, dropout drops. Each
            input's loss then depends on the others.

    Returns:
        A list of a `Probe` for each use of each layer, in the order in which
        they computed.

    Raises:
        ValueError: If the model is not built or has several outputs, there is
            nothing to look at, a name is unknown, there is no loss, or `x`
            and `y` are of different length.
        RuntimeError: If the backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Probes take TensorFlow's gradients. Received: "
            f"backend={keras.backend.backend()!r}"
        )
    import tensorflow as tf

    if not (isinstance(model, keras.Model) and model.built):
        raise ValueError(
            "`model` must be a Keras model that is built: call it once. "
            f"Received: model={activations.shown(model)}"
        )
    if not len(x) == len(y) > 0:
        raise ValueError(
            "`x` and `y` must have the same length, 1 or more. Received: "
            f"len(x)={len(x)}, len(y)={len(y)}"
        )
    loss_of = _loss(model, loss)
    watched = _watched(model, layers)
    # In training, moving averages and random states would move on.
    kept = [(v, keras.ops.copy(v)) for v in model.non_trainable_variables]
    try:
        with (
            tf.GradientTape(persistent=True) as tape,
            _recording(watched, tape) as calls,
        ):
            output = model(tf.convert_to_tensor(x), training=training)
            if not tf.is_tensor(output):
                raise ValueError(
                    "`model` must have one output. "
                    f"Received: model={activations.shown(model)}"
                )
            # The sum, so that each input's gradient is that of its own loss.
            total = tf.reduce_sum(loss_of(tf.convert_to_tensor(y), output))
    finally:
        for variable, value in kept:
            variable.assign(value)

    def by(target, sources):
        return tape.gradient(
            target, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    # All at once: layer by layer would go through the model again for each.
    gradients = by(total, [pre for _, pre, _ in calls])
    return [
        Probe(
            name,
            *(
                tf.cast(tensor, tf.float32).numpy()
                for tensor in (pre, post, by(post, pre), gradient)
            ),
        )
        for (name, pre, post), gradient in zip(calls, gradients, strict=True)
    ]


def summary(probes, threshold=SATURATED):
    """Returns a row a layer: shares, means and the size of the gradient.

    Columns: `units`; `pre_mean`, `pre_sd`, `mean`, `sd` of pre-activations
    and activations; `slope`, the mean size of the derivative; `saturated`, the
    share of derivatives under the threshold; `zero`, the share of activations
    that are exactly 0; `dead`, the share of units without any gradient;
    `gradient`, the root mean square of dL/dz.

    Raises:
        ValueError: If the threshold is not a positive number.
    """
    if (
        isinstance(threshold, bool)
        or not isinstance(threshold, numbers.Real)
        or not threshold > 0
    ):
        raise ValueError(
            "`threshold` must be a number greater than 0. Received: "
            f"threshold={threshold!r}"
        )
    rows = []
    for p in probes:
        slopes = np.abs(p.derivative)
        # In float64: squares of vanished gradients are no float32 numbers.
        gradient = p.gradient.astype(np.float64)
        rows.append(
            {
                "layer": p.layer,
                "units": p.gradient.shape[-1],
                "pre_mean": p.pre_activation.mean(dtype=np.float64),
                "pre_sd": p.pre_activation.std(dtype=np.float64),
                "mean": p.activation.mean(dtype=np.float64),
                "sd": p.activation.std(dtype=np.float64),
                "slope": slopes.mean(dtype=np.float64),
                "saturated": np.mean(slopes < threshold),
                "zero": np.mean(p.activation == 0),
                "dead": np.mean(p.dead),
                "gradient": np.sqrt(np.mean(gradient**2)),
            }
        )
    return pd.DataFrame(rows).set_index("layer")


class Monitor(keras.callbacks.Callback):
    """Keeps `summary` of a model at the start of training and every epoch.

    Args:
        x, y, **arguments: What `probe` takes.

    Attributes:
        history: A table, a row an epoch and layer; epoch 0 is the start.
    """

    def __init__(self, x, y, **arguments):
        super().__init__()
        self.x, self.y, self.arguments = x, y, arguments

    def on_train_begin(self, logs=None):
        self.history = pd.DataFrame()
        self._look(0)

    def on_epoch_end(self, epoch, logs=None):
        self._look(epoch + 1)

    def _look(self, epoch):
        found = summary(probe(self.model, self.x, self.y, **self.arguments))
        found = pd.concat({epoch: found}, names=["epoch"])
        self.history = pd.concat([self.history, found])


def _layers(model):
    """Yields a model's layers, those of models within it included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _is_activation(layer):
    if isinstance(layer, (keras.layers.Activation, *_LAYERS)):
        return True
    function = vars(layer).get("activation")
    return callable(function) and function is not keras.activations.linear


def _watched(model, names):
    layers = list(_layers(model))
    if names is None:
        watched = [layer for layer in layers[:-1] if _is_activation(layer)]
        if not watched:
            raise ValueError(
                "The model has no hidden activation that is known; name the "
                "layers with `layers`. Received: model with layers "
                f"{[layer.name for layer in layers]}"
            )
        return watched
    by_name = {layer.name: layer for layer in layers}
    for name in names:
        if name not in by_name:
            raise ValueError(
                f"`layers` must be among {', '.join(by_name)}. Received: "
                f"layers={names!r}"
            )
    return [by_name[name] for name in names]


def _loss(model, loss):
    if loss is None:
        loss = getattr(model, "loss", None)
        if loss is None:
            raise ValueError(
                "The model is not compiled, so `loss` must be given. "
                "Received: loss=None"
            )
    loss = keras.losses.get(loss)
    # `call` gives a value an input, which calling would average.
    return loss.call if isinstance(loss, keras.losses.Loss) else loss


@contextlib.contextmanager
def _recording(layers, tape):
    """Notes (name, pre-activation, activation) whenever one of them is used.

    The layers' own dictionaries are written, past Keras, which would take note
    of an attribute that is set.
    """
    import tensorflow as tf

    calls = []

    def recorder(layer, function):
        def record(x, *arguments, **keywords):
            # A tensor of its own: another layer may be given the same.
            x = tf.identity(x)
            tape.watch(x)
            y = function(x, *arguments, **keywords)
            calls.append((layer.name, x, y))
            return y

        return record

    kept = []
    try:
        for layer in layers:
            own = vars(layer)
            name = "activation" if callable(own.get("activation")) else "call"
            kept.append((own, name, own.get(name)))
            own[name] = recorder(layer, getattr(layer, name))
        yield calls
    finally:
        for own, name, value in reversed(kept):
            if value is None:
                del own[name]
            else:
                own[name] = value
