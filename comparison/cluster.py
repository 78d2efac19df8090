"""Many runs at once, on Dask: an epoch a task, files at home."""

import asyncio
import concurrent.futures
import contextlib
import hashlib
import logging
import signal
from multiprocessing import resource_tracker

import dask
import filelock
from distributed import (
    Client,
    KilledWorker,
    LocalCluster,
    get_worker,
    rpc,
    wait,
)
from distributed.comm import CommClosedError
from distributed.utils import silence_logging_cmgr

from activations import shown
from comparison import process, records, runs, terminal

_SETTINGS = {
    # A checkpoint has some 14 MB, of which Dask would warn.
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # A process that replaces another one imports Keras first; on a busy
    # machine Dask would give it up by then, and for good.
    "distributed.deploy.lost-worker-timeout": "1h",
}
# The one that no other machine can reach: Dask asks nobody who they are.
_LOOPBACK = "127.0.0.1"
# Seconds for an address to answer, and between looks at the workers.
_PATIENCE = 10
# Seconds for an epoch that is done to come home, some 14 MB.
_TRANSFER = 40

# What is said in every trouble that may pass.
_WAITS = "This waits for"
_GOES_ON = "Ctrl-C ends it; the same command goes on."

_log = logging.getLogger(__name__)


class ClusterError(ConnectionError):
    """A scheduler that is gone, or workers that die again and again."""


@contextlib.contextmanager
def local(workers):
    """Starts processes on this machine; gives a client, and ends them.

    The cores are shared out: each process computes on as many threads as
    there are cores for it. All of it, Dask's dashboard too, listens on
    127.0.0.1 alone.

    Args:
        workers: How many processes, 1 to 1,000.

    Raises:
        ValueError: If it is not such a number.
        ClusterError: If they cannot be started.
    """
    if (
        isinstance(workers, bool)
        or not isinstance(workers, int)
        or not 1 <= workers <= 1000
    ):
        raise ValueError(
            "--workers must be an integer in [1, 1000]. "
            f"Received: {shown(workers)}"
        )
    threads = max(1, process.cores() // workers)
    # Within an operation alone: with a single thread between operations a
    # worker has been seen to stall for minutes in the middle of an epoch.
    environment = dict.fromkeys(process.THREADS.values(), str(threads))
    # Before a backend starts, in whichever way a worker comes to import it.
    spawn = {"distributed.nanny.pre-spawn-environ": environment}
    with dask.config.set({**_SETTINGS, **spawn}), contextlib.ExitStack() as end:
        try:
            with _undisturbed():
                cluster = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host=_LOOPBACK,
                    dashboard_address=f"{_LOOPBACK}:0",
                    # A worker that goes is replaced, its epoch done again.
                    silence_logs="CRITICAL",
                )
                end.callback(_close, cluster)
            client = end.enter_context(Client(cluster))
        except Exception as error:
            raise ClusterError(
                f"{workers} processes could not be started ({error})"
            ) from error
        yield client


def _close(cluster):
    with _undisturbed():
        cluster.close()


@contextlib.contextmanager
def _undisturbed():
    """Puts off Ctrl-C; what starts meanwhile never gets it.

    A terminal sends it to every process. Threads and processes start with the
    signals blocked that are blocked where they are started, those as well that
    replace others later.
    """
    if not terminal.in_main() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # When it starts, it lifts the block.
    resource_tracker.ensure_running()
    put_off = []
    handler = signal.signal(signal.SIGINT, lambda *event: put_off.append(event))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, handler)
        if put_off:
            signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def connected(address):
    """Gives a client of a running scheduler, once that has a worker.

    Args:
        address: The scheduler's, such as `tcp://HOST:8786`.

    Raises:
        ValueError: If none answers within ten seconds, or this project cannot
            be imported there.
    """
    with (
        dask.config.set(_SETTINGS),
        # It has a line of its own for what is said here.
        silence_logging_cmgr(logging.CRITICAL),
    ):
        try:
            # In a thread: where this one has a loop, as in a notebook, it
            # cannot run a second one.
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, _probe(address)).result()
            client = Client(address, timeout=f"{_PATIENCE}s")
        # Whatever Dask makes of an address of something else.
        except Exception as error:
            raise ValueError(
                "--cluster must be the address of a running Dask scheduler, "
                f"such as tcp://127.0.0.1:8786 ({type(error).__name__}: "
                f"{error}). Received: {shown(address)}"
            ) from error
        with client:
            _check(client, address)
            yield client


