"""One run: from a configuration to a record on disk, resumable."""

import dataclasses
import datetime
import hashlib
import io
import json
import logging
import math
import os
import pathlib
import platform
import subprocess
import time

import filelock
import keras
import numpy as np

import activations
from comparison import cnn, data, process

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


class CheckpointError(ValueError):
    """A checkpoint that is cut off, or is of another run."""


def run(configuration, results, data_path=None, on_epoch=None, wait=True):
    """Trains and tests a network, and writes the record of it.

    The record is `results/KEY.json`, KEY from the configuration. While the run
    is under way, `results/KEY.checkpoint.npz` holds its last finished epoch;
    a run that finds one goes on behind it. A record that is there is read.

    Args:
        configuration: A `Configuration`.
        results: The folder for the record, made if need be.
        data_path: Where the dataset lies; see `data.load`.
        on_epoch: Called with the history behind every epoch.
        wait: Whether to wait while another process is at the same run.

    Returns:
        The record, a dict.

    Raises:
        filelock.Timeout: If another process is at it and `wait` is false.
    """
    images = load_images(configuration, data_path)
    with claim(configuration.key, results, wait):
        record = find(configuration, [results])
        if record is None:
            training = Training(configuration, images)
            state = load_checkpoint(configuration, results)
            if state is not None:
                try:
                    training.restore(state)
                except CheckpointError as error:
                    discard_checkpoint(configuration, results, error)
            while not training.finished:
                training.epoch()
                save_checkpoint(training.state(), configuration, results)
                if on_epoch is not None:
                    on_epoch(training.history)
            record = training.record()
            save_record(record, configuration, results)
        discard_checkpoint(configuration, results)
    return record


def load_images(configuration, data_path=None):
    """Returns the images of a run; see `data.load` for errors."""
    return data.load(
        configuration.dataset,
        data_path,
        configuration.validation,
        configuration.train_samples,
    )


def claim(key, results, wait=True):
    """Returns the lock on a record's making, held until it is released.

    The system releases it when the process that holds it ends, however that
    ends.

    Raises:
        filelock.Timeout: If another process holds it and `wait` is false.
    """
    folder = pathlib.Path(results) / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / key)
    lock.acquire(timeout=-1 if wait else 0)
    return lock


def load_checkpoint(configuration, results):
    """Returns the checkpoint of a run as bytes, or `None`."""
    path = _checkpoint(configuration, results)
    return path.read_bytes() if path.exists() else None


def save_checkpoint(state, configuration, results):
    """Writes what `Training.state` gave."""
    write_whole(_checkpoint(configuration, results), state)


def discard_checkpoint(configuration, results, error=None):
    """Removes a run's checkpoint, or sets it aside if it is damaged."""
    path = _checkpoint(configuration, results)
    if error is None:
        path.unlink(missing_ok=True)
    else:
        set_aside(path, error)


def save_record(record, configuration, results):
    """Writes the record of a run."""
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    path = pathlib.Path(results) / f"{configuration.key}.json"
    write_whole(path, text.encode())


def _checkpoint(configuration, results):
    return pathlib.Path(results) / f"{configuration.key}.checkpoint.npz"


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
                set_aside(path, error)
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


