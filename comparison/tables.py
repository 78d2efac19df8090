"""Records, as tables: numbers, rounded once, in a fixed order."""

import itertools
import math

import numpy as np
import pandas as pd

from comparison import data, runs, statistics
from comparison.records import RESULTS

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
# What is too small to matter, by metric: 0.1 points of accuracy, about a tenth
# of the published errors; and a tenth of the article's least test loss.
MARGINS = {"test_accuracy": 0.001, "test_loss": 0.004}
# In what a difference is shown, and to how many digits.
SCALES = {"test_accuracy": (100, 2), "test_loss": (1, 4)}
# A run has learned if its test accuracy is above this; chance gives 0.1.
LEARNED = 0.5


def run_table(study, records):
    """Returns a row a run: what was run, and what came out.

    Accuracies are fractions; `epoch_seconds` is the median time of training
    an epoch, validation not counted. A diverged run has no test result.
    `variant` is what `Study.variant` says of the run.
    """
    return pd.DataFrame(
        [
            {
                "study": study.name,
                "activation": record["configuration"]["activation"],
                "seed": record["configuration"]["seed"],
                "dataset": record["configuration"]["dataset"],
                "train_samples": record["train_samples"],
                "epochs": runs.of_record(record).epochs
                * runs.of_record(record).fits,
                "batch_size": record["configuration"]["batch_size"],
                "parameters": record["parameters"],
                "test_accuracy": _test(record, "accuracy"),
                "test_loss": _test(record, "loss"),
                "epoch_seconds": _median(record["history"]["seconds"]),
                "dtype_policy": record["configuration"]["dtype_policy"],
                "backend": record["environment"]["backend"],
                "variant": study.variant(runs.of_record(record)),
            }
            for record in records
        ],
        columns=[
            "study",
            "activation",
            "seed",
            "dataset",
            "train_samples",
            "epochs",
            "batch_size",
            "parameters",
            "test_accuracy",
            "test_loss",
            "epoch_seconds",
            "dtype_policy",
            "backend",
            "variant",
        ],
    )


def ends(study, records):
    """Returns `run_table`, and how each run ended.

    The metrics of the last epoch, under Keras's names; `diverged`; `learned`,
    whether the test accuracy is above `LEARNED`, which that of a diverged run
    never is.
    """
    rows = run_table(study, records)
    for column in METRICS:
        last = [record["history"][column][-1] for record in records]
        rows[column] = pd.Series(last, dtype=float)
    rows["diverged"] = [record["diverged"] for record in records]
    rows["learned"] = rows["test_accuracy"] > LEARNED
    return rows


def summary(study, records):
    """Returns a row an activation: means over the seeds, and the spread.

    The training figures are Keras's own, averaged over the last epoch with
    dropout at work. `sd` is the standard deviation over the seeds, `±` half
    the 95 % interval of the mean (t): of each activation alone. Where a run
    has not learned, `learned` counts those that have: with a test accuracy
    above `LEARNED`. The means are of them all, but for the test figures of
    runs that diverged, which have none and are counted as `diverged`.
    """
    rows = ends(study, records)
    # A study's variants go by the name of the activation where that is all.
    rows["activation"] = rows["variant"]
    by_activation = rows.groupby("activation", sort=False)
    table = pd.DataFrame(
        {
            "seeds": by_activation.size(),
            "parameters": by_activation["parameters"].first(),
            "training": by_activation["accuracy"].mean(),
            "validation": by_activation["val_accuracy"].mean(),
        }
    )
    several = (table["seeds"] > 1).any()
    for metric in ("test_accuracy", "test_loss"):
        values = by_activation[metric]
        table[metric.replace("_", " ")] = values.mean()
        if several:
            of = " loss" if metric == "test_loss" else ""
            table[f"±{of}"] = values.apply(
                lambda sample: statistics.mean_interval(sample.dropna())
            )
            table[f"sd{of}"] = values.std()
    table = table.round(4)
    if not rows["learned"].all():
        table["learned"] = by_activation["learned"].sum()
    if rows["diverged"].any():
        table["diverged"] = by_activation["diverged"].sum()
    return table


def verdicts(study, records, metric="test_accuracy"):
    """Returns a row a pair of activations: difference, interval, verdict.

    By the rule in `comparison.statistics`, with the margin of `MARGINS`.
    Accuracies are in percentage points, losses in nats. `detectable` is the
    difference that so many seeds of such spreads would find four times in
    five. Activations with fewer than two tested seeds are left out.
    """
    scale, digits = SCALES[metric]
    samples = {
        name: scale * sample
        for name, sample in _samples(study, records, metric).items()
        if len(sample) > 1
    }
    table = statistics.compare(samples, scale * MARGINS[metric])
    table["detectable"] = statistics.detectable(
        [np.std(sample, ddof=1) for sample in samples.values()],
        [len(sample) for sample in samples.values()],
    )
    # + 0.0 makes a rounded -0.0 a 0.0.
    numbers = ["difference", "low", "high", "detectable"]
    table[numbers] = table[numbers].round(digits) + 0.0
    return table


