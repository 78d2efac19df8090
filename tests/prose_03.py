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
def verdicts(metric="test_accuracy", seeds=None):
    part = studies.study("controlled", seeds=seeds or study().seeds)
    found = studies.records(part, [records.RESULTS])
    return tables.verdicts(part, found, metric)


def pairs_shown(*arguments):
    """The pairs that are shown to differ."""
    table = verdicts(*arguments)
    return {*table.index[table["verdict"].isin(statistics.VERDICTS[:2])]}


def shown(metric):
    """How many pairs are shown to differ, of how many.

    If they are sigmoid's and tanh's with each of the four and each other.
    """
    named = {(a, b) for a in LOW for b in LEADERS} | {LOW}
    found = pairs_shown(metric)
    return [where(found == named, len(found)), len(verdicts(metric))]


def equivalent(*arguments):
    table = verdicts(*arguments)
    return {*table.index[table["verdict"] == statistics.VERDICTS[2]]}


def named_equivalent():
    """The four pairs of the leading four that are left, by the text's names."""
    return equivalent() == {
        ("relu", "leaky_relu"),
        ("leaky_relu", "swish_trainable"),
    }


def all_equivalent_by_loss():
    """The margin in nats, if all six pairs of the four lie within it."""
    pairs = {*itertools.combinations(LEADERS, 2)}
    holds = equivalent("test_loss") == pairs
    return where(holds, tables.MARGINS["test_loss"])


def sigmoid_less_tanh_in_loss():
    return list(verdicts("test_loss").loc[LOW, ["difference", "low", "high"]])


def below(name):
    """The least and most that it lies below the four."""
    gaps = [-verdicts().loc[(name, other), "difference"] for other in LEADERS]
    return [min(gaps), max(gaps)]


FIRST, SECOND = range(5), range(5, 10)


def shown_by_halves():
    """By the first half, by the second besides; by neither, among the four.

    If all of the first's are the second's, the two besides and the one that
    neither shows are those that the text names, the second shows none that all
    ten do not, and neither shows an equivalence.
    """
    first, second = (
        pairs_shown("test_accuracy", seeds) for seeds in (FIRST, SECOND)
    )
    neither = {*verdicts().index} - first - second
    among = {*itertools.combinations(LEADERS, 2)}
    holds = (
        first < second < pairs_shown("test_accuracy")
        and second - first == {LOW, ("sigmoid", "swish_trainable")}
        and neither - among == {("sigmoid", "swish")}
        and not equivalent("test_accuracy", FIRST)
        and not equivalent("test_accuracy", SECOND)
    )
    return [where(holds, len(first)), len(second - first), len(neither & among)]


def most_moved():
    """The most that a difference does between the halves, in points."""
    first, second = (
        verdicts("test_accuracy", seeds)["difference"]
        for seeds in (FIRST, SECOND)
    )
    return (first - second).abs().max()


def undecided():
    row = verdicts().loc[("leaky_relu", "swish")]
    value = where(row["verdict"] == "cannot tell", row["difference"])
    return [value, row["low"], row["high"]]


def halves_overlap():
    """Whether the halves' intervals of every pair do."""
    first, second = (verdicts("test_accuracy", s) for s in (FIRST, SECOND))
    apart = (first["low"] > second["high"]) | (second["low"] > first["high"])
    return not apart.any()


def sigmoid_less_tanh():
    """By the first half, the second and both: each with its interval."""
    return [
        value
        for seeds in (FIRST, SECOND, None)
        for value in verdicts("test_accuracy", seeds).loc[
            LOW, ["difference", "low", "high"]
        ]
    ]


def halves_apart():
    """The least and most that an activation's means do."""
    halves = [accuracy()[list(s)].mean(axis=1) for s in (FIRST, SECOND)]
    apart = (halves[0] - halves[1]).abs()
    return [apart.min(), apart.max()]


@functools.cache
def improvement():
    return tables.improvement(study(), runs())


