"""The numbers in notebook 6: each from the records of the knobs."""

import collections
import functools
import math

import keras
import numpy as np
from prose import where
from scipy import stats

from comparison import factors, records, statistics, studies, tables
from comparison import runs as runs_module

FOLDERS = [records.RESULTS]
OFF = ("batch normalisation", "off")
ALL_IMAGES = ("training images", "55,000")
EPOCHS = "epochs, 55,000 images"


@functools.cache
def recorded(name):
    """The records of a study."""
    return studies.records(studies.study(name), FOLDERS)


@functools.cache
def by_run(name):
    """The records of a study whose networks differ in the activation alone."""
    return {
        (c["activation"], c["seed"]): record
        for record in recorded(name)
        for c in [record["configuration"]]
    }


def full_rate(record):
    """How many epochs it has trained at the rate that it began with."""
    rates = record["history"]["learning_rate"]
    return next(n for n, rate in enumerate(rates) if rate < rates[0])


@functools.cache
def runs():
    knobs = studies.study("knobs")
    return factors.gather(knobs, recorded("knobs"), FOLDERS)


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


def lowest_of_sigmoid(study, place, epochs, **fields):
    """Its lowest accuracy, and between what that run's last epochs moved."""
    row = accuracies(*place).loc["sigmoid"]
    sought = {"activation": "sigmoid", "seed": row.idxmin(), **fields}
    (history,) = (
        record["history"]["val_accuracy"]
        for record in recorded(study)
        if sought.items() <= record["configuration"].items()
    )
    last = history[-epochs:]
    return [row.min(), 100 * min(last), 100 * max(last)]


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


def decided(further):
    """The settings of which the intervals say that this goes further."""
    found = table()["further"]
    return {*found.index[found == further]}


def none_outweighs():
    """Whether no choice among the four is shown to outweigh a setting."""
    return not (table_of_four()["further"] == "activation").any()


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


def five_errors():
    """Whole numbers between which they lie, if tanh's mean is the highest."""
    errors = 100 - accuracies(*OFF).drop("sigmoid")
    tanh = errors.mean(axis=1).idxmax() == "tanh"
    least, most = errors.min(axis=None), errors.max(axis=None)
    return [math.floor(least), where(tanh, math.ceil(most))]


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


ALL_OFF = ("batch normalisation, 55,000 images", "off")
# Five runs that were made once more, on another machine.
SECOND = records.RESULTS / "second_machine"


def waits(record):
    """How many epochs a run stays at chance; all, if it never leaves it."""
    learned = np.array(record["history"]["val_accuracy"]) > 0.2
    return int(learned.argmax()) if learned.any() else len(learned)


def waits_once():
    """The epochs that one seed of sigmoid waits, if two do not and two do.

    If it is the one on TensorFlow, and learns nothing on the other machine.
    """
    found = collections.defaultdict(list)
    for (name, _), record in by_run("unnormalised").items():
        if name == "sigmoid":
            found[record["environment"]["backend"]].append(record)
    (here,) = found["tensorflow"]
    again = runs_module.find(runs_module.of_record(here), [SECOND])
    named = sorted(map(waits, found["jax"])) == [0, 0, 20, 20]
    return [where(named and waits(again) == 20, waits(here))]


def learned_on_all_images():
    row = accuracies(*ALL_OFF).loc["sigmoid"]
    learned = row[row > 100 * tables.LEARNED]
    return [where(len(learned) == 3, learned.min()), learned.max()]


def first_losses():
    """Training losses of the first epoch, where nothing is learned in it.

    The least and the most on all images and on 10,000; that of a guess; and
    how far from it those of the second epoch are at most, on all images.
    """
    found = {"unnormalised": [], "knobs": []}
    second = []
    for study, losses in found.items():
        for record in recorded(study):
            c = record["configuration"]
            history = record["history"]
            plain = not c["batch_normalization"]
            if c["activation"] == "sigmoid" and plain and waits(record):
                losses.append(history["loss"][0])
                if study == "unnormalised":
                    second.append(history["loss"][1])
    all_, few = found.values()
    three = len(all_) == len(few) == 3
    guess = math.log(10)
    return [
        where(three and min(all_) > guess, min(all_)),
        *(max(all_), min(few), max(few)),
        guess,
        max(abs(loss - guess) for loss in second),
    ]


def moves_on_all_images():
    """Of the five others, the least and the most, if every seed learns."""
    here, there = accuracies(*ALL_OFF), accuracies(*ALL_OFF, "reference")
    moves = (here - there).mean(axis=1).drop("sigmoid")
    learned = (here.drop("sigmoid") > 100 * tables.LEARNED).all(axis=None)
    return [where(learned, moves.min()), moves.max()]


@functools.cache
def verdicts(study):
    """`tables.verdicts` of a study's test accuracies, by pair."""
    return tables.verdicts(studies.study(study), recorded(study))


def seeds_at(place):
    return len(accuracies(*place).columns)


def shown_pairs(found):
    """The pairs of a table of verdicts whose difference is shown."""
    return {*found.index[found["verdict"].isin(statistics.VERDICTS[:2])]}


@functools.cache
def pairs_at(place, at="level"):
    """`statistics.compare` of the activations at a level, by pair.

    In the order of `COMPARED`, as in all tables.
    """
    rows = accuracies(*place, at).reindex(studies.COMPARED)
    samples = {name: row.dropna().to_numpy() for name, row in rows.iterrows()}
    return statistics.compare(samples, factors.MARGIN)


def shown_behind(study, first, second):
    """How far the first ends behind the second, if shown; with the interval."""
    return behind(verdicts(study), first, second)


def behind(found, first, second):
    """The same of a table of verdicts."""
    if (first, second) in found.index:
        row = -found.loc[(first, second), ["difference", "low", "high"]]
        low, high = row["high"], row["low"]
    else:
        row = found.loc[(second, first)]
        low, high = row["low"], row["high"]
    return [where(low > 0, row["difference"]), low, high]


def tanh_off():
    """How far tanh is behind the four, if that and two more pairs are shown."""
    distances = [shown_behind("unnormalised", "tanh", name)[0] for name in FOUR]
    others = shown_pairs(verdicts("unnormalised")) - {
        ("tanh", name) for name in FOUR
    }
    two = others == {("relu", "swish"), ("leaky_relu", "swish")}
    return [where(two, min(distances)), max(distances)]


def machines(study):
    """How many runs each backend has made, with the name of its device."""
    return collections.Counter(
        (record["environment"]["backend"], record["environment"]["device"])
        for record in recorded(study)
    )


def gpu_but_for_five():
    """Of `unnormalised`, how many are not, if the others are as it is said."""
    gpu = ("jax", "NVIDIA H200")
    assert machines("controlled_fashion") == {gpu: 30}
    found = machines("unnormalised")
    others = sum(n for machine, n in found.items() if machine != gpu)
    assert found[gpu] == 25
    for study in ("controlled", "part", "knobs"):
        assert {backend for backend, _ in machines(study)} == {"tensorflow"}
    return where(others == 5, 0)


def on_both_machines():
    """Of seed 0 on the second machine less the first: three, then tanh.

    If sigmoid has learned on one alone.
    """
    moves = {}
    seed_0 = studies.study("unnormalised", seeds=[0])
    for second in studies.records(seed_0, [SECOND]):
        name = second["configuration"]["activation"]
        first = by_run("unnormalised")[name, 0]
        assert first["environment"]["backend"] == "tensorflow"
        assert second["environment"]["backend"] == "jax"
        moves[name] = 100 * (
            second["test"]["accuracy"] - first["test"]["accuracy"]
        )
    one = moves.pop("sigmoid") < -80
    tanh = abs(moves.pop("tanh"))
    most = max(map(abs, moves.values()))
    return [where(one and len(moves) == 3, most), tanh]


# Fashion-MNIST.


FASHION = ("dataset", "Fashion-MNIST")


def means(factor, level, at="level"):
    """By activation, over the seeds."""
    return accuracies(factor, level, at).mean(axis=1)


def errors_there():
    """In a hundred, on clothing and on digits, of all six."""
    return [100 - means(*FASHION, at).mean() for at in ("level", "reference")]


def five_apart():
    """How far apart the five others' means lie, on clothing and on digits."""
    five = [
        means(*FASHION, at).drop("sigmoid") for at in ("level", "reference")
    ]
    errors = [(100 - values).mean() for values in five]
    seven = round(errors[0] / errors[1]) == 7
    return [where(seven, np.ptp(five[0])), np.ptp(five[1])]


def sigmoid_on_clothing():
    """Its seeds' least and most, if that is below every other run."""
    rows = accuracies(*FASHION)
    seeds, others = rows.loc["sigmoid"], rows.drop("sigmoid")
    below = seeds.max() < others.min(axis=None)
    return [seeds.min(), where(below, seeds.max())]


def best_of_each():
    """ReLU's mean on digits; leaky ReLU's on clothing, and its lead there."""
    here, there = (means(*FASHION, at) for at in ("reference", "level"))
    named = here.idxmax() == "relu" and there.idxmax() == "leaky_relu"
    return [
        where(named, here["relu"]),
        there["leaky_relu"],
        there["leaky_relu"] - there["relu"],
    ]


ALL_FASHION = ("dataset, 55,000 images", "Fashion-MNIST")


