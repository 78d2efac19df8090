"""Tests of comparison/tables.py on records that were made up."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from comparison import records, statistics, studies, tables

ARTICLE = ["relu", "leaky_relu", "swish", "tanh", "sigmoid"]


@pytest.fixture
def made_up(write_record, tmp_path):
    """Records of a study, with the test accuracies given by activation."""

    def make(accuracies, study="controlled", change=None):
        seeds = range(max(map(len, accuracies.values())))
        study = studies.study(study, list(accuracies), seeds)
        records = []
        for configuration in study.configurations:
            values = accuracies[configuration.activation]
            if configuration.seed < len(values):
                value = values[configuration.seed]
                record = write_record(
                    configuration,
                    tmp_path,
                    accuracy=value,
                    diverged=value is None,
                )
                if change:
                    change(record)
                records.append(record)
        return study, records

    return make


def spread(mean, count, sd=0.001):
    template = np.linspace(-1, 1, count)
    return list(mean + sd * template / template.std(ddof=1))


# Means and verdicts.


def test_summary_has_mean_interval_and_spread(made_up):
    values = [0.990, 0.992, 0.9905]
    table = tables.summary(*made_up({"relu": values, "tanh": [0.98] * 3}))
    interval = stats.ttest_1samp(values, 0.99).confidence_interval(0.95)
    row = table.loc["relu"]
    assert row["seeds"] == 3
    assert row["test accuracy"] == round(np.mean(values), 4)
    assert row["sd"] == round(np.std(values, ddof=1), 4)
    assert row["±"] == round((interval.high - interval.low) / 2, 4)
    assert table.loc["tanh", "sd"] == 0


def test_summary_of_one_seed_has_no_spread(made_up):
    table = tables.summary(*made_up({"relu": [0.99], "tanh": [0.98]}))
    assert "±" not in table.columns and "sd" not in table.columns


def test_diverged_run_is_counted_and_not_averaged(made_up):
    study, records = made_up({"relu": [0.99, None, 0.98], "tanh": [0.9] * 3})
    table = tables.summary(study, records)
    assert table.loc["relu", "diverged"] == 1
    assert table.loc["relu", "test accuracy"] == 0.985
    assert len(tables.verdicts(study, records)) == 1


def test_verdicts_are_scipys_intervals_in_points(made_up):
    values = {
        "relu": spread(0.992, 5),
        "tanh": spread(0.985, 5, 0.0002),
        "swish": spread(0.992, 5, 0.0001),
    }
    table = tables.verdicts(*made_up(values))
    assert list(table.index) == [
        ("relu", "tanh"),
        ("relu", "swish"),
        ("tanh", "swish"),
    ]
    result = stats.tukey_hsd(*values.values(), equal_var=False)
    interval = result.confidence_interval(0.95)
    for (i, j), row in zip([(0, 1), (0, 2), (1, 2)], table.itertuples()):
        assert row.difference == pytest.approx(
            100 * result.statistic[i, j], abs=0.0051
        )
        assert row.low == pytest.approx(100 * interval.low[i, j], abs=0.0051)
        assert row.high == pytest.approx(100 * interval.high[i, j], abs=0.0051)
    more = statistics.VERDICTS[0]
    assert list(table["verdict"]) == [more, "cannot tell", more]


def test_verdicts_turn_with_the_data(made_up):
    one = {"relu": spread(0.992, 5, 1e-5), "tanh": spread(0.99195, 5, 1e-5)}
    (verdict,) = tables.verdicts(*made_up(one))["verdict"]
    assert verdict == "different, by less"
    same = {"relu": spread(0.992, 5, 1e-5), "tanh": spread(0.992, 5, 1e-5)}
    (verdict,) = tables.verdicts(*made_up(same))["verdict"]
    assert verdict == "equivalent"


def test_verdicts_on_the_loss(made_up):
    def change(record):
        loss = {"relu": 0.04, "tanh": 0.05}[
            record["configuration"]["activation"]
        ]
        record["test"]["loss"] = loss + 1e-4 * record["configuration"]["seed"]

    study, records = made_up(
        {"relu": [0.9] * 4, "tanh": [0.9] * 4}, change=change
    )
    table = tables.verdicts(study, records, "test_loss")
    assert table.loc[("relu", "tanh"), "difference"] == -0.01
    assert table.loc[("relu", "tanh"), "verdict"] == statistics.VERDICTS[0]


@pytest.mark.parametrize("accuracies", [[0.99], [0.99, None]])
def test_no_verdict_from_one_seed(made_up, accuracies):
    study, records = made_up({"relu": accuracies, "tanh": accuracies})
    assert tables.verdicts(study, records).empty


# What is said of them.


def test_order_probability(made_up):
    falling = {name: [0.99 - 0.01 * i] * 2 for i, name in enumerate(ARTICLE)}
    study, records = made_up(falling)
    assert tables.order_probability(study, records, ARTICLE) == 1
    assert tables.order_probability(study, records, ARTICLE[::-1]) == 0


def test_published_orders():
    assert tables.published_order("article_accuracy") == ARTICLE
    assert tables.published_order("notebook_accuracy") == [
        "leaky_relu",
        "relu",
        "swish",
        "sigmoid",
        "tanh",
    ]


def test_gaps_are_the_article_s_whichever_way_round(made_up):
    study, records = made_up(
        {
            "tanh": spread(0.99, 5),
            "swish": spread(0.985, 5),
            "relu": spread(0.9, 5),
        }
    )
    table = tables.published_gaps(study, records)
    # relu and swish are no neighbours there.
    assert list(table.index) == [("swish", "tanh")]
    row = table.iloc[0]
    assert (row["article"], row["author's second run"]) == (0.17, 0.32)
    turned = tables.verdicts(study, records).loc["tanh", "swish"]
    assert row["measured"] == -0.5 == -turned["difference"]
    assert (row["low"], row["high"]) == (-turned["high"], -turned["low"])
    assert row["verdict"] == turned["verdict"] == statistics.VERDICTS[0]


@pytest.mark.parametrize(
    "accuracies",
    [
        # No neighbours there.
        {"relu": [0.99, 0.98], "swish": [0.97, 0.98]},
        {"relu": [0.99], "leaky_relu": [0.97]},
    ],
)
def test_no_gap_is_an_empty_table(made_up, accuracies):
    study, records = made_up(accuracies)
    whole = tables.published_gaps(
        *made_up({name: spread(0.99, 5) for name in ARTICLE})
    )
    for table in (
        tables.published_gaps(study, records),
        tables.published_gaps(study, records).rename(str.upper),
    ):
        assert table.empty
        assert list(table.columns) == list(whole.columns)
        assert table.index.names == whole.index.names == ["first", "second"]
    assert tables.verdicts(study, records).index.names == ["first", "second"]


def test_a_seed_is_complete_with_every_activation(made_up):
    study, records = made_up({"relu": [0.9] * 3, "tanh": [0.9] * 2})
    assert tables.complete_seeds(study, records) == [0, 1]


def test_improvement_is_scipys_for_every_pair(made_up):
    values = {
        "relu": [0.992, 0.991, 0.993, 0.9925, 0.991],
        "tanh": [0.991, 0.990, 0.992, 0.989, 0.991],
        "swish": [0.999, None, 0.998],
        "sigmoid": [0.9],
    }
    table = tables.improvement(*made_up(values))
    # Of one seed there is no spread, and no pair.
    assert list(table.index) == [
        ("relu", "tanh"),
        ("relu", "swish"),
        ("tanh", "swish"),
    ]
    u = stats.mannwhitneyu(values["relu"], values["tanh"]).statistic
    row = table.loc["relu", "tanh"]
    assert row["probability"] == pytest.approx(u / 25, abs=0.0051)
    assert row["low"] < 0.5 < row["probability"] < row["high"] < 1
    assert table.loc[("tanh", "swish"), "probability"] == 0


def test_spreads_are_of_the_misclassified_images(made_up):
    """Two images are missed by some, one by all: by hand, from the formula."""

    def change(record):
        seed = record["configuration"]["seed"]
        missed = {0: [7, 8, 9], 1: [7, 8], 2: [7], 3: [7, 9]}[seed]
        record["test"]["misclassified"] = [[image, 0] for image in missed]

    study, records = made_up(
        {"relu": [0.9] * 4, "tanh": [0.9] * 1}, change=change
    )
    table = tables.spreads(study, records)
    assert list(table.index) == ["relu"]
    row = table.loc["relu"]
    assert row["seeds"] == 4
    # 3, 2, 1 and 2 of 10,000, in points.
    assert row["sd"] == round(np.std([3, 2, 1, 2], ddof=1) / 100, 3)
    # Images 8 and 9 are each missed by 2 of 4.
    independent = math.sqrt(4 / 3 * 2 * 0.25) / 100
    assert row["independent"] == round(independent, 3)
    assert row["own"] == row["low"] == 0 < row["high"]


def test_spreads_of_the_first_five_seeds_are_those_found_before():
    """By another hand, from the same records: to a thousandth of a point."""
    study = studies.study("controlled", seeds=range(5))
    found = studies.records(study, [records.RESULTS])
    table = tables.spreads(study, found)
    expected = {
        "sigmoid": (0.089, 0.052, 0.072),
        "tanh": (0.065, 0.053, 0.039),
        "relu": (0.045, 0.040, 0.019),
        "leaky_relu": (0.046, 0.044, 0.013),
        "swish": (0.058, 0.047, 0.034),
        "swish_trainable": (0.067, 0.046, 0.049),
    }
    for name, parts in expected.items():
        row = table.loc[name, ["sd", "independent", "own"]]
        assert tuple(row) == pytest.approx(parts, abs=0.0011), name


def test_hardest_images(made_up):
    def change(record):
        seed = record["configuration"]["seed"]
        record["test"]["misclassified"] = [[7, 1], [9, seed]][: 1 + (seed > 0)]

    table = tables.hardest_images(
        made_up({"relu": [0.9] * 3}, change=change)[1]
    )
    assert list(table.index) == [7, 9]
    assert list(table["wrong"]) == [3, 2]
    assert table.loc[7, "given"] == "1" and table.loc[9, "given"] == "1, 2"


def test_run_without_its_misclassified_images_is_left_out(made_up):
    """Too many to list, in the records of all tanh's and of one of relu's."""

    def change(record):
        configuration = record["configuration"]
        if configuration["activation"] == "tanh" or not configuration["seed"]:
            record["test"]["misclassified"] = None
        else:
            missed = [[7, 1], [9, 2]][: configuration["seed"]]
            record["test"]["misclassified"] = missed

    study, found = made_up(
        {"relu": [0.3, 0.9, 0.9], "tanh": [0.3, 0.4]}, change=change
    )
    table = tables.spreads(study, found)
    assert list(table.index) == ["relu"]
    assert table.loc["relu", "seeds"] == 2
    # 1 and 2 of 10,000, in points.
    assert table.loc["relu", "sd"] == round(np.std([1, 2], ddof=1) / 100, 3)
    table = tables.hardest_images(found)
    assert list(table["wrong"]) == [2, 1] and list(table.index) == [7, 9]
    # Of what every run has, nothing is left out.
    assert list(tables.summary(study, found)["seeds"]) == [3, 2]


def test_no_run_with_its_misclassified_images(made_up):
    def change(record):
        record["test"]["misclassified"] = None

    study, found = made_up({"relu": [0.1, 0.2]}, change=change)
    assert tables.spreads(study, found).empty
    assert tables.hardest_images(found).empty


def test_ablations_are_compared_with_the_same_seed(write_record, tmp_path):
    study = studies.study("ablations", ["swish", "relu"])
    controlled = studies.study("controlled", ["swish", "relu"], [0, 1])
    accuracies = {"swish": [0.990, 0.980], "relu": [0.970, 0.970]}
    gains = {"swish": 0.002, "relu": -0.001}
    baseline = [
        write_record(c, tmp_path / "b", accuracies[c.activation][c.seed])
        for c in controlled.configurations
    ]
    records = [
        write_record(
            c,
            tmp_path / "a",
            accuracies[c.activation][c.seed]
            + gains[c.activation] * (1 + c.seed),
        )
        for c in study.configurations
    ]
    table = tables.effects(study, records, baseline[:3])
    row = table.loc["swish, kernel_initializer=he_normal"]
    assert row["seeds"] == 2 and row["accuracy, points"] == 0.3
    assert row["by seed"] == [0.2, 0.4]
    # Without the second seed's baseline, the first is what there is.
    row = table.loc["relu, validation=test"]
    assert row["seeds"] == 1 and row["accuracy, points"] == -0.1
    # Two seeds of swish were given, and one of relu.
    assert table["chance ±"].notna().tolist() == [True, False]


def test_effect_of_precision_beside_the_spread_of_the_seeds(
    write_record, tmp_path
):
    study = studies.study("precision")
    controlled = studies.study("controlled", ["relu"], [0, 1, 2])
    baseline = [
        write_record(c, tmp_path, accuracy=0.99 + 0.001 * c.seed)
        for c in controlled.configurations
    ]
    # The float32 run is the baseline's.
    records = [
        baseline[0],
        write_record(study.configurations[1], tmp_path, 0.992),
    ]
    table = tables.effects(study, records, baseline)
    assert table.index.tolist() == ["relu, dtype_policy=mixed_bfloat16"]
    row = table.iloc[0]
    assert row["accuracy, points"] == 0.2
    # Two runs whose standard deviation is 0.1 points, by three seeds.
    expected = stats.t.ppf(0.975, 2) * 0.1 * math.sqrt(2)
    assert row["chance ±"] == pytest.approx(expected, abs=0.005)


def test_table_of_a_second_fit_has_all_its_epochs(write_record, tmp_path):
    study = studies.study("published", ["swish"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    rows = tables.run_table(study, records)
    assert list(rows["epochs"]) == [20, 40]
    assert rows["variant"].nunique() == 2
    beside = tables.beside_published(study, records)
    assert list(beside["article"]) == [0.9922, 0.9922]


def test_records_from_before_a_field_was_added(write_record, tmp_path):
    study = studies.study("controlled", ["relu"], [0])
    record = write_record(study.configurations[0], tmp_path)
    for field in ("fits", "extra_dense"):
        del record["configuration"][field]
    assert tables.run_table(study, [record])["variant"].item() == "relu"


def test_beta_table(write_record, tmp_path):
    study = studies.study("smoke", ["swish_trainable", "relu"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    records[0]["history"]["beta"] = {"a": [1.0, 1.5], "b": [0.5, 0.25]}
    expected = pd.DataFrame(
        [
            [0, "a", 1, 1.0],
            [0, "a", 2, 1.5],
            [0, "b", 1, 0.5],
            [0, "b", 2, 0.25],
        ],
        columns=["seed", "layer", "epoch", "beta"],
    )
    pd.testing.assert_frame_equal(tables.beta_table(records), expected)
