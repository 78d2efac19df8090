"""The facts in notebook 5; see prose.py."""

import functools
import itertools
import math
import pathlib

import keras
import nbformat
import numpy as np
from prose import where
from scipy import special, stats

import activations
from comparison import cited, depth, records, statistics, studies, tables
from comparison.claims import training

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "05_depth_and_initialisation.ipynb"
GAUSSIAN = "random_normal 0.01"
GLOROT, HE, FAN_OUT = "glorot_uniform", "he_normal", "fan_out_normal"
WIDTH, LAYERS = 100, 32
EPSILON = keras.layers.BatchNormalization().epsilon


# The algebra: the notebook's own cells, run.


@functools.cache
def cells():
    """The names that the cells of the algebra define."""
    cells = {
        cell.source
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells
        if cell.cell_type == "code"
    }
    (function,) = (c for c in cells if "def gradients(" in c)
    (draw,) = (c for c in cells if c.startswith("NAMES ="))
    (normalised,) = (c for c in cells if "def normalised_gradients(" in c)
    values = {}
    exec(PRELUDE, values)
    for code in (function, normalised):
        # With another seed, too.
        fixed = "rng = np.random.default_rng(0)"
        assert code.count(fixed) == 1
        exec(code.replace(fixed, "rng = np.random.default_rng(SEED)"), values)
    values["SEED"] = 0
    exec(draw.partition("plt.figure")[0], values)
    assert (values["WIDTH"], values["LAYERS"]) == (WIDTH, LAYERS)
    return values


@functools.cache
def over_draws(function, *arguments):
    """The first layer's gradient over the last's, in five networks drawn."""
    found = []
    for seed in range(5):
        cells()["SEED"] = seed
        sizes = cells()[function](*arguments)
        sizes = sizes[0] if isinstance(sizes, tuple) else sizes
        found.append(sizes[0] / sizes[-1])
    cells()["SEED"] = 0
    return found


@functools.cache
def drawn():
    """Gradient left by layer, measured and predicted, a network an entry."""
    return {
        network: (
            sizes / sizes[-1],
            np.cumprod([1, *factors[-2::-1]])[::-1],
        )
        for network, (sizes, factors) in cells()["found"].items()
    }


PRELUDE = """
import itertools

import numpy as np
import scipy.special

import activations
from comparison.claims import training

(x, y), _ = training.digits(3000)
"""


def left(activation, initializer):
    """What is left of the gradient at the first layer, as measured."""
    return drawn()[activation, initializer][0][0]


def nearest_to_one():
    """Least and most left of ReLU's and leaky ReLU's from He's two, and drawn.

    If these are the four nearest to one.
    """
    four = {
        (name, initializer)
        for name in ("relu", "leaky_relu")
        for initializer in (HE, FAN_OUT)
    }
    distance = {n: abs(math.log(left(*n))) for n in drawn()}
    nearest = {*sorted(distance, key=distance.get)[:4]} == four
    here = [left(*network) for network in four]
    variance = cells()["VARIANCES"]
    others = [
        value
        for name, initializer in sorted(four)
        for value in over_draws("gradients", name, variance[initializer])
    ]
    return [where(nearest, min(here)), max(here), min(others), max(others)]


def left_of_sixteen():
    sizes, _ = cells()["gradients"]("sigmoid", lambda n_in, n_out: 16 / n_in)
    return sizes[0] / sizes[-1]


def ratios(network=None):
    """Measured over predicted, of every layer but the last."""
    networks = drawn().values() if network is None else [drawn()[network]]
    return np.concatenate([(m / p)[:-1] for m, p in networks])


def within_two():
    found = ratios()
    return [len(found), 100 * np.mean(np.abs(np.log2(found)) <= 1)]


def ends():
    predicted = np.concatenate([p for _, p in drawn().values()])
    return [predicted.min(), predicted.max()]


def most_off(network):
    """The largest factor between the two, which has to be this network's."""
    off = {n: np.exp(np.abs(np.log(ratios(n))).max()) for n in drawn()}
    return where(max(off, key=off.get) == network, off[network])


def most_with_the_gaussian(rank=0):
    found = {a: left(a, i) for a, i in drawn() if i == GAUSSIAN}
    return sorted(found.values())[-1 - rank]


# Depth.


@functools.cache
def recorded(name):
    """The records of a study."""
    return studies.records(studies.study(name), [records.RESULTS])


@functools.cache
def ends_by_run(name):
    return depth.ends(studies.study(name), recorded(name))


@functools.cache
def by_depth(name="depth"):
    """Median test accuracy and seeds that learned, a row a network."""
    table = depth.accuracies(ends_by_run(name))
    return table.droplevel(["optimizer", "normalised"]).reset_index()


def fields(words, study="depth"):
    return by_depth(study).query(words)


def span(words, study="depth"):
    """Least and most of the medians, in %."""
    median = 100 * fields(words, study)["median"]
    return [median.min(), median.max()]


def none_learned(words, value):
    return where(fields(words)["learned"].sum() == 0, value)


SCALED = f"initializer != '{GAUSSIAN}'"
ONE = "initializer in ('glorot_uniform', 'lecun_normal')"
SWISHES = "activation in ('gelu', 'swish', 'swish_trainable')"
NO_SIGMOID = "activation != 'sigmoid'"


@functools.cache
def left_at_start():
    """The gradient left by the algebra, a row a network of `by_depth`."""
    found = cells()["found"]
    table = by_depth()
    return table.assign(
        left=[
            np.prod(
                found[
                    row.activation.removesuffix("_trainable"), row.initializer
                ][1][: row.depth - 1]
            )
            for row in table.itertuples()
        ]
    )


def lowest_of_those_that_keep_it():
    """If it is SELU's from fan-out with 32 layers; and SELU's from He's."""
    table = left_at_start().query("left >= 1e-3")
    row = table.loc[table["median"].idxmin()]
    is_it = (row["activation"], row["initializer"]) == ("selu", FAN_OUT)
    (he,) = table.query(
        "activation == 'selu' and initializer == @HE and depth == 32"
    ).itertuples()
    low = where(is_it, 100 * row["median"])
    return [row["depth"], low, row["left"], he.left, 100 * he.median]


def with_little_left():
    """The least and most that three have left, and their accuracies in %."""
    table = left_at_start().set_index(["activation", "initializer", "depth"])
    networks = [
        ("sigmoid", GAUSSIAN, 4),
        ("relu", GLOROT, LAYERS),
        ("swish", HE, LAYERS),
    ]
    left, median = table.loc[networks, ["left", "median"]].to_numpy().T
    return [min(left), max(left), *(100 * median)]


# A smaller epsilon.


@functools.cache
def of_epsilon():
    """A row a network, with the gradient left: `1e-16` beside `1e-7`."""
    keys = ["activation", "initializer", "depth"]
    return (
        by_depth("depth_epsilon")
        .merge(by_depth(), on=keys, suffixes=("", " usual"))
        .merge(left_at_start()[[*keys, "left"]], on=keys)
    )


def brought_back():
    """Networks of which no seed learned, and how many have one now."""
    rows = of_epsilon().query("`learned usual` == 0")
    return [len(rows), (rows["learned"] > 0).sum()]


def deep_from_glorot():
    """Layers, and medians in % of those that the text names, if all learn."""
    rows = of_epsilon().query("initializer == @GLOROT and depth == 32")
    rows = rows.set_index("activation")
    new = rows.loc[["gelu", "swish", "swish_trainable"]]
    all_ = (new["learned"] == 3).all() and (new["learned usual"] == 0).all()
    names = [*new.index, "relu"]
    return [where(all_, 32), *(100 * rows.loc[names, "median"])]


def from_the_gaussian():
    """Layers, seeds that learn, and of how many, if none had learned."""
    rows = of_epsilon().query("initializer == @GAUSSIAN and depth == 16")
    none = (rows["learned usual"] == 0).all()
    learn = rows[rows["learned"] > 0]
    return [
        where(none and len(learn) == 7, 16),
        learn["learned"].sum(),
        learn["seeds"].sum(),
    ]


def least_that_is_enough():
    """Of the gradient: now, and with the usual epsilon from everywhere."""
    plain = left_at_start()
    least = plain[plain["learned"] > 0]["left"].min()
    rows = of_epsilon()
    return [rows[rows["learned"] > 0]["left"].min(), least]


