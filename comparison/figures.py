"""Runs, drawn: from tables, with what was found in the title."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from comparison import data, statistics, tables
from comparison.style import (
    colour,
    label,
    legend_beside,
    styled,
    whole_numbers,
)

METRIC_LABELS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}


@styled
def curves(histories, metric, published=None, axes=None):
    """Draws one metric over the epochs: an activation a colour.

    A thick line is the mean over the seeds, with a thin line a seed where
    there are several; dashed lines are the published figures.

    Args:
        histories: A table as `tables.history_table` makes it.
        metric: `"loss"`, `"accuracy"`, `"val_loss"` or `"val_accuracy"`.
        published: A table of the same columns but `seed`, or `None`.
        axes: Where to draw; a new figure by default.

    Returns:
        The figure.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8, 4.2))
    if published is not None:
        for activation, rows in published.groupby("activation", sort=False):
            axes.plot(
                rows["epoch"],
                rows[metric],
                color=colour(activation),
                linestyle="--",
                linewidth=0.9,
                alpha=0.7,
            )
        axes.plot([], [], "--", color="grey", label="published, second run")
    drawn = []
    for variant, rows in histories.groupby("variant", sort=False):
        activation = rows["activation"].iloc[0]
        # Variants of one activation share its colour.
        style = ("-", ":", "-.")[drawn.count(activation) % 3]
        drawn.append(activation)
        mean = rows.groupby("epoch")[metric].mean()
        axes.plot(
            mean.index,
            mean,
            style,
            marker="o",
            markersize=3,
            color=colour(activation),
            label=label(activation, variant),
        )
        if rows["seed"].nunique() > 1:
            for _, run in rows.groupby("seed"):
                axes.plot(
                    run["epoch"],
                    run[metric],
                    color=colour(activation),
                    linewidth=0.5,
                    alpha=0.5,
                )
    shown = [histories] if published is None else [histories, published]
    _limit(axes, pd.concat(shown), metric)
    last = histories[histories["epoch"] == histories["epoch"].max()]
    last = last.groupby("activation")[metric].mean()
    name = METRIC_LABELS[metric]
    axes.set_title(
        f"{name.capitalize()} after epoch {histories['epoch'].max()}: "
        f"{last.min():.4f} to {last.max():.4f}"
    )
    axes.set_xlabel("epoch")
    axes.set_ylabel(
        f"{name} (cross-entropy and L2, nats)"
        if metric.endswith("loss")
        else f"{name} (fraction)"
    )
    whole_numbers(axes)
    legend_beside(axes)
    return axes.figure


def _limit(axes, rows, metric):
    """Fits the vertical axis to epoch 3 and later, and marks what is off it.

    The first epochs of a run can lie so far out that they would press all
    the others into one line.
    """
    settled = rows.loc[rows["epoch"] > min(2, rows["epoch"].max() - 1), metric]
    if settled.isna().all():
        return
    low, high = settled.min(), settled.max()
    margin = 0.08 * (high - low) or 0.01
    axes.set_ylim(low - margin, high + margin)
    for is_off, edge, marker in (
        (rows[metric] < low - margin, low - margin, "v"),
        (rows[metric] > high + margin, high + margin, "^"),
    ):
        off = rows[is_off]
        axes.scatter(
            off["epoch"],
            [edge] * len(off),
            marker=marker,
            s=30,
            clip_on=False,
            zorder=3,
            color=[colour(name) for name in off["activation"]],
        )
        if len(off):
            axes.plot([], [], marker, color="grey", label="off the axis")


