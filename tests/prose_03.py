"""The numbers in notebook 3: each from the records or what was published."""

import functools
import itertools
import math
import re

import numpy as np
from prose import where
from scipy import stats

from comparison import data, hardest, records, statistics, studies, tables

LEADERS = ("relu", "leaky_relu", "swish", "swish_trainable")
LOW = ("sigmoid", "tanh")


@functools.cache
def study():
    everything = studies.study("controlled")
    found = studies.records(everything, [records.RESULTS])
    return studies.study(
        "controlled", seeds=tables.complete_seeds(everything, found)
    )


def seeds():
    return [len(study().seeds)]


@functools.cache
def runs():
    return studies.records(study(), [records.RESULTS])


@functools.cache
def rerun():
    return studies.records(studies.study("published"), [records.RESULTS])


@functools.cache
def effects():
    ablations = studies.study("ablations")
    found = studies.records(ablations, [records.RESULTS])
    return tables.effects(ablations, found, runs())


@functools.cache
def verdicts(metric="test_accuracy"):
    return tables.verdicts(study(), runs(), metric)


def shown(metric, named):
    """How many pairs are shown to differ, of how many, if they are these."""
    table = verdicts(metric)
    found = table["verdict"].isin(statistics.VERDICTS[:2])
    same = set(table.index[found]) == named
    return [where(same, found.sum()), len(table)]


def shown_accuracy():
    named = {("tanh", name) for name in LEADERS}
    return shown(
        "test_accuracy",
        named | {("sigmoid", "relu"), ("sigmoid", "leaky_relu")},
    )


def shown_loss():
    return shown("test_loss", {(a, b) for a in LOW for b in LEADERS})


def tanh_below():
    gaps = [-verdicts().loc[("tanh", name), "difference"] for name in LEADERS]
    return [min(gaps), max(gaps)]


@functools.cache
def improvement():
    return tables.improvement(study(), runs())


def apart():
    table = improvement()
    return [((table["low"] > 0.5) | (table["high"] < 0.5)).sum()]


def tanh_s_chance():
    rows = improvement().loc[[("tanh", name) for name in LEADERS]]
    return [where(not rows["probability"].any(), rows["high"].max())]


@functools.cache
def accuracy():
    """In percent, a row an activation, a column a seed."""
    rows = tables.run_table(study(), runs())
    table = rows.pivot(
        index="activation", columns="seed", values="test_accuracy"
    )
    return 100 * table.loc[list(studies.COMPARED)]


def published(activation, column):
    return 100 * tables.published_test().loc[activation, column]


def sigmoid_moves():
    today = 100 * rerun()[0]["test"]["accuracy"]
    columns = "article_accuracy", "notebook_accuracy"
    values = [today, *(published("sigmoid", c) for c in columns)]
    return max(values) - min(values)


def first_epochs(column, swish):
    table = tables.published_history()
    table = table[table["epoch"] == 1].set_index("activation")[column]
    return table["swish"] if swish else table.drop("swish")


