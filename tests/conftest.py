"""What several test files share.

Nothing imports the project at the top: the process that hands the tests out
reads this file as well, and would wait for TensorFlow.
"""

import dataclasses
import functools
import os

# Before NumPy, here and in what the tests start: there is a process for each
# core already, and threads that wait for each other's small products would
# take most of what it has.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest


def pytest_collectstart():
    """Has the project set TensorFlow up before a test file imports it."""
    import comparison  # noqa: F401


def _digits(count, seed):
    """Images of 8x8 noise in ten classes, each with a bright pixel."""
    labels = np.arange(count) % 10
    images = np.random.default_rng(seed).integers(
        0, 200, (count, 8, 8, 1), dtype=np.uint8
    )
    images[np.arange(count), 1 + labels // 2, 2 + labels % 2 * 3] = 255
    return images, labels


@pytest.fixture(scope="session")
def tiny_images():
    """60 images to train, 20 to validate, 20 to test."""
    from comparison import data

    return data.Dataset(
        "mnist", *_digits(60, 0), *_digits(20, 1), *_digits(20, 2)
    )


@pytest.fixture
def tiny(monkeypatch, tiny_images):
    """Makes a run take two seconds: 8x8 images, and the network for them."""
    from comparison import data, networks

    monkeypatch.setattr(data, "load", lambda *arguments: tiny_images)
    monkeypatch.setattr(
        networks,
        "build",
        functools.partial(networks.build, input_shape=(8, 8, 1)),
    )
    return tiny_images


@pytest.fixture
def own_results(monkeypatch, tmp_path):
    """An empty folder in place of the project's own results."""
    from comparison import records

    folder = tmp_path / "own_results"
    folder.mkdir()
    monkeypatch.setattr(records, "RESULTS", folder)
    return folder


@pytest.fixture
def no_runs(monkeypatch):
    from comparison import runs

    def fail(*arguments, **keywords):
        raise AssertionError("a run was started")

    monkeypatch.setattr(runs, "run", fail)


@pytest.fixture(scope="session")
def write_record():
    """Writes a record as a run would have, without running."""
    from comparison import records

    def write(
        configuration,
        folder,
        accuracy=0.9,
        diverged=False,
        backend="numpy",
        misclassified=((3, 5),),
    ):
        epochs = 2 if diverged else configuration.epochs
        last = [None] if diverged else [0.5]
        losses = [0.75] * (epochs - 1) + last
        record = {
            "configuration": dataclasses.asdict(configuration),
            "parameters": 1234,
            "train_samples": configuration.train_samples or 3000,
            "diverged": diverged,
            "history": {
                "loss": losses,
                "accuracy": [0.75] * epochs,
                "val_loss": losses,
                "val_accuracy": [0.875] * epochs,
                "learning_rate": [0.001] * epochs,
                "seconds": [float(n) for n in range(1, epochs + 1)],
            },
            "test": None
            if diverged
            else {
                "loss": 0.25,
                "accuracy": accuracy,
                "misclassified": [list(pair) for pair in misclassified],
            },
            "environment": {"backend": backend},
        }
        return records.write(folder / f"{configuration.key}.json", record)

    return write


@pytest.fixture
def fake_runs(monkeypatch, write_record):
    """Runs that take no time; gives the configurations that were run."""
    from comparison import runs

    run = []

    def pretend(
        configuration, results, data_path=None, on_epoch=None, wait=True
    ):
        record = write_record(configuration, results)
        for epochs in range(1, configuration.epochs + 1):
            history = {k: v[:epochs] for k, v in record["history"].items()}
            on_epoch(history)
        run.append(configuration)
        return record

    monkeypatch.setattr(runs, "run", pretend)
    monkeypatch.setattr(runs, "check_data", lambda *arguments: None)
    return run
