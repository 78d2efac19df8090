"""One run: from a configuration to a record on disk, resumable."""

import dataclasses
import errno
import hashlib
import io
import json
import logging
import math
import pathlib
import time

import keras
import numpy as np

import activations
from activations import shown
from comparison import data, networks, records, terminal
from comparison.configuration import Configuration

# So many wrong test images are listed in the record of an article's network;
# more say little of any.
LISTED = 1000
_log = logging.getLogger(__name__)

# Models that have been trained, by all that their graphs depend on: compiling
# a small one takes longer than training it.
_idle = {}
# Of every history.
_COLUMNS = (
    *("loss", "accuracy", "val_loss", "val_accuracy"),
    *("learning_rate", "seconds"),
)
# What is in the values of variables, in the data, or in the loop over epochs.
_IN_NO_GRAPH = {
    "dataset",
    "seed",
    "epochs",
    "kernel_initializer",
    "stddev",
    "random_biases",
    "learning_rate",
    "schedule",
    "shuffle",
    "validation",
    "train_samples",
    "fits",
}


class CheckpointError(ValueError):
    """A checkpoint that is cut off, or is of another run."""


def run(configuration, results, data_path=None, on_epoch=None, wait=True):
    """Trains and tests a network, and writes the record of it.

    The record is `results/KEY.json`, KEY from the configuration. While the run
    is under way, `results/KEY.checkpoint.npz` holds its last finished epoch;
    a run that finds one goes on behind it. A record that is there is read.
    Ctrl-C is put off until an epoch can be left; see `terminal.put_off`.

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
    # A record that is there needs no data, and no data no folder.
    images = None
    if find(configuration, [results], records.ignore) is None:
        images = load_images(configuration, data_path)
    with records.claim(configuration.key, results, wait), terminal.put_off():
        record = find(configuration, [results], records.set_aside)
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
            record = save_record(training.record(), configuration, results)
            training.release()
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


def check_data(configurations, data_path=None):
    """Loads each dataset of some runs once, before anything is written.

    Raises:
        DataError: If one is not there, or is not what it should be.
    """
    for configuration in {c.dataset: c for c in configurations}.values():
        load_images(configuration, data_path)


def load_checkpoint(configuration, results):
    """Returns the checkpoint of a run as bytes, or `None`."""
    try:
        return records.read_file(_checkpoint(configuration, results))
    except FileNotFoundError:
        return None
    except OSError as error:
        discard_checkpoint(configuration, results, error)
        return None


def save_checkpoint(state, configuration, results):
    """Writes what `Training.state` gave."""
    records.write_whole(_checkpoint(configuration, results), state)


def discard_checkpoint(configuration, results, error=None):
    """Removes a run's checkpoint, or sets it aside if it is damaged."""
    path = _checkpoint(configuration, results)
    if error is not None:
        records.set_aside(path, error)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as failure:
        # The record is there: what is left beside it ends nothing.
        records.report(path, f"it cannot be removed ({failure.strerror}).")


def leave_out(configuration, error, failed):
    """Warns of a run that ends as its files are in trouble.

    Args:
        configuration: The run's.
        error: The `OSError`, which is added to `failed`.
        failed: A list.

    Raises:
        OSError: The error, if it is of all runs: a full disk, or of no file.
    """
    if error.errno in (None, errno.ENOSPC, errno.EDQUOT):
        raise error
    _log.warning(
        "%s, seed %s, is left out: %s",
        configuration.activation,
        configuration.seed,
        error,
    )
    failed.append(error)


def save_record(record, configuration, results):
    """Writes the record of a run; returns it with its hash."""
    return records.write(
        pathlib.Path(results) / f"{configuration.key}.json", record
    )


def _checkpoint(configuration, results):
    return pathlib.Path(results) / f"{configuration.key}.checkpoint.npz"


def find(configuration, folders, on_damage=records.report):
    """Returns the record of a configuration; see `records.find`."""

    def check(record, path):
        try:
            found = of_record(record)
            _check_layout(record, found)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise records.RecordError(
                f"{path} is no record of a run ({type(error).__name__}: "
                f"{error})."
            ) from error
        if found != configuration:
            raise records.RecordError(f"{path} holds another run: {found}.")

    return records.find(f"{configuration.key}.json", folders, check, on_damage)


