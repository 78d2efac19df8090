"""Tests of comparison/cnn.py against Keras's own layers and NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import activations
from comparison import cnn
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
    return cnn.build(Configuration(activation, **fields), SMALL)


def images(count=4, seed=0, channels=1, size=8):
    rng = np.random.default_rng(seed)
    return rng.normal(3, 2, (count, size, size, channels)).astype("float32")


def pair(channels=5, **arguments):
    """Keras's layer and the fused one, with the same random weights."""
    layers = [
        kind(**arguments)
        for kind in (
            keras.layers.BatchNormalization,
            fused.FusedBatchNormalization,
        )
    ]
    rng = np.random.default_rng(1)
    for layer in layers:
        layer.build((None, 8, 8, channels))
    weights = [
        rng.uniform(0.5, 2, weight.shape).astype("float32")
        for weight in layers[0].weights
    ]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def calls_kernel(layer, inputs, **arguments):
    """Whether a call of the layer runs TensorFlow's fused kernel."""
    graph = tf.function(lambda x: layer(x, **arguments)).get_concrete_function(
        tf.TensorSpec(inputs.shape, inputs.dtype)
    )
    return any(
        operation.type == "FusedBatchNormV3"
        for operation in graph.graph.get_operations()
    )


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
    model = cnn.build(Configuration(activation))
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
    rates = [x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)]
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
        fused.FusedBatchNormalization
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
    one = cnn.build(
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


# Batch normalisation on the fused kernel.


def close(actual, expected):
    # Rounding in float32, relative to the largest number.
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        actual, expected, rtol=1e-5, atol=2e-6 * np.abs(expected).max()
    )


@pytest.mark.parametrize("count", [1, 2, 16])
def test_equals_keras_in_training(count):
    reference, fused = pair()
    for step in range(4):
        x = images(count, step, channels=5)
        assert calls_kernel(fused, x, training=True)
        # Tracing assigns nothing; the calls below do.
        close(fused(x, training=True), reference(x, training=True))
        for a, b in zip(fused.weights, reference.weights, strict=True):
            close(a.numpy(), b.numpy())


@pytest.mark.parametrize("count", [1, 16])
def test_moving_variance_is_of_the_uncorrected_variance(count):
    """Against NumPy: Keras averages the variance with ddof=0."""
    layer = fused.FusedBatchNormalization(momentum=0.5)
    x = images(count, channels=3, size=2)
    layer(x, training=True)
    exact = x.astype("float64")
    close(layer.moving_mean.numpy(), 0.5 * exact.mean(axis=(0, 1, 2)))
    close(
        layer.moving_variance.numpy(),
        0.5 + 0.5 * exact.var(axis=(0, 1, 2), ddof=0),
    )


def test_one_pixel():
    reference, fused = pair(channels=3)
    x = images(1, channels=3, size=1)
    close(fused(x, training=True), reference(x, training=True))
    for a, b in zip(fused.weights, reference.weights, strict=True):
        close(a.numpy(), b.numpy())