@styled
def test_accuracy(rows, published=None, axes=None):
    """Draws the test accuracy of every run, a line an activation.

    Where there are several seeds the bar is the mean's 95 % interval (t), of
    each activation alone. Of one seed it is the interval (Wilson) that the
    number of test images alone leaves, were the network fixed.

    Args:
        rows: A table as `tables.run_table` makes it.
        published: A table as `tables.published_test` makes it, or `None`.
        axes: Where to draw; a new figure by default.

    Returns:
        The figure.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8, 3.6))
    rows = rows.dropna(subset="test_accuracy")
    if rows.empty:
        axes.set_title("No test accuracy: every run diverged")
        return axes.figure
    kinds = rows.drop_duplicates("variant")
    names = list(kinds["variant"])
    labels = [label(*k) for k in zip(kinds["activation"], names, strict=True)]
    images = data.test_size(rows["dataset"].iloc[0])
    several = rows.groupby("variant").size().max() > 1
    for place, name in enumerate(names):
        shown = rows[rows["variant"] == name]
        accuracies = 100 * shown["test_accuracy"]
        dye = colour(shown["activation"].iloc[0])
        if several:
            axes.plot(accuracies.mean(), place, "|", color=dye, markersize=16)
            half = statistics.mean_interval(accuracies)
            ends = accuracies.mean() - half, accuracies.mean() + half
        else:
            right = round(accuracies.mean() / 100 * images)
            interval = stats.binomtest(right, images).proportion_ci(
                method="wilson"
            )
            ends = 100 * interval.low, 100 * interval.high
        axes.hlines(place, *ends, color=dye, alpha=0.35, linewidth=5)
        axes.plot(
            accuracies, [place] * len(accuracies), "o", color=dye, alpha=0.7
        )
    axes.plot([], [], "o", color="black", label="measured, a seed a point")
    axes.plot(
        [],
        [],
        color="black",
        alpha=0.35,
        linewidth=5,
        label="mean's 95 % interval"
        if several
        else f"95 % interval of {images:,} images",
    )
    if published is not None:
        for column, marker, words in (
            ("article_accuracy", "s", "the article's table"),
            ("notebook_accuracy", "D", "the author's second run"),
        ):
            known = [name for name in names if name in published.index]
            axes.plot(
                100 * published.loc[known, column],
                [names.index(name) + 0.25 for name in known],
                marker,
                color="dimgrey",
                fillstyle="none",
                label=words,
            )
    means = 100 * rows.groupby("variant")["test_accuracy"].mean()
    span = means.max() - means.min()
    if several:
        ranges = 100 * rows.groupby("variant")["test_accuracy"].agg(np.ptp)
        title = (
            f"Means span {span:.2f} points; seeds alone move one network by "
            f"up to {ranges.max():.2f}"
        )
    else:
        title = (
            f"{span:.2f} points from the least to the most; {images:,} test "
            f"images alone leave ± {(ends[1] - ends[0]) / 2:.2f}"
        )
    axes.set_title(title)
    axes.set_yticks(range(len(names)), labels)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("test accuracy (%)")
    axes.grid(visible=False, axis="y")
    legend_beside(axes)
    return axes.figure


@styled
def differences(table, metric="test_accuracy"):
    """Draws every pair's difference with its simultaneous interval.

    The shaded band is the margin of practical equivalence; a filled point is a
    difference that is shown.

    Args:
        table: A table as `tables.verdicts` makes it.
        metric: What it is of.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.3 * len(table)))
    scale, _ = tables.SCALES[metric]
    margin = scale * tables.MARGINS[metric]
    axes.axvspan(-margin, margin, color="grey", alpha=0.2, linewidth=0)
    axes.axvline(0, color="grey", linewidth=0.8)
    for place, row in enumerate(table.itertuples()):
        shown = row.verdict in statistics.VERDICTS[:2]
        axes.plot([row.low, row.high], [place, place], color="black")
        axes.plot(
            row.difference,
            place,
            "o",
            color="black",
            markerfacecolor="black" if shown else "white",
        )
    pairs = [
        f"{label(first)} − {label(second)}" for first, second in table.index
    ]
    counts = table["verdict"].isin(statistics.VERDICTS[:2]).sum()
    axes.set_title(f"{counts} of {len(table)} differences are shown (filled)")
    axes.set_yticks(range(len(table)), pairs)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel(
        "difference in test accuracy (percentage points)"
        if metric == "test_accuracy"
        else "difference in test loss (nats)"
    )
    axes.grid(visible=False, axis="y")
    return figure


