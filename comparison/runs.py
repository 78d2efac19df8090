"""One run: from a configuration to a record on disk, resumable."""

import dataclasses
import datetime
import hashlib
import json
import logging
import math
import os
import pathlib
import platform
import subprocess
import tempfile
import time

import keras
import numpy as np

import activations
from comparison import cnn, data

# Not float64: Keras cannot add its regularisation to a loss in float32.
DTYPE_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Everything that can change the result of a run; the article's values.

    Attributes:
        activation: A name that `activations.layer` knows.
        dataset: A name that `data.load` knows.
        seed: Of the initial weights, the order of the batches and the dropout
            masks, 0 to 2**32 - 1.
        epochs: Passes over the training images, 1 to 10,000.
        batch_size: Images a step, 1 to 65,536.
        dropout: Rate in front of the output layer, 0 to less than 1; behind
            the pooling it is half of that.
        batch_normalization: Whether each activation is preceded by one.
        kernel_initializer: Keras's name of the initializer of every layer with
            an activation to compare; the output layer has glorot_uniform.
        learning_rate: Adam's first one, greater than 0, at most 10.
        negative_slope: Of leaky ReLU below zero, 0 to 1.
        beta: Of swish; of swish_trainable, where it starts. -100 to 100.
        dtype_policy: Keras's name of the layers' dtype policy.
        validation: `"held_out"` for training images set aside, `"test"` for
            the test images, as the article's code has it.
        train_samples: How many training images are used; `None` for all.
        extra_dense: Whether the two linear layers are there that the published
            leaky ReLU network has besides; see `cnn.with_extra_dense`.
        fits: How many times in succession the network is trained for `epochs`,
            as by further calls of Keras's `fit`: weights and optimizer go on,
            the learning-rate schedule forgets what it has seen. 1 to 10.

    Raises:
        ValueError: If a value is out of its range or not of its type.
    """

    activation: str
    dataset: str = "mnist"
    seed: int = 0
    epochs: int = 20
    batch_size: int = 128
    dropout: float = 0.5
    batch_normalization: bool = True
    kernel_initializer: str = "glorot_uniform"
    learning_rate: float = 0.001
    negative_slope: float = 0.01
    beta: float = 1.0
    dtype_policy: str = "float32"
    validation: str = "held_out"
    train_samples: int | None = None
    extra_dense: bool = False
    fits: int = 1

    def __post_init__(self):
        # A function would do for a network, and not for a record.
        self._check_text("activation")
        self._check_text("kernel_initializer")
        activations.layer(self.activation)
        data.check_name(self.dataset)
        self._check_number("seed", int, 0, 2**32 - 1)
        self._check_number("epochs", int, 1, 10_000)
        self._check_number("batch_size", int, 1, 65_536)
        self._check_number("dropout", float, 0, 1, "[)")
        self._check_number("fits", int, 1, 10)
        self._check_number("learning_rate", float, 0, 10, "(]")
        self._check_number("negative_slope", float, 0, 1)
        self._check_number("beta", float, -100, 100)
        if self.train_samples is not None:
            self._check_number("train_samples", int, 10, 60_000)
        self._check_choice("batch_normalization", (True, False))
        self._check_choice("extra_dense", (True, False))
        self._check_choice("dtype_policy", DTYPE_POLICIES)
        self._check_choice("validation", ("held_out", "test"))
        try:
            cnn.seeded(self.kernel_initializer, 0)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "`kernel_initializer` must be Keras's name of an initializer "
                "that takes a seed. Received: kernel_initializer="
                f"{self.kernel_initializer!r}"
            ) from error

    def _check_text(self, name):
        value = getattr(self, name)
        if not isinstance(value, str):
            raise ValueError(
                f"`{name}` must be a name. Received: {name}={value!r}"
            )

    def _check_number(self, name, kind, low, high, brackets="[]"):
        value = getattr(self, name)
        allowed = (int, float) if kind is float else int
        if (
            isinstance(value, bool)
            or not isinstance(value, allowed)
            or not low <= value <= high
            or (brackets[0] == "(" and value == low)
            or (brackets[1] == ")" and value == high)
        ):
            word = "an integer" if kind is int else "a number"
            raise ValueError(
                f"`{name}` must be {word} in {brackets[0]}{low}, "
                f"{high}{brackets[1]}. Received: {name}={value!r}"
            )
        # 1 and 1.0 are one configuration, and have one record; 0.0 and -0.0
        # are, too, hence the addition.
        object.__setattr__(self, name, kind(value) + 0)

    def _check_choice(self, name, choices):
        value = getattr(self, name)
        if value not in choices or type(value) not in map(type, choices):
            raise ValueError(
                f"`{name}` must be one of {', '.join(map(repr, choices))}. "
                f"Received: {name}={value!r}"
            )

    def activation_arguments(self):
        """Returns what `activations.layer` is to be given besides the name."""
        if self.activation == "leaky_relu":
            return {"negative_slope": self.negative_slope}
        if self.activation in ("swish", "swish_trainable"):
            return {"beta": self.beta}
        return {}

    @property
    def key(self):
        """The name of this configuration's record, without its ending.

        It rests on the fields that differ from their defaults, so that a field
        added later, at its default, renames no record.
        """
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        digest = hashlib.sha256(_canonical(changed)).hexdigest()[:8]
        return f"{self.dataset}-{self.activation}-seed{self.seed}-{digest}"


class RecordError(ValueError):
    """A record that is cut off or was edited."""


def run(configuration, results, data_path=None, on_epoch=None):
    """Trains and tests a network, and writes the record of it.

    The record is `results/KEY.json`, KEY from the configuration. While the run
    is under way, `results/KEY.checkpoint.npz` holds its last finished epoch;
    a run that finds one goes on behind it.

    Args:
        configuration: A `Configuration`.
        results: The folder for the record, made if need be.
        data_path: Where the dataset lies; see `data.load`.
        on_epoch: Called with the history behind every epoch.

    Returns:
        The record, a dict.
    """
    results = pathlib.Path(results)
    images = data.load(
        configuration.dataset,
        data_path,
        configuration.validation,
        configuration.train_samples,
    )
    results.mkdir(parents=True, exist_ok=True)
    computed_with = environment()
    checkpoint = results / f"{configuration.key}.checkpoint.npz"
    model = cnn.build(configuration)
    history = _train(model, configuration, images, checkpoint, on_epoch)
    diverged = not _is_finite(history)
    record = {
        "configuration": dataclasses.asdict(configuration),
        "parameters": model.count_params(),
        "train_samples": len(images.x_train),
        "diverged": diverged,
        "history": history,
        "test": None if diverged else _test(model, images),
        "environment": computed_with,
    }
    record = _without_nan(record)
    record["hash"] = content_hash(record)
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    _write_whole(
        results / f"{configuration.key}.json",
        lambda file: file.write(text.encode()),
    )
    checkpoint.unlink(missing_ok=True)
    return record


def find(configuration, folders):
    """Returns the record of a configuration from the first folder with one.

    A file that is cut off or edited is set aside, with a warning.
    """
    for folder in folders:
        path = pathlib.Path(folder) / f"{configuration.key}.json"
        if path.exists():
            try:
                return read(path, configuration)
            except RecordError as error:
                _set_aside(path, error)
    return None


def read(path, configuration=None):
    """Reads a record, and checks that it is whole and as it was written.

    Raises:
        RecordError: If it is not, or is not that of the configuration.
    """
    try:
        record = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        if record["hash"] != content_hash(record):
            raise RecordError(f"{path} was edited: its hash does not fit.")
        found = Configuration(**record["configuration"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(
            f"{path} is no whole record ({type(error).__name__}: {error})."
        ) from error
    if configuration is not None and found != configuration:
        raise RecordError(f"{path} holds another run: {found}.")
    return record


def content_hash(record):
    """Returns the SHA-256 of a record's content, all but the hash itself."""
    content = {key: value for key, value in record.items() if key != "hash"}
    return hashlib.sha256(_canonical(content)).hexdigest()


