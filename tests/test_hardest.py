"""Tests of comparison/hardest.py, and of the images that are kept."""

import numpy as np
import pytest

from comparison import data, figures, hardest, records, studies, tables


@pytest.fixture
def four_runs(own_results, write_record):
    """Image 3 is wrong in each, 1 in two, 7 in one."""
    study = studies.study("controlled", ["relu"], range(4))
    wrong = [[(3, 5)], [(3, 5), (1, 2)], [(3, 4), (1, 2)], [(3, 5), (7, 0)]]
    for configuration, misclassified in zip(study.configurations, wrong):
        write_record(configuration, own_results, misclassified=misclassified)


def test_what_half_of_the_runs_get_wrong_is_kept(
    four_runs, own_results, monkeypatch
):
    x = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), np.uint8)
    y = np.arange(9)
    mnist = data.Dataset("mnist", *[None] * 4, x, y)
    asked = []
    monkeypatch.setattr(
        data, "load", lambda *arguments: asked.append(arguments) or mnist
    )
    hardest.write("a path")
    assert asked == [("mnist", "a path")]
    images, labels = hardest.read()
    assert labels == {1: 1, 3: 3}
    np.testing.assert_array_equal([images[1], images[3]], x[[1, 3], ..., 0])
    # The same again is the same file.
    (path,) = own_results.glob("*.npz")
    content = path.read_bytes()
    hardest.write("a path")
    assert path.read_bytes() == content


def test_kept_are_those_that_every_committed_run_gets_wrong():
    study = studies.study("controlled")
    found = studies.records(study, [records.RESULTS])
    table = tables.hardest_images(found)
    images, labels = hardest.read()
    always = table[table["wrong"] == len(found)]
    assert len(always) and set(always.index) <= set(images)
    for index, image in images.items():
        assert image.shape == (28, 28) and image.dtype == np.uint8
        assert 0 < image.mean() < 128
        # What a run got wrong is not what the label says.
        assert str(labels[index]) not in table.loc[index, "given"].split(", ")


def test_figure_shows_each_with_its_label(four_runs):
    study = studies.study("controlled", ["relu"], range(4))
    found = studies.records(study, [records.RESULTS])
    table = tables.hardest_images(found)
    images = {index: np.full((28, 28), index) for index in table.index}
    labels = {3: 3, 1: 1, 7: 7}
    figure = figures.hardest(table, images, labels, columns=2)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["3 → 5, 4", "1 → 2", "7 → 0", ""]
    shown = [axes.images[0].get_array() for axes in figure.axes[:3]]
    np.testing.assert_array_equal(shown, [images[3], images[1], images[7]])
