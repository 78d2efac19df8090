"""What is kept on disk: hashed, written whole, locked, set aside."""

import contextlib
import datetime
import errno
import functools
import hashlib
import importlib
import json
import logging
import math
import os
import pathlib
import platform
import re
import stat
import subprocess

import filelock
import keras
import numpy as np

from comparison import process

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The project's own, committed.
RESULTS = ROOT / "results"
# Where a user's own go, beside the clone's.
RUNS = pathlib.Path("runs")
# In a folder of records, the one of its packs: files of many records.
PACKED = "packed"
# What each backend is installed as.
_PACKAGES = {
    "jax": ("jax", "jaxlib"),
    "tensorflow": ("tensorflow",),
    "torch": ("torch",),
}
# A pack's line, but for the comma.
_LINE = re.compile(r' "([^"\\]+)": (.*)')

_log = logging.getLogger(__name__)


class RecordError(ValueError):
    """A record that is cut off, was edited, or is another one."""


def content_hash(record):
    """Returns the SHA-256 of a record's content, all but the hash itself."""
    content = {key: value for key, value in record.items() if key != "hash"}
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write(path, content, rows=None):
    """Writes a record, hashed, whole or not at all; returns it.

    Args:
        path: Its file.
        content: A dict; what JSON has no number for becomes `None`.
        rows: The key of a list in it to be written one item a line.
    """
    record = plain(content)
    record["hash"] = content_hash(record)
    if rows is None:
        text = json.dumps(record, indent=1, allow_nan=False)
    else:
        lines = ",\n  ".join(json.dumps(row) for row in record[rows])
        text = json.dumps({**record, rows: []}, indent=1)
        text = text.replace(f'"{rows}": []', f'"{rows}": [\n  {lines}\n ]')
    write_whole(pathlib.Path(path), f"{text}\n".encode())
    return record


def read(path):
    """Reads a record, and checks that it is whole and as it was written.

    Args:
        path: Its file; `PACK/NAME` for one in a pack.

    Raises:
        RecordError: If it is not, or cannot be read.
        FileNotFoundError: If there is none.
    """
    path = pathlib.Path(path)
    try:
        content = _unpacked(path) if _is_packed(path) else read_file(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read ({error.strerror})."
        ) from error
    try:
        record = json.loads(content)
        found = record["hash"]
        expected = content_hash(record)
    # Nested too deep for the parser, for the last.
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(
            f"{path} is no whole record ({type(error).__name__}: {error})."
        ) from error
    if found != expected:
        raise RecordError(f"{path} was edited: its hash does not fit.")
    return record


def read_file(path):
    """Returns a file's bytes; a pipe, which would never end, is an error."""
    # A folder says itself what it is.
    if stat.S_ISREG(mode := path.stat().st_mode) or stat.S_ISDIR(mode):
        return path.read_bytes()
    raise OSError(errno.EINVAL, "it is no file", str(path))


def _is_packed(path):
    """Whether a record's path leads into a pack: what lies there is a file."""
    pack = path.parent
    return pack.parent.name == PACKED and pack.is_file()


def _unpacked(path):
    """Returns the text of a record in a pack."""
    found = path.parent.stat()
    texts = _texts(path.parent, found.st_mtime_ns, found.st_size)
    if path.name not in texts:
        raise FileNotFoundError(
            errno.ENOENT, os.strerror(errno.ENOENT), str(path)
        )
    return texts[path.name]


