"""C5 and C7: what an activation costs in time."""

import functools
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import activations
from comparison import networks, studies
from comparison.claims.registry import experiment
from comparison.configuration import Configuration
from comparison.style import colour, label, legend_beside, marker, styled


@experiment(rounds=2, batch_size=4)
def cost(names=studies.ARTICLE, rounds=15, batch_size=128, steps=True):
    """Times every activation beside a memory copy, and in a training step.

    Milliseconds. `forward` and `both`, which is forward and backward, are of
    the article's second activation, (batch, 24, 24, 64) in float32; for the
    copy, TensorFlow's DeepCopy of such a tensor, both are one copy. `all` is
    forward and backward of the article's three activations together, and
    `step` a training step of the article's network; without `steps`, neither.
    In a round each is timed
    once, one after the other, starting elsewhere each time, so that what else
    the machine does falls on all of them alike.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shapes = ((26, 26, 32), (24, 24, 64), (128,))
    inputs = [
        tf.constant(rng.normal(size=(batch_size, *shape)).astype("float32"))
        for shape in shapes
    ]
    images = tf.constant(rng.random((batch_size, 28, 28, 1)).astype("float32"))
    labels = tf.constant(rng.integers(10, size=batch_size))

    @tf.function
    def copy():
        return tf.raw_ops.DeepCopy(x=inputs[1])

    tasks = {("copy", "both"): copy}
    for name in names:
        tasks[name, "forward"], tasks[name, "both"] = _passes(name, inputs[1:2])
        if steps:
            _, tasks[name, "all"] = _passes(name, inputs)
            model = networks.build(Configuration(name))
            tasks[name, "step"] = functools.partial(
                model.train_on_batch, images, labels
            )
    order = list(tasks)
    for task in order:
        # The first call traces, the second finds memory.
        for _ in range(2):
            tasks[task]()
    for number in range(rounds):
        shift = number % len(order)
        for task in order[shift:] + order[:shift]:
            start = time.perf_counter()
            tasks[task]()
            seconds = time.perf_counter() - start
            name, what = task
            yield {
                "round": number,
                "activation": name,
                "what": what,
                "milliseconds": 1000 * seconds,
            }


def _passes(name, inputs):
    """Returns functions that compute an activation, and its gradient too."""
    import tensorflow as tf

    layer = activations.layer(name, dtype="float32")
    above = [tf.ones_like(x) for x in inputs]

    @tf.function
    def forward():
        return [layer(x) for x in inputs]

    @tf.function
    def both():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = [layer(x) for x in inputs]
        # The outputs as well, or the forward pass might be left out.
        return outputs, tape.gradient(outputs, inputs, above)

    return forward, both


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


@styled
def draw_cost(rows):
    """Draws each activation's time over a copy's, and its part of a step."""
    figure, (left, right) = plt.subplots(2, 1, figsize=(7, 5.6))
    shares = 100 * step_shares(rows)
    names = list(shares.index)
    for axes, table, offset, style in (
        (left, cost_ratios(rows, "forward", "copy"), -0.12, "none"),
        (left, cost_ratios(rows, "both", "copy"), 0.12, "full"),
        (right, shares, 0, "full"),
    ):
        for place, name in enumerate(names):
            row = table.loc[name]
            axes.hlines(
                place + offset, row["low"], row["high"], color=colour(name)
            )
            axes.plot(
                row["median"],
                place + offset,
                marker(name),
                fillstyle=style,
                color=colour(name),
            )
        axes.set_yticks(range(len(names)), [label(name) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
    left.plot([], [], "ko", fillstyle="none", label="forward")
    left.plot([], [], "ko", label="forward and backward")
    left.axvline(1, color="grey", linestyle=":", label="a memory copy")
    legend_beside(left)
    left.set_xlabel("time (a copy of the tensor = 1), median and quartiles")
    right.set_xlabel("part of a training step of the article's network (%)")
    for axes in (left, right):
        axes.set_xlim(0)
    ratio = cost_ratios(rows)["median"]
    left.set_title(
        f"Sigmoid takes {ratio['sigmoid']:.2f} times ReLU's time, tanh "
        f"{ratio['tanh']:.2f} times"
    )
    right.set_title(
        f"All activations together are {shares['median'].min():.0f} to "
        f"{shares['median'].max():.0f} % of a step"
    )
    return figure
