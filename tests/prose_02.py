"""The numbers in the prose of notebook 2."""

import functools
import math

import keras
import numpy as np
from prose import where

from comparison import data, figures, networks, records, studies, tables
from comparison.configuration import Configuration

STUDY = studies.study("controlled")
SAMPLE = {"images": 5000, "batch": 16, "epochs": 4}
NETWORK = Configuration("relu")
LEADERS = ["relu", "leaky_relu", "swish", "swish_trainable"]


@functools.cache
def found():
    return studies.records(STUDY, [records.RESULTS])


@functools.cache
def runs():
    """A row a run, accuracies in %."""
    rows = tables.run_table(STUDY, found())
    rows["test_accuracy"] *= 100
    return rows


@functools.cache
def histories():
    return tables.history_table(STUDY, found())


def test_means():
    return runs().groupby("activation")["test_accuracy"].mean()


def after(epoch, metric, activation=None, seed=None):
    """The mean of a metric after an epoch, by activation or of one."""
    rows = histories()[histories()["epoch"] == epoch]
    if seed is not None:
        rows = rows[rows["seed"] == seed]
    means = rows.groupby("activation")[metric].mean()
    return means if activation is None else means[activation]


def extreme(values, kind, name):
    """The greatest or least of some values, which has to be that of `name`."""
    place = values.idxmax() if kind is max else values.idxmin()
    assert place == name, f"{place} is the {kind.__name__}, and not {name}"
    return values[place]


def end(metric, kind, name):
    return extreme(after(NETWORK.epochs, metric), kind, name)


def second_lowest(metric, name):
    values = after(NETWORK.epochs, metric)
    return extreme(values.drop(values.idxmin()), min, name)


def of_seed(seed):
    """The test accuracies of a seed in %, the highest first."""
    rows = runs()[runs()["seed"] == seed]
    rows = rows.set_index("activation")["test_accuracy"]
    return rows.sort_values(ascending=False, kind="stable")


def first_of(seed, name):
    return extreme(of_seed(seed), max, name)


def second_of(seed, name):
    return extreme(of_seed(seed).iloc[1:], max, name)


def lead(seed):
    """How many images the first has more right than the next."""
    first, second, *_ = of_seed(seed)
    return round((first - second) / 100 * data.test_size("mnist"))


def steps(batch, images):
    return math.ceil(images / batch)


def left(number):
    """What is left of the moving averages' start after so many steps, in %."""
    return 100 * normalisation().momentum ** number


@functools.cache
def normalisation():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 1))
    return layer


@functools.cache
def network(activation="relu"):
    return networks.build(Configuration(activation))


@functools.cache
def sample():
    return data.load("mnist_sample")


def training_images():
    (images,) = {record["train_samples"] for record in found()}
    return images


def published_gaps():
    """Published test accuracies less the measured means, in points."""
    published = 100 * tables.published_test()
    means = test_means().reindex(published.index)
    return published[["article_accuracy", "notebook_accuracy"]].sub(
        means, axis=0
    )


@functools.cache
def pairs():
    return tables.verdicts(STUDY, found())


def shown():
    """The pairs that differ: each with sigmoid or tanh as the lower one."""
    table = pairs()[pairs()["verdict"].str.startswith("different")]
    for (first, second), row in table.iterrows():
        lower = first if row["difference"] < 0 else second
        assert lower in ("sigmoid", "tanh"), (first, second)
    return table


def among(table):
    """How many rows are pairs of the four that lead."""
    return sum(set(pair) <= set(LEADERS) for pair in table.index)


def of_leaders():
    """The pairs of the four, of which ReLU leads in the test and swish not."""
    means = test_means()[LEADERS]
    assert (means.idxmax(), means.idxmin()) == ("relu", "swish")
    return pairs()[[set(pair) <= set(LEADERS) for pair in pairs().index]]


def equivalent():
    """How many of those pairs are, of how many; and the margin in points."""
    table = of_leaders()
    number = (table["verdict"] == "equivalent").sum()
    return [number, len(table), 100 * tables.MARGINS["test_accuracy"]]


def detectable():
    """What the seeds would find of those that are not, in points."""
    table = of_leaders()
    return table.loc[table["verdict"] == "cannot tell", "detectable"]


def relu_to_tanh():
    """The interval of the largest difference, between the best and the worst."""
    row = pairs().loc["tanh", "relu"]
    return [-row["high"], -row["low"]]


def ends_of(name, metric):
    """How far apart the seeds of an activation end."""
    rows = histories()
    rows = rows[
        (rows["epoch"] == NETWORK.epochs) & (rows["activation"] == name)
    ]
    return np.ptp(rows[metric])


