"""How the tests share the machine: processes, their order, and threads."""

import gc
import os

import joblib

# What takes longest comes first, or one process would end alone with it.
LONGEST = (
    *("test_cluster.py", "test_runs.py", "test_notebooks_live.py"),
    "test_terminal.py",
)

# A worker's threads are its share of the cores: more would wait for one
# another. Before TensorFlow is imported, and for what the tests start, too.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    share = joblib.cpu_count() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, share)))


def pytest_xdist_auto_num_workers(config):
    """One more than the cores that the process may use.

    A test that waits, for a process or for a file, leaves its core to it.
    """
    return joblib.cpu_count() + 1


def pytest_collection_modifyitems(items):
    """Puts the longest first; all else stays in its order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_collection():
    """Keeps the garbage collector from what is imported, and here to stay.

    It would look through it again and again, for a third of the time.
    """
    gc.disable()


def pytest_collection_finish():
    """Has it look at what the tests make, from here on."""
    gc.freeze()
    gc.enable()
