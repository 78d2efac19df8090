"""Single runs that were published elsewhere, beside seeds measured here."""

import math

import pandas as pd

from comparison import runs, statistics, tables
from comparison.records import RESULTS

# What the tables in `results/` tell networks apart by, besides the activation.
FIELDS = ("stddev", "scale", "depth")


def published(study):
    """Returns the single runs that were published of a study's networks.

    Returns:
        A row a run: `activation`, those of `FIELDS` by which its networks
        differ, and `val_accuracy` or `test_accuracy`, a fraction. `depth` is
        the number of hidden dense layers; `run` tells several runs of one
        network apart.
    """
    return pd.read_csv(RESULTS / study.cited)


def metric(study):
    """Returns what was published: `"val_accuracy"` or `"test_accuracy"`."""
    (name,) = {"val_accuracy", "test_accuracy"} & set(published(study).columns)
    return name


def measured(study, records):
    """Returns `tables.ends`, sorted by what tells the networks apart.

    With the columns of `FIELDS`, and `measured`, the accuracy of the kind that
    was published, which diverged runs have not.
    """
    rows = tables.ends(study, records)
    configurations = [runs.of_record(record) for record in records]
    for field in ("stddev", "scale"):
        rows[field] = [getattr(c, field) for c in configurations]
    rows["depth"] = [len(c.hidden) for c in configurations]
    rows["measured"] = rows[metric(study)].mask(rows["diverged"])
    return rows.sort_values(list(FIELDS), kind="stable", ignore_index=True)


def beside(study, records):
    """Returns a row a published run, beside the seeds of the same network.

    Accuracies are fractions: of validation after the last epoch, or of the
    test images, whichever was published. `mean` is over the measured `seeds`,
    of which `learned` have learned (see `tables.LEARNED`); `low` and `high`
    are the ends of the 95 % interval for one new run of that network (see
    `statistics.prediction_interval`), as far as accuracies go, `inside`
    whether the published run lies within, `NA` where one seed or none leaves
    no interval. Runs that diverged have no accuracy and count as seeds that
    have not learned. Published runs of what has no records are left out.
    """
    table = published(study)
    keys = [f for f in FIELDS if f in table.columns] + ["activation"]
    rows = measured(study, records)
    found = {}
    for network, seeds in rows.groupby(keys, sort=False):
        values = seeds["measured"].dropna()
        low, high = (
            statistics.prediction_interval(values)
            if len(values)
            else (math.nan, math.nan)
        )
        found[network] = {
            "variant": seeds["variant"].iloc[0],
            "seeds": len(seeds),
            "learned": seeds["learned"].sum(),
            "mean": values.mean(),
            "low": low,
            "high": high,
        }
    index = pd.MultiIndex.from_tuples(found, names=keys)
    table = pd.DataFrame(list(found.values()), index).join(
        table.set_index(keys).rename(columns={metric(study): "published"}),
        how="inner",
    )
    table["inside"] = statistics.inside(
        table["published"], table["low"], table["high"]
    )
    table[["low", "high"]] = table[["low", "high"]].clip(0, 1)
    order = ["published", "seeds", "learned", "mean", "low", "high", "inside"]
    order = [*(c for c in ("layers", "run") if c in table.columns), *order]
    return table.set_index("variant")[order].round(4)
