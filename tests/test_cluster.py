"""Tests of comparison/cluster.py on two real worker processes."""

import concurrent.futures
import contextlib
import errno
import http.server
import json
import logging
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types

import psutil
import pytest
from distributed.utils import json_load_robust

from comparison import (
    cluster,
    data,
    process,
    progress,
    records,
    runs,
    studies,
)
from comparison.__main__ import main

STUDY = studies.study(
    "smoke", ["relu", "swish_trainable"], epochs=2, train_samples=60
)
# In one process, with the threads that each of two workers on this machine has.
ONE_PROCESS = """
import pathlib
from comparison import studies
study = studies.study(
    "smoke", ["relu", "swish_trainable"], epochs=2, train_samples=60
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
    # What is set goes to the workers as well.
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS") or str(
        max(1, process.cores() // 2)
    )
    environment = {
        **os.environ,
        "PYTHONPATH": root,
        "TF_NUM_INTRAOP_THREADS": threads,
    }
    subprocess.run(
        [sys.executable, "-c", ONE_PROCESS],
        check=True,
        cwd=folder,
        env=environment,
    )
    records = studies.records(STUDY, [folder / "one_process"])
    assert len(records) == 2
    assert records[0]["environment"]["threads"] == int(threads)
    return [runs.result(record) for record in records]


def lines(capsys):
    return [
        line.partition(", validation")[0]
        for line in capsys.readouterr().err.splitlines()
    ]


EPOCHS = sorted(
    f"{name}, seed 0: epoch {epoch} of 2"
    for name in ("relu", "swish_trainable")
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
    shown = progress.Progress.epoch

    def epoch(self, configuration, history):
        shown(self, configuration, history)
        if not killed:
            killed.append(next(iter(before)))
            # The next epochs are under way.
            os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr(progress.Progress, "epoch", epoch)
    records = studies.run(STUDY, tmp_path, client=client)
    assert [runs.result(record) for record in records] == one_process
    # Each epoch came home once: none that was finished was done again.
    assert sorted(lines(capsys)) == EPOCHS
    after = before
    while killed[0] in after or len(after) < 2:
        after = set(client.run(os.getpid, on_error="ignore").values())


def test_goes_on_behind_a_checkpoint(client, one_process, tmp_path, capsys):
    """One of a run in this process; a spoilt one costs that run alone."""
    relu, swish = STUDY.configurations
    training = runs.Training(relu, runs.load_images(relu))
    training.epoch()
    state = training.state()
    tmp_path.mkdir(exist_ok=True)
    runs.save_checkpoint(state, relu, tmp_path)
    runs.save_checkpoint(state[:1000], swish, tmp_path)
    found = studies.run(STUDY, tmp_path, client=client)
    assert "relu, seed 0: epoch 1 of 2" not in lines(capsys)
    # Its first epoch was not on the worker's number of threads.
    assert found[0]["history"]["loss"][0] == training.history["loss"][0]
    assert [runs.result(record) for record in found[1:]] == one_process[1:]
    aside = tmp_path / f"{swish.key}.checkpoint.npz.damaged-1"
    assert aside.read_bytes() == state[:1000]


def test_worker_uses_the_model_of_a_run_that_is_over(monkeypatch):
    """To the bit as without; one in the middle of a run stays that run's."""
    worker = types.SimpleNamespace(address="here")
    monkeypatch.setattr(cluster, "get_worker", lambda: worker)
    monkeypatch.setattr(cluster, "_last", {})
    study = studies.study(
        "smoke",
        ["relu"],
        range(3),
        network="dense",
        hidden=(9, 9),
        epochs=2,
        train_samples=60,
    )
    alone = []
    monkeypatch.setattr(runs, "_idle", {})
    for configuration in study.configurations:
        training = runs.Training(configuration, runs.load_images(configuration))
        while not training.finished:
            training.epoch()
        alone.append(runs.result(json.loads(json.dumps(training.record()))))
        training.release()

    one, two, three = study.configurations
    monkeypatch.setattr(runs, "_idle", {})
    found = {}
    states = dict.fromkeys(study.configurations)
    # Two in turn, as where a worker was lost, and the third behind them.
    for configuration in (one, two, one, two, three, three):
        state, history, record, address = cluster.advance(
            configuration, states[configuration], None
        )
        assert address == "here"
        assert (record is None) == (len(history["loss"]) < 2)
        states[configuration] = state
        if record is not None:
            found[configuration] = runs.result(json.loads(json.dumps(record)))
            (model,) = runs._idle.values()
        else:
            (under_way,) = cluster._last.values()
            assert under_way.model not in runs._idle.values()
            if configuration is three:
                assert under_way.model is model
    assert [found[c] for c in study.configurations] == alone