def four_on_clothing():
    """Swish behind ReLU and leaky ReLU, with a fixed and with a trained beta.

    If none of these pairs is shown on digits.
    """
    pairs = [
        (swish, relu)
        for swish in ("swish", "swish_trainable")
        for relu in ("relu", "leaky_relu")
    ]
    on_digits = shown_pairs(verdicts("controlled"))
    none = not any((relu, swish) in on_digits for swish, relu in pairs)
    found = [
        value
        for pair in pairs
        for value in shown_behind("controlled_fashion", *pair)
    ]
    return [where(none, found[0]), *found[1:]]


def shown_on_clothing():
    """How many pairs, with tanh behind three; how many are changed."""
    shown = shown_pairs(verdicts("controlled_fashion"))
    three = {("tanh", n) for n in ("relu", "leaky_relu", "swish_trainable")}
    for pair in three:
        shown_behind("controlled_fashion", *pair)
    rest = {pair for pair in shown - three if "sigmoid" in pair}
    return [
        where(three <= shown and not rest, len(shown)),
        *level(ALL_FASHION, "pairs", "changed"),
    ]


def more_errors(name, place, at="level"):
    """How many % more than ReLU it makes, with the 95 % interval (Welch).

    Of the logarithms of the seeds' errors, of this pair alone.
    """
    errors = np.log(100 - accuracies(*place, at))
    of = [errors.loc[one].dropna() for one in (name, "relu")]
    found = stats.ttest_ind(*of, equal_var=False)
    more = of[0].mean() - of[1].mean()
    return [
        100 * (math.exp(value) - 1)
        for value in (more, *found.confidence_interval())
    ]


def times_the_errors():
    """How many times those of digits all six make on clothing, all images."""
    there, here = (
        100 - means(*ALL_FASHION, at).mean() for at in ("level", "reference")
    )
    return there / here


def swish_on_the_fewer():
    """How far behind ReLU on clothing, with 10,000 images, if not shown.

    If all of these ran on TensorFlow.
    """
    one = {
        record["environment"]["backend"]
        for record in runs()
        if record["configuration"]["dataset"] == "fashion_mnist"
        and record["configuration"]["train_samples"]
    } == {"tensorflow"}
    none = table_of("relu", "swish").loc[FASHION, "shown"] == 0
    values = means(*FASHION)
    return [where(one and none, values["relu"] - values["swish"])]


def swish_and_relu():
    """At how many of all levels its mean is behind, if two are shown."""
    places = [(level.factor, level.label) for level in factors.LEVELS]
    lower = [
        place
        for place in places
        if means(*place)["swish"] < means(*place)["relu"]
    ]
    shown = {
        place
        for place in places
        if ("relu", "swish") in shown_pairs(pairs_at(place))
    }
    return [where(shown == {ALL_OFF, ALL_FASHION}, len(lower)), len(places)]


def could_turn():
    """How many pairs are shown at both values, and those of them on the way.

    Of how many settings; if each is sigmoid or tanh below one of the four.
    """
    both = {
        (level.factor, level.label): shown_pairs(
            pairs_at((level.factor, level.label))
        )
        & shown_pairs(pairs_at((level.factor, level.label), "reference"))
        for level in factors.LEVELS
        if level.reference is not None
    }
    below = all(
        pair[0] in ("sigmoid", "tanh")
        and pair[1] in FOUR
        and pairs_at(place, at).loc[pair, "difference"] < 0
        for place, pairs in both.items()
        for pair in pairs
        for at in ("reference", "level")
    )
    numbers = [len(pairs) for pairs in both.values()]
    on_the_way = [
        len(both[factor, level]) for factor, level in both if factor == EPOCHS
    ]
    return [len(both), where(below, sum(numbers)), sum(on_the_way)]


def in_both_orders():
    """Sigmoid above tanh on all images; below it at the low rate."""
    pair = "sigmoid", "tanh"
    above = pairs_at(ALL_IMAGES).loc[pair]
    below = pairs_at(LOW).loc[pair]
    found = changes().set_index(["factor", "level", "first", "second"])
    neither = not any(
        found.loc[(*place, *pair), "shown"] for place in (ALL_IMAGES, LOW)
    )
    return [
        where(neither, above["difference"]),
        *above[["low", "high"]],
        -below["difference"],
        -below["high"],
        -below["low"],
    ]


# The learning rate.


LOW, HIGH = ("learning rate", "0.0001"), ("learning rate", "0.01")
FOUR = ["relu", "leaky_relu", "swish", "swish_trainable"]


def lost_at_the_low_rate():
    """By sigmoid, and the least and the most of the others, in points."""
    lost = means(*LOW, at="reference") - means(*LOW)
    others = lost.drop("sigmoid")
    return [lost["sigmoid"], others.min(), others.max()]


def on_clothing(value):
    """Means over the seeds, of swish and of ReLU, of a history's value."""
    found = {"swish": [], "relu": []}
    for record in recorded("controlled_fashion"):
        name = record["configuration"]["activation"]
        if name in found:
            found[name].append(value(record["history"]))
    return np.array([np.mean(values) for values in found.values()])


def turns_on_clothing():
    learned = on_clothing(lambda h: 100 * h["accuracy"][-1])
    turn = on_clothing(lambda h: 1 + np.argmin(h["val_loss"]))
    end = on_clothing(lambda h: h["val_loss"][-1])
    return [
        *where(learned[0] > learned[1], learned),
        *[turn[0], where(turn[0] < turn[1], end[0]), turn[1], end[1]],
    ]


def best_epochs_on_clothing():
    swish, relu = on_clothing(lambda h: 100 * max(h["val_accuracy"]))
    return [relu - swish]


def shown_at_the_low_rate():
    """How many pairs, if each is one of sigmoid or tanh with another."""
    # Of sigmoid's five pairs and tanh's other four.
    all_of_them = level(LOW, "shown") == [5 + 4]
    none_else = table_of_four().loc[LOW, "shown"] == 0
    return [where(all_of_them and none_else, 9), *level(LOW, "pairs")]


def gained_at_the_high_rate():
    """The mean's gain, if sigmoid's is the most and no pair is shown."""
    gains_ = means(*HIGH) - means(*HIGH, at="reference")
    most = gains_.idxmax() == "sigmoid" and level(HIGH, "shown") == [0]
    effect, low, high = level(HIGH, "effect", "low", "high")
    return [where(most, effect), low, high]


def sigmoid_behind():
    """Its distance from the best, from the lowest rate to the highest."""
    of = [means(*LOW), means(*LOW, at="reference"), means(*HIGH)]
    return [values.max() - values["sigmoid"] for values in of]


def four_by_rate():
    """How far the four lie apart at the two other rates, and the article's."""
    low, high, usual_ = (
        np.ptp(values[FOUR])
        for values in (means(*LOW), means(*HIGH), means(*LOW, at="reference"))
    )
    return [where(round(low, 2) == round(high, 2), low), usual_]


def ranges_by_rate():
    """Of sigmoid's seeds, from the lowest rate on, but the article's second."""
    rows = accuracies(*LOW), accuracies(*LOW, "reference"), accuracies(*HIGH)
    return [np.ptp(row.loc["sigmoid"]) for row in rows]


def sigmoid_at_the_low_rate():
    """What ReLU in its place gains there, and what both other rates gain it."""
    low = means(*LOW)
    return [
        low["relu"] - low["sigmoid"],
        means(*LOW, at="reference")["sigmoid"] - low["sigmoid"],
        means(*HIGH)["sigmoid"] - low["sigmoid"],
    ]


def no_pair_changed(factor):
    """Whether no difference is shown to change in it."""
    found = changes()
    return not found.loc[found["factor"] == factor, "shown"].any()


def acted():
    """In how many runs at ten times the rate the schedule has, if in all.

    And at the article's, if in none of sigmoid's.
    """
    high = [
        record
        for record in recorded("knobs")
        if record["configuration"]["learning_rate"] == 0.01
    ]
    all_of_them = all(
        len({*record["history"]["learning_rate"]}) > 1 for record in high
    )
    none = all(
        len({*record["history"]["learning_rate"]}) == 1
        for record in recorded("part")
        if record["configuration"]["activation"] == "sigmoid"
    )
    same, runs_ = never_lowered()
    return [where(all_of_them, len(high)), where(none, runs_ - same)]


# The batch size.


UNSCHEDULED = ("schedule", "off")
SMALL, LARGE = ("batch size", "32"), ("batch size", "512")


@functools.cache
def without_schedule(size):
    """Records of a batch size on 10,000 images, by activation and seed."""
    return {
        (c["activation"], c["seed"]): record
        for record in recorded("knobs")
        for c in [record["configuration"]]
        if (c["schedule"], c["batch_size"], c["train_samples"])
        == (False, size, factors.ARTICLE.fields["train_samples"])
    }


def steps_by_size():
    images = factors.ARTICLE.fields["train_samples"]
    return [
        math.ceil(images / size) * epochs
        for size, epochs in ((32, 20), (128, 20), (512, 40))
    ]


def moved_by_size(small=SMALL, large=LARGE):
    """By both, with intervals, if neither is shown."""
    ends = [level(one, "effect", "low", "high") for one in (small, large)]
    neither = all(low < 0 < high for _, low, high in ends)
    return [where(neither, ends[0][0]), *ends[0][1:], *ends[1]]


def four_by_size():
    """How far the four lie apart at both, if no pair is shown at either."""
    none = level(SMALL, "shown") == level(LARGE, "shown") == [0]
    small, large = (np.ptp(means(*one)[FOUR]) for one in (SMALL, LARGE))
    return [where(none, small), large]


def never_lowered():
    """Of the runs with a schedule, those that are the same without one."""
    scheduled = by_run("part")
    same = [
        run
        for run, record in without_schedule(128).items()
        if record["history"]["val_accuracy"]
        == scheduled[run]["history"]["val_accuracy"]
    ]
    kept = all(
        len({*scheduled[run]["history"]["learning_rate"]}) == 1 for run in same
    )
    return [where(kept, len(same)), len(scheduled)]