async def _probe(address):
    """Asks who is there; `Client` would wait for an answer for ever."""
    try:
        async with asyncio.timeout(_PATIENCE), rpc(address) as there:
            found = await there.identity()
    except TimeoutError as error:
        raise TimeoutError(f"no answer in {_PATIENCE} seconds") from error
    if found["type"] != "Scheduler":
        raise TypeError(f"a {found['type']} answers")


def _check(client, address):
    """Waits for a worker; finds out what would leave a task waiting."""

    # Sent as it is, and not by its name in a module that may not be there.
    def has_project():
        import importlib.util

        return importlib.util.find_spec("comparison") is not None

    with contextlib.suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_PATIENCE)
    if not client.nthreads():
        _log.warning("%s", _no_worker(address))
        client.wait_for_workers(1)
    found = {
        address: client.run_on_scheduler(has_project),
        **client.run(has_project),
    }
    missing = [place for place, is_there in found.items() if not is_there]
    if missing:
        raise ValueError(
            f"This project cannot be imported at {', '.join(missing)}. Start "
            "the scheduler and its workers in this project's folder: python "
            "-m dask scheduler --host HOST, and python -m dask worker "
            f"{address} --host HOST --nthreads 1"
        )


def _no_worker(address):
    return (
        f"The scheduler at {address} has no worker. {_WAITS} one, started in "
        f"this project's folder: python -m dask worker {address} --host HOST "
        f"--nthreads 1. {_GOES_ON}"
    )


def run(configurations, results, data_path, progress, failed, client):
    """Runs on a cluster what is not run elsewhere; yields what is finished.

    Each worker has one run at a time and gets it an epoch at a time: with
    every epoch the state of the run comes home, where its checkpoint, its
    record and its lock are. So a worker that is lost takes one epoch with it.

    Args:
        configurations: The runs to do.
        results: The folder for records and checkpoints, on this machine.
        data_path: Where the dataset lies on the workers; see `data.load`.
        progress: A `progress.Progress`.
        failed: A list, to which is added what ends a run alone, an `OSError`
            of its files.
        client: A Dask client.

    Yields:
        A configuration and its record; `None` in place of the record of a run
        that another process is at.

    Raises:
        ClusterError: If the scheduler goes, or a run kills its workers.
    """
    waiting = list(configurations)
    if isinstance(client.cluster, LocalCluster):
        # Before anything is written: its data lie here, too.
        runs.check_data(waiting, data_path)
    epochs = _Epochs(results, data_path, progress, failed, client)
    try:
        while waiting or epochs.under_way:
            while waiting and epochs.has_room():
                configuration = waiting.pop(0)
                try:
                    record = epochs.begin(configuration)
                except filelock.Timeout:
                    yield configuration, None
                except OSError as error:
                    runs.leave_out(configuration, error, failed)
                else:
                    if record is not None:
                        yield configuration, record
            for task in epochs.done():
                configuration, record = epochs.take(task)
                if record is not None:
                    yield configuration, record
    except KilledWorker as error:
        raise ClusterError(
            "Workers died one after another, the last one at "
            f"{error.last_worker.address}. {epochs.lost()}"
        ) from error
    except (concurrent.futures.CancelledError, CommClosedError) as error:
        raise ClusterError(
            f"The scheduler at {epochs.address} is gone. {epochs.lost()}"
        ) from error
    finally:
        epochs.close()


