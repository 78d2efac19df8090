"""Tests of the probes: they find exactly what was planted."""

import keras
import numpy as np
import pytest
from scipy import special

from comparison import networks
from comparison.claims import probes
from comparison.configuration import Configuration

CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def dense(*activations, units=4, inputs=3, outputs=2):
    """Dense layers with these activations as their arguments, then logits."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            *(
                keras.layers.Dense(units, activation=a, name=f"hidden_{i}")
                for i, a in enumerate(activations, 1)
            ),
            keras.layers.Dense(outputs, name="logits"),
        ]
    )


def points(count=60, inputs=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, inputs)).astype("float32")
    return x, (x[:, 0] > 0).astype("int64")


def look(model, x, y, **arguments):
    return probes.probe(model, x, y, CROSS_ENTROPY, **arguments)


# Planted.


@pytest.mark.parametrize("planted", [[], [1, 3], [0, 1, 2, 3]])
def test_dead_units_of_a_dense_layer(planted):
    model = dense("relu")
    bias = np.full(4, 10.0)
    bias[planted] = -10.0
    model.layers[0].bias.assign(bias)
    x, y = points()
    (found,) = look(model, x, y)
    assert np.flatnonzero(found.dead).tolist() == planted
    row = probes.summary([found]).loc["hidden_1"]
    assert row["units"] == 4
    assert row["dead"] == row["zero"] == row["saturated"] == len(planted) / 4


def test_dead_channels_of_a_convolution():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(5, 3, activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    model.layers[0].bias.assign([10.0, -10.0, 10.0, 10.0, -10.0])
    x = np.random.default_rng(0).random((20, 6, 6, 1)).astype("float32")
    y = np.arange(20) % 2
    (found,) = look(model, x, y)
    assert found.gradient.shape == (20, 4, 4, 5)
    assert found.dead.tolist() == [False, True, False, False, True]
    # One place of one image with a gradient is enough to be alive: channel 1
    # becomes the pixel less 1, and one pixel 2.
    kernel, bias = model.layers[0].get_weights()
    kernel[..., 1], bias[1] = 0, -1
    kernel[1, 1, 0, 1] = 1
    model.layers[0].set_weights([kernel, bias])
    assert look(model, x, y)[0].dead[1]
    x[7, 2, 3] = 2
    (found,) = look(model, x, y)
    assert not found.dead[1]
    assert np.count_nonzero(found.gradient[..., 1]) == 1
    assert found.gradient[7, 1, 2, 1] != 0


def test_saturated_units():
    model = dense("sigmoid")
    model.layers[0].bias.assign([10.0, 0.0, -10.0, 0.0])
    x, y = points()
    (found,) = look(model, x / 100, y)
    row = probes.summary([found]).loc["hidden_1"]
    assert row["saturated"] == 0.5
    assert row["slope"] == pytest.approx(0.125, abs=1e-3)
    # Saturated is not dead, and not zero.
    assert row["dead"] == row["zero"] == 0
    # The threshold is the caller's.
    assert probes.summary([found], 0.26)["saturated"].item() == 1
    assert probes.summary([found], 1e-12)["saturated"].item() == 0


def test_slope_of_leaky_relu_is_not_saturation():
    from activations import layer

    model = dense(layer("leaky_relu"))
    (found,) = look(model, *points())
    row = probes.summary([found]).loc["hidden_1"]
    # Negative activations are no zeros.
    assert row["saturated"] == row["zero"] == row["dead"] == 0
    assert (found.activation < 0).any()
    assert set(np.round(found.derivative, 6).ravel()) == {
        np.float32(0.01),
        np.float32(1),
    }


def test_step_layer_stops_all_below_it():
    from activations import step

    below, stepped, above = look(dense("tanh", step, "tanh"), *points())
    assert below.dead.all() and stepped.dead.all()
    assert not above.dead.any()
    assert not stepped.derivative.any()
    assert below.derivative.all()
    table = probes.summary([below, stepped, above])
    assert table["gradient"].iloc[:2].tolist() == [0, 0]
    assert table["gradient"].iloc[2] > 0
    assert set(np.unique(stepped.activation)) == {0, 1}


def test_linear_stack():
    """Gradients of a stack of linear layers, by the product of its kernels."""
    keras.utils.set_random_seed(0)
    stack = [keras.Input((3,))]
    for _ in range(3):
        stack += [keras.layers.Dense(4), keras.layers.Activation("linear")]
    model = keras.Sequential([*stack, keras.layers.Dense(2)])
    x, y = points()
    found = look(model, x, y)
    kernels = [la.get_weights()[0] for la in model.layers if la.weights]
    logits = x @ np.linalg.multi_dot(kernels)
    gradient = special.softmax(logits, axis=1) - np.eye(2)[y]
    for p, kernel in zip(found[::-1], kernels[:0:-1], strict=True):
        gradient = gradient @ kernel.T
        np.testing.assert_allclose(p.gradient, gradient, atol=1e-6)
        assert (p.derivative == 1).all()
        assert (p.activation == p.pre_activation).all()


def test_gradients_by_finite_differences():
    """Of a tanh network, in float64 NumPy, unit by unit."""
    model = dense("tanh", "tanh")
    x, y = points(8)
    weights = [w.astype(np.float64) for w in model.get_weights()]

    def loss(layer, change):
        """The loss of each input, with a change of a layer's z."""
        a = x.astype(np.float64)
        for i in range(3):
            z = a @ weights[2 * i] + weights[2 * i + 1]
            z = z + change if i == layer else z
            a = np.tanh(z)
        return special.logsumexp(z, axis=1) - z[np.arange(8), y]

    for layer, p in enumerate(look(model, x, y)):
        for unit in range(4):
            h = 1e-5 * np.eye(4)[unit]
            slope = (loss(layer, h) - loss(layer, -h)) / 2e-5
            np.testing.assert_allclose(p.gradient[:, unit], slope, atol=1e-6)