def fits():
    loss = rerun()[-1]["history"]["loss"]
    return [loss[0], loss[len(loss) // 2]]


def gap(first, second, column):
    return tables.published_gaps(study(), runs()).loc[(first, second), column]


def swish_above_tanh():
    """The gap with its interval; and the article's, if that lies within."""
    measured, low, high, article = (
        gap("swish", "tanh", column)
        for column in ("measured", "low", "high", "article")
    )
    return [measured, low, high, where(low < article < high, article)]


def with_the_head_start():
    """Swish's accuracy then, and sigmoid's, if it is fourth of the five."""
    *once, twice = (100 * run["test"]["accuracy"] for run in rerun())
    sigmoid, tanh, relu, leaky, _ = once
    fourth = tanh < sigmoid < min(relu, leaky, twice)
    return [twice, where(fourth, sigmoid)]


def processors():
    """How many the records name, and the seed of which they name none.

    A name that is no more than an architecture's is none.
    """
    named = {
        (run["configuration"]["seed"], run["environment"]["device"])
        for run in runs()
    }
    unnamed = {seed for seed, name in named if name == "x86_64"}
    return [len({name for _, name in named} - {"x86_64"}), *unnamed]


def pair(first, second):
    row = verdicts().loc[(first, second)]
    return [row["difference"], row["low"], row["high"]]


@functools.cache
def orders(count):
    """The notebook's draws: each order with its share in percent."""
    rng = np.random.default_rng(0)
    rows = tables.run_table(study(), runs())
    draws = [
        rng.choice(
            rows.loc[rows["activation"] == name, "test_accuracy"],
            (100_000, count),
        )
        for name in studies.ARTICLE
    ]
    means = np.mean(draws, axis=2)
    means += rng.uniform(0, 1e-9, means.shape)
    found, counts = np.unique(
        np.argsort(-means, axis=0).T, axis=0, return_counts=True
    )
    names = np.array(studies.ARTICLE)[found]
    return {tuple(n): c / 1_000 for n, c in zip(names, counts)}


def most(count):
    return max(orders(count).values())


def published_share(column):
    """Exactly, where the notebook draws."""
    order = tables.published_order(column)
    return 100 * tables.order_probability(study(), runs(), order)


def named_first():
    """The share of the order that the sentence names, the most frequent."""
    named = ("relu", "leaky_relu", "swish", "sigmoid", "tanh")
    return where(orders(1).get(named) == most(1), most(1))


def low_last():
    return sum(
        share for order, share in orders(1).items() if set(order[3:]) == {*LOW}
    )


def ranges_of_seeds():
    """From the activation with the least range to sigmoid, with the most."""
    ranges = accuracy().max(axis=1) - accuracy().min(axis=1)
    return [ranges.min(), where(ranges.idxmax() == "sigmoid", ranges.max())]


def least_of_six():
    """How often the least of six shares is as low as sigmoid's, in percent."""
    names = studies.COMPARED
    share = shuffles_as_wide("sigmoid") / 100
    least = share == min(map(shuffles_as_wide, names)) / 100
    return [where(least, 100 * (1 - (1 - share) ** len(names)))]


def ends_within_one_image():
    """Whether the interval of the weakest difference does, in points."""
    samples = [accuracy().loc[name].to_numpy() for name in accuracy().index]
    pairs = list(itertools.combinations(accuracy().index, 2))
    high = statistics.differences(samples)[2][
        pairs.index(("sigmoid", "leaky_relu"))
    ]
    return -100 / IMAGES < high < 0


def shown_by_pairs_too():
    """How many are shown by paired intervals as well, of how many.

    If the three that are not, and the one that is besides, are those that the
    text names. Bonferroni's adjustment, as in `statistics.paired`.
    """
    shown = verdicts()[verdicts()["verdict"].str.startswith("different")]
    paired = [
        pair
        for pair in verdicts().index
        if len(verdicts())
        * stats.ttest_rel(*(accuracy().loc[n] for n in pair)).pvalue
        < 0.05
    ]
    left = [pair for pair in shown.index if pair in paired]
    lost, gained = {*shown.index} - {*paired}, {*paired} - {*shown.index}
    named = lost == {
        ("sigmoid", "leaky_relu"),
        ("tanh", "swish"),
        ("tanh", "swish_trainable"),
    }
    named = named and gained == {("sigmoid", "swish_trainable")}
    return [where(named, len(left)), len(shown)]


@functools.cache
def shuffles_as_wide(activation):
    """The notebook's shuffles, in percent."""
    wrong = np.array(
        [
            np.isin(
                np.arange(10_000),
                [image for image, _ in run["test"]["misclassified"]],
            )
            for run in runs()
            if run["configuration"]["activation"] == activation
        ]
    )
    rng = np.random.default_rng(0)

    def spread(wrong):
        return wrong.mean(axis=1).std(ddof=1)

    shuffled = [spread(rng.permuted(wrong, axis=0)) for _ in range(1_000)]
    return 100 * np.mean(np.array(shuffled) >= spread(wrong))


@functools.cache
def spreads():
    return tables.spreads(study(), runs())


def of_sigmoid():
    own, above_zero = spreads()["own"], spreads()["low"] > 0
    alone = above_zero["sigmoid"] and above_zero.sum() == 1
    return where(alone and own.idxmax() == "sigmoid", own["sigmoid"])


@functools.cache
def images():
    return tables.hardest_images(runs())


def always():
    found = images().index[images()["wrong"] == len(runs())]
    return where(set(found) <= set(hardest.read()[0]), len(found))


def missed_by_relu():
    accuracies = accuracy().loc["relu"]
    return 10_000 * (1 - accuracies.mean() / 100)


def betas():
    table = tables.beta_table(runs())
    last = table[table["epoch"] == table["epoch"].max()]
    means = last.groupby("layer")["beta"].mean()
    return [where(last["beta"].min() > 1, mean) for mean in means]


def other_betas():
    second, third = (round(beta, 2) for beta in betas()[1:])
    return where(second == third, second)


def correlations():
    return np.corrcoef(accuracy())[np.triu_indices(len(accuracy()), 1)]


def correlations_by_chance():
    rng = np.random.default_rng(0)
    pairs = np.triu_indices(len(accuracy()), 1)
    chance = [
        np.corrcoef(rng.permuted(accuracy(), axis=1))[pairs].mean()
        for _ in range(5_000)
    ]
    return 100 * np.mean(np.array(chance) >= correlations().mean())


def detectable(count):
    """What so many seeds would find of ReLU less leaky ReLU, in points."""
    found = statistics.detectable(
        accuracy().std(axis=1).tolist(), [count] * len(accuracy())
    )
    return found[verdicts().index.get_loc(("relu", "leaky_relu"))]


def false_alarms():
    """As `statistics.differences` states it, and its test finds it."""
    text = statistics.differences.__doc__
    (ends,) = re.findall(r"(\d) to (\d) % with ten", text)
    return [float(end) for end in ends]


def lowest_seed(activation):
    return accuracy().loc[activation].min()


def trained_on():
    return rerun()[0]["train_samples"], runs()[0]["train_samples"]


EPOCHS = study().configurations[0].epochs
LEVEL = 100 * statistics.LEVEL
MARGIN = 100 * tables.MARGINS["test_accuracy"]
IMAGES = data.test_size("mnist")
FACTS = [
    # What is left, in a sentence.
    ("tanh lies {} to {} points below ReLU, leaky ReLU and swish", tanh_below),
    ("comes last, {} seeds cannot tell", seeds),
    # The published orders, and what was not held equal.
    (
        "last in the article, gains {} points",
        lambda: [
            published("sigmoid", "notebook_accuracy")
            - published("sigmoid", "article_accuracy")
        ],
    ),
    (
        "network has {} parameters more",
        lambda: [rerun()[3]["parameters"] - rerun()[4]["parameters"]],
    ),
    # He's normal: 2 / fan in; Glorot's uniform: 2 / (fan in + fan out).
    (
        "weights {} times as wide",
        lambda: [math.sqrt((9 * 32 + 9 * 64) / (9 * 32))],
    ),
    (
        "After epoch {} the printed history of swish has a training loss of "
        "{} and a validation accuracy of {} %",
        lambda: [
            1,
            first_epochs("loss", True),
            100 * first_epochs("val_accuracy", True),
        ],
    ),
    (
        "have losses of {} to {}",
        lambda: [
            first_epochs("loss", False).min(),
            first_epochs("loss", False).max(),
        ],
    ),
    ("trained anew, {} epochs", lambda: [EPOCHS]),
    ("first fit starts at {}, the second at {}", fits),
    ("one earlier fit of {} epochs", lambda: [EPOCHS]),
    ("seed {} and without the head start", lambda: [0]),
    ("its accuracy moves by {} points", lambda: [sigmoid_moves()]),
    (
        "with its head start swish has {} %, and sigmoid's {} % are fourth",
        with_the_head_start,
    ),
    (
        "whole table spans {}",
        lambda: [
            100 * np.ptp(tables.published_test()["article_accuracy"].to_numpy())
        ],
    ),
    # What each difference contributes.
    ("would lie, {} % of the time", lambda: [LEVEL]),
    (
        "means lie between {} and {} points",
        lambda: [
            effects()["accuracy, points"].min(),
            effects()["accuracy, points"].max(),
        ],
    ),
    ("bars reach {} points", lambda: [effects()["chance ±"].min()]),
    ("for {} seeds find only", lambda: [effects()["seeds"].max()]),
    (
        "all {} images are trained on instead of {}",
        lambda: [*trained_on()],
    ),
    # What is left.
    (
        "and {} training images of its own",
        lambda: [trained_on()[0] - trained_on()[1]],
    ),
    ("one of {} seeds", seeds),
    (
        "has sigmoid {} points below tanh",
        lambda: [gap("tanh", "sigmoid", "article")],
    ),
    ("with the {} % interval of each mean", lambda: [LEVEL]),
    (
        "to the worst there are {} points",
        lambda: [np.ptp(accuracy().mean(axis=1).to_numpy())],
    ),
    (
        "runs of one network lie {} to {} points apart, sigmoid's",
        ranges_of_seeds,
    ),
    (
        "value for sigmoid lies {} points below",
        lambda: [
            lowest_seed("sigmoid") - published("sigmoid", "article_accuracy")
        ],
    ),
    ("half the {} % interval of the mean", lambda: [LEVEL]),
    ("hold together in {} % of studies", lambda: [LEVEL]),
    ("within {} points of zero", lambda: [MARGIN]),
    # "six of them of seed 0".
    ("of them of seed {} (the", lambda: [0]),
    ("{} of {} differences are shown: tanh lies", shown_accuracy),
    ("to win reaches {}, because", tanh_s_chance),
    ("because {} seeds cannot rule out", seeds),
    (
        "ReLU beats swish in {} of the pairings, with an interval from {} to {}",
        lambda: improvement().loc[("relu", "swish")].tolist(),
    ),
    ("On the right {} are filled", apart),
    (
        "swish above tanh, {} points ({} to {}), and the article's {} lies in "
        "its interval",
        swish_above_tanh,
    ),
    (
        "largest, {} from tanh to sigmoid, is measured the other way round, "
        "{} points ({} to {})",
        lambda: [
            gap("tanh", "sigmoid", column)
            for column in ("article", "measured", "low", "high")
        ],
    ),
    ("{} of {} differences are shown: tanh and sigmoid", shown_loss),
    # One seed.
    ("there are {} orders of five", lambda: [math.factorial(5)]),
    ("{} of the {} orders come up.", lambda: [len(orders(1)), 120]),
    (
        "comes up in {} % of the draws and that of the second run in {} %",
        lambda: [
            published_share("article_accuracy"),
            published_share("notebook_accuracy"),
        ],
    ),
    ("sigmoid, tanh, in {} %", lambda: [named_first()]),
    ("whichever order, holds in {} %", lambda: [low_last()]),
    ("Set RUNS to {}, then to {}", lambda: [5, 20]),
    (
        "With {} the most frequent order has {} % of the draws, with {} it "
        "has {} %",
        lambda: [5, most(5), 20, most(20)],
    ),
    ("repeat the same {} values", seeds),
    # Images and networks.
    (
        "misses {} of the {} test images on average",
        lambda: [missed_by_relu(), IMAGES],
    ),
    (
        "of six activations the least share comes out as low by chance {} "
        "times in 100",
        least_of_six,
    ),
    (
        "ends less than one image of {} from zero",
        lambda: [where(ends_within_one_image(), IMAGES)],
    ),
    (
        "sigmoid's from swish with a trained β: {} of {} do not hang on the "
        "choice",
        shown_by_pairs_too,
    ),
    (
        "{} % of the shuffles spread as widely",
        lambda: [shuffles_as_wide("sigmoid")],
    ),
    (
        "{} % of the shuffles spread at least",
        lambda: [shuffles_as_wide("relu")],
    ),
    ("part with its {} % interval", lambda: [LEVEL]),
    (
        "measured spread is {} points, of which the images alone would give "
        "{}: the networks' own is {},",
        lambda: spreads().loc["relu", ["sd", "independent", "own"]].tolist(),
    ),
    ("Sigmoid has {} of its own", lambda: [of_sigmoid()]),
    (
        "for ReLU from {} to {}:",
        lambda: spreads().loc["relu", ["low", "high"]].tolist(),
    ),
    (": {} seeds are few to measure", seeds),
    # The digits.
    (
        "the {} networks miss {} different test images",
        lambda: [len(runs()), len(images())],
    ),
    ("{} images are missed by every network", lambda: [always()]),
    ("of the {} that one with ReLU", lambda: [missed_by_relu()]),
    # Beta.
    ("starts at {}, plain swish", lambda: [1]),
    ("towards {} swish becomes linear", lambda: [0]),
    (
        "at {} on average in the first and at {} in the others",
        lambda: [betas()[0], other_betas()],
    ),
    (
        "trained β is {} points of test accuracy ({} to {})",
        lambda: pair("swish", "swish_trainable"),
    ),
    # Where it stops.
    (
        "is {} on average over the pairs and {} at most",
        lambda: [correlations().mean(), correlations().max()],
    ),
    ("name {} kinds of processor, for seed {} none, and", processors),
    (
        "with {} seeds they are on average {} times as wide",
        lambda: [*seeds(), statistics.paired(accuracy().to_numpy())[1]],
    ),
    (
        "leaky ReLU, {} seeds would find a true difference of {} points",
        lambda: [*seeds(), detectable(*seeds())],
    ),
    (
        "would take {} seeds to find {}.",
        lambda: [50, detectable(50)],
    ),
    (
        "{} to {} % would show a difference somewhere with {} seeds, instead "
        "of {} %",
        lambda: [*false_alarms(), *seeds(), 100 - LEVEL],
    ),
    ("nearly solves, {} epochs", lambda: [EPOCHS]),
    ("was measured with {} seeds", lambda: [effects()["seeds"].max()]),
    (
        "differ as measured, by {} points",
        lambda: pair("relu", "leaky_relu")[:1],
    ),
    (
        "{} seeds find {} points four times in five, {} seeds {}.",
        lambda: [50, detectable(50), 10, detectable(10)],
    ),
    (
        "difference of {} images in {}",
        lambda: [100 * pair("relu", "leaky_relu")[0], IMAGES],
    ),
    (
        "Fewer than {} % of the shuffles",
        lambda: [where(correlations_by_chance() < 1, 1)],
    ),
]