def apart():
    """Filled on the right, if one is more than on the left, and which."""
    table = improvement()
    found = table.index[(table["low"] > 0.5) | (table["high"] < 0.5)]
    disagree = {*found} ^ pairs_shown("test_accuracy")
    return [where(disagree == {("relu", "swish")}, len(found))]


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
    """The gap with its interval; the article's, if below; single runs'."""
    measured, low, high, article = (
        gap("swish", "tanh", column)
        for column in ("measured", "low", "high", "article")
    )
    runs_of = accuracy().T
    single = np.subtract.outer(
        runs_of["swish"].to_numpy(), runs_of["tanh"].to_numpy()
    )
    article = where(article < low, article)
    return [measured, low, high, article, single.min(), single.max()]


def with_the_head_start():
    """Swish's accuracy then, and sigmoid's, if it is fourth of the five."""
    *once, twice = (100 * run["test"]["accuracy"] for run in rerun())
    sigmoid, tanh, relu, leaky, _ = once
    fourth = tanh < sigmoid < min(relu, leaky, twice)
    return [twice, where(fourth, sigmoid)]


def processors():
    """How many the records name, and the seed of which they name none.

    Of the first half; a name that is no more than an architecture's is none.
    The second half has one for all, one version and one thread.
    """
    named = {
        (run["configuration"]["seed"], run["environment"]["device"])
        for run in runs()
        if run["configuration"]["seed"] in FIRST
    }
    unnamed = {seed for seed, name in named if name == "x86_64"}
    second = {
        tuple(
            run["environment"][key] for key in ("device", "commit", "threads")
        )
        for run in runs()
        if run["configuration"]["seed"] in SECOND
    }
    ((_, _, threads),) = second
    kinds = len({name for _, name in named} - {"x86_64"})
    (unnamed,) = unnamed
    assert unnamed == min(FIRST)
    return [unnamed + 1, max(FIRST), where(threads == 1, kinds), unnamed]


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


def least_of_six(seeds=None):
    """How often the least of six shares is as low as sigmoid's, in percent."""
    names = studies.COMPARED
    share = shuffles_as_wide("sigmoid", seeds) / 100
    # Of the others only whether they are above it.
    others = [
        shuffles_as_wide(n, seeds, True) / 100 for n in names if n != "sigmoid"
    ]
    return where(share < min(others), 100 * (1 - (1 - share) ** len(names)))


def ends_within_one_image():
    """Whether ReLU's above swish does, which then is the nearest to shown."""
    samples = [accuracy().loc[name].to_numpy() for name in accuracy().index]
    pairs = list(itertools.combinations(accuracy().index, 2))
    low = dict(zip(pairs, statistics.differences(samples)[1], strict=True))
    of_four = [low[pair] for pair in itertools.combinations(LEADERS, 2)]
    nearest = low["relu", "swish"]
    return nearest == max(of_four) and -100 / IMAGES < nearest < 0


def shown_by_pairs_too():
    """How many are shown by the rule, and the one that is by pairs besides.

    If pairs show all of them and it. Bonferroni's adjustment, as in
    `statistics.paired`.
    """
    by_rule = pairs_shown("test_accuracy")
    paired = {
        pair
        for pair in verdicts().index
        if len(verdicts())
        * stats.ttest_rel(*(accuracy().loc[n] for n in pair)).pvalue
        < 0.05
    }
    holds = by_rule < paired and paired - by_rule == {("relu", "swish")}
    return [where(holds, len(by_rule)), pair("relu", "swish")[0]]


@functools.cache
def shuffles_as_wide(activation, seeds=None, few=False):
    """The notebook's shuffles, in percent.

    With `few` without the images that no run gets wrong, which no shuffle
    changes: others are drawn then.
    """
    wrong = np.array(
        [
            np.isin(
                np.arange(10_000),
                [image for image, _ in run["test"]["misclassified"]],
            )
            for run in runs()
            if run["configuration"]["activation"] == activation
            and run["configuration"]["seed"] in (seeds or study().seeds)
        ]
    )
    if few:
        wrong = wrong[:, wrong.any(axis=0)]
    rng = np.random.default_rng(0)

    def spread(wrong):
        return wrong.mean(axis=1).std(ddof=1)

    shuffled = [spread(rng.permuted(wrong, axis=0)) for _ in range(1_000)]
    return 100 * np.mean(np.array(shuffled) >= spread(wrong))


