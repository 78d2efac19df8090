"""Tests of comparison/process.py, most in a Python of their own."""

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
import types
import warnings

import joblib
import keras
import pytest

from comparison import process, records

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What the process sets, or would find set by the tests' own.
DECIDED = (
    "KERAS_BACKEND",
    "LOKY_MAX_CPU_COUNT",
    "NPROC",
    "OMP_NUM_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTRAOP_THREADS",
)
# malloc's statistics: how many blocks were fetched from the system one by one.
MAPPED_BLOCKS = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
def mapped():
    libc.mallinfo2.restype = ctypes.c_size_t * 10
    class Statistics(ctypes.Structure):
        _fields_ = [(f"field_{n}", ctypes.c_size_t) for n in range(10)]
    libc.mallinfo2.restype = Statistics
    return libc.mallinfo2().field_3
before = mapped()
block = libc.malloc(25 * 2**20)
mapped = mapped() - before
"""
glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc"
    or tuple(map(int, platform.libc_ver()[1].split("."))) < (2, 33),
    reason="malloc's statistics are glibc's, since 2.33",
)


def python(code, shell="exec", **variables):
    """Runs code in a new Python, where nothing has been decided but this."""
    environment = {k: v for k, v in os.environ.items() if k not in DECIDED}
    done = subprocess.run(
        ["sh", "-c", f'{shell} "$@"', "sh", sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_cores_are_those_that_the_process_may_use():
    assert process.cores() == joblib.cpu_count() >= 1
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("This system has no affinity.")
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert process.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert process.cores() <= len(allowed)


@glibc
def test_start():
    """With nothing decided: fast, quiet, and on the cores allowed."""
    done = python(
        f"""
import os
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
import comparison
from comparison import process, records
import gc, json, tensorflow as tf
tf.zeros(3) + 1
{MAPPED_BLOCKS}
os.write(2, b"heard again")
found = process.onednn(), records.environment(), mapped, gc.isenabled()
print(json.dumps(found))
"""
    )
    onednn, environment, mapped, collects = json.loads(done.stdout)
    assert collects is True
    assert onednn is True
    assert environment["onednn"] is True
    assert environment["cores"] == environment["threads"] == 1
    assert environment["variables"]["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert mapped == 0
    assert done.stderr == "heard again"


@glibc
def test_what_the_user_has_decided_stays():
    # Nor does it take a standard error, which a lost terminal has not.
    done = python(
        f"""
import gc, json, os
gc.disable()
import comparison
from comparison import process, records
{MAPPED_BLOCKS}
found = process.onednn(), records.environment(), mapped, gc.isenabled()
print(json.dumps(found))
""",
        shell="2>&- exec",
        TF_ENABLE_ONEDNN_OPTS="0",
        TF_NUM_INTRAOP_THREADS="3",
        MALLOC_MMAP_THRESHOLD_="65536",
    )
    onednn, environment, mapped, collects = json.loads(done.stdout)
    assert collects is False
    assert onednn is False
    assert environment["threads"] == 3
    assert environment["variables"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert mapped == 1


def test_tensorflow_was_imported_first():
    """Without oneDNN, as on a processor without AVX-512: said once."""
    done = python(
        """
import os
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow
del os.environ["TF_ENABLE_ONEDNN_OPTS"]
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import comparison
    import comparison.networks
for warning in caught:
    if "oneDNN" in str(warning.message):
        print(warning.filename, warning.lineno, warning.message)
