"""C3 and C4: gradients in depth, and how fast networks learn."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from scipy import stats

import activations
from comparison import statistics
from comparison.claims import probes
from comparison.claims.registry import (
    NOTABLE,
    Verdict,
    experiment,
    listed,
    rule,
)
from comparison.claims.training import (
    HIDDEN,
    Trainer,
    dense_network,
    digits,
    restart,
    state,
)
from comparison.style import (
    MARKERS,
    colour,
    label,
    legend_beside,
    marker,
    styled,
    whole_numbers,
)

# C3, C8: a gradient has vanished if less than this part of it is left at the
# first hidden layer of what there is at the last; bfloat16 and float16 keep
# two or three digits.
VANISHED = 1e-3


@experiment(seeds=(0,), depths=(2, 5), samples=20)
def depth(
    names=HIDDEN,
    depths=(2, 5, 10, 20),
    initializers=("glorot_uniform", "he_normal"),
    seeds=(0, 1, 2),
    samples=200,
):
    """Probes dense networks of several depths at their initialisation.

    64 units a layer, no normalisation, biases 0, digits as inputs. `gradient`
    is the root mean square of dL/dz, a value a hidden layer from the first to
    the last; `slope` and `saturated` are means over the layers.
    """
    (x, y), _ = digits(samples)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rows = []
    for initializer in initializers:
        for name in names:
            for layers in depths:
                model = dense_network(
                    name, layers, kernel_initializer=initializer
                )
                initial = state(model)
                for seed in seeds:
                    restart(model, initial, seed)
                    found = probes.summary(probes.probe(model, x, y, loss))
                    rows.append(
                        {
                            "initializer": initializer,
                            "activation": name,
                            "depth": layers,
                            "seed": seed,
                            "slope": found["slope"].mean(),
                            "saturated": found["saturated"].mean(),
                            "gradient": found["gradient"].tolist(),
                        }
                    )
    return rows


@experiment(seeds=(0, 1), depths=(2, 3), epochs=1, train=320)
def learning(
    names=("sigmoid", "tanh", "relu"),
    depths=(2, 8),
    seeds=(0, 1, 2, 3, 4),
    epochs=5,
    train=3000,
):
    """Trains dense networks with and without batch normalisation.

    Adam at 0.001, batches of 32. `accuracy` is of the held-out digits and
    `loss` the mean over the epoch in training, a value an epoch; `slope`,
    `saturated` and `mean` are means over the hidden layers, in the state of
    inference, at the end.
    """
    (x, y), held_out = digits(train)
    rows = []
    for layers in depths:
        for normalised in (False, True):
            for name in names:
                trainer = Trainer(
                    dense_network(name, layers, batch_normalization=normalised)
                )
                for seed in seeds:
                    trainer.restart(seed)
                    losses, accuracies = [], []
                    for _ in range(epochs):
                        losses.append(trainer.train(x, y))
                        accuracies.append(trainer.accuracy(*held_out))
                    found = probes.summary(trainer.probe(*held_out))
                    rows.append(
                        {
                            "activation": name,
                            "depth": layers,
                            "normalised": normalised,
                            "seed": seed,
                            "loss": losses,
                            "accuracy": accuracies,
                            "slope": found["slope"].mean(),
                            "saturated": found["saturated"].mean(),
                            "mean": found["mean"].mean(),
                        }
                    )
    return rows


@experiment(layers=2, epochs=(0, 1), train=320)
def distributions(
    names=("sigmoid", "tanh", "relu"),
    layers=8,
    epochs=(0, 1, 5),
    seed=0,
    train=3000,
):
    """Probes a deep network's layers at the start and during training.

    Quantiles of pre-activations, activations and gradients on 500 held-out
    digits; trained as in `learning`, without normalisation.
    """
    (x, y), (x_held, y_held) = digits(train)
    rows = []
    for name in names:
        trainer = Trainer(dense_network(name, layers))
        trainer.restart(seed)
        for epoch in epochs:
            trainer.train(x, y, epoch - trainer.epoch)
            found = trainer.probe(x_held[:500], y_held[:500])
            for (layer, quantity), row in probes.quantiles(found).iterrows():
                rows.append(
                    {
                        "activation": name,
                        "epoch": epoch,
                        "layer": int(layer.removeprefix("activation_")),
                        "quantity": quantity,
                        "quantiles": row.tolist(),
                    }
                )
    return rows


def gradient_left(rows):
    """Returns how much of the gradient reaches the first hidden layer.

    Args:
        rows: Of `depth`.

    Returns:
        A row an initialiser and depth, a column an activation: the gradient of
        the first hidden layer over that of the last, the geometric mean over
        the seeds; 0 where no gradient arrives at all.
    """
    left = [g[0] / g[-1] if g[-1] else 0.0 for g in rows["gradient"]]
    rows = rows.assign(left=left)
    with np.errstate(divide="ignore"):
        return rows.pivot_table(
            index=["initializer", "depth"],
            columns="activation",
            values="left",
            aggfunc=stats.gmean,
            sort=False,
        )


def mean_accuracy(rows):
    """Returns the mean of the held-out accuracy over the epochs, of a run.

    Args:
        rows: Of `learning`.

    Returns:
        A row a depth, normalisation and seed, a column an activation: the
        higher, the sooner and the further the network learned.
    """
    rows = rows.assign(accuracy=[np.mean(a) for a in rows["accuracy"]])
    return rows.pivot_table(
        index=["depth", "normalised", "seed"],
        columns="activation",
        values="accuracy",
        sort=False,
    )


@rule(
    "C3",
    "Sigmoid's gradient vanishes, and learning slows with it.",
    depth,
    learning,
)
def verdict_3(deep, learned):
    """C3, from `depth` and `learning`.

    At a depth the gradient vanishes if less than `VANISHED` of it is left,
    with glorot_uniform; learning is slowed if batch normalisation raises
    sigmoid's mean accuracy by `NOTABLE` or more and the paired interval lies
    above 0. Holds if both happen at every depth; does not hold if one of them
    happens at none; otherwise holds only where the network is deep and not
    normalised.
    """
    left = gradient_left(deep).loc["glorot_uniform", "sigmoid"]
    gone = left.index[left < VANISHED]
    accuracy = mean_accuracy(learned)["sigmoid"].unstack("normalised")
    gain = {
        layers: statistics.paired_difference(rows[True], rows[False])
        for layers, rows in accuracy.groupby("depth")
    }
    slowed = [
        layers
        for layers, (mean, low, _) in gain.items()
        if mean >= NOTABLE and low > 0
    ]
    if not len(gone) or not slowed:
        verdict = "does not hold"
    elif len(gone) == len(left) and len(slowed) == len(gain):
        verdict = "holds"
    else:
        verdict = (
            f"holds only where the network is deep and not normalised: the "
            f"gradient is gone from {gone.min()} layers on, learning slowed "
            f"at {listed(slowed)}"
        )
    return Verdict(
        verdict,
        {
            **{
                f"gradient left at {layers} layers": part
                for layers, part in left.items()
            },
            **{
                f"points that normalisation adds at {layers} layers": tuple(
                    100 * value for value in found
                )
                for layers, found in gain.items()
            },
        },
    )


def conditions(learned):
    """Returns tanh's advantage over sigmoid in each condition of `learning`.

    A row a depth and normalisation: the mean paired difference of the mean
    accuracy, `difference`, and its 95 % interval, `low` and `high`.
    """
    accuracy = mean_accuracy(learned)
    return pd.DataFrame(
        {
            key: dict(
                zip(
                    ("difference", "low", "high"),
                    statistics.paired_difference(rows["tanh"], rows["sigmoid"]),
                    strict=True,
                )
            )
            for key, rows in accuracy.groupby(
                ["depth", "normalised"], sort=False
            )
        }
    ).T.rename_axis(["depth", "normalised"])


@rule("C4", "Tanh learns faster than sigmoid.", learning)
def verdict_4(learned):
    """C4, from `learning`.

    In a condition, a depth with or without normalisation, tanh learns faster
    if its mean accuracy is higher and the paired interval lies above 0. Holds
    if so in every condition; does not hold if in none; otherwise holds only
    where it is so.
    """
    table = conditions(learned)
    faster = table[table["low"] > 0]
    if len(faster) == len(table):
        verdict = "holds"
    elif faster.empty:
        verdict = "does not hold"
    else:
        verdict = "holds only where the network has " + listed(
            [_condition(*key) for key in faster.index], "or"
        )
    return Verdict(
        verdict,
        {
            f"tanh's lead in points, {_condition(*key)}": tuple(100 * row)
            for key, row in table.iterrows()
        },
    )


def _condition(layers, normalised):
    word = "with" if normalised else "without"
    return f"{layers} layers {word} normalisation"


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
    left = gradient_left(rows).xs(deepest, level="depth")
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
        axes.axhline(VANISHED, color="grey", linestyle=":", label="vanished")
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
    left = gradient_left(rows)
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
        axes.axhline(VANISHED, color="grey", linestyle=":", label="vanished")
        axes.set_yscale("log")
        axes.set_xticks(part.index)
        axes.set_xlabel("hidden layers")
        axes.grid(alpha=0.3)
        gone = part.index[part["sigmoid"] < VANISHED]
        since = f"from {gone.min()} layers on" if len(gone) else "nowhere"
        axes.set_title(
            f"{initializer}: sigmoid's is under\n{VANISHED:g} {since}",
            fontsize=10,
        )
    panels[0].set_ylabel("gradient of the first hidden layer\n(last = 1)")
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside right center",
        frameon=False,
    )
    return figure


@styled
def draw_learning(rows):
    """Draws held-out accuracy over the epochs, a panel a condition.

    A thick line is the mean over the seeds, thin lines are the seeds.
    """
    figure, panels = plt.subplots(
        2, 2, figsize=(8, 5.8), sharex=True, sharey=True
    )
    keys = ["depth", "normalised"]
    for axes, ((layers, normalised), part) in zip(
        panels.flat, rows.groupby(keys, sort=False), strict=True
    ):
        last = {}
        for name, seeds in part.groupby("activation", sort=False):
            curves = 100 * np.array(seeds["accuracy"].tolist())
            epochs = np.arange(1, curves.shape[1] + 1)
            axes.plot(epochs, curves.T, color=colour(name), linewidth=0.5)
            axes.plot(
                epochs,
                curves.mean(axis=0),
                color=colour(name),
                marker=marker(name),
                label=label(name),
            )
            last[name] = curves[:, -1].mean()
        axes.set_title(
            f"{layers} layers, {'normalised' if normalised else 'plain'}:\n"
            f"sigmoid ends at {last['sigmoid']:.0f} %, tanh at "
            f"{last['tanh']:.0f} %"
        )
        whole_numbers(axes)
    figure.supxlabel("epoch")
    figure.supylabel("held-out accuracy (%)")
    legend_beside(panels[0, 1])
    return figure


def draw_distributions(rows):
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