def moved_where_enough_is_left():
    """The most, in points, that the medians of those move by."""
    rows = of_epsilon().query("left >= 1e-3")
    return [100 * (rows["median"] - rows["median usual"]).abs().max()]


def forward(name, initializer, layers, digits):
    """Kernels, their inputs and the slopes, of a network that was only drawn.

    A layer each; of the output layer there is no slope.
    """
    f = activations.layer(name, dtype="float64")
    rng = np.random.default_rng(0)
    x = cells()["x"][:digits]
    widths = [x.shape[1], *[WIDTH] * layers, 10]
    kernels = [
        rng.normal(0, cells()["VARIANCES"][initializer](*shape) ** 0.5, shape)
        for shape in itertools.pairwise(widths)
    ]
    inputs, slopes = [x], []
    for kernel in kernels[:-1]:
        z = inputs[-1] @ kernel
        a, above, below = np.array(f(np.stack([z, z + 1e-6, z - 1e-6])))
        inputs.append(a)
        slopes.append((above - below) / 2e-6)
    return kernels, inputs, slopes


def difference_of_digits(name, initializer, layers):
    """Of the last activations, relative to their size; and their size."""
    _, inputs, _ = forward(name, initializer, layers, 100)
    a = inputs[-1]
    alive = a[:, a.any(axis=0)]
    apart = (alive.std(0) / np.abs(alive).mean(0)).mean()
    return apart, np.sqrt((a**2).mean())


@functools.cache
def gradients_of_weights(name, initializer, layers):
    """The rms of the loss's, of kernels and of biases, a layer each.

    Of a network that was only drawn, and a batch of 128 digits.
    """
    kernels, inputs, slopes = forward(name, initializer, layers, 128)
    y = cells()["y"][:128]
    output = special.softmax(inputs[-1] @ kernels[-1], axis=1)
    gradient = (output - np.eye(10)[y]) / len(y)
    rms, found = cells()["rms"], []
    for kernel, a, slope in zip(
        kernels[::-1], inputs[::-1], [*slopes[::-1], None], strict=True
    ):
        found.append([rms(a.T @ gradient), rms(gradient.sum(0))])
        if slope is not None:
            gradient = slope * (gradient @ kernel.T)
    return np.transpose(found[::-1])


def of_swish_from_glorot():
    kernels, _ = gradients_of_weights("swish", GLOROT, 32)
    return [kernels.min(), kernels.max()]


def of_swish_from_the_gaussian():
    """The most of its kernels', and that of its last hidden biases."""
    kernels, biases = gradients_of_weights("swish", GAUSSIAN, 16)
    learns = of_epsilon().query(
        "activation == 'swish' and initializer == @GAUSSIAN and depth == 16"
    )["learned"]
    return [16, where(learns.item() == 3, kernels.max()), biases[-2]]


def of_the_deep_gaussian():
    """The most of any kernel's with 32 layers, but for sigmoid's."""
    none = deep_gaussian_learns()[0]
    names = cells()["NAMES"][1:]
    most = max(gradients_of_weights(n, GAUSSIAN, 32)[0].max() for n in names)
    return [none, most]


def below_the_least():
    """The most that sigmoid has left without learning, if that is more."""
    rows = of_epsilon().query("activation == 'sigmoid' and learned == 0")
    return [where(rows["left"].max() > 3e-20, rows["left"].max())]


def of_tanh_with_eight():
    """Its medians from the Gaussian, if every seed ends lower."""
    found = [
        ends_by_run(study).query(
            "activation == 'tanh' and initializer == @GAUSSIAN and depth == 8"
        )["test_accuracy"]
        for study in ("depth", "depth_epsilon")
    ]
    usual, smaller = (100 * of.to_numpy() for of in found)
    lower = (smaller < usual).all()
    return [where(lower, np.median(usual)), np.median(smaller)]


def sigmoids_digits():
    """How far apart they are, of two networks and the most of the others.

    If those two are the only ones of which more seeds learn than did, and
    if with every other function the digits stay as different as they were.
    """
    rows = of_epsilon().query("activation == 'sigmoid'")
    rows = rows.assign(
        apart=[
            difference_of_digits("sigmoid", row.initializer, row.depth)[0]
            for row in rows.itertuples()
        ]
    )
    new = rows.query("learned == 3 and `learned usual` < 3")["apart"]
    rest = rows.query("learned == 0")["apart"]
    # One of them is among those with 32 layers from the Gaussian.
    counts = len(new) == 2 and len(rest) == 1 + 4
    others = [
        difference_of_digits(name, initializer, 32)[0]
        for name in cells()["NAMES"][1:]
        for initializer in (GLOROT, GAUSSIAN)
    ]
    holds = counts and min(others) > 0.5
    return [where(holds, rest.max()), *sorted(new, reverse=True)]


def step_of_float32():
    return [np.finfo(np.float32).eps / 2]


def two_of_sigmoid():
    """The median in %, to a whole number, of two of the four that stay dark."""
    rows = of_epsilon().query("activation == 'sigmoid' and learned == 0")
    rows = rows[(rows["depth"] < 32) | (rows["initializer"] != GAUSSIAN)]
    *rest, second, first = sorted(100 * rows["median"])
    alike = round(first) == round(second) == round(tanh_alone()[1])
    return [where(len(rest) == 2 and alike and max(rest) < 15, first)]


def deep_gaussian_learns():
    """Layers, if from the Gaussian no seed of anything learns with so many."""
    rows = of_epsilon().query("initializer == @GAUSSIAN and depth == 32")
    return [where(rows["learned"].sum() == 0, 32)]


def tanh_alone():
    """Tanh's network and its median in %, if it is the last; and ELU's.

    Of those that do not learn, besides sigmoid's and those with 32 layers.
    """
    rows = of_epsilon().query("learned == 0 and activation != 'sigmoid'")
    rows = rows[rows["depth"] < 32]
    (row,) = rows.itertuples()
    (elu,) = (
        of_epsilon()
        .query(
            "activation == 'elu' and initializer == @GAUSSIAN and depth == 16"
        )
        .itertuples()
    )
    alike = math.isclose(elu.left, row.left, rel_tol=0.05)
    is_it = (row.activation, row.initializer) == ("tanh", GAUSSIAN)
    layers = where(is_it and alike, row.depth)
    return [layers, 100 * row.median, 100 * elu.median]


def with_smaller_epsilon(name):
    """Least and most of its seeds with 32 layers from Glorot's, in %."""
    return ends_of(name, GLOROT, "depth_epsilon")


def farthest_beta():
    """How far from 1 a trained beta ends in a network that did not learn."""
    ends = [
        np.abs(np.subtract([v[-1] for v in r["history"]["beta"].values()], 1))
        for r in recorded("depth")
        if r["configuration"]["activation"] == "swish_trainable"
        and r["test"]["accuracy"] <= tables.LEARNED
    ]
    return np.concatenate(ends).max()


def of_seed_0():
    """Networks of which seed 0 says otherwise than the median what it learns."""
    keys = ["activation", "initializer", "depth"]
    rows = ends_by_run("depth").query("seed == 0").set_index(keys)
    table = by_depth().set_index(keys)
    table["seed 0"] = rows["test_accuracy"]
    learned = table[["median", "seed 0"]] > tables.LEARNED
    return table[learned["median"] != learned["seed 0"]]


def disagreeing():
    """ReLU's and leaky ReLU's accuracies in %: of seed 0, and the medians."""
    table = of_seed_0()
    relu, leaky = networks = [
        (name, GAUSSIAN, 8) for name in ("relu", "leaky_relu")
    ]
    assert {*table.index} == {*networks, ("sigmoid", GLOROT, 8)}
    rows = table.loc[[relu, leaky], ["seed 0", "median"]]
    return (100 * rows).to_numpy().T.ravel()


# Batch normalisation.

GLOROT_FIELDS = f"initializer == '{GLOROT}'"
GAUSSIAN_FIELDS = f"initializer == '{GAUSSIAN}'"


def normalised(activation, initializer=GLOROT, layers=LAYERS):
    rows = by_depth("depth_normalised").set_index(
        ["activation", "initializer", "depth"]
    )
    return 100 * rows.loc[(activation, initializer, layers), "median"]