def behind_epoch(size, epoch):
    """Mean validation accuracy in %, over all runs of a batch size."""
    rows = [
        record["history"]["val_accuracy"][epoch - 1]
        for record in without_schedule(size).values()
    ]
    return 100 * where(len(rows) == 18, np.mean(rows))


def on_the_way():
    """Steps and accuracies, of 32, of 128 and of 512 images."""
    images = factors.ARTICLE.fields["train_samples"]
    return [
        math.ceil(images / 32) * 2,
        32,
        behind_epoch(32, 2),
        math.ceil(images / 128) * 8,
        128,
        behind_epoch(128, 8),
        512,
        math.ceil(images / 512) * 10,
        behind_epoch(512, 10),
    ]


def learned_and_not_known():
    """In training and in validation behind ten epochs of 512, in %."""
    rows = [
        record["history"]
        for (name, _), record in without_schedule(512).items()
        if name in ("relu", "leaky_relu", "swish")
    ]
    trained = [100 * row["accuracy"][9] for row in rows]
    validated = {round(100 * row["val_accuracy"][9], 4) for row in rows}
    (value,) = validated
    return [where(len(rows) == 9, math.floor(min(trained))), value]


def caught():
    """Tanh's lowest runs at both, in %, and what they had two epochs before.

    If no other run is lower.
    """
    found = []
    for size, one in ((32, SMALL), (512, LARGE)):
        values = accuracies(*one).stack()
        name, seed = values.idxmin()
        history = without_schedule(size)[name, seed]["history"]
        found += [
            where(name == "tanh", values.min()),
            100 * history["val_accuracy"][-3],
        ]
    return [32, *found[:2], 512, *found[2:]]


def after_twenty_of_512():
    """Tanh's and sigmoid's, and the least and most of the others, in %."""
    values = {}
    for (name, _), record in without_schedule(512).items():
        accuracy = 100 * record["history"]["val_accuracy"][19]
        values.setdefault(name, []).append(accuracy)
    averages = {name: np.mean(of) for name, of in values.items()}
    four = [averages[name] for name in FOUR]
    ahead = averages["tanh"] > averages["sigmoid"] > max(four)
    return [
        where(ahead, averages["tanh"]),
        averages["sigmoid"],
        min(four),
        max(four),
    ]


# Own rates.


OWN = (factors.TUNED.factor, factors.TUNED.label)
OWN_SMALL, OWN_LARGE = (
    ("batch size, own rates", "32"),
    ("batch size, own rates", "512"),
)
# By batch size, with own rates and with the article's.
OWN_AND_USUAL = {
    32: (OWN_SMALL, SMALL),
    128: (OWN, UNSCHEDULED),
    512: (OWN_LARGE, LARGE),
}


@functools.cache
def choices():
    return factors.rates(recorded("knobs_rates"))


def chosen():
    """How often the article's rate, the lower and the higher; of so many."""
    counts = choices()["chosen"].value_counts()
    return [*(counts[rate] for rate in (0.001, 0.0003, 0.003)), len(choices())]


def sigmoid_chooses():
    """The batch sizes at which it takes the highest rate, and the lowest."""
    rates = choices()["chosen"].xs("sigmoid", level="activation")
    (low,) = rates.index[rates == min(studies.RATES)]
    return [*rates.index[rates == max(studies.RATES)], low]


def tanh_in_a_jump():
    """The batch size at which more than a third is wrong, at the highest."""
    errors = 100 - choices()[max(studies.RATES)].xs("tanh", level="activation")
    return [*errors.index[errors > 100 / 3]]


def leads_within_the_seeds():
    """How many of the best lead the second by less than seeds lie apart.

    Those of the same network at the article's rate; in points, to two digits.
    """
    found = 0
    for (size, name), row in choices().iterrows():
        *_, second, best = sorted(row.drop("chosen"))
        seeds = [
            100 * record["history"]["val_accuracy"][-1]
            for (other, _), record in without_schedule(size).items()
            if other == name
        ]
        found += round(best - second, 2) < round(np.ptp(seeds), 2)
    return [found, len(choices()), len(seeds)]


def promised_and_kept():
    """By batch size, in points, averaged over the six; the latter's intervals.

    If each of those holds zero, and the promise.
    """
    best = choices().drop(columns="chosen").max(axis=1)
    promised = (best - choices()[0.001]).groupby("batch_size").mean()
    kept = [
        statistics.shared_gain(accuracies(*own) - accuracies(*usual_))
        for own, usual_ in OWN_AND_USUAL.values()
    ]
    promised = [promised[size] for size in OWN_AND_USUAL]
    both = all(
        low < 0 < high and low < one < high
        for one, (_, low, high) in zip(promised, kept, strict=True)
    )
    return [
        *promised,
        where(both, kept[0][0]),
        *[value for one in kept for value in one][1:],
    ]


def moved_by_own_rates():
    """The mean, with batches of 128, if that is not shown."""
    effect, low, high = level(OWN, "effect", "low", "high")
    return [where(low < 0 < high, effect), low, high]


def sigmoid_and_tanh_choose():
    """Sigmoid's lowest run at 512, between what it moved, and the gains."""
    lowest, *between = lowest_of_sigmoid(
        "knobs_tuned", OWN_LARGE, 6, batch_size=512
    )
    gains_ = means(*OWN_LARGE) - means(*LARGE)
    rates = choices()["chosen"].xs(512, level="batch_size")
    named = rates["sigmoid"] == 0.003 and rates["tanh"] == 0.0003
    return [
        where(named, lowest),
        *between,
        -gains_["sigmoid"],
        gains_["tanh"],
    ]


def sigmoid_above():
    """How many of its runs with 512 are below all others of these columns."""
    own = [accuracies(*place) for place in (OWN_SMALL, OWN, OWN_LARGE)]
    others_ = min(
        own[0].min(axis=None),
        own[1].min(axis=None),
        own[2].drop("sigmoid").min(axis=None),
    )
    return (own[2].loc["sigmoid"] < others_).sum()


def shown_with_own_rates():
    """The batch sizes with pairs that are shown, if they are as it is said.

    And if sigmoid and tanh have the two lowest means with each, and no
    difference is shown to change.
    """
    expected = {
        OWN_SMALL: set(),
        OWN: {"leaky_relu", "swish"},
        OWN_LARGE: {"leaky_relu", "swish", "relu"},
    }
    as_said = all(
        shown_pairs(pairs_at(place)) == {("tanh", name) for name in names}
        for place, names in expected.items()
    )
    last = all(
        {*means(*place).nsmallest(2).index} == {"sigmoid", "tanh"}
        for place in expected
    )
    kept = all(map(no_pair_changed, (OWN[0], OWN_SMALL[0])))
    return [where(as_said and last and kept, 128), 512]


def four_with_own_rates():
    return [np.ptp(means(*one)[FOUR]) for one in (OWN_SMALL, OWN, OWN_LARGE)]


def by_the_last_five():
    """How many choices are others then, if at 32 all six take the lowest.

    And at 512 five the article's.
    """
    reached = {
        (c["batch_size"], c["activation"], c["learning_rate"]): np.mean(
            record["history"]["val_accuracy"][-5:]
        )
        for record in recorded("knobs_rates")
        for c in [record["configuration"]]
    }
    best = {
        place: max(studies.RATES, key=lambda rate: reached[(*place, rate)])
        for place in choices().index
    }
    at = {
        size: [rate for (other, _), rate in best.items() if other == size]
        for size in (32, 512)
    }
    agree = at[32] == [0.0003] * 6 and at[512].count(0.001) == 5
    others_ = sum(
        best[place] != choices().loc[place, "chosen"] for place in best
    )
    return [where(agree, others_), len(best)]


# Dropout.


NONE, MORE = ("dropout", "0"), ("dropout", "0.75")


@functools.cache
def histories_without_dropout():
    """By activation and seed: validation accuracy in %, and learning rate."""
    return {
        (configuration["activation"], configuration["seed"]): (
            100 * np.array(record["history"]["val_accuracy"]),
            np.array(record["history"]["learning_rate"]),
        )
        for record in runs()
        for configuration in [record["configuration"]]
        if configuration["dropout"] == 0
    }


def two_runs():
    """Sigmoid's and leaky ReLU's of seed 0, if no other is as low as 95 %."""
    rows = accuracies(*NONE)
    low = rows.stack()[rows.stack() < 95]
    named = {*low.index} == {("sigmoid", 0), ("leaky_relu", 0)}
    of = [rows.loc[name, 0] for name in ("sigmoid", "leaky_relu")]
    before = [
        histories_without_dropout()[name, 0][0][-2]
        for name in ("sigmoid", "leaky_relu")
    ]
    return [where(named, of[0]), of[1], *before]


def lost_in_the_last_epoch():
    """With seed 0: at the full rate, the most first, and most at a lower."""
    full, lowered = {}, {}
    for (name, seed), (accuracy, rate) in histories_without_dropout().items():
        if seed == 0:
            lost = accuracy[-2] - accuracy[-1]
            (full if rate[-1] == rate[0] else lowered)[name] = lost
    three = len(full) == len(lowered) == 3
    most = max(full, key=full.get) == "sigmoid"
    return [
        *sorted(full.values(), reverse=True),
        where(three and most, max(lowered.values())),
    ]


