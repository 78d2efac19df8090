"""Tests of comparison/analysis.py on records that were made up."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from comparison import analysis, inference, studies

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
    table = analysis.summary(*made_up({"relu": values, "tanh": [0.98] * 3}))
    interval = stats.ttest_1samp(values, 0.99).confidence_interval(0.95)
    row = table.loc["relu"]
    assert row["seeds"] == 3
    assert row["test accuracy"] == round(np.mean(values), 4)
    assert row["sd"] == round(np.std(values, ddof=1), 4)
    assert row["±"] == round((interval.high - interval.low) / 2, 4)
    assert table.loc["tanh", "sd"] == 0


def test_summary_of_one_seed_has_no_spread(made_up):
    table = analysis.summary(*made_up({"relu": [0.99], "tanh": [0.98]}))
    assert "±" not in table.columns and "sd" not in table.columns


def test_diverged_run_is_counted_and_not_averaged(made_up):
    study, records = made_up({"relu": [0.99, None, 0.98], "tanh": [0.9] * 3})
    table = analysis.summary(study, records)
    assert table.loc["relu", "diverged"] == 1
    assert table.loc["relu", "test accuracy"] == 0.985
    assert len(analysis.verdicts(study, records)) == 1


def test_verdicts_are_scipys_intervals_in_points(made_up):
    values = {
        "relu": spread(0.992, 5),
        "tanh": spread(0.985, 5, 0.0002),
        "swish": spread(0.992, 5, 0.0001),
    }
    table = analysis.verdicts(*made_up(values))
    assert list(table.index) == ["relu - tanh", "relu - swish", "tanh - swish"]
    result = stats.tukey_hsd(*values.values(), equal_var=False)
    interval = result.confidence_interval(0.95)
    for (i, j), row in zip([(0, 1), (0, 2), (1, 2)], table.itertuples()):
        assert row.difference == pytest.approx(
            100 * result.statistic[i, j], abs=0.0051
        )
        assert row.low == pytest.approx(100 * interval.low[i, j], abs=0.0051)
        assert row.high == pytest.approx(100 * interval.high[i, j], abs=0.0051)
    more = inference.VERDICTS[0]
    assert list(table["verdict"]) == [more, "cannot tell", more]


def test_what_more_seeds_would_find(made_up):
    study, records = made_up(
        {"relu": spread(0.992, 3), "tanh": spread(0.985, 3, 0.0002)}
    )
    table = analysis.detectable_with(study, records, [3, 12])
    now = analysis.verdicts(study, records)["detectable"]
    assert table["3 seeds"].equals(now.rename("3 seeds"))
    # Standard errors halve, and Student's t is closer to the normal.
    assert table.loc["relu - tanh", "12 seeds"] < now.item() / 2


def test_verdicts_turn_with_the_data(made_up):
    one = {"relu": spread(0.992, 5, 1e-5), "tanh": spread(0.99195, 5, 1e-5)}
    (verdict,) = analysis.verdicts(*made_up(one))["verdict"]
    assert verdict == "different, by less"
    same = {"relu": spread(0.992, 5, 1e-5), "tanh": spread(0.992, 5, 1e-5)}
    (verdict,) = analysis.verdicts(*made_up(same))["verdict"]
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
    table = analysis.verdicts(study, records, "test_loss")
    assert table.loc["relu - tanh", "difference"] == -0.01
    assert table.loc["relu - tanh", "verdict"] == inference.VERDICTS[0]


@pytest.mark.parametrize("accuracies", [[0.99], [0.99, None]])
def test_no_verdict_from_one_seed(made_up, accuracies):
    study, records = made_up({"relu": accuracies, "tanh": accuracies})
    assert analysis.verdicts(study, records).empty
    assert "One seed ranks nothing" in analysis.finding(study, records)


# What is said of them.


def test_order_probability(made_up):
    falling = {name: [0.99 - 0.01 * i] * 2 for i, name in enumerate(ARTICLE)}
    study, records = made_up(falling)
    assert analysis.order_probability(study, records, ARTICLE) == 1
    assert analysis.order_probability(study, records, ARTICLE[::-1]) == 0


def test_published_orders():
    assert analysis.published_order("article_accuracy") == ARTICLE
    assert analysis.published_order("notebook_accuracy") == [
        "leaky_relu",
        "relu",
        "swish",
        "sigmoid",
        "tanh",
    ]


def test_finding_counts_the_verdicts(made_up):
    values = {name: spread(0.99, 5, 1e-5) for name in ARTICLE}
    values["tanh"] = spread(0.95, 5, 1e-5)
    text = analysis.finding(*made_up(values))
    assert "5 seeds each" in text
    assert '4 are "different, by more than the margin"' in text
    assert '6 are "equivalent"' in text
    assert "cannot tell" not in text
    assert "95.00 % (tanh)" in text
    # Of the article's neighbours only tanh is shown to lie below swish; it
    # lies below sigmoid too, which the article has the other way round.
    assert (
        "in accuracy, tanh lies below relu by 4.00, leaky_relu by 4.00" in text
    )
    assert "in loss, no difference is shown" in text
    assert "3 of the article's 4 gaps between neighbours: relu - leaky" in text
    assert "tanh - sigmoid, +0.39 points there, is -4.00" in text
    assert "swish - tanh, " not in text


def test_finding_where_the_article_is_right(made_up):
    values = {
        name: spread(0.99 - 0.01 * place, 5, 1e-5)
        for place, name in enumerate(ARTICLE)
    }
    text = analysis.finding(*made_up(values))
    assert "0 of the article's 4 gaps between neighbours. Of all" in text
    assert "it is the article's 100.0 % of the time" in text


def test_gaps_are_the_article_s_whichever_way_round(made_up):
    study, records = made_up(
        {
            "tanh": spread(0.99, 5),
            "swish": spread(0.985, 5),
            "relu": spread(0.9, 5),
        }
    )
    table = analysis.published_gaps(study, records)
    # relu and swish are no neighbours there.
    assert list(table.index) == ["swish - tanh"]
    row = table.iloc[0]
    assert (row["article"], row["author's second run"]) == (0.17, 0.32)
    (turned,) = (
        analysis.verdicts(study, records).query("pair == 'tanh - swish'").iloc
    )
    assert row["measured"] == -0.5 == -turned["difference"]
    assert (row["low"], row["high"]) == (-turned["high"], -turned["low"])
    assert row["verdict"] == turned["verdict"] == inference.VERDICTS[0]


def test_a_seed_is_complete_with_every_activation(made_up):
    study, records = made_up({"relu": [0.9] * 3, "tanh": [0.9] * 2})
    assert analysis.complete_seeds(study, records) == [0, 1]
    assert "2 seeds each" in analysis.finding(
        *made_up({name: [0.9] * (2 + (name == "relu")) for name in ARTICLE})
    )


def test_epochs_to_reach(made_up):
    def change(record):
        seed = record["configuration"]["seed"]
        curve = np.full(20, 0.97)
        curve[3 + seed :] = 0.985
        if seed == 0:
            curve[10:] = 0.99
        record["history"]["val_accuracy"] = list(curve)

    table = analysis.epochs_to_reach(
        *made_up({"relu": [0.9] * 3}, change=change)
    )
    row = table.loc["relu"]
    assert row["to 98%"] == 5 and row["sd to 98%"] == 1
    assert row["seeds at 98%"] == 3
    assert row["to 99%"] == 11 and row["seeds at 99%"] == 1
    assert math.isnan(row["sd to 99%"])


def test_hardest_images(made_up):
    def change(record):
        seed = record["configuration"]["seed"]
        record["test"]["misclassified"] = [[7, 1], [9, seed]][: 1 + (seed > 0)]

    table = analysis.hardest_images(
        made_up({"relu": [0.9] * 3}, change=change)[1]
    )
    assert list(table.index) == [7, 9]
    assert list(table["wrong"]) == [3, 2]
    assert table.loc[7, "given"] == "1" and table.loc[9, "given"] == "1, 2"


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
    table = analysis.ablation_effects(study, records, controlled, baseline[:3])
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
    table = analysis.ablation_effects(study, records, controlled, baseline)
    assert table.index.tolist() == ["relu, dtype_policy=mixed_bfloat16"]
    row = table.iloc[0]
    assert row["accuracy, points"] == 0.2
    # Two runs whose standard deviation is 0.1 points, by three seeds.
    expected = stats.t.ppf(0.975, 2) * 0.1 * math.sqrt(2)
    assert row["chance ±"] == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    "accuracy, words",
    [
        (0.30, "2 seeds (in brackets"),
        (0.30, "relu, validation=test +0.30 (±0.20). 1 of these 1 is beyond"),
        (-0.30, "-0.30 (±0.20). 1 of these 1 is beyond"),
        (0.10, "+0.10 (±0.20). None of these 1 are beyond"),
    ],
)
def test_contributions(accuracy, words):
    effects = pd.DataFrame(
        {"seeds": [2], "accuracy, points": [accuracy], "chance ±": [0.2]},
        index=["relu, validation=test"],
    )
    assert words in analysis.contributions(effects)


def test_table_of_a_second_fit_has_all_its_epochs(write_record, tmp_path):
    study = studies.study("published", ["swish"])
    records = [write_record(c, tmp_path) for c in study.configurations]
    rows = analysis.run_table(study, records)
    assert list(rows["epochs"]) == [20, 40]
    assert rows["variant"].nunique() == 2
    beside = analysis.beside_published(study, records)
    assert list(beside["article"]) == [0.9922, 0.9922]


def test_records_from_before_a_field_was_added(write_record, tmp_path):
    study = studies.study("controlled", ["relu"], [0])
    record = write_record(study.configurations[0], tmp_path)
    for field in ("fits", "extra_dense"):
        del record["configuration"][field]
    assert analysis.run_table(study, [record])["variant"].item() == "relu"


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
    pd.testing.assert_frame_equal(analysis.beta_table(records), expected)


def test_uncertainty_of_the_test_set():
    text = analysis.test_set_uncertainty(0.9930, 10_000)
    interval = stats.binomtest(9930, 10_000).proportion_ci(method="wilson")
    assert f"{100 * interval.low:.2f} to {100 * interval.high:.2f} %" in text
