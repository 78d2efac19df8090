"""Records and functions, drawn: matplotlib figures."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from scipy import special, stats

import activations
from comparison import analysis, data, inference

# One colour per activation in every figure: Okabe and Ito's, which readers
# with colour-blindness tell apart.
COLOURS = {
    "step": "#999999",
    "linear": "#000000",
    "sigmoid": "#E69F00",
    "tanh": "#56B4E9",
    "relu": "#D55E00",
    "leaky_relu": "#CC79A7",
    "softmax": "#8C6D1F",
    "swish": "#0072B2",
    "swish_trainable": "#009E73",
}
LABELS = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "swish_trainable": "swish, β trained",
}


def colour(name):
    """Returns the colour of an activation, always the same for a name."""
    spare = ("#6A3D9A", "#B15928", "#1B9E77", "#E7298A", "#666600")
    return COLOURS.get(name) or spare[sum(name.encode()) % len(spare)]


def label(variant):
    """Returns an activation, or a variant of it, as a reader writes it."""
    name, comma, rest = variant.partition(",")
    return LABELS.get(name, name) + comma + rest


def value_and_derivative(name, low=-6.0, high=6.0):
    """Draws a function of the catalogue beside its derivative.

    Dots mark the value at zero and, at a kink or a jump, both one-sided
    limits of the derivative or the value; diamonds, where the curve turns.
    """
    entry = activations.CATALOG[name]
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for axes, function, formula, symbol in (
        (panels[0], entry.function, entry.formula, "f(x)"),
        (panels[1], entry.derivative, entry.derivative_formula, "f'(x)"),
    ):
        # In two halves: a line across a jump would show values that the
        # function does not have.
        for half in (
            np.linspace(low, 0, 301)[:-1],
            np.linspace(high, 0, 301)[:-1],
        ):
            axes.plot(half, _values(function, half), color=colour(name))
        ends = _values(function, np.array([-1e-9, 0.0, 1e-9]))
        axes.plot(
            [0, 0], ends[[0, 2]], "o", color=colour(name), fillstyle="none"
        )
        axes.plot(0, ends[1], "o", color=colour(name))
        _mark_turns(axes, function, low, high, colour(name))
        axes.set_title(f"${symbol} = {formula}$", fontsize=11)
        axes.set_xlabel("x")
        axes.set_ylabel(f"${symbol}$")
        axes.axhline(0, color="grey", linewidth=0.5)
        axes.axvline(0, color="grey", linewidth=0.5)
        axes.grid(alpha=0.3)
    x = np.linspace(low, high, 6001)
    slopes = _values(entry.derivative, x[x != 0])
    flat = np.mean(np.abs(slopes) < 0.01)
    finding = (
        f"slope from {slopes.min():.2g} to {slopes.max():.2g}, "
        f"under 0.01 in size on {flat:.0%} of [{low:g}, {high:g}]"
    )
    if slopes.min() == slopes.max():
        finding = f"slope {slopes.max():g} throughout"
        # A constant would get a scale of its own.
        panels[1].set_ylim(-0.05, 1.05)
    figure.suptitle(
        f"{label(name)}: values in ${entry.range_formula}$; {finding}",
        fontsize=11,
    )
    return figure


def _mark_turns(axes, function, low, high, shade):
    """Marks where a smooth curve turns, zero apart, with the coordinates."""
    x = np.linspace(low, high, 6001)
    y = _values(function, x)
    rises = np.sign(np.diff(y))
    for i in np.flatnonzero(rises[1:] * rises[:-1] < 0) + 1:
        if abs(x[i]) > 0.01:
            axes.plot(x[i], y[i], "D", markersize=5, color=shade)
            axes.annotate(
                f"({x[i]:.2f}, {y[i]:.3f})",
                (x[i], y[i]),
                # Outside the curve, where nothing else is drawn.
                xytext=(0, 8 if y[i] > y[i - 300] else -16),
                textcoords="offset points",
                ha="center",
                fontsize=9,
            )
            axes.margins(y=0.18)


def all_functions(low=-4.0, high=4.0):
    """Draws the functions of one number in one panel, derivatives beside."""
    names = [name for name in activations.CATALOG if name != "softmax"]
    figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    x = np.linspace(low, high, 802)
    for name in names:
        entry = activations.CATALOG[name]
        for axes, function in zip(
            panels, (entry.function, entry.derivative), strict=True
        ):
            axes.plot(
                x,
                _values(function, x),
                # Above zero it lies on ReLU.
                linestyle="--" if name == "leaky_relu" else "-",
                color=colour(name),
                label=label(name),
            )
    panels[0].set_title("Above zero: bounded by 1, or growing with x")
    panels[1].set_title("Slopes: step, sigmoid, tanh end near 0 on both sides")
    for axes, symbol in zip(panels, ("$f(x)$", "$f'(x)$"), strict=True):
        axes.set_xlabel("x")
        axes.set_ylabel(symbol)
        axes.grid(alpha=0.3)
    panels[0].set_ylim(-1.5, 4)
    panels[1].legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False
    )
    return figure


def swish_family(betas, low=-6.0, high=6.0, scale=1.0):
    """Draws swish and its derivative for each beta, between both limits."""
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    x = np.linspace(low, high, 1202)
    shades = plt.colormaps["viridis"](np.linspace(0, 0.9, len(betas)))
    for beta, shade in zip(betas, shades, strict=True):
        for axes, function in zip(
            panels,
            (activations.swish, activations.swish_derivative),
            strict=True,
        ):
            y = _values(function, x, beta=beta, scale=scale)
            axes.plot(x, y, color=shade, label=f"β = {beta:g}")
    limits = (
        (scale * x / 2, scale * np.maximum(x, 0)),
        (np.full_like(x, scale / 2), scale * (x > 0)),
    )
    factor = "" if scale == 1 else f"{scale:g} "
    for axes, (line, relu), symbol in zip(
        panels, limits, ("$f(x)$", "$f'(x)$"), strict=True
    ):
        axes.plot(x, line, "k:", label=f"β = 0: {factor}x/2")
        axes.plot(x, relu, "k--", label=f"β → ∞: {factor}ReLU")
        axes.set_xlabel("x")
        axes.set_ylabel(symbol)
        axes.grid(alpha=0.3)
    panels[0].set_title("From a straight line to ReLU")
    panels[1].set_title("For β > 0 the slope leaves its limits' range")
    panels[1].legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False
    )
    return figure


def swish_at(beta, low=-6.0, high=6.0):
    """Draws swish at one beta with its turning point, on axes that stay."""
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    x = np.linspace(low, high, 1202)
    axes.plot(x, x / 2, "k:", label="β = 0: x/2")
    axes.plot(x, np.maximum(x, 0), "k--", label="β → ∞: ReLU")
    axes.plot(
        x,
        _values(activations.swish, x, beta=beta),
        color=colour("swish"),
        label=f"β = {beta:g}",
    )
    finding = "the straight line x/2"
    if beta:
        # The derivative is 0 where -1 - βx = W(1/e), Lambert's W.
        turn = special.lambertw(np.exp(-1)).real
        place, extreme = -(1 + turn) / beta, -turn / beta
        finding = "lowest" if beta > 0 else "highest"
        finding += f" at x = {place:.2f}, where it is {extreme:.3f}"
        if low <= place <= high:
            axes.plot(place, extreme, "D", color=colour("swish"))
    axes.set_title(f"β = {beta:g}: {finding}")
    axes.set_xlabel("x")
    axes.set_ylabel("$f(x)$")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", frameon=False)
    return figure


def swish_forms(low=-6.0, high=6.0):
    """Draws the article's form of swish beside the standard one."""
    figure, axes = plt.subplots(figsize=(7, 3.8), layout="constrained")
    x = np.linspace(low, high, 601)
    for scale, style, words in (
        (1.0, "-", "x σ(βx), standard"),
        (2.0, "--", "2x σ(βx), the article's text"),
    ):
        for beta, shade in ((0.0, "grey"), (1.0, colour("swish"))):
            y = _values(activations.swish, x, beta=beta, scale=scale)
            axes.plot(x, y, style, color=shade, label=f"{words}, β = {beta:g}")
    axes.plot(x, np.maximum(x, 0), ":", color=colour("relu"), label="ReLU")
    axes.set_title("With the 2, β = 0 is the identity and ReLU is out of reach")
    axes.set_xlabel("x")
    axes.set_ylabel("$f(x)$")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def softmax_and_jacobian(logits=(2.0, 0.0, -1.0)):
    """Draws softmax as the first logit varies, and its Jacobian at one point.

    The Jacobian's entry in row i and column j is the derivative of
    probability i by logit j.
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.8), layout="constrained"
    )
    z = np.linspace(-6, 6, 241)
    points = np.stack([z, *(np.full_like(z, v) for v in logits[1:])], axis=-1)
    probabilities = _values(activations.softmax, points)
    for number, style in zip(range(len(logits)), ("-", "--", ":"), strict=True):
        left.plot(
            z,
            probabilities[:, number],
            style,
            color=colour("softmax"),
            label=f"$s_{number + 1}$",
        )
    left.axvline(logits[0], color="grey", linewidth=0.8)
    fixed = ", ".join(f"{v:g}" for v in logits[1:])
    left.set_title("One logit up, its probability up, the others down")
    left.set_xlabel(f"$z_1$, beside {fixed}; the grey line is the point right")
    left.set_ylabel("probability")
    left.grid(alpha=0.3)
    left.legend(frameon=False)
    jacobian = _values(activations.softmax_jacobian, np.array(logits))
    size = np.abs(jacobian).max()
    right.imshow(jacobian, cmap="PuOr_r", vmin=-size, vmax=size)
    for (i, j), value in np.ndenumerate(jacobian):
        shade = "white" if abs(value) > 0.6 * size else "black"
        right.text(j, i, f"{value:.3f}", ha="center", va="center", color=shade)
    names = range(1, len(logits) + 1)
    right.set_xticks(range(len(logits)), [f"$z_{n}$" for n in names])
    right.set_yticks(range(len(logits)), [f"$s_{n}$" for n in names])
    right.set_xlabel("by logit")
    right.set_ylabel("derivative of probability")
    right.set_title("The Jacobian is symmetric, and its rows sum to 0")
    return figure


def _values(function, x, **arguments):
    values = function(keras.ops.convert_to_tensor(x, "float64"), **arguments)
    return keras.ops.convert_to_numpy(values)


METRIC_LABELS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}


def curves(histories, metric, published=None, axes=None):
    """Draws one metric over the epochs: an activation a colour.

    A thick line is the mean over the seeds, with a thin line a seed where
    there are several; dashed lines are the published figures.

    Args:
        histories: A table as `analysis.history_table` makes it.
        metric: `"loss"`, `"accuracy"`, `"val_loss"` or `"val_accuracy"`.
        published: A table of the same columns but `seed`, or `None`.
        axes: Where to draw; a new figure by default.

    Returns:
        The figure.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
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
            label=label(variant),
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
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(integer=True, steps=[1, 2, 5, 10])
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
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