class _Epochs:
    """The epochs under way on a cluster, one a run; see `run`.

    Attributes:
        under_way: By Dask's future, the configuration, its lock, and the
            address of the worker that it is meant for, if there is one.
    """

    def __init__(self, results, data_path, progress, failed, client):
        self.results = results
        self.data_path = data_path
        self.progress = progress
        self.failed = failed
        self.client = client
        self.address = client.scheduler.address
        self.under_way = {}

    def has_room(self):
        """Whether a worker has nothing to do, if there is one."""
        workers = 0
        # Of a scheduler that does not answer, `done` tells.
        with contextlib.suppress(TimeoutError):
            workers = len(self._workers())
        return len(self.under_way) < max(workers, 1)

    def _workers(self):
        return self.client.nthreads(callback_timeout=_PATIENCE)

    def begin(self, configuration):
        """Begins a run; returns the record if another one has made it.

        Raises:
            filelock.Timeout: If another process is at it.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(
                records.claim(configuration.key, self.results, wait=False)
            )
            record = runs.find(configuration, [self.results], records.set_aside)
            self.progress.start(configuration)
            if record is None:
                state = runs.load_checkpoint(configuration, self.results)
                self._submit(configuration, stack.pop_all(), state)
        return record

    def _submit(self, configuration, lock, state, worker=None):
        task = self.client.submit(
            advance,
            configuration,
            state,
            self.data_path,
            # Where the network is built already, if that is still there.
            workers=worker,
            allow_other_workers=worker is not None,
            # The same epoch again is not to be answered from memory.
            pure=False,
        )
        self.under_way[task] = configuration, lock, worker

    def done(self):
        """Waits for epochs, and returns those that are done."""
        said = None
        while self.under_way:
            try:
                return wait(
                    list(self.under_way), _PATIENCE, "FIRST_COMPLETED"
                ).done
            except TimeoutError as error:
                if self.client.status != "running":
                    raise CommClosedError from error
                trouble = self._revive()
                if trouble not in (None, said):
                    _log.warning("%s", trouble)
                said = trouble
        return ()

    def _revive(self):
        """Submits anew what waits for a worker that is gone.

        Dask gives it to another one that is there, and to none that comes.

        Returns:
            What is to be said if nothing goes on, or `None`.
        """
        try:
            there = self._workers()
            processing = self.client.sync(
                self.client.scheduler.processing,
                workers=None,
                callback_timeout=_PATIENCE,
            )
        except TimeoutError:
            return (
                f"The scheduler at {self.address} does not answer. {_WAITS} "
                f"it. {_GOES_ON}"
            )
        at_work = set().union(*processing.values())
        for task, (configuration, lock, worker) in list(self.under_way.items()):
            if worker in (None, *there) or task.key in at_work:
                continue
            task.cancel()
            del self.under_way[task]
            state = runs.load_checkpoint(configuration, self.results)
            self._submit(configuration, lock, state)
        if there:
            return None
        if self.client.cluster is None:
            return _no_worker(self.address)
        return f"All workers are gone. {_WAITS} those that follow. {_GOES_ON}"

    def take(self, task):
        """Keeps an epoch, and begins the next; returns a finished record."""
        configuration, lock, _ = self.under_way[task]
        try:
            state, history, record, worker = task.result(_TRANSFER)
        except TimeoutError:
            # The epoch's own: of a disk far away, for one.
            if task.status == "error":
                raise
            # Of a worker that is lost by now, or does not answer.
            _log.warning(
                "An epoch of %s, seed %s, does not come home. %s it. %s",
                configuration.activation,
                configuration.seed,
                _WAITS,
                _GOES_ON,
            )
            return configuration, None
        except runs.CheckpointError as error:
            runs.discard_checkpoint(configuration, self.results, error)
            self._submit(configuration, lock, None)
            del self.under_way[task]
            return configuration, None
        try:
            if record is None:
                runs.save_checkpoint(state, configuration, self.results)
                self._submit(configuration, lock, state, worker)
            else:
                record = runs.save_record(record, configuration, self.results)
                runs.discard_checkpoint(configuration, self.results)
                lock.close()
        except OSError as error:
            runs.leave_out(configuration, error, self.failed)
            lock.close()
            del self.under_way[task]
            return configuration, None
        del self.under_way[task]
        # Said when it is on disk.
        self.progress.epoch(configuration, history)
        return configuration, record

    def lost(self):
        """Says what does not come home any more."""
        named = [
            f"{c.activation}, seed {c.seed}"
            for c, *_ in self.under_way.values()
        ]
        return f"The epochs that were under way are lost: {'; '.join(named)}"

    def close(self):
        """Gives up what is under way, and its locks."""
        if self.client.status == "running":
            self.client.cancel(list(self.under_way))
        for _, lock, _ in self.under_way.values():
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
    record = None
    if training.finished:
        record = training.record()
        training.release()
    else:
        _last[configuration, hashlib.sha256(state).digest()] = training
    return state, training.history, record, get_worker().address
