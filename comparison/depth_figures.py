"""Networks by depth, and published single runs beside measured seeds, drawn."""

import matplotlib.pyplot as plt
import numpy as np

from comparison import depth
from comparison.style import INITIALIZERS, colour, label, styled

# Dark to bright, as colour-blind readers and grey paper have it too.
SHADES = "cividis"


@styled
def grid(rows, columns=2):
    """Draws test accuracy by activation and depth, a panel a kind of network.

    In each field the median over the seeds, in percent, and where not all of
    them learned, how many did; a dash where every run diverged.

    Args:
        rows: A table as `depth.ends` makes it.
        columns: How many panels in a row.

    Returns:
        The figure.
    """
    table = depth.accuracies(rows)
    kinds = ["initializer", "optimizer", "normalised"]
    varying = [k for k in kinds if table.index.unique(k).size > 1]
    panels = list(table.groupby(kinds, sort=False))
    down = -(-len(panels) // columns)
    names = table.index.unique("activation")
    depths = sorted(table.index.unique("depth"))
    figure, grid = plt.subplots(
        down,
        columns,
        figsize=(7, 0.9 + down * (0.7 + 0.27 * len(names))),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    for axes, (kind, part) in zip(grid.flat, panels, strict=False):
        part = part.droplevel(kinds)
        _fill(axes, part, names, depths)
        words = dict(zip(kinds, kind, strict=True))
        axes.set_title(
            ", ".join(_worded(k, words[k]) for k in varying), fontsize="medium"
        )
        axes.grid(visible=False)
        axes.tick_params(length=0)
    for axes in grid.flat[max(len(panels) - columns, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("hidden layers")
    axes.set_xticks(range(len(depths)), depths)
    axes.set_yticks(range(len(names)), map(label, names))
    words = (
        "In the fields: test accuracy (%), the median over the seeds; and how "
        "many\nof them learned, where not all did"
    )
    if table["median"].isna().any():
        words += "; a dash where every run diverged"
    figure.supxlabel(words, fontsize="small")
    figure.suptitle(_reaching(table, depths), fontsize="large")
    return figure


def _fill(axes, part, names, depths):
    """Shades the fields of a panel, and writes into them."""
    axes.imshow(
        _fields(part, "median", names, depths),
        SHADES,
        vmin=0.1,
        vmax=1,
        aspect="auto",
    )
    for (name, layers), row in part.iterrows():
        axes.text(
            depths.index(layers),
            names.get_loc(name),
            _shown(row),
            # On the dark half of the shades; a dash has no shade.
            color="white" if row["median"] <= 0.55 else "black",
            ha="center",
            va="center",
            fontsize=9,
        )


def _fields(part, column, names, depths):
    found = depth.by_depth(part, column).reindex(index=names, columns=depths)
    return found.to_numpy(float)


def _shown(row):
    if np.isnan(row["median"]):
        return "–"
    number = f"{100 * row['median']:.0f}"
    if row["learned"] == row["seeds"]:
        return number
    return f"{number} ({row['learned']:.0f}/{row['seeds']:.0f})"


def _worded(kind, value):
    if kind == "normalised":
        return "batch normalisation" if value else "plain"
    if kind == "optimizer":
        name, *epsilon = value.split()
        words = {"adam": "Adam", "sgd": "SGD"}[name]
        return " with ε = ".join([words, *epsilon])
    return INITIALIZERS.get(value, value)


def _reaching(table, depths):
    """Says how many networks get there, at the depths that tell most.

    To 90 %, at the least and the most; or, where a kind of network is set
    beside another, at the most alone, to where every seed has learned.
    """
    for kind in ("normalised", "optimizer"):
        if table.index.unique(kind).size > 1:
            all_ = table["learned"] == table["seeds"]
            deep = all_.xs(depths[-1], level="depth").groupby(kind, sort=False)
            counts = ", ".join(
                f"{_worded(kind, value)}: {part.sum()} of {len(part)}"
                for value, part in deep
            )
            return (
                f"Networks with {depths[-1]} hidden layers of which every seed "
                f"learned\n{counts}"
            )
    there = (table["median"] >= depth.REACHED).groupby("depth")
    counts = [
        f"{there.sum()[layers]} of {there.size()[layers]}" for layers in depths
    ]
    return (
        f"With {depths[0]} hidden layers {counts[0]} networks end at 90 % or "
        f"more,\nwith {depths[-1]} layers {counts[-1]}"
    )


@styled
def single_runs(table, rows):
    """Draws published single runs over the seeds of the same networks.

    A point is a seed, the bar the 95 % interval for one new run; a published
    run is a diamond, filled where it lies outside.

    Args:
        table: A table as `cited.beside` makes it.
        rows: A table as `cited.measured` makes it.

    Returns:
        The figure.
    """
    rows = rows[rows["variant"].isin(table.index)]
    names = list(dict.fromkeys(table.index))
    figure, axes = plt.subplots(figsize=(7, 1.6 + 0.3 * len(names)))
    labels = []
    for place, name in enumerate(names):
        seeds = rows[rows["variant"] == name]
        runs = table.loc[[name]]
        dye = colour(seeds["activation"].iloc[0])
        labels.append(_variant(label(seeds["activation"].iloc[0], name)))
        axes.hlines(
            place,
            100 * runs["low"].iloc[0],
            100 * runs["high"].iloc[0],
            color=dye,
            alpha=0.3,
            linewidth=7,
        )
        axes.plot(
            100 * seeds["measured"],
            [place] * len(seeds),
            "o",
            color=dye,
            markersize=4,
            alpha=0.7,
        )
        axes.scatter(
            100 * runs["published"],
            [place + 0.3] * len(runs),
            marker="D",
            s=30,
            facecolor=[
                {True: "white", False: "black"}.get(i, "lightgrey")
                for i in runs["inside"]
            ],
            edgecolor="black",
            zorder=3,
        )
    _explain_single_runs(axes)
    known = table["inside"].dropna()
    axes.set_title(
        f"{known.sum()} of {len(known)} published runs lie where one new run "
        "would"
        if len(known)
        else "Of one seed each there is no interval"
    )
    axes.set_yticks(range(len(names)), labels)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("accuracy (%)")
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _explain_single_runs(axes):
    for look, words in (
        ({"marker": "o", "color": "black", "linestyle": ""}, "a seed"),
        (
            {"color": "black", "alpha": 0.3, "linewidth": 7},
            "95 % interval for one new run",
        ),
        (
            {
                "marker": "D",
                "color": "black",
                "linestyle": "",
                "fillstyle": "none",
            },
            "published, inside",
        ),
        ({"marker": "D", "color": "black", "linestyle": ""}, "outside"),
    ):
        axes.plot([], [], label=words, **look)


def _variant(text):
    for name, words in (("stddev=", "σ = "), ("scale=", "× "), ("hidden=", "")):
        text = text.replace(name, words)
    return text