def result(record):
    """Returns what two runs of one configuration have in common, to the bit.

    That is the record without its environment and its times.
    """
    history = {k: v for k, v in record["history"].items() if k != "seconds"}
    return {
        "history": history,
        **{
            key: value
            for key, value in record.items()
            if key not in ("environment", "hash", "history")
        },
    }


class Batches(keras.utils.PyDataset):
    """Images in [0, 1] and their labels, in batches, in the order given."""

    def __init__(self, images, labels, batch_size, order=None):
        # More than one worker keeps TensorFlow's automatic tuning out of the
        # input. Its thread sleeps for longer and longer, 41 s in the end, and
        # an epoch would wait for it to wake.
        super().__init__(workers=2)
        self.images = images
        self.labels = labels
        self.batch_size = batch_size
        self.order = np.arange(len(labels)) if order is None else order

    def __len__(self):
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, index):
        start = index * self.batch_size
        chosen = self.order[start : start + self.batch_size]
        images = self.images[chosen].astype("float32") / np.float32(255)
        return images, self.labels[chosen]


def _train(model, configuration, images, checkpoint, on_epoch):
    schedule = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.2, patience=5, min_lr=1e-5
    )
    schedule.set_model(model)
    # Keras makes the optimizer's variables in the first step, too late for a
    # checkpoint to be read.
    model.optimizer.build(model.trainable_variables)
    history = _restore(model, schedule, configuration, checkpoint)
    validation = Batches(images.x_validation, images.y_validation, 500)
    total = configuration.epochs * configuration.fits
    for epoch in range(len(history.get("loss", [])), total):
        if epoch % configuration.epochs == 0:
            schedule.on_train_begin()
        # From the seed and the epoch alone, so that a resumed run needs no
        # more than those.
        order = np.random.default_rng([configuration.seed, epoch]).permutation(
            len(images.x_train)
        )
        batches = Batches(
            images.x_train, images.y_train, configuration.batch_size, order
        )
        learning_rate = float(model.optimizer.learning_rate)
        start = time.perf_counter()
        trained = model.fit(batches, shuffle=False, verbose=0).history
        seconds = time.perf_counter() - start
        validated = model.evaluate(validation, verbose=0, return_dict=True)
        row = {
            "loss": trained["loss"][0],
            "accuracy": trained["accuracy"][0],
            "val_loss": validated["loss"],
            "val_accuracy": validated["accuracy"],
            "learning_rate": learning_rate,
            "seconds": seconds,
        }
        for column, value in row.items():
            history.setdefault(column, []).append(float(value))
        for layer in model.layers:
            if isinstance(layer, activations.Swish) and layer.trainable:
                betas = history.setdefault("beta", {})
                value = keras.ops.convert_to_numpy(layer.beta)
                betas.setdefault(layer.name, []).append(value.tolist())
        if on_epoch is not None:
            on_epoch(history)
        if not _is_finite(history):
            break
        schedule.on_epoch_end(epoch, {"val_loss": row["val_loss"]})
        _save(model, history, checkpoint)
    return history


