"""Dense networks by depth: how deep one still learns, as tables."""

import numpy as np
import pandas as pd

from comparison import runs, tables
from comparison.configuration import Configuration

# A network reaches what is asked of it with this accuracy in validation.
REACHED = 0.9
# What a network differs in from another of the same depth.
KINDS = ["initializer", "optimizer", "normalised", "activation"]


def ends(study, records):
    """Returns `tables.ends` with what tells networks by depth apart.

    Columns besides: `initializer`, with its standard deviation where it has
    one; `optimizer`, with its epsilon where that is not Keras's; `normalised`,
    whether by batch; `depth`, the number of hidden dense layers; `best`, the
    highest validation accuracy of all epochs.
    The rows are sorted by the first four, each in the study's order.
    """
    rows = tables.ends(study, records)
    configurations = [runs.of_record(record) for record in records]
    rows["initializer"] = [
        c.kernel_initializer + (f" {c.stddev}" if c.stddev else "")
        for c in configurations
    ]
    rows["optimizer"] = [
        c.optimizer
        # The class has a field's default.
        + (f" {c.epsilon:g}" if c.epsilon != Configuration.epsilon else "")
        for c in configurations
    ]
    rows["normalised"] = [c.batch_normalization for c in configurations]
    rows["depth"] = [len(c.hidden) for c in configurations]
    best = [max(record["history"]["val_accuracy"]) for record in records]
    rows["best"] = best
    order = [pd.factorize(rows[kind])[0] for kind in reversed(KINDS)]
    return rows.iloc[np.lexsort(order)].reset_index(drop=True)


def deepest(rows):
    """Returns the deepest network that still reaches 90 %, by seed.

    That is, the number of hidden layers of the deepest with a validation
    accuracy of `REACHED` or more after some epoch, 0 if none has; deeper ones
    than the deepest that was tried may do so as well.

    Args:
        rows: Of `ends`.

    Returns:
        A row a kind of network, a column a seed, and the `smallest` and the
        `largest` of them; then how many of its `runs`, over all depths and
        seeds, have `learned` (see `tables.LEARNED`), and how many `diverged`.
    """
    depth = rows["depth"].where(rows["best"] >= REACHED, 0)
    table = (
        rows.assign(depth=depth)
        .pivot_table(
            index=KINDS,
            columns="seed",
            values="depth",
            aggfunc="max",
            sort=False,
        )
        .astype("Int64")
    )
    seeds = list(table.columns)
    table.columns = [f"seed {seed}" for seed in seeds]
    by_kind = rows.groupby(KINDS, sort=False)
    return table.assign(
        smallest=table.min(axis=1),
        largest=table.max(axis=1),
        runs=by_kind.size(),
        learned=by_kind["learned"].sum(),
        diverged=by_kind["diverged"].sum(),
    )


def accuracies(rows):
    """Returns test accuracies over the seeds, a row a network.

    `median`, `least` and `most` of the test accuracy; how many `seeds` there
    are, and how many have `learned` (see `tables.LEARNED`) or `diverged`,
    which have no test accuracy.

    Args:
        rows: Of `ends`.
    """
    by_network = rows.groupby([*KINDS, "depth"], sort=False)
    accuracy = by_network["test_accuracy"]
    return pd.DataFrame(
        {
            "median": accuracy.median(),
            "least": accuracy.min(),
            "most": accuracy.max(),
            "seeds": by_network.size(),
            "learned": by_network["learned"].sum(),
            "diverged": by_network["diverged"].sum(),
        }
    )


def by_depth(table, column):
    """Returns a column of `accuracies`, a row a kind, a column a depth."""
    kinds = table.index.droplevel("depth").unique()
    return table[column].unstack("depth").reindex(kinds).sort_index(axis=1)
