"""Tests of comparison/runs.py: configurations, records, interruptions."""

import dataclasses
import errno
import functools
import gc
import hashlib
import importlib.util
import io
import json
import logging
import math
import os
import pathlib
import subprocess
import sys
import weakref

import filelock
import keras
import numpy as np
import pytest

import activations
from comparison import data, networks, records, runs, studies
from comparison.configuration import Configuration

CONFIGURATION = Configuration("swish_trainable", epochs=2, batch_size=16)


class Watched(np.ndarray):
    """An array that notes when it is read."""

    log = []

    def __getitem__(self, index):
        self.log.append("test images")
        return super().__getitem__(index)


@dataclasses.dataclass
class Finished:
    """A run that ended: its record, its file, and how it went."""

    record: dict
    path: pathlib.Path
    model: keras.Model
    log: list
    orders: list


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_images):
    """A run of CONFIGURATION, watched."""
    folder = tmp_path_factory.mktemp("finished")
    models, log, orders = [], [], []
    build = networks.build

    def watched_build(configuration):
        models.append(build(configuration, (8, 8, 1)))
        return models[-1]

    def watched(name, method):
        @functools.wraps(method)
        def call(self, *arguments, **keywords):
            log.append(name)
            if name == "fit":
                orders.append(fed[-1].order.tolist())
            return method(self, *arguments, **keywords)

        return call

    fed = []
    feed = runs.Batches.feed

    def watched_feed(batches):
        fed.append(batches)
        return feed(batches)

    Watched.log = log
    images = dataclasses.replace(
        tiny_images, x_test=tiny_images.x_test.view(Watched)
    )
    with pytest.MonkeyPatch.context() as patch:
        # A model of its own, before and after.
        patch.setattr(runs, "_idle", {})
        patch.setattr(networks, "build", watched_build)
        patch.setattr(data, "load", lambda *arguments: images)
        patch.setattr(runs.Batches, "feed", watched_feed)
        for name in ("fit", "evaluate", "predict"):
            method = getattr(keras.Model, name)
            patch.setattr(keras.Model, name, watched(name, method))
        record = runs.run(CONFIGURATION, folder)
    path = folder / f"{CONFIGURATION.key}.json"
    return Finished(record, path, models[0], log, orders)


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the record's file, to be spoilt."""
    path = tmp_path / finished.path.name
    path.write_bytes(finished.path.read_bytes())
    return path


def interrupted_run(configuration, folder, epoch):
    """Runs until `epoch` epochs are over, and is interrupted there."""

    def interrupt(history):
        if len(history["loss"]) == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(configuration, folder, on_epoch=interrupt)


def names(folder):
    """The files there, but for the locks'."""
    return sorted(p.name for p in folder.iterdir() if p.name != ".locks")


# Configurations.

BAD_FIELDS = [
    *(("seed", value, "[0, 4294967295]") for value in (-1, 2**32, 1.0, "1")),
    *(("epochs", value, "[1, 10000]") for value in (0, -3, 10_001, 2.5)),
    *(("batch_size", value, "[1, 65536]") for value in (0, 65_537, "many")),
    *(("dropout", value, "[0, 1)") for value in (-0.1, 1, 1.5, "half")),
    *(("learning_rate", value, "(0, 10]") for value in (0, -0.001, 11)),
    *(("negative_slope", value, "[0, 1]") for value in (-0.01, 1.01, [])),
    *(("beta", value, "[-100, 100]") for value in (-101, 1e30, "one")),
    *(("train_samples", value, "[10, 60000]") for value in (9, 60_001, 2.5)),
    *(
        (name, value, "must be a")
        for name in (
            "seed",
            "epochs",
            "batch_size",
            "dropout",
            "learning_rate",
            "negative_slope",
            "beta",
        )
        for value in (True, None, math.nan, math.inf, -math.inf, 1j)
    ),
    *(("batch_normalization", value, "True, False") for value in (1, "yes")),
    *(("hidden", value, "list of one or more") for value in ((), 3, "100")),
    *(("stddev", value, "(0, 100]") for value in (0, -1, 101, "small")),
    *(("momentum", value, "[0, 1)") for value in (-0.1, 1, None)),
    *(("epsilon", value, "(0, 1]") for value in (0, -1e-7, 2, None)),
    *(("optimizer", value, "'adam', 'sgd'") for value in ("lbfgs", None)),
    *(("network", value, "'dense'") for value in ("cnn", 3)),
    *(("output", value, "'softmax', 'sigmoid'") for value in ("relu", None)),
    *(("dtype_policy", value, "'float32'") for value in ("float8", 32, None)),
    *(("validation", value, "'held_out', 'test'") for value in ("", True)),
    *(
        ("kernel_initializer", value, "name")
        for value in ("he", "zeros", "", None, 3, keras.initializers.HeNormal())
    ),
]


@pytest.fixture
def no_data(monkeypatch):
    def fail(*arguments, **keywords):
        raise AssertionError("data were loaded")

    monkeypatch.setattr(data, "load", fail)
    monkeypatch.setattr(data, "_arrays", fail)


@pytest.mark.parametrize("field, value, allowed", BAD_FIELDS)
def test_bad_field(no_data, field, value, allowed):
    with pytest.raises(ValueError) as caught:
        Configuration("relu", **{field: value})
    message = str(caught.value)
    assert f"`{field}`" in message
    assert allowed in message
    assert f"{field}={value!r}" in message


@pytest.mark.parametrize(
    "field, values",
    [
        ("seed", (0, 2**32 - 1)),
        ("epochs", (1, 10_000)),
        ("batch_size", (1, 65_536)),
        ("dropout", (0, 0.999)),
        ("learning_rate", (1e-9, 10)),
        ("negative_slope", (0, 1)),
        ("beta", (-100, 100)),
        ("train_samples", (10, 60_000, None)),
        ("validation", ("held_out", "test")),
        ("dtype_policy", ("float32", "mixed_bfloat16", "mixed_float16")),
        ("kernel_initializer", ("he_normal", "lecun_uniform")),
    ],
)
def test_ends_of_the_ranges_are_taken(field, values):
    activation = {"negative_slope": "leaky_relu", "beta": "swish"}
    for value in values:
        configuration = Configuration(
            activation.get(field, "relu"), **{field: value}
        )
        assert getattr(configuration, field) == value


