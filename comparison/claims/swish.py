"""C8: swish's dip, its limits, and its gradient in depth."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import optimize

import activations
from comparison.claims.gradients import (
    VANISHED,
    depth,
    gradient_left,
)
from comparison.claims.registry import Verdict, experiment, listed, rule
from comparison.claims.sparsity import sparsity
from comparison.style import colour, styled

# C8: a dip that one pre-activation in a hundred falls in is used.
USED = 0.01


@experiment(betas=(0.0, 1.0, 100.0))
def swish(betas=(0.0, 0.01, 0.1, 1.0, 10.0, 100.0)):
    """Finds swish's minimum, and its distance to its limits in beta.

    The largest distance to x/2 and to ReLU on [-6, 6], 24,001 points, in
    float64; to ReLU also on as many points as close to zero as the dip is.
    `minimum` and `minimum_at` by Brent's method on [-20/beta, 0], `None` for
    beta = 0; `falls` is the share of the points where it falls.
    """
    x = np.linspace(-6, 6, 24_001)
    for beta in betas:
        y = _float64(activations.swish, x, beta=beta)
        slope = _float64(activations.swish_derivative, x, beta=beta)
        near = np.concatenate([x, x / max(beta, 1)])
        gap = _float64(activations.swish, near, beta=beta)
        gap -= np.maximum(near, 0)
        found = None
        if beta > 0:
            found = optimize.minimize_scalar(
                lambda at, beta=beta: float(
                    _float64(activations.swish, at, beta=beta)
                ),
                bounds=(-20 / beta, 0),
                method="bounded",
                options={"xatol": 1e-9 / beta},
            )
        yield {
            "beta": beta,
            "to_line": np.abs(y - x / 2).max(),
            "to_relu": np.abs(gap).max(),
            "minimum": found and found.fun,
            "minimum_at": found and found.x,
            "falls": np.mean(slope < 0),
        }


def _float64(function, x, **arguments):
    x = keras.ops.convert_to_tensor(x, "float64")
    return keras.ops.convert_to_numpy(function(x, **arguments))


def dips(rows):
    """Returns the share of swish's pre-activations where it falls.

    Args:
        rows: Of `sparsity`.

    Returns:
        A row a network and hidden layer, a column an epoch; the mean over the
        seeds.
    """
    return rows[rows["activation"] == "swish"].pivot_table(
        index=["network", "layer"], columns="epoch", values="dip", sort=False
    )


@rule(
    "C8",
    "Swish is not monotonic, has its limits, and avoids vanishing gradients.",
    swish,
    sparsity,
    depth,
)
def verdict_8(curve, sparse, deep):
    """C8, from `swish`, `sparsity` and `depth`.

    Its shape is as claimed if it falls somewhere at beta = 1, a trained
    network has `USED` or more of a layer's pre-activations there, it is x/2 at
    beta = 0, and at the largest beta no further from ReLU than 0.01. It avoids
    vanishing gradients where no less than `VANISHED` is left. Holds if the
    shape is as claimed and the gradient vanishes in no network of `depth`;
    does not hold if the shape is not; otherwise holds only where it does not
    vanish.
    """
    curve = curve.set_index("beta")
    used = dips(sparse).iloc[:, -1]
    is_shaped = (
        curve.loc[1.0, "falls"] > 0
        and used.max() >= USED
        and curve.loc[0.0, "to_line"] == 0
        and curve.loc[curve.index.max(), "to_relu"] < 0.01
    )
    left = gradient_left(deep)
    gone = left.index[left["swish"] < VANISHED]
    if not is_shaped:
        verdict = "does not hold"
    elif not len(gone):
        verdict = "holds"
    else:
        networks = listed(
            f"{listed(gone[gone.get_loc(init)].get_level_values('depth'))} "
            f"layers with {init}"
            for init in gone.unique("initializer")
        )
        verdict = (
            "holds only where the network is not too deep: the shape is as "
            f"claimed, but the gradient is gone at {networks}"
        )
    deepest = left.index.get_level_values("depth").max()
    return Verdict(
        verdict,
        {
            "minimum": curve.loc[1.0, "minimum"],
            "where": curve.loc[1.0, "minimum_at"],
            "least share of a layer's pre-activations there": used.min(),
            "largest": used.max(),
            **{
                f"gradient left at {deepest} layers with {init}": kept
                for init, kept in left.xs(deepest, level="depth")[
                    "swish"
                ].items()
            },
        },
    )


@styled
def draw_dip(rows):
    """Draws where swish falls, and the trained pre-activations that are there.

    The histograms are of the last hidden layer's pre-activations, all seeds.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(7, 5.4), sharex=True)
    x = np.linspace(-6, 6, 1201)
    y = np.array(activations.swish(x))
    for axes in (above, below):
        axes.axvspan(
            -6, x[y.argmin()], color=colour("swish"), alpha=0.12, linewidth=0
        )
    above.plot(x, y, color=colour("swish"))
    above.set_ylabel("swish")
    end = rows[
        (rows["epoch"] == rows["epoch"].max())
        & (rows["activation"] == "swish")
        & rows["histogram"].notna()
    ]
    for network, part in end.groupby("network", sort=False):
        total = np.sum(part["histogram"].tolist(), axis=0)
        below.stairs(
            100 * total / total.sum(),
            np.linspace(-6, 6, len(total) + 1),
            color="black",
            linestyle="-" if network == "dense" else "--",
            label=f"{network} network",
        )
    below.legend()
    below.set_ylabel("pre-activations (% a bin)")
    below.set_xlabel("pre-activation; those further out are in the end bins")
    used = dips(rows).iloc[:, -1]
    above.set_title("Swish falls where it is shaded")
    below.set_title(
        f"{100 * used.min():.0f} to {100 * used.max():.0f} % of each layer's "
        "trained pre-activations lie there (drawn: the last)"
    )
    return figure