def test_derivative_is_negative_where_swish_falls():
    (found,) = look(dense("silu"), 4 * points()[0], points()[1])
    turn = -1 - special.lambertw(np.exp(-1)).real
    assert (found.derivative < 0).any()
    assert ((found.derivative < 0) == (found.pre_activation < turn)).all()


# What it is looked at in.


def test_argument_and_layer_are_the_same():
    argument = dense("tanh", "relu")
    keras.utils.set_random_seed(0)
    layers = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4),
            keras.layers.Activation("tanh"),
            keras.layers.Dense(4),
            keras.layers.ReLU(),
            keras.layers.Dense(2),
            keras.layers.Softmax(),
        ]
    )
    layers.set_weights(argument.get_weights())
    x, y = points()
    loss = keras.losses.sparse_categorical_crossentropy
    left = look(argument, x, y)
    right = probes.probe(layers, x, y, loss)
    # The last layer's activation is not a hidden one.
    assert [p.layer for p in left] == ["hidden_1", "hidden_2"]
    assert len(right) == 2
    for a, b in zip(left, right, strict=True):
        for name in ("pre_activation", "activation", "derivative", "gradient"):
            np.testing.assert_allclose(
                getattr(a, name), getattr(b, name), atol=1e-5
            )


def test_the_articles_network():
    model = networks.build(Configuration("swish_trainable"))
    x = np.random.default_rng(0).random((4, 28, 28, 1)).astype("float32")
    # Its loss is that with which it was compiled.
    found = probes.probe(model, x, np.arange(4))
    assert [p.layer for p in found] == [f"activation_{i}" for i in (1, 2, 3)]
    assert found[0].gradient.shape == (4, 26, 26, 32)
    assert found[2].gradient.shape == (4, 128)
    assert all(np.any(p.gradient) for p in found)


@keras.saving.register_keras_serializable(package="tests")
class Bent(keras.layers.Layer):
    def call(self, inputs):
        return inputs * keras.ops.abs(inputs)


def test_own_activations():
    def square(x):
        return x * x

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation=square, name="own_function"),
            keras.layers.Dense(4),
            Bent(name="own_layer"),
            keras.layers.Dense(2),
        ]
    )
    x, y = points()
    (found,) = look(model, x, y)
    assert found.layer == "own_function"
    np.testing.assert_allclose(found.activation, found.pre_activation**2)
    np.testing.assert_allclose(found.derivative, 2 * found.pre_activation)
    first, second = look(model, x, y, layers=["own_function", "own_layer"])
    assert second.layer == "own_layer"
    np.testing.assert_allclose(
        second.derivative, 2 * np.abs(second.pre_activation), rtol=1e-6
    )
    assert first.gradient.any()


def test_models_within_models_and_layers_used_twice():
    keras.utils.set_random_seed(0)
    shared = keras.layers.Dense(3, activation="tanh", name="shared")
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(5, "relu", name="inside")]
    )
    inputs = keras.Input((3,))
    outputs = keras.layers.Dense(2)(inner(shared(shared(inputs))))
    model = keras.Model(inputs, outputs)
    found = look(model, *points())
    assert [p.layer for p in found] == ["shared", "shared", "inside"]
    np.testing.assert_array_equal(
        found[1].pre_activation.shape, found[0].activation.shape
    )
    assert not np.allclose(found[0].gradient, found[1].gradient)