def without_seed_0():
    """How far both levels move the mean, and at most an activation's."""
    moves = [
        (accuracies(*one) - accuracies(*one, "reference"))[[1, 2]].mean(axis=1)
        for one in (NONE, MORE)
    ]
    return [*(move.mean() for move in moves), np.abs(moves).max()]


def lost_in_epoch_15():
    """With seed 1: the least and the most, if all six fall and come back."""
    of = {
        name: a
        for (name, seed), (a, _) in histories_without_dropout().items()
        if seed == 1
    }
    lost = {name: accuracy[13] - accuracy[14] for name, accuracy in of.items()}
    back = all(accuracy[-1] > accuracy[14] for accuracy in of.values())
    return [where(back and len(of) == 6, min(lost.values())), lost["sigmoid"]]


# Images and epochs.


def validated(study, epoch):
    """Mean validation accuracy in % behind an epoch, of the shared seeds."""
    seeds = studies.study("part").seeds
    return 100 * np.mean(
        [
            record["history"]["val_accuracy"][epoch - 1]
            for record in recorded(study)
            if record["configuration"]["seed"] in seeds
        ]
    )


def images_and_steps():
    """What the images are worth with as many steps, and what the rest is."""
    few, some, all_ = (
        validated(*of)
        for of in (("part", 20), ("controlled", 4), ("controlled", 20))
    )
    return [some - few, all_ - some]


@functools.cache
def jumps():
    """By how much it moves from epoch to epoch at the full rate, in points.

    From the second epoch on, by activation.
    """
    moves = {}
    for record in recorded("controlled"):
        accuracy = record["history"]["val_accuracy"][1 : full_rate(record)]
        of = moves.setdefault(record["configuration"]["activation"], [])
        of += list(np.abs(np.diff(accuracy)))
    return {name: 100 * np.mean(values) for name, values in moves.items()}


def jumping():
    """Sigmoid's, tanh's, and the most of the others."""
    others = [v for n, v in jumps().items() if n not in ("sigmoid", "tanh")]
    return [jumps()["sigmoid"], jumps()["tanh"], max(others)]


def trailing():
    """The epochs behind which sigmoid and tanh have the two lowest means.

    If sigmoid is last but for the end; and swish first of the others after
    two epochs, and last of them after ten.
    """
    orders = {
        epoch: list(means(EPOCHS, epoch).sort_values().index)
        for epoch in ("2", "5", "10")
    }
    orders["20"] = list(means(EPOCHS, "2", at="reference").sort_values().index)
    last = [order[0] for order in orders.values()]
    named = last == ["sigmoid"] * 3 + ["tanh"]
    named = named and orders["2"][-1] == orders["10"][2] == "swish"
    return [
        where({*order[:2]} == {"sigmoid", "tanh"} and named, int(epoch))
        for epoch, order in orders.items()
    ]


def most_between():
    """After two epochs and five, if alike; after ten, if less; in the test."""
    two, five, ten = (
        *level((EPOCHS, "2"), "between"),
        *level((EPOCHS, "5"), "between"),
        *level((EPOCHS, "10"), "between"),
    )
    return [where(two == five > ten, two), ten, *level(ALL_IMAGES, "between")]


def shown_on_the_way():
    """How many pairs are after 2, 5 and 20 epochs, if none is after 10.

    If the first are sigmoid's and tanh's with the four, the second of these,
    the third these, and sigmoid's with tanh the one on test images besides.
    """
    early, later, none = (
        shown_pairs(pairs_at((EPOCHS, epoch))) for epoch in ("2", "5", "10")
    )
    low = {(name, other) for name in ("sigmoid", "tanh") for other in FOUR}
    end = shown_pairs(pairs_at((EPOCHS, "2"), "reference"))
    tested = shown_pairs(pairs_at(ALL_IMAGES))
    holds = early == end == low and later < low and not none
    holds = holds and tested - low == {("sigmoid", "tanh")}
    return [where(holds, len(early)), len(later), len(end)]


FEWER = "fewer training images"
THOUSAND, THREE_THOUSAND = (FEWER, "1,000"), (FEWER, "3,000")
HUNDREDS = (FEWER, "300")


def tanh_on_hundreds():
    """How far it is behind each of the four, with intervals.

    And how many pairs are shown, if these four, and none with more images.
    """
    found = pairs_at(HUNDREDS)
    alike = shown_pairs(found) == {("tanh", name) for name in FOUR}
    none = level(THOUSAND, "shown") == level(THREE_THOUSAND, "shown") == [0]
    return [
        *(value for name in FOUR for value in behind(found, "tanh", name)),
        where(alike and none, len(FOUR)),
        len(found),
        *level(("schedule", "off"), "shown"),
    ]


def span_by_images():
    """With 300, and with all: the interval of that, if below the other's."""
    few, least = level(HUNDREDS, "span", "span low")
    all_, low, high = level(ALL_IMAGES, "span", "span low", "span high")
    return [where(high < least, few), all_, low, high]


def errors_by_images():
    """In a hundred, with 300 images and with all."""
    return [100 - means(*one).mean() for one in (HUNDREDS, ALL_IMAGES)]


def more_by_images(name):
    """Errors more than ReLU's, with 300, 1,000, 3,000, 10,000 and all."""
    places = (HUNDREDS, "level"), (THOUSAND, "level"), (THREE_THOUSAND, "level")
    places += (THOUSAND, "reference"), (ALL_IMAGES, "level")
    return [more_errors(name, place, at) for place, at in places]


def tanh_in_errors():
    """Each with its interval, if all intervals overlap; and on clothing."""
    found = more_by_images("tanh")
    overlap = max(low for _, low, _ in found) < min(high for *_, high in found)
    clothing, *_ = more_errors("tanh", ALL_FASHION)
    values = [value for one in found for value in one]
    return [where(overlap, values[0]), *values[1:], clothing]


def swish_in_errors():
    """Each, and the intervals of 300, 1,000 and all, alone above zero."""
    found = more_by_images("swish")
    excluded = [low > 0 for _, low, _ in found]
    return [
        where(excluded == [True, True, False, False, True], found[0][0]),
        *(more for more, _, _ in found[1:]),
        *found[0][1:],
        *found[1][1:],
        *found[-1][1:],
    ]


def four_on_fewer():
    """How far the four lie apart, if no pair of them is shown to differ."""
    places = THREE_THOUSAND, THOUSAND, HUNDREDS
    four = [np.ptp(means(*place)[FOUR]) for place in places]
    among = [
        pair
        for place in places
        for pair in shown_pairs(pairs_at(place))
        if {*pair} <= {*FOUR}
    ]
    return [where(not among, four[0]), *four[1:]]


def swish_changed():
    """By how much ReLU leads swish by more, with 300 than with 10,000."""
    found = changes()
    found = found[
        (found["factor"] == HUNDREDS[0]) & (found["level"] == HUNDREDS[1])
    ].set_index(["first", "second"])
    among = [pair for pair in found.index if {*pair} <= {*FOUR}]
    row = found.loc[("relu", "swish")]
    alone = [pair for pair in among if found.loc[pair, "shown"]]
    return [
        where(alone == [("relu", "swish")], row["change"]),
        row["low"],
        row["high"],
        more_errors("swish", HUNDREDS)[0],
        more_errors("swish", HUNDREDS, "reference")[0],
    ]


def marginal_changes():
    """How many of the changes shown with 300 images end close to zero."""
    found = changes()
    found = found[(found["level"] == HUNDREDS[1]) & found["shown"]]
    return (found[["low", "high"]].abs().min(axis=1) <= 0.05).sum()


def gained_by_images():
    """From 300 images to 1,000: tanh, and the least and most of the others.

    Then how many times fewer errors, the least and the most of all.
    """
    few, more = means(*HUNDREDS), means(*THOUSAND)
    others = (more - few).drop("tanh")
    times = (100 - few) / (100 - more)
    return [
        where((more - few).idxmax() == "tanh", (more - few)["tanh"]),
        others.min(),
        others.max(),
        times.min(),
        times.max(),
    ]


def sigmoid_on_fewer():
    """Its seed that ends lowest, and between what its last epochs moved."""
    lowest = [
        means(FEWER, "3,000", at).idxmin() == "sigmoid"
        for at in ("level", "reference")
    ]
    seed, *between = lowest_of_sigmoid(
        "knobs", THREE_THOUSAND, 8, train_samples=3_000
    )
    return [where(all(lowest), seed), *between]


def tanh_on_fewer():
    """How far below all others it is with 1,000 images, and with 300."""
    return [
        values.drop("tanh").min() - values["tanh"]
        for values in (means(*THOUSAND), means(*HUNDREDS))
    ]


def gained():
    """By the mean from 10,000 images to all, if each of the six gains."""
    effect, low, high = level(ALL_IMAGES, "effect", "low", "high")
    few = accuracies(*ALL_IMAGES, "reference").dropna(axis=1)
    gains = (accuracies(*ALL_IMAGES)[few.columns] - few).mean(axis=1)
    return [where((gains > 0).all(), effect), low, high]


def ranges_of_sigmoid():
    return [
        np.ptp(accuracies(*ALL_IMAGES, at).loc["sigmoid"].dropna())
        for at in ("level", "reference")
    ]


def at_ten():
    """How far sigmoid and tanh are behind the four; sigmoid's least and most.

    Then how many runs have a lower rate by then, of how many; if no pair is
    shown.
    """
    of = means(EPOCHS, "10")
    behind = [
        of[other] - of[name] for name in ("sigmoid", "tanh") for other in FOUR
    ]
    row = accuracies(EPOCHS, "10").loc["sigmoid"]
    lowered = [full_rate(record) < 10 for record in recorded("controlled")]
    none = level((EPOCHS, "10"), "shown") == [0]
    return [
        where(none, min(behind)),
        max(behind),
        row.min(),
        row.max(),
        sum(lowered),
        len(lowered),
    ]