def leaders_apart():
    """The four's means at the end, in points, if all have wider seeds."""
    means = [
        100 * after(NETWORK.epochs, "val_accuracy", name) for name in LEADERS
    ]
    wider = [
        100 * ends_of(name, "val_accuracy") > np.ptp(means) for name in LEADERS
    ]
    return where(all(wider), np.ptp(means))


def swishes():
    return pairs().loc["swish", "swish_trainable"]


@functools.cache
def beta_ends():
    table = tables.beta_table(found())
    return table[table["epoch"] == NETWORK.epochs]


def betas():
    assert beta_ends()["beta"].min() > NETWORK.beta
    return list(beta_ends().groupby("layer")["beta"].mean())


def published_first(metric="loss"):
    history = tables.published_history()
    return history[history["epoch"] == 1].set_index("activation")[metric]


def two_of_sigmoid():
    """A bound that two of its seeds fall below, and the lowest of all."""
    rows = histories()
    rows = rows[rows["epoch"] >= figures.SETTLED]
    lowest = rows.groupby(["activation", "seed"])["val_accuracy"].min()
    below = 100 * lowest["sigmoid"]
    assert below.min() == 100 * lowest.min()
    return [where((below < 82).sum() == 2, 82), below.min()]


FACTS = [
    # Title.
    (
        "the article's network gains {} points of test accuracy ({} to {})",
        lambda: [round(np.ptp(test_means()), 6), *relu_to_tanh()],
    ),
    (
        "tanh ends at {} % and ReLU at {} %",
        lambda: [
            extreme(test_means(), min, "tanh"),
            extreme(test_means(), max, "relu"),
        ],
    ),
    ("too close together for {} seeds", lambda: [runs()["seed"].nunique()]),
    ("(Merve Ayyüce Kızrak, {})", lambda: [2019]),
    ("the full study: {} trainings", lambda: [len(found())]),
    # The network and the sample.
    (
        "With ReLU it has {} parameters",
        lambda: [network().count_params()],
    ),
    (
        "β is trained has {} more",
        lambda: [
            network("swish_trainable").count_params() - network().count_params()
        ],
    ),
    (
        "The sample has {} digits of MNIST: {} to train on, {} to validate "
        "with after each epoch, {} to test",
        lambda: [
            SAMPLE["images"],
            len(sample().x_train),
            len(sample().x_validation),
            len(sample().x_test),
        ],
    ),
    ("its {} filters", lambda: [network().get_layer("conv_1").filters]),
    (
        "{} % with sigmoid against {} % with ReLU, on average",
        lambda: [
            100 * after(1, "accuracy", "sigmoid"),
            100 * after(1, "accuracy", "relu"),
        ],
    ),
    ("pale red, close to {},", lambda: [0]),
    # Batch normalisation.
    (
        "start at a mean of {} and a variance of {}, and each step keeps {}",
        lambda: [
            float(normalisation().get_weights()[2][0]),
            float(normalisation().get_weights()[3][0]),
            normalisation().momentum,
        ],
    ),
    (
        "an epoch of {} steps, {} %",
        lambda: [
            steps(SAMPLE["batch"], len(sample().x_train)),
            left(steps(SAMPLE["batch"], len(sample().x_train))),
        ],
    ),
    (
        "An epoch then has {} steps. They leave {} % of the start, and four "
        "epochs leave {} %",
        lambda: [
            steps(NETWORK.batch_size, len(sample().x_train)),
            left(steps(NETWORK.batch_size, len(sample().x_train))),
            left(
                SAMPLE["epochs"]
                * steps(NETWORK.batch_size, len(sample().x_train))
            ),
        ],
    ),
    # The study.
    (
        "on {} digits of MNIST for {} epochs, in batches of {}, with six "
        "activations and {} seeds",
        lambda: [
            training_images(),
            NETWORK.epochs,
            NETWORK.batch_size,
            runs()["seed"].nunique(),
        ],
    ),
    (
        "The other {} training digits",
        lambda: [60_000 - training_images()],
    ),
    ("the {} test digits are read once", lambda: [data.test_size("mnist")]),
    (
        "An epoch has {} steps here, which leave {} %",
        lambda: [
            steps(NETWORK.batch_size, training_images()),
            left(steps(NETWORK.batch_size, training_images())),
        ],
    ),
    (
        "ReLU reads {} % of the training digits and {} % of the validation "
        "digits; its seed {} alone reads {} % and {} %",
        lambda: [
            100 * after(1, "accuracy", "relu"),
            100 * after(1, "val_accuracy", "relu"),
            0,
            100 * after(1, "accuracy", "relu", seed=0),
            100 * after(1, "val_accuracy", "relu", seed=0),
        ],
    ),
    (
        "validation is ahead, {} % against {} %",
        lambda: [
            100 * after(2, "val_accuracy", "relu"),
            100 * after(2, "accuracy", "relu"),
        ],
    ),
    ("stretched towards {} %", lambda: [100]),
    ("to a little above {} %", lambda: [99]),
    ("sigmoid below {} % with two seeds and down to {} %", two_of_sigmoid),
    (
        "seeds {} to {} have; any other",
        lambda: [min(STUDY.seeds), max(STUDY.seeds)],
    ),
    (
        "is six networks on {} digits, an hour",
        lambda: [55_000],
    ),
    (
        "At the end the four means lie within {} points; in each",
        lambda: [leaders_apart()],
    ),
    (
        "swish has {}, where the four others start between {} and {} and "
        "ours between {} and {}",
        lambda: [
            published_first()["swish"],
            published_first().drop("swish").min(),
            published_first().drop("swish").max(),
            after(1, "loss").min(),
            after(1, "loss").max(),
        ],
    ),
    (
        "higher accuracies, {} % of the digits in training and {} % in "
        "validation, and with a fixed one the lower losses, {} and {} ({} with "
        "a trained one)",
        lambda: [
            100 * end("accuracy", max, "swish_trainable"),
            100 * end("val_accuracy", max, "swish_trainable"),
            end("loss", min, "swish"),
            end("val_loss", min, "swish"),
            second_lowest("val_loss", "swish_trainable"),
        ],
    ),
    (
        "sigmoid comes last in training ({} %, {}) and in validation loss ({}, "
        "tanh {})",
        lambda: [
            100 * end("accuracy", min, "sigmoid"),
            end("loss", max, "sigmoid"),
            end("val_loss", max, "sigmoid"),
            after(NETWORK.epochs, "val_loss", "tanh"),
        ],
    ),
    (
        "tanh has the lowest validation accuracy ({} %, sigmoid {} %)",
        lambda: [
            100 * end("val_accuracy", min, "tanh"),
            100 * after(NETWORK.epochs, "val_accuracy", "sigmoid"),
        ],
    ),
    # The test images.
    ("mean's {} % interval", lambda: [95]),
    (
        "Of the {} published accuracies {} lie {} to {} points from ours",
        lambda: [
            published_gaps().size,
            published_gaps().size - 1,
            *np.sort(published_gaps().abs().to_numpy(), None)[[0, -2]],
        ],
    ),
    (
        "sigmoid in the article's table, lies {} points below",
        lambda: [-published_gaps().loc["sigmoid", "article_accuracy"]],
    ),
    (
        "Of the {} pairs {} are shown to differ",
        lambda: [len(pairs()), len(shown())],
    ),
    (
        "of the {} pairs among ReLU, leaky ReLU and the two swishes {} are",
        lambda: [among(pairs()), among(shown())],
    ),
    ("{} of the {} pairs are shown to lie less than {} points", equivalent),
    (
        "and of the others {} seeds find a true difference four times in five "
        "only if it is at least {} to {} points",
        lambda: [
            runs()["seed"].nunique(),
            detectable().min(),
            detectable().max(),
        ],
    ),
    (
        "ReLU with {} %, leaky ReLU with {} % and swish with a trained β with "
        "{} %",
        lambda: [
            first_of(0, "relu"),
            first_of(5, "leaky_relu"),
            first_of(6, "swish_trainable"),
        ],
    ),
    (
        "swish with a trained β ({} %), and ReLU twice ({} % and {} %)",
        lambda: [
            second_of(0, "swish_trainable"),
            second_of(5, "relu"),
            second_of(6, "relu"),
        ],
    ),
    (
        "The lead is {}, {} and {} images of {}",
        lambda: [lead(0), lead(5), lead(6), data.test_size("mnist")],
    ),
    # The trained β.
    ("has one, which starts at {}", lambda: [NETWORK.beta]),
    ("All lines rise from {} in the first", lambda: [NETWORK.beta]),
    ("with β fixed at {} the network can", lambda: [1]),
    (
        "β ends above 1, at {} behind the first convolution and at {} and {} "
        "above",
        lambda: betas(),
    ),
    (
        "β fixed at {} lies {} points below it, with an interval from {} "
        "below to {} above",
        lambda: [
            NETWORK.beta,
            -swishes()["difference"],
            -swishes()["low"],
            swishes()["high"],
        ],
    ),
]