@pytest.mark.parametrize(
    "fields, needed",
    [
        ({"beta": 2.0}, "activation 'swish' or 'swish_trainable'"),
        ({"scale": 2.0}, "activation 'swish' or 'swish_trainable'"),
        ({"negative_slope": 0.2}, "activation 'leaky_relu'"),
        ({"stddev": 0.1}, "kernel_initializer 'random_normal'"),
        ({"momentum": 0.9}, "optimizer 'sgd'"),
        ({"epsilon": 1e-8, "optimizer": "sgd"}, "optimizer 'adam'"),
        ({"hidden": (100,)}, "network 'dense' or 'mish'"),
        ({"random_biases": True}, "network 'dense' or 'mish'"),
        ({"output": "sigmoid"}, "network 'dense' or 'mish'"),
        (
            {"extra_dense": True, "network": "dense", "hidden": (100,)},
            "network 'article'",
        ),
    ],
)
def test_field_without_effect(no_data, fields, needed):
    """Such as a beta of an activation that has none."""
    with pytest.raises(ValueError) as caught:
        Configuration("relu", **fields)
    message = str(caught.value)
    name, value = next(iter(fields.items()))
    assert f"`{name}` has an effect only with {needed}" in message
    assert f"{name}={value!r}" in message


@pytest.mark.parametrize("units", [0, 2.5, 10_001, None])
def test_layer_of_so_many_units(no_data, units):
    with pytest.raises(
        ValueError, match=r"an integer in \[1, 10000\]"
    ) as error:
        Configuration("relu", network="dense", hidden=(100, units))
    assert f"hidden={units!r}" in str(error.value)


@pytest.mark.parametrize("network", ["dense", "mish"])
def test_depth_of_nothing(no_data, network):
    with pytest.raises(ValueError, match="`hidden` must name the units"):
        Configuration("relu", network=network)


def test_selu_with_batch_normalisation_is_allowed():
    Configuration("selu", batch_normalization=True)


def test_unknown_activation(no_data):
    with pytest.raises(ValueError) as caught:
        Configuration("swich")
    message = str(caught.value)
    assert "Did you mean 'swish'" in message
    for name in (*activations.CATALOG, "swish_trainable", "gelu"):
        assert name in message
    assert "'swich'" in message


@pytest.mark.parametrize(
    "activation", [None, 3, activations.swish, keras.layers.ReLU()]
)
def test_activation_that_is_no_name(activation):
    with pytest.raises(ValueError, match="`activation`"):
        Configuration(activation)


def test_unknown_dataset(no_data):
    with pytest.raises(ValueError, match="Did you mean 'fashion_mnist'"):
        Configuration("relu", dataset="fashion")


def test_configuration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CONFIGURATION.epochs = 3


def test_key_rests_on_what_differs_from_the_defaults():
    # The committed records are found under these names for all time.
    digest = hashlib.sha256(b'{"activation": "relu"}').hexdigest()[:8]
    assert Configuration("relu").key == f"mnist-relu-seed0-{digest}"
    digest = hashlib.sha256(
        b'{"activation": "tanh", "dropout": 0.25, "seed": 3}'
    ).hexdigest()[:8]
    key = Configuration("tanh", seed=3, dropout=0.25).key
    assert key == f"mnist-tanh-seed3-{digest}"


def test_key_is_the_same_for_equal_configurations():
    explicit = {
        field.name: field.default
        for field in dataclasses.fields(Configuration)
        if field.name != "activation"
    }
    assert Configuration("relu", **explicit).key == Configuration("relu").key
    one, two = (Configuration("swish", beta=beta) for beta in (2, 2.0))
    assert one == two and one.key == two.key
    one, two = (Configuration("relu", dropout=rate) for rate in (0.0, -0.0))
    assert one == two and one.key == two.key


def test_every_field_changes_the_key():
    others = {
        "activation": "tanh",
        "dataset": "mnist_sample",
        "seed": 1,
        "epochs": 21,
        "batch_size": 127,
        "dropout": 0.4,
        "batch_normalization": False,
        "kernel_initializer": "he_normal",
        "stddev": 0.1,
        "random_biases": True,
        "output": "sigmoid",
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.9,
        "epsilon": 1e-8,
        "schedule": False,
        "shuffle": False,
        "negative_slope": 0.2,
        "beta": 2,
        "scale": 2,
        "dtype_policy": "mixed_bfloat16",
        "validation": "test",
        "train_samples": 1000,
        "extra_dense": True,
        "fits": 2,
        "hidden": (100,),
        "network": "mish",
    }
    assert set(others) == {f.name for f in dataclasses.fields(Configuration)}
    # With what some of them have an effect only with.
    dense = {"network": "dense", "hidden": (10,)}
    needed = {
        "beta": {"activation": "swish"},
        "scale": {"activation": "swish"},
        "negative_slope": {"activation": "leaky_relu"},
        "stddev": {"kernel_initializer": "random_normal"},
        "momentum": {"optimizer": "sgd"},
        "hidden": dense,
        "random_biases": dense,
        "output": dense,
        "network": dense,
    }
    for field, value in others.items():
        first = Configuration(**{"activation": "relu", **needed.get(field, {})})
        assert dataclasses.replace(first, **{field: value}).key != first.key


# A finished run.


def test_record_on_disk_is_the_record_returned(finished):
    assert json.loads(finished.path.read_text()) == finished.record
    assert records.read(finished.path) == finished.record
    assert runs.find(CONFIGURATION, [finished.path.parent]) == finished.record


def test_nothing_but_the_record_is_left(finished):
    assert names(finished.path.parent) == [finished.path.name]
    assert finished.path.stat().st_mode & 0o777 == 0o644