@functools.lru_cache(maxsize=32)
def _texts(pack, modified, size):
    """Returns the records in a version of a pack, by name, still as texts.

    Each is read when it is found; one that is damaged leaves the others good.
    What is wrong with the pack is said here, once.
    """
    try:
        text = read_file(pack).decode(errors="replace")
    except OSError as error:
        report(pack, f"it cannot be read ({error.strerror}).")
        return {}
    lines = [line.removesuffix(",") for line in text.splitlines()]
    matches = [_LINE.fullmatch(line) for line in lines]
    texts = dict(match.groups() for match in matches if match)
    others = [
        line for line, match in zip(lines, matches, strict=True) if not match
    ]
    if others == ["{", "}"]:
        return texts
    try:
        # As good, if somebody has laid it out otherwise.
        whole = json.loads(text)
        return {name: json.dumps(record) for name, record in whole.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        _log.warning(
            "%s is no whole pack, and what is whole in it is used: %s",
            pack,
            error,
        )
    return texts


def find(name, folders, check, on_damage):
    """Returns the record of a name from the first folder with a sound one.

    In each folder that is its own file, or else one in a pack beside it.

    Args:
        name: The file's, in each folder.
        folders: Where to look.
        check: A function of a record and its path that raises a `RecordError`
            if it is another one.
        on_damage: Told the path and the error of one that is damaged:
            `report` where one only reads, `set_aside` where it is in the way,
            `ignore` where one of those follows.
    """
    for path in _places(name, folders):
        try:
            record = read(path)
            check(record, path)
        except FileNotFoundError:
            continue
        except RecordError as error:
            on_damage(path, error)
        else:
            return record
    return None


def _places(name, folders):
    """Yields where a record may lie, each when it is asked for."""
    for folder in folders:
        path = pathlib.Path(folder) / name
        yield path
        packs = []
        # What may not be looked at is said of the file.
        with contextlib.suppress(OSError):
            packs = sorted(path.parent.glob(f"{PACKED}/*.json"))
        for pack in packs:
            yield pack / path.stem


def ignore(path, error):
    """Says nothing of a file that is no good: somebody else will."""


def report(path, error):
    """Warns of a file that is no good, and leaves it where it is."""
    _log.warning("%s is not used: %s", path, error)


def set_aside(path, error):
    """Renames a file that is no good, and warns: nothing is thrown away.

    A record in a pack is in nobody's way, and stays with the others there.
    """
    if _is_packed(path):
        report(path, error)
        return
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
        where = f"is now {aside.name}"
    except OSError as failure:
        where = f"stays where it is ({failure.strerror})"
    _log.warning("%s is not used, and %s: %s", path, where, error)


@contextlib.contextmanager
def claim(name, results, wait=True):
    """Holds the lock on a record's making.

    The system releases it when the process that holds it ends, however that
    ends.

    Raises:
        filelock.Timeout: If another process holds it and `wait` is false.
    """
    folder = pathlib.Path(results) / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / name)
    lock.acquire(timeout=-1 if wait else 0)
    try:
        yield
    finally:
        lock.release()


def write_whole(path, content):
    """Writes a file whole or not at all: aside first, then renamed.

    Aside is always the same name, so that what a killed process leaves there
    is overwritten by the next; `claim` keeps others away.
    """
    aside = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            # A full disk is told without the path.
            raise type(error)(error.errno, error.strerror, str(path)) from error
        raise


def check_folder(path, write=True):
    """Returns the folder for records, and makes nothing.

    Args:
        path: The folder; one that is missing can be made, or is empty.
        write: Whether records are to be written there, or read alone.

    Raises:
        ValueError: If it is none, or may not be used so.
    """
    try:
        if not str(path):
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        folder = pathlib.Path(path).expanduser()
        existing = folder
        while not _is_there(existing):
            existing = existing.parent
        if not existing.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        wanted = os.X_OK | (os.W_OK if write else 0)
        if existing == folder:
            wanted |= os.R_OK
        if not os.access(existing, wanted):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    # An unknown user's home, for the second; a zero byte, for the third.
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        words = "listed and written" if write else "listed"
        raise ValueError(
            f"`results` must be a folder that can be {words} ({reason}). "
            f"Received: results={str(path)!r}"
        ) from error
    return folder


def _is_there(path):
    """Whether a path leads to something; what leads astray is an error."""
    try:
        path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise OSError(
                errno.ENOENT, "it is a link to what does not exist"
            ) from error
        # Its own parent: nothing is above it.
        if path == path.parent:
            raise
        return False
    return True


def environment():
    """Returns what a result was computed with: provenance, no more."""
    device, instructions = process.processor()
    found = {
        "time": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "numpy": np.__version__,
        "backend": keras.backend.backend(),
        "platform": platform.platform(),
        "device": device,
        "instructions": instructions,
        "cores": process.cores(),
        "variables": {
            name: os.environ[name]
            for name in process.ROUNDING
            if name in os.environ
        },
        "commit": _commit(),
    }
    for name in _PACKAGES.get(found["backend"], ()):
        found[name] = importlib.import_module(name).__version__
    if found["backend"] == "tensorflow":
        found["onednn"] = process.onednn()
    found["device"] = _accelerator(found["backend"]) or found["device"]
    found["threads"] = process.threads()
    return found


def _accelerator(backend):
    """Returns the name of what a backend computes on, if not the processor."""
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = tf.config.experimental.get_device_details(gpus[0])
            return details.get("device_name", "GPU")
    if backend == "jax":
        import jax

        if jax.default_backend() != "cpu":
            return jax.devices()[0].device_kind
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
    return None


def _commit():
    """Returns the commit of the code, where it lies in a git repository."""
    git = ["git", "-C", str(ROOT)]
    try:
        return subprocess.check_output(
            [*git, "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def plain(value, digits=None):
    """Returns a value as JSON has it, `None` for what it has no number for.

    Args:
        value: Numbers, arrays, texts, and lists and dicts of them.
        digits: To how many significant ones numbers with a point are rounded;
            `None` for all of them.
    """
    if isinstance(value, dict):
        return {key: plain(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item, digits) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, float) and digits is not None:
        return float(f"{value:.{digits}g}")
    return value
