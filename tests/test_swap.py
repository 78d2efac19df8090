"""Tests of `activations.swap` against Keras's own models and layers."""

import keras
import numpy as np
import pytest
from keras import layers

import activations
from activations import Swish, swap
from comparison import networks, runs

X = np.random.default_rng(0).normal(size=(2, 5)).astype("float32")


def parts(model):
    return [
        one
        for one in model._flatten_layers(include_self=False)
        if not isinstance(one, keras.Model)
    ]


def shaken(model):
    """The model with other weights, statistics of normalisation included."""
    rng = np.random.default_rng(1)
    model.set_weights(
        [w * rng.uniform(0.8, 1.2, w.shape) + 0.01 for w in model.get_weights()]
    )
    return model


@pytest.fixture
def mixed():
    """All the ways in which an activation is in a model, one inside another."""
    inputs = keras.Input((5,), name="features")
    inner = keras.Sequential(
        [layers.Dense(4, activation="relu", name="d1"), layers.ReLU(name="r1")],
        name="inner",
    )
    shared = layers.Dense(5, activation="relu", name="shared")
    x = layers.Activation("relu", name="a1")(shared(inputs))
    x = layers.Add(name="add")([shared(x), inputs])
    x = layers.ReLU(max_value=6, name="six")(inner(x))
    return shaken(
        keras.Model(inputs, layers.Dense(2, "softmax", name="out")(x))
    )


def test_the_same_for_the_same_gives_the_same(mixed):
    before = mixed.get_weights()
    copy = swap(mixed, "relu", "relu")
    np.testing.assert_array_equal(copy(X), mixed(X))
    for one, two, old in zip(copy.get_weights(), mixed.get_weights(), before):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(two, old)
    assert not {id(w) for w in copy.weights} & {id(w) for w in mixed.weights}
    assert [one.name for one in copy.layers] == [o.name for o in mixed.layers]


def test_every_place_is_swapped_and_nothing_else(mixed):
    copy = swap(mixed, "relu", "tanh")
    named = {one.name: one for one in parts(copy)}
    tanh = keras.activations.tanh
    for name in ("shared", "a1", "d1", "r1"):
        assert named[name].activation is tanh
    assert named["six"].max_value == 6
    assert named["out"].activation is keras.activations.softmax
    # What it computes, by hand.
    w = {one.name: [np.array(v) for v in one.weights] for one in parts(mixed)}

    def dense(name, x):
        return x @ w[name][0] + w[name][1]

    x = np.tanh(dense("shared", np.tanh(np.tanh(dense("shared", X))))) + X
    x = np.clip(np.tanh(np.tanh(dense("d1", x))), 0, 6)
    e = np.exp(dense("out", x))
    np.testing.assert_allclose(copy(X), e / e.sum(1, keepdims=True), rtol=1e-5)
    # The original is as it was.
    assert mixed.get_layer("shared").activation is keras.activations.relu


def test_trainable_swish_follows_an_argument_and_comes_back(mixed):
    copy = swap(mixed, "relu", "swish_trainable")
    assert sum(type(one) is Swish for one in parts(copy)) == 4
    names = {one.name: one for one in parts(copy)}
    assert names["shared"].activation is keras.activations.linear
    assert type(names["shared_activation"]) is Swish
    assert len(copy.trainable_weights) == len(mixed.trainable_weights) + 4
    np.testing.assert_allclose(copy(X), swap(mixed, "relu", "swish")(X), 1e-5)

    for one in parts(copy):
        if type(one) is Swish:
            one.beta.assign(0.3)
    again = swap(copy, "swish_trainable", "swish_trainable")
    np.testing.assert_array_equal(again(X), copy(X))
    back = swap(copy, "swish_trainable", "relu")
    np.testing.assert_allclose(back(X), mixed(X), rtol=1e-5)


def test_a_swapped_model_trains_and_is_saved(tmp_path):
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(4, "relu"), layers.Dense(1)]
    )
    copy = swap(model, "relu", "swish_trainable")
    copy.compile("sgd", "mse")
    copy.fit(X, np.ones((2, 1)), verbose=0)
    assert float(copy.layers[1].beta) != 1
    copy.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras")
    np.testing.assert_array_equal(loaded(X), copy(X))


# Old, as a layer that does not compute another's, and as found or not.
KINDS = [
    (layers.ReLU(), "relu", True),
    (layers.ReLU(max_value=6), "relu", False),
    (layers.ReLU(max_value=6), "relu6", True),
    (layers.ReLU(max_value=6), layers.ReLU, True),
    (layers.LeakyReLU(0.01), "leaky_relu", True),
    (layers.LeakyReLU(0.3), "leaky_relu", False),
    (layers.LeakyReLU(0.3), layers.LeakyReLU(0.3), True),
    (layers.LeakyReLU(0.3), layers.LeakyReLU, True),
    (layers.Activation("silu"), "swish", True),
    (layers.Activation(activations.swish), "silu", True),
    (layers.Activation("gelu"), keras.activations.gelu, True),
    (layers.PReLU(), layers.PReLU, True),
    (layers.ELU(), "elu", True),
    (layers.Softmax(), "softmax", True),
    (Swish(), "swish_trainable", True),
    (Swish(), "swish", False),
    (Swish(trainable=False), "swish_trainable", False),
    (Swish(shared_axes=1), Swish, True),
]


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_what_is_the_old_activation(number):
    one, old, found = KINDS[number]
    model = keras.Sequential([keras.Input((5,)), activations.layer(one)])
    if found:
        np.testing.assert_allclose(
            swap(model, old, "tanh")(X), np.tanh(X), rtol=1e-6
        )
    else:
        with pytest.raises(ValueError, match="nowhere in the model") as error:
            swap(model, old, "tanh")
        assert str(error.value).endswith(f"Received: old={old!r}")


