"""Tests of comparison/studies.py, and of the committed records."""

import dataclasses
import errno
import itertools
import json
import math
import os
import re

import numpy as np
import pytest

from comparison import records, runs, studies, tables
from comparison.configuration import Configuration

FIVE = ["sigmoid", "tanh", "relu", "leaky_relu", "swish"]
SIX = [*FIVE, "swish_trainable"]
COMMITTED = sorted(
    path
    for pattern in ("*.json", "second_machine/*.json")
    for path in records.RESULTS.glob(pattern)
)
PACKS = sorted(records.RESULTS.glob("packed/*.json"))


# The studies.


def test_controlled_differs_in_activation_and_seed_only():
    configurations = studies.study("controlled").configurations
    assert {c.activation for c in configurations} == set(SIX)
    seeds = {c.seed for c in configurations}
    assert len(seeds) > 1 and len(configurations) == len(seeds) * 6
    shared = {
        tuple(
            (name, value)
            for name, value in dataclasses.asdict(c).items()
            if name not in ("activation", "seed")
        )
        for c in configurations
    }
    (shared,) = map(dict, shared)
    assert shared == {
        "dataset": "mnist",
        "network": "article",
        "hidden": None,
        "epochs": 20,
        "batch_size": 128,
        "dropout": 0.5,
        "batch_normalization": True,
        "kernel_initializer": "glorot_uniform",
        "stddev": None,
        "random_biases": False,
        "output": "softmax",
        "optimizer": "adam",
        "learning_rate": 0.001,
        "momentum": 0.0,
        "epsilon": 1e-7,
        "schedule": True,
        "shuffle": True,
        "negative_slope": 0.01,
        "beta": 1.0,
        "scale": 1.0,
        "dtype_policy": "float32",
        "validation": "held_out",
        "train_samples": None,
        "extra_dense": False,
        "fits": 1,
    }


def test_first_seed_of_controlled_comes_first():
    """So that an interrupted study can compare all activations."""
    configurations = studies.study("controlled").configurations
    assert [c.activation for c in configurations[:6]] == SIX
    assert {c.seed for c in configurations[:6]} == {0}


def test_quick():
    study = studies.study("quick")
    assert [c.activation for c in study.configurations] == SIX
    for c in study.configurations:
        assert c.dataset == "mnist_sample"
        # So that the moving statistics of batch normalisation settle.
        assert c.batch_size <= 32
        assert c.seed == 0
    assert "ranks nothing" in study.purpose


def test_smoke():
    study = studies.study("smoke")
    assert [c.activation for c in study.configurations] == SIX
    for c in study.configurations:
        assert c.dataset == "mnist_sample"
        assert c.epochs == 1
        assert c.train_samples <= 500


def test_runs_that_two_studies_share():
    """A run is in two studies only where one is to be compared with the other."""
    shared = {}
    for one, other in itertools.combinations(studies.STUDIES.values(), 2):
        both = set(one.configurations) & set(other.configurations)
        if both:
            names = (one.name, other.name)
            shared[names] = {(c.activation, c.seed) for c in both}
    assert shared == {
        # Validated on the test images.
        ("published", "ablations"): {("relu", 0)},
        ("controlled", "precision"): {("relu", 0)},
        # Where the article's learning rate was chosen.
        ("knobs", "knobs_tuned"): {
            (name, seed)
            for rates in studies.CHOSEN.values()
            for name, rate in rates.items()
            if rate == 0.001
            for seed in range(3)
        },
    }


def test_published_is_the_published_code():
    """Its five networks, and the second fit of swish, and what is unequal."""
    published = studies.study("published").configurations
    assert [c.activation for c in published] == [*FIVE, "swish"]
    for c in published:
        assert c.dataset == "mnist" and c.epochs == 20 and c.batch_size == 128
        assert c.validation == "test"
        assert c.extra_dense == (c.activation == "leaky_relu")
        swish = c.activation == "swish"
        assert c.kernel_initializer == (
            "he_normal" if swish else "glorot_uniform"
        )
    assert published[3].negative_slope == 0.001
    assert [c.fits for c in published] == [1, 1, 1, 1, 1, 2]


