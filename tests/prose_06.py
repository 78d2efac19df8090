"""The numbers in notebook 6: each from the records of the knobs."""

import functools
import math

import numpy as np
from prose import where

from comparison import factors, records, studies, tables

FOLDERS = [records.RESULTS]
OFF = ("batch normalisation", "off")
ALL_IMAGES = ("training images", "55,000")
EPOCHS = "epochs, 55,000 images"


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


@functools.cache
def accuracies(factor, level, at="level"):
    """A row an activation, a column a seed."""
    rows = factors.accuracies(runs())
    rows = rows[(rows["factor"] == factor) & (rows["level"] == level)]
    return rows[rows["at"] == at].pivot(
        index="activation", columns="seed", values="accuracy"
    )


def level(name, *columns):
    return [table().loc[name, column] for column in columns]


def usual(*columns):
    return level((factors.ARTICLE.factor, factors.ARTICLE.label), *columns)


def falls(name):
    """How far the mean falls, and the interval of that, the smaller first."""
    effect, low, high = level(name, "effect", "low", "high")
    return [-effect, -high, -low]


def shown_to_fall(epochs):
    fall, low, high = falls((EPOCHS, epochs))
    return [where(low > 0, fall), low, high]


def settings():
    """The levels that are compared with another."""
    return table()[table()["usual"] != ""]


def further():
    """How many settings move the accuracy further than the activation."""
    found = settings()
    return [(found["effect"].abs() > found["span"]).sum(), len(found)]


# Without normalisation.


def gains():
    """What normalisation's absence does to each activation, in points."""
    return (accuracies(*OFF) - accuracies(*OFF, "reference")).mean(axis=1)


def others():
    return gains().drop("sigmoid")


def chance():
    """Sigmoid's accuracy, if all seeds end at it and the others learned."""
    rows = accuracies(*OFF)
    values = rows.loc["sigmoid"].unique()
    learned = (rows.drop("sigmoid") > 100 * tables.LEARNED).all(axis=None)
    return where(len(values) == 1 and learned, values[0])


def steps(images):
    return math.ceil(images / 128) * 20


def apart():
    """How far the five others' means lie apart."""
    return np.ptp(accuracies(*OFF).drop("sigmoid").mean(axis=1))


def changed():
    """How many pairs change, if each of them is one with sigmoid."""
    found = changes()
    found = found[(found["factor"] == OFF[0]) & found["shown"]]
    with_it = found[["first", "second"]].eq("sigmoid").any(axis=1)
    return where(with_it.all(), len(found))


@functools.cache
def on_all_images():
    """Records without normalisation on all images, by activation: seed 0."""
    found = studies.records(studies.study("unnormalised"), FOLDERS)
    return {
        record["configuration"]["activation"]: record
        for record in found
        if record["configuration"]["seed"] == 0
    }


def waited():
    """How many epochs sigmoid stays at chance there."""
    values = on_all_images()["sigmoid"]["history"]["val_accuracy"]
    return [next(n for n, v in enumerate(values) if v > 0.2)]


def ends_on_all_images():
    return [
        100 * on_all_images()[name]["test"]["accuracy"]
        for name in ("sigmoid", "relu")
    ]


# Images and epochs.


def gained():
    effect, low, high = level(ALL_IMAGES, "effect", "low", "high")
    few = accuracies(*ALL_IMAGES, "reference").dropna(axis=1)
    gains = (accuracies(*ALL_IMAGES)[few.columns] - few).mean(axis=1)
    return [where((gains > 0).all(), effect), low, high]


def ranges_of_sigmoid():
    return [
        np.ptp(accuracies(*ALL_IMAGES, at).loc["sigmoid"].dropna())
        for at in ("level", "reference")
    ]


def sigmoid_at_ten():
    row = accuracies(EPOCHS, "10").loc["sigmoid"]
    return [row.min(), row.max()]