@pytest.mark.parametrize(
    "one",
    [
        layers.LSTM(3, name="it"),
        layers.TimeDistributed(layers.Dense(3, "tanh"), name="it"),
        layers.Bidirectional(layers.GRU(3), name="it"),
    ],
)
def test_inside_another_layer_it_is_named_and_not_swapped(one):
    model = keras.Sequential([keras.Input((4, 5)), one])
    with pytest.raises(ValueError, match=f"{type(one).__name__} 'it'") as e:
        swap(model, "tanh", "relu")
    assert "\n" not in str(e.value)
    assert str(e.value).endswith("Received: old='tanh'")


@pytest.fixture
def residual():
    inputs = keras.Input((4,))
    x = layers.Dense(4, "relu", name="dense")(inputs)
    return keras.Model(inputs, layers.Dense(2)(keras.ops.exp(x) + inputs))


def test_operations_stay_as_they_are(residual):
    x = np.random.default_rng(4).normal(size=(3, 4))
    np.testing.assert_array_equal(
        swap(residual, "relu", "relu")(x), residual(x)
    )
    copy = swap(residual, "relu", "tanh")
    assert copy.get_layer("dense").activation is keras.activations.tanh
    for one, twin in zip(residual.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(one, twin)


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: keras.ops.mean(x, axis=[1, 2]),
        lambda x: keras.ops.sum(x, axis=1),
        lambda x: keras.ops.reshape(x, (-1, 64)),
        lambda x: keras.ops.transpose(x, (0, 2, 1, 3)),
    ],
)
def test_operations_of_another_shape_stay_as_they_are(operation):
    inputs = keras.Input((4, 4, 1))
    x = operation(layers.Conv2D(4, 1, activation="relu")(inputs))
    model = keras.Model(inputs, x)
    x = np.random.default_rng(4).normal(size=(3, 4, 4, 1))
    np.testing.assert_array_equal(swap(model, "relu", "relu")(x), model(x))
    assert not np.array_equal(swap(model, "relu", "tanh")(x), model(x))


@pytest.mark.parametrize("first", ["relu", "linear"])
def test_an_operation_that_is_the_activation_is_named(first):
    inputs = keras.Input((4,))
    outputs = keras.ops.relu(layers.Dense(3, first)(inputs))
    model = keras.Model(inputs, outputs)
    with pytest.raises(ValueError, match="as an operation, 'relu"):
        swap(model, "relu", "tanh")


@pytest.mark.parametrize("model", [None, "model", layers.Dense(1)])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(ValueError, match="Received: model="):
        swap(model, "relu", "tanh")


def test_a_subclassed_model_is_refused():
    class Own(keras.Model):
        pass

    with pytest.raises(ValueError, match="Received: model=<Own"):
        swap(Own(), "relu", "tanh")


def test_an_unknown_name_is_refused(mixed):
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        swap(mixed, "rellu", "tanh")
    with pytest.raises(ValueError, match="Did you mean 'tanh'"):
        swap(mixed, "relu", "tahn")


def test_a_model_that_is_not_built_is_swapped_all_the_same():
    model = keras.Sequential([layers.Dense(3, "relu")])
    copy = swap(model, "relu", "swish_trainable")
    assert not copy.built and [type(o).__name__ for o in copy.layers] == [
        "Dense",
        "Swish",
    ]


@pytest.mark.parametrize(
    "make, old, places",
    [
        ("MobileNetV2", "relu6", 35),
        ("ResNet50", "relu", 49),
        ("EfficientNetB0", "swish", 49),
    ],
)
def test_keras_applications(make, old, places):
    model = getattr(keras.applications, make)(
        weights=None, input_shape=(32, 32, 3), classes=3
    )
    images = np.random.default_rng(2).uniform(0, 255, (1, 32, 32, 3))
    copy = swap(model, old, old)
    np.testing.assert_array_equal(copy(images), model(images))
    learning = swap(model, old, "swish_trainable")
    assert sum(type(one) is Swish for one in parts(learning)) == places
    assert learning.count_params() == model.count_params() + places


@pytest.mark.parametrize("old", ["relu", "leaky_relu", "swish_trainable"])
def test_the_network_of_the_article(old):
    model = shaken(networks.build(runs.Configuration(old)))
    images = np.random.default_rng(3).uniform(size=(2, 28, 28, 1))
    np.testing.assert_array_equal(swap(model, old, old)(images), model(images))
    other = networks.build(runs.Configuration("tanh"))
    copy = swap(model, old, "tanh")
    activation_free = [
        w for o in model.layers if type(o) is not Swish for w in o.get_weights()
    ]
    other.set_weights(activation_free)
    np.testing.assert_array_equal(copy(images), other(images))
