"""The facts in notebook 4; see prose.py."""

import inspect
import math

import numpy as np
import pandas as pd
import prose_05
import prose_06
from prose import where

from comparison import claims, records, statistics, studies, tables
from comparison.claims import (
    cost,
    dying,
    gradients,
    linear,
    swish,
    training,
)


def record(name):
    return records.read(records.RESULTS / "claims" / f"{name}.json")


ROWS = {name: pd.DataFrame(record(name)["rows"]) for name in claims.EXPERIMENTS}
PARAMETERS = {name: record(name)["parameters"] for name in claims.EXPERIMENTS}


def seeds(name):
    return len(PARAMETERS[name]["seeds"])


def mean(name, column, **where):
    """100 times the mean of a column, where others have these values."""
    rows = ROWS[name]
    for key, value in where.items():
        rows = rows[rows[key] == value]
    assert len(rows)
    return 100 * rows[column].astype(float).mean()


def circles(network, data="circles"):
    return mean("boundaries", "accuracy", network=network, data=data)


def at_worst_on_circles():
    return [min(map(circles, gradients.HIDDEN[2:]))]


def moved(activation, hidden):
    return mean("movement", "moved", activation=activation, hidden=hidden)


# C3, C8: the gradient.

LEFT, PREDICTED = (
    gradients.gradient_left(ROWS["depth"], column)
    for column in ("left", "predicted")
)
_there = (LEFT > 0) & (PREDICTED > 0) & np.isfinite(LEFT * PREDICTED)
RATIO = (LEFT / PREDICTED).where(_there)
GLOROT, HE = "glorot_uniform", "he_normal"


def left(initializer, activation, depth=20):
    return LEFT.loc[(initializer, depth), activation]


def a_quarter_with_two():
    """No number: "a quarter" of sigmoid's, from Glorot's, is checked here."""
    assert round(4 * left(GLOROT, "sigmoid", 2)) == 1
    return []


def gone_from(initializer, activation):
    """The first depth with less than a thousandth, and none with more below."""
    column = LEFT.loc[initializer, activation]
    first = column.index[column < 1e-3].min()
    assert (column[column.index >= first] < 1e-3).all()
    return first


def off_by(ratio):
    return float(np.exp(np.nanmax(np.abs(np.log(ratio.to_numpy())))))


def within_two():
    found = RATIO.stack().dropna()
    return [len(found), 100 * np.mean(np.abs(np.log2(found)) <= 1)]


def decades():
    found = PREDICTED.where(_there)
    return float(np.log10(found.max().max() / found.min().min()))


def kin_of_softplus():
    kin = ["softplus", "squareplus", "sparse_plus", "log_sigmoid"]
    found = RATIO.loc[(HE, 20), kin]
    return [found.min(), found.max()]


def sigmoid_at_20(column):
    rows = ROWS["depth"].query(
        "activation == 'sigmoid' and depth == 20 and initializer == @GLOROT"
    )
    return rows[column].mean()


# C3, C4: learning.


def epochs_mean(activation, depth, normalised):
    """The mean accuracy over the epochs, in points, a value a seed."""
    rows = ROWS["learning"].query(
        "activation == @activation and depth == @depth "
        "and normalised == @normalised"
    )
    return [100 * np.mean(a) for a in rows["accuracy"]]


def normalisation_adds(depth, activation="sigmoid"):
    return statistics.paired_difference(
        *(epochs_mean(activation, depth, n) for n in (True, False))
    )


def lead_of_tanh(depth, normalised):
    return statistics.paired_difference(
        *(epochs_mean(a, depth, normalised) for a in ("tanh", "sigmoid"))
    )


def regained():
    """What training on brings back at the highest rate, and the lead in it."""
    rate = max(PARAMETERS["dying"]["learning_rates"])
    rows = ROWS["dying"].query("learning_rate == @rate")
    gains = 100 * (rows["later_accuracy"] - rows["accuracy"])
    leaky, relu = (
        gains[rows["activation"] == name].to_numpy()
        for name in ("leaky_relu", "relu")
    )
    mean, low, high = not_shown(statistics.paired_difference(leaky, relu))
    ends = [leaky.mean(), relu.mean(), mean, seeds("dying"), low, high]
    return [training_rate(), rate, *ends]