def wide_on_the_way():
    """Whether the span's interval is wider than the span, at each epoch."""
    spans = [
        level((EPOCHS, epoch), "span", "span low", "span high")
        for epoch in ("2", "5", "10")
    ]
    return all(high - low > span for span, low, high in spans)


def lost_at_ten():
    """By sigmoid, by tanh, and the least and the most of the four."""
    lost = means(EPOCHS, "10", at="reference") - means(EPOCHS, "10")
    return [
        *lost[["sigmoid", "tanh"]],
        lost[FOUR].min(),
        lost[FOUR].max(),
    ]


FIFTY = ("epochs", "50")


def from_twenty_to_fifty():
    """What sigmoid gains, and the least and the most of the others.

    Then how far it is behind the best after both, if tanh is the last.
    """
    after, before = (means(*FIFTY, at) for at in ("level", "reference"))
    gains_ = after - before
    others_ = gains_.drop("sigmoid")
    last = after.idxmin() == "tanh"
    return [
        where(last, gains_["sigmoid"]),
        others_.min(),
        others_.max(),
        before.max() - before["sigmoid"],
        after.max() - after["sigmoid"],
    ]


def sigmoid_lowered():
    """Behind which epochs of 50 its rate comes down first, at the full rate.

    Through the first 20, which are to the bit those of the shorter runs.
    """
    behind = []
    for record in recorded("knobs"):
        c = record["configuration"]
        if c["epochs"] == 50:
            shorter = by_run("part")[c["activation"], c["seed"]]["history"]
            for column, values in shorter.items():
                if column not in ("seconds", "beta"):
                    assert record["history"][column][:20] == values
            if c["activation"] == "sigmoid":
                behind.append(full_rate(record))
    return [where(min(behind) > 20, min(behind)), max(behind)]


def first_lowered():
    """Behind which epochs of the controlled runs, at least and at most."""
    behind = [full_rate(record) for record in recorded("controlled")]
    return [min(behind), max(behind)]


@functools.cache
def table_of(*names):
    """The table of these activations alone."""
    return factors.table(
        [r for r in runs() if r["configuration"]["activation"] in names]
    )


def table_of_four():
    return table_of(*FOUR)


def largest_of_four():
    """A tenth of a point that one span of the four exceeds, if further holds.

    It is the setting in six rows, and the activation in none.
    """
    found = table_of_four()
    setting = {*found.index[found["further"] == "setting"]}
    named = setting == {
        *(FASHION, ALL_FASHION, ALL_IMAGES, THOUSAND, HUNDREDS),
        (EPOCHS, "2"),
    }
    return [
        where(
            named and none_outweighs(),
            math.ceil(10 * found["span"].drop(NONE).max()) / 10,
        )
    ]


def four_without_normalisation():
    """The setting's effect with 10,000 and with all images; pairs shown."""
    few, all_ = (table_of_four().loc[place] for place in (OFF, ALL_OFF))
    alike = few["shown"] == all_["shown"] and few["pairs"] == all_["pairs"]
    ends = ["effect", "low", "high"]
    return [
        where(none_outweighs() and alike, few["effect"]),
        *few[ends[1:]],
        *all_[ends],
        *few[["shown", "pairs"]],
    ]


def four_on_all_clothing():
    """Pairs of the four shown there, if most; how far both move them."""
    found = table_of_four()
    row = found.loc[ALL_FASHION]
    most = found["shown"].idxmax() == ALL_FASHION
    return [
        where(most, row["shown"]),
        row["pairs"],
        -row["effect"],
        row["span"],
    ]


def relu_and_tanh():
    """Their distance at the article's values, asked alone, if it is shown."""
    row = table_of("relu", "tanh").iloc[0]
    alone = row["shown"] == 1 and usual("shown") == [0]
    return [where(alone, row["span"]), row["span low"], row["span high"]]


def tanh_outweighs():
    """Where ReLU and tanh alone outweigh the setting: span and effect."""
    found = table_of("relu", "tanh")
    places = {*found.index[found["further"] == "activation"]}
    # Where both chose the article's rate, their runs are the same.
    same = choices()["chosen"].loc[128][["relu", "tanh"]].eq(0.001).all()
    row = found.loc[ALL_OFF]
    return [
        where(same and places == {ALL_OFF, OWN}, row["span"]),
        *row[["span low", "span high"]],
        -row["effect"],
        -row["high"],
        -row["low"],
    ]


def among_the_four():
    found = table_of_four()
    return [
        found.loc[(factors.ARTICLE.factor, factors.ARTICLE.label), "span"],
        factors.ARTICLE.fields["train_samples"],
        found.loc[ALL_IMAGES, "span"],
    ]


def changed_in_all():
    """Pairs that change, if five without normalisation, and those named."""
    found = changes()
    found = found[found["shown"]]
    # The first less the second: tanh comes first, and swish second.
    named = {
        HUNDREDS[0]: {
            ("tanh", "relu"): -1,
            ("tanh", "leaky_relu"): -1,
            ("tanh", "swish_trainable"): -1,
            ("relu", "swish"): 1,
        },
        ALL_FASHION[0]: {
            ("tanh", "relu"): -1,
            ("tanh", "leaky_relu"): -1,
            ("relu", "swish"): 1,
            ("leaky_relu", "swish"): 1,
            ("leaky_relu", "swish_trainable"): 1,
        },
        EPOCHS: {("sigmoid", name): -1 for name in FOUR},
    }
    alike = all(
        {
            (row["first"], row["second"]): np.sign(row["change"])
            for _, row in found[found["factor"] == factor].iterrows()
        }
        == pairs
        for factor, pairs in named.items()
    )
    # Those of the epochs both after two and after five.
    epochs = list(found.loc[found["factor"] == EPOCHS, "level"])
    alike = alike and epochs == ["2"] * len(FOUR) + ["5"] * len(FOUR)
    return [where(alike and changed() == 5, len(found))]