def _check_layout(record, configuration):
    """Checks that all is there that tables and figures read."""
    for field in ("parameters", "train_samples", "diverged"):
        if not isinstance(record[field], int):
            raise TypeError(f"{field} is {shown(record[field])}")
    record["environment"]["backend"]
    _check_history(record["history"], configuration)
    if not record["diverged"]:
        for field in ("loss", "accuracy", "misclassified"):
            record["test"][field]


def of_record(record):
    """Returns the configuration of a run's record."""
    return Configuration.from_record(record["configuration"])


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
        super().__init__()
        self.images = images
        self.labels = labels
        self.batch_size = batch_size
        self.order = np.arange(len(labels)) if order is None else order

    def feed(self):
        """Returns what Keras is to be given of it, on the backend at hand.

        On TensorFlow Keras makes a dataset of this one that is tuned while it
        runs, by a thread that sleeps for longer and longer, 41 s in the end,
        and an epoch would wait for it to wake; or, with more than one worker,
        a tenth of a second for each epoch's last one. This is the same, and
        neither.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        dataset = tf.data.Dataset.from_generator(
            lambda: (self[index] for index in range(len(self))),
            output_signature=(
                tf.TensorSpec((None, *self.images.shape[1:]), "float32"),
                tf.TensorSpec((None,), self.labels.dtype),
            ),
        )
        options = tf.data.Options()
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        return (
            dataset.apply(tf.data.experimental.assert_cardinality(len(self)))
            .prefetch(2)
            .with_options(options)
        )

    def clear(self):
        """Lets go of the images.

        TensorFlow keeps what it was given as a generator until the process
        ends: 50 MB a run otherwise.
        """
        self.images = self.labels = self.order = None

    def __len__(self):
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, index):
        start = index * self.batch_size
        chosen = self.order[start : start + self.batch_size]
        images = self.images[chosen].astype("float32") / np.float32(255)
        return images, self.labels[chosen]


class _Stop(keras.callbacks.Callback):
    """Ends an epoch behind the batch in which Ctrl-C came."""

    # Keras may go on meanwhile.
    async_safe = True

    def __init__(self):
        super().__init__()
        self.stopped = False

    def on_train_batch_end(self, batch, logs=None):
        if terminal.interrupted():
            self.stopped = self.model.stop_training = True


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
        self.environment = records.environment()
        self.history = {}
        self.model = networks.build(configuration)
        # Keras makes the optimizer's variables in the first step, too late for
        # a checkpoint to be read.
        self.model.optimizer.build(self.model.trainable_variables)
        self._reuse()
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
        """Trains one epoch, and validates.

        Raises:
            KeyboardInterrupt: If Ctrl-C came, and was put off. The network has
                been trained in a part of the epoch then, of which nothing is
                in the history.
        """
        number = self.epochs
        # From the seed and the epoch alone, so that a resumed run needs no
        # more than those.
        order = None
        if self.configuration.shuffle:
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
        stop = _Stop()
        start = time.perf_counter()
        trained = self.model.fit(
            batches.feed(), shuffle=False, verbose=0, callbacks=[stop]
        ).history
        seconds = time.perf_counter() - start
        batches.clear()
        if stop.stopped:
            raise KeyboardInterrupt
        validated = self.model.evaluate(
            self.validation.feed(), verbose=0, return_dict=True
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
        if not self.configuration.schedule:
            return
        if epoch % self.configuration.epochs == 0:
            # A new one: not every Keras forgets the best loss at the start.
            self.schedule = keras.callbacks.ReduceLROnPlateau(
                "val_loss", factor=0.2, patience=5, min_lr=1e-5
            )
            self.schedule.set_model(self.model)
            self.schedule.on_train_begin()
        self.schedule.on_epoch_end(epoch, {"val_loss": loss})

    def state(self):
        """Returns all that the next epoch depends on, as bytes (.npz)."""
        described = {
            "configuration": dataclasses.asdict(self.configuration),
            "history": self.history,
            "backend": self.environment["backend"],
        }
        described = np.frombuffer(json.dumps(described).encode(), np.uint8)
        variables = [
            keras.ops.convert_to_numpy(variable)
            for variable in self._variables()
        ]
        file = io.BytesIO()
        np.savez(
            file,
            hash=_arrays_hash([described, *variables]),
            described=described,
            **{f"variable_{n}": value for n, value in enumerate(variables)},
        )
        return file.getvalue()

    def restore(self, state):
        """Goes back to a state of the same run.

        Raises:
            CheckpointError: If it is not one; then nothing has changed.
        """
        variables = self._variables()
        try:
            with np.load(io.BytesIO(state), allow_pickle=False) as saved:
                expected = saved["hash"]
                described = saved["described"]
                values = [
                    saved[f"variable_{number}"]
                    for number in range(len(variables))
                ]
            if expected != _arrays_hash([described, *values]):
                raise ValueError("it was altered: its hash does not fit")
            described = json.loads(described.tobytes())
            found = Configuration.from_record(described["configuration"])
            if found != self.configuration:
                raise ValueError(f"it is of another run: {found}")
            here = self.environment["backend"]
            # Not in older ones.
            if (backend := described.get("backend", here)) != here:
                raise ValueError(
                    f"it was begun on the backend {backend}, and this is {here}"
                )
            _check_history(described["history"], found)
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
        return {
            "configuration": dataclasses.asdict(self.configuration),
            "parameters": self.model.count_params(),
            "train_samples": len(self.images.x_train),
            "diverged": self.diverged,
            "history": self.history,
            "test": None
            if self.diverged
            else _test(
                self.model,
                self.images,
                LISTED if self.configuration.network == "article" else 0,
            ),
            "environment": self.environment,
        }

    def release(self):
        """Leaves its memory, and what is compiled, to the next run."""
        self.validation.clear()
        _idle[self._graph()] = self.model
        # It is another run's from here on.
        self.model = None
        while len(_idle) > 8:
            del _idle[next(iter(_idle))]

    def _reuse(self):
        """Takes such a model, with the values of the one just built."""
        idle = _idle.pop(self._graph(), None)
        if idle is not None:
            built = self._variables()
            self.model = idle
            for variable, value in zip(self._variables(), built, strict=True):
                variable.assign(value)

    def _graph(self):
        """Returns all that the model's graph depends on."""
        elsewhere = {
            field.name: field.default
            for field in dataclasses.fields(Configuration)
            if field.name in _IN_NO_GRAPH
        }
        return self.model.input_shape, dataclasses.replace(
            self.configuration, **elsewhere
        )

    def _variables(self):
        # Weights, moving averages, the dropout's random state; the optimizer's.
        layers = [v for layer in self.model.layers for v in layer.variables]
        return [*layers, *self.model.optimizer.variables]


