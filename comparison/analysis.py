"""Records, as tables."""

import itertools
import math
import pathlib

import numpy as np
import pandas as pd
from scipy import stats

from comparison import inference, runs

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
# What is too small to matter, by metric: 0.1 points of accuracy, about a tenth
# of the published errors; and a tenth of the article's least test loss.
MARGINS = {"test_accuracy": 0.001, "test_loss": 0.004}
# What a further study might have.
MORE_SEEDS = 20
# In what a difference is shown, and to how many digits.
SCALES = {"test_accuracy": (100, 2), "test_loss": (1, 4)}
LEGEND = """\
low, high: simultaneous 95 % interval over all pairs (Games and Howell). Of
studies of equal activations, 6 to 7.5 % would show a difference with five
seeds, 6 to 10 % with three.
"different, by more than the margin": the interval lies beyond the margin (0.1
points; 0.004 nats). "different, by less": it excludes 0; that the difference
is more than the margin is not shown. "equivalent": it lies within the margin.
"cannot tell": anything else. detectable: the true difference that so many
seeds with such spreads would find four times in five."""


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
                "epochs": _configuration(record).epochs
                * _configuration(record).fits,
                "batch_size": record["configuration"]["batch_size"],
                "parameters": record["parameters"],
                "test_accuracy": _test(record, "accuracy"),
                "test_loss": _test(record, "loss"),
                "epoch_seconds": _median(record["history"]["seconds"]),
                "dtype_policy": record["configuration"]["dtype_policy"],
                "backend": record["environment"]["backend"],
                "variant": study.variant(_configuration(record)),
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


def summary(study, records):
    """Returns a row an activation: means over the seeds, and the spread.

    The training figures are Keras's own, averaged over the last epoch with
    dropout at work. `sd` is the standard deviation over the seeds, `±` half
    the 95 % interval of the mean (t): of each activation alone.
    """
    rows = run_table(study, records)
    for column in METRICS:
        last = [record["history"][column][-1] for record in records]
        rows[column] = pd.Series(last, dtype=float)
    rows["diverged"] = [record["diverged"] for record in records]
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
                lambda sample: inference.mean_interval(sample.dropna())
            )
            table[f"sd{of}"] = values.std()
    table = table.round(4)
    if rows["diverged"].any():
        table["diverged"] = by_activation["diverged"].sum()
    return table


def verdicts(study, records, metric="test_accuracy"):
    """Returns a row a pair of activations: difference, interval, verdict.

    By the rule in `comparison.inference`, with the margin of `MARGINS`.
    Accuracies are in percentage points, losses in nats. `detectable` is the
    difference that so many seeds of such spreads would find four times in
    five. Activations with fewer than two tested seeds are left out.
    """
    samples = _samples(study, records, metric)
    samples = {name: s for name, s in samples.items() if len(s) > 1}
    if len(samples) < 2:
        return pd.DataFrame(
            columns=["difference", "low", "high", "verdict", "detectable"]
        )
    scale, digits = SCALES[metric]
    values = [scale * sample for sample in samples.values()]
    difference, low, high = inference.differences(values)
    table = pd.DataFrame(
        {
            "difference": difference,
            "low": low,
            "high": high,
            "verdict": [
                inference.verdict(*ends, scale * MARGINS[metric])
                for ends in zip(low, high, strict=True)
            ],
            "detectable": inference.detectable(
                [np.std(sample, ddof=1) for sample in values],
                [len(sample) for sample in values],
            ),
        },
        index=_pair_names(samples),
    )
    # + 0.0 makes a rounded -0.0 a 0.0.
    numbers = ["difference", "low", "high", "detectable"]
    table[numbers] = table[numbers].round(digits) + 0.0
    return table