"""
    )
    (said,) = done.stdout.splitlines()
    # It names the line that imports the project.
    assert said.startswith("<string> 10 TensorFlow was imported before")
    assert "TF_ENABLE_ONEDNN_OPTS=1" in said


@pytest.mark.parametrize(
    "onednn, decided, backend, warns",
    [
        (False, None, "tensorflow", True),
        (True, None, "tensorflow", False),
        (None, None, "tensorflow", False),
        (False, "0", "tensorflow", False),
        (False, None, "jax", False),
    ],
)
def test_warns_only_where_it_is_slower(
    monkeypatch, onednn, decided, backend, warns
):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    monkeypatch.setattr(process, "onednn", lambda: onednn)
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    # Through monkeypatch, so that what `start` sets is unset behind the test.
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("NPROC", "2")
    if decided is None:
        monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        process.start()
    assert len(caught) == warns


@pytest.mark.parametrize(
    "backend, variable, text, threads",
    [
        ("tensorflow", "TF_NUM_INTRAOP_THREADS", "3", 3),
        ("torch", "OMP_NUM_THREADS", "3", 3),
        # As OpenMP has it, for what is nested in one another.
        ("torch", "OMP_NUM_THREADS", "4,2", 4),
        ("torch", "OMP_NUM_THREADS", " 4 , 2", 4),
    ],
)
def test_threads_that_the_user_sets(
    monkeypatch, backend, variable, text, threads
):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setenv(variable, text)
    assert process.threads_set() == threads


@pytest.mark.parametrize(
    "backend, variable, text",
    [
        ("tensorflow", "TF_NUM_INTRAOP_THREADS", "3,2"),
        ("tensorflow", "TF_NUM_INTRAOP_THREADS", "-1"),
        ("torch", "OMP_NUM_THREADS", "all"),
        ("torch", "OMP_NUM_THREADS", ",2"),
        ("jax", "NPROC", "2.5"),
    ],
)
def test_no_number_of_threads(monkeypatch, backend, variable, text):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValueError, match=f"{variable} must be an integer"):
        process.threads_set()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(backend):
    """Keras starts on each, quietly, on the cores that it may use."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
import json, os, pathlib
import comparison
from comparison import networks, records
import keras
keras.ops.ones((500, 500)) @ keras.ops.ones((500, 500))
tasks = pathlib.Path("/proc/self/task").glob("*/comm")
xla = sum("XLAEigen" in task.read_text() for task in tasks)
print(json.dumps([records.environment(), xla]))
"""
    version = importlib.metadata.version(backend)
    for variables in (
        # As in a container, of which the backends themselves know nothing.
        {"LOKY_MAX_CPU_COUNT": "1"},
        # As a user has decided.
        {"NPROC": "1", "OMP_NUM_THREADS": "1"},
    ):
        done = python(code, KERAS_BACKEND=backend, **variables)
        environment, xla = json.loads(done.stdout)
        assert environment["backend"] == backend
        # torch's says what it was built for, too.
        assert environment[backend].partition("+")[0] == version
        assert environment["threads"] == 1
        assert xla == (backend == "jax")
        assert done.stderr == ""
    assert ("jaxlib" in environment) == (backend == "jax")


class Accelerators:
    """Of a backend's module, what says which there are."""

    def __init__(self, kind, names):
        self.names = names
        self.kind = kind
        self.cuda = self

    def default_backend(self):
        return self.kind

    def devices(self):
        return [types.SimpleNamespace(device_kind=n) for n in self.names]

    def is_available(self):
        return self.kind != "cpu"

    def get_device_name(self):
        return self.names[0]

    def get_num_threads(self):
        return 1


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_accelerator_is_named(monkeypatch, backend):
    """What has computed a result, not the processor beside it."""
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(records, "_PACKAGES", {})
    there = Accelerators("gpu", ["NVIDIA H200", "another"])
    monkeypatch.setitem(sys.modules, backend, there)
    assert records.environment()["device"] == "NVIDIA H200"
    monkeypatch.setitem(sys.modules, backend, Accelerators("cpu", ["cpu"]))
    assert records.environment()["device"] == process.processor()[0]


@pytest.mark.parametrize(
    "details, name", [({"device_name": "Tesla T4"}, "Tesla T4"), ({}, "GPU")]
)
def test_accelerator_of_tensorflow_is_named(monkeypatch, details, name):
    config = pytest.importorskip("tensorflow").config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: ["one"])
    monkeypatch.setattr(
        config.experimental, "get_device_details", lambda gpu: details
    )
    assert records.environment()["device"] == name


def test_no_other_c_library_is_told(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("musl", "1.2"))
    monkeypatch.setattr(process.ctypes, "CDLL", None)
    process._keep_memory()


def test_processor():
    name, instructions = process.processor()
    assert name
    info = pathlib.Path("/proc/cpuinfo")
    if not info.exists():
        pytest.skip("This system does not say.")
    text = info.read_text()
    assert name in text
    for instruction in instructions:
        assert f" {instruction}" in text


def test_import_computes_nothing():
    """A process that is forked behind TensorFlow's start hangs."""
    code = (
        "import comparison\n"
        "from comparison import studies\n"
        "from tensorflow.python.eager import context\n"
        "print(context.context()._context_handle is None)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "True\n"
