"""Tests of comparison/networks.py against Keras's own layers and NumPy."""

import importlib.util
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from scipy import special, stats

import activations
from comparison import fused, networks
from comparison.fused import FusedBatchNormalization
from comparison.runs import Configuration

# The article's network, layer by layer: its own five activations add nothing.
PARAMETERS = {
    "conv_1": 3 * 3 * 1 * 32 + 32,
    "normalization_1": 4 * 32,
    "conv_2": 3 * 3 * 32 * 64 + 64,
    "normalization_2": 4 * 64,
    "dense": 12 * 12 * 64 * 128 + 128,
    "normalization_3": 4 * 128,
    "output": 128 * 10 + 10,
}
SMALL = (8, 8, 1)


def build(activation, **fields):
    """A network for small images, which builds at once."""
    return networks.build(Configuration(activation, **fields), SMALL)


def images(count=4, seed=0, channels=1, size=8):
    rng = np.random.default_rng(seed)
    return rng.normal(3, 2, (count, size, size, channels)).astype("float32")


# The network.


@pytest.mark.parametrize(
    "activation, own",
    [
        ("sigmoid", 0),
        ("tanh", 0),
        ("relu", 0),
        ("leaky_relu", 0),
        ("swish", 0),
        ("swish_trainable", 3),
    ],
)
def test_parameters(activation, own):
    model = networks.build(Configuration(activation))
    counts = {
        layer.name: layer.count_params()
        for layer in model.layers
        if layer.count_params()
    }
    betas = {name: n for name, n in counts.items() if name not in PARAMETERS}
    assert {k: n for k, n in counts.items() if k in PARAMETERS} == PARAMETERS
    assert sum(betas.values()) == own
    assert model.count_params() == 1_200_778 + own
    trained = sum(np.prod(w.shape, dtype=int) for w in model.trainable_weights)
    # All but the moving means and variances.
    assert trained == 1_200_330 + own
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)


def test_order_and_settings_of_the_layers():
    model = build("leaky_relu", dropout=0.4, negative_slope=0.03)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == [
        "Conv2D",
        "FusedBatchNormalization",
        "LeakyReLU",
        "Conv2D",
        "FusedBatchNormalization",
        "LeakyReLU",
        "MaxPooling2D",
        "Dropout",
        "Flatten",
        "Dense",
        "FusedBatchNormalization",
        "LeakyReLU",
        "Dropout",
        "Dense",
    ]
    rates = [
        x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)
    ]
    assert rates == [0.2, 0.4]
    slopes = [
        x.negative_slope
        for x in model.layers
        if isinstance(x, keras.layers.LeakyReLU)
    ]
    assert slopes == [0.03] * 3


def test_no_activation_but_the_one_compared():
    model = build("relu")
    for name in ("conv_1", "conv_2", "dense"):
        assert model.get_layer(name).activation is keras.activations.linear