def _test(model, images):
    """Reads the test set, once."""
    batches = Batches(images.x_test, images.y_test, 500)
    probabilities = model.predict(batches, verbose=0)
    predicted = probabilities.argmax(axis=1)
    cross_entropy = keras.losses.sparse_categorical_crossentropy(
        images.y_test, probabilities
    )
    # As Keras's `evaluate` has it: the mean and the regularisation.
    loss = keras.ops.mean(cross_entropy) + sum(model.losses)
    wrong = np.flatnonzero(predicted != images.y_test)
    return {
        "loss": float(loss),
        "accuracy": 1 - len(wrong) / len(images.y_test),
        "misclassified": [[int(i), int(predicted[i])] for i in wrong],
    }


def _is_finite(history):
    return all(
        math.isfinite(history[column][-1]) for column in ("loss", "val_loss")
    )


def _variables(model):
    # Weights, moving averages, the dropout's random state; the optimizer's.
    layers = [variable for layer in model.layers for variable in layer.variables]
    return [*layers, *model.optimizer.variables]


def _save(model, history, checkpoint):
    arrays = {
        f"variable_{number}": keras.ops.convert_to_numpy(variable)
        for number, variable in enumerate(_variables(model))
    }
    history = np.frombuffer(json.dumps(history).encode(), np.uint8)
    _write_whole(
        checkpoint,
        lambda file: np.savez(file, history=history, **arrays),
    )


def _restore(model, schedule, configuration, checkpoint):
    if not checkpoint.exists():
        return {}
    try:
        with np.load(checkpoint, allow_pickle=False) as saved:
            history = json.loads(saved["history"].tobytes())
            values = [
                saved[f"variable_{number}"]
                for number in range(len(_variables(model)))
            ]
        for variable, value in zip(_variables(model), values, strict=True):
            if variable.shape != value.shape:
                raise ValueError(
                    f"{variable.path} should be {variable.shape}, and is "
                    f"{value.shape}"
                )
    except Exception as error:
        _set_aside(checkpoint, error)
        return {}
    # The schedule's state is a function of the history: show it once more,
    # before the learning rate that came of it is put back with the rest.
    for epoch, value in enumerate(history["val_loss"]):
        if epoch % configuration.epochs == 0:
            schedule.on_train_begin()
        schedule.on_epoch_end(epoch, {"val_loss": value})
    for variable, value in zip(_variables(model), values, strict=True):
        variable.assign(value)
    return history


def _set_aside(path, error):
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
        where = f"is now {aside.name}"
    except OSError as failure:
        where = f"stays where it is ({failure.strerror})"
    logging.getLogger(__name__).warning(
        "%s is not used, and %s: %s", path, where, error
    )


def _write_whole(path, write):
    """Writes a file whole or not at all: aside first, then renamed."""
    file = tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    )
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except BaseException:
        pathlib.Path(file.name).unlink(missing_ok=True)
        raise


def _canonical(value):
    return json.dumps(value, sort_keys=True, allow_nan=False).encode()


def _without_nan(value):
    """Returns the value with `None` for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def environment():
    """Returns what a result was computed with: provenance, no more."""
    found = {
        "time": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "numpy": np.__version__,
        "backend": keras.backend.backend(),
        "platform": platform.platform(),
        "device": _processor(),
        "cores": os.cpu_count(),
        "commit": _commit(),
    }
    if found["backend"] == "tensorflow":
        import tensorflow as tf

        found["tensorflow"] = tf.__version__
        found["threads"] = (
            tf.config.threading.get_intra_op_parallelism_threads()
            or os.cpu_count()
        )
        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = tf.config.experimental.get_device_details(gpus[0])
            found["device"] = details.get("device_name", "GPU")
    return found


def _processor():
    """Returns the processor's name where the system tells it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line for line in lines if line.startswith("model name")]
    if names:
        return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit():
    """Returns the commit of the code, where it lies in a git repository."""
    git = ["git", "-C", str(pathlib.Path(__file__).parent)]
    try:
        return subprocess.check_output(
            [*git, "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return None
