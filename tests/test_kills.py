"""Runs in real processes that are killed, or that are at one study together."""

import functools
import multiprocessing
import os
import random
import signal
import time

import pytest

from comparison import data, networks, records, runs, studies
from comparison.configuration import Configuration

CONFIGURATION = Configuration(
    "swish_trainable",
    # What is small starts fast.
    network="dense",
    hidden=(8,),
    batch_size=10,
    epochs=4,
    learning_rate=0.01,
)


@pytest.fixture(scope="session")
def start():
    """Starts a function of this file in a process, with TensorFlow loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["comparison.studies"])
    started = []

    def start(function, *arguments):
        process = context.Process(target=function, args=arguments)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


def make_tiny(images):
    """As the fixture `tiny` does, in a process of its own."""
    data.load = lambda *arguments: images
    networks.build = functools.partial(networks.build, input_shape=(8, 8, 1))


def train(images, results, log):
    """A run that writes down each epoch that it finishes."""
    make_tiny(images)

    def on_epoch(history):
        with log.open("a") as file:
            print(len(history["loss"]), file=file)

    with log.open("a") as file:
        print("begun", file=file)
    runs.run(CONFIGURATION, results, on_epoch=on_epoch)


def train_and_die(images, results, log, write, where):
    """The same, killed in one of the files that it writes."""
    writes = 0

    def fsync(file):
        nonlocal writes
        writes += 1
        if writes == write and where == "in the file":
            # Half of it is on the disk.
            os.truncate(file, os.fstat(file).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    def replace(source, target):
        if writes == write and where == "before the renaming":
            os.kill(os.getpid(), signal.SIGKILL)
        os.rename(source, target)
        if writes == write and where == "behind the renaming":
            os.kill(os.getpid(), signal.SIGKILL)

    records.os.fsync = fsync
    records.os.replace = replace
    train(images, results, log)


def wait_until(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


def end(process, status=0):
    process.join(timeout=120)
    assert process.exitcode == status


def epochs(log):
    return [int(line) for line in log.read_text().split() if line != "begun"]


@pytest.fixture(scope="session")
def uninterrupted(start, tiny_images, tmp_path_factory):
    """The record of a run in a process that nobody killed, and its time."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    # The first process waits until TensorFlow is loaded.
    end(start(len, ()))
    begun = time.perf_counter()
    end(start(train, tiny_images, folder / "results", folder / "log"))
    seconds = time.perf_counter() - begun
    assert epochs(folder / "log") == [1, 2, 3, 4]
    record = runs.find(CONFIGURATION, [folder / "results"])
    return runs.result(record), seconds


def check(results, uninterrupted):
    """Nothing is left but the record, and that is the uninterrupted one."""
    record = runs.find(CONFIGURATION, [results])
    assert runs.result(record) == uninterrupted[0]
    assert [p.name for p in results.iterdir() if p.is_file()] == [
        f"{CONFIGURATION.key}.json"
    ]


def test_killed_while_a_file_is_written(
    start, tiny_images, tmp_path, uninterrupted
):
    """One process after another, each killed in a file that it writes."""
    results, log = tmp_path / "results", tmp_path / "log"
    arguments = tiny_images, results, log
    # Which file of the process it is, and the epochs finished in it.
    deaths = [
        (1, "in the file", []),
        (2, "before the renaming", [1]),
        (2, "behind the renaming", [2]),
        (1, "behind the renaming", []),
        # The record's.
        (1, "in the file", []),
        (1, "before the renaming", []),
        (1, "behind the renaming", []),
    ]
    expected = []
    for write, where, finished in deaths:
        end(start(train_and_die, *arguments, write, where), -signal.SIGKILL)
        expected += ["begun", *map(str, finished)]
        assert log.read_text().split() == expected
    end(start(train, *arguments))
    assert log.read_text().split() == [*expected, "begun"]
    check(results, uninterrupted)


def test_killed_at_random(start, tiny_images, tmp_path, uninterrupted):
    results, log = tmp_path / "results", tmp_path / "log"
    _record, seconds = uninterrupted
    for _ in range(3):
        process = start(train, tiny_images, results, log)
        wait_until(log.exists)
        delay = random.uniform(0, seconds)
        print(f"killed after {delay:.3f} s")
        time.sleep(delay)
        process.kill()
        process.join()
    end(start(train, tiny_images, results, log))
    # Each goes on behind the last epoch that was saved.
    assert epochs(log) == sorted(set(epochs(log)))
    check(results, uninterrupted)


def run_study(images, results, log):
    """A study of three runs, which writes down who trained what."""
    make_tiny(images)
    train_epoch = runs.Training.epoch

    def epoch(training):
        train_epoch(training)
        with log.open("a") as file:
            print(training.configuration.seed, training.epochs, file=file)

    runs.Training.epoch = epoch
    study = studies.study("smoke", ["relu"], [0, 1, 2], epochs=3, batch_size=10)
    records = studies.run(study, results)
    assert [r["configuration"]["seed"] for r in records] == [0, 1, 2]


def test_two_processes_share_a_study(start, tiny_images, tmp_path):
    results = tmp_path / "results"
    logs = [tmp_path / "one", tmp_path / "two"]
    processes = [start(run_study, tiny_images, results, log) for log in logs]
    for process in processes:
        end(process)
    trained = [log.read_text().splitlines() for log in logs]
    # Each epoch once, and no run by both.
    assert sorted(trained[0] + trained[1]) == [
        f"{seed} {epoch}" for seed in range(3) for epoch in (1, 2, 3)
    ]
    assert all(trained)
    seeds = [{line.split()[0] for line in lines} for lines in trained]
    assert not seeds[0] & seeds[1]
    assert len(list(results.glob("*.json"))) == 3


def test_run_of_a_process_that_dies_is_taken_over(start, tiny_images, tmp_path):
    results = tmp_path / "results"
    logs = [tmp_path / "one", tmp_path / "two"]
    one, two = (start(train, tiny_images, results, log) for log in logs)
    wait_until(lambda: any(log.exists() and epochs(log) for log in logs))
    is_first = logs[0].exists() and epochs(logs[0])
    first, second = logs if is_first else reversed(logs)
    victim, heir = (one, two) if first == logs[0] else (two, one)
    victim.kill()
    end(heir)
    done = epochs(first) + epochs(second)
    # None twice; one that is saved may not have been told.
    assert done == sorted(set(done)) and len(done) in (3, 4)
    assert runs.find(CONFIGURATION, [results]) is not None