def _check_history(history, configuration):
    """Checks that each column has a value for each epoch behind the run."""
    columns = [history[name] for name in _COLUMNS]
    columns += history.get("beta", {}).values()
    lengths = {len(column) for column in columns}
    total = configuration.epochs * configuration.fits
    if len(lengths) > 1 or not 1 <= max(lengths) <= total:
        raise ValueError(
            f"its columns have {sorted(lengths)} values, of {total} epochs"
        )


def _arrays_hash(arrays):
    """Returns a SHA-256 of arrays: types, shapes and contents."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _test(model, images, listed):
    """Reads the test set, once; lists up to so many wrong images."""
    batches = Batches(images.x_test, images.y_test, 500)
    predictions = model.predict(batches.feed(), verbose=0)
    batches.clear()
    predicted = predictions.argmax(axis=1)
    cross_entropy = keras.losses.get(model.loss)(images.y_test, predictions)
    # As Keras's `evaluate` has it: the mean and the regularisation.
    loss = keras.ops.mean(cross_entropy) + sum(model.losses)
    wrong = np.flatnonzero(predicted != images.y_test)
    return {
        "loss": float(keras.ops.convert_to_numpy(loss)),
        "accuracy": 1 - len(wrong) / len(images.y_test),
        "misclassified": [[int(i), int(predicted[i])] for i in wrong]
        if len(wrong) <= listed
        else None,
    }
