"""Verdicts on the article's claims, from the experiments' rows alone.

With other rows a verdict would turn around. The thresholds below and the rules
in the docstrings were written before the first record was read, and stay as
they are. Rows are tables as `comparison.claims.recorded` returns them.
"""

import dataclasses
import math

import numpy as np
import pandas as pd
from scipy import stats

from comparison import studies

# C3, C8: a gradient has vanished if less than this part of it is left at the
# first hidden layer of what there is at the last; bfloat16 and float16 keep
# two or three digits.
VANISHED = 1e-3
# C3, C6: differences under ten points of accuracy, and shares under a tenth,
# are not called learning more slowly, or dying.
NOTABLE = 0.1
# C1: the part of a logit's variance that no plane explains. A boundary is
# straight where the logit is a plane.
STRAIGHT = 0.01
# C5: where inputs lie evenly about zero, ReLU gives 0 for half of them.
SPARSE = 0.5
# C7: at most a quarter more time, forward and backward, is "a little more";
# fewer dead units than one in a hundred are none.
LITTLE = 1.25
NONE_DEAD = 0.01
# C8: a dip that one pre-activation in a hundred falls in is used.
USED = 0.01

CLAIMS = {
    "C1": "Layers joined by linear activations collapse into one.",
    "C2": "The step function cannot be trained in hidden layers.",
    "C3": "Sigmoid's gradient vanishes, and learning slows with it.",
    "C4": "Tanh learns faster than sigmoid.",
    "C5": "ReLU activates sparsely, and costs less than sigmoid and tanh.",
    "C6": "ReLU's zero region stops learning.",
    "C7": "Leaky ReLU keeps learning there, at little more computation.",
    "C8": "Swish is not monotonic, has its limits, and avoids vanishing "
    "gradients.",
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim, what was measured, and what follows.

    `verdict` is "holds", "does not hold", or "holds only where ...".
    """

    claim: str
    measured: str
    verdict: str


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


def paired_difference(first, second):
    """Returns the mean of paired differences and its 95 % t-interval."""
    difference = np.asarray(first, float) - np.asarray(second, float)
    if len(difference) < 2:
        return difference.mean(), -math.inf, math.inf
    half = stats.sem(difference) * stats.t.ppf(0.975, len(difference) - 1)
    mean = difference.mean()
    return mean, mean - half, mean + half


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
        "C2",
        f"Step's hidden kernels move by {hidden.max():.1%} of their size, its "
        f"last by {last.mean():.0%}; sigmoid's hidden ones by "
        f"{control.mean():.0%}. Held-out accuracy {accuracy['step']:.1%} and "
        f"{accuracy['sigmoid']:.1%}.",
        "holds" if holds else "does not hold",
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
        layers: paired_difference(rows[True], rows[False])
        for layers, rows in accuracy.groupby("depth")
    }
    slowed = [
        layers
        for layers, (mean, low, _) in gain.items()
        if mean >= NOTABLE and low > 0
    ]
    deepest = max(gain)
    means = accuracy.groupby("depth").mean().loc[deepest]
    start = deep[
        (deep["activation"] == "sigmoid")
        & (deep["depth"] == left.index.max())
        & (deep["initializer"] == "glorot_uniform")
    ]
    if not len(gone) or not slowed:
        verdict = "does not hold"
    elif len(gone) == len(left) and len(slowed) == len(gain):
        verdict = "holds"
    else:
        verdict = (
            f"holds only where the network is deep and not normalised: the "
            f"gradient is gone from {gone.min()} layers on, learning slowed "
            f"at {_listed(slowed)}"
        )
    return Verdict(
        "C3",
        f"At {left.index.max()} layers {left.iloc[-1]:.2g} of the gradient is "
        f"left, at {left.index.min()} layers {left.iloc[0]:.2g}; the mean "
        f"slope is {start['slope'].mean():.3f}, "
        f"{start['saturated'].mean():.0%} saturated. With {deepest} layers "
        f"mean accuracy is "
        f"{means[False]:.1%}, normalised {means[True]:.1%}.",
        verdict,
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
                    paired_difference(rows["tanh"], rows["sigmoid"]),
                    strict=True,
                )
            )
            for key, rows in accuracy.groupby(
                ["depth", "normalised"], sort=False
            )
        }
    ).T.rename_axis(["depth", "normalised"])


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
        verdict = "holds only where the network has " + _listed(
            [_condition(*key) for key in faster.index], "or"
        )
    points = "; ".join(
        f"{_condition(*key)}: {100 * row.difference:+.1f} "
        f"[{100 * row.low:+.1f}, {100 * row.high:+.1f}]"
        for key, row in table.iterrows()
    )
    return Verdict(
        "C4", f"Tanh's lead in mean accuracy, in points. {points}.", verdict
    )


def _condition(layers, normalised):
    word = "with" if normalised else "without"
    return f"{layers} layers {word} normalisation"


def _listed(items, word="and"):
    items = [str(item) for item in items]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def cost_ratios(rows, what="both", to="relu"):
    """Returns the times over those of one activation, of the same round.

    Args:
        rows: Of `cost`.
        what: `"forward"`, `"both"`, `"all"` or `"step"`.
        to: The activation that is 1, or `"copy"`.

    Returns:
        A row an activation: `median`, and the quartiles `low` and `high`.
    """
    one = rows[rows["activation"] == to]
    # A copy is no forward and backward pass; its one time serves for both.
    one = one[one["what"] == ("both" if to == "copy" else what)]
    one = one.set_index("round")["milliseconds"]
    times = rows[(rows["what"] == what) & (rows["activation"] != "copy")]
    table = times.pivot_table(
        index="round", columns="activation", values="milliseconds", sort=False
    ).div(one, axis=0)
    return _spread(table)


def step_shares(rows):
    """Returns the part of a training step that the activations are.

    Forward and backward of the article's three, over the time of its step in
    the same round: a row an activation, `median`, `low` and `high`.
    """
    table = rows.pivot_table(
        index="round",
        columns=["what", "activation"],
        values="milliseconds",
        sort=False,
    )
    return _spread(table["all"] / table["step"])


def _spread(table):
    return pd.DataFrame(
        {
            "median": table.median(),
            "low": table.quantile(0.25),
            "high": table.quantile(0.75),
        }
    )


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


def verdict_5(sparse, timed):
    """C5, from `sparsity` and `cost`.

    ReLU is sparse in a layer if `SPARSE` or more of its activations are 0 in
    the mean over the seeds, and cheaper than another if the lower quartile of
    the other's time over ReLU's, forward and backward, is above 1. Holds if
    sparse in every layer and cheaper than sigmoid and tanh; does not hold if
    sparse in none and cheaper than neither; otherwise holds only where so.
    """
    zeros = trained_zeros(sparse)["relu"]
    ratios = cost_ratios(timed).loc[["sigmoid", "tanh"]]
    cheaper = ratios.index[ratios["low"] > 1]
    full = zeros.index[zeros >= SPARSE]
    if len(full) == len(zeros) and len(cheaper) == 2:
        verdict = "holds"
    elif not len(full) and not len(cheaper):
        verdict = "does not hold"
    else:
        layers = _listed([f"{net} layer {layer}" for net, layer in full])
        where = [f"sparsity is meant in {layers}"] if layers else []
        if len(cheaper):
            where.append(f"cost is meant beside {_listed(cheaper)}")
        verdict = f"holds only where {_listed(where)}"
        if not layers:
            verdict += "; no layer is half zeros"
        if not len(cheaper):
            verdict += "; it is clearly cheaper than neither"
    share = step_shares(timed)["median"]
    return Verdict(
        "C5",
        f"{zeros.min():.0%} to {zeros.max():.0%} of ReLU's activations are 0, "
        f"a layer. Forward and backward, sigmoid takes "
        f"{_times(ratios.loc['sigmoid'])} and tanh "
        f"{_times(ratios.loc['tanh'])} times ReLU's time; all activations are "
        f"{share['relu']:.0%} of a training step with ReLU, "
        f"{share['sigmoid']:.0%} with sigmoid, {share['tanh']:.0%} with tanh.",
        verdict,
    )


def _times(row):
    return f"{row['median']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


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
        networks = _listed(f"{n} layers with {init}" for init, n in gone)
        verdict = (
            f"holds only where the network is not too deep: the gradient "
            f"vanishes at {networks}"
        )
    deepest = left.index.get_level_values("depth").max()
    gradients = "; ".join(
        f"with {init} {row['swish']:.2g} (ReLU {row['relu']:.2g}, sigmoid "
        f"{row['sigmoid']:.2g})"
        for init, row in left.xs(deepest, level="depth").iterrows()
    )
    return Verdict(
        "C8",
        f"Minimum {curve.loc[1.0, 'minimum']:.3f} at "
        f"{curve.loc[1.0, 'minimum_at']:.3f}; {used.min():.1%} to "
        f"{used.max():.1%} of a trained layer's pre-activations lie where it "
        f"falls. Gradient left at {deepest} layers: {gradients}.",
        verdict,
    )


def decide(tables):
    """Returns the verdicts on C1 to C8.

    Args:
        tables: Of each experiment's name, its rows.
    """
    return [
        verdict_1(tables["collapse"], tables["boundaries"]),
        verdict_2(tables["movement"]),
        verdict_3(tables["depth"], tables["learning"]),
        verdict_4(tables["learning"]),
        verdict_5(tables["sparsity"], tables["cost"]),
        verdict_6(tables["dying"]),
        verdict_7(tables["dying"], tables["cost"]),
        verdict_8(tables["swish"], tables["sparsity"], tables["depth"]),
    ]


def surprises(tables):
    """Returns what the article's reasoning would not lead one to expect.

    Each sentence stands only where its result is so.

    Args:
        tables: Of each experiment's name, its rows.
    """
    deep = tables["depth"]
    left = gradient_left(deep)
    last = left.xs(left.index.get_level_values("depth").max(), level="depth")
    saturated = deep.groupby("activation")["saturated"].mean()["sigmoid"]
    lead = lead_of_leaky(tables["dying"])
    dead = dead_units(tables["dying"])
    borne = dead[(dead["relu"] >= NOTABLE) & (lead["low"] <= 0)]
    found = []
    if saturated < 0.01 and last["sigmoid"].max() < VANISHED:
        found.append(
            f"Sigmoid's gradient vanishes with {saturated:.1%} of its units "
            f"saturated: near zero, and not away from it."
        )
    for init, row in last.iterrows():
        if row["swish"] < row["relu"]:
            found.append(
                f"With {init} swish keeps less of its gradient than ReLU: "
                f"{row['swish']:.2g} beside {row['relu']:.2g}"
                + (
                    f", and less than tanh: {row['tanh']:.2g}."
                    if row["swish"] < row["tanh"]
                    else "."
                )
            )
    for rate, share in borne.iterrows():
        found.append(
            f"At a learning rate of {rate:g}, {share['relu']:.0%} of ReLU's "
            f"units are dead and {share['leaky_relu']:.0%} of leaky ReLU's, "
            f"and leaky ReLU has no clear lead in accuracy: "
            f"{100 * lead.loc[rate, 'difference']:+.1f} points "
            f"[{100 * lead.loc[rate, 'low']:+.1f}, "
            f"{100 * lead.loc[rate, 'high']:+.1f}]."
        )
    sparse = tables["sparsity"]
    sparse = sparse[sparse["network"] == "dense"]
    zeros = sparse[sparse["activation"] == "relu"].groupby("epoch")["zero"]
    before, after = zeros.mean().iloc[[0, -1]]
    if after < before:
        found.append(
            f"Training makes the dense ReLU network less sparse: from "
            f"{before:.0%} zeros to {after:.0%}."
        )
    circles = tables["boundaries"]
    circles = circles[circles["data"] == "circles"]
    circles = circles.groupby("network")["accuracy"].mean()
    if circles["step"] < 0.6:
        found.append(
            f"Step is not linear, and does no better on circles: "
            f"{circles['step']:.0%} beside {circles['linear']:.0%}."
        )
    return "\n".join(f"- {sentence}" for sentence in found) or "Nothing."


def advice(tables):
    """Returns what follows for choosing an activation, in Markdown.

    Every sentence that rests on a result is chosen by it.

    Args:
        tables: Of each experiment's name, its rows.
    """
    left = gradient_left(tables["depth"])
    deepest = left.index.get_level_values("depth").max()
    glorot, he = (left.loc[init, deepest] for init in left.index.levels[0])
    final = tables["learning"].assign(
        accuracy=[a[-1] for a in tables["learning"]["accuracy"]]
    )
    final = 100 * final.pivot_table(
        index=["depth", "normalised"], columns="activation", values="accuracy"
    )
    layers = final.index.get_level_values("depth").max()
    plain, normalised = (final.loc[(layers, n)] for n in (False, True))
    lead = lead_of_leaky(tables["dying"])
    dead = dead_units(tables["dying"])["relu"]
    dying_at = dead.index[dead >= NOTABLE]
    gains = [rate for rate in dying_at if lead.loc[rate, "low"] > 0]
    ratios = cost_ratios(tables["cost"])["median"]
    shares = 100 * step_shares(tables["cost"])["median"]
    slower = ratios.idxmax()
    points = [
        f"**Normalise, or stay shallow, before you choose.** After the same "
        f"few epochs {layers} plain layers reach "
        f"{_percent(plain)}; with batch normalisation "
        f"{_percent(normalised)}. The activations lie "
        f"{plain.max() - plain.min():.0f} points apart without it and "
        f"{normalised.max() - normalised.min():.0f} with it.",
        f"**Match the initialiser to the activation where layers are many and "
        f"plain.** At {deepest} layers {_listed(left.index.levels[0], 'or')} "
        f"leave ReLU {glorot['relu']:.2g} or {he['relu']:.2g} of its "
        f"gradient, swish {glorot['swish']:.2g} or {he['swish']:.2g}, tanh "
        f"{glorot['tanh']:.2g} or {he['tanh']:.2g}, sigmoid "
        f"{glorot['sigmoid']:.2g} or {he['sigmoid']:.2g}. "
        + (
            "No initialiser here saves sigmoid: use it where an output has to "
            "be a probability or a gate."
            if max(glorot["sigmoid"], he["sigmoid"]) < VANISHED
            else "Sigmoid is saved by one of them."
        ),
        (
            f"**Lower the learning rate before you change the activation.** "
            f"From {dying_at.min():g} on a tenth or more of ReLU's units are "
            f"dead, and leaky ReLU has a clear lead in accuracy at "
            f"{_listed(f'{r:g}' for r in gains) or 'none'} of these rates. "
            f"Count dead units with the probes."
            if len(dying_at)
            else "**Do not fear dead units at the learning rates here**: "
            "hardly any died."
        ),
        f"**Choose by cost last.** Forward and backward, "
        f"{slower.replace('_', ' ')} takes {ratios.max():.2f} times ReLU's "
        f"time on the CPU that made the record. All activations together are "
        f"{shares.min():.0f} to {shares.max():.0f} % of a training step of "
        f"the article's network, which bounds what a choice can save.",
        "**Never put a step in a hidden layer** that backpropagation is to "
        "train, and never leave an activation out between dense layers unless "
        "the product of their matrices is what you want.",
        "**Where this stops.** Digits and toy points, dense networks of 64 "
        "units or less, one optimizer, a few epochs, and one machine's times. "
        "Gradients by depth are those of the start of training, without "
        "residual connections. A lead within a few epochs is not a better "
        "network in the end. On the article's network, normalised and trained "
        "for 20 epochs, the second notebook has the comparison.",
    ]
    return "\n".join(f"{n}. {point}" for n, point in enumerate(points, 1))


def _percent(row):
    return _listed(
        f"{value:.0f} % ({name.replace('_', ' ')})"
        for name, value in row.items()
    )


def markdown_table(found):
    """Returns verdicts as a table in Markdown, a row a claim."""
    rows = [
        f"| {v.claim} | {CLAIMS[v.claim]} | {v.measured} | {v.verdict} |"
        for v in found
    ]
    head = "| | the article's claim | measured | verdict |"
    return "\n".join([head, "|---|---|---|---|", *rows])
