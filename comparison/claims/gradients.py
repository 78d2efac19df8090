"""C3 and C4: gradients in depth, and how fast networks learn."""

import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

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
    INITIALIZERS,
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
# Besides the article's, what Keras has that is taken element by element.
OTHERS = (
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "log_sigmoid",
    "mish",
    "relu6",
    "selu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "tanh_shrink",
)


@experiment(
    names=("linear", "sigmoid", "tanh", "relu", "swish", "gelu"),
    depths=(2, 5),
    seeds=(0,),
    samples=20,
)
def depth(
    names=(*HIDDEN, *OTHERS),
    depths=(2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 14, 20),
    initializers=("glorot_uniform", "he_normal"),
    seeds=(0, 1, 2),
    samples=200,
):
    """Probes dense networks of several depths at their initialisation.

    64 units a layer, no normalisation, biases 0, digits as inputs. `left` is
    the gradient of the first hidden layer over that of the last, each the root
    mean square of dL/dz; 0 where no gradient arrives at all. `predicted` is
    the product over all hidden layers but the last of sqrt(n Var W) times the
    root mean square of f'(z), where n Var W is the initialiser's scale: 1 for
    Glorot's, 2 for He's. `slope` and `saturated` are means over the layers.
    """
    (x, y), _ = digits(samples)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for initializer, name, layers in itertools.product(
        initializers, names, depths
    ):
        model = dense_network(name, layers, kernel_initializer=initializer)
        initial = state(model)
        scale = keras.initializers.get(initializer).scale
        for seed in seeds:
            restart(model, initial, seed)
            found = probes.probe(model, x, y, loss)
            shown = probes.summary(found)
            first, last = shown["gradient"].iloc[[0, -1]]
            slopes = [p.derivative.astype(np.float64) for p in found[:-1]]
            yield {
                "initializer": initializer,
                "activation": name,
                "depth": layers,
                "seed": seed,
                "slope": shown["slope"].mean(),
                "saturated": shown["saturated"].mean(),
                "left": first / last if last else 0.0,
                "predicted": np.prod(
                    [np.sqrt(scale * np.mean(s**2)) for s in slopes]
                ),
            }