def test_record_layout(finished):
    record = finished.record
    assert Configuration(**record["configuration"]) == CONFIGURATION
    assert record["parameters"] == finished.model.count_params()
    assert record["train_samples"] == 60
    assert record["diverged"] is False
    history = record["history"]
    betas = history["beta"]
    assert set(betas) == {"activation_1", "activation_2", "activation_3"}
    for column in (*betas.values(), *(history.keys() - {"beta"})):
        values = history[column] if isinstance(column, str) else column
        assert len(values) == 2
        assert all(isinstance(value, float) for value in values)
    for name, values in betas.items():
        last = float(finished.model.get_layer(name).beta)
        assert values[-1] == last != 1
    assert set(history) == {
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
        "seconds",
        "beta",
    }
    assert min(history["seconds"]) > 0
    assert history["learning_rate"] == pytest.approx([0.001] * 2)


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_other_backends(backend):
    """The loss in the test is Keras's, and torch does not warn of it."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
import warnings
import numpy as np
from comparison import data, runs
from comparison.configuration import Configuration
x = np.random.default_rng(0).integers(256, size=(20, 28, 28, 1), dtype="uint8")
images = data.Dataset("mnist", *(x, np.arange(20) % 10) * 3)
configuration = Configuration("relu", epochs=1, batch_size=10)
training = runs.Training(configuration, images)
training.epoch()
warnings.simplefilter("error", UserWarning)
print(training.record()["test"]["loss"], training.history["val_loss"][0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pathlib.Path(__file__).resolve().parent.parent,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    # The images are those of the validation.
    test, validation = map(float, done.stdout.split())
    assert test == pytest.approx(validation, rel=1e-5)


def test_environment(finished):
    environment = finished.record["environment"]
    assert environment["backend"] == "tensorflow"
    assert environment["keras"] == keras.__version__
    assert environment["numpy"] == np.__version__
    assert environment["threads"] >= 1


def test_hash_is_of_everything_else(finished):
    content = json.loads(finished.path.read_text())
    found = content.pop("hash")
    text = json.dumps(content, sort_keys=True)
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_validation_is_keras_evaluation(finished, tiny_images):
    images = tiny_images.x_validation.astype("float32") / 255
    loss, accuracy = finished.model.evaluate(
        images, tiny_images.y_validation, verbose=0
    )
    history = finished.record["history"]
    assert history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert history["val_accuracy"][-1] == pytest.approx(accuracy)


def test_test_is_keras_evaluation(finished, tiny_images):
    images = tiny_images.x_test.astype("float32") / 255
    loss, accuracy = finished.model.evaluate(
        images, tiny_images.y_test, verbose=0
    )
    test = finished.record["test"]
    assert test["loss"] == pytest.approx(loss, rel=1e-5)
    assert test["accuracy"] == pytest.approx(accuracy)


def test_misclassified_images(finished, tiny_images):
    images = tiny_images.x_test.astype("float32") / 255
    classes = np.argmax(finished.model(images), axis=1)
    expected = [
        [index, int(found)]
        for index, (found, true) in enumerate(zip(classes, tiny_images.y_test))
        if found != true
    ]
    test = finished.record["test"]
    # Neither none nor all, or the list says little.
    assert 0 < len(expected) < 20
    assert test["misclassified"] == expected
    assert test["accuracy"] == pytest.approx(1 - len(expected) / 20)


def test_test_images_are_read_once_after_training(finished):
    calls = [name for name in finished.log if name != "test images"]
    assert calls == ["fit", "evaluate", "fit", "evaluate", "predict"]
    first = finished.log.index("test images")
    assert first > finished.log.index("predict")


def test_order_of_batches(finished):
    first, second = finished.orders
    assert sorted(first) == sorted(second) == list(range(60))
    assert first != second
    assert first != sorted(first)
    # From seed and epoch alone, so the same for every activation.
    for epoch, order in enumerate(finished.orders):
        expected = np.random.default_rng([0, epoch]).permutation(60)
        assert order == expected.tolist()


def test_batches():
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2, 1)
    batches = runs.Batches(
        images, np.arange(7), 3, np.array([6, 5, 4, 3, 2, 1, 0])
    )
    assert len(batches) == 3
    x, y = batches[0]
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, images[[6, 5, 4]] / np.float32(255))
    assert y.tolist() == [6, 5, 4]
    assert batches[2][1].tolist() == [0]


def test_same_configuration_same_record(tiny, finished, tmp_path):
    # Whatever state the process is in.
    keras.utils.set_random_seed(99)
    again = runs.run(CONFIGURATION, tmp_path)
    assert runs.result(again) == runs.result(finished.record)
    assert again["hash"] == records.content_hash(again)


def test_result_leaves_out_times_and_environment(finished):
    other = json.loads(json.dumps(finished.record))
    other["environment"] = {"cores": 3}
    other["history"]["seconds"] = [1.0, 2.0]
    other["hash"] = "other"
    assert runs.result(other) == runs.result(finished.record)
    for path in (
        ("history", "loss"),
        ("history", "learning_rate"),
        ("history", "beta"),
        ("test", "misclassified"),
        ("configuration", "seed"),
    ):
        changed = json.loads(json.dumps(finished.record))
        changed[path[0]][path[1]] = "changed"
        assert runs.result(changed) != runs.result(finished.record)
    for name in ("parameters", "train_samples", "diverged"):
        changed = {**finished.record, name: "changed"}
        assert runs.result(changed) != runs.result(finished.record)


def test_validation_on_the_test_images(tiny_images, monkeypatch, tmp_path):
    received = []

    def load(*arguments):
        received.append(arguments)
        return dataclasses.replace(
            tiny_images,
            x_validation=tiny_images.x_test,
            y_validation=tiny_images.y_test,
        )

    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr(
        networks,
        "build",
        functools.partial(networks.build, input_shape=(8, 8, 1)),
    )
    configuration = Configuration(
        "relu", epochs=1, batch_size=16, validation="test", train_samples=60
    )
    record = runs.run(configuration, tmp_path, "somewhere")
    assert received == [("mnist", "somewhere", "test", 60)]
    test, history = record["test"], record["history"]
    assert test["loss"] == pytest.approx(history["val_loss"][-1], rel=1e-5)
    assert test["accuracy"] == pytest.approx(history["val_accuracy"][-1])
    assert "beta" not in history


def test_data_error_writes_nothing(tmp_path, monkeypatch):
    def load(*arguments):
        raise data.DataError("no data")

    monkeypatch.setattr(data, "load", load)
    with pytest.raises(data.DataError):
        runs.run(CONFIGURATION, tmp_path / "results")
    assert not (tmp_path / "results").exists()


# Interruptions.


class Impatient(keras.callbacks.ReduceLROnPlateau):
    """Takes every second epoch after the first for the end of a plateau."""

    def __init__(self, *arguments, **keywords):
        keywords.update(patience=2, min_delta=1000)
        super().__init__(*arguments, **keywords)


def test_interrupted_run_equals_uninterrupted(tiny, monkeypatch, tmp_path):
    """Also when the rate was lowered before, and half the patience is over."""
    monkeypatch.setattr(keras.callbacks, "ReduceLROnPlateau", Impatient)
    configuration = Configuration("swish_trainable", epochs=6, batch_size=16)
    whole = runs.run(configuration, tmp_path / "whole")
    rates = whole["history"]["learning_rate"]
    # Lowered after the epochs 3 and 5, as the schedule has it.
    assert rates == pytest.approx([1e-3] * 3 + [2e-4] * 2 + [4e-5], rel=1e-6)

    folder = tmp_path / "interrupted"
    interrupted_run(configuration, folder, 4)
    # Four epochs are saved, the last with a new rate and one bad epoch.
    assert names(folder) == [f"{configuration.key}.checkpoint.npz"]
    assert runs.find(configuration, [folder]) is None

    epochs = []
    resumed = runs.run(
        configuration,
        folder,
        on_epoch=lambda history: epochs.append(len(history["loss"])),
    )
    assert epochs == [5, 6]
    assert runs.result(resumed) == runs.result(whole)
    assert len(resumed["history"]["seconds"]) == 6
    assert names(folder) == [f"{configuration.key}.json"]


def test_epoch_is_saved_before_it_is_shown(pool, tmp_path):
    shown = []

    def look(history):
        state = runs.load_checkpoint(DENSE, tmp_path)
        described = np.load(io.BytesIO(state))["described"].tobytes()
        assert json.loads(described)["history"] == history
        shown.append(len(history["loss"]))

    runs.run(DENSE, tmp_path, on_epoch=look)
    assert shown == [1, 2]


def test_second_fit(pool, monkeypatch, tmp_path):
    """It goes on where the first ended; only the schedule begins anew."""
    monkeypatch.setattr(keras.callbacks, "ReduceLROnPlateau", Impatient)
    configuration = dataclasses.replace(DENSE, epochs=3, fits=2)
    whole = runs.run(configuration, tmp_path / "whole")
    rates = whole["history"]["learning_rate"]
    # In one fit of 6 epochs it would be lowered after the fifth as well.
    assert rates == pytest.approx([1e-3] * 3 + [2e-4] * 3, rel=1e-6)
    one_fit = dataclasses.replace(configuration, epochs=6, fits=1)
    record = runs.run(one_fit, tmp_path / "one_fit")
    assert record["history"]["learning_rate"][5] == pytest.approx(4e-5)
    for column in ("loss", "val_loss", "accuracy"):
        # The rate is the same until then.
        assert record["history"][column][:5] == whole["history"][column][:5]
    # Interrupted between the fits, and again in the middle of the second.
    folder = tmp_path / "interrupted"
    for epoch in (3, 5):
        interrupted_run(configuration, folder, epoch)
    again = runs.run(configuration, folder)
    assert runs.result(again) == runs.result(whole)


def test_interrupted_in_the_test(tiny, finished, monkeypatch, tmp_path):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_test", interrupt)
        with pytest.raises(KeyboardInterrupt):
            runs.run(CONFIGURATION, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "fit", interrupt)
        record = runs.run(CONFIGURATION, tmp_path)
    assert runs.result(record) == runs.result(finished.record)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory, tiny_images):
    """Checkpoints behind the first epoch: of CONFIGURATION, and of relu."""
    folder = tmp_path_factory.mktemp("checkpoints")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda *arguments: tiny_images)
        patch.setattr(
            networks,
            "build",
            functools.partial(networks.build, input_shape=(8, 8, 1)),
        )
        for activation in ("swish_trainable", "relu"):
            configuration = dataclasses.replace(
                CONFIGURATION, activation=activation
            )
            interrupted_run(configuration, folder, 1)
            path = folder / f"{configuration.key}.checkpoint.npz"
            found[activation] = path.read_bytes()
    return found


def resaved(content, change, rehash=False):
    """A checkpoint whose arrays were changed, every checksum right."""
    with np.load(io.BytesIO(content)) as saved:
        arrays = dict(saved)
    change(arrays)
    if rehash:
        variables = [v for n, v in arrays.items() if n.startswith("variable_")]
        arrays["hash"] = runs._arrays_hash([arrays["described"], *variables])
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def other_types(arrays):
    """Numbers that are read as others."""
    kernel = max(arrays, key=lambda name: arrays[name].size)
    assert arrays[kernel].dtype == np.float32
    arrays[kernel] = arrays[kernel].view(np.int32)


def describe(arrays, change):
    described = json.loads(arrays["described"].tobytes())
    change(described)
    described = json.dumps(described).encode()
    arrays["described"] = np.frombuffer(described, np.uint8)


def other_history(arrays):
    describe(arrays, lambda d: d["history"].update(val_accuracy=[0.9999]))


def longer_column(arrays):
    describe(arrays, lambda d: d["history"]["loss"].append(0.5))


def too_many_epochs(arrays):
    def repeat(described):
        history = described["history"]
        for column in (*history.values(), *history["beta"].values()):
            if isinstance(column, list):
                column *= 3

    describe(arrays, repeat)


def old_format(arrays):
    """The hash with the description, of the variables alone."""
    del arrays["hash"]
    variables = [v for n, v in arrays.items() if n.startswith("variable_")]
    digest = runs._arrays_hash(variables)
    describe(arrays, lambda d: d.update(hash=digest))


def without_backend(arrays):
    describe(arrays, lambda d: d.pop("backend"))


def other_backend(arrays):
    describe(arrays, lambda d: d.update(backend="another"))


@pytest.mark.parametrize(
    "damage",
    [
        *("cut", "garbage", "altered", "relu", "other types", "other history"),
        *("longer column", "too many epochs", "old format", "other backend"),
    ],
)
def test_damaged_checkpoint(
    tiny, finished, checkpoints, caplog, tmp_path, damage
):
    whole = checkpoints["swish_trainable"]
    middle = len(whole) // 2
    content = {
        "cut": whole[:middle],
        "garbage": b"no archive",
        "altered": whole[:middle] + b"\x55" * 8 + whole[middle + 8 :],
        "relu": checkpoints["relu"],
        "other types": resaved(whole, other_types),
        "other history": resaved(whole, other_history),
        "longer column": resaved(whole, longer_column, rehash=True),
        "too many epochs": resaved(whole, too_many_epochs, rehash=True),
        "old format": resaved(whole, old_format),
        "other backend": resaved(whole, other_backend, rehash=True),
    }[damage]
    name = f"{CONFIGURATION.key}.checkpoint.npz"
    (tmp_path / name).write_bytes(content)
    epochs = []
    with caplog.at_level(logging.WARNING):
        record = runs.run(
            CONFIGURATION,
            tmp_path,
            on_epoch=lambda history: epochs.append(len(history["loss"])),
        )
    assert name in caplog.text
    assert epochs == [1, 2]
    assert runs.result(record) == runs.result(finished.record)
    aside = [n for n in names(tmp_path) if n != f"{CONFIGURATION.key}.json"]
    assert len(aside) == 1 and aside[0] in caplog.text
    assert (tmp_path / aside[0]).read_bytes() == content


def test_checkpoint_that_is_a_folder(tiny, finished, caplog, tmp_path):
    path = tmp_path / f"{CONFIGURATION.key}.checkpoint.npz"
    path.mkdir()
    with caplog.at_level(logging.WARNING):
        record = runs.run(CONFIGURATION, tmp_path)
    assert f"{path} is not used, and is now {path.name}.damaged-1" in (
        caplog.text
    )
    assert runs.result(record) == runs.result(finished.record)


def test_checkpoint_beside_a_record_that_cannot_be_removed(copy, caplog):
    path = copy.parent / f"{CONFIGURATION.key}.checkpoint.npz"
    path.mkdir()
    with caplog.at_level(logging.WARNING):
        runs.discard_checkpoint(CONFIGURATION, copy.parent)
    assert f"{path} is not used: it cannot be removed" in caplog.text


@pytest.mark.parametrize("names_its_backend", [True, False])
def test_whole_checkpoint_is_used(
    tiny, finished, checkpoints, tmp_path, names_its_backend
):
    """Or the tests of damaged ones would show nothing; an older one as well."""
    content = checkpoints["swish_trainable"]
    if not names_its_backend:
        content = resaved(content, without_backend, rehash=True)
    path = tmp_path / f"{CONFIGURATION.key}.checkpoint.npz"
    path.write_bytes(content)
    epochs = []
    record = runs.run(
        CONFIGURATION,
        tmp_path,
        on_epoch=lambda history: epochs.append(len(history["loss"])),
    )
    assert epochs == [2]
    assert runs.result(record) == runs.result(finished.record)


# Records that cannot be used.


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rehash(content):
    content["hash"] = records.content_hash(content)


def raise_accuracy(content):
    content["test"]["accuracy"] = 0.9999


def other_run(content):
    content["configuration"]["epochs"] = 3
    rehash(content)


def out_of_range(content):
    content["configuration"]["epochs"] = -3
    rehash(content)


def without(*path):
    """Takes a field away, the hash as it should be."""

    def take(content):
        *above, field = path
        inner = functools.reduce(dict.__getitem__, above, content)
        del inner[field]
        rehash(content)

    return take


def replaced(field, value):
    def replace(content):
        content[field] = value
        rehash(content)

    return replace


def unequal_columns(content):
    content["history"]["loss"].append(0.5)
    rehash(content)


OF_ANOTHER_LAYOUT = {
    **{
        " ".join(("no", *path)): without(*path)
        for path in (
            *(("configuration",), ("parameters",), ("train_samples",)),
            *(("diverged",), ("history",), ("test",), ("environment",)),
            *(("history", "seconds"), ("test", "accuracy")),
            ("environment", "backend"),
        )
    },
    **{
        f"{field} {value}": replaced(field, value)
        for field, value in (
            *(("configuration", []), ("configuration", None)),
            *(("history", []), ("test", None), ("environment", None)),
            *(("parameters", "many"), ("history", {})),
        )
    },
    "unequal columns": unequal_columns,
}


@pytest.mark.parametrize(
    "spoil",
    [
        *(
            pytest.param(lambda p, change=change: edit(p, change), id=name)
            for name, change in OF_ANOTHER_LAYOUT.items()
        ),
        pytest.param(lambda p: p.write_bytes(p.read_bytes()[:-40]), id="cut"),
        pytest.param(lambda p: p.write_bytes(b""), id="empty"),
        pytest.param(lambda p: p.write_bytes(b"\xff\xfe{"), id="not UTF-8"),
        pytest.param(lambda p: p.write_text("[1, 2]"), id="a list"),
        pytest.param(lambda p: p.write_text("{}"), id="no fields"),
        pytest.param(lambda p: edit(p, raise_accuracy), id="edited"),
        pytest.param(
            lambda p: p.write_text(p.read_text().replace("0.001", "0.002", 1)),
            id="edited text",
        ),
        pytest.param(
            lambda p: p.write_text(
                p.read_text().replace('"loss": [', '"loss": [NaN,', 1)
            ),
            id="NaN",
        ),
        pytest.param(lambda p: edit(p, other_run), id="another run"),
        pytest.param(lambda p: edit(p, out_of_range), id="out of range"),
        pytest.param(
            lambda p: p.write_text("[" * 100_000), id="nested too deep"
        ),
        pytest.param(lambda p: (p.unlink(), p.mkdir()), id="a folder"),
        pytest.param(lambda p: (p.unlink(), os.mkfifo(p)), id="a pipe"),
    ],
)
def test_spoilt_record_is_named_and_set_aside_by_who_needs_its_place(
    copy, caplog, spoil
):
    spoil(copy)
    content = copy.is_file() and copy.read_bytes()

    # Reading leaves it where it is.
    with caplog.at_level(logging.WARNING):
        assert runs.find(CONFIGURATION, [copy.parent]) is None
    assert str(copy) in caplog.text
    assert list(copy.parent.iterdir()) == [copy]

    caplog.clear()
    assert find_to_run(copy.parent) is None
    assert str(copy) in caplog.text
    assert not copy.exists()
    (aside,) = copy.parent.iterdir()
    assert aside.name in caplog.text
    assert (aside.is_file() and aside.read_bytes()) == content
    # It is out of the way: nothing more is said.
    caplog.clear()
    assert find_to_run(copy.parent) is None
    assert not caplog.records


def find_to_run(folder):
    return runs.find(CONFIGURATION, [folder], records.set_aside)


def test_record_of_a_newer_version_is_a_record(copy, caplog):
    """A field that it added is at its default, or the name would differ."""

    def add_field(content):
        content["configuration"]["weight_decay"] = 0.9
        rehash(content)

    edit(copy, add_field)
    with caplog.at_level(logging.WARNING):
        found = runs.find(CONFIGURATION, [copy.parent])
    assert found == json.loads(copy.read_text())
    assert not caplog.records


def test_finished_run_lets_go_of_its_images(tiny, tiny_images, tmp_path):
    """TensorFlow keeps for good what it was given as a generator."""
    images = dataclasses.replace(
        tiny_images,
        **{
            name: getattr(tiny_images, name).copy()
            for name in ("x_train", "x_validation", "x_test")
        },
    )
    arrays = [
        weakref.ref(getattr(images, name))
        for name in ("x_train", "x_validation", "x_test")
    ]
    training = runs.Training(Configuration("relu", epochs=1), images)
    training.epoch()
    training.record()
    training.release()
    del images, training
    gc.collect()
    assert [array() for array in arrays] == [None] * 3


def test_lock_is_taken_once_and_let_go(tiny, monkeypatch, tmp_path):
    taken = []

    class Watched(filelock.FileLock):
        def acquire(self, *arguments, **keywords):
            taken.append(pathlib.Path(self.lock_file).name)
            return super().acquire(*arguments, **keywords)

    monkeypatch.setattr(records.filelock, "FileLock", Watched)
    one = Configuration("relu", epochs=1, batch_size=16)
    studies.run(studies.Study("one", "One run.", (one,)), tmp_path)
    assert taken == [one.key]
    # Another is not kept waiting.
    with records.claim(one.key, tmp_path, wait=False):
        pass


def test_record_that_exists_needs_no_data(copy, finished, monkeypatch):
    def fail(*arguments):
        raise AssertionError("data were loaded")

    monkeypatch.setattr(data, "load", fail)
    assert runs.run(CONFIGURATION, copy.parent) == finished.record


def test_reformatted_record_is_the_same_record(copy, finished):
    copy.write_text(json.dumps(json.loads(copy.read_text()), indent=4))
    assert runs.find(CONFIGURATION, [copy.parent]) == finished.record


def test_files_set_aside_do_not_replace_each_other(finished, tmp_path):
    path = tmp_path / finished.path.name
    for number in range(4):
        path.write_text(f"damaged {number}")
        assert find_to_run(tmp_path) is None
    contents = sorted(p.read_text() for p in tmp_path.iterdir())
    assert contents == [f"damaged {number}" for number in range(4)]


def test_spoilt_record_in_a_folder_that_cannot_be_written(
    copy, caplog, monkeypatch
):
    copy.write_text("damaged")

    def rename(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "rename", rename)
    with caplog.at_level(logging.WARNING):
        assert find_to_run(copy.parent) is None
    assert str(copy) in caplog.text
    assert "Permission denied" in caplog.text
    assert copy.read_text() == "damaged"


def test_record_that_may_not_be_read(copy, finished, caplog, monkeypatch):
    """A permission is called one; the next folder's record is read."""
    read = pathlib.Path.read_bytes

    def refuse(path):
        if path == copy:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(pathlib.Path, "read_bytes", refuse)
    folders = [copy.parent, finished.path.parent]
    with caplog.at_level(logging.WARNING):
        assert runs.find(CONFIGURATION, folders) == finished.record
    assert f"{copy} cannot be read (Permission denied)" in caplog.text
    assert copy.exists()