def test_accuracy(rows, published=None, axes=None):
    """Draws the test accuracy of every run, a line an activation.

    Where there are several seeds the bar is the mean's 95 % interval (t), of
    each activation alone. Of one seed it is the interval (Wilson) that the
    number of test images alone leaves, were the network fixed.

    Args:
        rows: A table as `analysis.run_table` makes it.
        published: A table as `analysis.published_test` makes it, or `None`.
        axes: Where to draw; a new figure by default.

    Returns:
        The figure.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    rows = rows.dropna(subset="test_accuracy")
    if rows.empty:
        axes.set_title("No test accuracy: every run diverged")
        return axes.figure
    names = list(dict.fromkeys(rows["variant"]))
    images = data.test_size(rows["dataset"].iloc[0])
    several = rows.groupby("variant").size().max() > 1
    for place, name in enumerate(names):
        shown = rows[rows["variant"] == name]
        accuracies = 100 * shown["test_accuracy"]
        dye = colour(shown["activation"].iloc[0])
        if several:
            axes.plot(accuracies.mean(), place, "|", color=dye, markersize=16)
            half = inference.mean_interval(accuracies)
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
    axes.set_yticks(range(len(names)), [label(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("test accuracy (%)")
    axes.grid(alpha=0.3, axis="x")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return axes.figure


def differences(table, metric="test_accuracy"):
    """Draws every pair's difference with its simultaneous interval.

    The shaded band is the margin of practical equivalence; a filled point is a
    difference that is shown.

    Args:
        table: A table as `analysis.verdicts` makes it.
        metric: What it is of.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(
        figsize=(8, 0.6 + 0.3 * len(table)), layout="constrained"
    )
    scale, _ = analysis.SCALES[metric]
    margin = scale * analysis.MARGINS[metric]
    axes.axvspan(-margin, margin, color="grey", alpha=0.2, linewidth=0)
    axes.axvline(0, color="grey", linewidth=0.8)
    for place, row in enumerate(table.itertuples()):
        shown = row.verdict in inference.VERDICTS[:2]
        axes.plot([row.low, row.high], [place, place], color="black")
        axes.plot(
            row.difference,
            place,
            "o",
            color="black",
            markerfacecolor="black" if shown else "white",
        )
    pairs = [
        " − ".join(label(name) for name in pair.split(" - "))
        for pair in table.index
    ]
    counts = table["verdict"].isin(inference.VERDICTS[:2]).sum()
    axes.set_title(f"{counts} of {len(table)} differences are shown (filled)")
    axes.set_yticks(range(len(table)), pairs)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel(
        "difference in test accuracy (percentage points)"
        if metric == "test_accuracy"
        else "difference in test loss (nats)"
    )
    axes.grid(alpha=0.3, axis="x")
    return figure


