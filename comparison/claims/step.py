"""C2: how far the kernels below a step move."""

import matplotlib.pyplot as plt
import numpy as np

from comparison.claims.registry import Verdict, experiment, rule
from comparison.claims.training import Trainer, dense_network, digits
from comparison.style import colour, label, legend_beside, marker, styled


@experiment(seeds=(0,), epochs=1, train=320)
def movement(
    names=("step", "sigmoid"), seeds=(0, 1, 2), epochs=3, train=3000, depth=2
):
    """Trains dense networks and measures how far each layer's kernel moves.

    `moved` is the Frobenius norm of the kernel's change over that of the
    kernel at the start; Adam at 0.001, no penalty and no weight decay, which
    would move weights without backpropagation.
    """
    (x, y), held_out = digits(train)
    for name in names:
        trainer = Trainer(dense_network(name, depth))
        for seed in seeds:
            trainer.restart(seed)
            dense = [la for la in trainer.model.layers if la.weights]
            before = [la.get_weights()[0] for la in dense]
            trainer.train(x, y, epochs)
            for layer, old in zip(dense, before, strict=True):
                change = layer.get_weights()[0] - old
                yield {
                    "activation": name,
                    "seed": seed,
                    "layer": layer.name,
                    "hidden": layer is not dense[-1],
                    "moved": np.linalg.norm(change) / np.linalg.norm(old),
                    "accuracy": trainer.accuracy(*held_out),
                }


@rule("C2", "The step function cannot be trained in hidden layers.", movement)
def verdict_2(moved):
    """C2, from `movement`.

    Holds if no hidden kernel of the step network moves at all, its last does,
    and all of sigmoid's do, without which the experiment would show nothing;
    otherwise it does not.
    """
    is_step = moved["activation"] == "step"
    hidden = moved[is_step & moved["hidden"]]["moved"]
    last = moved[is_step & ~moved["hidden"]]["moved"]
    control = moved[~is_step & moved["hidden"]]["moved"]
    accuracy = moved.groupby("activation")["accuracy"].mean()
    holds = hidden.max() == 0 and last.min() > 0 and control.min() > 0
    return Verdict(
        "holds" if holds else "does not hold",
        {
            "step's hidden kernels move by": hidden.max(),
            "its last by": last.mean(),
            "sigmoid's hidden ones by": control.mean(),
            "accuracy with step": accuracy["step"],
            "with sigmoid": accuracy["sigmoid"],
        },
    )


@styled
def draw_movement(rows):
    """Draws how far each layer's kernel moved, a point a seed."""
    figure, axes = plt.subplots(figsize=(7, 3.2))
    layers = list(dict.fromkeys(rows["layer"]))
    for number, (name, part) in enumerate(
        rows.groupby("activation", sort=False)
    ):
        axes.plot(
            # A little aside, so that no mark lies on another.
            [layers.index(la) + 0.1 * number - 0.05 for la in part["layer"]],
            100 * part["moved"],
            marker(name),
            markersize=8,
            markeredgewidth=2,
            fillstyle="none",
            color=colour(name),
            label=label(name),
        )
    moved = rows[rows["activation"] == "step"].groupby("hidden")["moved"].mean()
    axes.set_title(
        f"Under step only the last layer learns: it moves by "
        f"{100 * moved[False]:.0f} %,\n"
        f"the hidden layers move by {100 * moved[True]:.1f} %"
    )
    axes.set_xticks(range(len(layers)), layers)
    axes.set_ylabel("change of the kernel\n(% of its norm)")
    legend_beside(axes)
    return figure
