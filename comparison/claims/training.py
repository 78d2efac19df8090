"""Small networks, and how they are trained again and again."""

import math

import keras
import numpy as np

import activations
from comparison import data, fused, networks, studies
from comparison.claims import probes

HIDDEN = ("step", "linear", *studies.ARTICLE)


def dense_network(
    activation,
    depth,
    width=64,
    inputs=784,
    classes=10,
    kernel_initializer="glorot_uniform",
    momentum=None,
):
    """Builds a plain dense network that gives logits.

    Args:
        activation: What `activations.layer` takes, or `None` for no activation
            at all.
        depth: The number of hidden layers, each `dense_i`, then
            `normalization_i` if asked for, then `activation_i`.
        width: The number of units of each.
        inputs: The number of inputs.
        classes: The number of logits.
        kernel_initializer: Keras's name, for every layer.
        momentum: Of a batch normalisation in front of each activation; `None`
            for no normalisation.
    """
    # Said everywhere: Keras's global policy may say something else.
    dtype = "float32"
    stack = [keras.Input((inputs,), dtype=dtype)]
    for i in range(1, depth + 1):
        stack.append(
            keras.layers.Dense(
                width,
                kernel_initializer=kernel_initializer,
                dtype=dtype,
                name=f"dense_{i}",
            )
        )
        if momentum is not None:
            stack.append(
                keras.layers.BatchNormalization(
                    momentum=momentum, dtype=dtype, name=f"normalization_{i}"
                )
            )
        if activation is not None:
            stack.append(
                activations.layer(
                    activation, dtype=dtype, name=f"activation_{i}"
                )
            )
    stack.append(
        keras.layers.Dense(
            classes,
            kernel_initializer=kernel_initializer,
            dtype=dtype,
            name="output",
        )
    )
    return keras.Sequential(stack)


def restart(model, initial, seed):
    """Gives a model the weights that a seed stands for.

    With the same seed, networks that differ in the activation start from the
    same kernels. `initial` is `state(model)` of the new model, from which come
    all other weights, moving averages and the random states of dropout.
    """
    for variable, value in zip(_variables(model), initial, strict=True):
        variable.assign(value)
    layers = [la for la in model.layers if hasattr(la, "kernel_initializer")]
    seeds = np.random.SeedSequence(seed).generate_state(len(layers))
    for layer, drawn in zip(layers, seeds, strict=True):
        draw = networks.seeded(layer.kernel_initializer, int(drawn))
        layer.kernel.assign(draw(layer.kernel.shape))


def state(model):
    """Returns the values of a model's variables, for `restart`."""
    return [v.numpy() for v in _variables(model)]


def _variables(model):
    return [v for layer in model.layers for v in layer.variables]


class Trainer:
    """Trains a network again and again, from new weights, traced once.

    A traced network costs more than these trainings: Keras's `fit` would trace
    it anew for every seed. Adam, shuffled batches of one size; cross-entropy
    and the model's own penalties.
    """

    def __init__(self, model, batch_size=32, from_logits=True):
        import tensorflow as tf

        self.model = model
        self.batch_size = batch_size
        self.initial = state(model)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits)
        self.optimizer = fused.FusedAdam()
        self.optimizer.build(model.trainable_variables)
        self._epoch = tf.function(self._steps)

    def restart(self, seed, learning_rate=0.001):
        self.seed, self.epoch = seed, 0
        restart(self.model, self.initial, seed)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.optimizer.learning_rate = learning_rate

    def train(self, x, y, epochs=1):
        """Trains for some epochs; returns the mean loss of the last.

        Without an epoch to train, it is NaN.
        """
        loss = math.nan
        steps = len(x) // self.batch_size
        for _ in range(epochs):
            order = np.random.default_rng([self.seed, self.epoch]).permutation(
                len(x)
            )[: steps * self.batch_size]
            shape = (steps, self.batch_size)
            loss = self._epoch(
                x[order].reshape(*shape, *x.shape[1:]),
                y[order].reshape(shape),
            )
            self.epoch += 1
        return float(loss)

    def _steps(self, x, y):
        import tensorflow as tf

        total = 0.0
        for batch in tf.range(tf.shape(x)[0]):
            with tf.GradientTape() as tape:
                output = self.model(x[batch], training=True)
                loss = self.loss(y[batch], output) + sum(self.model.losses)
            variables = self.model.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(tf.shape(x)[0], tf.float32)

    def accuracy(self, x, y):
        output = keras.ops.convert_to_numpy(self.model(x, training=False))
        return float(np.mean(output.argmax(axis=1) == y))

    def probe(self, x, y):
        return probes.probe(self.model, x, y, self.loss)


def digits(train=3000, flat=True):
    """Returns the sample's digits in [0, 1]: to train, and 1,000 held out.

    Returns:
        (x, y), (x, y): x float32 of shape (n, 784), or (n, 28, 28, 1) if not
        flat; y int64 of shape (n,).
    """
    images = data.load("mnist_sample")
    shape = (-1, 784) if flat else (-1, 28, 28, 1)

    def scaled(x, y):
        return x.reshape(shape).astype("float32") / np.float32(255), y

    return (
        scaled(images.x_train[:train], images.y_train[:train]),
        scaled(images.x_validation, images.y_validation),
    )
