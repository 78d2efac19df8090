"""C1: what is left of linear layers, and of their boundaries."""

import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from comparison import records, statistics, studies
from comparison.claims.registry import Verdict, experiment, rule
from comparison.claims.training import (
    HIDDEN,
    Trainer,
    dense_network,
    restart,
    state,
)
from comparison.style import label, styled

# C1: the part of a logit's variance that no plane explains. A boundary is
# straight where the logit is a plane.
STRAIGHT = 0.01

TOYS = ("circles", "moons", "blobs")
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
        yield {
            "activation": activation,
            "seed": seed,
            "difference": difference / np.abs(deep).max(),
            "rounding": (depth + 1) * width * 2.0**-23,
        }


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
                yield {
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


def toy_data(name, samples, seed):
    """Returns points, (samples, 2) of mean 0 and variance 1, and labels."""
    from sklearn import datasets

    if name == "circles":
        x, y = datasets.make_circles(
            samples, noise=0.1, factor=0.5, random_state=seed
        )
    elif name == "moons":
        x, y = datasets.make_moons(samples, noise=0.2, random_state=seed)
    else:
        x, y = datasets.make_blobs(
            samples,
            centers=[[-1, -1], [1, 1]],
            cluster_std=0.6,
            random_state=seed,
        )
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return x.astype("float32"), y


@experiment(seeds=(0, 1), iterations=10)
def demonstration(seeds=tuple(range(10)), hidden=(16, 32), iterations=1000):
    """Trains the networks of a demonstration that the article links to.

    Plain gradient descent at 0.1 on all points at once; `accuracy` is of those
    same points. What is not known of it is scikit-learn's default: how far
    apart the circles lie and the blobs, and where the weights start. Of 400
    blobs, since that fits 98.75 %.
    """
    import sklearn.exceptions
    from sklearn import datasets, neural_network

    problems = {
        "circles": (datasets.make_circles, {"n_samples": 400, "noise": 0.1}),
        "blobs": (datasets.make_blobs, {"n_samples": 400}),
        "moons": (datasets.make_moons, {"n_samples": 200, "noise": 0.15}),
    }
    for row in published().itertuples():
        make, given = problems[row.data]
        for seed in seeds:
            x, y = make(**given, random_state=seed)
            network = neural_network.MLPClassifier(
                hidden,
                {"none": "identity"}.get(row.activation, row.activation),
                solver="sgd",
                alpha=0,
                batch_size=len(x),
                learning_rate_init=0.1,
                max_iter=iterations,
                random_state=seed,
                momentum=0,
                # It does not stop before.
                n_iter_no_change=iterations + 1,
            )
            with warnings.catch_warnings():
                # That it might still improve.
                warnings.simplefilter(
                    "ignore", sklearn.exceptions.ConvergenceWarning
                )
                network.fit(x, y)
            yield {
                "data": row.data,
                "activation": row.activation,
                "seed": seed,
                "accuracy": network.score(x, y),
            }


def published():
    """Returns the demonstration's own accuracies, a row a network."""
    return pd.read_csv(records.RESULTS / "published_toys.csv")


def beside_published(rows):
    """Returns each published accuracy beside those measured, as fractions.

    Args:
        rows: Of `demonstration`.

    Returns:
        A row a network: `published`; `mean` over the seeds; the ends of the
        95 % interval for one new run, `low` and `high` (see
        `statistics.prediction_interval`); whether the published run lies
        `inside`.
    """
    keys = ["data", "activation"]
    table = (
        published().set_index(keys).rename(columns={"accuracy": "published"})
    )
    accuracy = rows.groupby(keys, sort=False)["accuracy"]
    table["mean"] = accuracy.mean()
    ends = accuracy.apply(statistics.prediction_interval)
    table["low"], table["high"] = ends.str[0], ends.str[1]
    table["inside"] = statistics.inside(
        table["published"], table["low"], table["high"]
    )
    table[["low", "high"]] = table[["low", "high"]].clip(0, 1)
    return table


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
        "holds" if worst <= 1 and straight < STRAIGHT else "does not hold",
        {
            "largest difference from one layer": collapsed["difference"].max(),
            "rounding allows": collapsed["rounding"].max(),
            "share of linear logits that no plane explains": straight,
            "that of the article's activations on circles": bent.min(),
        },
    )


@styled
def draw_boundaries(rows, toy="circles"):
    """Draws what each network makes of a toy problem, a picture a network.

    The shade is the probability of class 1 of the first seed's network, the
    line where it is a half; the points are what that network was trained on,
    white for class 1.
    """
    rows = rows[rows["data"] == toy]
    seed = int(rows["seed"].min())
    shown = rows[rows["seed"] == seed]
    x, y = toy_data(toy, 400, seed)
    figure, panels = plt.subplots(
        2, len(shown) // 2, figsize=(8, 4.9), sharex=True, sharey=True
    )
    for axes, row in zip(panels.flat, shown.itertuples(), strict=True):
        share = np.reshape(row.probability, (len(GRID),) * 2) / 100
        axes.contourf(
            GRID, GRID, share, np.linspace(0, 1, 11), cmap="PuOr", alpha=0.75
        )
        axes.contour(GRID, GRID, share, [0.5], colors="black", linewidths=1)
        axes.scatter(
            *x[:200].T, 8, y[:200], cmap="gray", edgecolors="black", lw=0.4
        )
        name = "no activation" if row.network == "none" else label(row.network)
        axes.set_title(f"{name}: {100 * row.accuracy:.0f} %")
        axes.set(xticks=[], yticks=[])
    means = 100 * rows.groupby("network")["accuracy"].mean()
    figure.suptitle(
        f"Linear gets {means['linear']:.0f} % of the {toy} right, the "
        "article's five activations get "
        f"{means[list(studies.ARTICLE)].min():.0f} % or more"
    )
    return figure
