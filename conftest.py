"""How the tests share the machine: a process a core, and its threads."""

import os

import joblib

# A worker's threads are its share of the cores: more would wait for one
# another. Before TensorFlow is imported, and for what the tests start, too.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    share = joblib.cpu_count() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, share)))


def pytest_xdist_auto_num_workers(config):
    """The cores that the process may use, not those that the machine has."""
    return joblib.cpu_count()
