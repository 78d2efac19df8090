"""The numbers in notebook 6: each from the records of the knobs."""

import functools

import numpy as np
import pandas as pd

from comparison import factors, records, statistics, studies, tables

FOLDERS = [records.RESULTS]
FOUR = ("relu", "leaky_relu", "swish", "swish_trainable")


@functools.cache
def runs():
    knobs = studies.study("knobs")
    found = studies.records(knobs, FOLDERS)
    return factors.gather(knobs, found, FOLDERS)


@functools.cache
def table():
    return factors.table(runs())


@functools.cache
def changes():
    return factors.interactions(runs())


def settings():
    """The levels that are compared with another."""
    found = table()
    return found[found["usual"] != ""]


def seeds():
    return [len(studies.study("knobs").seeds)]


def level(factor, label, *columns):
    """Some columns of a level; a fall is told as a number above 0."""
    row = table().loc[(factor, label)]
    return [abs(row[column]) for column in columns]


def falls(factor, label):
    """How far the mean falls, and the interval of that, the smaller first."""
    row = table().loc[(factor, label)]
    assert row["high"] < 0, (factor, label)
    return [-row["effect"], -row["high"], -row["low"]]


def rises(factor, label):
    row = table().loc[(factor, label)]
    assert row["low"] > 0, (factor, label)
    return [row["effect"], row["low"], row["high"]]


def usual(*columns):
    return level(factors.ARTICLE.factor, factors.ARTICLE.label, *columns)


def from_images():
    """What 55,000 images are above 300, by the means of both levels."""
    return [
        rises("training images", "55,000")[0]
        + falls("training images", "300")[0]
    ]


def further():
    """How many settings move the accuracy further than the activation."""
    found = settings()
    return [(found["effect"].abs() > found["span"]).sum(), len(found)]


def surely_further():
    """Of how many the intervals say so as well."""
    found = settings()
    least = np.minimum(found["low"].abs(), found["high"].abs())
    same_sign = found["low"] * found["high"] > 0
    return [(same_sign & (least > found["span high"])).sum()]


def turned():
    """Pairs that turn, pairs and settings, and other pairs that change."""
    found = changes()
    both = found["turned"].sum()
    return [both, len(found), (found["shown"] & ~found["turned"]).sum()]


def settings_with_a_turn():
    return [(settings()["turned"] > 0).sum()]


def shown_pairs(pairs):
    """In how many settings one of the pairs is shown to differ, of how many.

    Over the levels themselves, by the rule in `comparison.statistics`.
    """
    count = 0
    values = factors.accuracies(runs())
    at = values[values["at"] == "level"].dropna(subset="accuracy")
    for _, rows in at.groupby(["factor", "level"], sort=False):
        samples = {
            name: group["accuracy"].to_numpy()
            for name, group in rows.groupby("activation", sort=False)
        }
        names = list(samples)
        _, low, high = statistics.differences(list(samples.values()))
        found = [
            {names[i], names[j]}
            for i in range(len(names))
            for j in range(i + 1, len(names))
        ]
        verdicts = dict(zip(map(frozenset, found), (low > 0) | (high < 0)))
        count += any(verdicts[frozenset(pair)] for pair in pairs)
    return [count, at.groupby(["factor", "level"]).ngroups]


def among_the_four():
    pairs = pd.MultiIndex.from_product([FOUR, FOUR])
    return shown_pairs([pair for pair in pairs if pair[0] != pair[1]])


def luck():
    """How many standard deviations six equal means of three seeds lie apart."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, 6, 3))
    return [np.ptp(draws.mean(axis=-1), axis=-1).mean()]


def controlled_span():
    study = studies.study("controlled")
    found = studies.records(study, FOLDERS)
    values = tables.run_table(study, found)
    means = values.groupby("activation")["test_accuracy"].mean()
    return [100 * (means.max() - means.min())]


# A template a sentence: as the sentences stand, with the numbers still to do.
FACTS = [
    # How it is measured.
    ("{} standard deviations apart", luck),
    ("[{} points apart]", controlled_span),
    (
        "the worst and the best activation lie {} points apart ({} to {}), "
        "and {} of {} pairs",
        lambda: usual("span", "span low", "span high", "shown", "pairs"),
    ),
    # A section a factor.
    (
        "Without normalisation the mean falls by {} points ({} to {})",
        lambda: falls("batch normalisation", "off"),
    ),
    (
        "spread over {} points instead of {}",
        lambda: [*level("batch normalisation", "off", "span"), *usual("span")],
    ),
    (
        "The mean falls by {} points, {} times as far as the activations",
        lambda: [
            *level("dataset", "Fashion-MNIST", "effect"),
            level("dataset", "Fashion-MNIST", "effect")[0]
            / level("dataset", "Fashion-MNIST", "span")[0],
        ],
    ),
    # One picture, and the order.
    ("{} of {} settings move the accuracy further", further),
    (
        "{} pairs are shown to turn, of {} pairs and settings; {} change",
        turned,
    ),
    # The advice.
    ("300 to 55,000 images are {} points", from_images),
    (
        "a tenth of the rate costs {} points on average",
        lambda: falls("learning rate", "0.0001")[:1],
    ),
    (
        "Fashion-MNIST costs {} points",
        lambda: falls("dataset", "Fashion-MNIST")[:1],
    ),
    ("shown to differ in {} of {} settings", among_the_four),
]
