"""How far settings move the accuracy, and how far activations do, drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker

from comparison import factors
from comparison.style import colour, label, legend_beside, marker, styled

# Points; on a logarithmic axis less is drawn at the edge.
LEAST = 0.02
# Where errors are marked that are several times others.
MULTIPLES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 5, 10, 20)
# So many have no room in a panel whose top is more than so many bottoms.
WIDE = 5
FEWER = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
# Where errors are marked.
ERRORS = (1, 1.5, 2, 3, 5, 7)
SETTING = {"color": "black"}
ACTIVATION = {"color": "#0072B2"}
BAND = {**ACTIVATION, "linewidth": 5, "alpha": 0.35}


@styled
def settings(table):
    """Draws how far each level moves the accuracy, and how far activations do.

    The factor that moves it most comes first. What is nearer to zero than the
    left edge is drawn at the edge, and so is the end of an interval that holds
    zero.

    Args:
        table: As `factors.table` makes it.

    Returns:
        The figure.
    """
    most = table["effect"].abs().groupby("factor").max().fillna(np.inf)
    order = table.index.get_level_values("factor").map(most)
    table = table.iloc[np.argsort(-order, kind="stable")]
    places = np.arange(len(table))
    figure, axes = plt.subplots(figsize=(7.5, 2.2 + 0.36 * len(table)))

    ends = table[["low", "high"]].to_numpy(float)
    holds_zero = (ends > 0).any(axis=1) & (ends < 0).any(axis=1)
    ends = np.abs(ends)
    ends[holds_zero] = np.sort(ends[holds_zero]) * [0, 1]
    axes.hlines(places - 0.17, *ends.clip(LEAST / 2).T, **SETTING)
    ends = table[["span low", "span high"]].to_numpy(float)
    axes.hlines(places + 0.17, *ends.clip(LEAST / 2).T, **BAND)
    _draw_effects(axes, table["effect"], places - 0.17)
    axes.plot(
        table["span"].clip(LEAST),
        places + 0.17,
        "D",
        **ACTIVATION,
        label="with it, from the worst activation to the best",
    )
    axes.plot([], [], **SETTING, label="95 % interval, over the seeds")
    axes.plot([], [], **BAND, label="95 % interval, over all pairs")
    notes = [note for note in dict.fromkeys(table["note"]) if note]
    for number, note in enumerate(notes, 1):
        axes.plot([], [], marker=f"${number}$", **SETTING, ls="", label=note)

    axes.set_yticks(places, _changes(table, notes))
    factor = table.index.get_level_values("factor")
    for place in places[1:][factor[1:] != factor[:-1]]:
        axes.axhline(place - 0.5, color="grey", linewidth=0.6, alpha=0.5)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(left=LEAST * 0.9)
    _mark(axes.xaxis, ticker.LogLocator(subs=(1, 2, 5)))
    axes.set_xlabel("points of accuracy (logarithmic)")
    axes.grid(visible=False, axis="y")
    setting, activation, undecided = (
        (table["further"] == one).sum()
        for one in ("setting", "activation", "undecided")
    )
    compared = setting + activation + undecided
    figure.suptitle(
        f"In {setting} of {compared} settings the setting moves the accuracy "
        f"further,\nin {activation} the activation does; in {undecided} the "
        "intervals overlap"
        if compared
        else "Which moves the accuracy further? Of single runs there is no "
        "interval",
        fontsize="large",
    )
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _draw_effects(axes, effects, places):
    """Marks how far each setting moves the mean, pointing to where."""
    for sign, mark, words in (
        (1, ">", "the setting raises the mean of all activations"),
        (-1, "<", "the setting lowers it"),
        (0, "o", "the setting leaves it, to two digits"),
    ):
        rows = np.sign(effects) == sign
        if not sign and not rows.any():
            continue
        sizes = effects[rows].abs().clip(LEAST)
        axes.plot(
            sizes,
            places[rows],
            mark,
            **SETTING,
            markersize=8,
            label=words,
        )


def _changes(table, notes):
    """Returns what each level changes, with the number of its note."""
    names = []
    for (factor, level), row in table.iterrows():
        change = f"{row['usual']} → {level}" if row["usual"] else level
        # Superscripts one to nine; there are eight notes, and one of backends.
        sign = "¹²³⁴⁵⁶⁷⁸⁹"[notes.index(row["note"])] if row["note"] else ""
        names.append(f"{factor}: {change}{sign}")
    return names


@styled
def orders(values, table):
    """Draws the activations' errors at each level, a panel a factor.

    Each error, the mean over the seeds, is divided by the activations' median,
    which one of them alone does not move. Lines that cross are an order that
    changes.

    Args:
        values: As `factors.accuracies` makes it.
        table: As `factors.table` makes it.

    Returns:
        The figure.
    """
    panels = _panels(values)
    columns = 3
    rows = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(8, 0.9 + 2.2 * rows), squeeze=False
    )
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    for axes, (factor, errors) in zip(grid.flat, panels.items(), strict=False):
        places = range(errors.shape[1])
        for name, row in errors.iterrows():
            axes.plot(
                places,
                row,
                marker=marker(name),
                color=colour(name),
                label=label(name),
            )
        axes.set_title(factor, fontsize="medium")
        names = []
        for level in errors.columns:
            names.append(level)
            if (factor, level) in table.index:
                names[-1] += f"\n({table.loc[(factor, level), 'changed']})"
        axes.set_xticks(places, names, fontsize="small")
        axes.set_xlim(-0.4, len(places) - 0.6)
        axes.set_yscale("log")
        bottom, top = axes.get_ylim()
        marked = FEWER if top > WIDE * bottom else MULTIPLES
        _mark(axes.yaxis, ticker.FixedLocator(marked))
    turned = (table["turned"] > 0).sum()
    figure.suptitle(
        f"At {turned} of {(table['usual'] != '').sum()} settings two "
        "activations are shown to change places",
        fontsize="large",
    )
    figure.supylabel("error, in multiples of the activations' median")
    figure.legend(
        *grid.flat[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        title="(in brackets: how many pairs are shown to differ otherwise than "
        "at the article's value)",
    )
    return figure


@styled
def seeds(values, factor):
    """Draws the error of every run of a factor, a column a level.

    A point is a seed, and a bar the mean over the seeds.

    Args:
        values: As `factors.accuracies` makes it.
        factor: The name of a factor with runs at two levels or more.

    Returns:
        The figure.
    """
    levels = _by_level(values)[factor]
    figure, axes = plt.subplots(figsize=(7, 3.6))
    spans = []
    for place, (level, rows) in enumerate(levels.items()):
        of = dict(list(rows.groupby("activation", sort=False)["error"]))
        means = [errors.mean() for errors in of.values()]
        spans.append(f"{level}: {max(means) - min(means):.2f}")
        shifts = np.linspace(-0.3, 0.3, len(of))
        for x, (name, errors) in zip(place + shifts, of.items(), strict=True):
            look = {"color": colour(name)}
            axes.hlines(errors.mean(), x - 0.05, x + 0.05, **look)
            axes.plot(
                [x] * len(errors),
                errors,
                marker(name),
                **look,
                alpha=0.7,
                label=None if place else label(name),
            )
    axes.set_xticks(range(len(levels)), levels)
    axes.set_xlabel(factor)
    axes.grid(visible=False, axis="x")
    axes.set_yscale("log")
    _mark(axes.yaxis, ticker.LogLocator(subs=ERRORS))
    axes.set_ylabel("error (%)")
    axes.set_title(
        f"From the worst mean to the best, in points:\n{',  '.join(spans)}"
    )
    legend_beside(axes)
    return figure


@styled
def rates(table):
    """Draws the error by learning rate, a panel a batch size.

    What is chosen has a ring.

    Args:
        table: As `factors.rates` makes it.

    Returns:
        The figure.
    """
    sizes = dict(list(table.groupby("batch_size", sort=False)))
    figure, panels = plt.subplots(
        1, len(sizes), figsize=(8, 3.6), sharey=True, squeeze=False
    )
    for axes, (size, rows) in zip(panels.flat, sizes.items(), strict=True):
        errors = 100 - rows.droplevel("batch_size").drop(columns="chosen")
        # Beside "chosen" they were objects, of which no axis has a logarithm.
        errors.columns = errors.columns.astype(float)
        for name, row in errors.iterrows():
            look = {"marker": marker(name), "color": colour(name)}
            axes.plot(row.index, row, **look, label=label(name))
            # Of a network that diverged at every rate, none is.
            for chosen in rows.loc[[(size, name)], "chosen"].dropna():
                axes.plot(
                    chosen, row[chosen], "ko", markersize=13, fillstyle="none"
                )
        axes.set_xscale("log")
        axes.set_xticks(
            errors.columns, [f"{rate:g}" for rate in errors.columns]
        )
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.set_xlim(errors.columns[0] / 1.5, errors.columns[-1] * 1.5)
        axes.set_title(f"batches of {size}", fontsize="medium")
    axes = panels.flat[0]
    axes.set_yscale("log")
    _mark(axes.yaxis, ticker.LogLocator(subs=ERRORS))
    axes.set_ylabel("validation error (%)")
    figure.supxlabel("learning rate")
    best = table["chosen"].dropna()
    edge = best.isin([errors.columns[0], errors.columns[-1]]).sum()
    figure.suptitle(
        f"{edge} of {len(best)} best rates (ringed) lie at an end of what was "
        "tried",
        fontsize="large",
    )
    panels.flat[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def drawn(study, found, folders):
    """Returns the figures of `knobs` and `knobs_rates`; of others, none.

    Args:
        study: A `studies.Study`.
        found: Its records.
        folders: Where the records that they stand beside are looked for.
    """
    if study.name == "knobs_rates":
        return {study.name: rates(factors.rates(found))}
    records = factors.gather(study, found, folders)
    if not records:
        return {}
    table, values = factors.table(records), factors.accuracies(records)
    figures = {f"{study.name}-settings": settings(table)}
    if _by_level(values):
        figures[f"{study.name}-orders"] = orders(values, table)
    return figures


def _mark(axis, locator):
    """Marks a logarithmic axis with plain numbers, at these alone."""
    axis.set_major_locator(locator)
    axis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axis.set_minor_locator(ticker.NullLocator())


def _by_level(values):
    """Returns by factor the runs at each value, the article's among them."""
    # A run that diverged has no error; the table counts it.
    values = values.dropna(subset="accuracy")
    found = {}
    for level in factors.LEVELS:
        rows = values[
            (values["factor"] == level.factor)
            & (values["level"] == level.label)
        ]
        levels = found.setdefault(level.factor, {})
        for at, name in (("reference", level.usual), ("level", level.label)):
            part = rows[rows["at"] == at]
            if name not in levels and len(part):
                levels[name] = part.assign(error=100 - part["accuracy"])
    # Of one level there is nothing to compare.
    return {
        factor: {name: levels[name] for name in _by_size(levels)}
        for factor, levels in found.items()
        if len(levels) > 1
    }


def _panels(values):
    """Returns by factor the errors over their median, a column a level."""
    return {
        factor: _over_median(
            pd.DataFrame(
                {
                    name: part.groupby("activation", sort=False)["error"].mean()
                    for name, part in levels.items()
                }
            )
        )
        for factor, levels in _by_level(values).items()
    }


def _over_median(errors):
    return errors / errors.median()


def _by_size(names):
    """Sorts numbers by size; leaves words as they are."""
    try:
        return sorted(names, key=lambda name: float(name.replace(",", "")))
    except ValueError:
        return list(names)
