"""C1: what is left of linear layers, and of their boundaries."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn import datasets

from comparison import studies
from comparison.claims.registry import Verdict, experiment, rule
from comparison.claims.training import (
    HIDDEN,
    Trainer,
    dense_network,
    restart,
    state,
)
from comparison.style import label

# C1: the part of a logit's variance that no plane explains. A boundary is
# straight where the logit is a plane.
STRAIGHT = 0.01

TOYS = {
    "circles": lambda n, seed: datasets.make_circles(
        n, noise=0.1, factor=0.5, random_state=seed
    ),
    "moons": lambda n, seed: datasets.make_moons(
        n, noise=0.2, random_state=seed
    ),
    "blobs": lambda n, seed: datasets.make_blobs(
        n, centers=[[-1, -1], [1, 1]], cluster_std=0.6, random_state=seed
    ),
}

# Where the pictures of the toy data are computed, each way.
GRID = np.linspace(-2.5, 2.5, 33)


@experiment(seeds=(0,))
def collapse(activation="linear", depth=10, width=64, seeds=(0, 1, 2, 3, 4)):
    """Compares a deep network with the one layer of its weights' product.

    W = W_1 W_2 ... and b = (b_1 W_2 + b_2) W_3 ..., in float64; the network is
    computed in float32, for 100 inputs of a standard normal distribution, and
    has biases of the same. `difference` is the largest difference over the
    largest output; `rounding` is (depth + 1) * width * eps, eps = 2^-23, the
    order of the worst that rounding does.
    """
    model = dense_network(activation, depth, width, inputs=20, classes=5)
    initial = state(model)
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        restart(model, initial, seed)
        layers = [la for la in model.layers if hasattr(la, "kernel")]
        kernel, bias = np.eye(20), np.zeros(20)
        for layer in layers:
            layer.bias.assign(rng.normal(size=layer.bias.shape))
            w, b = (v.astype(np.float64) for v in layer.get_weights())
            kernel, bias = kernel @ w, bias @ w + b
        x = rng.normal(size=(100, 20)).astype("float32")
        deep = keras.ops.convert_to_numpy(model(x))
        difference = np.abs(deep - (x @ kernel + bias)).max()
        rows.append(
            {
                "activation": activation,
                "seed": seed,
                "difference": difference / np.abs(deep).max(),
                "rounding": (depth + 1) * width * 2.0**-23,
            }
        )
    return rows


@experiment(seeds=(0,), epochs=2)
def boundaries(
    networks=("none", *HIDDEN),
    seeds=(0, 1, 2),
    samples=200,
    epochs=150,
    depth=2,
    width=16,
):
    """Trains small networks on three toy problems of two inputs.

    Two hidden layers, Adam at 0.01, batches of 50; "none" has no activation.
    `curvature` is the part of the variance of the difference of the two logits
    over the grid that no plane explains: 0 for a straight boundary.
    `probability`, of the first seed alone, is that of class 1 in percent, a
    row of the grid after the other.
    """
    grid = np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2)
    grid = grid.astype("float32")
    plane = np.column_stack([grid, np.ones(len(grid))])
    rows = []
    for network in networks:
        activation = None if network == "none" else network
        model = dense_network(activation, depth, width, inputs=2, classes=2)
        trainer = Trainer(model, batch_size=50)
        for toy in TOYS:
            for seed in seeds:
                x, y = toy_data(toy, 2 * samples, seed)
                trainer.restart(seed, learning_rate=0.01)
                trainer.train(x[:samples], y[:samples], epochs)
                logits = keras.ops.convert_to_numpy(model(grid))
                margin = (logits[:, 1] - logits[:, 0]).astype(np.float64)
                residual = margin - plane @ np.linalg.lstsq(plane, margin)[0]
                percent = np.round(100 / (1 + np.exp(-margin)))
                rows.append(
                    {
                        "network": network,
                        "data": toy,
                        "seed": seed,
                        "accuracy": trainer.accuracy(x[samples:], y[samples:]),
                        "curvature": residual.var() / margin.var()
                        if margin.var()
                        else 0.0,
                        "probability": percent.astype(int)
                        if seed == seeds[0]
                        else None,
                    }
                )
    return rows


def toy_data(name, samples, seed):
    """Returns points, (samples, 2) of mean 0 and variance 1, and labels."""
    x, y = TOYS[name](samples, seed)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return x.astype("float32"), y


@rule(
    "C1",
    "Layers joined by linear activations collapse into one.",
    collapse,
    boundaries,
)
def verdict_1(collapsed, drawn):
    """C1, from `collapse` and `boundaries`.

    Holds if the deep network and the one layer differ by no more than
    rounding, for every seed, and all boundaries of the linear network are
    straight (`STRAIGHT`); otherwise it does not.
    """
    worst = (collapsed["difference"] / collapsed["rounding"]).max()
    curvature = drawn.groupby("network")["curvature"]
    straight = curvature.max()["linear"]
    bent = drawn[drawn["network"].isin(studies.ARTICLE)]
    bent = bent[bent["data"] == "circles"]["curvature"]
    return Verdict(
        "C1",
        f"A deep linear network differs from one layer by "
        f"{collapsed['difference'].max():.1e} of its output, rounding allows "
        f"{collapsed['rounding'].max():.1e}. Of its logits {straight:.1%} is "
        f"not a plane; with the article's activations, on circles, "
        f"{bent.min():.0%} or more.",
        "holds" if worst <= 1 and straight < STRAIGHT else "does not hold",
    )


def draw_boundaries(rows):
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
    size = len(GRID)
    for line, toy in zip(panels, toys, strict=True):
        x, y = toy_data(toy, 400, int(rows["seed"].min()))
        for axes, network in zip(line, networks, strict=True):
            row = shown.loc[toy, network]
            share = np.reshape(row["probability"], (size, size)) / 100
            grid = GRID
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
