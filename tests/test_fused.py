"""Tests of comparison/fused.py against the Keras classes it extends."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from comparison.fused import FusedAdam, FusedBatchNormalization, FusedL2


def images(count=4, seed=0, channels=1, size=8):
    rng = np.random.default_rng(seed)
    return rng.normal(3, 2, (count, size, size, channels)).astype("float32")


def pair(channels=5, **arguments):
    """Keras's layer and the fused one, with the same random weights."""
    layers = [
        kind(**arguments)
        for kind in (
            keras.layers.BatchNormalization,
            FusedBatchNormalization,
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


@pytest.mark.parametrize("training", [True, False])
def test_a_keras_without_renormalisation(training):
    """Keras 3.13, which Colab has, lacks the attribute."""
    reference, fused = pair()
    vars(fused).pop("renorm", None)
    x = images(channels=5)
    close(fused(x, training=training), reference(x, training=training))
    assert calls_kernel(fused, x, training=training)


@pytest.mark.parametrize("count", [1, 16])
def test_moving_variance_is_of_the_uncorrected_variance(count):
    """Against NumPy: Keras averages the variance with ddof=0."""
    layer = FusedBatchNormalization(momentum=0.5)
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
    fused = FusedBatchNormalization()
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
        for layer in (fused, FusedBatchNormalization(epsilon=1e-4))
    ]
    networks[0].save_weights(tmp_path / "network.weights.h5")
    networks[1].load_weights(tmp_path / "network.weights.h5")
    np.testing.assert_array_equal(networks[1](x), networks[0](x))


def test_config_round_trip():
    layer = FusedBatchNormalization(
        momentum=0.7, epsilon=1e-2, name="norm", gamma_initializer="zeros"
    )
    copy = FusedBatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    reloaded = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert type(reloaded) is FusedBatchNormalization
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
        pytest.param(
            {"renorm": True},
            (6, 4, 4, 5),
            "float32",
            id="renorm",
            marks=pytest.mark.skipif(
                not hasattr(keras.layers.BatchNormalization(), "renorm"),
                reason="This Keras has no renormalisation.",
            ),
        ),
    ],
)
def test_falls_back_on_keras(arguments, shape, dtype):
    rng = np.random.default_rng(2)
    x = rng.normal(1, 2, shape).astype(dtype)
    outputs, states = [], []
    for kind in (keras.layers.BatchNormalization, FusedBatchNormalization):
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


# The penalty.


def kernel(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 2, shape).astype("float32")


@pytest.mark.parametrize("shape", [(7,), (3, 3, 2, 4), (300, 40)])
def test_l2_and_its_gradient(shape):
    weights = tf.constant(kernel(*shape))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        penalty = FusedL2(0.03)(weights)
    exact = weights.numpy().astype("float64")
    assert float(penalty) == pytest.approx(0.03 * (exact**2).sum(), rel=1e-6)
    np.testing.assert_allclose(
        tape.gradient(penalty, weights), 2 * 0.03 * exact, rtol=1e-6
    )


def test_l2_is_one_kernel():
    graph = tf.function(FusedL2(0.1)).get_concrete_function(
        tf.TensorSpec([4, 5])
    )
    kinds = {operation.type for operation in graph.graph.get_operations()}
    assert "L2Loss" in kinds and "Square" not in kinds


def test_l2_is_saved_with_its_layer(tmp_path):
    layer = keras.layers.Dense(2, kernel_regularizer=FusedL2(0.25))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").layers[0]
    assert type(loaded.kernel_regularizer) is FusedL2
    assert loaded.kernel_regularizer.l2 == 0.25


# The optimizer.


def trained(kind, steps=12, dtype="float32", **arguments):
    """Variables and moments after some steps of gradients of every size."""
    variables = [
        keras.Variable(kernel(*shape, seed=seed), dtype=dtype)
        for seed, shape in enumerate([(5,), (4, 3), (2, 3, 4, 5)])
    ]
    optimizer = kind(**arguments)
    optimizer.build(variables)
    for step in range(steps):
        gradients = [
            10.0 ** (step % 5 - 4)
            * tf.constant(kernel(*variable.shape, seed=10 + step), dtype)
            for variable in variables
        ]
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return [
        keras.ops.convert_to_numpy(v)
        for v in (*variables, *optimizer.variables)
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"learning_rate": 0.3, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
        {"weight_decay": 0.1, "clipnorm": 0.5},
        {"use_ema": True, "ema_momentum": 0.5},
    ],
)
def test_adam_equals_keras(arguments):
    expected = trained(keras.optimizers.Adam, **arguments)
    actual = trained(FusedAdam, **arguments)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-9)


def test_adam_follows_the_paper():
    """Algorithm 1 of arXiv 1412.6980 in float64, epsilon as in its 2.1."""
    x, m, v = kernel(4, 3, seed=1).astype("float64"), 0.0, 0.0
    for step in range(12):
        gradient = 10.0 ** (step % 5 - 4) * kernel(4, 3, seed=10 + step)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient.astype("float64") ** 2
        rate = 0.01 * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        x = x - rate * m / (np.sqrt(v) + 1e-7)
    actual = trained(FusedAdam, learning_rate=0.01)[1]
    np.testing.assert_allclose(actual, x, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments", [{"amsgrad": True}, {"dtype": "float64"}, {"dtype": "float16"}]
)
def test_adam_falls_back_on_keras(arguments):
    expected = trained(keras.optimizers.Adam, **arguments)
    for a, b in zip(trained(FusedAdam, **arguments), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_adam_of_sparse_gradients_falls_back_on_keras():
    tables = []
    for kind in (keras.optimizers.Adam, FusedAdam):
        layer = keras.layers.Embedding(6, 2)
        layer.build()
        layer.set_weights([kernel(6, 2)])
        optimizer = kind(0.1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(tf.constant([1, 4, 4])) ** 2)
        gradient = tape.gradient(loss, layer.trainable_variables[0].value)
        assert isinstance(gradient, tf.IndexedSlices)
        optimizer.apply_gradients([(gradient, layer.trainable_variables[0])])
        tables.append(layer.get_weights()[0])
    np.testing.assert_array_equal(tables[1], tables[0])


def test_adam_runs_the_kernel():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    optimizer = FusedAdam()
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        gradients = [tf.ones_like(v) for v in model.trainable_variables]
        optimizer.apply(gradients)

    graph = step.get_concrete_function().graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 2


def test_adam_with_a_scaled_loss():
    expected = trained(
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    )
    actual = trained(lambda: keras.optimizers.LossScaleOptimizer(FusedAdam()))
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-9)


def test_adam_is_saved_with_its_state(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(FusedAdam(0.02), "mse")
    x, y = kernel(8, 3), kernel(8, 2, seed=1)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is FusedAdam
    for network in (model, loaded):
        network.train_on_batch(x, y)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
