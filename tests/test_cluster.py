"""Tests of comparison/cluster.py on two real worker processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from comparison import cluster, data, records, runs, studies

STUDY = studies.study(
    "smoke", ["relu", "tanh", "swish_trainable"], epochs=2, train_samples=60
)
# In one process, with the threads that each of two workers on this machine has.
ONE_PROCESS = """
import pathlib
from comparison import studies
study = studies.study(
    "smoke", ["relu", "tanh", "swish_trainable"], epochs=2, train_samples=60
)
studies.run(study, pathlib.Path("one_process"))
"""


@pytest.fixture(scope="module")
def client():
    with cluster.local(2) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    """The results of the study in one process."""
    folder = tmp_path_factory.mktemp("one_process")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    threads = str(max(1, os.cpu_count() // 2))
    environment = {
        **os.environ,
        "PYTHONPATH": root,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
    }
    subprocess.run(
        [sys.executable, "-c", ONE_PROCESS],
        check=True,
        cwd=folder,
        env=environment,
    )
    records = studies.records(STUDY, [folder / "one_process"])
    assert len(records) == 3
    assert records[0]["environment"]["threads"] == int(threads)
    return [runs.result(record) for record in records]


def lines(capsys):
    return [
        line.partition(", validation")[0]
        for line in capsys.readouterr().err.splitlines()
    ]


EPOCHS = sorted(
    f"{name}, seed 0: epoch {epoch} of 2"
    for name in ("relu", "tanh", "swish_trainable")
    for epoch in (1, 2)
)


def test_two_workers(client, one_process, tmp_path, capsys):
    records = studies.run(STUDY, tmp_path, client=client)
    assert [runs.result(record) for record in records] == one_process
    assert sorted(lines(capsys)) == EPOCHS
    # On disk they are the same, and nothing else is there.
    assert studies.records(STUDY, [tmp_path]) == records
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == sorted(
        f"{c.key}.json" for c in STUDY.configurations
    )
    assert len({os.getpid(), *client.run(os.getpid).values()}) == 3


def test_scheduler_by_its_address(client, one_process, tmp_path):
    """As `--cluster ADDRESS` has it."""
    with cluster.connected(client.scheduler.address) as guest:
        records = studies.run(STUDY, tmp_path, client=guest)
    assert [runs.result(record) for record in records] == one_process


def test_worker_is_killed(client, one_process, tmp_path, capsys, monkeypatch):
    """It costs the epoch that it was at, and is replaced."""
    before = set(client.run(os.getpid).values())
    killed = []
    shown = studies.Progress.epoch

    def epoch(progress, configuration, history):
        shown(progress, configuration, history)
        if not killed:
            killed.append(next(iter(before)))
            # When the next epochs are under way.
            threading.Timer(0.3, os.kill, (killed[0], signal.SIGKILL)).start()

    monkeypatch.setattr(studies.Progress, "epoch", epoch)
    records = studies.run(STUDY, tmp_path, client=client)
    assert [runs.result(record) for record in records] == one_process
    # Each epoch came home once: none that was finished was done again.
    assert sorted(lines(capsys)) == EPOCHS
    client.wait_for_workers(2)
    after = set(client.run(os.getpid).values())
    assert killed[0] not in after and len(after) == 2


def test_goes_on_behind_a_checkpoint(client, one_process, tmp_path, capsys):
    """One of a run in this process; a spoilt one costs that run alone."""
    relu, tanh, _ = STUDY.configurations
    training = runs.Training(relu, runs.load_images(relu))
    training.epoch()
    state = training.state()
    tmp_path.mkdir(exist_ok=True)
    runs.save_checkpoint(state, relu, tmp_path)
    runs.save_checkpoint(state[:1000], tanh, tmp_path)
    found = studies.run(STUDY, tmp_path, client=client)
    assert "relu, seed 0: epoch 1 of 2" not in lines(capsys)
    # Its first epoch was not on the worker's number of threads.
    assert found[0]["history"]["loss"][0] == training.history["loss"][0]
    assert [runs.result(record) for record in found[1:]] == one_process[1:]
    aside = tmp_path / f"{tanh.key}.checkpoint.npz.damaged-1"
    assert aside.read_bytes() == state[:1000]


def test_run_that_another_process_is_at(client, one_process, tmp_path):
    """It is left to that one, and waited for."""
    relu, *_ = STUDY.configurations
    others = []

    class Progress:
        def __init__(self):
            self.started = []

        def start(self, configuration):
            self.started.append(configuration)

        def epoch(self, configuration, history):
            pass

    progress = Progress()
    with records.claim(relu.key, tmp_path):
        for configuration, record in cluster.run(
            STUDY.configurations, tmp_path, None, progress, client
        ):
            others.append((configuration, record and runs.result(record)))
    assert others[0] == (relu, None)
    assert relu not in progress.started
    assert sorted(c.activation for c, _ in others[1:]) == [
        "swish_trainable",
        "tanh",
    ]
    found = {c: result for c, result in others}
    assert [found[c] for c in STUDY.configurations[1:]] == one_process[1:]


def test_error_of_a_worker(client, tmp_path):
    """It reaches the caller as it is, and no lock is left."""
    study = studies.study("controlled", ["relu", "tanh"], [0])
    path = tmp_path / "mnist.npz"
    with pytest.raises(data.DataError, match="does not exist") as caught:
        studies.run(study, tmp_path / "r", data_path=path, client=client)
    assert str(path) in str(caught.value)
    for configuration in study.configurations:
        with records.claim(configuration.key, tmp_path / "r", wait=False):
            pass


def test_scheduler_without_workers(client, monkeypatch):
    wait = cluster.Client.wait_for_workers

    def hurry(self, count, timeout):
        assert (count, timeout) == (1, "60s")
        return wait(self, 1000, "10ms")

    monkeypatch.setattr(cluster.Client, "wait_for_workers", hurry)
    address = client.scheduler.address
    with pytest.raises(ValueError, match="has no worker") as caught:
        with cluster.connected(address):
            raise AssertionError("there is none")
    assert f"dask worker {address}" in str(caught.value)


def test_scheduler_where_the_project_is_not(tmp_path):
    """Started in another folder: named before any work is done."""
    file = tmp_path / "scheduler.json"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--scheduler-file", file],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        for words in (
            ("scheduler", "--port", "0", "--dashboard-address", ":0"),
            ("worker", "--nthreads", "1"),
        )
    ]
    try:
        while not file.exists():
            assert started[0].poll() is None
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with pytest.raises(ValueError, match="cannot be imported at") as caught:
            with cluster.connected(address):
                raise AssertionError("it is not there")
    finally:
        for process in started:
            process.terminate()
            process.wait()
    # At the scheduler, and at its worker.
    assert str(caught.value).count("tcp://") == 3
    assert "in this project's folder" in str(caught.value)