@experiment(seeds=(0, 1), depths=(2, 3), epochs=1, train=320)
def learning(
    names=("sigmoid", "tanh", "relu"),
    depths=(2, 8),
    seeds=(0, 1, 2, 3, 4),
    epochs=5,
    train=3000,
    momentum=0.9,
):
    """Trains dense networks with and without batch normalisation.

    Adam at 0.001, batches of 32. An epoch has few steps: with Keras's
    `momentum` of 0.99 the moving averages would still hold much of their start
    when the held-out digits are read. `accuracy` is of the held-out digits and
    `loss` the mean over the epoch in training, a value an epoch; `slope`,
    `saturated` and `mean` are means over the hidden layers, in the state of
    inference, at the end.
    """
    (x, y), held_out = digits(train)
    for layers in depths:
        for normalised in (False, True):
            for name in names:
                trainer = Trainer(
                    dense_network(
                        name, layers, momentum=momentum if normalised else None
                    )
                )
                for seed in seeds:
                    trainer.restart(seed)
                    losses, accuracies = [], []
                    for _ in range(epochs):
                        losses.append(trainer.train(x, y))
                        accuracies.append(trainer.accuracy(*held_out))
                    found = probes.summary(trainer.probe(*held_out))
                    yield {
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


def gradient_left(rows, column="left"):
    """Returns how much of the gradient reaches the first hidden layer.

    Args:
        rows: Of `depth`.
        column: `"left"` as measured, or `"predicted"`.

    Returns:
        A row an initialiser and depth, a column an activation: the gradient of
        the first hidden layer over that of the last, the geometric mean over
        the seeds; 0 where no gradient arrives at all.
    """
    with np.errstate(divide="ignore"):
        return rows.pivot_table(
            index=["initializer", "depth"],
            columns="activation",
            values=column,
            aggfunc=stats.gmean,
            sort=False,
        )


def vanishes_from(left):
    """Returns the depth from which on the gradient has vanished, or `None`.

    Args:
        left: What is left of it by depth.
    """
    deeper = left[::-1].cummax()
    gone = deeper.index[deeper < VANISHED]
    return gone.min() if len(gone) else None


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
            f"gradient is gone at {listed(gone)} layers, learning slowed at "
            f"{listed(slowed)}"
        )
    return Verdict(
        verdict,
        {
            **{
                f"gradient left at {layers} layers": left[layers]
                for layers in left.index[[0, -1]]
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
    return statistics.paired_differences(
        mean_accuracy(learned), "tanh", "sigmoid", ["depth", "normalised"]
    )


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


@styled
def draw_learning(rows):
    """Draws held-out accuracy over the epochs, a panel a condition.

    A thick line is the mean over the seeds, thin lines are the seeds.
    """
    figure, panels = plt.subplots(
        2, 2, figsize=(8, 5.8), sharex=True, sharey="row"
    )
    keys = ["depth", "normalised"]
    for axes, ((layers, normalised), part) in zip(
        panels.flat, rows.groupby(keys, sort=False), strict=True
    ):
        last = {}
        for number, (name, seeds) in enumerate(
            part.groupby("activation", sort=False)
        ):
            curves = 100 * np.array(seeds["accuracy"].tolist())
            # A little aside: marks of two would lie on each other.
            epochs = np.arange(1, curves.shape[1] + 1) + 0.07 * (number - 1)
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


@styled
def draw_conditions(rows):
    """Draws tanh's lead over sigmoid in each condition, with its interval."""
    leads = 100 * conditions(rows)
    figure, axes = plt.subplots(figsize=(7, 2.6))
    axes.errorbar(
        leads["difference"],
        range(len(leads)),
        xerr=statistics.half_widths(leads),
        fmt=marker("tanh"),
        color=colour("tanh"),
        capsize=4,
    )
    axes.axvline(0, color="grey", linewidth=0.8)
    shown = (leads["low"] > 0).sum()
    axes.set_title(
        f"Tanh's lead is shown in {shown} of {len(leads)} conditions"
    )
    axes.set_yticks(range(len(leads)), [_condition(*c) for c in leads.index])
    axes.set_ylim(len(leads) - 0.5, -0.5)
    axes.set_xlabel("tanh less sigmoid, mean held-out accuracy (points)")
    return figure


@styled
def draw_depth(rows, names=("linear", "tanh", "relu", "swish", "sigmoid")):
    """Draws what is left of the gradient by depth: measured, and predicted.

    Marks are geometric means over the seeds, lines the prediction; leaky
    ReLU's would lie on ReLU's. A panel an initialiser.
    """
    left, predicted = (gradient_left(rows, c) for c in ("left", "predicted"))
    initializers = list(dict.fromkeys(rows["initializer"]))
    figure, panels = plt.subplots(
        len(initializers), 1, figsize=(7, 6.4), sharex=True, sharey=True
    )
    for axes, initializer in zip(panels, initializers, strict=True):
        for name in names:
            part = left.loc[initializer, name]
            axes.plot(
                part.index,
                part,
                marker(name),
                color=colour(name),
                label=label(name),
            )
            axes.plot(predicted.loc[initializer, name], color=colour(name))
        axes.axhline(VANISHED, color="grey", linestyle=":")
        axes.set_yscale("log")
        axes.set_xticks(part.index)
        gone = [
            f"{label(name)} from {since} layers on"
            for name in names[::-1]
            if (since := vanishes_from(left.loc[initializer, name]))
        ]
        axes.set_title(
            f"{INITIALIZERS[initializer]}: less than a thousandth is left "
            f"with\n{listed(gone) or 'none'}"
        )
        axes.set_ylabel("gradient of the first\nhidden layer (last = 1)")
    axes.set_xlabel("hidden layers")
    panels[0].plot([], [], "k-", label="predicted")
    panels[0].plot([], [], ":", color="grey", label="a thousandth")
    legend_beside(panels[0])
    return figure


@styled
def draw_prediction(rows):
    """Draws the gradient that is left, measured over predicted.

    A point an activation, depth and initialiser, the geometric mean over the
    seeds; those without any gradient, or with none that float32 can hold, have
    no place on these axes.
    """
    left, predicted = (
        gradient_left(rows, c).T.stack([0, 1], future_stack=True)
        for c in ("left", "predicted")
    )
    there = (left > 0) & (predicted > 0) & np.isfinite(left * predicted)
    left, predicted = left[there], predicted[there]
    figure, axes = plt.subplots(figsize=(7, 5.4))
    ends = np.array([predicted.min(), predicted.max()])
    axes.fill_between(ends, ends / 2, 2 * ends, color="grey", alpha=0.25)
    drawn = set()
    for (name, initializer), part in left.groupby(level=[0, 1], sort=False):
        # Leaky ReLU's would hide ReLU's.
        other = name not in HIDDEN or name == "leaky_relu"
        axes.plot(
            predicted[part.index],
            part,
            "." if other else marker(name),
            fillstyle="full" if initializer.startswith("glorot") else "none",
            color="#BBBBBB" if other else colour(name),
            # ReLU's triangles lie on swish's diamonds, which are larger.
            markersize=5 if name == "relu" else 7,
            zorder=1 if other else 3 if name == "relu" else 2,
            label=None if name in drawn or other else label(name),
        )
        drawn.add(name)
    axes.plot([], [], ".", color="#BBBBBB", label="all others")
    axes.plot([], [], "ks", label="Glorot")
    axes.plot([], [], "ks", fillstyle="none", label="He")
    axes.fill_between([], [], color="grey", alpha=0.25, label="factor of two")
    within = np.mean(np.abs(np.log2(left / predicted)) <= 1)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(
        f"{100 * within:.0f} % of {len(left)} settings lie within a factor of "
        "two of the prediction"
    )
    axes.set_xlabel("gradient left at the first layer, predicted")
    axes.set_ylabel("measured")
    legend_beside(axes)
    return figure