def first_lowered():
    """Behind which epochs of the controlled runs, at least and at most."""
    behind = [
        next(n for n, rate in enumerate(rates) if rate < rates[0])
        for record in studies.records(studies.study("controlled"), FOLDERS)
        for rates in [record["history"]["learning_rate"]]
    ]
    return [min(behind), max(behind)]


@functools.cache
def table_of_four():
    names = ("relu", "leaky_relu", "swish", "swish_trainable")
    return factors.table(
        [r for r in runs() if r["configuration"]["activation"] in names]
    )


def without_sigmoid_and_tanh():
    """Settings that move four further than the choice does; normalisation."""
    found = table_of_four()
    found = found[found["usual"] != ""]
    less = found.index[found["effect"].abs() <= found["span"]]
    return [
        where(list(less) == [OFF], len(found) - len(less)),
        len(found),
        *found.loc[OFF, ["effect", "low", "high"]],
    ]


def among_the_four():
    found = table_of_four()
    return [
        found.loc[(factors.ARTICLE.factor, factors.ARTICLE.label), "span"],
        factors.ARTICLE.fields["train_samples"],
        found.loc[ALL_IMAGES, "span"],
        *found.loc[OFF, ["span", "shown", "pairs"]],
    ]


def luck():
    """How many standard deviations six equal means of three seeds lie apart."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, 6, 3))
    return np.ptp(draws.mean(axis=-1), axis=-1).mean()


FACTS = [
    ("Kızrak, {})", lambda: [2019]),
    (
        "six activations and {} seeds. The question",
        lambda: [len(studies.study("knobs").seeds)],
    ),
    # Try it.
    ("trained on 1,000 digits for four epochs, and tested on 1,000", list),
    ("with 200 digits both fall", list),
    (
        "An epoch has {} steps then, where it had {}",
        lambda: [math.ceil(1000 / 128), math.ceil(1000 / 16)],
    ),
    ("as before, in {} epochs, both", lambda: [32]),
    # How it is measured.
    ("batches of 128, dropout of one half in front", list),
    ("Adam at 0.001 with a schedule", list),
    ("batch normalisation, 20 epochs. One thing", list),
    (
        "so there are {} training images",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    (
        "{} seeds are {} values",
        lambda: [len(studies.study("knobs").seeds)] * 2,
    ),
    ("intervals of all {} pairs", lambda: usual("pairs")),
    ("{} standard deviations apart", lambda: [luck()]),
    ("have ended above {} %", lambda: [100 * tables.LEARNED]),
    (" of {} pairs of activations are", lambda: usual("pairs")),
    (
        "the article's values and 10,000 images the worst and the best "
        "activation lie {} points apart, and {} of {} pairs are shown to "
        "differ: with {} seeds the interval of the span reaches "
        "from {} to {} points. On all images, with {} seeds, it is [{} points",
        lambda: [
            *usual("span", "shown", "pairs"),
            len(studies.study("knobs").seeds),
            *usual("span low", "span high"),
            len(accuracies(*ALL_IMAGES).columns),
            *level(ALL_IMAGES, "span"),
        ],
    ),
    # Normalisation.
    (
        "All {} seeds of sigmoid end at {} %, the share of the most frequent "
        "digit: in {} steps",
        lambda: [
            len(accuracies(*OFF).columns),
            chance(),
            steps(factors.ARTICLE.fields["train_samples"]),
        ],
    ),
    (
        "The other five move by {} to {} points.",
        lambda: [others().min(), others().max()],
    ),
    (
        "a mean over the six, {} points, describes",
        lambda: level(OFF, "effect"),
    ),
    (
        "the span of {} points is sigmoid's alone: the five lie within {}.",
        lambda: [*level(OFF, "span"), apart()],
    ),
    (
        "{} of {} pairs differ otherwise than with normalisation, each",
        lambda: [changed(), *level(OFF, "pairs")],
    ),
    (
        "Tanh, by {} points. Not one of its seeds with normalisation is as low "
        "as one without: the least is {} %, and without it the most is {} %.",
        lambda: [
            where(others().abs().idxmax() == "tanh", others()["tanh"]),
            accuracies(*OFF, "reference").loc["tanh"].min(),
            accuracies(*OFF).loc["tanh"].max(),
        ],
    ),
    ("On all 55,000 images, of which", list),
    ("at chance for {} epochs, some 5,000 steps", waited),
    ("it ends at {} %, where ReLU has {} %", ends_on_all_images),
    # Images.
    (
        "The {} images of these runs are",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    ("the same networks on 55,000", list),
    (
        "as far as {} seeds can tell",
        lambda: [len(studies.study("part").seeds)],
    ),
    (
        "from {} images to 55,000 the mean rises by {} points ({} to {}), "
        "over the {} seeds that both have, and the span falls from {} points "
        "to {}.",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *gained(),
            len(studies.study("part").seeds),
            *usual("span"),
            *level(ALL_IMAGES, "span"),
        ],
    ),
    (
        "On all images {} of {} pairs are shown to differ, and none on {}.",
        lambda: [
            *level(ALL_IMAGES, "shown", "pairs"),
            where(
                usual("shown") == [0], factors.ARTICLE.fields["train_samples"]
            ),
        ],
    ),
    (
        "there are {} seeds, and they lie closer together, sigmoid's within "
        "{} points where they lay within {}.",
        lambda: [len(accuracies(*ALL_IMAGES).columns), *ranges_of_sigmoid()],
    ),
    # Epochs.
    (
        "With {} images the first eight epochs say nothing yet",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    ("an epoch has {} steps, and they", lambda: [steps(55_000) / 20]),
    (
        "On all images 2 epochs end {} points below 20 ({} to {}), 5 epochs {} "
        "({} to {}) and 10 epochs {} ({} to {}): the way is not steady.",
        lambda: [
            *shown_to_fall("2"),
            *shown_to_fall("5"),
            *shown_to_fall("10"),
        ],
    ),
    (
        "sigmoid's seeds lie between {} and {} %, and no pair is shown to "
        "differ, although the worst and the best lie {} points apart",
        lambda: [
            *sigmoid_at_ten(),
            where(
                level((EPOCHS, "10"), "shown") == [0],
                *level((EPOCHS, "10"), "span"),
            ),
        ],
    ),
    ("behind epoch {} at the earliest and {} at the latest", first_lowered),
    (
        "With {} images the step from ten epochs to twenty is not shown to "
        "matter: {} points, with an interval from {} to {}.",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *falls(("epochs", "10")),
        ],
    ),
    (
        "After two epochs and after ten alike, at {} and {} points",
        lambda: [
            *level((EPOCHS, "2"), "between"),
            *level((EPOCHS, "10"), "between"),
        ],
    ),
    # The picture and the order.
    ("of the other rows the one of 55,000 images alone", list),
    ("{} of {} settings moves the accuracy further", further),
    (
        "Then {} of {} do. The one that does not is normalisation, which moves "
        "the mean of these four by {} points, with an interval from {} to {}.",
        without_sigmoid_and_tanh,
    ),
    (
        "{} pairs are shown to turn, of {} pairs and settings, and {} change "
        "in size: those of sigmoid",
        lambda: [changes()["turned"].sum(), len(changes()), changed()],
    ),
    # The advice.
    (
        "in {} epochs of {} images; the other five move by {} to {} points",
        lambda: [
            where(chance() > 0, 20),
            factors.ARTICLE.fields["train_samples"],
            others().min(),
            others().max(),
        ],
    ),
    (
        "From {} to 55,000 the mean rises by {} points ({} to {}); on all of "
        "them the best activation leads the worst by {}.",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *gained(),
            *level(ALL_IMAGES, "span"),
        ],
    ),
    (
        "instead of twenty cost {} points ({} to {})",
        lambda: shown_to_fall("10"),
    ),
    (
        "their means lie within {} points on {} images and within {} on all; "
        "without it within {}, where {} of {} pairs are shown",
        among_the_four,
    ),
    # Where this stops.
    (
        "With {} seeds the interval of",
        lambda: [len(studies.study("knobs").seeds)],
    ),
    (
        "- {} images, one network",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
]