def epochs():
    return studies.study("depth_normalised").configurations[0].epochs


def size_of_tanh():
    """Of the activations behind 16 layers of tanh from the Gaussian."""
    return difference_of_digits("tanh", GAUSSIAN, 16)[1]


def all_learned(words, study, value):
    rows = fields(words, study)
    return where((rows["learned"] == rows["seeds"]).all(), value)


@functools.cache
def deep_gaussian_ends():
    """Medians of training and test accuracy in %, a row an activation."""
    rows = ends_by_run("depth_normalised")
    rows = rows[(rows["depth"] == LAYERS) & (rows["initializer"] == GAUSSIAN)]
    columns = ["accuracy", "test_accuracy"]
    return 100 * rows.groupby("activation")[columns].median()


@functools.cache
def normalised_deviations(name):
    """Standard deviations of normalised inputs, a layer each, only drawn.

    As Keras normalises, from the plain Gaussian; the units' mean.
    """
    f = activations.layer(name, dtype="float64")
    rng = np.random.default_rng(0)
    (a, _), _ = training.digits(3000)
    a, found = a[:WIDTH], []
    for _ in range(LAYERS):
        u = a @ rng.normal(0, 0.01, (a.shape[1], WIDTH))
        z = (u - u.mean(0)) / np.sqrt(u.var(0) + EPSILON)
        found.append(z.std(0).mean())
        a = np.array(f(z))
    return found


def deviations():
    """Sigmoid's in three layers, and the least of the others in these."""
    layers = [0, 3, 15]
    of = {
        n: [normalised_deviations(n)[i] for i in layers]
        for n in cells()["NAMES"]
    }
    sigmoid = of.pop("sigmoid")
    return [*sigmoid, where(len(of) == 7, min(map(min, of.values())))]


def of_sixteen_normalised():
    """Layers with which every seed of two is above every seed of two others."""
    of = {
        name: ends_of(name, GLOROT, "depth_normalised", 16)
        for name in ("swish", "elu", "relu", "sigmoid")
    }
    least = min(of["swish"][0], of["elu"][0])
    return [where(least > max(of["relu"][1], of["sigmoid"][1]), 16)]


@functools.cache
def of_relus(study):
    """Validation accuracies in %, a row a run: ReLU's and leaky ReLU's at 32."""
    return 100 * np.array(
        [
            record["history"]["val_accuracy"]
            for record in recorded(study)
            for c in [record["configuration"]]
            if c["activation"] in ("relu", "leaky_relu")
            and len(c["hidden"]) == LAYERS
            and c["kernel_initializer"] == GLOROT
        ]
    )


def rising():
    """The least and the most that the six rise by in the last epoch."""
    rise = np.diff(of_relus("depth_normalised"))[:, -1]
    return [where(len(rise) == 6, rise.min()), rise.max()]


def plain_relus(initializer):
    """Medians of ReLU and leaky ReLU with 32 plain layers, in %."""
    rows = fields(f"initializer == '{initializer}' and depth == {LAYERS}")
    rows = rows.set_index("activation")["median"]
    return [100 * rows[name] for name in ("relu", "leaky_relu")]


def largest_fall():
    """From one epoch to the next, of the plain six, and of no normalised one."""
    fall, other = (
        -np.diff(of_relus(study)).min()
        for study in ("depth", "depth_normalised")
    )
    return [where(other < 5, fall)]


def sigmoid_with_32_normalised():
    """A whole number that all its seeds lie above, in %.

    If its gradient grows least, and three end above it, as the text has it.
    """
    ends = ends_of("sigmoid", GLOROT, "depth_normalised")
    least = min(cells()["NAMES"], key=lambda name: growth(name)[1])
    above = all(
        normalised(name) > normalised("sigmoid")
        for name in ("tanh", "elu", "selu")
    )
    return [where(least == "sigmoid" and above, math.floor(ends[0]))]


def moved_where_nothing_was_wrong():
    """The least and most that the medians with 2 layers move by, in points."""
    medians = [
        fields(f"{GLOROT_FIELDS} and depth == 2", study).set_index(
            "activation"
        )["median"]
        for study in ("depth", "depth_normalised")
    ]
    change = 100 * (medians[1] - medians[0])
    return [change.min(), change.max()]


# Gradient descent.


@functools.cache
def descended():
    """`by_depth` of gradient descent with the gradient left by the algebra."""
    keys = ["activation", "initializer", "depth"]
    left = left_at_start()[[*keys, "left"]]
    return by_depth("depth_sgd").merge(left, on=keys)


def diverging_above_two():
    """How many networks grow by more than two, if all but tanh's diverge."""
    rows = descended().query("left > 2")
    others = rows[rows["activation"] != "tanh"]
    holds = (others["diverged"] == others["seeds"]).all()
    return where(holds and len(rows) > len(others) > 0, len(rows))


def none_diverges(study):
    """How many runs a study has, if none of them diverged."""
    rows = by_depth(study)
    return where(not rows["diverged"].any(), rows["seeds"].sum())


def learn_at_32():
    """Networks that have a seed that learns, of how many, and the whole."""
    rows = descended().query("depth == 32")
    learned = rows[rows["learned"] > 0]
    networks = {*zip(learned["activation"], learned["initializer"])}
    named = {("tanh", GLOROT), ("tanh", HE), ("elu", GLOROT)}
    whole = learned[learned["learned"] == learned["seeds"]]
    same = {*whole["activation"]} == {"tanh", "elu"} and len(whole) == 2
    return where(networks == named and same, len(rows))


def relu_from_he():
    """What it keeps over 32 layers, if no seed of it learns."""
    row = (
        descended()
        .query("activation == 'relu' and initializer == @HE and depth == 32")
        .iloc[0]
    )
    diverges = row["learned"] == 0 and row["diverged"] == 1
    return [where(diverges, row["left"]), row["depth"]]


def threshold():
    """The most with which nothing learns, and the least with which one does.

    If those above it of which none learns are the three that the text names.
    """
    rows = descended()
    learned = rows[rows["learned"] > 0]["left"].min()
    below = rows[rows["left"] < learned]["left"].max()
    above = rows[(rows["left"] > learned) & (rows["diverged"] < 3)]
    rest = above[above["learned"] == 0]
    named = {
        ("sigmoid", GLOROT, 4),
        ("relu", HE, 32),
        ("leaky_relu", HE, 32),
    }
    found = {*zip(rest["activation"], rest["initializer"], rest["depth"])}
    return [below, where(found == named, learned)]


# Does swish train deeper?


def ends_of(activation, initializer, study="depth", layers=LAYERS):
    """Least and most of the seeds' test accuracies in %, a network's."""
    rows = ends_by_run(study).query(
        "activation == @activation and initializer == @initializer "
        "and depth == @layers"
    )
    values = 100 * rows["test_accuracy"]
    return [values.min(), values.max()]


def together():
    """How far apart the medians of both are at most, down to 16 layers."""
    plain, normed = (
        100
        * fields("depth <= 16", study).pivot(
            index=["initializer", "depth"],
            columns="activation",
            values="median",
        )
        for study in ("depth", "depth_normalised")
    )
    rows = [plain.loc[GLOROT], plain.loc[HE], normed.loc[GLOROT]]
    return [max(np.abs(r["relu"] - r["swish"]).max() for r in rows)]


def from_he():
    """Of both, with 32 plain layers."""
    both = [*ends_of("relu", HE), *ends_of("swish", HE)]
    return [min(both), max(both)]


@functools.cache
def growth(activation):
    """What 32 normalised layers do to a gradient: predicted, measured."""
    sizes = cells()["normalised_gradients"](activation)
    a_layer = cells()["per_layer"](activation)
    return [a_layer ** (LAYERS - 1), sizes[0] / sizes[-1]]


def drawn_growth(activation):
    """Its least and most, in five networks drawn."""
    found = over_draws("normalised_gradients", activation)
    return [min(found), max(found)]


def carried():
    """The share of five of 100 digits in the squared gradient: first, last."""
    seen, rms = [], cells()["rms"]
    cells()["rms"] = lambda values: seen.append(np.array(values)) or rms(values)
    cells()["normalised_gradients"]("swish")
    cells()["rms"] = rms
    shares = []
    for gradient in (seen[-1], seen[0]):
        of_digits = np.sort(np.sum(np.square(gradient), axis=1))
        assert len(of_digits) == 100
        shares.append(100 * of_digits[-5:].sum() / of_digits.sum())
    return shares


