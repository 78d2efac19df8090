"""Makes beta.html: the recorded β by epoch, and the functions that it makes.

    PYTHONPATH=. python site/beta.py

To be made anew when the records change.
"""

import altair as alt
import pandas as pd
import vega

from comparison import studies, tables
from comparison.records import RESULTS

LAYERS = {
    "activation_1": "convolution 1",
    "activation_2": "convolution 2",
    "activation_3": "dense",
}

X = "datum.i / 32 - 4"  # From -4 to 1, about the dip, in 161 steps.
COLOUR = alt.Color(
    "layer:N",
    scale=alt.Scale(
        domain=list(LAYERS.values()), range=["#0072B2", "#009E73", "#E69F00"]
    ),
    legend=None,
)
# Two layers may learn the same: the last must not hide the one below.
DASH = alt.StrokeDash(
    "layer:N",
    scale=alt.Scale(
        domain=list(LAYERS.values()), range=[[1, 0], [1, 0], [6, 5]]
    ),
    legend=None,
)


def table():
    """The recorded β: a row a run, layer and epoch, 0 being the start."""
    records = studies.records(studies.STUDIES["controlled"], [RESULTS])
    rows = tables.beta_table(records).replace({"layer": LAYERS})
    first = rows[rows["epoch"] == 1].assign(epoch=0, beta=1.0)
    return pd.concat([first, rows]).round(4).to_dict("records")


def history(seeds, means, now):
    """The panel of β over the epochs, a thin line a seed."""
    x = alt.X("epoch:Q", title="epoch")
    y = alt.Y("beta:Q", title=None, scale=alt.Scale(zero=False))
    lines = {"x": x, "y": y, "color": COLOUR}
    return alt.layer(
        seeds.mark_line(strokeWidth=0.7, opacity=0.6).encode(
            detail="seed:N", **lines
        ),
        means.mark_line(strokeWidth=3).encode(**lines),
        now.mark_rule(strokeDash=[2, 3], opacity=0.5).encode(x=x),
        now.mark_point(size=60, filled=True, opacity=1).encode(**lines),
    ).properties(
        height=220,
        title=alt.Title(
            "β of each layer", subtitle="thin: a seed; thick: mean"
        ),
    )


def shapes(now):
    """The panel of the function that each layer has."""
    x = alt.X(
        "x:Q",
        title="x",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y("value:Q", title=None)
    layers = now.transform_calculate(i="sequence(0, 161)")
    layers = layers.transform_flatten(["i"]).transform_calculate(x=X)
    layers = layers.transform_calculate(
        value="datum.x / (1 + exp(-datum.beta * datum.x))"
    )
    start = alt.Chart(alt.sequence(161, as_="i")).transform_calculate(x=X)
    start = start.transform_calculate(value="datum.x / (1 + exp(-datum.x))")
    return alt.layer(
        start.mark_line(strokeDash=[2, 3], stroke="currentColor").encode(x, y),
        layers.mark_line().encode(x=x, y=y, color=COLOUR, strokeDash=DASH),
    ).properties(
        height=220,
        title=alt.Title("x·σ(βx) at the mean", subtitle="dotted: β = 1"),
    )


def chart():
    """The chart of both, with a slider over the epochs."""
    rows = table()
    last = max(row["epoch"] for row in rows)
    slider = alt.binding_range(min=0, max=last, step=1, name="epoch")
    seeds = alt.Chart(alt.InlineData(values=rows))
    means = seeds.transform_aggregate(
        beta="mean(beta)", groupby=["layer", "epoch"]
    )
    now = means.transform_filter("datum.epoch === epoch")
    key = now.transform_calculate(
        words="datum.layer + ': β = ' + format(datum.beta, '.2f')"
        " + ' after epoch ' + epoch"
    )
    y = alt.Y("layer:N", axis=None, sort=list(LAYERS.values()))
    text = key.mark_text(
        align="left",
        baseline="middle",
        color="currentColor",
        fontSize=13,
        fontWeight="bold",
    ).encode(x=alt.value(0), y=y, text="words:N")
    line = vega.key(key, y).encode(color=COLOUR, strokeDash=DASH)
    words = alt.layer(line, text).properties(height=66)
    panels = vega.pair(history(seeds, means, now), shapes(now))
    return alt.vconcat(words, panels).add_params(
        alt.param(name="epoch", value=last, bind=slider)
    )


if __name__ == "__main__":
    vega.write(
        "beta",
        chart(),
        "What training makes of each layer's β by epoch, and the swish "
        "function with that β",
    )