def improvement(study, records):
    """Returns a row a pair: how often the first beats the second.

    The probability that one run of the first activation has a higher test
    accuracy than one of the second, ties half, with the 95 % interval of each
    pair alone; see `statistics.improvement`. The pairs are those of
    `verdicts`.
    """
    samples = _samples(study, records, "test_accuracy")
    samples = {name: s for name, s in samples.items() if len(s) > 1}
    return pd.DataFrame(
        [
            statistics.improvement(samples[first], samples[second])
            for first, second in itertools.combinations(samples, 2)
        ],
        columns=["probability", "low", "high"],
        index=_pairs(samples),
    ).round(2)


def spreads(study, records):
    """Returns a row an activation: what its spread over seeds is made of.

    Standard deviations of the test accuracy, in percentage points: `sd` as
    measured; `independent` what the test images alone would give, if errors
    were independent given the image; `own` the networks' own, with the ends
    of its 95 % interval; see `statistics.spread_parts`. A run whose record
    does not list its misclassified images, since they are too many (see
    `runs.LISTED`), is left out of all of it; so are activations with fewer
    than two seeds then.
    """
    rows = {}
    for variant, wrong in _misclassified(study, records).items():
        if len(wrong) > 1:
            parts = [100 * part for part in statistics.spread_parts(wrong)]
            rows[variant] = [len(wrong), *parts]
    columns = ["seeds", "sd", "independent", "own", "low", "high"]
    return (
        pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        .rename_axis("activation")
        .round(3)
    )


def order_probability(study, records, order):
    """Returns how often one seed of each activation ranks them as `order`.

    From the highest test accuracy to the lowest, over all combinations of the
    seeds there are; ties are broken at random.
    """
    samples = _samples(study, records, "test_accuracy")
    return statistics.order_probability([samples[name] for name in order])


def published_order(column):
    """Returns the activations by a column of `published_test`, best first."""
    return list(published_test()[column].sort_values(ascending=False).index)


def hardest_images(records):
    """Returns the test images that most runs got wrong, a row an image.

    `wrong` is the number of runs that did, `given` the classes they gave, the
    most frequent first. A run whose record does not list its misclassified
    images, since they are too many (see `runs.LISTED`), is left out.
    """
    rows = pd.DataFrame(
        [
            wrong
            for record in _listed(records)
            for wrong in record["test"]["misclassified"]
        ],
        columns=["image", "class"],
    )
    by_image = rows.groupby("image")["class"]
    table = pd.DataFrame(
        {
            "wrong": by_image.size(),
            "given": by_image.agg(
                lambda given: ", ".join(map(str, given.value_counts().index))
            ),
        }
    )
    return table.sort_values("wrong", ascending=False, kind="stable")


def effects(study, records, baseline):
    """Returns a row a variant: its runs less the baseline's of the same seed.

    Test accuracy in percentage points, test loss in nats: the mean over the
    seeds that both have; `by seed` each one's difference in accuracy;
    `chance ±` how far the mean would be from 0, 95 % of the time, if nothing
    but the seed moved it, by the spread of the baseline's accuracy over its
    seeds (see `statistics.chance_interval`). Runs that are the baseline's own
    are left out.
    """
    own = {record["hash"] for record in baseline}
    rows = run_table(study, [r for r in records if r["hash"] not in own])
    base = run_table(study.baseline, baseline)
    spreads = {
        name: 100 * group.dropna()
        for name, group in base.groupby("activation")["test_accuracy"]
    }
    base = base.set_index(["activation", "seed"])
    both = rows.join(
        base[["test_accuracy", "test_loss"]].rename(columns="base_{}".format),
        on=["activation", "seed"],
    ).dropna(subset=["test_accuracy", "base_test_accuracy"])
    both["accuracy"] = 100 * (
        both["test_accuracy"] - both["base_test_accuracy"]
    )
    both["loss"] = both["test_loss"] - both["base_test_loss"]
    by_variant = both.groupby("variant", sort=False)
    pairs = by_variant.size()
    return pd.DataFrame(
        {
            "activation": by_variant["activation"].first(),
            "seeds": pairs,
            "accuracy, points": by_variant["accuracy"].mean().round(2) + 0.0,
            "by seed": by_variant["accuracy"].agg(
                lambda values: [round(value, 2) + 0.0 for value in values]
            ),
            "chance ±": [
                round(statistics.chance_interval(spreads[name], count), 2)
                for name, count in zip(
                    by_variant["activation"].first(), pairs, strict=True
                )
            ],
            "loss, nats": by_variant["loss"].mean().round(4) + 0.0,
        }
    )