def grow_most():
    """The names of the two whose gradient grows most, as measured."""
    found = sorted(cells()["NAMES"], key=lambda name: growth(name)[1])
    return set(found[-2:])


def learned_least():
    medians = fields(f"{GLOROT_FIELDS} and depth == 32", "depth_normalised")
    return set(medians.nsmallest(2, "median")["activation"])


def highest_of_those():
    """In %, of the two whose gradient grows most."""
    rows = fields(f"{GLOROT_FIELDS} and depth == 32", "depth_normalised")
    return 100 * rows[rows["activation"].isin(grow_most())]["median"].max()


def lowest_of_others():
    """In %, of those whose gradient does not grow most."""
    rows = fields(f"{GLOROT_FIELDS} and depth == 32", "depth_normalised")
    return 100 * rows[~rows["activation"].isin(grow_most())]["median"].min()


# The cited experiment with swish.


@functools.cache
def swish_study():
    return studies.study("cited_swish"), recorded("cited_swish")


@functools.cache
def swish_runs():
    """Accuracies in %, by standard deviation, activation and seed."""
    rows = cited.measured(*swish_study())
    return 100 * rows.pivot(
        index=["stddev", "seed"], columns="activation", values="measured"
    )


@functools.cache
def swish_beside():
    return cited.beside(*swish_study())


def trained_less(other, stddev):
    """Trained swish less another, paired by seed: mean, low, high."""
    rows = swish_runs().loc[stddev]
    return statistics.paired_difference(rows["swish_trainable"], rows[other])


def published(activation, stddev, run="stored curves"):
    table = cited.published(swish_study()[0])
    row = table.query(
        "activation == @activation and stddev == @stddev and run == @run"
    )
    return 100 * row["val_accuracy"].item()


def ranges(stddev):
    rows = swish_runs().loc[stddev]
    return rows.max() - rows.min()


def by_chance():
    """Pairs of different seeds, and how many are as far apart each way."""
    rows = swish_runs().loc[1.0]
    lead = published("swish_trainable", 1.0) - published("relu", 1.0)
    ahead = np.subtract.outer(
        rows["swish_trainable"].to_numpy(), rows["relu"].to_numpy()
    )
    ahead = ahead[~np.eye(len(ahead), dtype=bool)]
    many, others = (ahead >= lead).sum(), (-ahead >= lead).sum()
    return [lead, len(ahead), where(many == others, many)]


def left_of_nine():
    """ReLU's 0.22 points, if Bonferroni leaves the three that the text names."""
    found = {
        (stddev, other)
        for stddev in (0.1, 0.5, 1.0)
        for rows in [swish_runs().loc[stddev]]
        for other in ("swish", "relu", "sigmoid")
        if 9 * stats.ttest_rel(rows["swish_trainable"], rows[other]).pvalue
        < 0.05
    }
    named = {(0.1, "swish"), (0.1, "sigmoid"), (0.5, "sigmoid")}
    return where(found == named, trained_less("relu", 0.5)[0])


def inside():
    table = swish_beside()
    return [table["inside"].sum(), len(table)]


def outside():
    """How many lie outside, if all lie above; and how far, at 0.1."""
    table = swish_beside()
    table = table[~table["inside"]]
    above = table["published"] > table["high"]
    narrow = table[table.index.str.endswith("stddev=0.1")]
    gaps = 100 * (narrow["published"] - narrow["mean"])
    names = [f"{a}, stddev=0.1" for a in ("relu", "swish", "swish_trainable")]
    others = {"sigmoid, stddev=0.5", "sigmoid, stddev=1.0"}
    named = list(narrow.index) == names and {*table.index[3:]} == others
    return [where(above.all() and named, len(table)), gaps.min(), gaps.max()]


def the_run():
    """The run that the conclusion rests on, and the best measured."""
    table = swish_beside().query("run == 'stored curves'")
    row = table.loc["swish_trainable, stddev=1.0"]
    best = swish_runs().loc[1.0, "swish_trainable"].max()
    value = 100 * row["published"]
    seeds = row["seeds"]
    return [where(row["inside"] and value > best, value), seeds, best]


def mean(activation, stddev):
    return swish_runs().loc[stddev, activation].mean()


def alike(stddev, digits):
    """The mean of ReLU and both kinds of swish, if they round to one."""
    names = ["relu", "swish", "swish_trainable"]
    means = swish_runs().loc[stddev, names].mean().round(digits)
    return where(means.nunique() == 1, means.iloc[0])


def ahead(first, second, stddev):
    rows = swish_runs().loc[stddev]
    return (rows[first] > rows[second]).sum()


def behind(other, stddev):
    """Trained swish's way to another, with its interval."""
    mean, low, high = trained_less(other, stddev)
    return [-mean, -high, -low]


def pre_activation():
    """The rms of the first layer's inputs to its units, at sigma = 1."""
    (x, _), _ = training.digits(3000)
    # Cut off at two standard deviations, which leaves this much of one.
    spread = stats.truncnorm(-2, 2).std()
    return spread * np.sqrt(np.mean(np.sum(x**2, axis=1)) + 1)


def apart():
    """How far swish and ReLU are from each other there, and how large ReLU is.

    The averages over normally distributed inputs.
    """
    z = np.linspace(-80, 80, 160_001)
    weights = stats.norm.pdf(z, scale=pre_activation())
    relu, swish = np.maximum(z, 0), z * special.expit(z)
    return [
        np.average(np.abs(relu - swish), weights=weights),
        np.average(relu, weights=weights),
    ]


def grown_beta():
    """The least and the most that a trained beta ends at, at 1."""
    ends = [
        layer[-1]
        for record in recorded("cited_swish")
        for layer in record["history"].get("beta", {}).values()
        if record["configuration"]["stddev"] == 1
    ]
    return [min(ends), max(ends)]


# Swish and Mish.

# The dense layers of the deepest, of 25.
DEEPEST = 22


@functools.cache
def mish():
    """The study, its records' table, and accuracies in %, by depth and seed."""
    study, found = studies.study("cited_mish"), recorded("cited_mish")
    values = 100 * cited.measured(study, found).pivot(
        index=["depth", "seed"], columns="activation", values="measured"
    )
    return study, cited.beside(study, found), values


def mish_apart():
    """Published: Mish less swish in points, with 15, 20 and 25 layers."""
    found = cited.published(mish()[0]).pivot(
        index="layers", columns="activation", values="test_accuracy"
    )
    apart = 100 * (found["mish"] - found["swish"])
    return list(apart[[15, 20, 25]])


def above_the_seeds():
    """The published run that lies outside, over the mean of its seeds.

    If it is Mish's with 15 layers, and swish's is above all its seeds there;
    and how far those of Mish lie apart.
    """
    _, beside, values = mish()
    (row,) = beside[~beside["inside"].astype(bool)].itertuples()
    seeds = values.loc[12, "mish"]
    named = row.Index.startswith("mish") and row.layers == 15
    runs = cited.published(mish()[0]).set_index(["activation", "layers"])
    other = 100 * runs.loc[("swish", 15), "test_accuracy"]
    named = named and other > values.loc[12, "swish"].max()
    return [
        beside["inside"].sum(),
        len(beside),
        where(named, 100 * row.published - seeds.mean()),
        np.ptp(seeds),
    ]


def with_25_layers():
    """Swish's published run, and what its seeds and Mish's span."""
    table = cited.published(mish()[0])
    (run,) = table.query("activation == 'swish' and layers == 25").itertuples()
    swish, other = (mish()[2].loc[22, name] for name in ("swish", "mish"))
    return [
        100 * run.test_accuracy,
        *(swish.min(), swish.max()),
        *(other.min(), other.max()),
    ]


def mish_leads():
    """Both leads with 25 layers, if shown, and no other of Mish's is.

    And if with 20 layers every seed of Mish is above every one of swish.
    """
    values = mish()[2]
    pairs = statistics.paired_differences(values, "mish", "swish", "depth")
    alone = (pairs.loc[[12, 17], "low"] < 0).all()
    apart = values.loc[17, "mish"].min() > values.loc[17, "swish"].max()
    leads = leads_with_25_layers(values)
    shown = leads[1] > 0 and leads[4] > 0
    return [where(alone and apart and shown, leads[0]), *leads[1:]]


