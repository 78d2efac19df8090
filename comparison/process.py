"""The process: which cores it may use, and how Keras starts in it."""

import contextlib
import ctypes
import gc
import logging
import os
import pathlib
import platform
import sys
import warnings

import joblib

# Of the environment's variables, those that change how numbers are rounded.
ROUNDING = (
    "ATEN_CPU_CAPABILITY",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "JAX_ENABLE_X64",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS",
    "TF_XLA_FLAGS",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "XLA_FLAGS",
)
# By which a user decides how many threads each backend computes on.
THREADS = {
    "jax": "NPROC",
    "tensorflow": "TF_NUM_INTRAOP_THREADS",
    "torch": "OMP_NUM_THREADS",
}
# The processor's instructions that kernels are chosen by.
_INSTRUCTIONS = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "asimd",
    "bf16",
)
# mallopt's parameters, by glibc's malloc.h: M_TRIM_THRESHOLD, M_TOP_PAD and
# M_MMAP_THRESHOLD, of which an older glibc takes 32 MiB and refuses more. Then
# malloc's own variables, by which a user has already decided.
_KEEP_MEMORY = ((-1, 2**31 - 1), (-2, 2**26), (-3, 2**25), (-3, 2**30))
_MALLOC = (
    "GLIBC_TUNABLES",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TOP_PAD_",
    "MALLOC_TRIM_THRESHOLD_",
)


def cores():
    """Returns how many cores the process may use.

    What its affinity and its container allow, as under SLURM or Docker, and
    not what the machine has.
    """
    return joblib.cpu_count()


def threads_set():
    """Returns how many threads the backend is told to use; 0 if it is not.

    Raises:
        ValueError: If the variable that tells it is no number of threads.
    """
    import keras

    name = THREADS.get(keras.backend.backend(), "")
    text = os.environ.get(name, "0")
    if name == "OMP_NUM_THREADS":
        # A list is by the depth of nesting.
        text = text.partition(",")[0].strip()
    if not (text.isascii() and text.isdigit()):
        raise ValueError(
            f"{name} must be an integer of 0 or more. Received: {name}={text!r}"
        )
    return int(text)


def start():
    """Imports Keras, set to compute as fast as it can here.

    oneDNN's kernels, which TensorFlow uses by itself only on processors with
    AVX-512, halve the time of a training step on the others as well; memory
    that the C library keeps is not cleared anew for every tensor. Whatever the
    user has set stays. TensorFlow's lines on standard error are left out: no
    setting silences them.
    """
    imported = set(sys.modules)
    had_decided = "TF_ENABLE_ONEDNN_OPTS" in os.environ
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _keep_memory()
    with _silenced(), _uncollected():
        import keras
    backend = keras.backend.backend()
    was_imported = backend in imported
    if not was_imported and THREADS.get(backend, "") not in os.environ:
        _limit_threads(backend)
    # A study traces a network a run, which TensorFlow takes for a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    too_early = was_imported and not had_decided
    if backend == "tensorflow" and too_early and onednn() is False:
        warnings.warn(
            "TensorFlow was imported before this project, too early to switch "
            "on oneDNN's kernels: training takes about twice as long. Import "
            "comparison first, or set TF_ENABLE_ONEDNN_OPTS=1.",
            stacklevel=3,
        )


def _limit_threads(backend):
    """Has the backend compute on the cores that the process may use.

    By themselves all take the affinity into account, and no container.
    """
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(cores())
    elif backend == "torch":
        import torch

        torch.set_num_threads(cores())
    elif backend == "jax":
        # XLA reads it when the first computation starts it.
        os.environ["NPROC"] = str(cores())


def threads():
    """Returns how many threads the backend computes an operation on."""
    import keras

    backend = keras.backend.backend()
    found = 0
    if backend == "tensorflow":
        import tensorflow as tf

        found = tf.config.threading.get_intra_op_parallelism_threads()
    elif backend == "torch":
        import torch

        found = torch.get_num_threads()
    return found or threads_set() or cores()


def onednn():
    """Returns whether TensorFlow uses oneDNN's kernels; `None` if unknown."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):
        return None


def processor():
    """Returns the processor's name and the instructions kernels depend on."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    about = {}
    for line in lines:
        key, _, value = line.partition(":")
        about.setdefault(key.strip(), value.strip())
    name = about.get("model name") or platform.processor()
    flags = about.get("flags", about.get("Features", "")).split()
    return name or platform.machine(), [f for f in _INSTRUCTIONS if f in flags]


def _keep_memory():
    if platform.libc_ver()[0] != "glibc" or any(
        v in os.environ for v in _MALLOC
    ):
        return
    mallopt = ctypes.CDLL(None).mallopt
    for parameter, value in _KEEP_MEMORY:
        mallopt(parameter, value)


@contextlib.contextmanager
def _uncollected():
    """Modules are no garbage, and to look for it is a quarter of the import."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def _silenced():
    try:
        kept = os.dup(2)
    except OSError:
        # There is no standard error to keep anything from.
        yield
        return
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stderr.flush()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