def test_folder_that_may_not_be_searched(copy, finished, caplog, monkeypatch):
    stat = pathlib.Path.stat

    def refuse(path, **keywords):
        if path == copy:
            raise PermissionError(errno.EACCES, "Permission denied")
        return stat(path, **keywords)

    monkeypatch.setattr(pathlib.Path, "stat", refuse)
    folders = [copy.parent, finished.path.parent]
    with caplog.at_level(logging.WARNING):
        assert runs.find(CONFIGURATION, folders) == finished.record
    assert f"{copy} cannot be read (Permission denied)" in caplog.text


def test_next_folder_is_read_where_a_record_is_spoilt(copy, finished):
    copy.write_text("damaged")
    folders = [copy.parent, finished.path.parent]
    assert runs.find(CONFIGURATION, folders) == finished.record
    assert runs.find(CONFIGURATION, ["nowhere", copy.parent]) is None


# Writing.


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_failed_write_leaves_the_old_file(
    tmp_path, monkeypatch, function, error
):
    path = tmp_path / "record.json"
    path.write_text("old")
    seen = []

    def fail(*arguments):
        seen.append(path.read_text())
        raise error

    monkeypatch.setattr(f"os.{function}", fail)
    with pytest.raises(type(error)):
        records.write_whole(path, b"new")
    assert seen == ["old"]
    assert names(tmp_path) == ["record.json"]
    assert path.read_text() == "old"