def leads_with_25_layers(values):
    """Of Mish over swish and of swish over ReLU, with their intervals."""
    deep = values.loc[22]
    return [
        number
        for first, second in (("mish", "swish"), ("swish", "relu"))
        for number in statistics.paired_difference(deep[first], deep[second])
    ]


def left_of_six():
    """The one lead that Bonferroni leaves of six, and its interval.

    Of Mish over swish and of swish over ReLU, at three depths; if with the
    most layers no seed of one is among those of another.
    """
    values = mish()[2]
    shown = {}
    for number, deep in values.groupby("depth"):
        for first, second in (("mish", "swish"), ("swish", "relu")):
            found = stats.ttest_rel(deep[first], deep[second])
            low, high = found.confidence_interval(1 - 0.05 / 6)
            if low > 0 or high < 0:
                lead = (deep[first] - deep[second]).mean()
                shown[number, first] = [lead, low, high]
    assert set(shown) == {(17, "swish")}
    last = values.loc[DEEPEST]
    apart = last["mish"].min() > last["swish"].max()
    apart = apart and last["swish"].min() > last["relu"].max()
    deepest = where(apart, DEEPEST + 3)
    return [deepest, 17 + 3, *shown[17, "swish"], deepest]


def leads_in_training():
    """Those in training, if not shown, each with the one in the test."""
    table = cited.measured(mish()[0], recorded("cited_mish"))
    leads = leads_with_25_layers(
        100
        * table.pivot(
            index=["depth", "seed"], columns="activation", values="accuracy"
        )
    )
    test = leads_with_25_layers(mish()[2])
    hidden = leads[1] < 0 and leads[4] < 0
    return [
        where(hidden, leads[0]),
        *leads[1:3],
        test[0],
        *leads[3:],
        test[3],
    ]


def factor_with_dropout(activation, kept=0.75):
    """What a normalised layer does to the gradient, inputs dropped behind it.

    What is kept is divided by its share: E f'^2 / kept over the variance,
    E f^2 / kept - (E f)^2.
    """
    f = activations.layer(activation, dtype="float64")
    z = np.linspace(-8, 8, 16001)
    weights = stats.norm.pdf(z)
    a, above, below = np.array(f(np.stack([z, z + 1e-6, z - 1e-6])))
    slope = np.average(((above - below) / 2e-6) ** 2, weights=weights)
    square, mean = (np.average(v, weights=weights) for v in (a**2, a))
    return np.sqrt((slope / kept) / (square / kept - mean**2))


def grown():
    """Swish and Mish: predicted, measured, in five networks.

    In networks of the deepest's dense layers; if the three are in order there,
    and the two lie further apart in those of the section before.
    """
    names = "relu", "swish", "mish"
    size = mish()[0].configurations[0].hidden[0], DEEPEST
    draws, others = (
        {n: over_draws("normalised_gradients", n, *s) for n in names}
        for s in (size, ())
    )
    holds = all(r > s > m for r, s, m in zip(*draws.values())) and all(
        wide / other > max(draws["swish"]) / min(draws["mish"])
        for wide, other in zip(others["swish"], others["mish"])
    )
    two = names[1:]
    return [
        *(cells()["per_layer"](name) ** (DEEPEST - 1) for name in two),
        *(where(holds, draws[name][0]) for name in two),
        *(end(draws[name]) for name in two for end in (min, max)),
    ]


def relu_falls():
    """What ReLU's seeds span with 20 layers, if the others are above 95 %."""
    deep = mish()[2].loc[17]
    others = deep.drop(columns="relu").min(axis=None) > 95
    return [20, where(others, deep["relu"].min()), deep["relu"].max()]


def in_the_tenth_epoch():
    """Validation points gained with 25 layers: Mish's span; swish's most."""
    gains = {}
    for record in recorded("cited_mish"):
        configuration = record["configuration"]
        accuracy = 100 * np.array(record["history"]["val_accuracy"])
        if len(configuration["hidden"]) == 22:
            gains.setdefault(configuration["activation"], []).append(
                accuracy[9] - accuracy[8]
            )
    return [min(gains["mish"]), max(gains["mish"]), max(gains["swish"])]


def gelu_between():
    """GELU's growth in them, predicted and measured, if it is between two."""
    width = mish()[0].configurations[0].hidden[0]
    swish, gelu, relu = (
        [
            cells()["per_layer"](name) ** (DEEPEST - 1),
            over_draws("normalised_gradients", name, width, DEEPEST)[0],
        ]
        for name in ("swish", "gelu", "relu")
    )
    return [where(a < b < c, b) for a, b, c in zip(swish, gelu, relu)]


# Swish times a constant.


@functools.cache
def eswish():
    """The study, its records' table, and accuracies in % by seed."""
    study, found = studies.study("cited_eswish"), recorded("cited_eswish")
    values = 100 * cited.measured(study, found).pivot(
        index="seed", columns=["activation", "scale"], values="measured"
    )
    return study, cited.beside(study, found), values


def factor_two_less(other):
    """Swish with a factor of 2 less another: mean, low, high; seeds ahead."""
    values = eswish()[2]
    first, second = values["swish", 2.0], values[other, 1.0]
    ahead = (first > second).sum()
    return [*statistics.paired_difference(first, second), ahead]


def published_two_less(other):
    table = cited.published(eswish()[0]).set_index(["activation", "scale"])
    values = 100 * table["test_accuracy"]
    first = values["swish", 2.0]
    return where(first == values.max(), first - values[other, 1.0])


def lead(factor, other):
    """A lead of swish with a factor, if it is beyond chance."""
    values = eswish()[2]
    mean, low, high = statistics.paired_difference(
        values["swish", factor], values[other, 1.0]
    )
    return [where(low > 0, mean), low, high]


def not_shown(first, second):
    """One network less another, if zero lies inside the interval."""
    values = eswish()[2]
    mean, low, high = statistics.paired_difference(
        values[first], values[second]
    )
    return [where(low < 0 < high, mean), low, high]


def closer_from():
    """The factor from which on the seeds lie closer than those of swish.

    If the means rise with the factor, and ReLU's seeds lie furthest apart.
    """
    values = eswish()[2]
    spread, means = values.std(), values["swish"].mean()
    most = spread.idxmax() == ("relu", 1.0)
    closer = spread["swish"] < spread["swish", 1.0]
    first = closer[::-1].cummin()[::-1].idxmax()
    return [where(most and means.is_monotonic_increasing, first)]


def first_beyond_chance_over_relu():
    factors = eswish()[2]["swish"].columns
    return [min(f for f in factors if lead(f, "relu")[1] > 0)]


def left_by_bonferroni():
    """Factors whose lead over ReLU is shown when all are allowed for."""
    values = eswish()[2]
    other = values["relu", 1.0]
    found = stats.ttest_rel(values["swish"], other.to_numpy()[:, None])
    factors = values["swish"].columns
    return factors[found.pvalue * len(factors) < 0.05]


