"""C6 and C7: units that die at high learning rates, and leaky ReLU's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from comparison.claims.cost import _times, cost, cost_ratios
from comparison.claims.registry import (
    NOTABLE,
    Verdict,
    _listed,
    experiment,
    paired_difference,
    rule,
)
from comparison.claims.training import Trainer, dense_network, digits
from comparison.style import MARKERS, colour, label

# C7: at most a quarter more time, forward and backward, is "a little more";
# fewer dead units than one in a hundred are none.
LITTLE = 1.25

NONE_DEAD = 0.01


@experiment(seeds=(0, 1), learning_rates=(0.001, 0.1), epochs=1, train=320)
def dying(
    names=("relu", "leaky_relu"),
    learning_rates=(0.001, 0.003, 0.01, 0.03, 0.1),
    seeds=(0, 1, 2, 3, 4),
    epochs=3,
    train=3000,
):
    """Trains dense networks at learning rates that rise to far too high.

    Three hidden layers of 64, Adam, batches of 32. `dead` is the share of
    hidden units without a gradient from any of 1,000 held-out digits after so
    many epochs, `dead_at_start` before the first, `accuracy` that of the same
    digits. The same number of epochs
    at 0.001 follow: `still_dead` is the share of those dead units that are
    dead then (`None` if there were none), `later_accuracy` the accuracy then.
    """
    (x, y), held_out = digits(train)
    rows = []
    for name in names:
        trainer = Trainer(dense_network(name, 3))
        for rate in learning_rates:
            for seed in seeds:
                trainer.restart(seed, rate)
                start = _dead(trainer.probe(*held_out))
                trainer.train(x, y, epochs)
                accuracy = trainer.accuracy(*held_out)
                dead = _dead(trainer.probe(*held_out))
                trainer.optimizer.learning_rate = 0.001
                trainer.train(x, y, epochs)
                later = _dead(trainer.probe(*held_out))
                rows.append(
                    {
                        "activation": name,
                        "learning_rate": rate,
                        "seed": seed,
                        "dead_at_start": start.mean(),
                        "dead": dead.mean(),
                        "still_dead": later[dead].mean()
                        if dead.any()
                        else None,
                        "accuracy": accuracy,
                        "later_accuracy": trainer.accuracy(*held_out),
                    }
                )
    return rows


def _dead(found):
    return np.concatenate([p.dead for p in found])


def dead_units(rows):
    """Returns the mean share of dead units, a column an activation."""
    return rows.pivot_table(
        index="learning_rate", columns="activation", values="dead", sort=False
    )


def lead_of_leaky(rows):
    """Returns leaky ReLU's lead in accuracy over ReLU by learning rate.

    Args:
        rows: Of `dying`.

    Returns:
        A row a learning rate: the mean paired difference over the seeds,
        `difference`, and its 95 % interval, `low` and `high`.
    """
    accuracy = rows.pivot_table(
        index=["learning_rate", "seed"],
        columns="activation",
        values="accuracy",
        sort=False,
    )
    return pd.DataFrame.from_dict(
        {
            rate: paired_difference(part["leaky_relu"], part["relu"])
            for rate, part in accuracy.groupby("learning_rate", sort=False)
        },
        orient="index",
        columns=["difference", "low", "high"],
    ).rename_axis("learning_rate")


@rule("C6", "ReLU's zero region stops learning.", dying)
def verdict_6(died):
    """C6, from `dying`.

    ReLU units die at a learning rate if `NOTABLE` or more of them are dead in
    the mean over the seeds, and stop learning if half or more of those are
    still dead after as many epochs at 0.001. Holds if they die at every rate
    and stop; does not hold if they die at none or come back; otherwise holds
    only where the rate is so high.
    """
    dead = dead_units(died)["relu"]
    dying_at = dead.index[dead >= NOTABLE]
    of_relu = died[died["activation"] == "relu"]
    stopped = of_relu[of_relu["learning_rate"].isin(dying_at)]
    still = stopped["still_dead"].astype(float).mean()
    if not len(dying_at) or not still >= 0.5:
        verdict = "does not hold"
    elif len(dying_at) == len(dead):
        verdict = "holds"
    else:
        verdict = (
            f"holds only where the learning rate is too high: "
            f"{_listed(f'{rate:g}' for rate in dying_at)} here"
        )
    lead = lead_of_leaky(died).iloc[-1]
    return Verdict(
        "C6",
        f"{dead.iloc[0]:.1%} of the units are dead after training at "
        f"{dead.index[0]:g}, {dead.iloc[-1]:.0%} at {dead.index[-1]:g}; of "
        f"those that died {still:.0%} stay dead. At {dead.index[-1]:g} leaky "
        f"ReLU is {100 * lead['difference']:+.1f} points "
        f"[{100 * lead['low']:+.1f}, {100 * lead['high']:+.1f}] from ReLU.",
        verdict,
    )


@rule(
    "C7",
    "Leaky ReLU keeps learning there, at little more computation.",
    dying,
    cost,
)
def verdict_7(died, timed):
    """C7, from `dying` and `cost`.

    Of the learning rates where ReLU units die (see `verdict_6`), leaky ReLU
    keeps learning at those where fewer than `NONE_DEAD` of its units are dead
    and its accuracy is higher, the paired interval above 0. Holds if that is
    so at all of them and the median of its time over ReLU's, forward and
    backward, is at most `LITTLE`; does not hold if ReLU dies nowhere, or leaky
    ReLU has dead units at all of those rates; otherwise holds only where so.
    """
    dead = dead_units(died)
    there = dead.index[dead["relu"] >= NOTABLE]
    alive = [r for r in there if dead.loc[r, "leaky_relu"] < NONE_DEAD]
    lead = lead_of_leaky(died)
    better = [r for r in alive if lead.loc[r, "low"] > 0]
    ratio = cost_ratios(timed).loc["leaky_relu"]
    is_little = ratio["median"] <= LITTLE
    if not alive:
        verdict = "does not hold"
    elif len(better) == len(there) and is_little:
        verdict = "holds"
    else:
        rates = _listed(f"{rate:g}" for rate in better)
        verdict = (
            f"holds only where the learning rate is {rates}"
            if better
            else "holds only where a gradient is all that is asked for: "
            "accuracy is not clearly higher"
        )
        if not is_little:
            verdict += f", for {ratio['median']:.2f} times the time"
    return Verdict(
        "C7",
        f"Where ReLU units die, at most "
        f"{dead.loc[there, 'leaky_relu'].max():.1%} of leaky ReLU's do. Its "
        f"lead there in points: "
        + "; ".join(
            f"{100 * lead.loc[r, 'difference']:+.1f} "
            f"[{100 * lead.loc[r, 'low']:+.1f}, "
            f"{100 * lead.loc[r, 'high']:+.1f}] at {r:g}"
            for r in there
        )
        + f". It takes {_times(ratio)} times ReLU's time."
        if len(there)
        else "No learning rate here kills ReLU units.",
        verdict,
    )


def draw_dying(rows):
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
    dead = 100 * dead_units(rows).iloc[-1]
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