def luck():
    """How many standard deviations six equal means of three seeds lie apart."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, 6, 3))
    return np.ptp(draws.mean(axis=-1), axis=-1).mean()


FACTS = [
    ("Kızrak, {})", lambda: [2019]),
    (
        "nothing in {} epochs of {} digits, with any seed, while the other "
        "five move by {} to {} points; another dataset costs {} points, {} "
        "images instead of {} cost {}, and for batches of {} or of {} no "
        "cost is shown, though half a point",
        lambda: [
            where(chance() > 0, 20),
            factors.ARTICLE.fields["train_samples"],
            others().min(),
            others().max(),
            falls(FASHION)[0],
            300,
            factors.ARTICLE.fields["train_samples"],
            falls(HUNDREDS)[0],
            where(moved_by_size()[0] < 1, 32),
            512,
        ],
    ),
    (
        "where images are few, {} to {} behind ReLU, leaky ReLU and swish "
        "with {}. Among",
        lambda: [
            min(tanh_on_hundreds()[0:12:3]),
            where(none_outweighs(), max(tanh_on_hundreds()[0:12:3])),
            300,
        ],
    ),
    (
        "which of them is behind: swish, {} points behind ReLU and {} behind "
        "leaky ReLU.",
        lambda: [
            four_on_clothing()[0],
            shown_behind("controlled_fashion", "swish", "leaky_relu")[0],
        ],
    ),
    (
        "swish learns the training images better than ReLU, {} % of them in "
        "the last epoch where ReLU has {}, and turns sooner. Its validation "
        "loss is lowest after {} epochs, on average, and ends at {}; ReLU's "
        "after {}, and ends at {}.",
        turns_on_clothing,
    ),
    (
        "at the best epoch of each run, by validation accuracy, it is {} "
        "points behind. Neither",
        best_epochs_on_clothing,
    ),
    (
        "tried with all images, too, with {} seeds and, but for five runs, on",
        lambda: [seeds_at(ALL_FASHION)],
    ),
    (
        "six activations and {} seeds. The question",
        lambda: [len(studies.study("knobs").seeds)],
    ),
    # Try it.
    ("trained on 1,000 digits for four epochs, and tested on 1,000", list),
    ("rate and with 200 digits both fall", list),
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
    (
        "means of {} seeds each would still lie {} of a run's standard",
        lambda: [len(studies.study("knobs").seeds), luck()],
    ),
    ("that end above {} %", lambda: [100 * tables.LEARNED]),
    (
        "the article's values and 10,000 images the worst and the best "
        "activation lie {} points apart, and {} of {} pairs are shown to "
        "differ: with {} seeds the interval of the span reaches "
        "from {} to {} points. On all images, with {} seeds, it is [{} points",
        lambda: [
            *usual("span", "shown", "pairs"),
            len(studies.study("knobs").seeds),
            *usual("span low", "span high"),
            seeds_at(ALL_IMAGES),
            *level(ALL_IMAGES, "span"),
        ],
    ),
    # Normalisation.
    ("where they were, between {} and {} %, tanh the highest", five_errors),
    (
        "All {} seeds of sigmoid end at {} %, the share of the most frequent "
        "digit: in {} steps",
        lambda: [
            seeds_at(OFF),
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
        "The difference of {} of {} pairs is shown to be another than with "
        "normalisation, each",
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
    # Without normalisation, on all images.
    (
        "runs on all {} images, too, with {} seeds and {} steps",
        lambda: [
            55_000,
            seeds_at(ALL_OFF),
            round(steps(55_000), -2),
        ],
    ),
    ("one waits for {} epochs, and two learn nothing in twenty", waits_once),
    ("of values at 11 and at 98 % a mean", list),
    (
        "two learn within {}, where on {} images there were {}.",
        lambda: [
            where(waits_once()[0] > 0, math.ceil(55_000 / 128)),
            factors.ARTICLE.fields["train_samples"],
            steps(factors.ARTICLE.fields["train_samples"]),
        ],
    ),
    (
        "a mean training loss of {} to {}, on 10,000 images of {} to {}, where "
        "guessing has {}, and in the second, on all images, one within {} of "
        "that:",
        first_losses,
    ),
    ("Those that learn end between {} and {} %", learned_on_all_images),
    (
        "learn with every seed, and move by {} to {} points on average; two "
        "runs of one seed on two machines lie up to {} apart",
        lambda: [
            *moves_on_all_images(),
            where(
                on_both_machines()[1] > on_both_machines()[0],
                on_both_machines()[1],
            ),
        ],
    ),
    (
        "{} of {} pairs are shown to differ there, with",
        lambda: [
            where(
                len(shown_pairs(verdicts("unnormalised")))
                == level(ALL_OFF, "shown")[0],
                *level(ALL_OFF, "shown"),
            ),
            *level(ALL_OFF, "pairs"),
        ],
    ),
    ("Tanh is {} to {} points behind each of the other four", tanh_off),
    (
        "swish {} behind ReLU ({} to {}) and {} behind leaky ReLU ({} to {})",
        lambda: [
            *shown_behind("unnormalised", "swish", "relu"),
            *shown_behind("unnormalised", "swish", "leaky_relu"),
        ],
    ),
    # Fashion-MNIST.
    (
        "**With {} images no pair is shown to differ.**",
        lambda: [
            where(
                level(FASHION, "shown") == [0],
                factors.ARTICLE.fields["train_samples"],
            )
        ],
    ),
    (
        "The mean falls by {} points ({} to {}): there are {} errors in a "
        "hundred where there were {}.",
        lambda: [*falls(FASHION), *errors_there()],
    ),
    (
        "means of the other five lie within {} points, as they did within {} "
        "on digits, although",
        five_apart,
    ),
    ("end between {} and {} %, below every other run", sigmoid_on_clothing),
    (
        "the interval of the span reaches from {} to {}, and no pair",
        lambda: [
            where(level(FASHION, "shown") == [0], *level(FASHION, "span low")),
            *level(FASHION, "span high"),
        ],
    ),
    (
        "ReLU on digits, with {} %, and on clothing leaky ReLU, with {} %, {} "
        "points above ReLU.",
        best_of_each,
    ),
    (
        "runs on all {} images, with {} seeds.",
        lambda: [55_000, seeds_at(ALL_FASHION)],
    ),
    (
        "It ends {} points behind ReLU ({} to {}) and {} behind leaky ReLU "
        "({} to {}); with a trained β it ends {} ({} to {}) and {} ({} to {}) "
        "behind them.",
        four_on_clothing,
    ),
    (
        "whose seeds lie up to {} points apart, nothing is shown",
        lambda: [np.ptp(accuracies(*ALL_FASHION).loc["sigmoid"])],
    ),
    (
        "That makes {} of {} pairs, and {} of them differ otherwise, in "
        "points, than on digits.",
        shown_on_clothing,
    ),
    (
        "there are nine times as many errors. Counted in errors, swish makes "
        "{} % more than ReLU on clothing ({} to {}) and {} % more on digits "
        "({} to {}; both of",
        lambda: [
            where(
                round(times_the_errors()) == 9,
                more_errors("swish", ALL_FASHION)[0],
            ),
            *more_errors("swish", ALL_FASHION)[1:],
            *more_errors("swish", ALL_IMAGES),
        ],
    ),
    (
        "Tanh makes {} % more there ({} to {}), where on digits it makes {} % "
        "more ({} to {}).",
        lambda: [
            *more_errors("tanh", ALL_FASHION),
            *more_errors("tanh", ALL_IMAGES),
        ],
    ),
    (
        "with 10,000, all on one CPU, swish is {} points behind",
        swish_on_the_fewer,
    ),
    ("of the two datasets, with 10,000 images?", list),
    ("has the runs on 10,000 images. Which of the five", list),
    # Images.
    (
        "The {} images of these runs are",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    ("the same networks on 55,000", list),
    (
        "is {} steps instead of {}: more data",
        lambda: [
            round(steps(55_000), -2),
            steps(factors.ARTICLE.fields["train_samples"]),
        ],
    ),
    (
        "as well, {}, {} and {}, each without the schedule and with epochs "
        "enough for some 800 steps",
        lambda: [3_000, 1_000, 300],
    ),
    (
        "half of what {} have beside them. Every run has the same 300, one",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    ("and not what another 300 images would", list),
    (
        "{} cost {} points ({} to {}), {} cost {} ({} to {}) and {} cost {} "
        "({} to {}), beside {} without the schedule.",
        lambda: [
            *(3_000, *falls(THREE_THOUSAND)),
            *(1_000, *falls(THOUSAND)),
            *(300, *falls(HUNDREDS)),
            factors.ARTICLE.fields["train_samples"],
        ],
    ),
    (
        "With 300 tanh ends {} points behind ReLU ({} to {}), {} ({} to {}) "
        "behind leaky ReLU, and {} ({} to {}) and {} ({} to {}) behind the two "
        "kinds of swish: {} of {} pairs are shown to differ, where none is "
        "with 1,000 or 3,000, and {} with 10,000.",
        tanh_on_hundreds,
    ),
    (
        "The span is {} points there, and {} with all 55,000 ({} to {}).",
        span_by_images,
    ),
    (
        "With 300 images there are {} errors in a hundred, and with all {}.",
        errors_by_images,
    ),
    (
        "tanh makes {} % more than ReLU with 300 ({} to {}), {} % with 1,000 "
        "({} to {}), {} % with 3,000 ({} to {}), {} % with 10,000 without the "
        "schedule ({} to {}) and {} % with all ({} to {}). These intervals "
        "overlap: on digits it may be one share, which few images only make "
        "plain, but most of them are too wide to show that. (On clothing it is "
        "another, {} %.)",
        tanh_in_errors,
    ),
    (
        "Swish makes {}, {}, {}, {} and {} % more than ReLU, in the same order, "
        "and with 300, with 1,000 and with all the interval lies above zero "
        "({} to {}, {} to {} and {} to {}).",
        swish_in_errors,
    ),
    (
        "From {} images to all of them each of the six gains, and the mean by "
        "{} points ({} to {}), over the {} seeds that both have. The span is {} points with the "
        "fewer and {} with all,",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *gained(),
            len(studies.study("part").seeds),
            *usual("span"),
            where(
                usual("span low")
                < level(ALL_IMAGES, "span")
                < usual("span high"),
                *level(ALL_IMAGES, "span"),
            ),
        ],
    ),
    (
        "four from here on, lie {} points apart with 3,000 images, {} with "
        "1,000 and {} with 300, and no pair of them is shown to differ at any.",
        four_on_fewer,
    ),
    (
        "lead over swish is {} larger with 300 than with 10,000 ({} to {}). A "
        "change has an interval of its own, so that it can be shown where "
        "neither lead is; in errors the two are {} and {} %.",
        swish_changed,
    ),
    ("With 3,000 sigmoid has the lowest", list),
    (
        "as with 10,000: one of its seeds ends at {} %, after eight epochs in "
        "which it moved between {} and {} % in validation. With 1,000 and with "
        "300 it",
        sigmoid_on_fewer,
    ),
    ("tanh's, {} and {} points below all others", tanh_on_fewer),
    (
        "and the same {} seeds. After its fourth epoch, of {} steps in all, the "
        "mean with all images is {} %; after twenty epochs of {} images, with "
        "{} steps, {} %; after twenty of all images {} %.",
        lambda: [
            len(studies.study("part").seeds),
            steps(55_000) / 20 * 4,
            validated("controlled", 4),
            factors.ARTICLE.fields["train_samples"],
            steps(factors.ARTICLE.fields["train_samples"]),
            validated("part", 20),
            validated("controlled", 20),
        ],
    ),
    (
        "all images are worth {} points, and what follows another {}.",
        images_and_steps,
    ),
    ("twice the steps. With 300 images, and with 1,000, the three", list),
    ("From 300 images to 1,000, which activation gains most", list),
    (
        "In points tanh, {}, where the others gain {} to {}. In errors none "
        "stands out: each of the six divides its own by {} or {}.",
        gained_by_images,
    ),
    (
        "is at the full rate in every run, and of the {} runs on {} images {} "
        "have had it lowered by their end",
        lambda: [
            where(first_lowered()[0] >= 4, never_lowered()[1]),
            factors.ARTICLE.fields["train_samples"],
            never_lowered()[1] - never_lowered()[0],
        ],
    ),
    (
        "On all images {} of {} pairs are shown to differ, and none on {} with",
        lambda: [
            *level(ALL_IMAGES, "shown", "pairs"),
            where(
                usual("shown") == [0], factors.ARTICLE.fields["train_samples"]
            ),
        ],
    ),
    (
        "there are {} seeds where there were {}, and sigmoid's {} lie within {} "
        "points, where its {} lay within {}.",
        lambda: [
            seeds_at(ALL_IMAGES),
            len(studies.study("part").seeds),
            seeds_at(ALL_IMAGES),
            ranges_of_sigmoid()[0],
            len(studies.study("part").seeds),
            ranges_of_sigmoid()[1],
        ],
    ),
    (
        "Its mean, the lowest on {}, which shows nothing, is on all images "
        "shown to be above tanh's, by {} points ({} to {})",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *in_both_orders()[:3],
        ],
    ),
    # Epochs.
    (
        "With {} images the first eight epochs rank nothing yet",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    ("an epoch has {} steps, and they", lambda: [steps(55_000) / 20]),
    (
        "On all images 2 epochs end {} points below 20 ({} to {}), 5 epochs {} "
        "({} to {}) and 10 epochs {} ({} to {}). The mean",
        lambda: [
            *shown_to_fall("2"),
            *shown_to_fall("5"),
            *shown_to_fall("10"),
        ],
    ),
    (
        "accuracy moves by {} points from one epoch to the next, tanh's by {}, "
        "and that of the other four by {} or less",
        jumping,
    ),
    ("two lowest means after {}, {}, {} and {} epochs alike", trailing),
    (
        "behind each of the four, by {} to {} points, but sigmoid's seeds lie "
        "between {} and {} %, and no pair is shown to differ; {} of the {} runs",
        at_ten,
    ),
    ("after epoch {} at the earliest and {} at the latest", first_lowered),
    (
        "In validation {} pairs are shown after 2 epochs, sigmoid's and tanh's "
        "with each of the other four, {} of them after 5, none after 10, and "
        "the same {} after 20; ",
        shown_on_the_way,
    ),
    (
        "With {} images the step from ten epochs to twenty is not shown to "
        "matter, {} points with an interval from {} to {}, nor that from "
        "twenty to fifty, {} ({} to {}).",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *falls(("epochs", "10")),
            *level(FIFTY, "effect", "low", "high"),
        ],
    ),
    (
        "sigmoid gains {} points, and the other five {} to {}. After twenty "
        "epochs it is {} behind the best in validation, after fifty {}, and "
        "tanh is the last.",
        from_twenty_to_fifty,
    ),
    ("for the first time after epoch {} to {}. That", sigmoid_lowered),
    ("last by a point with 10,000 images seems to be", list),
    (
        "After two epochs and after five, at {} points each; after ten it is "
        "{}, and on the test images, after all twenty, {}",
        most_between,
    ),
    # The learning rate.
    (
        "at its usual rate, {}. Here",
        lambda: [keras.optimizers.Adam().learning_rate],
    ),
    (
        "ten times as much, on {} images",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
    (
        "At a tenth of the rate the mean falls by {} points ({} to {}), "
        "sigmoid's by {} and that of the others by {} to {}.",
        lambda: [*falls(LOW), *lost_at_the_low_rate()],
    ),
    (
        "The span is {} points there ({} to {}): {} of {} pairs are shown",
        lambda: [
            *level(LOW, "span", "span low", "span high"),
            *shown_at_the_low_rate(),
        ],
    ),
    (
        "At ten times the rate the mean rises by {} points ({} to {}), sigm",
        gained_at_the_high_rate,
    ),
    (
        "On {} images, then, the article's rate may not be the best of the "
        "three, above all for sigmoid; but the interval starts close to zero, "
        "and is one of {}.",
        lambda: [
            where(
                level(LOW, "high")[0] < 0 < level(HIGH, "low")[0] < 0.05,
                factors.ARTICLE.fields["train_samples"],
            ),
            sum(level.reference is not None for level in factors.LEVELS),
        ],
    ),
    (
        "highest it is {}, {} and {} points behind the best, though no change",
        lambda: [
            where(no_pair_changed(LOW[0]), sigmoid_behind()[0]),
            *sigmoid_behind()[1:],
        ],
    ),
    (
        "within {} points of one another at the low rate and at the high one; "
        "the {} between them at the article's",
        four_by_rate,
    ),
    (
        "{} pairs are shown at the low rate, and none at the article's",
        lambda: [where(usual("shown") == [0], *level(LOW, "shown"))],
    ),
    (
        "Sigmoid's are within {} points at the low rate, within {} at the "
        "article's and within {} at the high one.",
        ranges_by_rate,
    ),
    # The batch size.
    ("Here are {}, the article's {}, and {}, at", lambda: [32, 128, 512]),
    (
        "rate: 32 and 128 for 20 epochs, which is {} and {} steps, and 512 for "
        "40, which is {}.",
        steps_by_size,
    ),
    (
        "Batches of 32 move the mean by {} points ({} to {}) and batches of 512 "
        "by {} ({} to {}).",
        moved_by_size,
    ),
    ("the four lie within {} and {} points of one another", four_by_size),
    (
        "Switching the schedule off moves it by {} points ({} to {}), and for "
        "{} of {} runs by nothing at all: in 20 epochs",
        lambda: [
            *level(UNSCHEDULED, "effect", "low", "high"),
            *never_lowered(),
        ],
    ),
    (
        "mean of all {} runs: after {} steps of {} images it is {} %, after {} "
        "of {} images {} %, and after ten epochs of {}, with {} steps, {} %.",
        lambda: [level(SMALL, "runs")[0], *on_the_way()],
    ),
    (
        "swish have {} % of the training images right, and {} % of the "
        "validation images with every seed",
        learned_and_not_known,
    ),
    (
        "at {} tanh ends at {} % with a seed that had {} % of the validation "
        "images right two epochs before, and at {} at {} %, with {} % two",
        caught,
    ),
    ("comparison after 20 epochs of 512 have", list),
    (
        "with {} and {} % on average, and the other four between {} and {} %",
        after_twenty_of_512,
    ),
    ("narrower than those that allow for all 15; so", list),
    # Own rates.
    ("with 512, and 0.01, which helped it", list),
    ("rate of its own, with batches of 128 and of 512. Of", list),
    (
        "at each batch size, {}, {} and {}: one run each",
        lambda: [*studies.RATES],
    ),
    (
        "is then trained with the {} seeds of before",
        lambda: [len(studies.study("knobs_tuned").seeds)],
    ),
    (
        "At the highest rate with batches of {} tanh's line leaves the others, "
        "for more than a third wrong",
        tanh_in_a_jump,
    ),
    (
        "{} of the {} choices are the article's rate, {} the lower one and {} "
        "the higher one.",
        lambda: [chosen()[0], chosen()[3], *chosen()[1:3]],
    ),
    (
        "sigmoid takes the highest with batches of {} and of {}, and the lowest "
        "with {}.",
        sigmoid_chooses,
    ),
    (
        "In {} of {} the best rate leads the second by less than the {} seeds "
        "of",
        leads_within_the_seeds,
    ),
    (
        "on the {} seeds of before; both averaged",
        lambda: [len(studies.study("knobs_tuned").seeds)],
    ),
    (
        "promised {} points with batches of 32, {} with 128 and {} with 512, "
        "and kept {} ({} to {}), {} ({} to {}) and {} ({} to {}): each",
        promised_and_kept,
    ),
    ("The loss at 512 is sigmoid's", list),
    (
        "one of its seeds ends at {} %, after six epochs in which it moved "
        "between {} and {} % in validation. It loses {} points by its choice, "
        "and tanh, which chose the lowest, gains {}.",
        sigmoid_and_tanh_choose,
    ),
    (
        "but for sigmoid with batches of {}: two of its three seeds lie above",
        lambda: [where(sigmoid_above() == 2, 512)],
    ),
    ("with own rates and batches of 512 one run of its own", list),
    ("with own rates and batches of 128 both take the article's", list),
    (
        "Tanh is shown to be behind leaky ReLU and swish with {}, and behind "
        "these two and ReLU with {}; no difference",
        shown_with_own_rates,
    ),
    (
        "Own rates move the mean by {} points with batches of 128 ({} to {}).",
        moved_by_own_rates,
    ),
    (
        "batches of 32 end {} points ({} to {}) from those of 128, and batches "
        "of 512 {} ({} to {}).",
        lambda: moved_by_size(OWN_SMALL, OWN_LARGE),
    ),
    (
        "two kinds of swish lie {}, {} and {} points apart, from the smallest",
        four_with_own_rates,
    ),
    (
        "{} of {} change. With batches of 32 all six take the lowest rate "
        "then, and with 512 five of six",
        by_the_last_five,
    ),
    # Dropout.
    (
        "**Two runs of {} do it.** Without dropout the mean falls by {} points, "
        "with an interval from {} to {}. Sigmoid and leaky ReLU of seed 0 end "
        "at {} and {} %; an epoch earlier they had {} and {} % of the "
        "validation",
        lambda: [
            *level(NONE, "runs"),
            -level(NONE, "effect")[0],
            *level(NONE, "low", "high"),
            *two_runs(),
        ],
    ),
    (
        "of seed 0 the three whose rate is still the full one lose in it, by "
        "{}, {} and {} points, and the three whose rate has come down, by {} "
        "at most. With seed 1 it is epoch 15: all six fall, by {} to {} points",
        lambda: [*lost_in_the_last_epoch(), *lost_in_epoch_15()],
    ),
    (
        "With three quarters dropped no change of the mean is shown, {} points "
        "with an interval from {} to {}, and no pair",
        lambda: [
            where(level(MORE, "shown") == [0], *level(MORE, "effect")),
            *level(MORE, "low", "high"),
        ],
    ),
    ("Leave seed 0 out", list),
    (
        "moves by {} points without dropout and by {} with three quarters, and "
        "no activation's by more than {}.",
        without_seed_0,
    ),
    (
        "With {} images, at one rate, and with {} steps or more, batches of 32 "
        "and of 512 end {} points ({} to {}) and {} ({} to {}) from those of "
        "128;",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            min(steps_by_size()),
            *moved_by_size(),
        ],
    ),
    (
        "Without dropout two of {} runs lost a fifth",
        lambda: [where(two_runs()[0] > 0, *level(NONE, "runs"))],
    ),
    (
        "at ten times the rate it has acted in all {} runs, at the article's "
        "in {}, and in none",
        acted,
    ),
    # The picture and the order.
    (
        "and for {} digits and for {} beside {}, it is the triangle's. In all "
        "other rows",
        lambda: [
            300,
            where(
                decided("activation") == {OFF, LOW}
                and decided("setting") == {ALL_IMAGES, ALL_FASHION, HUNDREDS},
                55_000,
            ),
            factors.ARTICLE.fields["train_samples"],
        ],
    ),
    ("All diamonds but one lie below {} points", largest_of_four),
    ("of 55,000, 1,000 and 300 images and of 2 epochs lie", list),
    (
        "small for these four, {} points with 10,000 images ({} to {}) and {} "
        "with all ({} to {}), and {} of {} pairs are shown to differ at each.",
        four_without_normalisation,
    ),
    (
        "Most pairs, {} of {}, are shown to differ on all of Fashion-MNIST; "
        "but there the dataset moves the four by {} points, and the choice by "
        "{}.",
        four_on_all_clothing,
    ),
    (
        "There tanh is {} points behind ({} to {}), and the setting costs the "
        "two {} ({} to {}).",
        tanh_outweighs,
    ),
    (
        "the two lie {} points apart, with an interval from {} to {}, which is "
        "shown; as one of {} pairs",
        lambda: [*relu_and_tanh(), *usual("pairs")],
    ),
    ("so that 1 is the middle", list),
    ("Without normalisation, with 10,000 images, both", list),
    ("with 1,000 images or 300 and after 50 epochs sigmoid's does", list),
    (
        "{} pairs are shown to turn, of {} pairs and settings, and {} change "
        "in size: five of sigmoid without normalisation; eight of sigmoid after "
        "{} and {} epochs on all images, when it is further behind the four "
        "than at the end; four with 300 images",
        lambda: [
            changes()["turned"].sum(),
            len(changes()),
            *changed_in_all(),
            2,
            5,
        ],
    ),
    (
        "at all {} settings together that is so {} times, {} of them between the "
        "beginning of a run and its end. Each of the {} is",
        lambda: [*could_turn(), could_turn()[1]],
    ),
    (
        "above tanh, by {} points ({} to {}), and with {} and a tenth of the "
        "rate below it, by {} ({} to {})",
        lambda: [
            *in_both_orders()[:3],
            factors.ARTICLE.fields["train_samples"],
            *in_both_orders()[3:],
        ],
    ),
    (
        "With {} images there are about six times the errors of {}, and",
        lambda: [
            300,
            where(
                round(
                    (100 - means(*HUNDREDS).mean())
                    / (100 - means(*HUNDREDS, "reference").mean())
                )
                == 6,
                factors.ARTICLE.fields["train_samples"],
            ),
        ],
    ),
    # The advice.
    (
        "in {} epochs of {} images, and two of five learn nothing in {} epochs "
        "of all; the other five move by {} to {} points on the fewer and by {} "
        "to {} on all.",
        lambda: [
            where(chance() > 0, 20),
            factors.ARTICLE.fields["train_samples"],
            where(waits_once()[0] > 0, 20),
            others().min(),
            others().max(),
            *moves_on_all_images(),
        ],
    ),
    (
        "Fashion-MNIST costs {} points ({} to {}) with {} images and {} ({} to "
        "{}) with all",
        lambda: [
            *falls(FASHION),
            factors.ARTICLE.fields["train_samples"],
            *falls(ALL_FASHION),
        ],
    ),
    (
        "From 300 to {} the mean rises by {} points ({} to {}) and from 1,000 "
        "by {} ({} to {}), with twice the steps, and from {} to 55,000 by {} "
        "({} to {}), with five times the steps. With 300 the best activation "
        "leads the worst by {} points, and with all by {}.",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *falls(HUNDREDS),
            *falls(THOUSAND),
            factors.ARTICLE.fields["train_samples"],
            *gained(),
            *level(HUNDREDS, "span"),
            *level(ALL_IMAGES, "span"),
        ],
    ),
    (
        "by a factor of {}, the rate by {}, the batch size by {}. The order",
        lambda: [
            factors.ARTICLE.fields["train_samples"] / 300,
            float(HIGH[1]) / 0.001,
            512 / 128,
        ],
    ),
    (
        "instead of twenty cost {} points ({} to {})",
        lambda: shown_to_fall("10"),
    ),
    (
        "in validation: {} with sigmoid, {} with tanh and {} to {} with the "
        "other four",
        lost_at_ten,
    ),
    (
        "On 10,000 sigmoid is, in validation, {} points behind the best after "
        "twenty epochs, at the full rate, and {} after fifty, though",
        lambda: [
            where(sigmoid_lowered()[0] > 20, from_twenty_to_fifty()[3]),
            from_twenty_to_fifty()[4],
        ],
    ),
    (
        "their means lie within {} points with {} images and within {} with "
        "all, at ten times the rate and at a tenth within {}. Swish's mean is "
        "behind ReLU's in {} of the {} rows of the first picture, which share "
        "seeds and are no {} trials; it is shown "
        "in two, as one of {} pairs each: on all of Fashion-MNIST by {} points "
        "({} to {}), and without normalisation, on all digits, by {} ({} to "
        "{}).",
        lambda: [
            *among_the_four(),
            *four_by_rate()[:1],
            *swish_and_relu(),
            swish_and_relu()[1],
            *usual("pairs"),
            *shown_behind("controlled_fashion", "swish", "relu"),
            *shown_behind("unnormalised", "swish", "relu"),
        ],
    ),
    (
        "With 300 of them tanh is {} points behind ReLU ({} to {}), a third "
        "more errors, and on all of Fashion-MNIST {} ({} to {}); of sigmoid "
        "nothing is shown at either",
        lambda: [
            *tanh_on_hundreds()[:3],
            *shown_behind("controlled_fashion", "tanh", "relu"),
        ],
    ),
    (
        "Neither three quarters ({} points, {} to {}) nor none is shown to "
        "move the mean; without it two of {} runs collapsed, both",
        lambda: [
            *level(MORE, "effect", "low", "high"),
            where(
                two_runs()[0] < 95
                and level(NONE, "low")[0] < 0 < level(NONE, "high")[0],
                *level(NONE, "runs"),
            ),
        ],
    ),
    (
        "or tanh, which is {} points behind ReLU on all images, where the "
        "setting costs the two {} (a pair chosen after the figures). At a "
        "tenth of the rate it is a near thing: ReLU in sigmoid's place gains "
        "{} points, and sigmoid gains {} by the article's rate and {} by {}.",
        lambda: [
            tanh_outweighs()[0],
            tanh_outweighs()[3],
            *sigmoid_at_the_low_rate(),
            float(HIGH[1]),
        ],
    ),
    (
        "On {} images a tenth of the article's costs {} points ({} to {}), ten "
        "times gain {} ({} to {}), and sigmoid's distance from the best is {}, "
        "{} and {} points from the lowest rate to the highest, no change of "
        "which is shown.",
        lambda: [
            factors.ARTICLE.fields["train_samples"],
            *falls(LOW),
            *gained_at_the_high_rate(),
            *sigmoid_behind(),
        ],
    ),
    (
        "nor, with rates of their own and batches of 512, one of {}. Count",
        lambda: [-level(OWN_LARGE, "low")[0]],
    ),
    # Where this stops.
    (
        "allow for its {} pairs, and not for {} settings: among so many",
        lambda: [*usual("pairs"), could_turn()[0]],
    ),
    (
        "close to zero, as two of {} images' changes do",
        lambda: [where(marginal_changes() == 2, 300)],
    ),
    (
        "but for five of seed {}, were trained",
        lambda: [gpu_but_for_five()],
    ),
    ("(NVIDIA H200) with Keras on JAX, in float32,", list),
    (
        "as were {} of the {} from which rates are chosen;",
        lambda: [
            sum(
                record["environment"]["backend"] == "jax"
                for record in recorded("knobs_rates")
            ),
            len(recorded("knobs_rates")),
        ],
    ),
    (
        "swish's two runs differ by {} points at most, tanh's by {}, and",
        on_both_machines,
    ),
    (
        "On all digits that is worth {} to {} points with tanh and {} to {} with "
        "sigmoid, each",
        lambda: [
            end(shown_behind("controlled", name, n)[0] for n in FOUR)
            for name in ("tanh", "sigmoid")
            for end in (min, max)
        ],
    ),
    (
        "; for the article's values on all images there are {} seeds",
        lambda: [seeds_at(ALL_IMAGES)],
    ),
    (
        "there, with {} seeds; with normalisation, and {} seeds, it is {}.",
        lambda: [
            seeds_at(ALL_OFF),
            seeds_at(ALL_IMAGES),
            *level(ALL_IMAGES, "shown"),
        ],
    ),
    (
        "has those of the {} seeds on all",
        lambda: [seeds_at(ALL_IMAGES)],
    ),
    (
        "and so it is with {} after two, five and ten",
        lambda: [where(wide_on_the_way(), seeds_at(ALL_IMAGES))],
    ),
    (
        "With {} seeds the interval of",
        lambda: [len(studies.study("knobs").seeds)],
    ),
    (
        "and for most settings {} images.",
        lambda: [factors.ARTICLE.fields["train_samples"]],
    ),
]
