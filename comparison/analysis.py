"""Records, as tables."""

import math
import pathlib

import pandas as pd

from comparison import runs

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")


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
    """Returns a row an activation: the mean over the seeds, and the spread.

    The training figures are Keras's own, averaged over the last epoch with
    dropout at work; the spread is the standard deviation over the seeds.
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
            "training accuracy": by_activation["accuracy"].mean(),
            "validation accuracy": by_activation["val_accuracy"].mean(),
            "test accuracy": by_activation["test_accuracy"].mean(),
            "test loss": by_activation["test_loss"].mean(),
        }
    ).round(4)
    if (table["seeds"] > 1).any():
        spread = by_activation["test_accuracy"].std().round(4)
        table.insert(5, "± sd", spread)
    if rows["diverged"].any():
        table["diverged"] = by_activation["diverged"].sum()
    return table


def history_table(records):
    """Returns a row an epoch of every run: activation, seed, epoch, metrics."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "activation": record["configuration"]["activation"],
                    "seed": record["configuration"]["seed"],
                    "epoch": range(1, len(record["history"]["loss"]) + 1),
                    **{
                        metric: record["history"][metric] for metric in METRICS
                    },
                }
            )
            for record in records
        ],
        ignore_index=True,
    ).astype(dict.fromkeys(METRICS, float))


def published_history():
    """Returns what the author's notebook printed, in `history_table`'s form."""
    return pd.read_csv(RESULTS / "published_history.csv")


def published_test():
    """Returns both published test tables, a row an activation."""
    return pd.read_csv(RESULTS / "published_test.csv", index_col="activation")


def beside_published(study, records):
    """Returns test accuracy and loss, measured and as published twice."""
    measured = summary(study, records)[["test accuracy", "test loss"]]
    published = published_test()
    return pd.DataFrame(
        {
            "accuracy: measured": measured["test accuracy"],
            "article": published["article_accuracy"],
            "author's second run": published["notebook_accuracy"],
            "loss: measured": measured["test loss"],
            "article ": published["article_loss"],
            "author's second run ": published["notebook_loss"],
        },
        index=measured.index,
    )


def finding(study, records):
    """Returns what the records of a study on MNIST show, as one paragraph."""
    rows = run_table(study, records)
    means = rows.groupby("activation")["test_accuracy"].mean() * 100
    published = published_test() * 100
    moved = published["notebook_accuracy"] - published["article_accuracy"]
    seeds = rows["seed"].nunique()
    count = "one seed" if seeds == 1 else f"{seeds} seeds"
    text = (
        f"**With everything but the activation held equal and {count} each, "
        f"{len(means)} activations end between {means.min():.2f} % "
        f"({means.idxmin()}) and {means.max():.2f} % ({means.idxmax()}) on "
        f"the 10,000 test images.** That is a span of "
        f"{means.max() - means.min():.2f} points. The article's own two "
        f"published runs of one network lie up to {moved.abs().max():.2f} "
        f"points apart ({moved.abs().idxmax()}), and rank the activations in "
        f"different orders."
    )
    if seeds == 1:
        text += " One seed ranks nothing, and neither does this table."
    return text


def _configuration(record):
    # Records from before a field was added have its default.
    return runs.Configuration(**record["configuration"])


def _test(record, metric):
    return math.nan if record["test"] is None else record["test"][metric]


def _median(values):
    return round(float(pd.Series(values).median()), 2)