def history_table(study, records):
    """Returns a row an epoch of every run, with its metrics.

    `variant` is what `Study.variant` says of the run.
    """
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "activation": record["configuration"]["activation"],
                    "variant": study.variant(runs.of_record(record)),
                    "seed": record["configuration"]["seed"],
                    "epoch": range(1, len(record["history"]["loss"]) + 1),
                    **{metric: record["history"][metric] for metric in METRICS},
                }
            )
            for record in records
        ],
        ignore_index=True,
    ).astype(dict.fromkeys(METRICS, float))


def beta_table(records):
    """Returns a row an epoch, layer and run of every trained beta."""
    return pd.DataFrame(
        [
            {
                "seed": record["configuration"]["seed"],
                "layer": layer,
                "epoch": epoch,
                "beta": beta,
            }
            for record in records
            for layer, betas in record["history"].get("beta", {}).items()
            for epoch, beta in enumerate(betas, 1)
        ],
        columns=["seed", "layer", "epoch", "beta"],
    )


def published_history():
    """Returns what the author's notebook printed, in `history_table`'s form."""
    return pd.read_csv(RESULTS / "published_history.csv")


def published_test():
    """Returns both published test tables, a row an activation."""
    return pd.read_csv(RESULTS / "published_test.csv", index_col="activation")


def beside_published(study, records):
    """Returns test accuracy and loss, measured and as published twice."""
    measured = summary(study, records)[["test accuracy", "test loss"]]
    rows = run_table(study, records).drop_duplicates("variant")
    published = published_test().reindex(rows["activation"])
    return pd.DataFrame(
        {
            "accuracy: measured": measured["test accuracy"],
            "article": published["article_accuracy"].to_numpy(),
            "author's second run": published["notebook_accuracy"].to_numpy(),
            "loss: measured": measured["test loss"],
            "article ": published["article_loss"].to_numpy(),
            "author's second run ": published["notebook_loss"].to_numpy(),
        },
        index=measured.index,
    )


def published_gaps(study, records):
    """Returns a row for each two neighbours of the article's ranking.

    Differences in test accuracy, first minus second, in percentage points:
    the article's, the author's second run's, and the measured one with the
    interval and the verdict of `verdicts`, whose pairs alone have a row.
    """
    table = verdicts(study, records)
    published = 100 * published_test()
    rows = {}
    for first, second in itertools.pairwise(
        published_order("article_accuracy")
    ):
        if (first, second) in table.index:
            row = table.loc[first, second]
            measured = row["difference"], row["low"], row["high"]
        elif (second, first) in table.index:
            row = table.loc[second, first]
            measured = -row["difference"], -row["high"], -row["low"]
        else:
            continue
        gaps = published.loc[first] - published.loc[second]
        rows[first, second] = [
            round(gaps["article_accuracy"], 2),
            round(gaps["notebook_accuracy"], 2),
            # + 0.0 makes a -0.0 a 0.0.
            *(number + 0.0 for number in measured),
            row["verdict"],
        ]
    return pd.DataFrame(
        rows.values(),
        columns=[
            "article",
            "author's second run",
            "measured",
            "low",
            "high",
            "verdict",
        ],
        index=pd.MultiIndex.from_tuples(rows, names=["first", "second"]),
    )


def complete_seeds(study, records):
    """Returns the seeds that have a record of every network there is."""
    rows = run_table(study, records)
    networks = rows.groupby("seed")["variant"].nunique()
    return networks.index[networks == rows["variant"].nunique()].tolist()


def _pairs(names):
    return pd.MultiIndex.from_tuples(
        itertools.combinations(names, 2), names=["first", "second"]
    )


def _samples(study, records, metric):
    """Returns the values of a metric over the seeds, a variant an entry."""
    rows = run_table(study, records).dropna(subset=metric)
    return {
        variant: group[metric].to_numpy()
        for variant, group in rows.groupby("variant", sort=False)
    }


def _misclassified(study, records):
    """Returns by variant which images were missed, of (seeds, images)."""
    missed = {}
    for record in _listed(records):
        configuration = runs.of_record(record)
        wrong = np.zeros(data.test_size(configuration.dataset), bool)
        wrong[[image for image, _ in record["test"]["misclassified"]]] = True
        missed.setdefault(study.variant(configuration), []).append(wrong)
    return {variant: np.stack(rows) for variant, rows in missed.items()}


def _listed(records):
    """Yields the records that list what their run got wrong in the test."""
    for record in records:
        test = record["test"]
        if test is not None and test["misclassified"] is not None:
            yield record


def _test(record, metric):
    return math.nan if record["test"] is None else record["test"][metric]


def _median(values):
    return round(float(pd.Series(values).median()), 2)
