"""C5: how many activations are zero, and what they cost."""

import matplotlib.pyplot as plt
import numpy as np

from comparison import networks, studies
from comparison.claims import probes
from comparison.claims.cost import cost, cost_ratios, step_shares
from comparison.claims.registry import Verdict, experiment, listed, rule
from comparison.claims.training import Trainer, dense_network, digits
from comparison.configuration import Configuration
from comparison.style import colour, label, legend_beside, marker, styled


@experiment(
    names=("relu", "swish"),
    convolutional=("relu",),
    seeds=(0,),
    epochs=1,
    train=160,
)
def sparsity(
    names=studies.ARTICLE,
    convolutional=("relu", "swish"),
    seeds=(0, 1, 2),
    epochs=2,
    train=3000,
    bins=40,
):
    """Trains the article's network and a dense one, and looks inside.

    The article's with Adam at 0.001 and batches of 16, which let its moving
    averages settle (see the study `quick`); the dense one of three hidden
    layers of 64 without normalisation, likewise. `zero` is the share of
    activations that are exactly 0, `dip` that of pre-activations where the
    derivative is negative, on 200 held-out digits, before and after training.
    `histogram` counts the last hidden layer's pre-activations in equal bins
    from -6 to 6, those outside in the outermost.
    """
    edges = np.linspace(-6, 6, bins + 1)
    for network, chosen in (("dense", names), ("article", convolutional)):
        is_flat = network == "dense"
        (x, y), (x_held, y_held) = digits(train, is_flat)
        for name in chosen:
            if is_flat:
                model = dense_network(name, 3)
            else:
                model = networks.build(Configuration(name))
            trainer = Trainer(model, 16, from_logits=is_flat)
            for seed in seeds:
                trainer.restart(seed)
                for epoch in (0, epochs):
                    trainer.train(x, y, epoch - trainer.epoch)
                    found = trainer.probe(x_held[:200], y_held[:200])
                    shares = probes.summary(found)
                    accuracy = trainer.accuracy(x_held, y_held)
                    for number, p in enumerate(found, 1):
                        counts, _ = np.histogram(
                            np.clip(p.pre_activation, -6, 6), edges
                        )
                        yield {
                            "network": network,
                            "activation": name,
                            "seed": seed,
                            "epoch": epoch,
                            "layer": number,
                            "zero": shares["zero"].iloc[number - 1],
                            "dip": np.mean(p.derivative < 0),
                            "saturated": shares["saturated"].iloc[number - 1],
                            "histogram": counts.tolist()
                            if number == len(found)
                            else None,
                            "accuracy": accuracy,
                        }


def trained_zeros(rows):
    """Returns the share of exact zeros at the end, a column an activation.

    Args:
        rows: Of `sparsity`.

    Returns:
        A row a network and hidden layer; the mean over the seeds.
    """
    rows = rows[rows["epoch"] == rows["epoch"].max()]
    return rows.pivot_table(
        index=["network", "layer"],
        columns="activation",
        values="zero",
        sort=False,
    )


@rule(
    "C5",
    "ReLU activates sparsely, and costs less than sigmoid and tanh.",
    sparsity,
    cost,
)
def verdict_5(sparse, timed):
    """C5, from `sparsity` and `cost`.

    ReLU is sparse if the layer with the fewest exact zeros has more of them
    than any layer of any other activation, in the mean over the seeds; how
    many is a number, and no bar decides on it. It is cheaper than another if
    the lower quartile of the other's time over ReLU's, forward and backward,
    is above 1. Holds if sparse and cheaper than sigmoid and tanh; does not
    hold if neither sparse nor cheaper than one of them; otherwise holds only
    where so.
    """
    zeros = trained_zeros(sparse)
    others = zeros.drop(columns="relu").max().max()
    zeros = zeros["relu"]
    ratios = cost_ratios(timed).loc[["sigmoid", "tanh"]]
    cheaper = ratios.index[ratios["low"] > 1]
    is_sparse = zeros.min() > others
    if is_sparse and len(cheaper) == 2:
        verdict = "holds"
    elif not is_sparse and not len(cheaper):
        verdict = "does not hold"
    else:
        where = ["sparsity is meant"] if is_sparse else []
        if len(cheaper):
            where.append(f"cost is meant beside {listed(cheaper)}")
        verdict = f"holds only where {listed(where)}"
    share = step_shares(timed)["median"]
    return Verdict(
        verdict,
        {
            "least share of ReLU's zeros in a layer": zeros.min(),
            "largest": zeros.max(),
            "any other activation's": others,
            **{
                f"{name}'s time over ReLU's": row["median"]
                for name, row in ratios.iterrows()
            },
            "activations' share of a step with ReLU": share["relu"],
            "with sigmoid": share["sigmoid"],
            "with tanh": share["tanh"],
        },
    )


@styled
def draw_sparsity(rows):
    """Draws ReLU's share of exact zeros, layer by layer, before and after."""
    zeros = 100 * trained_zeros(rows)
    relu = rows[rows["activation"] == "relu"]
    figure, axes = plt.subplots(figsize=(7, 3.4))
    ticks = {}
    for group, (network, part) in enumerate(
        relu.groupby("network", sort=False)
    ):
        for (layer, epoch), runs in part.groupby(["layer", "epoch"]):
            # A place left free between the networks.
            place = layer + 4 * group
            ticks[place] = f"{network},\nlayer {layer}"
            axes.plot(
                [place + (0.1 if epoch else -0.1)] * len(runs),
                100 * runs["zero"],
                marker("relu"),
                fillstyle="full" if epoch else "none",
                color=colour("relu"),
            )
    for style, words in (("none", "before"), ("full", "trained")):
        axes.plot([], [], "k^", fillstyle=style, label=words)
    others = zeros.drop(columns="relu").max().max()
    axes.set_title(
        f"{zeros['relu'].min():.0f} to {zeros['relu'].max():.0f} % of "
        f"{label('relu')}'s activations are exactly 0 after training,\n"
        f"of all others' at most {others:.1f} %"
    )
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_ylabel("activations that are 0 (%)")
    axes.set_ylim(0)
    legend_beside(axes)
    return figure