def not_shown(found):
    """A difference with its interval, if that holds zero."""
    mean, low, high = found
    return [where(low < 0 < high, mean), low, high]


def slope_after_training():
    of = {"activation": "sigmoid", "depth": 8, "normalised": False}
    return mean("learning", "slope", **of) / 100


def after_epoch(activation, normalised, epoch=-1):
    rows = ROWS["learning"].query(
        "activation == @activation and depth == 8 and normalised == @normalised"
    )
    return np.mean([100 * a[epoch] for a in rows["accuracy"]])


def ends(normalised):
    return [after_epoch(a, normalised) for a in ("relu", "tanh", "sigmoid")]


# C5: zeros and times.


def zeros(activation):
    rows = ROWS["sparsity"]
    rows = rows[rows["epoch"] == rows["epoch"].max()]
    rows = rows[rows["activation"] == activation]
    return 100 * rows.groupby(["network", "layer"])["zero"].mean()


def most_of_the_others():
    names = ("sigmoid", "tanh", "leaky_relu", "swish")
    return [max(zeros(name).max() for name in names)]


def of_the_dense():
    return [
        mean("sparsity", "zero", activation="relu", network="dense", epoch=e)
        for e in (0, PARAMETERS["sparsity"]["epochs"])
    ]


def times(activation, column="median"):
    return cost.cost_ratios(ROWS["cost"]).loc[activation, column]


def share(activation):
    return 100 * cost.step_shares(ROWS["cost"]).loc[activation, "median"]


def steps(activation, column="median"):
    """The time of a whole training step over ReLU's."""
    return cost.cost_ratios(ROWS["cost"], "step").loc[activation, column]


OTHERS = ("sigmoid", "tanh", "leaky_relu", "swish")


def longer_steps():
    """Of the others, if all are longer than the activations account for."""
    table = ROWS["cost"].pivot_table(
        index="round", columns=["what", "activation"], values="milliseconds"
    )
    for name in OTHERS:
        step, alone = (
            (table[what, name] - table[what, "relu"]) / table["step", "relu"]
            for what in ("step", "all")
        )
        assert step.median() > alone.median()
    return [steps(name) for name in OTHERS]


# C6, C7: units that die.


def died(activation, rate, column="dead"):
    return mean("dying", column, activation=activation, learning_rate=rate)


def still_dead():
    rows = ROWS["dying"].query("activation == 'relu' and learning_rate >= 0.01")
    return [100 * rows["still_dead"].mean()]


def lead(rate):
    """Leaky ReLU's over ReLU, paired by seed, in points, with its interval."""
    rows = ROWS["dying"].query("learning_rate == @rate")
    a, b = (
        100 * rows[rows["activation"] == name]["accuracy"].to_numpy()
        for name in ("leaky_relu", "relu")
    )
    return statistics.paired_difference(a, b)


def less_than_at_the_usual(rate, column="accuracy", name="relu"):
    """At a rate less at the usual one, in points, with its interval."""
    table = 100 * ROWS["dying"].query("activation == @name").pivot(
        index="seed", columns="learning_rate", values=column
    )
    return statistics.paired_difference(table[rate], table[training_rate()])


def falls_from():
    """The lowest rate at which, and above which, accuracy is shown lower.

    With both activations alike.
    """
    rates = PARAMETERS["dying"]["learning_rates"]
    lower = [
        [r for r in rates[1:] if less_than_at_the_usual(r, name=n)[2] < 0]
        for n in ("relu", "leaky_relu")
    ]
    assert lower[0] == lower[1] == list(rates[-len(lower[0]) :])
    return [lower[0][0]]


def starts_later():
    """ReLU's first epoch, normalised and not; if sigmoid alone gains."""
    gains = {
        name: normalisation_adds(8, name)
        for name in ("sigmoid", "tanh", "relu")
    }
    alone = [n for n, (_, low, _) in gains.items() if low > 0] == ["sigmoid"]
    return [
        where(alone, after_epoch("relu", True, epoch=0)),
        after_epoch("relu", False, epoch=0),
    ]