def detectable_with(study, records, seeds):
    """Returns, a row a pair, what more seeds of the same spreads would find.

    The true difference in test accuracy, in percentage points, that would be
    found four times in five; a column a number of seeds.
    """
    samples = _samples(study, records, "test_accuracy")
    spreads = [100 * sample.std(ddof=1) for sample in samples.values()]
    return pd.DataFrame(
        {
            f"{count} seeds": inference.detectable(
                spreads, [count] * len(spreads)
            )
            for count in seeds
        },
        index=_pair_names(samples),
    ).round(2)


def order_probability(study, records, order):
    """Returns how often one seed of each activation ranks them as `order`.

    From the highest test accuracy to the lowest, over all combinations of the
    seeds there are; ties are no order.
    """
    samples = _samples(study, records, "test_accuracy")
    return inference.order_probability([samples[name] for name in order])


def published_order(column):
    """Returns the activations by a column of `published_test`, best first."""
    return list(published_test()[column].sort_values(ascending=False).index)


def epochs_to_reach(study, records, accuracies=(0.98, 0.99)):
    """Returns a row an activation: epochs until a validation accuracy.

    The mean over the seeds that reach it, the standard deviation, and how many
    seeds do.
    """
    histories = history_table(study, records)
    runs_ = histories.groupby(["variant", "seed"], sort=False)
    columns = {}
    for accuracy in accuracies:
        first = runs_.apply(
            lambda run: run.loc[run["val_accuracy"] >= accuracy, "epoch"].min()
        )
        by_variant = first.groupby("variant", sort=False)
        columns[f"to {accuracy:.0%}"] = by_variant.mean().round(1)
        columns[f"sd to {accuracy:.0%}"] = by_variant.std().round(1)
        columns[f"seeds at {accuracy:.0%}"] = by_variant.count()
    return pd.DataFrame(columns).rename_axis("activation")


def hardest_images(records):
    """Returns the test images that most runs got wrong, a row an image.

    `wrong` is the number of runs that did, `given` the classes they gave, the
    most frequent first.
    """
    rows = pd.DataFrame(
        [
            wrong
            for record in records
            if record["test"] is not None
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


def ablation_effects(study, records, baseline_study, baseline):
    """Returns a row a variant: its runs less the baseline's of the same seed.

    Test accuracy in percentage points, test loss in nats: the mean over the
    seeds that both have; `by seed` each one's difference in accuracy;
    `chance ±` how far the mean would be from 0, 95 % of the time, if nothing
    but the seed moved it, by the spread of the baseline's accuracy over its
    seeds (see `inference.chance_interval`). Runs that are the baseline's own
    are left out.
    """
    own = {record["hash"] for record in baseline}
    rows = run_table(study, [r for r in records if r["hash"] not in own])
    base = run_table(baseline_study, baseline)
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
            "seeds": pairs,
            "accuracy, points": by_variant["accuracy"].mean().round(2) + 0.0,
            "by seed": by_variant["accuracy"].agg(
                lambda values: [round(value, 2) + 0.0 for value in values]
            ),
            "chance ±": [
                round(inference.chance_interval(spreads[name], count), 2)
                for name, count in zip(
                    by_variant["activation"].first(), pairs, strict=True
                )
            ],
            "loss, nats": by_variant["loss"].mean().round(4) + 0.0,
        }
    )