@functools.cache
def spreads():
    return tables.spreads(study(), runs())


def of_the_two():
    """Their own parts, if the largest, in order; all intervals reach zero."""
    own, low = spreads()["own"], spreads()["low"]
    holds = list(own.nlargest(2).index) == [*LOW] and not low.any()
    return [where(holds, own["sigmoid"]), own["tanh"]]


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


def paired_sigmoid_less_tanh():
    """The interval of pairs, Bonferroni's, if it is wider than the rule's."""
    found = stats.ttest_rel(*(accuracy().loc[name] for name in LOW))
    low, high = found.confidence_interval(
        1 - (1 - statistics.LEVEL) / len(verdicts())
    )
    row = verdicts().loc[LOW]
    return [where(high - low > row["high"] - row["low"], low), high]


def behind_in_validation():
    """How far tanh is behind sigmoid after the last epoch, if last of all."""
    rows = tables.history_table(study(), runs())
    rows = rows[rows["epoch"] == EPOCHS]
    means = 100 * rows.groupby("activation")["val_accuracy"].mean()
    return where(means.idxmin() == "tanh", means["sigmoid"] - means["tanh"])


def correlations(seeds=None):
    values = accuracy()[list(seeds or study().seeds)]
    return np.corrcoef(values)[np.triu_indices(len(values), 1)]


def correlations_by_chance(seeds=None):
    """How many shuffles, in percent, give so large a mean correlation."""
    values = accuracy()[list(seeds or study().seeds)].to_numpy()
    rng = np.random.default_rng(0)
    pairs = np.triu_indices(len(values), 1)
    chance = [
        np.corrcoef(rng.permuted(values, axis=1))[pairs].mean()
        for _ in range(5_000)
    ]
    return 100 * np.mean(np.array(chance) >= correlations(seeds).mean())


def leading_means():
    """Of ReLU and of leaky ReLU."""
    return [accuracy().loc[name].mean() for name in ("relu", "leaky_relu")]