@styled
def effects(table):
    """Draws what each published difference does to the test accuracy.

    A point is one seed's difference, the upright line their mean; the bar is
    where the mean would be, 95 % of the time, if the seed alone moved it.

    Args:
        table: A table as `tables.effects` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.4 * len(table)))
    axes.axvline(0, color="grey", linewidth=0.8)
    means, reach = table["accuracy, points"], table["chance ±"]
    for place, (variant, seeds) in enumerate(table["by seed"].items()):
        dye = colour(table.loc[variant, "activation"])
        axes.plot(seeds, [place] * len(seeds), "o", color=dye, alpha=0.7)
        axes.plot(means[variant], place, "|", color=dye, markersize=16)
    axes.hlines(
        range(len(table)), -reach, reach, color="grey", alpha=0.3, linewidth=8
    )
    axes.plot([], [], "o", color="black", label="measured, a seed a point")
    axes.plot([], [], "|", color="black", markersize=12, label="mean")
    axes.plot(
        [],
        [],
        color="grey",
        alpha=0.3,
        linewidth=8,
        label="by the seed alone, 95 %",
    )
    beyond = (means.abs() > reach).sum()
    axes.set_title(
        f"{beyond or 'None'} of {len(table)} mean differences "
        f"{'is' if beyond == 1 else 'are'} beyond what the seed alone does"
    )
    axes.set_yticks(
        range(len(table)), map(label, table["activation"], table.index)
    )
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel("test accuracy less the controlled run's (points)")
    axes.grid(visible=False, axis="y")
    legend_beside(axes)
    return figure


@styled
def late_start(histories, published):
    """Draws the published training loss of swish beside two fits of 20.

    Args:
        histories: A table as `tables.history_table` makes it, of one run of
            swish with two fits.
        published: A table as `tables.published_history` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    shown = published[published["activation"] == "swish"]
    half = histories["epoch"].max() // 2
    first = histories[histories["epoch"] <= half]
    second = histories[histories["epoch"] > half]
    for rows, start, style, words in (
        (shown, 0, "--", "published, epochs as printed"),
        (first, 0, "-", "first fit"),
        (second, half, ":", "second fit"),
    ):
        axes.plot(
            rows["epoch"] - start,
            rows["loss"],
            style,
            marker="o",
            markersize=3,
            color="black" if rows is shown else colour("swish"),
            label=words,
        )
    starts = [rows["loss"].iloc[0] for rows in (shown, first, second)]
    axes.set_title(
        "Training loss in epoch 1: published {:.4f}, first fit {:.4f}, "
        "second fit {:.4f}".format(*starts)
    )
    axes.set_yscale("log")
    axes.set_xlabel("epoch of the fit")
    axes.set_ylabel("training loss (nats, logarithmic)")
    whole_numbers(axes)
    legend_beside(axes)
    return figure


@styled
def betas(table):
    """Draws every trained beta over the epochs, a line a layer and seed.

    Args:
        table: A table as `tables.beta_table` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    layers = list(dict.fromkeys(table["layer"]))
    for layer, style in zip(layers, ("-", "--", ":"), strict=False):
        rows = table[table["layer"] == layer]
        for number, (_, run) in enumerate(rows.groupby("seed")):
            axes.plot(
                run["epoch"],
                run["beta"],
                style,
                color=colour("swish_trainable"),
                alpha=0.75,
                label=None if number else layer,
            )
    axes.axhline(1, color=colour("swish"), linewidth=0.8)
    last = table[table["epoch"] == table["epoch"].max()]
    ends = last.groupby("layer")["beta"]
    axes.set_title(
        "From 1, β goes to "
        + ", ".join(f"{mean:.2f}" for mean in ends.mean())
        + " by layer, on average"
    )
    axes.set_xlabel("epoch")
    axes.set_ylabel("β")
    whole_numbers(axes)
    legend_beside(axes)
    return figure


@styled
def hardest(table, images, labels, columns=9):
    """Draws test images, each with its label and the classes it was given.

    Args:
        table: A table as `tables.hardest_images` makes it.
        images: The images by index, each of shape (28, 28).
        labels: Their labels by index.
        columns: How many images in a row.

    Returns:
        The figure.
    """
    rows = -(-len(table) // columns)
    figure, panels = plt.subplots(
        rows,
        columns,
        figsize=(10, 0.4 + 1.35 * rows),
        squeeze=False,
    )
    for axes in panels.flat:
        axes.axis("off")
    for axes, (index, row) in zip(panels.flat, table.iterrows(), strict=False):
        axes.imshow(images[index], cmap="gray_r")
        axes.set_title(f"{labels[index]} → {row['given']}", fontsize=10)
    figure.suptitle(f"{len(table)} test images: label → what the networks read")
    return figure


@styled
def overview(study, records):
    """Draws the validation curves above the test accuracies."""
    figure, (above, below) = plt.subplots(
        2, figsize=(9, 7.6), height_ratios=(4, 3)
    )
    published = study.published
    curves(
        tables.history_table(study, records),
        "val_accuracy",
        tables.published_history() if published else None,
        above,
    )
    test_accuracy(
        tables.run_table(study, records),
        tables.published_test() if published else None,
        below,
    )
    return figure


def save_all(study, records, folder):
    """Writes a study's figures as PNG files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    published = study.published
    history = tables.published_history() if published else None
    histories = tables.history_table(study, records)
    drawn = {study.name: overview(study, records)}
    for metric in METRIC_LABELS:
        drawn[f"{study.name}-{metric}"] = curves(histories, metric, history)
    paths = []
    for name, figure in drawn.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=110)
        plt.close(figure)
    return paths
