"""Notebook 2's own network and experiment, from the text of its cells."""

import pathlib

import keras
import nbformat
import numpy as np
import pytest
from keras import layers

import activations
from comparison import networks
from comparison.configuration import Configuration

PATH = (
    pathlib.Path(__file__).resolve().parent.parent
    / "notebooks"
    / "02_mnist_comparison.ipynb"
)
BIASES = ("conv_1/bias", "conv_2/bias", "dense/bias")


def defined(name):
    """Returns what the notebook's cell defines under a name."""
    (source,) = (
        cell.source
        for cell in nbformat.read(PATH, as_version=4).cells
        if cell.cell_type == "code" and f"def {name}(" in cell.source
    )
    space = {"keras": keras, "layers": layers, "activations": activations}
    exec(source, space)
    return space[name]


@pytest.fixture(scope="module")
def network():
    return defined("network")


def dropouts(model):
    return [x for x in model.layers if isinstance(x, layers.Dropout)]


@pytest.mark.parametrize("activation", ["leaky_relu", "swish_trainable"])
def test_network_is_the_projects(network, activation):
    own, project = (
        network(activation),
        networks.build(Configuration(activation)),
    )
    assert own.count_params() == project.count_params()
    assert [x.rate for x in dropouts(own)] == [
        x.rate for x in dropouts(project)
    ]
    # Trained without dropout, whose masks are another's.
    for layer in (*dropouts(own), *dropouts(project)):
        layer.rate = 0.0
    own.set_weights(project.get_weights())
    rng = np.random.default_rng(0)
    images = rng.random((32, 28, 28, 1), "float32")
    labels = rng.integers(0, 10, 32)
    np.testing.assert_allclose(
        own(images), project(images), rtol=1e-4, atol=1e-6
    )
    # The second loss is that of the weights which the first step made; the
    # losses include the L2 penalty.
    for _ in range(2):
        one, other = (
            model.train_on_batch(images, labels) for model in (own, project)
        )
        np.testing.assert_allclose(one, other, rtol=1e-4)
    for one, other in zip(own.weights, project.weights):
        apart = np.abs(
            keras.ops.convert_to_numpy(one.value)
            - keras.ops.convert_to_numpy(other.value)
        )
        # A bias in front of a normalisation has no gradient but rounding,
        # which Adam makes as large as any; elsewhere it turns a few steps.
        if not other.path.endswith(BIASES):
            assert apart.mean() < 1e-5, other.path


def test_start_is_taken_out_of_the_moving_averages():
    model = keras.Sequential([keras.Input((3,)), layers.BatchNormalization()])
    rng = np.random.default_rng(1)
    batches = rng.normal(5, [0.1, 1, 10], (40, 64, 3)).astype("float32")
    for batch in batches:
        model(batch, training=True)
    defined("take_start_out")(model, steps=len(batches))
    _, _, mean, variance = model.get_weights()
    # The later, the more weight; of a start there is none.
    weights = 0.99 ** np.arange(len(batches))[::-1]
    for found, values in (
        (mean, batches.mean(axis=1)),
        (variance, batches.var(axis=1)),
    ):
        expected = np.average(values, axis=0, weights=weights)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
