"""Runs, drawn: from tables, with what was found in the title."""

import io
import math
import pathlib
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker
from matplotlib.lines import Line2D

from comparison import (
    cited,
    data,
    depth,
    depth_figures,
    factor_figures,
    statistics,
    tables,
)
from comparison.records import claim, write_whole
from comparison.style import (
    colour,
    label,
    styled,
    whole_numbers,
)

METRIC_LABELS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}
# The first epoch that curves show: after it 0.99^steps, what batch
# normalisation keeps of its start, is under a hundredth in `quick` as well.
SETTLED = 3
PUBLISHED = {"linestyle": "--", "linewidth": 1.2, "color": "black"}
# Inches: on a telephone, of 400 points' width, the words can still be read.
WIDTH = 6.4
# Points an inch of files: at that width, as many as a page of 1,200 shows.
SHARP = 190
# Where accuracies are marked, from chance to near perfection.
ACCURACIES = (0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
# What a study has differently for one activation alone, as a reader says it.
IN_WORDS = {
    "negative_slope=0.001": "slope 0.001",
    "extra_dense": "two more layers",
    "kernel_initializer=he_normal": "He's initialiser",
    "validation=test": "validated on test images",
}


@styled
def orders(accuracies):
    """Draws the rank of every activation in several runs, with its accuracy.

    Args:
        accuracies: Test accuracies as fractions, a row an activation, a column
            a run.

    Returns:
        The figure.
    """
    ranks = accuracies.rank(ascending=False, method="first")
    places = range(accuracies.shape[1])
    figure, axes = plt.subplots(figsize=(1.5 + 2.6 * len(places), 3.8))
    for activation, row in ranks.iterrows():
        axes.plot(places, row, "o-", color=colour(activation), linewidth=2)
        for place, run in enumerate(accuracies):
            axes.annotate(
                f"{100 * accuracies.loc[activation, run]:.2f} %",
                (place, row[run]),
                (0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
        axes.annotate(
            label(activation),
            (places[-1], row.iloc[-1]),
            (22, 0),
            textcoords="offset points",
            va="center",
            color=colour(activation),
            weight="bold",
        )
    found = ranks.T.drop_duplicates()
    axes.set_title(
        f"{len(places)} runs rank the activations in {len(found)} "
        f"{'order' if len(found) == 1 else 'orders'}"
    )
    axes.set_xticks(places, accuracies.columns)
    axes.set_xlim(-0.3, places[-1] + 0.75)
    axes.set_yticks(range(1, len(ranks) + 1))
    axes.set_ylim(len(ranks) + 0.4, 0.5)
    axes.set_ylabel("rank by test accuracy")
    axes.grid(visible=False)
    return figure


@styled
def curves(histories, metric, published=None):
    """Draws one metric over the epochs: a panel a network, of equal axes.

    A thick line is the mean over the seeds, a thin one a seed; dashed is what
    was published. The first two epochs are left out: the moving averages of
    batch normalisation still hold what they started with, and validation by
    them would own the axis. Accuracies are on a logit scale and losses on a
    logarithmic one, where halving the error is a step of equal height.

    Args:
        histories: A table as `tables.history_table` makes it.
        metric: `"loss"`, `"accuracy"`, `"val_loss"` or `"val_accuracy"`.
        published: A table of the same columns but `seed`, or `None`.

    Returns:
        The figure.
    """
    several = histories["seed"].nunique() > 1
    words = _ends(histories, metric, several)
    if not metric.endswith("loss"):
        histories = histories.assign(**{metric: _inside(histories[metric])})
    networks = dict(list(histories.groupby("variant", sort=False)))
    first = min(SETTLED, histories["epoch"].max())
    settled = histories.loc[histories["epoch"] >= first, metric]
    epoch = "epoch" if first == 1 else f"epoch, from {first} on"
    figure, panels = _panels(len(networks), columns=2, xlabel=epoch)
    for axes, (variant, rows) in zip(panels, networks.items(), strict=True):
        activation = rows["activation"].iloc[0]
        _seeds_and_mean(
            axes, rows[rows["epoch"] >= first], metric, colour(activation)
        )
        if published is not None:
            known = published[
                (published["activation"] == activation)
                & (published["epoch"] >= first)
            ]
            axes.plot(known["epoch"], known[metric], **PUBLISHED)
        name = label(activation, variant)
        axes.set_title(textwrap.fill(name, 28), fontsize="medium")
        # Where every run diverged there is nothing to scale.
        if settled.notna().any():
            _stretch(axes, metric)
    _key(figure, several, published is not None)
    figure.suptitle(words, fontsize="large")
    unit = "nats, with L2" if metric.endswith("loss") else "%"
    figure.supylabel(f"{METRIC_LABELS[metric]} ({unit})")
    return figure


def _panels(count, columns, xlabel):
    """Makes a figure of so many panels with axes shared; returns both."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure, panels = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH, 1.4 + 1.7 * rows),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for axes in panels.flat[count:]:
        axes.remove()
    # Where nothing is below, the panel has the numbers.
    for axes in panels.flat[max(count - columns, 0) : count]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(xlabel)
    return figure, panels.flat[:count]


def _seeds_and_mean(axes, rows, column, dye):
    """Draws a thin line a seed, and their mean, thick."""
    runs = rows.groupby("seed")[["epoch", column]]
    if runs.ngroups > 1:
        for _, run in runs:
            axes.plot(
                run["epoch"], run[column], color=dye, linewidth=0.7, alpha=0.6
            )
    mean = rows.groupby("epoch")[column].mean()
    axes.plot(
        mean.index,
        mean,
        color=dye,
        linewidth=2.2,
        # A line of one point cannot be seen.
        marker="o" if len(mean) == 1 else "",
    )
    if len(mean) == 1:
        axes.set_xticks(mean.index)
    else:
        whole_numbers(axes)


def _stretch(axes, metric):
    """Stretches the vertical axis towards perfection, in plain numbers."""
    if metric.endswith("loss"):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    else:
        axes.set_yscale("logit")
        axes.yaxis.set_major_locator(ticker.FixedLocator(ACCURACIES))
        axes.yaxis.set_major_formatter(
            ticker.FuncFormatter(lambda value, _: f"{100 * value:g}")
        )
    axes.yaxis.set_minor_locator(ticker.NullLocator())


def _inside(accuracies):
    """Returns accuracies that a logit scale has a place for.

    It has none for 0 and for 1: those lie half as far from the end as the
    nearest other.
    """
    others = accuracies[(accuracies > 0) & (accuracies < 1)]
    low, high = (others.min(), others.max()) if len(others) else (0.1, 0.9)
    return accuracies.clip(low / 2, 1 - (1 - high) / 2)


def _key(figure, several, published):
    """Says below the panels what the kinds of lines are."""
    kinds = [("mean" if several else "measured", {"linewidth": 2.2})]
    if several:
        kinds.append(("a seed", {"linewidth": 0.7}))
    if published:
        kinds.append(("published, second run", PUBLISHED))
    figure.legend(
        [Line2D([], [], **{"color": "black", **look}) for _, look in kinds],
        [words for words, _ in kinds],
        loc="outside lower center",
        ncols=len(kinds),
    )


def _ends(histories, metric, several):
    """Says which network ends highest, and which lowest."""
    ends = {}
    for variant, rows in histories.groupby("variant", sort=False):
        # Each run's own last epoch: one that diverged has fewer.
        runs = rows.sort_values("epoch").groupby("seed").tail(1)
        last = runs[metric].mean(skipna=False)
        if math.isfinite(last):
            ends[label(rows["activation"].iloc[0], variant)] = last
    name = METRIC_LABELS[metric]
    if not ends:
        return f"No {name}: of every network a run diverged"

    def shown(network):
        loss = metric.endswith("loss")
        value = f"{ends[network]:.3f}" if loss else f"{ends[network]:.2%}"
        return f"{network} ({value.replace('%', ' %')})"

    if several:
        name = f"mean {name}"
    high, low = (shown(end(ends, key=ends.get)) for end in (max, min))
    if high == low:
        return f"At the end the {name} is that of {high}"
    return f"At the end the {name} is highest for\n{high} and lowest for {low}"


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
    halves = []
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
            ends = 100 * np.array(statistics.share_interval(right, images))
            halves.append((ends[1] - ends[0]) / 2)
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
        _draw_published(axes, published, list(kinds["activation"]))
    found = (100 * rows["test_accuracy"]).groupby(rows["variant"])
    # Not 0.33 for what is 0.335, and 0.34 in the tables.
    span = round(np.ptp(found.mean()), 6)
    axes.set_title(
        f"Means span {span:.2f} points; the runs of one network up to "
        f"{found.agg(np.ptp).max():.2f}"
        if several
        else f"{span:.2f} points from the least to the most; {images:,} test "
        f"images alone leave up to ± {max(halves):.2f}"
    )
    axes.set_yticks(range(len(names)), labels)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("test accuracy (%)")
    axes.grid(visible=False, axis="y")
    _legend_below(axes)
    return axes.figure


def _draw_published(axes, published, activations):
    """Marks both published accuracies below each network that has them."""
    known = [
        (place + 0.25, name)
        for place, name in enumerate(activations)
        if name in published.index
    ]
    for column, marker, words in (
        ("article_accuracy", "s", "the article's table"),
        ("notebook_accuracy", "D", "the author's second run"),
    ):
        axes.plot(
            100 * published.loc[[name for _, name in known], column],
            [place for place, _ in known],
            marker,
            color="dimgrey",
            fillstyle="none",
            label=words,
        )


@styled
def differences(table, metric="test_accuracy", improvement=None):
    """Draws every pair's difference with its simultaneous interval.

    The shaded band is the margin of practical equivalence; a filled point is a
    difference that is shown. On the right, where it is given, the probability
    that the first of the pair beats the second, with the interval of each pair
    alone; filled where that excludes one half.

    Args:
        table: A table as `tables.verdicts` makes it.
        metric: What it is of.
        improvement: A table as `tables.improvement` makes it, or `None`.

    Returns:
        The figure.
    """
    panels = 1 if improvement is None else 2
    figure, ((axes, *rest),) = plt.subplots(
        ncols=panels,
        figsize=(5 + 3 * panels, 0.8 + 0.3 * len(table)),
        sharey=True,
        squeeze=False,
        width_ratios=(3, 2)[:panels],
    )
    scale, _ = tables.SCALES[metric]
    margin = scale * tables.MARGINS[metric]
    shown = table["verdict"].isin(statistics.VERDICTS[:2])
    axes.axvspan(-margin, margin, color="grey", alpha=0.2, linewidth=0)
    axes.axvline(0, color="grey", linewidth=0.8)
    _intervals(axes, table["difference"], table, shown)
    pairs = [
        f"{label(first)} − {label(second)}" for first, second in table.index
    ]
    axes.set_title(
        f"{shown.sum()} of {len(table)} differences are shown (filled)"
    )
    axes.set_yticks(range(len(table)), pairs)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel(
        "difference in test accuracy (percentage points)"
        if metric == "test_accuracy"
        else "difference in test loss (nats)"
    )
    axes.grid(visible=False, axis="y")
    for right in rest:
        apart = (improvement["low"] > 0.5) | (improvement["high"] < 0.5)
        right.axvline(0.5, color="grey", linewidth=0.8)
        _intervals(right, improvement["probability"], improvement, apart)
        right.set_title("How often the first wins")
        right.set_xlim(-0.04, 1.04)
        right.set_xlabel("probability that its run beats\nthe second's run")
        right.grid(visible=False, axis="y")
    return figure


def _legend_below(axes):
    """Puts the legend under the axis, where a narrow page has room."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.45, -54 / axes.bbox.height),
        ncols=2,
    )


def _intervals(axes, middle, table, filled):
    """Draws a row's interval as a line, and its middle, filled or not."""
    axes.hlines(range(len(table)), table["low"], table["high"], color="black")
    for place, (value, full) in enumerate(zip(middle, filled, strict=True)):
        face = "black" if full else "white"
        axes.plot(value, place, "o", color="black", markerfacecolor=face)


@styled
def spreads(table):
    """Draws what the spread over seeds is made of, a line an activation.

    Args:
        table: A table as `tables.spreads` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 1.6 + 0.45 * len(table)))
    dyes = [colour(activation) for activation in table.index]
    places = np.arange(len(table))
    axes.hlines(
        places + 0.2,
        table["low"],
        table["high"],
        color=dyes,
        alpha=0.35,
        linewidth=5,
    )
    for column, shift, marker, words in (
        ("sd", -0.2, "o", "as measured"),
        ("independent", 0, "s", "if errors were independent"),
        ("own", 0.2, "D", "the networks' own"),
    ):
        axes.scatter(
            table[column],
            places + shift,
            marker=marker,
            s=40,
            facecolor="white" if column == "independent" else dyes,
            edgecolor=dyes,
            zorder=3,
        )
        face = "white" if column == "independent" else "black"
        look = {"marker": marker, "facecolor": face, "edgecolor": "black"}
        axes.scatter([], [], label=words, **look)
    band = {"color": "black", "alpha": 0.35, "linewidth": 5}
    axes.plot([], [], label="95 % interval of that", **band)
    beyond = (table["low"] > 0).sum()
    axes.set_title(
        f"{beyond} of {len(table)} intervals of the networks' own spread, each "
        f"alone, {'leaves' if beyond == 1 else 'leave'} 0 out"
    )
    axes.set_yticks(places, map(label, table.index))
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(left=-0.005)
    axes.set_xlabel(
        "standard deviation over the seeds (points of test accuracy)"
    )
    axes.grid(visible=False, axis="y")
    _legend_below(axes)
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
    figure, axes = plt.subplots(figsize=(8, 1.6 + 0.4 * len(table)))
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
        f"{'is' if beyond == 1 else 'are'} beyond chance"
    )
    axes.set_yticks(
        range(len(table)), map(_in_words, table["activation"], table.index)
    )
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel("test accuracy less the controlled run's (points)")
    axes.grid(visible=False, axis="y")
    _legend_below(axes)
    return figure


def _in_words(activation, variant):
    text = label(activation, variant)
    for name, words in IN_WORDS.items():
        text = text.replace(name, words)
    return text


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
        "Published swish starts at {:.3f}, a first fit at {:.3f}, a second "
        "at {:.3f}".format(*starts)
    )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_xlabel("epoch of the fit")
    axes.set_ylabel("training loss (nats, logarithmic)")
    whole_numbers(axes)
    axes.legend(loc="upper right")
    return figure


@styled
def betas(table):
    """Draws every trained beta over the epochs: a panel a layer.

    A thick line is the mean over the seeds, a thin one a seed.

    Args:
        table: A table as `tables.beta_table` makes it.

    Returns:
        The figure.
    """
    layers = dict(list(table.groupby("layer")))
    figure, panels = _panels(len(layers), columns=3, xlabel="epoch")
    for axes, (layer, rows) in zip(panels, layers.items(), strict=True):
        _seeds_and_mean(axes, rows, "beta", colour("swish_trainable"))
        axes.axhline(1, color="black", linestyle=":")
        axes.set_title(layer.replace("_", " "), fontsize="medium")
    several = table["seed"].nunique() > 1
    last = table[table["epoch"] == table["epoch"].max()]
    *others, end = [
        f"{mean:.2f}" for mean in last.groupby("layer")["beta"].mean()
    ]
    ends = f"{', '.join(others)} and {end}" if others else end
    figure.suptitle(
        f"From 1 (dotted), {'the mean β' if several else 'β'} goes to {ends}",
        fontsize="large",
    )
    figure.supylabel("β")
    _key(figure, several, published=False)
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
    """Draws what a study found, as narrow as `curves`: `test_accuracy`.

    Where the study has published counterparts they are marked.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 4.6))
    test_accuracy(
        tables.run_table(study, records),
        tables.published_test() if study.published else None,
        axes,
    )
    figure.suptitle(textwrap.fill(axes.get_title(), 68), fontsize="large")
    axes.set_title("")
    key = axes.get_legend()
    if key is not None:
        key.remove()
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def save_all(study, records, folder, folders=()):
    """Writes a study's figures as PNG files; returns their paths.

    Args:
        study: A `studies.Study`.
        records: Its records, one or more.
        folder: Where the figures go.
        folders: Where records that they stand beside are looked for.
    """
    drawn = factor_figures.drawn(study, records, folders)
    drawn = drawn or _of_runs(study, records)
    if study.cited:
        drawn[f"{study.name}-published"] = depth_figures.single_runs(
            cited.beside(study, records), cited.measured(study, records)
        )
    paths = []
    # Processes that share a study come here together.
    with claim("figures", pathlib.Path(folder).parent):
        for name, figure in drawn.items():
            paths.append(pathlib.Path(folder) / f"{name}.png")
            content = io.BytesIO()
            figure.savefig(content, format="png", dpi=SHARP)
            plt.close(figure)
            # A full disk leaves no torn picture under its name.
            write_whole(paths[-1], content.getvalue())
    return paths


def _of_runs(study, records):
    """Returns the figures of a study's runs, by name."""
    if "hidden" in study.varying:
        # A panel a network would be hundreds.
        return {study.name: depth_figures.grid(depth.ends(study, records))}
    histories = tables.history_table(study, records)
    history = tables.published_history() if study.published else None
    drawn = {study.name: overview(study, records)}
    for metric in METRIC_LABELS:
        drawn[f"{study.name}-{metric}"] = curves(histories, metric, history)
    return drawn