def test_activations_of_one_tensor():
    """Each has the gradient that comes back through itself alone."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    z = keras.layers.Dense(4)(inputs)
    branches = [keras.layers.Activation(a)(z) for a in ("relu", "linear")]
    outputs = keras.layers.Dense(2)(keras.layers.Add()(branches))
    relu, linear = look(keras.Model(inputs, outputs), *points())
    np.testing.assert_array_equal(relu.pre_activation, linear.pre_activation)
    expected = linear.gradient * (linear.pre_activation > 0)
    np.testing.assert_allclose(relu.gradient, expected, atol=1e-7)


def test_half_precision():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "relu", dtype="mixed_bfloat16"),
            keras.layers.Dense(2, dtype="float32"),
        ]
    )
    (found,) = look(model, *points())
    assert found.gradient.dtype == found.activation.dtype == np.float32
    assert set(np.unique(found.derivative)) == {0, 1}


# What it leaves behind, and what depends on what.


def normalised():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
            keras.layers.Dropout(0.5, seed=0),
            keras.layers.Dense(2),
        ]
    )
    return model


@pytest.mark.parametrize("training", [False, True])
def test_leaves_the_model_as_it_was(training):
    model = normalised()
    x, y = points()
    variables = [v for layer in model.layers for v in layer.variables]
    before = [v.numpy() for v in variables]
    own = [dict(vars(layer)) for layer in model.layers]
    expected = model.predict(x, verbose=0)
    first = look(model, x, y, training=training)
    second = look(model, x, y, training=training)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    for layer, kept in zip(model.layers, own, strict=True):
        assert vars(layer).get("activation") is kept.get("activation")
        assert "call" not in vars(layer)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    np.testing.assert_array_equal(first[0].gradient, second[0].gradient)


def test_leaves_the_model_as_it_was_after_a_failure():
    model = dense("relu")
    activation = model.layers[0].activation

    def broken(y, output):
        raise ArithmeticError("planted")

    x, y = points()
    with pytest.raises(ArithmeticError):
        probes.probe(model, x, y, broken)
    assert model.layers[0].activation is activation


def test_training_normalises_by_the_batch():
    model = normalised()
    x, y = points()
    (inference,) = look(model, 5 + x, y)
    (training,) = look(model, 5 + x, y, training=True)
    assert abs(training.pre_activation.mean()) < 1e-4
    assert training.pre_activation.std() == pytest.approx(1, abs=0.01)
    assert abs(inference.pre_activation.mean()) > 0.1


def test_an_inputs_gradient_is_its_own():
    model = dense("tanh")
    x, y = points()
    (all_,) = look(model, x, y)
    (part,) = look(model, x[10:12], y[10:12])
    np.testing.assert_allclose(part.gradient, all_.gradient[10:12], rtol=1e-5)


# Tables.


def test_summary_of_moments():
    (found,) = look(dense("tanh"), *points())
    row = probes.summary([found]).loc["hidden_1"]
    assert row["pre_sd"] == pytest.approx(found.pre_activation.std())
    assert row["mean"] == pytest.approx(found.activation.mean())
    assert row["gradient"] == pytest.approx(
        np.linalg.norm(found.gradient) / found.gradient.size**0.5
    )


def test_vanished_gradients_are_no_zeros():
    """Their squares are below the smallest float32."""
    p = probes.Probe("a", *[np.full((2, 3), 1e-30, np.float32)] * 4)
    row = probes.summary([p]).loc["a"]
    assert row["gradient"] == pytest.approx(1e-30, rel=1e-3, abs=0)
    assert row["dead"] == 0


def test_monitor():
    model = dense("relu", "relu")
    model.compile("sgd", CROSS_ENTROPY)
    x, y = points()
    monitor = probes.Monitor(x, y)
    start = probes.summary(look(model, x, y))
    model.fit(x, y, epochs=2, verbose=0, callbacks=[monitor])
    table = monitor.history
    assert table.index.tolist() == [
        (epoch, f"hidden_{i}") for epoch in (0, 1, 2) for i in (1, 2)
    ]
    assert table.loc[0].equals(start)
    assert table.loc[2].equals(probes.summary(look(model, x, y)))
    assert not table.loc[1].equals(table.loc[2])


# Bad input.


def test_errors():
    model = dense("relu")
    x, y = points()
    with pytest.raises(ValueError, match=r"Received: layers=\['nowhere'\]"):
        look(model, x, y, layers=["nowhere"])
    with pytest.raises(ValueError, match=r"len\(x\)=60, len\(y\)=59"):
        look(model, x, y[1:])
    with pytest.raises(ValueError, match=r"len\(x\)=0"):
        look(model, x[:0], y[:0])
    with pytest.raises(ValueError, match="Received: loss=None"):
        probes.probe(model, x, y)
    with pytest.raises(ValueError, match=r"`layers`.*logits"):
        look(dense(), x, y)
    with pytest.raises(ValueError, match="is built.*Received: model=<Seq"):
        look(keras.Sequential([keras.layers.Dense(3, "relu")]), x, y)
    with pytest.raises(ValueError, match="Received: model=None"):
        look(None, x, y)
    two = keras.Model(model.inputs, [model.outputs[0], model.outputs[0]])
    with pytest.raises(ValueError, match="one output.*model=<Functional"):
        look(two, x, y)
    found = look(model, x, y)
    for bad in (0, -1, float("nan"), "0.1", True, None):
        with pytest.raises(ValueError, match=f"threshold={bad!r}"):
            probes.summary(found, bad)


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="backend='jax'"):
        look(dense("relu"), *points())