def test_run_that_another_process_is_at(client, one_process, tmp_path):
    """It is left to that one, and waited for."""
    relu, swish = STUDY.configurations
    others = []

    class Progress:
        def __init__(self):
            self.started = []

        def start(self, configuration):
            self.started.append(configuration)

        def epoch(self, configuration, history):
            pass

    shown = Progress()
    with records.claim(relu.key, tmp_path):
        for configuration, record in cluster.run(
            STUDY.configurations, tmp_path, None, shown, [], client
        ):
            others.append((configuration, record and runs.result(record)))
    assert others[0] == (relu, None)
    assert relu not in shown.started
    assert others[1:] == [(swish, one_process[1])]


def test_run_that_another_process_has_finished_meanwhile(
    client, write_record, monkeypatch, tmp_path, capsys
):
    """It is shown as finished, like one that was done here."""
    study = studies.study("smoke", ["relu"])
    begin = cluster._Epochs.begin

    def begin_late(epochs, configuration):
        write_record(configuration, tmp_path)
        return begin(epochs, configuration)

    monkeypatch.setattr(cluster._Epochs, "begin", begin_late)
    (found,) = studies.run(study, tmp_path, client=client)
    assert found == runs.find(study.configurations[0], [tmp_path])
    (line,) = capsys.readouterr().err.splitlines()
    assert "relu, seed 0: epoch 1 of 1, validation accuracy 0.8750" in line


def test_data_of_a_held_run_lie_on_the_workers_alone(
    client, write_record, tmp_path
):
    """It is waited for, and not looked for here."""
    study = studies.study("controlled", ["relu"], [0])
    (relu,) = study.configurations
    claimed, may_end = threading.Event(), threading.Event()

    def other():
        with records.claim(relu.key, tmp_path):
            claimed.set()
            may_end.wait(60)
            write_record(relu, tmp_path)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        elsewhere = pool.submit(other)
        assert claimed.wait(60)
        with cluster.connected(client.scheduler.address) as guest:
            here = pool.submit(
                studies.run,
                study,
                tmp_path,
                data_path="/on/the/workers/mnist.npz",
                client=guest,
            )
            concurrent.futures.wait([here], timeout=0.5)
            may_end.set()
            elsewhere.result()
            (record,) = here.result()
    assert record["configuration"]["activation"] == "relu"


def test_error_of_a_worker(client, tmp_path):
    """It reaches the caller as it is, and no lock is left."""
    study = studies.study("controlled", ["relu", "tanh"], [0])
    path = tmp_path / "mnist.npz"
    with cluster.connected(client.scheduler.address) as guest:
        with pytest.raises(data.DataError, match="does not exist") as caught:
            studies.run(study, tmp_path / "r", data_path=path, client=guest)
    assert str(path) in str(caught.value)
    for configuration in study.configurations:
        with records.claim(configuration.key, tmp_path / "r", wait=False):
            pass


def test_data_of_this_machine_are_looked_at_first(client, tmp_path):
    study = studies.study("controlled", ["relu"], [0])
    path = tmp_path / "mnist.npz"
    with pytest.raises(data.DataError, match="does not exist"):
        studies.run(study, tmp_path / "r", data_path=path, client=client)
    assert not (tmp_path / "r").exists()


