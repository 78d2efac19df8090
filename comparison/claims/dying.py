"""C6 and C7: units that die at high learning rates, and leaky ReLU's."""

import matplotlib.pyplot as plt
import numpy as np

from comparison import statistics
from comparison.claims.cost import cost, cost_ratios
from comparison.claims.registry import (
    NOTABLE,
    Verdict,
    experiment,
    listed,
    rule,
)
from comparison.claims.training import Trainer, dense_network, digits
from comparison.style import colour, label, legend_beside, marker, styled

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
                yield {
                    "activation": name,
                    "learning_rate": rate,
                    "seed": seed,
                    "dead_at_start": start.mean(),
                    "dead": dead.mean(),
                    "still_dead": later[dead].mean() if dead.any() else None,
                    "accuracy": accuracy,
                    "later_accuracy": trainer.accuracy(*held_out),
                }


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
    return statistics.paired_differences(
        accuracy, "leaky_relu", "relu", "learning_rate"
    )


@rule("C6", "ReLU's zero region stops learning.", dying)
def verdict_6(died):
    """C6, from `dying`.

    ReLU units die at a learning rate if `NOTABLE` or more of them are dead in
    the mean over the seeds, and stop learning if half or more of those are
    still dead after as many epochs at 0.001. Holds if they die at every rate
    and stop; does not hold if they die at none or come back; otherwise holds
    only where the rate is so high. It costs accuracy at those of these rates
    where leaky ReLU, whose zero region is none, has the higher accuracy, the
    paired interval above 0.
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
            f"holds only where the learning rate is high: "
            f"{listed(f'{rate:g}' for rate in dying_at)} here"
        )
    lead = lead_of_leaky(died)
    if verdict != "does not hold":
        costly = [r for r in dying_at if lead.loc[r, "low"] > 0]
        rates = listed(f"{rate:g}" for rate in costly)
        verdict += (
            f"; it costs accuracy at {rates}"
            if costly
            else "; that it costs accuracy is not shown at any"
        )
    return Verdict(
        verdict,
        {
            **{
                f"dead units at {rate:g}": share for rate, share in dead.items()
            },
            "of those that died, still dead": still,
            **{
                f"points of accuracy lost at {rate:g}": tuple(100 * row)
                for rate, row in lead.loc[dying_at].iterrows()
            },
        },
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
    ReLU has dead units at all of those rates; otherwise holds only where so,
    and a clear lead at another rate is named.
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
        rates = listed(f"{rate:g}" for rate in better)
        elsewhere = listed(
            f"{r:g}, where {100 * dead.loc[r, 'relu']:.0f} % of ReLU's units "
            "are dead"
            for r in lead.index[lead["low"] > 0]
        )
        verdict = (
            f"holds only where the learning rate is {rates}"
            if better
            else "holds only where a gradient is all that is asked for: "
            "accuracy is clearly higher at "
            + (elsewhere and f"{elsewhere}, and at ")
            + "none of the rates where "
            f"{100 * NOTABLE:.0f} % of ReLU's units or more are dead"
        )
        if not is_little:
            verdict += f", for {ratio['median']:.2f} times the time"
    return Verdict(
        verdict,
        {
            "leaky ReLU's dead units": dead["leaky_relu"].max(),
            **{
                f"its lead in points at {rate:g}": tuple(100 * row)
                for rate, row in lead.iterrows()
            },
            "its time over ReLU's": ratio["median"],
        },
    )


@styled
def draw_lead(rows):
    """Draws leaky ReLU's lead over ReLU by learning rate, with its interval."""
    leads = 100 * lead_of_leaky(rows)
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.errorbar(
        leads.index,
        leads["difference"],
        yerr=statistics.half_widths(leads),
        fmt=marker("leaky_relu"),
        color=colour("leaky_relu"),
        capsize=4,
    )
    axes.axhline(0, color="grey", linewidth=0.8)
    # In the middle, so that what is near zero can be told from it.
    axes.set_yscale("symlog", linthresh=2)
    axes.set_yticks([-20, -5, -2, -1, 0, 1, 2, 5, 20])
    axes.yaxis.set_major_formatter("{x:g}")
    clear = (leads["low"] > 0).sum()
    axes.set_title(
        f"Leaky ReLU's lead is clear at {clear} of {len(leads)} rates"
    )
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("leaky ReLU less ReLU,\naccuracy (points)")
    return figure


@styled
def draw_dying(rows):
    """Draws dead units and accuracy over the learning rate, a point a seed."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7, 5.8), sharex=True)
    for number, (name, part) in enumerate(
        rows.groupby("activation", sort=False)
    ):
        # A little aside: points of both would lie on each other.
        aside = (0.94, 1.06)[number % 2]
        for axes, column in ((above, "dead"), (below, "accuracy")):
            means = part.groupby("learning_rate", sort=False)[column].mean()
            axes.plot(
                aside * part["learning_rate"],
                100 * part[column],
                marker(name),
                fillstyle="none",
                color=colour(name),
            )
            axes.plot(
                aside * means.index,
                100 * means,
                # One that lies on the other lets it be seen.
                linestyle=("-", "--")[number % 2],
                color=colour(name),
                label=label(name),
            )
            axes.set_ylim(-4, 104)
    at_end = rows[rows["learning_rate"] == rows["learning_rate"].max()]
    means = 100 * at_end.groupby("activation")[["dead", "accuracy"]].mean()
    above.set_title(
        f"At a learning rate of {rows['learning_rate'].max():g}, "
        f"{means.loc['relu', 'dead']:.0f} % of ReLU's units\ndie and "
        f"{means.loc['leaky_relu', 'dead']:.0f} % of leaky ReLU's do"
    )
    below.set_title(
        f"and accuracy is {means.loc['relu', 'accuracy']:.0f} % with ReLU, "
        f"{means.loc['leaky_relu', 'accuracy']:.0f} % with leaky ReLU"
    )
    above.set_ylabel("dead hidden units (%)")
    below.set_ylabel("held-out accuracy (%)")
    below.set_xscale("log")
    below.set_xlabel("learning rate")
    legend_beside(above)
    return figure