FACTS = [
    ("Kızrak, {})", lambda: [2019]),
    (
        "is not seen over {} seeds.",
        lambda: [len(swish_runs().loc[1.0])],
    ),
    # The algebra.
    (
        "done again here, two over {} seeds and one over {}, with",
        lambda: [
            where(len(swish_runs().loc[1.0]) == len(eswish()[2]), 10),
            len(mish()[0].seeds),
        ],
    ),
    ("as AlexNet had it in 2012, has", list),
    ("in layers of {} units.", lambda: [WIDTH]),
    ("Thirty-two layers of {} units", lambda: [WIDTH]),
    ("passes {} digits forward", lambda: [100]),
    ("the gradient of each of {} layers", lambda: [LAYERS]),
    (
        "Of {} layers drawn, {} % lie within a factor of two of the "
        "prediction, which goes from {} to {}.",
        lambda: [*within_two(), *ends()],
    ),
    (
        "{} to {} of the gradient is left over the {} layers here, and {} to "
        "{} in five networks drawn.",
        lambda: [*nearest_to_one()[:2], LAYERS, *nearest_to_one()[2:]],
    ),
    (
        "With Glorot's, ReLU keeps {}; tanh the other way round keeps {} with "
        "Glorot's, and with He's its gradient grows to {}.",
        lambda: [
            left("relu", GLOROT),
            left("tanh", GLOROT),
            left("tanh", HE),
        ],
    ),
    (
        "are left with {} or {} where ReLU has its {}",
        lambda: [left(a, GLOROT) for a in ("swish", "gelu", "relu")],
    ),
    (
        "{} is the most that is left, with SELU, {} the next",
        lambda: [
            where(
                most_with_the_gaussian() == left("selu", GAUSSIAN),
                most_with_the_gaussian(),
            ),
            most_with_the_gaussian(1),
        ],
    ),
    ("nothing below 1e-45", list),
    (
        "up to {} times as much arrives",
        lambda: [most_off(("gelu", "fan_out_normal"))],
    ),
    ("first layer, {} inputs wide", lambda: [28 * 28]),
    ("It is not: {} is left", lambda: [left_of_sixteen()]),
    # The two networks.
    ("five epochs on {} digits", lambda: [3000]),
    ("to 4, then to 2. Then", list),
    ("with 16 layers again", list),
    (
        "well above the {} which Keras adds to it",
        lambda: [EPSILON],
    ),
    # Depth.
    ("in dense networks of {} units on MNIST", lambda: [WIDTH]),
    (
        "five depths from {} to {} layers",
        lambda: [by_depth()["depth"].min(), by_depth()["depth"].max()],
    ),
    (
        "three seeds each, {} runs: {} epochs of Adam at a rate of {} on {} "
        "digits",
        lambda: [
            len(studies.study("depth").configurations),
            studies.study("depth").configurations[0].epochs,
            studies.study("depth").configurations[0].learning_rate,
            studies.study("depth").configurations[0].train_samples,
        ],
    ),
    ("if it gets more than {} % of the test", lambda: [100 * tables.LEARNED]),
    ("rows bright at {} layers", lambda: [LAYERS]),
    ("that still reached {} % in", lambda: [100 * depth.REACHED]),
    ("; 0 where none did, and {} is the", lambda: [LAYERS]),
    (
        "**With 2 layers every network learns:** the {} medians lie between "
        "{} and {} %",
        lambda: [
            all_learned("depth == 2", "depth", len(fields("depth == 2"))),
            *span("depth == 2"),
        ],
    ),
    (
        "with {} layers no seed of it learns from any",
        lambda: [none_learned("activation == 'sigmoid' and depth >= 16", 16)],
    ),
    (
        "With {} layers it is the pair",
        lambda: [
            where(
                none_learned(f"{ONE} and {SWISHES} and depth == 32", True)
                and none_learned(f"not ({SCALED}) and depth >= 16", True),
                32,
            )
        ],
    ),
    (
        "the medians of ReLU and leaky ReLU lie between {} and {} %; from "
        "He's those of all but sigmoid lie between {} and {} %",
        lambda: [
            *span(
                f"{ONE} and activation in ('relu', 'leaky_relu') and depth == 32"
            ),
            *span(f"initializer == '{HE}' and {NO_SIGMOID} and depth == 32"),
        ],
    ),
    (
        "they are {} % or more from those three",
        lambda: [
            span(
                f"({ONE} or initializer == '{HE}') and depth == 32 and "
                "activation in ('tanh', 'elu', 'selu')"
            )[0]
        ],
    ),
    (
        "In {} of the {} fields it says the same of whether a network learns",
        lambda: [len(by_depth()) - len(of_seed_0()), len(by_depth())],
    ),
    (
        "seed 0 has ReLU at {} % and leaky ReLU at {} %, where the medians "
        "are {} and {} %",
        disagreeing,
    ),
    ("It starts at 1, and in", list),
    (
        "none of them ended more than {} from there",
        lambda: [farthest_beta()],
    ),
    (
        "accuracy of {} networks over the gradient",
        lambda: [len(by_depth())],
    ),
    ("for each of the {} networks a number", lambda: [len(by_depth())]),
    (
        "they lie between {} and {} %.*",
        lambda: [
            100 * left_at_start().query("left > 1e-3")["median"].min(),
            100 * left_at_start().query("left > 1e-3")["median"].max(),
        ],
    ),
    (
        "with less than {} of the gradient left no seed learns",
        lambda: [
            where(
                left_at_start().query("left < 1e-9")["learned"].sum() == 0, 1e-9
            )
        ],
    ),
    (
        "of those with 1e-3 or more every median is at {} % or above",
        lambda: [100 * left_at_start().query("left >= 1e-3")["median"].min()],
    ),
    (
        "with {} to {} left sigmoid ends at {} %, from the Gaussian and with 4 "
        "layers, ReLU at {} %, from Glorot's with 32, and swish, from He's "
        "and as deep, at {} %.",
        with_little_left,
    ),
    (
        "SELU from fan-out with {} layers, at {} %, whose gradient grows "
        "{}-fold; from He's it grows {}-fold and ends at {} %",
        lowest_of_those_that_keep_it,
    ),
    ("that Keras sets to {}. A", lambda: [keras.optimizers.Adam().epsilon]),
    ("gradient of 1e-3 makes a step of the whole rate, one of 1e-7", list),
    ("and one of 1e-12 a hundred-thousandth", list),
    (
        "in swish's {} layers from Glorot's the gradients of the weights are "
        "{} to {} in every",
        lambda: [32, *of_swish_from_glorot()],
    ),
    ("Beside an ε of 1e-7 that is nothing", list),
    ("activations have a size of {}.", lambda: [size_of_tanh()]),
    (
        "from two initialisations, with an ε of {}. If",
        lambda: [studies.study("depth_epsilon").configurations[0].epsilon],
    ),
    ("with an ε of 1e-16 on the right, from", list),
    (
        "Of {} networks here of which no seed learned, {} have one now.",
        brought_back,
    ),
    (
        "From Glorot's with {} layers it is every seed of GELU and of both "
        "kinds of swish, and they end where ReLU does: GELU at {} %, swish at "
        "{} and, with a trained β, at {}, ReLU at {}.",
        deep_from_glorot,
    ),
    (
        "From the Gaussian with {} layers, where nothing had learned, {} of {} "
        "seeds of seven activations do.",
        from_the_gaussian,
    ),
    (
        "anything learns is {} of the gradient, where it was {}, and sigmoid "
        "does not with {}.",
        lambda: [*least_that_is_enough(), *below_the_least()],
    ),
    (
        "gradients are small beside 1e-16, too, with swish's {} layers {} at "
        "most. Those of its last hidden layer's biases are of {}, because",
        of_swish_from_the_gaussian,
    ),
    ("far above 1e-7 as well, with which nothing learned.", list),
    ("tells two numbers apart from {} of their size", step_of_float32),
    ("still two of the four get to {} %", two_of_sigmoid),
    (
        "Where 1e-3 or more is left the medians stay within {} points",
        moved_where_enough_is_left,
    ),
    (
        "tanh with eight layers from the Gaussian falls from {} to {} %",
        of_tanh_with_eight,
    ),
    (
        "differ by {} of their size or less from digit to digit, where it was "
        "{} and {} in the two",
        sigmoids_digits,
    ),
    (
        "Everything with {} layers from the Gaussian; but for sigmoid's the "
        "gradients of the weights are {} there",
        of_the_deep_gaussian,
    ),
    (
        "As far gets tanh with {} layers, where ELU, with as little of its "
        "gradient, ends at {}",
        lambda: tanh_alone()[::2],
    ),
    ("set ε to 1e-16 in your own", list),
    ("With 1e-7 both lines stay at one in ten; with 1e-16 Glorot's", list),
    (
        "the same network ends at {} % with Keras's ε",
        lambda: [with_little_left()[-1]],
    ),
    (
        "its seeds end between {} and {} %, and ReLU's between {} and {} %.)",
        lambda: [*with_smaller_epsilon("swish"), *with_smaller_epsilon("relu")],
    ),
    (
        "For {} of the {} that were tried again that was its ε, 1e-7: with "
        "1e-16 GELU and swish learn",
        lambda: brought_back()[::-1],
    ),
    ("Glorot's, after {} epochs, swish is ahead", lambda: [epochs()]),
    # Batch normalisation.
    (
        "the {} medians lie between {} and {} %; without it, no seed of "
        "sigmoid learned with sixteen",
        lambda: [
            none_learned(
                f"{GLOROT_FIELDS} and activation == 'sigmoid' and depth == 16",
                len(
                    fields(
                        f"{GLOROT_FIELDS} and depth <= 16", "depth_normalised"
                    )
                ),
            ),
            *span(f"{GLOROT_FIELDS} and depth <= 16", "depth_normalised"),
        ],
    ),
    (
        "With {} layers sigmoid ends at {} %, and GELU and swish, of which "
        "plain no seed learned, at {} and {} %.",
        lambda: [
            where(
                none_learned(
                    f"{GLOROT_FIELDS} and {SWISHES} and depth == {LAYERS}", True
                )
                and all_learned(
                    f"{GLOROT_FIELDS} and depth <= 16", "depth_normalised", True
                ),
                LAYERS,
            ),
            *map(normalised, ("sigmoid", "gelu", "swish")),
        ],
    ),
    (
        "ReLU and leaky ReLU are behind there, at {} and {} %, and not done: in "
        "the last epoch all six runs still rise, by {} to {} points. Plain they "
        "had {} and {} %, and fell by up to {} points from one",
        lambda: [
            *map(normalised, ("relu", "leaky_relu")),
            *rising(),
            *plain_relus(GLOROT),
            *largest_fall(),
        ],
    ),
    ("with {} layers every seed of swish and of ELU", of_sixteen_normalised),
    (
        "every seed learns with up to {} layers; sigmoid's {} % are the least, and",
        lambda: [
            all_learned(
                f"{GAUSSIAN_FIELDS} and depth <= 16", "depth_normalised", 16
            ),
            where(
                span(f"{GAUSSIAN_FIELDS} and depth <= 16", "depth_normalised")[
                    0
                ]
                == normalised("sigmoid", GAUSSIAN, 16),
                normalised("sigmoid", GAUSSIAN, 16),
            ),
        ],
    ),
    (
        "With {} layers, swish reads {} % of its training digits right in the last "
        "epoch and {} % of the test images.",
        lambda: [LAYERS, *deep_gaussian_ends().loc["swish"]],
    ),
    (
        "Keras adds {} to each variance",
        lambda: [EPSILON],
    ),
    (
        "have a standard deviation of {} in the first layer, {} in the fourth "
        "and {} in the sixteenth, those of the other seven functions {} or "
        "more in all of these",
        deviations,
    ),
    (
        "So with {} layers normalising has not, within these epochs, made good "
        "what Glorot's initialisation lacks for ReLU: plain, from He's, the two "
        "end at {} and {} %.",
        lambda: [LAYERS, *plain_relus(HE)],
    ),
    ("A constant smaller than {} was not tried", lambda: [EPSILON]),
    ("from Glorot's with 2 layers?", list),
    ("the medians move by {} to {} points", moved_where_nothing_was_wrong),
    # Gradient descent.
    (
        "by gradient descent at a rate of {} in batches of {}, where Adam had "
        "{}.",
        lambda: [
            studies.study("depth_sgd").configurations[0].learning_rate,
            studies.study("depth_sgd").configurations[0].batch_size,
            studies.study("depth").configurations[0].batch_size,
        ],
    ),
    (
        "With less than {} of the gradient left no seed learns; Adam",
        lambda: [
            where(descended().query("left < 1e-3")["learned"].sum() == 0, 1e-3)
        ],
    ),
    ("And of the {} networks whose", lambda: [diverging_above_two()]),
    ("With Adam none of {} runs does.", lambda: [none_diverges("depth")]),
    (
        "with {} layers three of these {} networks have a seed that learns",
        lambda: [LAYERS, learn_at_32()],
    ),
    ("ReLU from He's keeps {} of its gradient over {} layers", relu_from_he),
    ("Nothing learns up to {}. From {} on every network that has", threshold),
    # Does swish train deeper?
    ("up to 40 layers the two are alike, and from there to 50 swish", list),
    ("says it from 23 layers on", list),
    ("in every layer, down to {} layers.", lambda: [LAYERS]),
    ("The 40 to 50 layers of the paper are", list),
    ("Up to 16 layers their medians lie {} points apart", together),
    ("points apart at most. With 32, plain", list),
    (
        "With {} plain layers from Glorot's initialisation ReLU ends between "
        "{} and {} %, and no seed of swish learns",
        lambda: [
            none_learned(
                f"{GLOROT_FIELDS} and activation == 'swish' and depth == 32",
                LAYERS,
            ),
            *ends_of("relu", GLOROT),
        ],
    ),
    (
        "The seeds of swish end between {} and {} %, those of ReLU between {} "
        "and {} %",
        lambda: [
            *ends_of("swish", GLOROT, "depth_normalised"),
            *ends_of("relu", GLOROT, "depth_normalised"),
        ],
    ),
    (
        "still rising: after {} epochs swish is far",
        lambda: [epochs()],
    ),
    (
        "all six end between {} and {} %, and there is nothing",
        from_he,
    ),
    (
        "it grows, by {} a layer with ReLU",
        lambda: [cells()["per_layer"]("relu")],
    ),
    (
        "How much is {}, over {} layers?",
        lambda: [cells()["per_layer"]("relu"), LAYERS - 1],
    ),
    ("test accuracy with {} normalised layers", lambda: [LAYERS]),
    (
        "and below {} %; all others lie above {} %",
        lambda: [
            where(
                grow_most() == learned_least() == {"relu", "leaky_relu"},
                math.ceil(highest_of_those() / 10) * 10,
            ),
            math.floor(lowest_of_others()),
        ],
    ),
    (
        "predicted to grow {}-fold from the last layer to the first, and grows "
        "{}-fold in the network that was drawn; sigmoid's {}-fold and {}-fold.",
        lambda: [*growth("relu"), *growth("sigmoid")],
    ),
    (
        "whose factor of {} makes {}, grows {}-fold here, and {}- to {}-fold in "
        "five networks drawn: of the {} digits five carry {} % of the squared "
        "gradient at the first layer, and {} % at the last",
        lambda: [
            cells()["per_layer"]("swish"),
            *growth("swish"),
            *drawn_growth("swish"),
            100,
            *carried(),
        ],
    ),
    (
        "is left with {} times as much gradient as swish, and learns more",
        lambda: [round(left("relu", GLOROT) / left("swish", GLOROT), -3)],
    ),
    ("ends above {} % with every seed", sigmoid_with_32_normalised),
    ("a single layer of ten units", list),
    ("its {} layers can do no more than one", lambda: [LAYERS]),
    # The cited experiment with swish.
    (
        "dense layers of {} and {} units, weights",
        lambda: swish_study()[0].configurations[0].hidden,
    ),
    (
        "set to {}, to {} and to {}, one run each",
        lambda: sorted({c.stddev for c in swish_study()[0].configurations}),
    ),
    (
        "At σ = 1 swish with a trained β ends {} points above ReLU in its "
        "stored curves, and {} in another",
        lambda: [
            published("swish_trainable", 1.0, run) - published("relu", 1.0, run)
            for run in ("stored curves", "notebook")
        ],
    ),
    (
        "each of the {} networks is trained with {} seeds",
        lambda: [
            len(swish_study()[1]) / swish_beside()["seeds"].min(),
            where(
                swish_beside()["seeds"].nunique() == 1,
                swish_beside()["seeds"].iloc[0],
            ),
        ],
    ),
    ("would lie, 95 % of the time", list),
    ("seeds of one network lie at σ = 1?", list),
    ("accuracy of 15 networks, a point a seed", list),
    ("At a standard deviation of 0.1 and for sigmoid", list),
    ("close together; at 1 those of", list),
    (
        "{} of the {} published runs lie inside; if our networks were those, "
        "about {} would",
        lambda: [*inside(), 0.95 * inside()[1]],
    ),
    (
        "The {} outside all lie above: ReLU's and both of swish's at σ = 0.1, "
        "by {} to {} points over the mean, and sigmoid's at 0.5 and 1.",
        outside,
    ),
    (
        "{} % with a trained β at σ = 1, lies inside, but above all {} seeds: "
        "the best has {} %.",
        the_run,
    ),
    (
        "seeds of ReLU at σ = 1 lie between {} and {} %",
        lambda: [
            swish_runs().loc[1.0, "relu"].min(),
            swish_runs().loc[1.0, "relu"].max(),
        ],
    ),
    (
        "a lead of {} points is nothing rare: of the {} pairs of different "
        "seeds here, {} have",
        by_chance,
    ),
    ("ends of the 95 % interval", list),
    (
        "At σ = 1 the trained β ends {} points from ReLU ({} to {}) and {} "
        "from plain swish ({} to {}).",
        lambda: [*trained_less("relu", 1.0), *trained_less("swish", 1.0)],
    ),
    (
        "each of the three ends at {} %, where it reaches {} % at σ = 0.1, and "
        "a network without any activation ends at {} %",
        lambda: [alike(1.0, 1), alike(0.1, 0), mean("linear", 1.0)],
    ),
    (
        "At σ = 0.5 it leads ReLU by {} points ({} to {}), and so does swish "
        "with β fixed: between those two there are {} ({} to {}).",
        lambda: [*trained_less("relu", 0.5), *trained_less("swish", 0.5)],
    ),
    ("outputs stay between 0 and 1 however", list),
    (
        "leads it there by {} points ({} to {})",
        lambda: behind("sigmoid", 0.5),
    ),
    ("Weights of σ = 1 give", list),
    ("inputs with an rms of {}", lambda: [pre_activation()]),
    (
        "ReLU and swish differ by {} on average, where ReLU's own output is "
        "{} on average",
        apart,
    ),
    ("with every seed it ends between {} and {}.", grown_beta),
    (
        "ReLU: by {} points over swish with a trained β, in {} of {} seeds, "
        "and by {} over plain swish, in as many. The seeds move ReLU by "
        "{} points.",
        lambda: [
            behind("relu", 0.1)[0],
            ahead("relu", "swish_trainable", 0.1),
            len(swish_runs().loc[0.1]),
            where(
                ahead("relu", "swish", 0.1)
                == ahead("relu", "swish_trainable", 0.1),
                mean("relu", 0.1) - mean("swish", 0.1),
            ),
            ranges(0.1)["relu"],
        ],
    ),
    ("over plain swish and sigmoid at 0.1 and that of sigmoid at 0.5", list),
    ("are left, and the {} over ReLU is not", lambda: [left_of_nine()]),
    # Swish and Mish.
    (
        "two convolutions, then {} to {} dense layers of {} units, each with "
        "batch normalisation and a quarter dropped, by gradient descent at "
        "{}, {} epochs, one run for each depth.",
        lambda: [
            cited.published(mish()[0])["depth"].min(),
            cited.published(mish()[0])["depth"].max(),
            mish()[0].configurations[0].hidden[0],
            where(
                mish()[0].configurations[0].dropout == 1 / 4,
                mish()[0].configurations[0].learning_rate,
            ),
            mish()[0].configurations[0].epochs,
        ],
    ),
    (
        "they lie {} points apart with 15 layers, {} with 20, and {} with 25. "
        "Here these three depths are trained again, with {} seeds",
        lambda: [*mish_apart(), len(mish()[0].seeds)],
    ),
    (
        "The factor from above is {} for ReLU, {} for swish and {} for Mish; "
        "dropping a quarter adds variance, by which the normalisation divides, "
        "and leaves {}, {} and {}.",
        lambda: [
            factor(name)
            for factor in (cells()["per_layer"], factor_with_dropout)
            for name in ("relu", "swish", "mish")
        ],
    ),
    ("ReLU has fallen by 20 layers; swish and Mish fall behind 20,", list),
    ("where one new run would lie 95 % of the time", list),
    ("normally distributed and no accuracy above 1.", list),
    (
        "{} of the {} published runs lie inside. Mish's with 15 layers is the "
        "sixth, {} points above the mean of our seeds, which lie within {} of "
        "each other;",
        above_the_seeds,
    ),
    ("Those runs had 60,000 images, ours 55,000. With 25 layers", list),
    (
        "But swish's {} % was no bad luck: its seeds end between {} and {} %, "
        "and Mish's between {} and {}.",
        with_25_layers,
    ),
    (
        "With 25 layers Mish ends {} points above swish ({} to {}) and swish "
        "{} above ReLU ({} to {}). With 15 and 20 layers the interval of",
        mish_leads,
    ),
    ("though with 20 every seed of Mish", list),
    (
        "with {} layers it ends between {} and {} %, where no run of the other "
        "two is below 95.",
        relu_falls,
    ),
    (
        "neither lead with {} layers is shown, and swish's over ReLU with {} "
        "is the one left: {} points ({} to {}). What speaks for the order with {} layers is",
        left_of_six,
    ),
    ("there are dense ones among the {}, and", lambda: [DEEPEST + 3]),
    (
        "grows {}-fold from the last layer to the first with swish and {}-fold "
        "with Mish; measured, {}-fold and {}-fold. In five networks drawn it is "
        "{}- to {}-fold and {}- to {}-fold, and in the narrower and deeper",
        grown,
    ),
    (
        "Mish leads swish by {} points with 25 layers ({} to {}) where the "
        "test has {}, and swish leads ReLU by {} ({} to {}) where the test has "
        "{}:",
        leads_in_training,
    ),
    (
        "with 25 layers Mish's seeds gain {} to {} points of validation "
        "accuracy in the tenth epoch alone, and one of swish's gains {}:",
        in_the_tenth_epoch,
    ),
    (
        "Between swish and ReLU by both: {}-fold, predicted, and {}-fold, "
        "measured.",
        gelu_between,
    ),
    ("on 55,000 images, where it has 60,000.", list),
    # Swish times a constant.
    ("with a factor in front, from {} to {}.", lambda: [1.25, 2]),
    (
        "four hidden layers of {}, {}, {} and {} units, dropout, and gradient "
        "descent at {} for {} epochs",
        lambda: [
            *eswish()[0].configurations[0].hidden,
            eswish()[0].configurations[0].learning_rate,
            eswish()[0].configurations[0].epochs,
        ],
    ),
    (
        "puts a factor of 2 first, ReLU {} points behind it, and plain swish "
        "{}. Here each has {} seeds.",
        lambda: [
            published_two_less("relu"),
            published_two_less("swish"),
            where(eswish()[1]["inside"].all(), eswish()[1]["seeds"].min()),
        ],
    ),
    ("and from {} on closer together", closer_from),
    ("the 95 % interval of each pair alone", list),
    (
        "could not have shown it.** A factor of 2 ends {} points above ReLU ({} to {}), in {} of {} "
        "seeds, and {} above plain swish ({} to {}), in as many.",
        lambda: [
            *factor_two_less("relu"),
            where(
                factor_two_less("relu")[3] == factor_two_less("swish")[3],
                len(eswish()[2]),
            ),
            *factor_two_less("swish")[:3],
        ],
    ),
    (
        "put it {} above ReLU, whose seeds span {} points here",
        lambda: [
            published_two_less("relu"),
            np.ptp(eswish()[2]["relu", 1.0]),
        ],
    ),
    (
        "from 1.75 to 2 there are {} points ({} to {})",
        lambda: not_shown(("swish", 2.0), ("swish", 1.75)),
    ),
    (
        "not shown to be behind ReLU ({} points, {} to {})",
        lambda: not_shown(("relu", 1.0), ("swish", 1.0)),
    ),
    ("of the gradient, and with 2 in front the whole", list),
    (
        "From the first: 1.25 leads it by {} points ({} to {}).",
        lambda: lead(1.25, "swish"),
    ),
    ("the interval leaves zero from {} on", first_beyond_chance_over_relu),
    ("a factor of {} is the only one that is left", left_by_bonferroni),
    # Where this stops.
    (
        "where: {} epochs on {} digits are few",
        lambda: [
            studies.study("depth").configurations[0].epochs,
            studies.study("depth").configurations[0].train_samples,
        ],
    ),
    ("{} of the training images by class", lambda: [5_000]),
    ("takes the first {}.", lambda: [6_000]),
    (
        "That {} of its {} runs lie above ours",
        lambda: [inside()[1] - inside()[0], inside()[1]],
    ),
    ("Nothing here is deeper than {} layers", lambda: [LAYERS]),
    (
        "allowed for, over {} seeds of one small network on one dataset, and "
        "Mish's over {}.",
        lambda: [len(swish_runs().loc[1.0]), len(mish()[0].seeds)],
    ),
]