class Training:
    """A run under way: one network, trained an epoch at a time.

    Args:
        configuration: A `Configuration`.
        images: What `load_images` gives.

    Attributes:
        history: A column a metric, with a value for each epoch behind it.
    """

    def __init__(self, configuration, images):
        self.configuration = configuration
        self.images = images
        self.environment = environment()
        self.history = {}
        self.model = cnn.build(configuration)
        # Keras makes the optimizer's variables in the first step, too late for
        # a checkpoint to be read.
        self.model.optimizer.build(self.model.trainable_variables)
        self.schedule = keras.callbacks.ReduceLROnPlateau(
            "val_loss", factor=0.2, patience=5, min_lr=1e-5
        )
        self.schedule.set_model(self.model)
        self.validation = Batches(
            self.images.x_validation, self.images.y_validation, 500
        )

    @property
    def epochs(self):
        """How many epochs are behind it."""
        return len(self.history.get("loss", []))

    @property
    def diverged(self):
        """Whether a loss was not finite in the last epoch."""
        return self.epochs > 0 and not all(
            math.isfinite(self.history[column][-1])
            for column in ("loss", "val_loss")
        )

    @property
    def finished(self):
        """Whether there is no epoch left to train."""
        total = self.configuration.epochs * self.configuration.fits
        return self.diverged or self.epochs >= total

    def epoch(self):
        """Trains one epoch, and validates."""
        number = self.epochs
        # From the seed and the epoch alone, so that a resumed run needs no
        # more than those.
        order = np.random.default_rng(
            [self.configuration.seed, number]
        ).permutation(len(self.images.x_train))
        batches = Batches(
            self.images.x_train,
            self.images.y_train,
            self.configuration.batch_size,
            order,
        )
        learning_rate = float(self.model.optimizer.learning_rate)
        start = time.perf_counter()
        trained = self.model.fit(batches, shuffle=False, verbose=0).history
        seconds = time.perf_counter() - start
        validated = self.model.evaluate(
            self.validation, verbose=0, return_dict=True
        )
        row = {
            "loss": trained["loss"][0],
            "accuracy": trained["accuracy"][0],
            "val_loss": validated["loss"],
            "val_accuracy": validated["accuracy"],
            "learning_rate": learning_rate,
            "seconds": seconds,
        }
        for column, value in row.items():
            self.history.setdefault(column, []).append(float(value))
        for layer in self.model.layers:
            if isinstance(layer, activations.Swish) and layer.trainable:
                betas = self.history.setdefault("beta", {})
                value = keras.ops.convert_to_numpy(layer.beta)
                betas.setdefault(layer.name, []).append(value.tolist())
        self._show(number, row["val_loss"])

    def _show(self, epoch, loss):
        """Shows the schedule an epoch; a fit's first finds it forgetful."""
        if epoch % self.configuration.epochs == 0:
            self.schedule.on_train_begin()
        self.schedule.on_epoch_end(epoch, {"val_loss": loss})

    def state(self):
        """Returns all that the next epoch depends on, as bytes (.npz)."""
        described = {
            "configuration": dataclasses.asdict(self.configuration),
            "history": self.history,
        }
        arrays = {
            f"variable_{number}": keras.ops.convert_to_numpy(variable)
            for number, variable in enumerate(self._variables())
        }
        file = io.BytesIO()
        described = np.frombuffer(json.dumps(described).encode(), np.uint8)
        np.savez(file, described=described, **arrays)
        return file.getvalue()

    def restore(self, state):
        """Goes back to a state of the same run.

        Raises:
            CheckpointError: If it is not one; then nothing has changed.
        """
        variables = self._variables()
        try:
            with np.load(io.BytesIO(state), allow_pickle=False) as saved:
                described = json.loads(saved["described"].tobytes())
                values = [
                    saved[f"variable_{number}"]
                    for number in range(len(variables))
                ]
            found = Configuration(**described["configuration"])
            if found != self.configuration:
                raise ValueError(f"it is of another run: {found}")
            for variable, value in zip(variables, values, strict=True):
                if variable.shape != value.shape:
                    raise ValueError(
                        f"{variable.path} should be {variable.shape}, and is "
                        f"{value.shape}"
                    )
        except Exception as error:
            raise CheckpointError(f"{type(error).__name__}: {error}") from error
        self.history = described["history"]
        # The schedule's state is a function of the history: show it once more,
        # before the learning rate that came of it is put back with the rest.
        for epoch, loss in enumerate(self.history["val_loss"]):
            self._show(epoch, loss)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def record(self):
        """Returns the record of the finished run; tests the network."""
        record = _without_nan(
            {
                "configuration": dataclasses.asdict(self.configuration),
                "parameters": self.model.count_params(),
                "train_samples": len(self.images.x_train),
                "diverged": self.diverged,
                "history": self.history,
                "test": None
                if self.diverged
                else _test(self.model, self.images),
                "environment": self.environment,
            }
        )
        return {**record, "hash": content_hash(record)}

    def _variables(self):
        # Weights, moving averages, the dropout's random state; the optimizer's.
        layers = [v for layer in self.model.layers for v in layer.variables]
        return [*layers, *self.model.optimizer.variables]


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


def set_aside(path, error):
    """Renames a file that is no good, and warns: nothing is thrown away."""
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


def write_whole(path, content):
    """Writes a file whole or not at all: aside first, then renamed.

    Aside is always the same name, so that what a killed process leaves there
    is overwritten by the next; `claim` keeps others away.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
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
    device, instructions = process.processor()
    found = {
        "time": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "numpy": np.__version__,
        "backend": keras.backend.backend(),
        "platform": platform.platform(),
        "device": device,
        "instructions": instructions,
        "cores": process.cores(),
        "variables": {
            name: os.environ[name]
            for name in process.ROUNDING
            if name in os.environ
        },
        "commit": _commit(),
    }
    if found["backend"] == "tensorflow":
        import tensorflow as tf

        found["tensorflow"] = tf.__version__
        found["onednn"] = process.onednn()
        found["threads"] = (
            tf.config.threading.get_intra_op_parallelism_threads()
            or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0))
            or process.cores()
        )
        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = tf.config.experimental.get_device_details(gpus[0])
            found["device"] = details.get("device_name", "GPU")
    return found


def _commit():
    """Returns the commit of the code, where it lies in a git repository."""
    git = ["git", "-C", str(pathlib.Path(__file__).parent)]
    try:
        return subprocess.check_output(
            [*git, "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return None