def test_ablations_differ_from_controlled_as_they_say():
    study = studies.study("ablations")
    controlled = studies.study("controlled").configurations
    differences = []
    for c in study.configurations:
        (base,) = [
            b
            for b in controlled
            if (b.activation, b.seed) == (c.activation, c.seed)
        ]
        changed = {
            name: value
            for name, value in dataclasses.asdict(c).items()
            if value != getattr(base, name)
        }
        differences.append((c.activation, changed))
    one_seed = [
        ("leaky_relu", {"extra_dense": True}),
        ("leaky_relu", {"negative_slope": 0.001}),
        ("leaky_relu", {"extra_dense": True, "negative_slope": 0.001}),
        ("swish", {"kernel_initializer": "he_normal"}),
        ("relu", {"validation": "test"}),
    ]
    assert differences == one_seed * 2
    assert [study.variant(c) for c in study.configurations[:5]] == [
        "leaky_relu, extra_dense",
        "leaky_relu, negative_slope=0.001",
        "leaky_relu, negative_slope=0.001, extra_dense",
        "swish, kernel_initializer=he_normal",
        "relu, validation=test",
    ]


def test_precision_differs_in_the_dtype_alone():
    study = studies.study("precision")
    one, other = study.configurations
    assert dataclasses.replace(one, dtype_policy="mixed_bfloat16") == other
    assert [study.variant(c) for c in study.configurations] == [
        "relu",
        "relu, dtype_policy=mixed_bfloat16",
    ]


def test_variant_of_what_all_share_is_the_activation():
    for c in studies.study("published", ["tanh"], epochs=3).configurations:
        assert studies.STUDIES["published"].variant(c) == "tanh"


@pytest.mark.parametrize("name", ["knobs", "depth", "cited_swish", "precision"])
def test_other_activation_in_all_the_networks_there_are(name):
    """Equal for every activation, they are so for one more."""
    found = studies.study(name, ["relu", "softplus"]).configurations
    relu, other = (
        [c for c in found if c.activation == activation]
        for activation in ("relu", "softplus")
    )
    assert len(relu) > 1
    assert [dataclasses.replace(c, activation="relu") for c in other] == relu


@pytest.mark.parametrize("name", ["ablations", "published"])
def test_other_activation_where_networks_are_of_their_own(name):
    with pytest.raises(ValueError, match="'gelu'") as caught:
        studies.study(name, ["gelu"])
    assert "networks of its own for" in str(caught.value)


@pytest.mark.parametrize(
    "name, nearest",
    [("controled", "controlled"), ("quik", "quick"), ("Smoke", "smoke")],
)
def test_unknown_study(name, nearest):
    with pytest.raises(ValueError) as caught:
        studies.study(name)
    message = str(caught.value)
    assert f"Did you mean '{nearest}'" in message
    for known in ("quick", "controlled", "smoke"):
        assert known in message
    assert repr(name) in message


@pytest.mark.parametrize(
    "name, nearest",
    [("seed", "seeds"), ("activation", "activations"), ("epoch", "epochs")],
)
def test_unknown_argument(name, nearest):
    with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
        studies.study("quick", **{name: 3})


def test_part_of_a_study():
    study = studies.study("controlled", ["relu", "gelu"], [3, 1])
    assert [(c.activation, c.seed) for c in study.configurations] == [
        ("relu", 3),
        ("gelu", 3),
        ("relu", 1),
        ("gelu", 1),
    ]
    assert study.configurations[1].epochs == 20


def test_run_named_twice_is_one_run():
    study = studies.study("controlled", ["relu", "relu"], [0, 0])
    assert len(study.configurations) == 1


@pytest.mark.parametrize(
    "change",
    [{"epochs": 3}, {"dataset": "fashion_mnist"}, {"dropout": 0.1}],
)
def test_changed_study_never_enters_the_study(change, tmp_path, write_record):
    study = studies.study("controlled")
    changed = studies.study("controlled", **change)
    keys = {c.key for c in study.configurations}
    assert not keys & {c.key for c in changed.configurations}
    for configuration in changed.configurations:
        write_record(configuration, tmp_path)
    assert studies.records(study, [tmp_path]) == []
    assert len(studies.records(changed, [tmp_path])) == len(keys)


def test_changed_copy_says_so():
    study = studies.study("controlled")
    changed = studies.study("controlled", epochs=1, dataset="mnist_sample")
    # In the table's column and the figures' names as well.
    assert changed.name == "controlled-dataset=mnist_sample-epochs=1"
    words = " Here with dataset=mnist_sample, epochs=1."
    assert changed.purpose == study.purpose + words
    for part in (
        studies.study("controlled", ["relu"], [3]),
        studies.study("controlled", epochs=20, dataset="mnist"),
    ):
        assert (part.name, part.purpose) == (study.name, study.purpose)
    # What the baseline has already is no change of it.
    beside = studies.study("ablations", extra_dense=False, epochs=1).baseline
    assert beside.name == "controlled-epochs=1"