def detectable(count, other="leaky_relu"):
    """What so many seeds would find of ReLU less another, in points."""
    found = statistics.detectable(
        accuracy().std(axis=1).tolist(), [count] * len(accuracy())
    )
    return found[verdicts().index.get_loc(("relu", other))]


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
    (
        "tanh that comes last, on average {} to {} points below those three, "
        "and sigmoid {} to {} below them; {} seeds cannot rank the three",
        lambda: [*below("tanh"), *below("sigmoid"), *seeds()],
    ),
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
    ("for with {} seeds a true", lambda: [effects()["seeds"].max()]),
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
    (
        "{} of {} differences are shown: tanh lies",
        lambda: shown("test_accuracy"),
    ),
    ("to win reaches {}: ", tanh_s_chance),
    (": {} seeds do not rule out less", seeds),
    (
        "ReLU wins {} of such pairings ({} to {})",
        lambda: improvement().loc[("relu", "swish")].tolist(),
    ),
    # The halves.
    (
        "Seeds {} to {} were trained after what seeds {} to {} show",
        lambda: [min(SECOND), max(SECOND), min(FIRST), max(FIRST)],
    ),
    ("five show {} differences. How", lambda: shown_by_halves()[:1]),
    (
        "in grey from seeds {} to {} and in black from seeds {} to {};",
        lambda: [
            where(halves_overlap(), min(FIRST)),
            max(FIRST),
            min(SECOND),
            max(SECOND),
        ],
    ),
    ("All {}, and {} more: sigmoid", lambda: shown_by_halves()[:2]),
    (
        "{} points with the first five seeds ({} to {}), {} with the second "
        "({} to {}), and {} with all ten ({} to {})",
        sigmoid_less_tanh,
    ),
    ("moves by more than {} points from", lambda: [most_moved()]),
    (
        "sigmoid below swish, {} and {} points: that one",
        lambda: [
            verdicts("test_accuracy", seeds).loc[
                ("sigmoid", "swish"), "difference"
            ]
            for seeds in (FIRST, SECOND)
        ],
    ),
    ("The other {} pairs that neither", lambda: shown_by_halves()[2:]),
    ("leaky ReLU and swish, {} points ({} to {}), one", undecided),
    ("On the right {} are filled", apart),
    (
        "swish above tanh, {} points ({} to {}). The article's {} lies below "
        "that interval, which is the mean's; single runs of the two lie {} to "
        "{} points apart here",
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
    (
        "ReLU leads leaky ReLU by {} points ({} to {})",
        lambda: pair("relu", "leaky_relu"),
    ),
    ("The same {} of {} differences are", lambda: shown("test_loss")),
    ("last, {} nats behind tanh ({} to {}, which", sigmoid_less_tanh_in_loss),
    ("equivalent, within {} nats", lambda: [all_equivalent_by_loss()]),
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
        lambda: [least_of_six()],
    ),
    (
        "With seeds {} to {} alone it was {} %, which looked like a hint until "
        "one allowed for the widest of six having been picked: as low by chance "
        "{} times in {}",
        lambda: [
            min(FIRST),
            max(FIRST),
            shuffles_as_wide("sigmoid", FIRST),
            least_of_six(FIRST),
            100,
        ],
    ),
    (
        "ends less than one image of {} below zero",
        lambda: [where(ends_within_one_image() and named_equivalent(), IMAGES)],
    ),
    (
        "the {} differences would be shown as well, and one more, ReLU above "
        "swish by {} points",
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
        "measured spread is {} points, where the images alone would give {}: "
        "its own part is estimated at zero, and may be up to {}, and",
        lambda: [
            spreads().loc["relu", "sd"],
            where(
                spreads().loc["relu", "own"] == 0,
                spreads().loc["relu", "independent"],
            ),
            spreads().loc["relu", "high"],
        ],
    ),
    ("Sigmoid has {} of its own and tanh {}, the most", of_the_two),
    (
        "sigmoid's from {} to {}:",
        lambda: spreads().loc["sigmoid", ["low", "high"]].tolist(),
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
        "at {} on average in the first and at {} and {} in the others",
        betas,
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
    (
        "For seeds {} to {} the records name {} kinds of processor, nearly "
        "always the same for all networks of a seed; for seed {} they name none",
        processors,
    ),
    ("Seeds {} to {} come from", lambda: [min(SECOND), max(SECOND)]),
    (
        "first five the mean correlation is {} and within the second five {}: "
        "that fits the machine, and {} seeds are too few",
        lambda: [
            correlations(FIRST).mean(),
            correlations(SECOND).mean(),
            len(SECOND),
        ],
    ),
    ("an activation lie only {} to {} points apart", halves_apart),
    (
        "with {} seeds they are on average {} times as wide",
        lambda: [*seeds(), statistics.paired(accuracy().to_numpy())[1]],
    ),
    ("against each other, wider ({} to {})", paired_sigmoid_less_tanh),
    ("for these {} test images; how", lambda: [IMAGES]),
    (
        "On the {} validation images tanh is last as well, {} points behind "
        "sigmoid",
        lambda: [trained_on()[0] - trained_on()[1], behind_in_validation()],
    ),
    (
        "swish, {} seeds would find a true difference of {} points four times "
        "in five, and {} were measured",
        lambda: [
            *seeds(),
            detectable(*seeds(), "swish"),
            pair("relu", "swish")[0],
        ],
    ),
    ("is less than {} points apart", lambda: [MARGIN]),
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
        "{} seeds find {} points four times in five, which is what is measured; "
        "{} seeds find {}.",
        lambda: [
            75,
            where(
                round(detectable(75), 3)
                == round(np.subtract(*leading_means()), 3),
                detectable(75),
            ),
            10,
            detectable(10),
        ],
    ),
    (
        "are trained: {} runs for a difference of {} images in {}",
        lambda: [
            75 * len(accuracy()),
            100 * pair("relu", "leaky_relu")[0],
            IMAGES,
        ],
    ),
    (
        "Fewer than {} % of the shuffles",
        lambda: [where(max(map(correlations_by_chance, (None, FIRST))) < 1, 1)],
    ),
    (
        "as the second five have, {} % do",
        lambda: [correlations_by_chance(SECOND)],
    ),
    (
        "Whether {} is really less than {}, two",
        lambda: [correlations(SECOND).mean(), correlations(FIRST).mean()],
    ),
]
