"""Many runs at once, on Dask: an epoch a task, files at home."""

import contextlib
import hashlib
import signal

import dask
import filelock
from distributed import (
    Client,
    LocalCluster,
    WorkerPlugin,
    as_completed,
    get_worker,
)

from comparison import process, records, runs

# A checkpoint has some 14 MB, of which Dask would warn.
_SETTINGS = {"distributed.admin.large-graph-warning-threshold": "1GB"}


@contextlib.contextmanager
def local(workers):
    """Starts processes on this machine; gives a client, and ends them.

    The cores are shared out: each process computes on as many threads as
    there are cores for it.

    Args:
        workers: How many processes, 1 to 1,000.

    Raises:
        ValueError: If it is not such a number.
    """
    if not isinstance(workers, int) or not 1 <= workers <= 1000:
        raise ValueError(
            f"--workers must be an integer in [1, 1000]. Received: {workers!r}"
        )
    threads = max(1, process.cores() // workers)
    environment = {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
    }
    # Before TensorFlow starts, in whichever way a worker comes to import it.
    spawn = {"distributed.nanny.pre-spawn-environ": environment}
    with (
        dask.config.set({**_SETTINGS, **spawn}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            # A worker that goes is replaced, and its epoch done again.
            silence_logs="CRITICAL",
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_Undisturbed())
        yield client


class _Undisturbed(WorkerPlugin):
    """Leaves Ctrl-C, which a terminal sends to every process, to the first."""

    def setup(self, worker):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def connected(address):
    """Gives a client of a running scheduler.

    Args:
        address: The scheduler's, such as `tcp://HOST:8786`.

    Raises:
        ValueError: If none answers, it has no worker within a minute, or
            this project cannot be imported there.
    """
    with dask.config.set(_SETTINGS):
        try:
            client = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise ValueError(
                "--cluster must be the address of a running Dask scheduler, "
                f"such as tcp://127.0.0.1:8786. Received: {address!r} "
                f"({error})"
            ) from error
        with client:
            _check(client, address)
            yield client


def _check(client, address):
    """Finds out now what would leave a task waiting for ever."""

    # Sent as it is, and not by its name in a module that may not be there.
    def has_project():
        import importlib.util

        return importlib.util.find_spec("comparison") is not None

    how = (
        "Start it and its workers in this project's folder: python -m dask "
        f"scheduler, and python -m dask worker {address} --nthreads 1"
    )
    try:
        client.wait_for_workers(1, timeout="60s")
    except TimeoutError as error:
        raise ValueError(
            f"The scheduler at {address} has no worker. {how}"
        ) from error
    found = {
        address: client.run_on_scheduler(has_project),
        **client.run(has_project),
    }
    missing = [place for place, is_there in found.items() if not is_there]
    if missing:
        raise ValueError(
            f"This project cannot be imported at {', '.join(missing)}. {how}"
        )


def run(configurations, results, data_path, progress, client):
    """Runs on a cluster what is not run elsewhere; yields what is finished.

    Each worker has one run at a time and gets it an epoch at a time: with
    every epoch the state of the run comes home, where its checkpoint, its
    record and its lock are. So a worker that is lost takes one epoch with it.

    Args:
        configurations: The runs to do.
        results: The folder for records and checkpoints, on this machine.
        data_path: Where the dataset lies on the workers; see `data.load`.
        progress: A `studies.Progress`.
        client: A Dask client.

    Yields:
        A configuration and its record; `None` in place of the record of a run
        that another process is at.
    """
    waiting = list(configurations)
    under_way = {}
    tasks = as_completed()

    def submit(configuration, lock, state, worker=None):
        task = client.submit(
            advance,
            configuration,
            state,
            data_path,
            # Where the network is built already, if that is still there.
            workers=worker,
            allow_other_workers=worker is not None,
            # The same epoch again is not to be answered from memory.
            pure=False,
        )
        under_way[task] = configuration, lock
        tasks.add(task)

    try:
        while waiting or under_way:
            while waiting and len(under_way) < max(len(client.nthreads()), 1):
                configuration = waiting.pop(0)
                lock = contextlib.ExitStack()
                try:
                    lock.enter_context(
                        records.claim(configuration.key, results, wait=False)
                    )
                except filelock.Timeout:
                    yield configuration, None
                    continue
                record = runs.find(configuration, [results], records.set_aside)
                if record is not None:
                    lock.close()
                    yield configuration, record
                    continue
                progress.start(configuration)
                state = runs.load_checkpoint(configuration, results)
                submit(configuration, lock, state)
            if not under_way:
                continue
            task = next(tasks)
            configuration, lock = under_way.pop(task)
            try:
                state, history, record, worker = task.result()
            except runs.CheckpointError as error:
                runs.discard_checkpoint(configuration, results, error)
                submit(configuration, lock, None)
                continue
            except BaseException:
                lock.close()
                raise
            if record is None:
                runs.save_checkpoint(state, configuration, results)
                submit(configuration, lock, state, worker)
                # Said when it is on disk.
                progress.epoch(configuration, history)
                continue
            record = runs.save_record(record, configuration, results)
            runs.discard_checkpoint(configuration, results)
            lock.close()
            progress.epoch(configuration, history)
            yield configuration, record
    finally:
        client.cancel(list(under_way))
        for _, lock in under_way.values():
            lock.close()


# What this worker process has trained last, and its state then.
_last = {}


def advance(configuration, state, data_path):
    """Trains one epoch, on a worker.

    Args:
        configuration: A `runs.Configuration`.
        state: What `runs.Training.state` gave, or `None` at the start.
        data_path: Where the dataset lies; see `data.load`.

    Returns:
        The new state, the history, the record if the run is finished or else
        `None`, and the address of the worker.
    """
    digest = hashlib.sha256(state or b"").digest()
    training = _last.get((configuration, digest))
    _last.clear()
    if training is None:
        images = runs.load_images(configuration, data_path)
        training = runs.Training(configuration, images)
        if state is not None:
            training.restore(state)
    if not training.finished:
        training.epoch()
    state = training.state()
    _last[configuration, hashlib.sha256(state).digest()] = training
    record = training.record() if training.finished else None
    return state, training.history, record, get_worker().address