def test_generators_name_as_lists_do():
    names = ["relu", "gelu"]
    study = studies.study("quick", iter(names), (n for n in (3, 1)))
    assert study == studies.study("quick", names, [3, 1])
    assert len(study.configurations) == 4


def test_own_study_with_its_own_baseline(monkeypatch):
    """As docs/extending.md has it: in `STUDIES`, and the baseline is not."""
    base = studies.of_networks("base", "Plain.", seeds=[0, 1], epochs=2)
    mine = studies.of_networks(
        "mine",
        "Without dropout.",
        seeds=[0],
        networks=[{"activation": "relu", "dropout": 0.0}],
        baseline=base,
        epochs=2,
    )
    monkeypatch.setitem(studies.STUDIES, "mine", mine)
    for study, epochs in (
        (studies.study("mine", seeds=[7]), 2),
        (studies.study("mine", seeds=[7], epochs=3), 3),
    ):
        (run,) = study.configurations
        assert (run.dropout, run.epochs, run.seed) == (0.0, epochs, 7)
        assert study.baseline.seeds == [0, 1, 7]
        beside = study.baseline.configurations
        assert {(c.dropout, c.epochs) for c in beside} == {(0.5, epochs)}


def test_change_to_the_same_value_is_no_change():
    assert studies.study("controlled", epochs=20) == studies.study("controlled")