def clear_leads():
    rates = PARAMETERS["dying"]["learning_rates"]
    return [rate for rate in rates if lead(rate)[1] > 0]


def first_to_die():
    """The lowest rate at which a tenth or more die, and at all above it."""
    rates = PARAMETERS["dying"]["learning_rates"]
    return min(rate for rate in rates if died("relu", rate) >= 10)


# C8: the shape.


def curve(beta, column):
    return ROWS["swish"].set_index("beta").loc[beta, column]


def in_the_dip():
    used = 100 * swish.dips(ROWS["sparsity"]).iloc[:, -1]
    return [used.min(), used.max()]


def demonstrated():
    """Without activation, if that alone is outside: least, most, published."""
    table = linear.beside_published(ROWS["demonstration"])
    network = ("circles", "none")
    alone = table.index[~table["inside"]].tolist() == [network]
    rows = ROWS["demonstration"].set_index(["data", "activation"])
    found = 100 * rows.loc[[network], "accuracy"]
    published = 100 * table.loc[network, "published"]
    below = alone and published < found.min()
    return [found.min(), found.max(), published if below else math.nan]


def default(function, name):
    return inspect.signature(function).parameters[name].default


def deep_and_trained():
    """Medians in % with 32 plain layers: tanh's from either, two from He's."""
    rows = prose_05.fields("depth == 32").set_index(
        ["activation", "initializer"]
    )
    tanh = 100 * rows.loc["tanh"].loc[[HE, GLOROT], "median"]
    assert rows.loc["tanh"].loc[[HE, GLOROT], "learned"].eq(3).all()
    none = not rows.loc[[("swish", GLOROT), ("gelu", GLOROT)], "learned"].any()
    return [
        where(round(tanh[HE]) == round(tanh[GLOROT]), tanh[HE]),
        *(
            100 * where(none, rows.loc[(name, HE), "median"])
            for name in ("swish", "gelu")
        ),
    ]


def sigmoid_of_four_layers():
    """Seeds of sigmoid without normalisation, on a part and on all images."""
    few = prose_06.accuracies(*prose_06.OFF).loc["sigmoid"].dropna()
    all_ = prose_06.accuracies(*prose_06.ALL_OFF).loc["sigmoid"].dropna()
    learned = 100 * tables.LEARNED
    images = studies.study("knobs").configurations[0].train_samples
    return [
        where((few <= learned).all(), len(few)),
        images,
        where((all_ <= learned).sum() == 2, len(all_)),
    ]