def test_output_is_probabilities():
    probabilities = build("tanh").predict(images(), verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert probabilities.min() > 0


def test_loss_includes_l2():
    model = build("relu")
    kernels = [
        model.get_layer(name).get_weights()[0].astype("float64")
        for name in ("conv_1", "conv_2", "dense")
    ]
    # As in the article's code, the output layer has none.
    penalty = 1e-5 * sum((kernel**2).sum() for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(penalty, rel=1e-5)
    x, y = images(8), np.arange(8)
    probabilities = model.predict(x, verbose=0)
    expected = -np.log(probabilities[np.arange(8), y]).mean() + penalty
    loss = model.evaluate(x, y, verbose=0)[0]
    assert loss == pytest.approx(expected, rel=1e-5)


def test_optimizer():
    model = build("relu", learning_rate=0.02)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


def test_without_batch_normalization():
    model = build("relu", batch_normalization=False)
    assert not any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in model.layers
    )
    # The same seed gives the kernels the same start, with it or without.
    for name in ("conv_1", "conv_2", "dense", "output"):
        np.testing.assert_array_equal(
            model.get_layer(name).get_weights()[0],
            build("relu").get_layer(name).get_weights()[0],
        )


@pytest.mark.parametrize("activation", ["swish", "swish_trainable"])
def test_beta(activation):
    model = build(activation, beta=2.5)
    layers = [model.get_layer(f"activation_{n}") for n in (1, 2, 3)]
    assert [float(layer.beta) for layer in layers] == [2.5] * 3
    assert [layer.trainable for layer in layers] == [
        activation == "swish_trainable"
    ] * 3


@pytest.mark.parametrize(
    "policy, compute",
    [
        ("float32", "float32"),
        ("mixed_bfloat16", "bfloat16"),
        ("mixed_float16", "float16"),
    ],
)
def test_dtype_policies(policy, compute):
    model = build("swish_trainable", dtype_policy=policy)
    before = model.get_layer("conv_1").get_weights()[0].copy()
    for layer in model.layers[:-1]:
        assert layer.compute_dtype == compute, layer.name
        for weight in layer.trainable_weights:
            assert weight.dtype == "float32", weight.path
    assert model.layers[-1].compute_dtype == "float32"
    # In float16 small gradients vanish unless the loss is scaled.
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    loss = model.train_on_batch(images(10), np.arange(10))[0]
    assert np.isfinite(loss)
    after = model.get_layer("conv_1").get_weights()[0]
    assert np.isfinite(after).all() and not np.array_equal(before, after)


def test_saved_and_loaded(tmp_path):
    model = build("swish_trainable", beta=0.5)
    model.train_on_batch(images(10), np.arange(10))
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert type(loaded.get_layer("normalization_1")) is (
        FusedBatchNormalization
    )
    assert type(loaded.get_layer("activation_1")) is activations.Swish
    x = images(3, seed=5)
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


# Paired seeds.


def masks(model):
    """Two masks of each dropout layer, in training mode."""
    drawn = []
    for name in ("dropout_1", "dropout_2"):
        layer = model.get_layer(name)
        ones = np.ones((4, 50), "float32")
        for _ in range(2):
            mask = keras.ops.convert_to_numpy(layer(ones, training=True))
            # Some dropped, some kept, or the comparison says nothing.
            assert 0 < np.count_nonzero(mask) < mask.size
            drawn.append(mask)
    return drawn


def kernels(model):
    names = ("conv_1", "conv_2", "dense", "output")
    return [model.get_layer(name).get_weights()[0] for name in names]


@pytest.mark.parametrize("other", ["tanh", "leaky_relu", "swish_trainable"])
def test_same_seed_same_weights_and_masks(other):
    one, two = build("relu", seed=7), build(other, seed=7)
    for a, b in zip(kernels(one), kernels(two), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(masks(one), masks(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_seed_other_weights_and_masks():
    one, two = build("relu", seed=7), build("relu", seed=8)
    for a, b in zip(kernels(one), kernels(two), strict=True):
        assert not np.array_equal(a, b)
    for a, b in zip(masks(one), masks(two), strict=True):
        assert not np.array_equal(a, b)


def test_places_in_the_network_have_seeds_of_their_own():
    drawn = masks(build("relu", dropout=0.5))
    # A layer's second mask is not its first.
    assert not np.array_equal(drawn[0] > 0, drawn[1] > 0)
    assert not np.array_equal(drawn[2] > 0, drawn[3] > 0)
    one = networks.build(
        Configuration("relu", kernel_initializer="he_normal"), (8, 8, 32)
    )
    first, second = (
        one.get_layer(name).get_weights()[0].ravel()[:9000]
        for name in ("conv_1", "conv_2")
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_seeds_do_not_touch_keras_global_state():
    keras.utils.set_random_seed(1)
    one = build("relu", seed=7)
    keras.utils.set_random_seed(2)
    two = build("relu", seed=7)
    for a, b in zip(kernels(one), kernels(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_he_normal():
    one = build("relu", kernel_initializer="he_normal")
    two = build("tanh", kernel_initializer="he_normal")
    for a, b in zip(kernels(one), kernels(two), strict=True):
        np.testing.assert_array_equal(a, b)
    kernel = one.get_layer("dense").get_weights()[0]
    # He et al. 2015: the variance is 2 over the number of inputs.
    assert kernel.std() == pytest.approx(np.sqrt(2 / len(kernel)), rel=0.03)
    glorot = build("relu").get_layer("dense").get_weights()[0]
    limit = np.sqrt(6 / sum(glorot.shape))
    assert np.abs(glorot).max() <= limit < 1.01 * np.abs(glorot).max()


# The dense networks, and Mish's.


def dense(activation="relu", hidden=(12, 9, 7), **fields):
    """As `build`, bare but for what is asked for."""
    fields = {"dropout": 0.0, "batch_normalization": False, **fields}
    return build(activation, network="dense", hidden=hidden, **fields)


def mish(activation="mish", hidden=(9, 7), **fields):
    """Of images of 12x12: its convolutions and its pooling leave 2x2."""
    configuration = Configuration(
        activation, network="mish", hidden=hidden, **fields
    )
    return networks.build(configuration, (12, 12, 1))


def small_networks():
    """Of each kind one, with all that it can have."""
    yield dense(
        "swish",
        dropout=0.25,
        batch_normalization=True,
        scale=1.5,
        kernel_initializer="truncated_normal",
        stddev=0.4,
        random_biases=True,
        output="sigmoid",
        optimizer="sgd",
        momentum=0.5,
    )
    yield mish(dropout=0.25)


def names_of(model):
    return [layer.name for layer in model.layers]


def weights_of(model, *names):
    return [
        weight
        for name in names
        for weight in model.get_layer(name).get_weights()
    ]


def test_order_of_the_layers_of_dense_networks():
    assert names_of(dense(hidden=(12, 9)))[1:] == [
        "dense_1",
        "activation_1",
        "dense_2",
        "activation_2",
        "output",
    ]
    model = dense(
        "swish",
        hidden=(12, 9),
        dropout=0.4,
        batch_normalization=True,
        scale=1.5,
    )
    assert names_of(model)[1:] == [
        "dense_1",
        "normalization_1",
        "activation_1",
        "scale_1",
        "dropout_1",
        "dense_2",
        "normalization_2",
        "activation_2",
        "scale_2",
        "dropout_2",
        "output",
    ]
    assert type(model.layers[0]) is keras.layers.Flatten
    assert [model.get_layer(f"dense_{n}").units for n in (1, 2)] == [12, 9]
    rates = [model.get_layer(f"dropout_{n}").rate for n in (1, 2)]
    assert rates == [0.4, 0.4]
    # No activation but the one compared, and no penalty.
    for name in ("dense_1", "dense_2"):
        layer = model.get_layer(name)
        assert layer.activation is keras.activations.linear
        assert layer.kernel_regularizer is None
    assert model.losses == []


def test_order_of_the_layers_of_mish():
    assert [
        name for name in names_of(mish(dropout=0.25)) if "flatten" not in name
    ] == [
        "conv_1",
        "activation_conv_1",
        "conv_2",
        "activation_conv_2",
        "pooling",
        "dropout_pooling",
        "dense_1",
        "normalization_1",
        "activation_1",
        "dropout_1",
        "dense_2",
        "normalization_2",
        "activation_2",
        "dropout_2",
        "output",
    ]


def test_parameters_of_dense():
    model = networks.build(
        Configuration(
            "relu",
            network="dense",
            hidden=(256, 64),
            batch_normalization=False,
        )
    )
    counts = [784 * 256 + 256, 256 * 64 + 64, 64 * 10 + 10]
    assert model.count_params() == sum(counts) == 218_058
    assert model.output_shape == (None, 10)


def test_parameters_of_mish():
    """Its notebook's first network: 12 dense layers, 15 in all."""
    model = networks.build(
        Configuration("mish", network="mish", hidden=(500,) * 12)
    )
    assert model.get_layer("pooling").output.shape == (None, 10, 10, 50)
    first = 5 * 5 * 20 + 20
    second = 5 * 5 * 20 * 50 + 50
    dense = (10 * 10 * 50 * 500 + 500) + 11 * (500 * 500 + 500)
    output = 500 * 10 + 10
    # Scale and shift, and the moving mean and variance, which are not trained.
    normalization = 12 * 4 * 500
    parameters = first + second + dense + output + normalization
    assert model.count_params() == parameters == 5_310_580
    trained = sum(np.prod(w.shape, dtype=int) for w in model.trainable_weights)
    assert trained == parameters - normalization // 2


def swish_of(beta, scale):
    return lambda x: scale * x * keras.ops.sigmoid(beta * x)


def plain_dense(activation, normalization, dropout):
    """What `dense` should be, written out: output and compilation left."""
    model = keras.Sequential([keras.Input(SMALL), keras.layers.Flatten()])
    for units in (12, 9, 7):
        model.add(keras.layers.Dense(units))
        if normalization:
            model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation(activation))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    return model


def plain_mish(activation, dropout):
    """What `mish` should be, likewise."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(20, 5, activation=activation),
            keras.layers.Conv2D(50, 5, activation=activation),
            keras.layers.MaxPooling2D(),
            keras.layers.Dropout(dropout),
            keras.layers.Flatten(),
            keras.layers.Dense(9),
            keras.layers.BatchNormalization(),
            keras.layers.Activation(activation),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(7),
            keras.layers.BatchNormalization(),
            keras.layers.Activation(activation),
            keras.layers.Dropout(dropout),
        ]
    )


def variables(model):
    """Weights, moving averages, dropout's random states; no beta of swish."""
    return [
        variable
        for layer in model.layers
        if not isinstance(layer, activations.Swish)
        for variable in layer.variables
    ]


PLAIN = {
    "adam": (
        lambda: dense("tanh", learning_rate=0.003),
        lambda: plain_dense("tanh", False, 0.0),
        "softmax",
        keras.optimizers.Adam(0.003),
    ),
    # As large as the gradients, so that it counts.
    "adam, epsilon": (
        lambda: dense("tanh", epsilon=0.01),
        lambda: plain_dense("tanh", False, 0.0),
        "softmax",
        keras.optimizers.Adam(0.001, epsilon=0.01),
    ),
    "sgd, normalised, dropout": (
        lambda: dense(
            "relu",
            batch_normalization=True,
            dropout=0.3,
            optimizer="sgd",
            learning_rate=0.05,
        ),
        lambda: plain_dense("relu", True, 0.3),
        "softmax",
        keras.optimizers.SGD(0.05),
    ),
    "momentum, dropout": (
        lambda: dense(
            "elu",
            dropout=0.2,
            optimizer="sgd",
            learning_rate=0.02,
            momentum=0.9,
        ),
        lambda: plain_dense("elu", False, 0.2),
        "softmax",
        keras.optimizers.SGD(0.02, momentum=0.9),
    ),
    "scaled swish, sigmoid": (
        lambda: dense("swish", beta=1.5, scale=1.75, output="sigmoid"),
        lambda: plain_dense(swish_of(1.5, 1.75), False, 0.0),
        None,
        keras.optimizers.Adam(0.001),
    ),
    "mish": (
        lambda: mish(dropout=0.25, optimizer="sgd", learning_rate=0.05),
        lambda: plain_mish("mish", 0.25),
        "softmax",
        keras.optimizers.SGD(0.05),
    ),
    # Not with Adam: of a bias in front of a batch normalisation, whose gradient
    # is 0 but for rounding, it makes steps of any size.
    "mish with relu, momentum": (
        lambda: mish(
            "relu",
            dropout=0.5,
            optimizer="sgd",
            learning_rate=0.01,
            momentum=0.9,
        ),
        lambda: plain_mish("relu", 0.5),
        "softmax",
        keras.optimizers.SGD(0.01, momentum=0.9),
    ),
}


@pytest.mark.parametrize("case", PLAIN)
def test_trains_as_plain_keras_does(case):
    """From the same weights, with the same masks, to the same weights."""
    own, written_out, output, optimizer = PLAIN[case]
    own, plain = own(), written_out()
    plain.add(keras.layers.Dense(10, activation=output))
    plain.compile(
        optimizer,
        loss=keras.losses.CategoricalCrossentropy()
        if output
        else keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
    )
    for variable, value in zip(variables(plain), variables(own), strict=True):
        assert variable.shape == value.shape
        variable.assign(value)
    x = images(70, size=own.input_shape[1])
    y = np.arange(70) % 10

    def predictions():
        return [model.predict(x, verbose=0) for model in (own, plain)]

    np.testing.assert_allclose(*predictions(), rtol=1e-5, atol=1e-6)
    start = [value.numpy() for value in variables(own)]
    how = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    history = own.fit(x, y, **how).history
    expected = plain.fit(x, np.eye(10)[y], **how).history
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-4)
    trained = [
        [value.numpy() for value in variables(model)] for model in (own, plain)
    ]
    moved = 0
    for before, a, b in zip(start, *trained, strict=True):
        moved = max(moved, np.abs(np.float64(a) - before).max())
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)
    # A hundred times what is allowed, or the comparison says nothing.
    assert moved > 2e-3
    np.testing.assert_allclose(*predictions(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("beta", [1.0, 2.5])
def test_scale_is_in_front_of_swish(beta):
    model = dense("swish", beta=beta, scale=1.75)
    x = images(20)
    z, y = keras.Model(
        model.inputs,
        [model.get_layer(name).output for name in ("dense_1", "scale_1")],
    ).predict(x, verbose=0)
    z = z.astype("float64")
    # On both sides of zero, or the shape says little.
    assert z.min() < -1 and z.max() > 1
    np.testing.assert_allclose(
        y, 1.75 * z * special.expit(beta * z), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("columns", [(), (1,)])
def test_sigmoid_cross_entropy(kind, columns):
    """Each class is a yes or no: -log p or -log(1 - p), in float64."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (40, 10)).astype("float32")
    logits[::3] *= 30
    logits[1, :4] = [100, -100, 0, 88]
    assert np.abs(logits).max() >= 100
    labels = rng.integers(0, 10, 40)
    yes = np.eye(10, dtype=bool)[labels]
    exact = logits.astype("float64")
    expected = -special.log_expit(np.where(yes, exact, -exact)).mean(axis=1)
    found = networks.sigmoid_cross_entropy(
        labels.astype(kind).reshape(40, *columns), logits
    )
    assert found.shape == (40,)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_loss_of_sigmoid_output_is_the_mean_over_images_and_classes():
    model = dense(output="sigmoid")
    x, y = images(33), np.arange(33) % 10
    logits = model.predict(x, verbose=0).astype("float64")
    signs = np.where(np.eye(10, dtype=bool)[y], 1, -1)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    expected = -special.log_expit(signs * logits).mean()
    assert loss == pytest.approx(expected, rel=1e-5)
    assert accuracy == pytest.approx(np.mean(logits.argmax(axis=1) == y))


@pytest.mark.parametrize("network", [dense, mish])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("other", ["tanh", "selu", "swish_trainable"])
def test_every_activation_has_the_same_start(network, biases, other):
    one, two = (
        network(activation, seed=7, dropout=0.5, random_biases=biases)
        for activation in ("relu", other)
    )
    # Kernels, biases, and what the dropout's masks come of.
    for a, b in zip(variables(one), variables(two), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    third = network("relu", seed=8, dropout=0.5, random_biases=biases)
    for layer in one.layers:
        if layer.name.startswith(("conv", "dense", "output")):
            kernel, bias = layer.get_weights()
            changed = third.get_layer(layer.name).get_weights()
            assert not np.array_equal(kernel, changed[0])
            assert np.array_equal(bias, changed[1]) != biases
        if layer.name.startswith("dropout"):
            changed = third.get_layer(layer.name).variables
            assert not np.array_equal(layer.variables[0], changed[0])


@pytest.mark.parametrize("network", [dense, mish])
def test_deeper_network_shares_the_first_layers(network):
    shallow, deep = (
        network("relu", hidden=(16,) * depth, dropout=0.5, random_biases=True)
        for depth in (2, 5)
    )
    # With one width, the output layer as well.
    shared = {*names_of(shallow)} & {*names_of(deep)}
    assert {"dense_1", "dense_2", "dropout_2", "output"} <= shared
    for name in shared:
        for a, b in zip(
            shallow.get_layer(name).variables,
            deep.get_layer(name).variables,
            strict=True,
        ):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_layers_of_one_shape_have_seeds_of_their_own():
    model = dense(hidden=(16,) * 4, random_biases=True, dropout=0.5)
    kernels, biases = zip(
        *(weights_of(model, f"dense_{n}") for n in (2, 3, 4)), strict=True
    )
    states = [model.get_layer(f"dropout_{n}").variables for n in (1, 2, 3, 4)]
    for drawn in (kernels, biases, [state[0].numpy() for state in states]):
        for one, two in itertools.combinations(drawn, 2):
            assert not np.array_equal(one, two)
    # A bias is not a piece of the kernel either.
    assert not np.isin(biases[0], kernels[0]).any()


def test_biases_start_at_zero_unless_they_are_drawn():
    names = ["dense_1", "dense_2", "dense_3", "output"]
    for layer in names:
        bias = weights_of(dense(kernel_initializer="he_normal"), layer)[1]
        assert not bias.any()
    fields = {"kernel_initializer": "random_normal", "stddev": 0.3}
    drawn = dense(hidden=(4000, 20), random_biases=True, **fields)
    assert weights_of(drawn, "output")[1].all()
    for weight in weights_of(drawn, "dense_1"):
        assert weight.std() == pytest.approx(0.3, rel=0.05)
        assert abs(weight.mean()) < 0.02
    # The kernels are those without.
    without = dense(hidden=(4000, 20), **fields)
    for name in ("dense_1", "dense_2", "output"):
        np.testing.assert_array_equal(
            weights_of(without, name)[0], weights_of(drawn, name)[0]
        )


@pytest.mark.parametrize("stddev", [0.1, 1.0, None])
@pytest.mark.parametrize("name", ["random_normal", "truncated_normal"])
def test_stddev(name, stddev):
    model = dense(hidden=(400, 60), kernel_initializer=name, stddev=stddev)
    stddev = stddev or 0.05
    # Cut off at two: the standard deviation of what is left, by SciPy.
    shape = stats.norm if name == "random_normal" else stats.truncnorm(-2, 2)
    for layer in ("dense_1", "dense_2"):
        kernel = weights_of(model, layer)[0] / stddev
        assert kernel.std() == pytest.approx(shape.std(), rel=0.02)
        assert (np.abs(kernel).max() <= 2.0001) == (name == "truncated_normal")


@pytest.mark.parametrize(
    "name, variance",
    [
        ("glorot_uniform", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
        ("he_normal", lambda fan_in, fan_out: 2 / fan_in),
        ("lecun_normal", lambda fan_in, fan_out: 1 / fan_in),
        ("fan_out_normal", lambda fan_in, fan_out: 2 / fan_out),
    ],
)
def test_variance_of_the_initializers(name, variance):
    """In the output layer as well: the same initializer."""
    model = dense(hidden=(300, 900), kernel_initializer=name)
    for layer in ("dense_1", "dense_2", "output"):
        kernel = weights_of(model, layer)[0]
        expected = math.sqrt(variance(*kernel.shape))
        assert kernel.std() == pytest.approx(expected, rel=0.03)
        assert abs(kernel.mean()) < 0.05 * expected
    kernel = weights_of(mish(kernel_initializer=name), "conv_2")[0]
    # 5x5 of 20 channels in, of 50 out.
    expected = math.sqrt(variance(25 * 20, 25 * 50))
    assert kernel.std() == pytest.approx(expected, rel=0.03)


def test_optimizer_of_gradient_descent():
    model = dense(optimizer="sgd", learning_rate=0.2, momentum=0.8)
    assert type(model.optimizer) is keras.optimizers.SGD
    assert float(model.optimizer.learning_rate) == pytest.approx(0.2)
    assert model.optimizer.momentum == 0.8
    assert model.optimizer.nesterov is False


def test_many_steps_in_one_call_on_tensorflow_alone(monkeypatch):
    """torch refuses it."""
    assert dense().steps_per_execution == 50
    assert mish().steps_per_execution == build("relu").steps_per_execution == 1
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    assert dense().steps_per_execution == 1


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_dtype_policies_of_small_networks(policy):
    for model in (
        dense("swish_trainable", scale=1.5, dropout=0.2, dtype_policy=policy),
        mish(dtype_policy=policy),
    ):
        for layer in model.layers[:-1]:
            assert layer.compute_dtype == policy.removeprefix("mixed_")
        assert model.layers[-1].compute_dtype == "float32"
        x = images(10, size=model.input_shape[1])
        assert np.isfinite(model.train_on_batch(x, np.arange(10))[0])


# Keras's global settings.


def all_networks():
    yield build("swish_trainable", learning_rate=0.01, extra_dense=True)
    yield from small_networks()


def few_steps(model):
    """What a few steps give: losses, weights and probabilities."""
    x, y = images(16, size=model.input_shape[1]), np.arange(16) % 10
    losses = [model.train_on_batch(x, y) for _ in range(2)]
    return [
        *map(np.array, losses),
        *model.get_weights(),
        model.predict(x, verbose=0),
    ]


def test_global_settings_that_change_nothing():
    expected = [few_steps(model) for model in all_networks()]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    keras.config.set_image_data_format("channels_first")
    try:
        actual = [few_steps(model) for model in all_networks()]
    finally:
        keras.config.set_dtype_policy(before)
        keras.config.set_image_data_format("channels_last")
    flat = itertools.chain.from_iterable
    for a, b in zip(flat(actual), flat(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "name, value, usual",
    [
        ("floatx", "float16", "float32"),
        ("floatx", "float64", "float32"),
        ("epsilon", 1e-3, 1e-7),
        ("max_epochs", 1, None),
        ("max_steps_per_epoch", 5, None),
    ],
)
def test_global_settings_that_are_refused(name, value, usual):
    change = getattr(keras.config, f"set_{name}")
    change(value)
    try:
        with pytest.raises(ValueError) as caught:
            build("relu")
    finally:
        change(usual)
    message = str(caught.value)
    assert f"`{name}` must be {usual!r}" in message
    assert message.endswith(f"Received: {name}={value!r}")
    build("relu")


ROOT = pathlib.Path(__file__).resolve().parent.parent


def in_python_of_its_own(arguments, **variables):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_keras_json(tmp_path):
    settings = {"floatx": "float16", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    command = ["-m", "comparison", "run", "smoke", "--results"]
    results = tmp_path / "results"
    done = in_python_of_its_own(
        [*command, str(results)], KERAS_HOME=str(tmp_path)
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ") and last.endswith("floatx='float16'")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("mnist*.json"))


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_other_backends_train(backend):
    """The seeds are of 32 bits without a sign; torch takes signed ones."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
import numpy as np
from comparison import networks
from comparison.runs import Configuration
# Seeds on both sides of 2**31.
drawn = np.random.SeedSequence(0).generate_state(6)
assert drawn.min() < 2**31 <= drawn.max()
model = networks.build(Configuration("swish_trainable"), (8, 8, 1))
x = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
first = model.get_weights()
losses = [float(model.train_on_batch(x, np.arange(20) % 10)[0])
          for _ in range(5)]
again = networks.build(Configuration("relu"), (8, 8, 1)).get_weights()
print(losses[-1] < losses[0], all(np.isfinite(losses)),
      np.array_equal(first[0], again[0]))
"""
    done = in_python_of_its_own(["-c", code], KERAS_BACKEND=backend)
    assert done.stdout.split() == ["True"] * 3, done.stderr


def test_seeds_on_torch(monkeypatch):
    """The same bits, signed; elsewhere the seeds are those of the records."""
    seeds = [0, 2**31 - 1, 2**31, 2**32 - 1]
    draw = [networks.seeded("he_normal", seed).seed for seed in seeds]
    assert draw == seeds
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    draw = [networks.seeded("he_normal", seed).seed for seed in seeds]
    assert draw == [0, 2**31 - 1, -(2**31), -1]


# The published leaky ReLU network's two layers more.


def test_extra_dense():
    model = networks.build(Configuration("leaky_relu", extra_dense=True))
    assert model.count_params() == 1_221_450
    names = [layer.name for layer in model.layers]
    for number, units in ((2, 64), (3, 128)):
        layer = model.get_layer(f"extra_{number}")
        place = names.index(layer.name)
        assert names[place - 1] == f"normalization_{number}"
        assert names[place + 1] == f"activation_{number}"
        assert layer.units == units
        assert layer.activation is keras.activations.linear
        assert layer.kernel_regularizer is None
    assert model.get_layer("extra_2").output.shape == (None, 24, 24, 64)


def test_extra_dense_leaves_the_other_weights_and_masks():
    models = [build("leaky_relu", extra_dense=extra) for extra in (False, True)]
    for layer in models[0].layers:
        other = models[1].get_layer(layer.name)
        for a, b in zip(layer.weights, other.weights, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(*map(masks, models), strict=True):
        np.testing.assert_array_equal(a, b)
    first, second = (models[1].get_layer(f"extra_{n}") for n in (2, 3))
    assert first.kernel.shape != second.kernel.shape
    again = build("leaky_relu", extra_dense=True)
    np.testing.assert_array_equal(
        again.get_layer("extra_2").kernel, first.kernel
    )
    other = build("leaky_relu", extra_dense=True, seed=1)
    assert not np.array_equal(other.get_layer("extra_2").kernel, first.kernel)


def test_network_trains_as_with_keras_classes(monkeypatch):
    """A whole network for a few steps, fused beside Keras's own classes."""
    weights = []
    for own in (True, False):
        if not own:
            for name, kind in (
                ("FusedBatchNormalization", keras.layers.BatchNormalization),
                ("FusedL2", keras.regularizers.L2),
                ("FusedAdam", keras.optimizers.Adam),
            ):
                monkeypatch.setattr(fused, name, kind)
        model = build("tanh", dropout=0.0, learning_rate=1e-4)
        for step in range(3):
            model.train_on_batch(images(16, step), np.arange(16) % 10)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        # Three steps of Adam move a weight by 3e-4 at most.
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=3e-5)