@pytest.mark.parametrize(
    "change", [{"epochs": 0}, {"dropout": 2}, {"dataset": "mnst"}]
)
def test_change_out_of_range(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        studies.study("quick", **change)


# Running them.


def test_runs_what_has_no_record(fake_runs, write_record, tmp_path):
    study = studies.study("smoke", ["relu", "tanh", "swish", "gelu"])
    relu, tanh, swish, gelu = study.configurations
    old = [
        write_record(tanh, tmp_path / "results", accuracy=0.5),
        write_record(swish, tmp_path / "committed", accuracy=0.6),
    ]
    records = studies.run(study, tmp_path / "results", [tmp_path / "committed"])
    assert fake_runs == [relu, gelu]
    assert [r["configuration"]["activation"] for r in records] == [
        "relu",
        "tanh",
        "swish",
        "gelu",
    ]
    assert records[1:3] == old
    # In the user's folder, not among the project's own.
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == sorted(
        f"{c.key}.json" for c in (relu, tanh, gelu)
    )
    assert len(list((tmp_path / "committed").iterdir())) == 1


def test_levels_are_run_one_after_the_other(fake_runs, tmp_path):
    """In each, seed by seed; the records come in the study's order."""
    study = studies.of_networks(
        "mine",
        "Widths.",
        range(2),
        [
            {"activation": activation, "hidden": hidden}
            for activation in ("relu", "tanh")
            for hidden in ((8,), (4, 4))
        ],
        dataset="mnist_sample",
        network="dense",
        epochs=1,
    )
    records = studies.run(study, tmp_path)
    assert [(c.hidden, c.seed, c.activation) for c in fake_runs] == [
        (hidden, seed, activation)
        for hidden in ((8,), (4, 4))
        for seed in range(2)
        for activation in ("relu", "tanh")
    ]
    assert [runs.of_record(record) for record in records] == list(
        study.configurations
    )
    # A level that was begun, but not with its first run, goes on first.
    *_, last = [c for c in study.configurations if c.hidden == (8,)]
    for c in study.configurations:
        if c == last or c.hidden == (4, 4):
            (tmp_path / f"{c.key}.json").unlink()
    fake_runs.clear()
    studies.run(study, tmp_path)
    assert fake_runs[0] == last and len(fake_runs) == 5


def test_files_of_one_run_end_that_run_alone(
    fake_runs, monkeypatch, tmp_path, caplog
):
    """The others are done first; a full disk, which all share, ends all."""
    study = studies.study("smoke", ["relu", "tanh", "swish"])
    run = runs.run

    def fail(number):
        def trouble(configuration, *arguments, **named):
            if configuration.activation == "tanh":
                raise OSError(number, os.strerror(number), "its checkpoint")
            return run(configuration, *arguments, **named)

        monkeypatch.setattr(runs, "run", trouble)

    fail(errno.EISDIR)
    with pytest.raises(IsADirectoryError, match="its checkpoint"):
        studies.run(study, tmp_path)
    assert [c.activation for c in fake_runs] == ["relu", "swish"]
    assert "tanh, seed 0, is left out: [Errno 21]" in caplog.text
    fake_runs.clear()
    fail(errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        studies.run(study, tmp_path / "full")
    assert [c.activation for c in fake_runs] == ["relu"]


def test_all_there_is_nothing_to_run(no_runs, write_record, tmp_path, capsys):
    study = studies.study("smoke", ["relu", "tanh"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    assert studies.run(study, tmp_path) == records
    assert studies.records(study, [tmp_path]) == records
    assert capsys.readouterr() == ("", "")


# The committed records.


@pytest.mark.parametrize(
    "path", [*COMMITTED, *PACKS], ids=lambda path: path.stem
)
def test_committed_records(path):
    """Whole, unedited, found by their configurations, true to their counts."""
    # Nobody's folders are in it.
    assert not re.search(r"/(home|root|work|Users)\b", path.read_text())
    if path in PACKS:
        names = list(json.loads(path.read_text()))
        # A record a line, and no name twice.
        assert names == sorted(set(names))
        assert len(path.read_text().splitlines()) == len(names) + 2
        study = studies.study(path.stem)
        assert set(names) <= {c.key for c in study.configurations}
        for name in names:
            check_record(records.read(path / name), name, records.RESULTS)
    else:
        check_record(records.read(path), path.stem, path.parent)


def check_record(record, name, folder):
    configuration = Configuration.from_record(record["configuration"])
    assert configuration.key == name
    assert runs.find(configuration, [folder]) == record

    history = record["history"]
    if record["diverged"]:
        assert record["test"] is None, name
        assert None in (history["loss"][-1], history["val_loss"][-1]), name
        return
    betas = history.pop("beta", {})
    epochs = configuration.epochs * configuration.fits
    for column in {**history, **betas}.values():
        assert len(column) == epochs, name
        assert all(math.isfinite(value) for value in column), name
    # The mean over images of a batched accuracy is a count of images.
    images = 10_000 if configuration.validation == "test" else 5000
    counts = [value * images for value in history["val_accuracy"]]
    whole = [round(count) for count in counts]
    assert counts == pytest.approx(whole, abs=0.01), name
    wrong = record["test"]["misclassified"]
    accuracy = record["test"]["accuracy"]
    if wrong is None:
        if configuration.network == "article":
            assert 10_000 * (1 - accuracy) > runs.LISTED, name
        return
    assert accuracy == pytest.approx(1 - len(wrong) / 10_000), name
    indices = [index for index, _ in wrong]
    assert indices == sorted(set(indices)), name
    assert indices[0] >= 0 and indices[-1] < 10_000, name
    assert {found for _, found in wrong} <= set(range(10)), name


@pytest.mark.parametrize("activation", SIX)
def test_controlled_is_committed_for_the_first_seed(activation):
    study = studies.study("controlled", [activation], [0])
    (record,) = studies.records(study, [records.RESULTS])
    assert record["train_samples"] == 55_000
    betas = 3 if activation == "swish_trainable" else 0
    assert record["parameters"] == 1_200_778 + betas
    assert len(record["history"].get("beta", {})) == betas
    assert record["diverged"] is False


def test_published_figures_are_complete():
    history = tables.published_history()
    assert set(history["activation"]) <= set(FIVE)
    assert set(tables.METRICS) <= set(history.columns)
    for _, rows in history.groupby("activation"):
        assert rows["epoch"].tolist() == list(range(1, 21))
    assert list(tables.published_test().index) == FIVE


def test_records_are_small():
    for path in COMMITTED:
        assert path.stat().st_size < 50_000
        json.loads(path.read_text())
    for path in PACKS:
        assert path.stat().st_size < 10_000_000


# A user's own.


def test_a_study_of_ones_own():
    """It is in no list, and knows what varies in it."""
    study = studies.of_networks(
        "mine",
        "A trial.",
        seeds=np.arange(2),
        networks=["relu", {"activation": "swish", "beta": 2.0}],
        dataset="mnist_sample",
    )
    assert [study.variant(c) for c in study.configurations] == [
        "relu",
        "swish, beta=2.0",
    ] * 2
    assert study.seeds == [0, 1]
    assert not study.published


def test_seeds_of_numpy_are_seeds():
    study = studies.study("quick", ["relu"], np.arange(3))
    assert study == studies.study("quick", ["relu"], [0, 1, 2])
    assert all(type(c.seed) is int for c in study.configurations)


@pytest.mark.parametrize("value", ["relu", "01", [], (), 3, b"relu"])
@pytest.mark.parametrize("field", ["activations", "seeds"])
def test_what_is_no_list_is_refused(field, value):
    with pytest.raises(ValueError, match=f"`{field}` must") as caught:
        studies.study("quick", **{field: value})
    assert str(caught.value).endswith(f"Received: {field}={value!r}")