def test_what_a_killed_process_left_is_written_over(tmp_path):
    path = tmp_path / "record.json"
    (tmp_path / ".record.json.partial").write_bytes(b"much more than is new")
    records.write_whole(path, b"new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["record.json"]


# Divergence.


def test_diverged_run(tiny, monkeypatch, tmp_path, caplog):
    """A weight turns to NaN behind the first of five epochs."""
    monkeypatch.setattr(runs, "_idle", {})
    models = []
    build = networks.build
    monkeypatch.setattr(
        networks, "build", lambda c: models.append(build(c)) or models[-1]
    )

    def spoil(history):
        kernel = models[0].get_layer("dense").kernel
        kernel.assign(kernel * math.nan)

    configuration = Configuration("swish_trainable", epochs=5, batch_size=16)
    record = runs.run(configuration, tmp_path, on_epoch=spoil)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    path = tmp_path / f"{configuration.key}.json"
    on_disk = json.loads(path.read_text(), parse_constant=refuse)
    assert on_disk == record == runs.find(configuration, [tmp_path])
    assert record["diverged"] is True
    assert record["test"] is None
    history = record["history"]
    assert len(history["loss"]) == len(history["val_accuracy"]) == 2
    assert math.isfinite(history["loss"][0])
    assert history["loss"][1] is None and history["val_loss"][1] is None
    assert history["beta"]["activation_3"][1] is None
    assert names(tmp_path) == [path.name]


# Models are used again.

DENSE = Configuration(
    "relu",
    network="dense",
    hidden=(12, 8),
    epochs=2,
    batch_size=16,
    dropout=0.0,
    batch_normalization=False,
)
# Whatever may be new in a run that finds a model.
OTHER = {
    "dataset": "mnist_sample",
    "seed": 5,
    "epochs": 3,
    "kernel_initializer": "random_normal",
    "stddev": 0.4,
    "random_biases": True,
    "learning_rate": 0.02,
    "schedule": False,
    "shuffle": False,
    "validation": "test",
    "train_samples": 43,
    "fits": 2,
}


@pytest.fixture
def pool(tiny, monkeypatch):
    """No model to begin with; images as a configuration asks for."""

    def load(name, path, validation, train_samples):
        return dataclasses.replace(
            tiny,
            x_train=tiny.x_train[:train_samples],
            y_train=tiny.y_train[:train_samples],
            x_validation=tiny.x_test
            if validation == "test"
            else tiny.x_validation,
        )

    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr(runs, "_idle", {})
    return runs._idle


def begin(configuration):
    return runs.Training(configuration, runs.load_images(configuration))


def end(training):
    """Trains to the end; returns what came out to the bit, and the model."""
    while not training.finished:
        training.epoch()
    result = runs.result(json.loads(json.dumps(training.record())))
    state = np.load(io.BytesIO(training.state()))
    model = training.model
    training.release()
    values = {
        name: (value.dtype, value.tobytes())
        for name, value in state.items()
        if name.startswith("variable_")
    }
    assert values
    return result, values, model


@pytest.mark.parametrize(
    "first",
    [
        dataclasses.replace(
            DENSE,
            activation="swish_trainable",
            scale=1.5,
            dropout=0.3,
            batch_normalization=True,
            output="sigmoid",
            optimizer="sgd",
            momentum=0.9,
            dtype_policy="mixed_float16",
        ),
        # Convolutions, and Adam.
        CONFIGURATION,
    ],
    ids=["dense", "article's"],
)
def test_run_with_a_used_model_equals_one_with_a_model_of_its_own(pool, first):
    other = dict(OTHER)
    if first.network == "article":
        # Its biases are zero at first.
        del other["random_biases"]
    second = dataclasses.replace(first, **other)
    result, values, lonely = end(begin(second))
    pool.clear()
    result_of_first, values_of_first, model = end(begin(first))
    assert model is not lonely
    assert result != result_of_first
    # One that was trained before, and once more the first of all.
    assert end(begin(second)) == (result, values, model)
    assert end(begin(first)) == (result_of_first, values_of_first, model)


def test_all_that_is_in_no_graph_was_new_there():
    assert set(OTHER) == runs._IN_NO_GRAPH
    for name, value in OTHER.items():
        assert getattr(DENSE, name) != value


@pytest.mark.parametrize(
    "fields",
    [
        {"activation": "tanh"},
        {"activation": "leaky_relu", "negative_slope": 0.2},
        {"activation": "swish"},
        {"activation": "swish", "beta": 2.0},
        {"activation": "swish", "scale": 2.0},
        {"activation": "swish_trainable"},
        {"hidden": (12, 9)},
        {"hidden": (12, 8, 8)},
        {"batch_size": 15},
        {"dropout": 0.1},
        {"batch_normalization": True},
        {"output": "sigmoid"},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.5},
        {"epsilon": 1e-8},
        {"dtype_policy": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_other_network_takes_no_model(pool, fields):
    others = [DENSE]
    if len(fields) > 1:
        # From the nearest one.
        *_, last = fields
        others.append(
            dataclasses.replace(
                DENSE, **{k: v for k, v in fields.items() if k != last}
            )
        )
    for other in others:
        begin(other).release()
    left = [*pool.values()]
    training = begin(dataclasses.replace(DENSE, **fields))
    assert training.model not in left
    assert [*pool.values()] == left


def test_images_of_another_size_take_no_model(pool, monkeypatch):
    begin(DENSE).release()
    build = networks.build.func
    monkeypatch.setattr(
        networks, "build", functools.partial(build, input_shape=(9, 9, 1))
    )
    assert begin(DENSE).model.input_shape == (None, 9, 9, 1)
    assert len(pool) == 1


def test_model_is_never_with_two_runs(pool):
    configurations = [dataclasses.replace(DENSE, seed=seed) for seed in (1, 2)]
    # With the same one, after each other.
    alone = [end(begin(configuration))[:2] for configuration in configurations]
    # Both are there before one is over, and each once again.
    for _ in range(2):
        one, two = map(begin, configurations)
        assert one.model is not two.model
        for _ in range(2):
            one.epoch()
            two.epoch()
        found = [end(training)[:2] for training in (one, two)]
        assert found == alone
        # What is left belongs to the next one alone.
        assert one.model is two.model is None


def test_only_so_many_models_are_kept(pool):
    kept = []
    for units in range(2, 14):
        training = begin(dataclasses.replace(DENSE, hidden=(units,)))
        kept.append(training.model)
        training.release()
        assert len(pool) <= 8
    # The last ones.
    assert [*pool.values()] == kept[-8:]
    # One that is used again is not the next to go.
    training = begin(dataclasses.replace(DENSE, hidden=(6,)))
    assert training.model is kept[-8]
    training.release()
    begin(dataclasses.replace(DENSE, hidden=(20,))).release()
    assert [*pool.values()][:7] == [*kept[-6:], kept[-8]]


def test_interrupted_dense_run_equals_uninterrupted(pool, tmp_path):
    """It goes on with the model of another run."""
    configuration = dataclasses.replace(
        DENSE,
        activation="swish_trainable",
        dropout=0.3,
        batch_normalization=True,
        optimizer="sgd",
        momentum=0.9,
        learning_rate=0.1,
        schedule=False,
        shuffle=False,
        epochs=6,
    )
    whole = end(begin(configuration))
    pool.clear()
    interrupted_run(configuration, tmp_path, 4)
    # A model in the middle of a run is nobody's.
    assert not pool
    *_, model = end(begin(dataclasses.replace(configuration, seed=9)))
    epochs = []
    resumed = runs.run(
        configuration,
        tmp_path,
        on_epoch=lambda history: epochs.append(len(history["loss"])),
    )
    assert epochs == [5, 6]
    assert runs.result(resumed) == whole[0]
    assert [*pool.values()] == [model]
    # Without the schedule the rate stays.
    rates = resumed["history"]["learning_rate"]
    assert rates == pytest.approx([0.1] * 6, rel=1e-6)


def test_without_shuffling_the_images_are_in_their_order(pool, monkeypatch):
    seen = []
    fit = keras.Model.fit

    def watched(self, batches, **keywords):
        seen.append([(x.numpy(), y.numpy()) for x, y in batches])
        return fit(self, batches, **keywords)

    monkeypatch.setattr(keras.Model, "fit", watched)
    configuration = dataclasses.replace(DENSE, shuffle=False)
    training = begin(configuration)
    end(training)
    assert len(seen) == 2
    images = training.images
    for batches in seen:
        assert [len(labels) for _, labels in batches] == [16, 16, 16, 12]
        x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
        np.testing.assert_array_equal(x, images.x_train / np.float32(255))
        np.testing.assert_array_equal(y, images.y_train)


@pytest.mark.parametrize("network", ["dense", "mish"])
def test_test_of_sigmoid_output_is_keras_evaluation(
    pool, tiny, monkeypatch, network
):
    if network == "mish":
        # Its convolutions leave nothing of 8x8.
        build = networks.build.func
        monkeypatch.setattr(
            networks, "build", functools.partial(build, input_shape=(12, 12, 1))
        )
        larger = {
            name: np.pad(getattr(tiny, name), ((0, 0), (2, 2), (2, 2), (0, 0)))
            for name in ("x_train", "x_validation", "x_test")
        }
        images = dataclasses.replace(tiny, **larger)
        monkeypatch.setattr(data, "load", lambda *arguments: images)
    configuration = dataclasses.replace(
        DENSE,
        network=network,
        output="sigmoid",
        dropout=0.2,
        batch_normalization=True,
        epochs=6,
        learning_rate=0.01,
    )
    training = begin(configuration)
    result, _, model = end(training)
    x = training.images.x_test.astype("float32") / 255
    loss, accuracy = model.evaluate(x, training.images.y_test, verbose=0)
    # Neither none nor all.
    assert 0 < accuracy < 1
    assert result["test"]["loss"] == pytest.approx(loss, rel=1e-5)
    assert result["test"]["accuracy"] == pytest.approx(accuracy)


def test_diverged_dense_run(pool, tmp_path):
    """Of a rate of 10; whoever takes its model then is none the worse."""
    fields = {"activation": "linear", "optimizer": "sgd", "epochs": 5}
    calm = dataclasses.replace(DENSE, **fields, learning_rate=0.01)
    expected = end(begin(calm))
    pool.clear()
    wild = dataclasses.replace(
        DENSE, **fields, learning_rate=10, momentum=0, seed=1
    )
    record = runs.run(wild, tmp_path)
    assert record == runs.find(wild, [tmp_path])
    assert record["diverged"] is True
    assert record["test"] is None
    history = record["history"]
    epochs = len(history["loss"])
    assert 1 <= epochs < 5
    assert None in (history["loss"][-1], history["val_loss"][-1])
    for column in ("loss", "val_loss"):
        assert all(math.isfinite(value) for value in history[column][:-1])
    assert {len(column) for column in history.values()} == {epochs}
    assert names(tmp_path) == [f"{wild.key}.json"]
    (model,) = pool.values()
    found = end(begin(calm))
    assert found[2] is model
    assert found[:2] == expected[:2]


class Wrong:
    """Stands in for a model that is wrong about so many of 1,500 images."""

    loss = "sparse_categorical_crossentropy"
    losses = ()

    def __init__(self, count):
        # Spread over all of them.
        self.wrong = np.random.default_rng(0).permutation(1500)[:count]

    def predict(self, batches, verbose):
        labels = np.concatenate([labels.numpy() for _, labels in batches])
        found = labels.astype(int)
        found[self.wrong] = (found[self.wrong] + 3) % 10
        return 0.01 + 0.9 * np.eye(10, dtype="float32")[found]


@pytest.mark.parametrize("count", [0, 7, 1000, 1001, 1500])
def test_up_to_a_thousand_misclassified_images_are_listed(count):
    labels = (np.arange(1500) % 10).astype(np.uint8)
    images = data.Dataset(
        "mnist", *[None] * 4, np.zeros((1500, 8, 8, 1), np.uint8), labels
    )
    model = Wrong(count)
    test = runs._test(model, images, 1000)
    assert test["accuracy"] == pytest.approx(1 - count / 1500)
    assert test["misclassified"] == (
        [[i, (i + 3) % 10] for i in sorted(model.wrong.tolist())]
        if count <= 1000
        else None
    )


def test_small_network_lists_none(pool, tmp_path):
    record = runs.run(DENSE, tmp_path)
    assert record["test"]["misclassified"] is None
    assert 0 <= record["test"]["accuracy"] < 1
    assert runs.find(DENSE, [tmp_path]) == record