def test_all_that_is_started_listens_on_this_machine_alone(client):
    """Dask asks nobody who they are: dashboard, scheduler and workers."""
    this = psutil.Process()
    listening = {
        connection.laddr.ip: process.pid
        for process in (this, *this.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert list(listening) == ["127.0.0.1"]
    dashboard = client.dashboard_link
    assert dashboard.startswith("http://127.0.0.1:")
    with socket.create_connection(
        ("127.0.0.1", int(dashboard.rpartition(":")[2].partition("/")[0]))
    ):
        pass


def command(capsys, *words):
    """The status of a command, and the lines of its two streams."""
    status = main([str(word) for word in words])
    shown = capsys.readouterr()
    return status, shown.out.splitlines(), shown.err.splitlines()


@contextlib.contextmanager
def started():
    """Starts parts of Dask in the project's folder; ends them."""
    processes = []

    def start(*words):
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=root,
                env={**os.environ, "PYTHONPATH": root},
                stderr=subprocess.DEVNULL,
            )
        )
        return processes[-1]

    try:
        yield start
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_workers_that_go_and_come_and_a_scheduler_that_is_killed(
    tmp_path, capsys, caplog, monkeypatch, own_results
):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    file = tmp_path / "scheduler.json"
    workers = []
    with started() as start:
        scheduler = start(
            *("scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--dashboard-address", "127.0.0.1:0", "--scheduler-file", file),
        )
        address = json_load_robust(file, timeout=60)["address"]

        class Reader(logging.Handler):
            """Does what the line says."""

            def emit(self, record):
                said = record.getMessage()
                # On a busy machine, or of the scheduler that is killed.
                if "does not answer" in said:
                    return
                # The one that was started is on its way.
                if workers and workers[-1].poll() is None:
                    return
                words = said.partition("python -m dask ")[2]
                words = words.partition(". ")[0].split()
                assert words == [
                    *("worker", address, "--host", "HOST", "--nthreads", "1")
                ]
                words[3] = "127.0.0.1"
                workers.append(start(*words, "--no-nanny"))

        reader = Reader()
        logging.getLogger(cluster.__name__).addHandler(reader)
        shown = progress.Progress.epoch

        def epoch(self, configuration, history):
            shown(self, configuration, history)
            # The only worker after the first epoch; then the scheduler.
            (workers[-1] if len(workers) == 1 else scheduler).kill()

        monkeypatch.setattr(progress.Progress, "epoch", epoch)
        words = [
            "run",
            "smoke",
            "--activations",
            "relu",
            "--epochs",
            "4",
            "--cluster",
        ]
        results = tmp_path / "results"
        try:
            status, _, lines = command(
                capsys, *words, address, "--results", results
            )
        finally:
            logging.getLogger(cluster.__name__).removeHandler(reader)
    assert status == 2
    *epochs, error = [
        line
        for line in lines
        if "no worker" not in line and "does not answer" not in line
    ]
    assert [line.partition(" of")[0] for line in epochs] == [
        "relu, seed 0: epoch 1",
        "relu, seed 0: epoch 2",
    ]
    assert len(workers) == 2
    assert error.startswith(f"error: The scheduler at {address} is gone")
    for word in ("relu, seed 0", "lost", "0 of 1", str(results), "goes on"):
        assert word in error
    assert len(list(results.glob("*.checkpoint.npz"))) == 1


class Quiet:
    """A client of a cluster of which nothing comes; gives the epochs on it."""

    status = "running"
    cluster = None
    scheduler = types.SimpleNamespace(address="tcp://there", processing=None)

    def __init__(self, monkeypatch, tmp_path, answers):
        self.answers = answers
        configuration, _ = STUDY.configurations
        self.epochs = cluster._Epochs(tmp_path, None, self, [], self)
        self.epochs.under_way[self] = configuration, contextlib.ExitStack(), 0
        self.shown = []
        monkeypatch.setattr(cluster, "wait", self.wait)
        monkeypatch.setattr(self.epochs, "_submit", lambda *arguments: None)

    key = "task"

    def cancel(self):
        pass

    def wait(self, tasks, timeout, which):
        if not self.answers:
            return types.SimpleNamespace(done=tasks)
        raise TimeoutError

    def nthreads(self, callback_timeout):
        assert callback_timeout
        answer = self.answers.pop(0) if self.answers else {0: 1}
        if answer is None:
            raise TimeoutError
        return answer

    def sync(self, function, workers, callback_timeout):
        assert callback_timeout
        return {0: ["task"]}

    def epoch(self, configuration, history):
        state = runs.load_checkpoint(configuration, self.epochs.results)
        self.shown.append((state, history))