FACTS = [
    ("Kızrak, {})", lambda: [2019]),
    ("they train on {} digits", lambda: [1000]),
    (", of 28 by 28 pixels", list),
    ("between 0 and 1, and look at {} others", lambda: [1000]),
    # C1
    (
        "layers of {} units between 20 inputs and 5 outputs",
        lambda: [PARAMETERS["collapse"]["width"]],
    ),
    ("inputs and outputs has {}.", lambda: [20 * 5 + 5]),
    (
        "Over {} seeds, two such networks differ by at most {} of",
        lambda: [seeds("collapse"), ROWS["collapse"]["difference"].max()],
    ),
    ("may do up to {}.", lambda: [ROWS["collapse"]["rounding"].max()]),
    ("network gets {} % right", lambda: [circles("linear")]),
    ("five activations {} % or more", at_worst_on_circles),
    ("linear gets {} % and nothing", lambda: [circles("linear", "blobs")]),
    ("stays at {} % all the same", lambda: [circles("step")]),
    (
        "layers of {} and {} units by plain gradient descent",
        lambda: PARAMETERS["demonstration"]["hidden"],
    ),
    ("beside {} seeds of the same", lambda: [seeds("demonstration")]),
    ("would lie, 95 % of the time", list),
    (
        "ours are right about {} to {} % of the points, as by chance, and the "
        "published {} % is less",
        demonstrated,
    ),
    (
        "linear gets {} % of them right, tanh {} %.",
        lambda: [circles("linear", "moons"), circles("tanh", "moons")],
    ),
    # C2
    (
        "layers of {} step units",
        lambda: [default(training.dense_network, "width")],
    ),
    (
        "on {} digits for {} epochs, a mark a seed",
        lambda: [PARAMETERS["movement"][p] for p in ("train", "epochs")],
    ),
    (
        "Over {} seeds step's hidden kernels move by {} % of their size, and "
        "its last by {} %; sigmoid's hidden ones move by {} %",
        lambda: [
            seeds("movement"),
            moved("step", True),
            moved("step", False),
            moved("sigmoid", True),
        ],
    ),
    (
        "still gets {} % of new digits right, beside {} %",
        lambda: [
            mean("movement", "accuracy", activation=name)
            for name in ("step", "sigmoid")
        ],
    ),
    # C3
    (
        "The record has {} activations of the article and of Keras, {} depths "
        "from {} to {} layers",
        lambda: [
            len(PARAMETERS["depth"]["names"]),
            len(PARAMETERS["depth"]["depths"]),
            min(PARAMETERS["depth"]["depths"]),
            max(PARAMETERS["depth"]["depths"]),
        ],
    ),
    (
        "both initialisers and {} seeds, always {} units a layer",
        lambda: [
            seeds("depth"),
            default(training.dense_network, "width"),
        ],
    ),
    ("Of {} combinations with a gradient to draw, {} % lie", within_two),
    ("of the prediction, over {} decades", lambda: [decades()]),
    (
        "off by more than a factor of {}.",
        lambda: [off_by(RATIO[list(gradients.HIDDEN)])],
    ),
    (
        "{} of {} combinations are not drawn",
        lambda: [int((~_there).sum().sum()), _there.size],
    ),
    ("is off by up to {}:", lambda: [off_by(RATIO[["hard_shrink"]])]),
    (
        "at 20 layers {} to {} times as much is left as predicted",
        kin_of_softplus,
    ),
    (
        "is gone from {} layers on with Glorot's initialisation, and from {} "
        "with He's",
        lambda: [gone_from(GLOROT, "sigmoid"), gone_from(HE, "sigmoid")],
    ),
    ("At 20 layers {} is left", lambda: [left(GLOROT, "sigmoid")]),
    (
        "{} % of those derivatives are smaller than 0.005, and their mean is "
        "{}, where 0.25",
        lambda: [100 * sigmoid_at_20("saturated"), sigmoid_at_20("slope")],
    ),
    (
        "experiment, {} digits and {} epochs; thin lines",
        lambda: [PARAMETERS["learning"][p] for p in ("train", "epochs")],
    ),
    (
        "At 8 layers, batch normalisation adds {} points (95 % interval {} to "
        "{})",
        lambda: normalisation_adds(8),
    ),
    (
        "accuracy of sigmoid's first {} epochs",
        lambda: [PARAMETERS["learning"]["epochs"]],
    ),
    ("; at 2 layers {} ({} to {})", lambda: normalisation_adds(2)),
    ("learning rate, over {} seeds", lambda: [seeds("learning")]),
    (
        "after the {} epochs the mean slope of the eight plain layers is {}.",
        lambda: [PARAMETERS["learning"]["epochs"], slope_after_training()],
    ),
    ("without the 4, and the 4 without", list),
    ("the function is 2 tanh(z/2)", list),
    # C4
    ("its 95 % interval:", list),
    (
        "leads by {} points ({} to {}) with two plain layers and by {} ({} to "
        "{}) with eight, over {} seeds.",
        lambda: [
            *lead_of_tanh(2, False),
            *lead_of_tanh(8, False),
            seeds("learning"),
        ],
    ),
    (
        "With two normalised layers it leads by {} ({} to {}), and with eight "
        "a lead is not shown: {} ({} to {}).",
        lambda: [*lead_of_tanh(2, True), *not_shown(lead_of_tanh(8, True))],
    ),
    (
        "slower, too, where a quarter of the gradient is left",
        a_quarter_with_two,
    ),
    # C5
    ("for a batch of 32", list),
    ("takes turns over {} rounds", lambda: [PARAMETERS["cost"]["rounds"]]),
    (
        "After training {} to {} % of ReLU's activations",
        lambda: [zeros("relu").min(), zeros("relu").max()],
    ),
    ("by layer, and {} % of any other's", most_of_the_others),
    ("less sparse, from {} to {} %", of_the_dense),
    (
        "sigmoid takes {} times ReLU's time and tanh {} times",
        lambda: [times("sigmoid"), times("tanh")],
    ),
    (
        "are {} % of a step with ReLU and {} % with sigmoid",
        lambda: [share("relu"), share("sigmoid")],
    ),
    (
        "takes {} times ReLU's time and makes {} % of a step",
        lambda: [times("swish"), share("swish")],
    ),
    (
        "beside ReLU's sigmoid's takes {} times as long, tanh's {}, leaky "
        "ReLU's {} and swish's {}: each more",
        longer_steps,
    ),
    ("are exactly 0", list),
    # C6
    ("usual learning rate is {}.", lambda: [training_rate()]),
    (
        "The record has {} rates and {} seeds, {} epochs of {} digits",
        lambda: [
            len(PARAMETERS["dying"]["learning_rates"]),
            seeds("dying"),
            PARAMETERS["dying"]["epochs"],
            PARAMETERS["dying"]["train"],
        ],
    ),
    ("as many more at {};", lambda: [training_rate()]),
    (
        "From {} on a tenth or more of the units die: {} %, then {} %, and "
        "{} % at {};",
        lambda: [
            first_to_die(),
            *(died("relu", rate) for rate in (0.01, 0.03, 0.1)),
            0.1,
        ],
    ),
    ("{} % of those stay dead", still_dead),
    (
        "at the usual rate, too, {} % of them",
        lambda: [died("relu", training_rate())],
    ),
    (
        "At {} accuracy is not shown to fall ({} points, {} to {}), and after "
        "those further epochs it is {} points ({} to {}) above that of the "
        "networks which had {} from",
        lambda: [
            0.01,
            *not_shown(less_than_at_the_usual(0.01)),
            *less_than_at_the_usual(0.01, "later_accuracy"),
            training_rate(),
        ],
    ),
    ("goes on at {}.", lambda: [training_rate()]),
    (
        "from {} % at the usual rate to {} % at the highest",
        lambda: [died("relu", rate, "accuracy") for rate in (0.001, 0.1)],
    ),
    (
        "none dies, falls to {} %",
        lambda: [died("leaky_relu", 0.1, "accuracy")],
    ),
    (
        "Networks of {} units",
        lambda: [default(training.dense_network, "width")],
    ),
    ("None at 0.01, and few at 0.1,", list),
    # C7
    ("the rate of 0.1 has just ruined", list),
    ("train both on at {}.", lambda: [training_rate()]),
    (
        "At every rate {} % of leaky",
        lambda: [
            max(
                died("leaky_relu", rate)
                for rate in PARAMETERS["dying"]["learning_rates"]
            )
        ],
    ),
    (
        "its lead is {} points ({} to {}), {} ({} to {}) and {} ({} to {}): ",
        lambda: [*lead(0.01), *lead(0.03), *lead(0.1)],
    ),
    ("All intervals but that at {} hold zero", clear_leads),
    (
        "The one clear lead is at {}, {} points ({} to {}), where {} % of",
        lambda: [
            *clear_leads(),
            *lead(0.003),
            died("relu", 0.003),
        ],
    ),
    (
        "Trained on at {} from where the rate of {} left them, leaky ReLU's "
        "networks regain {} points and ReLU's {}; that is {} more, and not "
        "shown over {} seeds ({} to {}).",
        regained,
    ),
    (
        "alone takes {} times ReLU's time, forward and backward (quartiles {} "
        "to {}); a whole step of the article's network takes {} times as long "
        "with it ({} to {}).",
        lambda: [
            of("leaky_relu", column)
            for of in (times, steps)
            for column in ("median", "low", "high")
        ],
    ),
    (" to 1, then to 2, and", list),
    # C8
    ("β = 0 makes it linear", list),
    ("one half for β = 0;", list),
    (
        "Swish's minimum is {} at {};",
        lambda: [curve(1.0, "minimum"), curve(1.0, "minimum_at")],
    ),
    ("at β = 100 it is within {} of", lambda: [curve(100.0, "to_relu")]),
    ("pre-activations {} to {} % lie where it falls", in_the_dip),
    (
        "is gone from {} layers on with Glorot's initialisation, and at 20 "
        "layers {} is left where ReLU keeps {}; with He's, {} beside {}: down to "
        "{} layers never less than a thousandth",
        lambda: [
            gone_from(GLOROT, "swish"),
            left(GLOROT, "swish"),
            left(GLOROT, "relu"),
            where(LEFT.loc[HE, "swish"].min() >= 1e-3, left(HE, "swish")),
            left(HE, "relu"),
            max(PARAMETERS["depth"]["depths"]),
        ],
    ),
    (
        "mish's is {}, and over twenty layers it keeps {} times as much.",
        lambda: [
            np.tanh(np.log(2)),
            left(HE, "mish") / left(HE, "swish"),
        ],
    ),
    ("start of training, over {} seeds", lambda: [seeds("depth")]),
    # The table of what holds.
    ("circles: linear {} % right", lambda: [circles("linear")]),
    ("hidden kernels move by {} % |", lambda: [moved("step", True)]),
    (
        "| gone from {} layers on |",
        lambda: [gone_from(GLOROT, "sigmoid")],
    ),
    (
        "by {} to {} points; normalised {}, and {} not shown |",
        lambda: [
            lead_of_tanh(depth, normalised)[0]
            for normalised in (False, True)
            for depth in (2, 8)
        ],
    ),
    (
        "{} to {} % zeros; sigmoid takes {} times as long",
        lambda: [zeros("relu").min(), zeros("relu").max(), times("sigmoid")],
    ),
    ("{} % dead at 0.1;", lambda: [died("relu", 0.1)]),
    ("one clear lead of five, {} points", lambda: [lead(0.003)[0]]),
    (
        "gone from {} layers on with Glorot's initialisation |",
        lambda: [gone_from(GLOROT, "swish")],
    ),
    # Advice.
    (
        "After {} epochs eight plain layers reach {} % with ReLU, {} % with "
        "tanh and {} % with sigmoid",
        lambda: [PARAMETERS["learning"]["epochs"], *ends(False)],
    ),
    ("batch normalisation {} %, {} % and {} %", lambda: ends(True)),
    ("at {} % after the first epoch instead of {} %", starts_later),
    ("it is lower from {} on, with ReLU and with leaky ReLU", falls_from),
    (
        "At 20 layers ReLU keeps {} of its gradient with He's and {} with "
        "Glorot's; tanh {} and {}.",
        lambda: [
            left(initializer, name)
            for name in ("relu", "tanh")
            for initializer in (HE, GLOROT)
        ],
    ),
    (
        "He's serves tanh as well, at {} % from either, and it is swish and "
        "GELU that need it: they end at {} and {} % from He's, and learn "
        "nothing from Glorot's",
        deep_and_trained,
    ),
    ("[Trained with 32 layers", list),
    (
        "none of {} seeds of sigmoid learns anything from {} images, and of "
        "all images two of {} do not.",
        sigmoid_of_four_layers,
    ),
    (
        "a tenth or more of ReLU's units die from {} on",
        lambda: [first_to_die()],
    ),
    (
        "at none of those rates do {} seeds show",
        lambda: [where(max(clear_leads()) < first_to_die(), seeds("dying"))],
    ),
    (
        "is ruined as well, and {} seeds cannot",
        lambda: [where(0.1 not in clear_leads(), seeds("dying"))],
    ),
    (
        "a whole training step of the article's network takes {} to {} times "
        "as long with another of its activations",
        lambda: [min(map(steps, OTHERS)), max(map(steps, OTHERS))],
    ),
    (
        "dense networks of {} units or less",
        lambda: [default(training.dense_network, "width")],
    ),
    ("network trained for {}.", lambda: [20]),
    # Probes.
    ("the share of slopes under {};", lambda: [claims.probes.SATURATED]),
    (" near 1 are layers", list),
    ("epoch 0 is the start", list),
]


def training_rate():
    return default(training.Trainer.restart, "learning_rate")


# What dying and gradients call notable and vanished, in words above.
assert dying.NOTABLE == 0.1 and gradients.VANISHED == 1e-3