def test_equals_keras_in_inference():
    reference, fused = pair()
    x = images(6, channels=5)
    assert calls_kernel(fused, x, training=False)
    before = [w.numpy() for w in fused.weights]
    close(fused(x, training=False), reference(x, training=False))
    close(fused(x), reference(x))
    for a, b in zip(fused.weights, before, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


def test_frozen_layer_is_in_inference():
    reference, fused = pair()
    reference.trainable = fused.trainable = False
    x = images(6, channels=5)
    close(fused(x, training=True), reference(x, training=True))
    close(fused(x, training=True), reference(x, training=False))


@pytest.mark.parametrize("training", [True, False])
def test_gradients_equal_keras(training):
    found = []
    x = tf.constant(images(6, channels=5))
    # Any smooth function of the output, not symmetric under its mean.
    weight = tf.constant(images(6, 9, channels=5))
    for layer in pair(epsilon=1e-2, momentum=0.8):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(weight * layer(x, training=training) ** 2)
        found.append(
            tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
        )
    for expected, actual in zip(*found, strict=True):
        assert actual is not None
        expected = expected.numpy()
        np.testing.assert_allclose(
            actual, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max()
        )


def test_gradients_in_float64():
    """Against Keras in float64, so that both float32 sides are judged."""
    x, weight = images(6, channels=5), images(6, 9, channels=5)
    exact = keras.layers.BatchNormalization(dtype="float64")
    fused = fused.FusedBatchNormalization()
    gradients = []
    for layer, dtype in ((exact, "float64"), (fused, "float32")):
        inputs = tf.constant(x, dtype)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = layer(inputs, training=True)
            loss = tf.reduce_sum(tf.constant(weight, dtype) * y**2)
        gradients.append(tape.gradient(loss, inputs).numpy())
    expected, actual = gradients
    np.testing.assert_allclose(
        actual, expected, atol=1e-5 * np.abs(expected).max()
    )


def test_same_weights_and_they_load_both_ways(tmp_path):
    reference, fused = pair(momentum=0.9, epsilon=1e-4)
    assert [(w.name, w.shape, w.dtype) for w in fused.weights] == [
        (w.name, w.shape, w.dtype) for w in reference.weights
    ]
    assert [w.name for w in fused.trainable_weights] == ["gamma", "beta"]

    x = images(4, channels=5)
    for source, target in ((reference, fused), (fused, reference)):
        weights = [3 * w for w in source.get_weights()]
        source.set_weights(weights)
        target.set_weights(source.get_weights())
        for a, b in zip(target.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(a, b)
        close(target(x), source(x))

    networks = [
        keras.Sequential([keras.Input((8, 8, 5)), layer])
        for layer in (fused, fused.FusedBatchNormalization(epsilon=1e-4))
    ]
    networks[0].save_weights(tmp_path / "network.weights.h5")
    networks[1].load_weights(tmp_path / "network.weights.h5")
    np.testing.assert_array_equal(networks[1](x), networks[0](x))


def test_config_round_trip():
    layer = fused.FusedBatchNormalization(
        momentum=0.7, epsilon=1e-2, name="norm", gamma_initializer="zeros"
    )
    copy = fused.FusedBatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    reloaded = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert type(reloaded) is fused.FusedBatchNormalization
    assert reloaded.momentum == 0.7


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    reference, fused = pair(dtype=policy)
    x = images(8, channels=5).astype("float16")
    x = tf.cast(x, fused.compute_dtype)
    assert calls_kernel(fused, x, training=True)
    for training in (True, False):
        expected, actual = (
            layer(x, training=training) for layer in (reference, fused)
        )
        assert actual.dtype == expected.dtype == fused.compute_dtype
        # One unit in the last place of the compute dtype.
        epsilon = 2.0**-7 if policy == "mixed_bfloat16" else 2.0**-10
        np.testing.assert_allclose(
            tf.cast(actual, "float32"),
            tf.cast(expected, "float32"),
            rtol=epsilon,
            atol=epsilon,
        )
    for a, b in zip(fused.weights, reference.weights, strict=True):
        assert a.dtype == "float32"
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4)


@pytest.mark.parametrize(
    "arguments, shape, dtype",
    [
        pytest.param({}, (6, 5), "float32", id="2-D"),
        pytest.param({}, (6, 4, 5), "float32", id="3-D"),
        pytest.param({}, (2, 3, 4, 4, 5), "float32", id="5-D"),
        pytest.param({"axis": 1}, (6, 5, 4, 3), "float32", id="axis=1"),
        pytest.param({"dtype": "float64"}, (6, 4, 4, 5), "float64", id="f64"),
        pytest.param({"dtype": "float16"}, (6, 4, 4, 5), "float16", id="f16"),
        pytest.param({"center": False}, (6, 4, 4, 5), "float32", id="center"),
        pytest.param({"scale": False}, (6, 4, 4, 5), "float32", id="scale"),
        pytest.param({"renorm": True}, (6, 4, 4, 5), "float32", id="renorm"),
    ],
)
def test_falls_back_on_keras(arguments, shape, dtype):
    rng = np.random.default_rng(2)
    x = rng.normal(1, 2, shape).astype(dtype)
    outputs, states = [], []
    for kind in (keras.layers.BatchNormalization, fused.FusedBatchNormalization):
        layer = kind(**arguments)
        for _ in range(2):
            y = layer(x, training=True)
        outputs += [y, layer(x, training=False)]
        states.append([w.numpy() for w in layer.weights])
    # Keras's own code, so equal to the bit.
    np.testing.assert_array_equal(outputs[2], outputs[0])
    np.testing.assert_array_equal(outputs[3], outputs[1])
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not calls_kernel(layer, x, training=True)


def test_mask_falls_back_on_keras():
    reference, fused = pair()
    x = images(4, channels=5)
    mask = np.zeros((4, 8, 8), bool)
    mask[:2] = True
    masked = [
        layer(x, training=True, mask=mask) for layer in (reference, fused)
    ]
    np.testing.assert_array_equal(masked[1], masked[0])
    for a, b in zip(fused.weights, reference.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    # The mask counts: without it the result is another one.
    assert not np.allclose(masked[1], fused(x, training=True))


def test_a_float32_layer_given_other_dtypes_casts_as_keras():
    reference, fused = pair()
    x = images(4, channels=5).astype("float64")
    y = fused(x, training=True)
    assert y.dtype == "float32"
    close(y, reference(x, training=True))


def test_network_trains_as_with_keras_layers(monkeypatch):
    """A whole network for a few steps, fused beside Keras's own layers."""
    weights = []
    for kind in (keras.layers.BatchNormalization, fused.FusedBatchNormalization):
        monkeypatch.setattr(fused, "FusedBatchNormalization", kind)
        model = build("tanh", dropout=0.0, learning_rate=1e-4)
        for step in range(3):
            model.train_on_batch(images(16, step), np.arange(16) % 10)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        # Three steps of Adam move a weight by 3e-4 at most.
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=3e-5)