def contributions(effects):
    """Returns, as sentences, what `ablation_effects` shows."""
    beyond = effects["accuracy, points"].abs() > effects["chance ±"]
    parts = "; ".join(
        f"{variant} {row['accuracy, points']:+.2f} (±{row['chance ±']:.2f})"
        for variant, row in effects.iterrows()
    )
    seeds = effects["seeds"].max()
    return (
        f"One published difference at a time, in points of test accuracy over "
        f"the controlled run of the same seed, the mean of {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'} (in brackets how far the seed "
        f"alone would move it, 95 % of the time): {parts}. "
        f"{beyond.sum() or 'None'} of these {len(effects)} "
        f"{'is' if beyond.sum() == 1 else 'are'} beyond chance."
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
                    "variant": study.variant(_configuration(record)),
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
    activation = [name.partition(",")[0] for name in measured.index]
    published = published_test().reindex(activation)
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
    interval and the verdict of `verdicts`.
    """
    table = verdicts(study, records)
    published = 100 * published_test()
    rows = {}
    for first, second in itertools.pairwise(
        published_order("article_accuracy")
    ):
        if f"{first} - {second}" in table.index:
            row = table.loc[f"{first} - {second}"]
            measured = row["difference"], row["low"], row["high"]
        elif f"{second} - {first}" in table.index:
            row = table.loc[f"{second} - {first}"]
            measured = -row["difference"], -row["high"], -row["low"]
        else:
            continue
        gaps = published.loc[first] - published.loc[second]
        rows[f"{first} - {second}"] = (
            round(gaps["article_accuracy"], 2),
            round(gaps["notebook_accuracy"], 2),
            # + 0.0 makes a -0.0 a 0.0.
            *(number + 0.0 for number in measured),
            row["verdict"],
        )
    return pd.DataFrame.from_dict(
        rows,
        orient="index",
        columns=[
            "article",
            "author's second run",
            "measured",
            "low",
            "high",
            "verdict",
        ],
    ).rename_axis("pair")


def test_set_uncertainty(accuracy, images):
    """Returns, as a paragraph, what the size of the test set alone leaves."""
    right = round(accuracy * images)
    interval = stats.binomtest(right, images).proportion_ci(method="wilson")
    return (
        f"A fixed network that gets {100 * accuracy:.2f} % of {images:,} test "
        f"images right has a 95 % interval (Wilson) from "
        f"{100 * interval.low:.2f} to {100 * interval.high:.2f} % for all "
        f"images of that kind. Networks tested on the same images share the "
        f"hard ones, so their differences vary less than that; but a gap of "
        f"0.1 points is {round(images / 1000)} images."
    )


def pairing(study, records):
    """Returns, as a sentence, what pairing the runs by seed would change."""
    samples = _samples(study, records, "test_accuracy")
    correlation, width = inference.paired(np.stack(list(samples.values())))
    return (
        f"Runs of one seed start from the same weights and see the images in "
        f"the same order, and their test accuracies have a mean correlation "
        f"of {correlation:.2f} over the pairs; paired t intervals, adjusted "
        f"for all pairs (Bonferroni), would be {width:.1f} times as wide on "
        f"average. A permutation test of pairs cannot reach 5 % with "
        f"{len(next(iter(samples.values())))} seeds and "
        f"{math.comb(len(samples), 2)} pairs."
    )


def complete_seeds(study, records):
    """Returns the seeds that have a record of every network there is."""
    rows = run_table(study, records)
    networks = rows.groupby("seed")["variant"].nunique()
    return networks.index[networks == rows["variant"].nunique()].tolist()


def finding(study, records):
    """Returns what the records of a study on MNIST show, as one paragraph.

    Of the seeds that have a record with every activation, where there are any.
    """
    complete = complete_seeds(study, records)
    if complete:
        records = [r for r in records if r["configuration"]["seed"] in complete]
    rows = run_table(study, records)
    means = rows.groupby("activation", sort=False)["test_accuracy"].mean() * 100
    each = "one seed" if len(complete) < 2 else f"{len(complete)} seeds"
    text = (
        f"**With everything but the activation held equal and {each} each, "
        f"{len(means)} activations end between {means.min():.2f} % "
        f"({means.idxmin()}) and {means.max():.2f} % ({means.idxmax()}) on "
        f"the 10,000 test images"
    )
    published = published_test() * 100
    moved = (
        published["notebook_accuracy"] - published["article_accuracy"]
    ).abs()
    table = verdicts(study, records)
    if table.empty:
        return text + (
            f".** That is a span of {means.max() - means.min():.2f} points. "
            f"The article's own two published runs of one network lie up to "
            f"{moved.max():.2f} points apart ({moved.idxmax()}), and rank the "
            f"activations in different orders. One seed ranks nothing, and "
            f"neither does this table."
        )
    losses = verdicts(study, records, "test_loss")
    spread = rows.groupby("activation")["test_accuracy"].agg(np.ptp) * 100
    orders = [
        100 * order_probability(study, records, published_order(column))
        for column in ("article_accuracy", "notebook_accuracy")
    ]
    blind = 100 / math.factorial(len(published))
    more = detectable_with(study, records, [MORE_SEEDS]).squeeze()
    gaps = published_gaps(study, records)
    confirmed = gaps["verdict"].isin(inference.VERDICTS[:2]) & (
        gaps["measured"] * gaps["article"] > 0
    )
    counts = table["verdict"].value_counts()
    return (
        f"{text} on average.** *What holds:* in accuracy, "
        f"{_worse(table, 'test_accuracy')}; in loss, "
        f"{_worse(losses, 'test_loss')} (simultaneous 95 % "
        f"intervals). *What does not hold:* a ranking by one seed each. Drawn "
        f"from these runs, it is the article's {orders[0]:.1f} % of the time "
        f"and that of the author's second run {orders[1]:.1f} %, where blind "
        f"chance gives {blind:.1f} %. "
        f"Seeds alone move one network by up to {spread.max():.2f} points "
        f"({spread.idxmax()}), and the author's second run moved one by "
        f"{moved.max():.2f} ({moved.idxmax()}). *What remains open:* "
        f"{len(gaps) - confirmed.sum()} of the article's {len(gaps)} gaps "
        f"between neighbours"
        + "".join(
            f"; {pair}, {row['article']:+.2f} points there, is "
            f"{row['measured']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}) "
            f"here"
            for pair, row in gaps[~confirmed].iterrows()
        ).replace(";", ":", 1)
        + f". Of all {len(table)} pairs, "
        + ", ".join(
            f'{counts[name]} {"is" if counts[name] == 1 else "are"} "{name}"'
            for name in inference.VERDICTS
            if name in counts
        )
        + f" (margin 0.1 points). So few seeds find a true difference four "
        f"times in five only if it is {table['detectable'].min():.2f} to "
        f"{table['detectable'].max():.2f} points, depending on the pair; "
        f"{MORE_SEEDS} would find {more.min():.2f} to {more.max():.2f}."
    )


def _worse(table, metric):
    """Returns, in words, which activations `verdicts` shows to be worse."""
    where, unit = {
        "test_accuracy": ("below", "points"),
        "test_loss": ("above", "nats"),
    }[metric]
    digits = SCALES[metric][1]
    shown = {}
    for pair, row in table.iterrows():
        if row["verdict"] in inference.VERDICTS[:2]:
            worse, better = pair.split(" - ")
            if (row["difference"] < 0) != (where == "below"):
                worse, better = better, worse
            size = abs(row["difference"])
            shown.setdefault(worse, []).append(f"{better} by {size:.{digits}f}")
    if not shown:
        return "no difference is shown"
    return "; ".join(
        f"{worse} lies {where} {', '.join(better)} {unit}"
        for worse, better in shown.items()
    )


def _pair_names(names):
    pairs = itertools.combinations(names, 2)
    return pd.Index([" - ".join(pair) for pair in pairs], name="pair")


def _samples(study, records, metric):
    """Returns the values of a metric over the seeds, a variant an entry."""
    rows = run_table(study, records).dropna(subset=metric)
    return {
        variant: group[metric].to_numpy()
        for variant, group in rows.groupby("variant", sort=False)
    }


def _configuration(record):
    # Records from before a field was added have its default.
    return runs.Configuration(**record["configuration"])


def _test(record, metric):
    return math.nan if record["test"] is None else record["test"][metric]


def _median(values):
    return round(float(pd.Series(values).median()), 2)
