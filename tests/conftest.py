"""What several test files share."""

import functools

import numpy as np
import pytest

from comparison import analysis
from comparison import cnn
from comparison import data


def _digits(count, seed):
    """Images of 8x8 noise in ten classes, each with a bright pixel."""
    labels = np.arange(count) % 10
    images = np.random.default_rng(seed).integers(
        0, 200, (count, 8, 8, 1), dtype=np.uint8
    )
    images[np.arange(count), 1 + labels // 2, 2 + labels % 2 * 3] = 255
    return images, labels


@pytest.fixture(scope="session")
def tiny_images():
    """60 images to train, 20 to validate, 20 to test."""
    return data.Dataset("mnist", *_digits(60, 0), *_digits(20, 1), *_digits(20, 2))


@pytest.fixture
def tiny(monkeypatch, tiny_images):
    """Makes a run take two seconds: 8x8 images, and the network for them."""
    monkeypatch.setattr(data, "load", lambda *arguments: tiny_images)
    monkeypatch.setattr(
        cnn, "build", functools.partial(cnn.build, input_shape=(8, 8, 1))
    )
    return tiny_images


@pytest.fixture
def own_results(monkeypatch, tmp_path):
    """An empty folder in place of the project's own results."""
    folder = tmp_path / "own_results"
    folder.mkdir()
    monkeypatch.setattr(analysis, "RESULTS", folder)
    return folder