def effects(table):
    """Draws what each published difference does to the test accuracy.

    A point is one seed's difference, the upright line their mean; the bar is
    where the mean would be, 95 % of the time, if the seed alone moved it.

    Args:
        table: A table as `analysis.ablation_effects` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(
        figsize=(10, 1.2 + 0.4 * len(table)), layout="constrained"
    )
    axes.axvline(0, color="grey", linewidth=0.8)
    means, reach = table["accuracy, points"], table["chance ±"]
    for place, (variant, seeds) in enumerate(table["by seed"].items()):
        dye = colour(variant.partition(",")[0])
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
    axes.set_yticks(range(len(table)), map(label, table.index))
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlabel("test accuracy less the controlled run's (points)")
    axes.grid(alpha=0.3, axis="x")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def late_start(histories, published):
    """Draws the published training loss of swish beside two fits of 20.

    Args:
        histories: A table as `analysis.history_table` makes it, of one run of
            swish with two fits.
        published: A table as `analysis.published_history` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
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
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(integer=True, steps=[1, 2, 5, 10])
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def betas(table):
    """Draws every trained beta over the epochs, a line a layer and seed.

    Args:
        table: A table as `analysis.beta_table` makes it.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
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
    axes.xaxis.set_major_locator(
        ticker.MaxNLocator(integer=True, steps=[1, 2, 5, 10])
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def hardest(table, images, labels, columns=9):
    """Draws test images, each with its label and the classes it was given.

    Args:
        table: A table as `analysis.hardest_images` makes it.
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
        layout="constrained",
    )
    for axes in panels.flat:
        axes.axis("off")
    for axes, (index, row) in zip(panels.flat, table.iterrows(), strict=False):
        axes.imshow(images[index], cmap="gray_r")
        axes.set_title(f"{labels[index]} → {row['given']}", fontsize=10)
    figure.suptitle(f"{len(table)} test images: label → what the networks read")
    return figure


def overview(study, records):
    """Draws the validation curves above the test accuracies."""
    figure, (above, below) = plt.subplots(
        2, figsize=(9, 7.6), height_ratios=(4, 3), layout="constrained"
    )
    published = _published_for(study)
    curves(
        analysis.history_table(study, records),
        "val_accuracy",
        analysis.published_history() if published else None,
        above,
    )
    test_accuracy(
        analysis.run_table(study, records),
        analysis.published_test() if published else None,
        below,
    )
    return figure


def save_all(study, records, folder):
    """Writes a study's figures as PNG files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    published = _published_for(study)
    history = analysis.published_history() if published else None
    histories = analysis.history_table(study, records)
    drawn = {study.name: overview(study, records)}
    for metric in METRIC_LABELS:
        drawn[f"{study.name}-{metric}"] = curves(histories, metric, history)
    paths = []
    for name, figure in drawn.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=110)
        plt.close(figure)
    return paths


def _published_for(study):
    """Whether the published figures are of what the study trains."""
    return study.name == "controlled"