def test_scheduler_that_does_not_answer(monkeypatch, tmp_path, caplog):
    """It is said, each time anew, and waited for."""
    there = {0: 1}
    quiet = Quiet(monkeypatch, tmp_path, [None, None, there, None, {}, {}])
    assert quiet.epochs.done() == [quiet]
    assert [r.getMessage().partition(".")[0] for r in caplog.records] == [
        "The scheduler at tcp://there does not answer",
        "The scheduler at tcp://there does not answer",
        "The scheduler at tcp://there has no worker",
    ]
    quiet.answers = [None]
    assert not quiet.epochs.has_room()


def test_workers_of_this_machine_are_started_by_nobody(
    monkeypatch, tmp_path, caplog
):
    quiet = Quiet(monkeypatch, tmp_path, [{}])
    quiet.cluster = "of processes"
    quiet.epochs.done()
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("All workers are gone.") and "dask" not in said


def test_epoch_that_does_not_come_home(monkeypatch, tmp_path, caplog):
    """Its worker was lost behind it: it stays under way, to be done again."""
    quiet = Quiet(monkeypatch, tmp_path, [])

    def result(timeout):
        assert timeout
        raise TimeoutError

    quiet.result = result
    configuration, *_ = quiet.epochs.under_way[quiet]
    assert quiet.epochs.take(quiet) == (configuration, None)
    assert list(quiet.epochs.under_way) == [quiet]
    assert "relu, seed 0, does not come home" in caplog.text


def test_epoch_that_fails_for_want_of_an_answer(monkeypatch, tmp_path):
    """Of a disk far away, for one: it would fail for ever."""
    quiet = Quiet(monkeypatch, tmp_path, [])
    quiet.status = "error"

    def result(timeout):
        raise TimeoutError(errno.ETIMEDOUT, "the disk does not answer")

    quiet.result = result
    with pytest.raises(TimeoutError, match="the disk"):
        quiet.epochs.take(quiet)


def test_epoch_is_saved_before_it_is_shown(monkeypatch, tmp_path):
    quiet = Quiet(monkeypatch, tmp_path, [])
    quiet.result = lambda timeout: (b"state", {"loss": [1.0]}, None, "there")
    quiet.epochs.take(quiet)
    assert quiet.shown == [(b"state", {"loss": [1.0]})]


def test_checkpoint_that_cannot_be_written_ends_its_run_alone(
    monkeypatch, tmp_path, caplog
):
    quiet = Quiet(monkeypatch, tmp_path, [])
    quiet.result = lambda timeout: (b"state", {"loss": [1.0]}, None, "there")
    configuration, *_ = quiet.epochs.under_way[quiet]
    path = tmp_path / f"{configuration.key}.checkpoint.npz"
    path.mkdir()
    assert quiet.epochs.take(quiet) == (configuration, None)
    assert (quiet.epochs.under_way, quiet.shown) == ({}, [])
    (error,) = quiet.epochs.failed
    assert isinstance(error, IsADirectoryError)
    assert "relu, seed 0, is left out" in caplog.text
    with pytest.raises(ConnectionError):
        runs.leave_out(configuration, ConnectionError("of no file"), [])


def test_address_is_named_wherever_a_part_of_dask_is_started():
    """By itself it listens everywhere: in all that users are shown."""
    root = pathlib.Path(__file__).resolve().parent.parent
    for name in ("README.md", "docs/command-line.md", "comparison/cluster.py"):
        text = (root / name).read_text(encoding="utf-8")
        # A text in Python goes on behind its quotes.
        text = re.sub(r'"\s+f?"', "", text)
        started = re.findall(r"dask (?:scheduler|worker)\b[^`\n.,]*", text)
        named = re.findall(r"dask (?:scheduler|worker) .*?--host", text)
        assert len(started) == len(named) >= 1, started


