"""Tests of comparison/networks.py against Keras's own layers and NumPy."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

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


# Keras's global settings.


def few_steps(**fields):
    """What a few steps give: losses, weights and probabilities."""
    model = build("swish_trainable", learning_rate=0.01, **fields)
    x, y = images(16), np.arange(16) % 10
    losses = [model.train_on_batch(x, y) for _ in range(2)]
    return [
        *map(np.array, losses),
        *model.get_weights(),
        model.predict(x, verbose=0),
    ]


def test_global_settings_that_change_nothing():
    expected = few_steps(extra_dense=True)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    keras.config.set_image_data_format("channels_first")
    try:
        actual = few_steps(extra_dense=True)
    finally:
        keras.config.set_dtype_policy(before)
        keras.config.set_image_data_format("channels_last")
    for a, b in zip(actual, expected, strict=True):
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
