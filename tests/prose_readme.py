"""The facts in the README; see prose.py."""

import itertools
import math

import prose_03
import prose_05
import prose_06
from prose import where

from comparison import depth, factors, records, studies, tables

STUDY = studies.study("controlled")
_found = studies.records(STUDY, [records.RESULTS])
SEEDS = tables.complete_seeds(STUDY, _found)
FOUND = [r for r in _found if r["configuration"]["seed"] in SEEDS]
ALIKE = ["relu", "leaky_relu", "swish", "swish_trainable"]


def accuracy(name):
    """The mean over the seeds, in percent, from the records by hand."""
    values = [
        100 * record["test"]["accuracy"]
        for record in FOUND
        if record["configuration"]["activation"] == name
    ]
    return sum(values) / len(values)


def alike():
    verdicts = tables.verdicts(STUDY, FOUND)["verdict"]
    for pair in itertools.combinations(ALIKE, 2):
        assert verdicts[pair] in ("cannot tell", "equivalent"), pair
    means = [accuracy(name) for name in ALIKE]
    return [max(means) - min(means)]


def order():
    share = tables.order_probability(
        STUDY, FOUND, tables.published_order("article_accuracy")
    )
    return [100 * share]


def bottom():
    """How often one run each has tanh and sigmoid last, as notebook 3 says."""
    return [prose_03.low_last()]


def reaching(layers):
    """How many networks of this depth there are, and end at 90 % or more."""
    median = prose_05.fields(f"depth == {layers}")["median"]
    return [len(median), (median >= depth.REACHED).sum()]


def all_of(networks, reached):
    assert reached == networks
    return [networks]


RELUS = ("relu", "leaky_relu")
DEEP = f"depth == {prose_05.LAYERS}"
FROM_HE = f"{DEEP} and initializer == 'he_normal' and activation != 'sigmoid'"
OF_SWISHES = (
    f"{DEEP} and initializer == 'glorot_uniform' and {prose_05.SWISHES}"
)


def never_behind():
    """At how many settings, if no activation is shown to be above the two."""
    places = [(level.factor, level.label) for level in factors.LEVELS]
    for place in places:
        found = prose_06.pairs_at(place)
        for first, second in prose_06.shown_pairs(found):
            lower, higher = first, second
            if found.loc[(first, second), "difference"] > 0:
                lower, higher = second, first
            if lower in RELUS and higher not in RELUS:
                return [math.nan]
    return [len(places)]


FACTS = [
    (
        "makes no difference that {} seeds show: their means lie within {} "
        "points of one another",
        lambda: [len(SEEDS), *alike()],
    ),
    (
        "On Fashion-MNIST ({} seeds), where",
        lambda: [len(studies.study("controlled_fashion").seeds)],
    ),
    (
        "tanh costs {} points beside ReLU (95 % interval {} to {})",
        lambda: prose_06.shown_behind("controlled", "tanh", "relu"),
    ),
    (
        "and sigmoid {} ({} to {})",
        lambda: prose_06.shown_behind("controlled", "sigmoid", "relu"),
    ),
    (
        "where errors are nine times as many, a difference is shown: swish "
        "ends {} points behind ReLU ({} to {}) and {} behind leaky ReLU ({} to "
        "{}).",
        lambda: [
            where(
                round(prose_06.times_the_errors()) == 9,
                prose_06.shown_behind("controlled_fashion", "swish", "relu")[0],
            ),
            *prose_06.shown_behind("controlled_fashion", "swish", "relu")[1:],
            *prose_06.shown_behind("controlled_fashion", "swish", "leaky_relu"),
        ],
    ),
    ("at the bottom {} times in 100, drawn", bottom),
    ("drawn from the {} seeds on MNIST; the", lambda: [len(SEEDS)]),
    ("comes up more than {} times.", lambda: [prose_03.most(1)]),
    ("The article's comes up {} times:", order),
    (
        "over the seeds tanh is, {} points behind sigmoid ({} to {}).",
        lambda: prose_06.shown_behind("controlled", "tanh", "sigmoid"),
    ),
    (
        "of {} plain dense ones, nine activations from five initialisations, "
        "all {} end at {} % or more with 2 layers, and with 32 layers {} do "
        "and {} learn nothing",
        lambda: [
            *all_of(*reaching(2)),
            *all_of(*reaching(2)),
            100 * depth.REACHED,
            reaching(32)[1],
            (prose_05.fields("depth == 32")["learned"] == 0).sum(),
        ],
    ),
    (
        "(medians of {} seeds, {} epochs on {} digits)",
        lambda: [
            len(studies.study("depth").seeds),
            prose_05.epochs(),
            studies.study("depth").configurations[0].train_samples,
        ],
    ),
    (
        "all but sigmoid end above {} % there, and from Glorot's with batch "
        "normalisation ReLU, still rising, is at {} % and swish at {} %",
        lambda: [
            where(
                prose_05.span(FROM_HE)[0] > 100 * depth.REACHED
                and prose_05.rising()[0] > 0,
                100 * depth.REACHED,
            ),
            *[prose_05.normalised(name) for name in ("relu", "swish")],
        ],
    ),
    ("where its {} % interval, which allows", lambda: [95]),
    ("at any of the {} settings tried", never_behind),
    (
        "From He's {} layers learn with every activation tried but sigmoid; "
        "from Glorot's, which is Keras's default, swish and GELU learn nothing "
        "there, and ReLU ends at {} %.",
        lambda: [
            where(
                len(prose_05.fields(FROM_HE)) == 8,
                prose_05.all_learned(FROM_HE, "depth", prose_05.LAYERS),
            ),
            where(
                len(prose_05.fields(OF_SWISHES)) == 3,
                prose_05.none_learned(
                    OF_SWISHES, prose_05.plain_relus("glorot_uniform")[0]
                ),
            ),
        ],
    ),
    (
        "with {} they end at {} and {} %, where ReLU is at {}.",
        lambda: [
            prose_05.LAYERS,
            *[prose_05.normalised(n) for n in ("swish", "elu", "relu")],
        ],
    ),
    ("(Towards Data Science, {};", lambda: [2019]),
    (", {}. MNIST", lambda: [2017]),
    # No results: names, versions, licences.
    ("Python 3.11 to 3.13", list),
    ("CC BY-SA 4.0", list),
    ("CC BY-SA 3.0", list),
    ("Apache License 2.0", list),
    ("[01 Functions", list),
    ("[02 The MNIST", list),
    ("[03 Published", list),
    ("[04 Why", list),
    ("[05 Depth", list),
    ("[06 What", list),
]