@contextlib.contextmanager
def silent_server():
    """Takes every connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def web_server():
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
    ) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(
    "address, server, expected",
    [
        ("tcp://127.0.0.1:{port}", silent_server, "no answer in 0.5 seconds"),
        ("tcp://127.0.0.1:{port}", web_server, "("),
        ("tls://127.0.0.1:{port}", silent_server, "TLS"),
        ("ucx://127.0.0.1:{port}", silent_server, "ucx"),
        ("http://127.0.0.1:{port}", web_server, "http"),
        ("tcp://127.0.0.1:{port}\nx", web_server, "\\n"),
        ("", silent_server, "''"),
    ],
)
def test_address_of_something_else(
    capfd, monkeypatch, tmp_path, own_results, address, server, expected
):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    results = tmp_path / "results"
    with server() as port:
        address = address.format(port=port)
        status = main(
            ["run", "smoke", "--cluster", address, "--results", str(results)]
        )
    assert status == 2
    (line,) = [
        line
        for line in capfd.readouterr().err.splitlines()
        # What the web server says.
        if '] "' not in line and "] code" not in line
    ]
    assert line.startswith("error: --cluster must be the address of a running")
    assert expected in line and line.endswith(f"Received: {address!r}")
    assert not results.exists()


def test_address_of_a_worker(client, capsys):
    address, *_ = client.nthreads()
    with pytest.raises(ValueError, match="a Worker answers"):
        with cluster.connected(address):
            raise AssertionError("it is none")


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
            (
                *("scheduler", "--host", "127.0.0.1", "--port", "0"),
                *("--dashboard-address", "127.0.0.1:0"),
            ),
            ("worker", "--nthreads", "1"),
        )
    ]
    try:
        address = json_load_robust(file, timeout=60)["address"]
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


def test_ctrl_c_while_workers_start(tmp_path):
    """A terminal sends it to each of them: one line, and no traceback."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        command = subprocess.Popen(
            [
                *(sys.executable, "-m", "comparison", "run", "smoke"),
                *("--workers", "2", "--results", tmp_path),
            ],
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, handler)

    def words(process):
        try:
            return process.cmdline()
        # It has ended meanwhile.
        except psutil.Error:
            return []

    workers = []
    while len(workers) < 2:
        assert command.poll() is None, command.communicate()
        time.sleep(0.01)
        workers = [
            process
            for process in psutil.Process(command.pid).children()
            if "spawn_main" in " ".join(words(process))
        ]
    # As they import.
    time.sleep(0.1)
    os.killpg(command.pid, signal.SIGINT)
    _, err = command.communicate(timeout=300)
    assert command.returncode == 130
    assert err.startswith("\nInterrupted: 0 of 6 runs are on disk")
    assert len(err.splitlines()) == 2
    assert not any(process.is_running() for process in workers)


# The last one: it leaves the cluster without workers.
def test_workers_killed_again_and_again(
    client, tmp_path, capsys, monkeypatch, own_results
):
    """It ends in a line; what was reported is on disk, and no lock is left."""
    scheduler = client.cluster.scheduler
    monkeypatch.setattr(scheduler, "allowed_failures", 0)
    monkeypatch.setattr(
        cluster, "local", lambda workers: contextlib.nullcontext(client)
    )
    shown = progress.Progress.epoch

    def epoch(self, configuration, history):
        shown(self, configuration, history)
        for pid in client.run(os.getpid).values():
            os.kill(pid, signal.SIGKILL)

    monkeypatch.setattr(progress.Progress, "epoch", epoch)
    words = [
        "run",
        "smoke",
        "--activations",
        "relu",
        "tanh",
        "--epochs",
        "3",
        "--workers",
        "2",
    ]
    results = tmp_path / "results"
    status, _, lines = command(capsys, *words, "--results", results)
    *epochs, error = lines
    assert status == 2
    assert error.startswith("error: Workers died one after another")
    for word in ("relu, seed 0", "tanh, seed 0", "lost", "0 of 2", "goes on"):
        assert word in error
    assert str(results) in error
    # The other run's first epoch may be trained anew, and come home as well.
    assert ": epoch 1 of 3," in epochs[0]
    assert {line.split(", ")[0] for line in epochs} == {
        path.name.split("-")[1] for path in results.glob("*.checkpoint.npz")
    }
    study = studies.study("smoke", ["relu", "tanh"], epochs=3)
    for configuration in study.configurations:
        with records.claim(configuration.key, results, wait=False):
            pass
