"""The claims' experiments, drawn: matplotlib figures.

Each takes the rows of an experiment in `comparison.claims`, and says what it
found in its title.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker

import activations
from comparison import claims, studies, verdicts
from comparison.style import colour, label

MARKERS = {
    "step": "x",
    "linear": "+",
    "sigmoid": "o",
    "tanh": "s",
    "relu": "^",
    "leaky_relu": "v",
    "swish": "D",
}


def boundaries(rows):
    """Draws what each network makes of each toy problem, one grid of pictures.

    The shade is the probability of class 1 of the first seed's network, the
    line where it is a half; the points are what that network was trained on,
    white for class 1.
    """
    networks = list(dict.fromkeys(rows["network"]))
    toys = list(dict.fromkeys(rows["data"]))
    figure, panels = plt.subplots(
        len(toys),
        len(networks),
        figsize=(1.5 * len(networks), 1.62 * len(toys) + 0.5),
        layout="constrained",
    )
    shown = rows[rows["seed"] == rows["seed"].min()]
    shown = shown.set_index(["data", "network"])
    size = len(claims.GRID)
    for line, toy in zip(panels, toys, strict=True):
        x, y = claims.toy_data(toy, 400, int(rows["seed"].min()))
        for axes, network in zip(line, networks, strict=True):
            row = shown.loc[toy, network]
            share = np.reshape(row["probability"], (size, size)) / 100
            grid = claims.GRID
            axes.contourf(
                grid,
                grid,
                share,
                np.linspace(0, 1, 11),
                cmap="PuOr",
                alpha=0.75,
            )
            axes.contour(grid, grid, share, [0.5], colors="black", linewidths=1)
            for class_, mark in ((0, "ko"), (1, "wo")):
                axes.plot(
                    *x[:200][y[:200] == class_].T,
                    mark,
                    markersize=2.5,
                    markeredgecolor="black",
                    markeredgewidth=0.4,
                )
            axes.set_xlim(grid[0], grid[-1])
            axes.set_ylim(grid[0], grid[-1])
            axes.set_xticks([])
            axes.set_yticks([])
            name = "no activation" if network == "none" else label(network)
            heading = f"{row['accuracy']:.0%}"
            if toy == toys[0]:
                heading = f"{name}\n{heading}"
            axes.set_title(heading, fontsize=9)
        line[0].set_ylabel(toy)
    accuracy = rows[rows["data"] == "circles"].groupby("network")["accuracy"]
    means = accuracy.mean()
    figure.suptitle(
        f"Circles: {means['linear']:.0%} right with linear, at least "
        f"{means[list(studies.ARTICLE)].min():.0%} with the article's "
        "five (means over the seeds; above each picture its own, "
        "on 200 other points)",
        fontsize=10,
    )
    return figure


def movement(rows):
    """Draws how far each layer's kernel moved, a point a seed."""
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    layers = list(dict.fromkeys(rows["layer"]))
    for number, (name, part) in enumerate(
        rows.groupby("activation", sort=False)
    ):
        axes.plot(
            # A little aside, so that no mark lies on another.
            [layers.index(la) + 0.1 * number - 0.05 for la in part["layer"]],
            100 * part["moved"],
            MARKERS.get(name, "o"),
            markersize=9,
            markeredgewidth=2,
            fillstyle="none",
            color=colour(name),
            label=label(name),
        )
    step = rows[(rows["activation"] == "step")]
    hidden = step[step["hidden"]]["moved"].max()
    last = step[~step["hidden"]]["moved"].mean()
    axes.set_title(
        f"Under step the hidden kernels move by {hidden:.1%}, the last by "
        f"{last:.0%}"
    )
    axes.set_xticks(range(len(layers)), layers)
    axes.set_xlim(-0.5, len(layers) - 0.5)
    axes.set_ylabel("change of the kernel\n(% of its norm)")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def slopes(learned):
    """Draws the mean derivative in trained networks beside the largest."""
    names = list(dict.fromkeys(learned["activation"]))
    x = np.linspace(-6, 6, 1201)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.4), layout="constrained"
    )
    for name in names:
        y = np.array(activations.CATALOG[name].derivative(x))
        if name == "relu":
            # A line across the jump would show values it does not have.
            y[x == 0] = np.nan
        left.plot(x, y, color=colour(name), label=label(name))
    left.set_xlabel("pre-activation")
    left.set_ylabel("derivative")
    left.grid(alpha=0.3)
    keys = list(learned.groupby(["depth", "normalised"], sort=False).groups)
    for name in names:
        part = learned[learned["activation"] == name]
        part = part.set_index(["depth", "normalised"])["slope"]
        for place, key in enumerate(keys):
            values = part.loc[[key]]
            right.plot(
                [place] * len(values),
                values,
                MARKERS[name],
                fillstyle="none",
                color=colour(name),
            )
    right.set_xticks(
        range(len(keys)),
        [f"{d} layers,\n{'normalised' if n else 'plain'}" for d, n in keys],
    )
    right.set_xlim(-0.5, len(keys) - 0.5)
    right.set_ylim(0, 1.05)
    right.set_ylabel("mean derivative after training")
    right.grid(alpha=0.3)
    largest = {
        n: float(np.max(activations.CATALOG[n].derivative(x)))
        for n in ("sigmoid", "tanh")
    }
    left.set_title(
        f"At most {largest['sigmoid']:.2f} for sigmoid, {largest['tanh']:.0f} "
        "for tanh"
    )
    means = learned.groupby("activation")["slope"].mean()
    right.set_title(
        f"In trained networks {means['sigmoid']:.2f} and "
        f"{means['tanh']:.2f} in the mean"
    )
    figure.legend(
        *left.get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


def gradient_by_layer(rows):
    """Draws the gradient in the deepest networks, from layer to layer.

    Lines are geometric means over the seeds, relative to the last hidden
    layer; a panel an initialiser. Step, which has no gradient, is not drawn.
    """
    deepest = rows["depth"].max()
    left = verdicts.gradient_left(rows).xs(deepest, level="depth")
    initializers = list(dict.fromkeys(rows["initializer"]))
    figure, panels = plt.subplots(
        1,
        len(initializers),
        figsize=(10.5, 3.8),
        sharey=True,
        layout="constrained",
    )
    rows = rows[(rows["depth"] == deepest) & (rows["activation"] != "step")]
    for axes, initializer in zip(panels, initializers, strict=True):
        part = rows[rows["initializer"] == initializer]
        for name, runs in part.groupby("activation", sort=False):
            gradients = np.array(runs["gradient"].tolist())
            relative = gradients / gradients[:, -1:]
            axes.plot(
                range(1, deepest + 1),
                np.exp(np.log(relative).mean(axis=0)),
                marker=MARKERS[name],
                markersize=4,
                color=colour(name),
                label=label(name),
            )
        axes.axhline(
            verdicts.VANISHED, color="grey", linestyle=":", label="vanished"
        )
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        axes.set_xlabel("hidden layer, from the input")
        axes.grid(alpha=0.3)
        one = left.loc[initializer]
        axes.set_title(
            f"{initializer}: at the first layer sigmoid keeps\n"
            f"{one['sigmoid']:.2g}, ReLU {one['relu']:.2g}, swish "
            f"{one['swish']:.2g}",
            fontsize=10,
        )
    panels[0].set_ylabel("gradient, RMS of dL/dz\n(last layer = 1)")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


def gradient_by_depth(rows):
    """Draws how much of the gradient is left at the first hidden layer."""
    left = verdicts.gradient_left(rows)
    initializers = list(dict.fromkeys(rows["initializer"]))
    figure, panels = plt.subplots(
        1,
        len(initializers),
        figsize=(10.5, 3.6),
        sharey=True,
        layout="constrained",
    )
    for axes, initializer in zip(panels, initializers, strict=True):
        part = left.loc[initializer].drop(columns="step", errors="ignore")
        for name in part:
            axes.plot(
                part.index,
                part[name],
                marker=MARKERS[name],
                markersize=5,
                color=colour(name),
                label=label(name),
            )
        axes.axhline(
            verdicts.VANISHED, color="grey", linestyle=":", label="vanished"
        )
        axes.set_yscale("log")
        axes.set_xticks(part.index)
        axes.set_xlabel("hidden layers")
        axes.grid(alpha=0.3)
        gone = part.index[part["sigmoid"] < verdicts.VANISHED]
        since = f"from {gone.min()} layers on" if len(gone) else "nowhere"
        axes.set_title(
            f"{initializer}: sigmoid's is under\n{verdicts.VANISHED:g} {since}",
            fontsize=10,
        )
    panels[0].set_ylabel("gradient of the first hidden layer\n(last = 1)")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


def learning(rows):
    """Draws held-out accuracy over the epochs, a panel a condition.

    A thick line is the mean over the seeds, thin lines are the seeds.
    """
    keys = list(rows.groupby(["depth", "normalised"], sort=False).groups)
    figure, panels = plt.subplots(
        1, len(keys), figsize=(12, 3.4), sharey=True, layout="constrained"
    )
    for axes, (layers, normalised) in zip(panels, keys, strict=True):
        part = rows[
            (rows["depth"] == layers) & (rows["normalised"] == normalised)
        ]
        last = {}
        for name, seeds in part.groupby("activation", sort=False):
            curves = 100 * np.array(seeds["accuracy"].tolist())
            epochs = np.arange(1, curves.shape[1] + 1)
            axes.plot(
                epochs, curves.T, color=colour(name), linewidth=0.5, alpha=0.5
            )
            axes.plot(
                epochs,
                curves.mean(axis=0),
                color=colour(name),
                marker=MARKERS[name],
                markersize=4,
                label=label(name),
            )
            last[name] = curves[:, -1].mean()
        axes.set_title(
            f"{layers} layers, {'normalised' if normalised else 'plain'}:\n"
            f"sigmoid ends at {last['sigmoid']:.0f} %, tanh at "
            f"{last['tanh']:.0f} %",
            fontsize=10,
        )
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("held-out accuracy (%)")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


def distributions(rows):
    """Draws each layer's quantiles, before and during training.

    A row of panels a quantity, a column an activation. Bars reach from the
    5 % to the 95 % quantile, boxes from 25 to 75 %; a shade an epoch.
    Gradients, whose sizes lie decades apart, are on a symmetric logarithmic
    axis.
    """
    quantities = {
        "pre_activation": "pre-activation",
        "activation": "activation",
        "gradient": "gradient dL/dz",
    }
    names = list(dict.fromkeys(rows["activation"]))
    epochs = list(dict.fromkeys(rows["epoch"]))
    figure, panels = plt.subplots(
        len(quantities),
        len(names),
        figsize=(11, 7),
        sharex=True,
        sharey="row",
        layout="constrained",
    )
    for line, quantity in zip(panels, quantities, strict=True):
        for axes, name in zip(line, names, strict=True):
            part = rows[
                (rows["quantity"] == quantity) & (rows["activation"] == name)
            ]
            for number, epoch in enumerate(epochs):
                found = part[part["epoch"] == epoch]
                q = np.array(found["quantiles"].tolist())
                place = found["layer"] + 0.25 * (number - 1)
                shade = {
                    "color": colour(name),
                    "alpha": (0.35, 0.6, 1.0)[number],
                }
                axes.vlines(place, q[:, 0], q[:, 4], linewidth=1, **shade)
                axes.vlines(
                    place,
                    q[:, 1],
                    q[:, 3],
                    linewidth=4,
                    label=f"epoch {epoch}",
                    **shade,
                )
            axes.grid(alpha=0.3)
            if quantity == "gradient":
                axes.set_yscale("symlog", linthresh=1e-8)
                axes.set_yticks([-1e-2, -1e-5, 0, 1e-5, 1e-2])
                axes.set_xlabel("hidden layer, from the input")
    for axes, name in zip(panels[0], names, strict=True):
        axes.set_title(label(name))
        axes.legend(
            fontsize=8,
            ncols=len(epochs),
            loc="upper center",
            bbox_to_anchor=(0.5, 1.02),
            frameon=False,
        )
        low, high = axes.get_ylim()
    panels[0][0].set_ylim(low, high + 0.2 * (high - low))
    for line, words in zip(panels, quantities.values(), strict=True):
        line[0].set_ylabel(words)
    spread = rows[
        (rows["quantity"] == "gradient")
        & (rows["epoch"] == epochs[0])
        & (rows["layer"] == 1)
    ].set_index("activation")["quantiles"]
    spread = {name: q[4] - q[0] for name, q in spread.items()}
    figure.suptitle(
        "At the start 90 % of the first layer's gradients lie in a range of "
        + ", ".join(f"{v:.0e} ({label(n)})" for n, v in spread.items()),
        fontsize=11,
    )
    return figure


def sparsity(rows):
    """Draws the share of exact zeros, layer by layer, before and after."""
    end = rows["epoch"].max()
    figure, axes = plt.subplots(figsize=(11, 3.8), layout="constrained")
    places = []
    for group, ((network, name), part) in enumerate(
        rows.groupby(["network", "activation"], sort=False)
    ):
        # A place left free between the groups.
        place = part["layer"] + 4 * group
        places += sorted(set(place))
        for epoch, style in ((0, "none"), (end, "full")):
            now = part["epoch"] == epoch
            axes.plot(
                place[now],
                100 * part["zero"][now],
                MARKERS[name],
                fillstyle=style,
                color=colour(name),
            )
        axes.annotate(
            f"{label(name)}\n({network})",
            (place.mean(), -0.16),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize=9,
        )
    axes.plot([], [], "o", color="black", fillstyle="none", label="before")
    axes.plot([], [], "o", color="black", label="trained")
    axes.axhline(
        100 * verdicts.SPARSE, color="grey", linestyle=":", label="half"
    )
    zeros = verdicts.trained_zeros(rows)
    others = zeros.drop(columns="relu").max().max()
    axes.set_title(
        f"Of ReLU's trained activations {zeros['relu'].min():.0%} to "
        f"{zeros['relu'].max():.0%} are exactly 0, of the others' at most "
        f"{others:.1%}"
    )
    axes.set_xticks(places, [str((place - 1) % 4 + 1) for place in places])
    axes.set_xlabel("hidden layer", labelpad=42)
    axes.set_ylabel("activations that are 0 (%)")
    axes.set_ylim(-4, 104)
    axes.grid(alpha=0.3, axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def cost(rows):
    """Draws each activation's time over a copy's, and its part of a step."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10.5, 3.4), layout="constrained"
    )
    forward = verdicts.cost_ratios(rows, "forward", "copy")
    both = verdicts.cost_ratios(rows, "both", "copy")
    shares = 100 * verdicts.step_shares(rows)
    names = list(both.index)
    for place, name in enumerate(names):
        for axes, row, offset, style in (
            (left, forward.loc[name], -0.12, "none"),
            (left, both.loc[name], 0.12, "full"),
            (right, shares.loc[name], 0, "full"),
        ):
            axes.hlines(
                place + offset, row["low"], row["high"], color=colour(name)
            )
            axes.plot(
                row["median"],
                place + offset,
                MARKERS[name],
                fillstyle=style,
                color=colour(name),
            )
    left.plot([], [], "o", color="black", fillstyle="none", label="forward")
    left.plot([], [], "o", color="black", label="forward and backward")
    left.axvline(1, color="grey", linestyle=":", label="a memory copy")
    left.set_xlim(0)
    right.set_xlim(0)
    for axes in (left, right):
        axes.set_yticks(range(len(names)), [label(name) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(alpha=0.3, axis="x")
    left.set_xlabel("time (a copy of the tensor = 1), median and quartiles")
    right.set_xlabel("part of a step of the article's network (%)")
    left.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        ncols=3,
        frameon=False,
        fontsize=9,
    )
    ratio = verdicts.cost_ratios(rows)["median"]
    left.set_title(
        f"Sigmoid takes {ratio['sigmoid']:.2f}, tanh {ratio['tanh']:.2f} "
        "times ReLU's time",
        fontsize=10,
    )
    right.set_title(
        f"All activations are {shares['median'].min():.0f} to "
        f"{shares['median'].max():.0f} % of a training step",
        fontsize=10,
    )
    return figure


def dying(rows):
    """Draws dead units and accuracy over the learning rate, a point a seed."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.6), layout="constrained"
    )
    for number, (name, part) in enumerate(
        rows.groupby("activation", sort=False)
    ):
        # A little aside: points of both would lie on each other.
        rates = part["learning_rate"] * (0.94, 1.06)[number % 2]
        for axes, column in ((left, "dead"), (right, "accuracy")):
            axes.plot(
                rates,
                100 * part[column],
                MARKERS[name],
                fillstyle="none",
                color=colour(name),
            )
            means = part.groupby("learning_rate", sort=False)[column].mean()
            axes.plot(
                means.index, 100 * means, color=colour(name), label=label(name)
            )
    dead = 100 * verdicts.dead_units(rows).iloc[-1]
    rate = rows["learning_rate"].max()
    left.set_title(
        f"At a rate of {rate:g}, {dead['relu']:.0f} % of ReLU's units and\n"
        f"{dead['leaky_relu']:.0f} % of leaky ReLU's",
        fontsize=10,
    )
    means = rows[rows["learning_rate"] == rate].groupby("activation")
    means = 100 * means["accuracy"].mean()
    right.set_title(
        f"Accuracy there: {means['relu']:.0f} % with ReLU,\n"
        f"{means['leaky_relu']:.0f} % with leaky ReLU",
        fontsize=10,
    )
    left.set_ylabel("dead hidden units (%)")
    right.set_ylabel("held-out accuracy (%)")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_ylim(-4, 104)
        axes.grid(alpha=0.3)
    figure.legend(
        *left.get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


def dip(rows):
    """Draws where swish falls, and the trained pre-activations that are there.

    The histograms are of the last hidden layer's pre-activations, all seeds.
    """
    figure, axes = plt.subplots(figsize=(8.5, 3.8), layout="constrained")
    x = np.linspace(-6, 6, 1201)
    bottom = -1.27846454
    axes.axvspan(-6, bottom, color=colour("swish"), alpha=0.12, linewidth=0)
    axes.plot(
        x,
        activations.swish(x),
        color=colour("swish"),
        label="swish (left axis)",
    )
    axes.set_ylim(-0.6, 4.2)
    axes.set_ylabel("swish")
    axes.set_xlabel(
        "pre-activation (those beyond the ends are in the outermost bins)"
    )
    axes.grid(alpha=0.3)
    counts = axes.twinx()
    end = rows[
        (rows["epoch"] == rows["epoch"].max())
        & (rows["activation"] == "swish")
        & rows["histogram"].notna()
    ]
    for network, style in (("dense", "-"), ("article", "--")):
        total = np.sum(
            end[end["network"] == network]["histogram"].tolist(), axis=0
        )
        edges = np.linspace(-6, 6, len(total) + 1)
        counts.stairs(
            100 * total / total.sum(),
            edges,
            color="dimgrey",
            linestyle=style,
            label=f"{network} network, trained (right axis)",
        )
    counts.set_ylabel("pre-activations (% a bin)")
    counts.set_ylim(0)
    used = verdicts.dips(rows).iloc[:, -1]
    axes.set_title(
        f"{used.min():.0%} to {used.max():.0%} of a trained layer's "
        "pre-activations lie where swish falls (shaded)"
    )
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
