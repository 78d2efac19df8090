"""Tests of comparison/factors.py on records that were made up."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from comparison import factors, records, report, statistics, studies
from comparison.configuration import Configuration

PART = {"train_samples": 10_000}
FREE = {**PART, "schedule": False}
THREE = ("sigmoid", "tanh", "relu")
ON_ALL = ("controlled", "unnormalised", "controlled_fashion")


def changed(configuration):
    """The fields that are not at their default, but activation and seed."""
    return {
        field.name: getattr(configuration, field.name)
        for field in dataclasses.fields(Configuration)
        if field.name not in ("activation", "seed")
        and getattr(configuration, field.name) != field.default
    }


def steps(level):
    """How many steps its networks have trained, and how many an epoch has."""
    images = level.fields.get("train_samples", 55_000)
    in_epoch = math.ceil(images / level.fields.get("batch_size", 128))
    epochs = level.epoch or level.fields.get("epochs", 20)
    return epochs * in_epoch, in_epoch


def record(fields, activation, seed, accuracy, validation=(0.5,)):
    """What these tables read of a record; accuracies in percent."""
    configuration = Configuration(activation, seed=seed, **fields)
    diverged = accuracy is None
    return {
        "configuration": dataclasses.asdict(configuration),
        "diverged": diverged,
        "test": None if diverged else {"accuracy": accuracy / 100},
        "history": {"val_accuracy": [v / 100 for v in validation]},
        "environment": {"backend": "tensorflow"},
    }


def network(fields, accuracies, **about):
    """Records of a network: by activation, the accuracies of its seeds."""
    return [
        record(fields, name, seed, accuracy, **about)
        for name, of_seeds in accuracies.items()
        for seed, accuracy in enumerate(of_seeds)
    ]


def noisy(means, spread=0.01, seed=0):
    """Accuracies of three seeds about the means of `THREE`."""
    rng = np.random.default_rng(seed)
    return {
        name: list(mean + rng.normal(0, spread, 3))
        for name, mean in zip(THREE, means)
    }


# The levels.


def test_levels_are_the_networks_of_the_studies():
    known = {
        (c.activation, frozenset(changed(c).items()))
        for name in ("part", "knobs", "knobs_tuned", *ON_ALL)
        for c in studies.study(name).configurations
    }
    found = {
        (name, level.network(name))
        for level in factors.LEVELS
        for name in studies.COMPARED
    }
    assert found == known
    keys = [(level.factor, level.label) for level in factors.LEVELS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "level", factors.LEVELS, ids=lambda level: f"{level.factor}-{level.label}"
)
def test_level_differs_from_its_reference_as_it_says(level):
    if level.reference is None:
        assert level.fields == PART
        return
    apart = {
        name
        for name, _ in set(level.fields.items())
        ^ set(level.reference.fields.items())
    }
    said = {
        "batch normalisation": "batch_normalization",
        "training images": "train_samples",
        "fewer training images": "train_samples",
        "epochs": "epochs",
    }
    factor = level.factor.removesuffix(", 55,000 images")
    factor = factor.removesuffix(", own rates")
    expected = {said.get(factor, factor.replace(" ", "_"))}
    if "epochs for" in level.note:
        expected.add("epochs")
    if level == factors.TUNED:
        assert level.chosen and not level.reference.chosen
        assert level.fields == level.reference.fields
        return
    assert level.chosen == level.reference.chosen
    assert level.chosen == level.factor.endswith(", own rates")
    assert level.epoch is not None or apart == expected
    assert level.epoch is None or apart <= expected
    assert ("validation" in level.note) == (level.epoch is not None)
    assert ("no schedule" in level.note) == (
        level.fields.get("schedule") is False and level.factor != "schedule"
    )
    # As the reader has it and as the run does.
    for side, label in ((level, level.label), (level.reference, level.usual)):
        if level.factor.startswith("epochs"):
            value = side.epoch
        else:
            name = expected - {"epochs"}
            field = Configuration.__dataclass_fields__[name.pop()]
            value = side.fields.get(field.name, field.default)
        written = label.replace(",", "")
        words = {
            "on": True,
            "off": False,
            "MNIST": "mnist",
            "Fashion-MNIST": "fashion_mnist",
        }
        if label == "55,000":
            assert value is None
        else:
            assert value == (words[label] if label in words else float(written))


@pytest.mark.parametrize(
    "level", factors.LEVELS, ids=lambda level: f"{level.factor}-{level.label}"
)
def test_moving_statistics_have_forgotten_their_start(level):
    """And the schedule has seen no validation of before they had.

    With 79 steps an epoch, validation falls in time; see the records of `part`.
    """
    for one in filter(None, (level, level.reference)):
        if one.fields.get("batch_normalization", True):
            trained, in_epoch = steps(one)
            assert 0.99**trained < 0.001
            assert in_epoch >= 79 or one.fields["schedule"] is False


def test_rates_are_tried_with_those_batch_sizes_for_every_activation_alike():
    runs = studies.study("knobs_rates").configurations
    assert {c.seed for c in runs} == {100}
    others = [s for s in studies.STUDIES.values() if s.name != "knobs_rates"]
    assert not any(c.seed == 100 for s in others for c in s.configurations)
    budget = {}
    for c in runs:
        budget.setdefault(c.activation, []).append(
            (c.batch_size, c.learning_rate, c.epochs)
        )
    assert set(budget) == set(studies.COMPARED)
    (same,) = set(map(tuple, budget.values()))
    assert len(same) == 9 == len(set(same))
    # The article's rate makes a network that is among the knobs.
    knobs = [changed(c) for c in studies.study("knobs").configurations]
    usual = [changed(c) for c in runs if c.learning_rate == 0.001]
    assert len(usual) == 18 and all(one in knobs for one in usual)


def test_chosen_rates_are_those_that_the_records_choose():
    study = studies.study("knobs_rates")
    found = studies.records(study, [records.RESULTS])
    chosen = factors.rates(found)["chosen"]
    assert len(found) == len(study.configurations) == 3 * len(chosen)
    assert {
        size: chosen[size].to_dict() for size in studies.CHOSEN
    } == studies.CHOSEN


@pytest.mark.parametrize("size", studies.CHOSEN)
def test_tuned_networks_have_the_chosen_rates(size):
    tuned = studies.study("knobs_tuned").configurations
    of_size = [c for c in tuned if c.batch_size == size]
    assert {c.activation: c.learning_rate for c in of_size} == studies.CHOSEN[
        size
    ]
    assert [c.seed for c in of_size] == [0] * 6 + [1] * 6 + [2] * 6
    knobs = studies.study("knobs").configurations
    for c in of_size:
        usual = dataclasses.replace(c, learning_rate=0.001)
        assert usual in knobs


def test_each_activation_is_beside_its_own_rate():
    """Of one with another rate, and of one without a choice, there is none."""
    rates = {**studies.CHOSEN[128], "gelu": 0.001}
    runs = [
        record({**FREE, "learning_rate": rate}, name, 0, 97.0 + place)
        for name, own in rates.items()
        for place, rate in enumerate((own, 0.01))
    ]
    values = factors.accuracies(runs)
    of_level = values[
        (values["factor"] == factors.TUNED.factor) & (values["at"] == "level")
    ]
    assert of_level["activation"].tolist() == list(studies.COMPARED)
    assert set(of_level["accuracy"]) == {97.0}

    # Without sigmoid's, the others' are no level of it.
    def of(run):
        return [
            run["configuration"][f] for f in ("activation", "learning_rate")
        ]

    rest = [r for r in runs if of(r) != ["sigmoid", rates["sigmoid"]]]
    assert (factors.TUNED.factor, "chosen") not in factors.table(rest).index


# The table.


def test_effect_is_of_pairs_and_its_interval_of_seeds():
    base = {"tanh": [97.0, 98.0, 96.5], "relu": [98.0, 98.5, 97.0]}
    free = {"tanh": [97.5, 98.1, 96.5], "relu": [98.1, 99.0, 97.3]}
    table = factors.table([*network(PART, base), *network(FREE, free)])
    row = table.loc["schedule", "off"]
    interval = stats.ttest_1samp([0.3, 0.3, 0.15], 0).confidence_interval(0.95)
    assert row["effect"] == 0.25
    assert row["low"] == round(interval.low, 2)
    assert row["high"] == round(interval.high, 2)
    assert (row["learned"], row["runs"], row["pairs"]) == (6, 6, 1)
    assert row["usual"] == "on"
    first = table.iloc[0]
    assert first.name == ("the article's values", "10,000 images")
    assert math.isnan(first["effect"])
    assert first["span"] == round(98.5 / 3 + 98 / 3 + 97 / 3 - 291.5 / 3, 2)


def test_activations_at_a_level():
    found = noisy([96, 98, 98.5])
    table = factors.table(network(PART, found))
    span, low, high = statistics.span(list(found.values()))
    row = table.loc["the article's values", "10,000 images"]
    assert row["span"] == round(span, 2)
    assert row["span low"] == round(low, 2) > 2
    assert row["span high"] == round(high, 2)
    assert row["between"] == pytest.approx(np.std([96, 98, 98.5], ddof=1), 0.02)
    assert row["shown"] == row["pairs"] == 3


@pytest.mark.parametrize(
    "fall, means, further",
    [
        (5.0, (98.0, 98.5, 99.0), "setting"),
        (0.1, (90.0, 98.5, 99.0), "activation"),
        (1.0, (98.0, 98.5, 99.0), "undecided"),
    ],
)
def test_what_moves_it_further_beyond_both_intervals(fall, means, further):
    usual = noisy(np.add(means, fall), 0.1, seed=1)
    runs = [
        *network(PART, usual),
        *network({**PART, "dropout": 0.0}, noisy(means, 0.1)),
    ]
    row = factors.table(runs).loc[("dropout", "0")]
    ends = {
        "setting": np.abs([row["low"], row["high"]]),
        "activation": row[["span low", "span high"]].to_numpy(float),
    }
    # As the two intervals lie.
    above = [
        one
        for one, other in itertools.permutations(ends)
        if min(ends[one]) > max(ends[other])
    ]
    assert (above or ["undecided"]) == [row["further"]] == [further]
    assert factors.table(runs).iloc[0]["further"] == ""
    one_seed = [r for r in runs if r["configuration"]["seed"] == 0]
    assert set(factors.table(one_seed)["further"]) == {""}


@pytest.mark.parametrize(
    "level, fields, usual, note, other",
    [
        (
            ("dropout", "0"),
            {**PART, "dropout": 0.0},
            PART,
            "",
            "in part on another backend",
        ),
        (
            ("batch size", "32"),
            {**FREE, "batch_size": 32},
            FREE,
            "no schedule",
            "no schedule, and in part on another backend",
        ),
    ],
)
def test_backend_that_changes_with_the_level_is_noted(
    level, fields, usual, note, other
):
    found = noisy([97, 98, 98.5])
    runs = [*network(usual, found), *network(fields, found)]
    assert factors.table(runs).loc[level, "note"] == note
    runs[-1]["environment"] = {"backend": "jax"}
    assert factors.table(runs).loc[level, "note"] == other
    for run in runs:
        run["environment"] = {"backend": "jax"}
    assert factors.table(runs).loc[level, "note"] == note


def test_missing_seed_is_left_out_and_diverged_activation_too():
    base = noisy([97, 98, 98.5])
    free = noisy([97.1, 98.1, 98.6], seed=1)
    runs = network(FREE, free)
    # The second seed lacks tanh; relu of the third diverged.
    runs = [
        r
        for r in runs
        if (r["configuration"]["activation"], r["configuration"]["seed"])
        != ("tanh", 1)
    ]
    runs[-1] = record(FREE, "relu", 2, None)
    row = factors.table([*network(PART, base), *runs]).loc["schedule", "off"]
    gains = [
        np.mean([free[n][seed] - base[n][seed] for n in ("sigmoid", "tanh")])
        for seed in (0, 2)
    ]
    assert row["effect"] == round(np.mean(gains), 2)
    half = statistics.mean_interval(gains)
    assert row["high"] == round(np.mean(gains) + half, 2)
    assert (row["learned"], row["runs"]) == (7, 8)


def test_run_that_did_not_learn_is_counted_and_drawn_in():
    found = noisy([97, 98, 98.5])
    found["sigmoid"][1] = 11.35
    row = factors.table(network(PART, found)).iloc[0]
    assert (row["learned"], row["runs"]) == (8, 9)
    assert row["span"] > 25 and row["span low"] < 1


def test_epochs_are_what_the_same_runs_had_reached():
    curve = [50 + epoch for epoch in range(20)]
    late = [90 + epoch / 10 for epoch in range(50)]
    found = [
        *network(PART, noisy([97, 98, 98.5]), validation=curve),
        *network({**PART, "epochs": 50}, noisy([97, 98, 99]), validation=late),
    ]
    table = factors.table(found)
    assert table.loc[("epochs", "10"), "effect"] == 59 - 69
    assert table.loc[("epochs", "50"), "effect"] == round(94.9 - 69, 2)
    # One that diverged in epoch 5, or in epoch 10, has none behind epoch 10.
    for epochs in (5, 10):
        found[0] = record(PART, "sigmoid", 0, None, validation=curve[:epochs])
        values = factors.accuracies(found)
        row = values[(values["factor"] == "epochs") & (values["level"] == "10")]
        lost = row[row["accuracy"].isna()]
        assert lost["activation"].tolist() == ["sigmoid"] * 2
        assert lost["seed"].tolist() == [0] * 2


def test_nothing_of_one_seed_has_an_interval():
    base = {name: [97.0 + place] for place, name in enumerate(THREE)}
    table = factors.table([*network(PART, base), *network(FREE, base)])
    row = table.loc["schedule", "off"]
    assert row["effect"] == 0
    assert row[["low", "high", "span", "between"]].isna().all()
    assert row["pairs"] == 0


# Whether the order changes.


def test_interaction_is_the_difference_of_gains():
    base, free = noisy([97, 98, 98.5], 0.1), noisy([97.9, 98, 98], 0.1, 1)
    found = factors.interactions([*network(PART, base), *network(FREE, free)])
    assert list(zip(found["first"], found["second"])) == list(
        itertools.combinations(THREE, 2)
    )
    gains = [np.subtract(free[name], base[name]) for name in THREE]
    result = stats.tukey_hsd(*gains, equal_var=False)
    interval = result.confidence_interval(0.95)
    for row, (i, j) in zip(found.itertuples(), [(0, 1), (0, 2), (1, 2)]):
        assert row.change == round(result.statistic[i, j], 2)
        assert row.low == pytest.approx(interval.low[i, j], abs=0.0051)
        assert row.high == pytest.approx(interval.high[i, j], abs=0.0051)
        assert row.shown == (row.low > 0 or row.high < 0)
    first = found.iloc[0]
    means = [np.mean(runs[name]) for runs in (base, free) for name in THREE]
    assert first["at reference"] == round(means[0] - means[1], 2)
    assert first["at level"] == round(means[3] - means[4], 2)


@pytest.mark.parametrize(
    "means, shown, turned",
    [
        # All by the same: none changes.
        ([95, 96, 96.5], [False] * 3, [False] * 3),
        # Sigmoid passes tanh, and catches up with ReLU.
        ([98.5, 98, 98.5], [True, True, False], [True, False, False]),
        # Only how far it is behind.
        ([97.5, 98, 98.5], [True, True, False], [False] * 3),
    ],
)
def test_pairs_turn_where_both_differences_are_shown(means, shown, turned):
    runs = [
        *network(PART, noisy([97, 98, 98.5])),
        *network(FREE, noisy(means, seed=1)),
    ]
    found = factors.interactions(runs)
    assert found["shown"].tolist() == shown
    assert found["turned"].tolist() == turned
    row = factors.table(runs).loc["schedule", "off"]
    assert (row["changed"], row["turned"]) == (sum(shown), sum(turned))


def test_what_a_seed_does_to_both_runs_falls_out_of_a_change():
    """Seeds that move every run by a point hide no change of a tenth."""
    luck = np.array([-1.0, 0.0, 1.0])
    base, free = noisy([97, 98, 98.5]), noisy([97.3, 98, 98.5], seed=1)
    runs = [
        *network(PART, {n: list(v + luck) for n, v in base.items()}),
        *network(FREE, {n: list(v + luck) for n, v in free.items()}),
    ]
    found = factors.interactions(runs)
    assert found["shown"].tolist() == [True, True, False]
    assert factors.table(runs).loc[("schedule", "off"), "shown"] == 0


def test_equal_activations_are_seldom_shown_to_change():
    """Of 300 studies, with the rate that `differences` states: 10 % at most."""
    rng = np.random.default_rng(3)
    draws = rng.normal(98, 0.1, (300, 2, 6, 3))
    gains = draws[:, 1] - draws[:, 0]
    _, low, high = statistics.differences(list(np.moveaxis(gains, 1, 0)))
    assert ((low > 0) | (high < 0)).any(axis=-1).mean() < 0.1 + 0.03


# The rates.


def test_rate_with_the_highest_validation_accuracy_is_chosen():
    accuracies = {0.0003: 97.0, 0.001: 98.0, 0.003: 98.0}
    runs = [
        record({**FREE, "learning_rate": rate}, "relu", 100, 9.0, (99, value))
        for rate, value in accuracies.items()
    ]
    # Of equal ones the lowest; what diverged is not chosen.
    table = factors.rates(runs)
    assert table.loc[(128, "relu"), "chosen"] == 0.001
    assert table.loc[(128, "relu"), 0.003] == 98.0
    runs += [
        record({**FREE, "learning_rate": rate}, "tanh", 100, accuracy, (99, 50))
        for rate, accuracy in ((0.003, 90.0), (0.0003, None))
    ]
    table = factors.rates(runs)
    assert table.loc[(128, "tanh"), "chosen"] == 0.003
    assert math.isnan(table.loc[(128, "tanh"), 0.0003])


# What is printed.


@pytest.fixture
def folder(tmp_path, write_record):
    """Records of one seed of part and knobs, of two activations."""

    def write(*names, **changes):
        found = {}
        for name in names:
            study = studies.study(name, ["relu", "tanh"], [0, 1], **changes)
            found[name] = [
                write_record(c, tmp_path, 0.97 + 0.001 * place)
                for place, c in enumerate(study.configurations)
            ]
        return study, found[names[-1]], [tmp_path]

    return write


def test_text_of_knobs_is_a_row_a_level(folder):
    study, found, folders = folder("part", "knobs")
    text = report.text(study, found, [*folders, records.RESULTS])
    rows = text.partition("Test accuracy")[0].splitlines()
    assert len([r for r in rows if "training images" in r]) == 4
    assert len(rows) == 2 + len(factors.LEVELS) + 1
    assert "learning_rate=0.01" not in text and factors.LEGEND in text


def test_levels_of_a_factor_are_beside_one_reference():
    """So that they can be drawn on one line."""
    references = {}
    for level in factors.LEVELS[1:]:
        references.setdefault(level.factor, set()).add(id(level.reference))
    # What runs had reached in time is beside its own end.
    for factor, found in references.items():
        assert len(found) == 1, factor


def test_text_of_one_activation_has_no_pairs(write_record, tmp_path):
    for name in ("part", "knobs"):
        study = studies.study(name, ["relu"], [0, 1])
        found = [write_record(c, tmp_path) for c in study.configurations]
    text = report.text(study, found, [tmp_path])
    assert "dropout" in text and "Pairs that turn" not in text


def test_records_beside_are_of_the_same_activations(folder):
    study, found, folders = folder("part", "knobs")
    beside = factors.gather(study, found, [*folders, records.RESULTS])
    names = {r["configuration"]["activation"] for r in beside}
    assert names == {"relu", "tanh"}
    on_all = [r for r in beside if r["train_samples"] == 55_000]
    seeds = [len(studies.study(name).seeds) for name in ON_ALL]
    assert len(on_all) == 2 * sum(seeds)


def test_run_of_the_knobs_with_a_chosen_rate_is_one(write_record, tmp_path):
    """And of a part of the seeds it brings in no others."""
    for name in ("part", "knobs", "knobs_tuned"):
        for c in studies.study(name, ["sigmoid", "tanh"]).configurations:
            write_record(c, tmp_path)
    study = studies.study("knobs", ["sigmoid", "tanh"], [0])
    found = studies.records(study, [tmp_path])
    beside = factors.gather(study, found, [tmp_path])
    of = [Configuration.from_record(r["configuration"]) for r in beside]
    assert len(of) == len(set(of))
    own = [c for c in of if c in studies.study("knobs").configurations]
    assert {c.seed for c in own} == {0}
    tuned = studies.study("knobs_tuned", ["sigmoid"]).configurations
    assert {c for c in tuned if c.learning_rate != 0.001} <= set(of)


def test_changed_copy_has_no_levels(folder):
    study, found, folders = folder("knobs", epochs=1)
    assert factors.text(study, found, folders) == ""
    assert "learning_rate=0.01" in report.text(study, found, folders)
    study, found, folders = folder("knobs_rates", epochs=1)
    assert factors.text(study, found, folders) == ""
    assert "learning_rate=0.003" in report.text(study, found, folders)


def test_other_studies_have_no_levels(folder):
    study, found, folders = folder("part")
    assert factors.text(study, found, folders) == ""


def test_turned_pairs_are_listed(monkeypatch):
    runs = [
        *network(PART, noisy([97, 98, 98.5])),
        *network(FREE, noisy([98.5, 98, 98.5], seed=1)),
    ]
    monkeypatch.setattr(factors, "gather", lambda *arguments: runs)
    text = factors.text(studies.study("knobs"), runs, [])
    listed = text.partition("Pairs that turn:")[2]
    assert "sigmoid" in listed and "tanh" in listed and "relu" not in listed


def test_rates_are_printed(folder):
    study = studies.study("knobs_rates", ["relu"])
    found = [
        record(changed(c), "relu", 100, 98.0, (97.0 + c.learning_rate,))
        for c in study.configurations
    ]
    text = report.text(study, found, [])
    assert text.startswith("Validation accuracy, %:") and "0.003" in text
    assert "learning_rate=" not in text


def test_rates_of_several_seeds_are_their_means(folder):
    study = studies.study("knobs_rates", ["relu"], [0, 1])
    runs = [
        record(changed(c), "relu", c.seed, 98.0, (97.0 + c.seed,))
        for c in study.configurations
    ]
    table = factors.rates(runs)
    assert (table.drop(columns="chosen") == 97.5).all(axis=None)
    assert (table["chosen"] == 0.0003).all()
    # One that diverged leaves no mean, and chooses nothing.
    (lost,) = (
        r
        for r in runs
        if (r["configuration"]["seed"], r["configuration"]["batch_size"])
        == (1, 32)
        and r["configuration"]["learning_rate"] == 0.0003
    )
    lost["diverged"] = True
    table = factors.rates(runs)
    assert math.isnan(table.loc[(32, "relu"), 0.0003])
    assert table.loc[(32, "relu"), "chosen"] == 0.001
    assert "97.5" in report.text(study, runs, [])


def test_frames_of_nothing_are_empty():
    for make in (factors.accuracies, factors.interactions):
        assert make([]).empty
