"""Tests of the claims' experiments, records and verdicts.

Every verdict is given the opposite truth, and has to turn around.
"""

import concurrent.futures
import inspect
import json
import math
import runpy
import sys
import threading

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from sklearn import datasets, linear_model

from comparison import claims, records, statistics, studies
from comparison.claims import (
    cost,
    dying,
    gradients,
    linear,
    registry,
    sparsity,
    step,
    swish,
    training,
)

# C1: the collapse of linear layers, and boundaries.


def drawn(**curvature):
    """Rows as of `boundaries`, curved as said, else fully curved."""
    networks = ("none", *training.HIDDEN)
    return pd.DataFrame(
        [
            {
                "network": network,
                "data": toy,
                "curvature": curvature.get(network, 0.9),
            }
            for network in networks
            for toy in linear.TOYS
        ]
    )


def test_collapse_turns_around():
    flat = pd.DataFrame(linear.collapse("linear", seeds=(0, 1)))
    assert (flat["difference"] <= flat["rounding"]).all()
    assert flat["difference"].nunique() == 2
    verdict = linear.verdict_1(flat, drawn(linear=1e-9))
    assert verdict.verdict == "holds"
    # The same experiment with an activation that is not linear.
    leaky = pd.DataFrame(linear.collapse("leaky_relu", seeds=(0,)))
    assert (leaky["difference"] > 100 * leaky["rounding"]).all()
    verdict = linear.verdict_1(leaky, drawn(linear=1e-9))
    assert verdict.verdict == "does not hold"
    # And a boundary that is not straight.
    assert linear.verdict_1(flat, drawn()).verdict == "does not hold"


def test_boundaries():
    rows = pd.DataFrame(
        linear.boundaries(("linear", "tanh"), seeds=(0,), epochs=40)
    )
    rows = rows.set_index(["network", "data"])
    # Linear logits are planes; a bent boundary is needed for circles alone.
    assert (rows.loc["linear", "curvature"] < 1e-6).all()
    assert rows.loc[("tanh", "circles"), "curvature"] > 0.5
    assert rows.loc[("tanh", "circles"), "accuracy"] > 0.9
    assert rows.loc[("linear", "circles"), "accuracy"] < 0.7
    assert (rows.xs("blobs", level="data")["accuracy"] > 0.9).all()
    picture = rows.loc[("linear", "blobs"), "probability"]
    picture = np.reshape(picture, (len(linear.GRID),) * 2)
    # Class 1 lies up and to the right; a row of the grid is a height.
    assert picture[-1, -1] > 95 and picture[0, 0] < 5
    assert (np.diff(picture, axis=0) >= 0).all()


def test_demonstration():
    """Without an activation it is a linear classifier, whoever trains it."""
    rows = pd.DataFrame(linear.demonstration(seeds=(3,), iterations=300))
    accuracy = rows.set_index(["data", "activation"])["accuracy"]
    x, y = datasets.make_circles(400, noise=0.1, random_state=3)
    best = linear_model.LogisticRegression(C=1e6).fit(x, y).score(x, y)
    assert accuracy["circles", "none"] == pytest.approx(best, abs=0.02)
    assert accuracy["circles", "relu"] > best + 0.05
    x, y = datasets.make_blobs(400, random_state=3)
    best = linear_model.LogisticRegression(C=1e6).fit(x, y).score(x, y)
    assert accuracy["blobs", "relu"] == pytest.approx(best, abs=0.03)
    # In units of one of so many points.
    for name, points in (("circles", 400), ("blobs", 400), ("moons", 200)):
        right = accuracy[name] * points
        np.testing.assert_allclose(right, np.round(right), atol=1e-6)


def test_demonstration_beside_published():
    published = linear.published().set_index(["data", "activation"])
    assert (100 * published["accuracy"]).round(2).to_dict() == {
        ("circles", "none"): 42.75,
        ("circles", "relu"): 85.5,
        ("blobs", "relu"): 98.75,
        ("moons", "relu"): 100.0,
    }
    values = {"circles": (0.80, 0.84, 0.85), "blobs": (0.90, 0.91, 0.92)}
    rows = pd.DataFrame(
        [
            {"data": name, "activation": "relu", "accuracy": value}
            for name, found in values.items()
            for value in found
        ]
    )
    table = linear.beside_published(rows).dropna()
    assert list(table.index) == [("circles", "relu"), ("blobs", "relu")]
    for (name, _), row in table.iterrows():
        sample = np.array(values[name])
        reach = stats.t.ppf(0.975, 2) * sample.std(ddof=1) * math.sqrt(4 / 3)
        assert row["mean"] == pytest.approx(sample.mean())
        assert row["low"] == pytest.approx(sample.mean() - reach)
        assert row["high"] == pytest.approx(min(sample.mean() + reach, 1))
    assert table["inside"].tolist() == [True, False]


@pytest.mark.parametrize("name", list(linear.TOYS))
def test_toy_data(name):
    x, y = linear.toy_data(name, 400, seed=0)
    assert x.shape == (400, 2) and x.dtype == np.float32
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-5)
    assert np.bincount(y).tolist() == [200, 200]
    again, _ = linear.toy_data(name, 400, seed=0)
    other, _ = linear.toy_data(name, 400, seed=1)
    assert (x == again).all() and not np.allclose(x, other)


# C2: weights under a step.


def test_movement_turns_around():
    rows = pd.DataFrame(
        step.movement(("step", "sigmoid"), seeds=(0,), epochs=1, train=320)
    )
    moved = rows.set_index(["activation", "layer"])["moved"]
    assert moved["step"].tolist()[:2] == [0, 0]
    assert moved["step", "output"] > 0.01
    assert (moved["sigmoid"] > 0.01).all()
    assert step.verdict_2(rows).verdict == "holds"
    # A step that could be trained: sigmoid under its name.
    sigmoid = rows[rows["activation"] == "sigmoid"]
    planted = pd.concat([sigmoid.assign(activation="step"), sigmoid])
    assert step.verdict_2(planted).verdict == "does not hold"
    # An experiment in which nothing moves shows nothing.
    nothing = rows.assign(moved=np.where(rows["hidden"], 0.0, rows["moved"]))
    assert step.verdict_2(nothing).verdict == "does not hold"


# C3, C4: depth and learning.


def deep(**kept):
    """Rows as of `depth`: a layer keeps this part of its gradient."""
    kept = {"relu": 1.0, "swish": 1.0, "sigmoid": 1.0} | kept
    return pd.DataFrame(
        [
            {
                "initializer": initializer,
                "activation": name,
                "depth": layers,
                "seed": seed,
                "slope": part,
                "saturated": 0.0,
                "left": part ** (layers - 1),
                "predicted": part ** (layers - 1),
            }
            for initializer in ("glorot_uniform", "he_normal")
            for name, part in kept.items()
            for layers in (2, 5, 20)
            for seed in (0, 1)
        ]
    )


def learned(accuracy):
    """Rows as of `learning`, from a function of activation and condition."""
    noise = (-0.01, 0.0, 0.01)
    return pd.DataFrame(
        [
            {
                "activation": name,
                "depth": layers,
                "normalised": normalised,
                "seed": seed,
                "accuracy": [accuracy(name, layers, normalised) + extra] * 2,
            }
            for layers in (2, 8)
            for normalised in (False, True)
            for name in ("sigmoid", "tanh")
            for seed, extra in enumerate(noise)
        ]
    )


def test_gradient_left_is_a_geometric_mean():
    left = gradients.gradient_left(deep(sigmoid=0.25, step=0.0))
    assert left.loc[("he_normal", 5), "sigmoid"] == pytest.approx(0.25**4)
    assert left.loc[("he_normal", 20), "step"] == 0
    two = deep()
    two = two[(two["activation"] == "relu") & (two["depth"] == 2)]
    left = gradients.gradient_left(two.assign(left=[1.0, 4.0] * 2))
    assert left["relu"].tolist() == pytest.approx([2, 2])


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([0.5, 1e-4, 1e-5], 5),
        ([0.5, 1e-4, 0.1], None),
        ([1e-4, 0.1, 1e-4], 20),
        ([1e-4, 0.0, 0.0], 2),
        ([1.0, 0.5, 1e-3], None),
    ],
)
def test_vanishes_from(left, expected):
    left = pd.Series(left, index=[2, 5, 20])
    assert gradients.vanishes_from(left) == expected


def test_depth_finds_what_is_known():
    rows = pd.DataFrame(
        gradients.depth(
            ("step", "linear", "sigmoid"),
            depths=(6,),
            initializers=("glorot_uniform",),
            seeds=(0,),
            samples=20,
        )
    )
    left = gradients.gradient_left(rows).iloc[0]
    assert left["step"] == 0
    # Glorot and Bengio 2010: it keeps the gradients of a linear network.
    assert 0.5 < left["linear"] < 2
    # Each layer multiplies by a slope of a quarter at most.
    assert 0 < left["sigmoid"] < 2 * 0.25**5
    slopes = rows.set_index("activation")["slope"]
    assert slopes["linear"] == 1 and slopes["step"] == 0
    assert 0.2 < slopes["sigmoid"] <= 0.25


@pytest.mark.parametrize(
    ("initializer", "gain"), [("glorot_uniform", 1), ("he_normal", 2)]
)
def test_depth_in_numpy(initializer, gain):
    """Measured and predicted, from the network's weights alone."""
    name, layers, samples, seed = "tanh", 4, 20, 3
    (row,) = gradients.depth(
        (name,), (layers,), (initializer,), (seed,), samples
    )
    model = training.dense_network(name, layers, kernel_initializer=initializer)
    training.restart(model, training.state(model), seed)
    kernels = [
        la.get_weights()[0].astype(float) for la in model.layers if la.weights
    ]
    (x, y), _ = training.digits(samples)
    a, slopes = x.astype(float), []
    for kernel in kernels[:-1]:
        a = np.tanh(a @ kernel)
        slopes.append(1 - a**2)
    back = special.softmax(a @ kernels[-1], axis=1) - np.eye(10)[y]
    found = []
    for kernel, slope in zip(kernels[:0:-1], slopes[::-1]):
        back = slope * (back @ kernel.T)
        found.append(np.sqrt(np.mean(back**2)))
    assert row["left"] == pytest.approx(found[-1] / found[0], rel=1e-4)
    squares = [gain * np.mean(slope**2) for slope in slopes[:-1]]
    expected = np.sqrt(np.prod(squares))
    assert row["predicted"] == pytest.approx(expected, rel=1e-4)


def slow_where(condition):
    """Sigmoid at 20 % where it is plain and so deep, else at 80 %."""
    return learned(
        lambda name, layers, normalised: (
            0.2 if not normalised and condition(layers) else 0.8
        )
    )


def test_learning():
    rows = pd.DataFrame(
        gradients.learning(("tanh",), (2,), seeds=(0,), epochs=2, train=320)
    )
    assert rows["normalised"].tolist() == [False, True]
    for row in rows.itertuples():
        assert len(row.loss) == len(row.accuracy) == 2
        assert row.loss[1] < row.loss[0]
        assert 0 < row.slope <= 1 and abs(row.mean) < 0.2


@pytest.mark.parametrize(
    ("kept", "slow", "expected"),
    [
        # Vanishes at 20 layers, and learning is slowed at 8.
        (0.25, lambda layers: layers == 8, "holds only where"),
        # At every depth, and everywhere.
        (1e-4, lambda layers: True, "holds"),
        # The gradient does not vanish.
        (1.0, lambda layers: True, "does not hold"),
        # It vanishes, and learning is as fast as ever.
        (0.25, lambda layers: False, "does not hold"),
    ],
)
def test_verdict_3_turns_around(kept, slow, expected):
    found = gradients.verdict_3(deep(sigmoid=kept), slow_where(slow))
    assert found.verdict.startswith(expected)
    if expected == "holds":
        assert found.verdict == "holds"
    if "only" in expected:
        assert "gone at 20 layers, learning slowed at 8" in found.verdict


def test_verdict_3_minds_the_spread():
    """A gain of a tenth that one seed alone brings is none."""
    rows = slow_where(lambda layers: False)
    is_one = (rows["activation"] == "sigmoid") & (rows["seed"] == 0)
    rows.loc[is_one & ~rows["normalised"], "accuracy"] = pd.Series(
        [[0.1, 0.1]] * len(rows)
    )
    assert gain_of_sigmoid(rows) > registry.NOTABLE
    found = gradients.verdict_3(deep(sigmoid=0.25), rows)
    assert found.verdict == "does not hold"


def gain_of_sigmoid(rows):
    gain = gradients.mean_accuracy(rows)["sigmoid"].unstack("normalised")
    return (gain[True] - gain[False]).mean()


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (lambda layers, normalised: 0.1, "holds"),
        (lambda layers, normalised: 0.0, "does not hold"),
        # More in the mean, and within the spread of the seeds.
        (lambda layers, normalised: 0.001, "does not hold"),
        (lambda layers, normalised: -0.1, "does not hold"),
        (
            lambda layers, normalised: 0.1 if layers == 8 else -0.1,
            "holds only where the network has 8 layers without normalisation "
            "or 8 layers with normalisation",
        ),
    ],
)
def test_verdict_4_turns_around(lead, expected):
    def accuracy(name, layers, normalised):
        return 0.5 + (name == "tanh") * lead(layers, normalised)

    rows = learned(accuracy)
    # Not the same noise for both, or the interval would be a point.
    is_tanh = rows["activation"] == "tanh"
    rows.loc[is_tanh, "accuracy"] = pd.Series(
        [
            [a + 0.002 * (s == 1) - 0.002 * (s == 2) for a in values]
            for values, s in zip(rows["accuracy"], rows["seed"], strict=True)
        ]
    )
    assert gradients.verdict_4(rows).verdict == expected


def test_paired_difference():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6))
    mean, low, high = statistics.paired_difference(a, b)
    expected = stats.ttest_rel(a, b).confidence_interval()
    assert (low, high) == pytest.approx(tuple(expected))
    assert mean == pytest.approx(np.mean(a - b))
    # One pair says nothing of the spread.
    assert statistics.paired_difference([1], [0]) == pytest.approx(
        (1, math.nan, math.nan), nan_ok=True
    )


# C5: sparsity and cost.


def sparse(zero, dip=0.1):
    """Rows as of `sparsity`, from a function of activation and layer."""
    return pd.DataFrame(
        [
            {
                "network": network,
                "activation": name,
                "seed": seed,
                "epoch": epoch,
                "layer": layer,
                "zero": zero(name, layer),
                "dip": dip if name == "swish" else 0.0,
            }
            for network, names in (
                ("dense", studies.ARTICLE),
                ("article", ("relu", "swish")),
            )
            for name in names
            for seed in (0, 1)
            for epoch in (0, 2)
            for layer in (1, 2, 3)
        ]
    )


def timed(noise=0.1, **milliseconds):
    """Rows as of `cost`: rounds of which each is slower than the last."""
    both = {name: 10.0 for name in studies.ARTICLE} | milliseconds
    rows = []
    for number in range(9):
        for name, time in both.items():
            for what, part in (
                ("forward", 0.4),
                ("both", 1),
                ("all", 2),
                ("step", 20),
            ):
                rows.append(
                    {
                        "round": number,
                        "activation": name,
                        "what": what,
                        "milliseconds": part * time * (1 + noise * number),
                    }
                )
        rows.append(
            {
                "round": number,
                "activation": "copy",
                "what": "both",
                "milliseconds": 5 * (1 + noise * number),
            }
        )
    return pd.DataFrame(rows)


def test_sparsity_looks_before_and_after():
    rows = pd.DataFrame(
        sparsity.sparsity(
            ("sigmoid", "relu", "swish"), (), seeds=(0,), epochs=2, train=320
        )
    )
    assert len(rows) == 3 * 2 * 3
    by_activation = rows.groupby("activation")
    zero, dip = (by_activation[c].agg(["min", "max"]) for c in ("zero", "dip"))
    assert 0.1 < zero.loc["relu", "min"] <= zero.loc["relu", "max"] < 0.9
    assert (zero.drop("relu") == 0).all(axis=None)
    assert (dip.drop("swish") == 0).all(axis=None)
    # The pre-activations grow into the dip.
    dips = swish.dips(rows)
    assert (dips[2] >= dips[0]).all() and dips[2].max() > 0
    accuracy = rows.groupby(["activation", "epoch"])["accuracy"].first()
    assert accuracy["relu", 2] > accuracy["relu", 0] + 0.2
    counts = rows[rows["layer"] == 3]["histogram"]
    assert {sum(c) for c in counts} == {200 * 64}


def test_cost_times_every_task_in_every_round():
    rows = pd.DataFrame(
        cost.cost(("relu", "tanh"), rounds=3, batch_size=1, steps=False)
    )
    counts = rows.groupby(["activation", "what"])["round"].agg(list)
    assert counts.to_dict() == {
        ("copy", "both"): [0, 1, 2],
        **{
            (name, what): [0, 1, 2]
            for name in ("relu", "tanh")
            for what in ("forward", "both")
        },
    }
    assert (rows["milliseconds"] > 0).all()


def test_cost_ratios_compare_within_a_round():
    rows = timed(noise=3, sigmoid=15.0)
    ratios = cost.cost_ratios(rows)
    # What slows a whole round down cancels.
    assert ratios.loc["sigmoid"].tolist() == pytest.approx([1.5] * 3)
    assert ratios.loc["relu"].tolist() == pytest.approx([1] * 3)
    to_copy = cost.cost_ratios(rows, "forward", "copy")
    assert to_copy.loc["sigmoid", "median"] == pytest.approx(1.2)
    assert "copy" not in to_copy.index
    shares = cost.step_shares(rows)
    assert shares.loc["tanh"].tolist() == pytest.approx([0.1] * 3)


@pytest.mark.parametrize(
    ("others", "slow", "expected"),
    [
        (0.0, 15.0, "holds"),
        (0.4, 10.0, "does not hold"),
        (0.0, 10.0, "holds only where sparsity is meant"),
        (
            0.4,
            15.0,
            "holds only where cost is meant beside sigmoid and tanh",
        ),
    ],
)
def test_verdict_5_turns_around(others, slow, expected):
    """ReLU's zeros are 30 to 50 %, another's none, or more than its least."""
    found = sparsity.verdict_5(
        sparse(
            lambda name, layer: 0.2 + 0.1 * layer if name == "relu" else others
        ),
        timed(sigmoid=slow, tanh=slow),
    )
    assert found.verdict == expected
    shares = list(found.measured.values())[:3]
    assert shares == pytest.approx([0.3, 0.5, others])


def test_verdict_5_minds_the_spread():
    """A third of the rounds the other way round is not clearly cheaper."""
    rows = timed(sigmoid=20.0, tanh=20.0)
    is_other = rows["activation"].isin(["sigmoid", "tanh"])
    rows.loc[is_other & (rows["round"] % 3 == 0), "milliseconds"] /= 4
    assert (cost.cost_ratios(rows)["median"].loc[["sigmoid"]] > 1).all()
    found = sparsity.verdict_5(sparse(lambda name, layer: 0.0), rows)
    assert found.verdict == "does not hold"


# C6, C7: dying units.


def died(relu, leaky=0.0, still=1.0, lead=0.2):
    """Rows as of `dying`, dead shares by learning rate."""
    rates = (0.001, 0.01, 0.1)
    return pd.DataFrame(
        [
            {
                "activation": name,
                "learning_rate": rate,
                "seed": seed,
                "dead": share,
                "still_dead": still if share else None,
                "accuracy": 0.5
                + lead * (name == "leaky_relu")
                + 0.01 * seed * (name == "relu"),
            }
            for name, shares in (("relu", relu), ("leaky_relu", [leaky] * 3))
            for rate, share in zip(rates, shares, strict=True)
            for seed in range(3)
        ]
    )


def one_lead(rows):
    """Leaky ReLU ten points higher at the lowest rate alone."""
    is_there = rows["learning_rate"] == 0.001
    is_there &= rows["activation"] == "leaky_relu"
    return rows.assign(accuracy=rows["accuracy"] + 0.1 * is_there)


def test_dying_goes_on_at_the_usual_rate(monkeypatch):
    rates = []

    def train(self, *arguments):
        rates.append(float(self.optimizer.learning_rate))

    monkeypatch.setattr(training.Trainer, "train", train)
    rows = dying.dying(("relu",), (0.1, 0.01), seeds=(0,), train=320)
    assert len(list(rows)) == 2
    assert rates == pytest.approx([0.1, 0.001, 0.01, 0.001])


def test_dying_finds_the_dead():
    rows = pd.DataFrame(
        dying.dying(
            learning_rates=(0.001, 0.1), seeds=(0, 1), epochs=1, train=320
        )
    )
    dead = dying.dead_units(rows)
    assert dead.loc[0.1, "relu"] > 0.3 > dead.loc[0.001, "relu"]
    # Leaky ReLU has a slope everywhere.
    assert (dead["leaky_relu"] == 0).all()
    of_leaky = rows["activation"] == "leaky_relu"
    assert rows[of_leaky]["still_dead"].isna().all()
    assert (rows[~of_leaky & (rows["dead"] > 0.3)]["still_dead"] > 0.5).all()
    assert (rows["dead_at_start"] < 0.1).all()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            died([0, 0.2, 0.8]),
            "holds only where the learning rate is high: 0.01 and 0.1 "
            "here; it costs accuracy at 0.01 and 0.1",
        ),
        (
            died([0.3, 0.2, 0.8], lead=0.0),
            "holds; that it costs accuracy is not shown at any",
        ),
        # No unit dies; or those that do come back.
        (died([0, 0, 0.01]), "does not hold"),
        (died([0, 0.2, 0.8], still=0.1), "does not hold"),
    ],
)
def test_verdict_6_turns_around(rows, expected):
    assert dying.verdict_6(rows).verdict == expected


@pytest.mark.parametrize(
    ("rows", "time", "expected"),
    [
        (died([0, 0.2, 0.8]), 11.0, "holds"),
        # No unit of ReLU dies: there is no "there".
        (died([0, 0, 0]), 11.0, "does not hold"),
        # Leaky ReLU's die as well.
        (died([0, 0.2, 0.8], leaky=0.5), 11.0, "does not hold"),
        # They get a gradient, and learn no better for it.
        (
            died([0, 0.2, 0.8], lead=0.0),
            11.0,
            "holds only where a gradient is all that is asked for: accuracy "
            "is clearly higher at none of the rates where 10 % of ReLU's "
            "units or more are dead",
        ),
        # A lead where few enough die is named.
        (
            one_lead(died([0.05, 0.2, 0.8], lead=0.0)),
            11.0,
            "holds only where a gradient is all that is asked for: accuracy "
            "is clearly higher at 0.001, where 5 % of ReLU's units are dead, "
            "and at none of the rates where 10 % of ReLU's "
            "units or more are dead",
        ),
        (
            died([0, 0.2, 0.8]),
            15.0,
            "holds only where the learning rate is 0.01 and 0.1, for 1.50 "
            "times the time",
        ),
    ],
)
def test_verdict_7_turns_around(rows, time, expected):
    found = dying.verdict_7(rows, timed(leaky_relu=time))
    assert found.verdict == expected


# C8: swish.


def test_swish_against_lamberts_w():
    rows = pd.DataFrame(swish.swish()).set_index("beta")
    w = special.lambertw(np.exp(-1)).real
    one = rows.loc[1.0]
    assert one["minimum"] == pytest.approx(-w, abs=1e-9)
    assert one["minimum_at"] == pytest.approx(-1 - w, abs=1e-5)
    assert one["falls"] == pytest.approx((6 - 1 - w) / 12, abs=1e-4)
    assert rows.loc[0.0, "to_line"] == 0 and rows.loc[0.0, "falls"] == 0
    # The minimum scales with 1/beta, and is the distance to ReLU.
    for beta in (10.0, 100.0):
        assert rows.loc[beta, "to_relu"] == pytest.approx(w / beta, rel=1e-3)
        assert rows.loc[beta, "minimum"] == pytest.approx(-w / beta)


def test_verdict_8_turns_around():
    curve = pd.DataFrame(swish.swish())
    used = sparse(lambda name, layer: 0.0)
    good = swish.verdict_8(curve, used, deep())
    assert good.verdict == "holds"
    vanishing = swish.verdict_8(curve, used, deep(swish=0.5)).verdict
    assert vanishing.startswith("holds only where")
    assert vanishing.endswith(
        "is gone at 20 layers with glorot_uniform and 20 layers with he_normal"
    )
    for bad in (
        # Monotonic; unused; not linear at 0; not ReLU at infinity.
        (curve.assign(falls=0.0), used),
        (curve, sparse(lambda name, layer: 0.0, dip=0.001)),
        (curve.assign(to_line=0.1), used),
        (curve.assign(to_relu=0.1), used),
    ):
        assert swish.verdict_8(*bad, deep()).verdict == "does not hold"


# Training.


def test_trainer_starts_anew():
    (x, y), held_out = training.digits(320)
    assert x.shape == (320, 784) and held_out[0].shape == (1000, 784)
    assert x.min() == 0 and x.max() == 1
    trainer = training.Trainer(training.dense_network("relu", 2, momentum=0.9))

    def result(seed):
        trainer.restart(seed)
        return trainer.train(x, y), trainer.train(x, y, 2)

    first = result(0)
    assert first[1] < first[0] < 2.5
    assert result(1) != first
    assert result(0) == first
    assert trainer.accuracy(*held_out) > 0.5


def test_seeds_are_paired():
    networks = [training.dense_network(a, 2, width=8) for a in ("relu", "tanh")]
    for model in networks:
        training.restart(model, training.state(model), 3)
    a, b = (
        [la.get_weights()[0] for la in m.layers if la.weights] for m in networks
    )
    for left, right in zip(a, b, strict=True):
        np.testing.assert_array_equal(left, right)
    training.restart(networks[1], training.state(networks[1]), 4)
    assert not np.array_equal(networks[1].layers[0].get_weights()[0], a[0])


def test_dense_network():
    names = [
        layer.name
        for layer in training.dense_network("tanh", 2, momentum=0.9).layers
    ]
    assert names == [
        "dense_1",
        "normalization_1",
        "activation_1",
        "dense_2",
        "normalization_2",
        "activation_2",
        "output",
    ]
    assert len(training.dense_network(None, 3).layers) == 4


# Records.


@pytest.fixture
def calls(monkeypatch):
    """An experiment that takes no time and notes how it is run."""
    noted = []

    def tiny(seeds=(0, 1), scale=1.0):
        noted.append((seeds, scale))
        row = {"value": scale / 3, "none": math.nan}
        return [{"seed": seed, **row} for seed in seeds]

    monkeypatch.setattr(registry, "EXPERIMENTS", {})
    # The package's own name for it, which the command line reads.
    monkeypatch.setattr(claims, "EXPERIMENTS", registry.EXPERIMENTS)
    registry.experiment(seeds=(0,))(tiny)
    return noted


def names(folder):
    return sorted(p.name for p in (folder / "claims").iterdir())


def test_a_record_is_read_and_not_made_again(calls, tmp_path):
    first = claims.recorded("tiny", tmp_path)
    assert first["value"].tolist() == [0.333333] * 2
    assert first["none"].isna().all()
    second = claims.recorded("tiny", tmp_path)
    pd.testing.assert_frame_equal(first, second)
    elsewhere = claims.recorded("tiny", tmp_path / "new", [tmp_path])
    pd.testing.assert_frame_equal(first, elsewhere)
    assert not (tmp_path / "new").exists()
    assert len(calls) == 1
    claims.recorded("tiny", tmp_path, again=True)
    assert len(calls) == 2
    record = records.read(tmp_path / "claims" / "tiny.json")
    assert record["parameters"] == {"seeds": [0, 1], "scale": 1.0}
    assert record["environment"]["backend"] == "tensorflow"
    assert names(tmp_path) == ["tiny.json"]


def test_other_backends_are_refused(calls, tmp_path, monkeypatch):
    """Where there is no record; one that is there needs none."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="backend='jax'"):
        claims.recorded("tiny", tmp_path / "new")
    assert not calls and not (tmp_path / "new").exists()


def other(**fields):
    """Damages a record's layout, the hash as it should be."""

    def damage(text):
        record = {**json.loads(text), **fields}
        return json.dumps({**record, "hash": records.content_hash(record)})

    return damage


DAMAGES = [
    other(parameters=None),
    other(parameters=[]),
    other(rows=None),
    lambda text: text[:-40],
    lambda text: text.replace("0.333333", "0.333334", 1),
    lambda text: "[]",
    lambda text: "",
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_set_aside(calls, tmp_path, caplog, damage):
    expected = claims.recorded("tiny", tmp_path)
    path = tmp_path / "claims" / "tiny.json"
    path.write_text(damage(path.read_text()))
    found = claims.recorded("tiny", tmp_path)
    pd.testing.assert_frame_equal(found, expected)
    assert len(calls) == 2
    # It is not thrown away, and the user is told.
    assert names(tmp_path) == ["tiny.json", "tiny.json.damaged-1"]
    assert str(path) in caplog.text


@pytest.mark.parametrize("damage", DAMAGES)
def test_reading_renames_nothing(calls, tmp_path, caplog, damage):
    """A damaged record where only reading is asked for stays as it is."""
    for folder in ("damaged", "sound"):
        claims.recorded("tiny", tmp_path / folder)
    path = tmp_path / "damaged" / "claims" / "tiny.json"
    path.write_text(damage(path.read_text()))
    kept = path.read_text()
    folders = [tmp_path / "damaged", tmp_path / "sound"]
    assert len(claims.recorded("tiny", tmp_path / "new", folders)) == 2
    claims.page(folders)
    assert path.read_text() == kept
    assert names(tmp_path / "damaged") == ["tiny.json"]
    assert not (tmp_path / "new").exists()
    assert str(path) in caplog.text


def test_a_record_of_other_parameters_stays(calls, tmp_path, caplog):
    claims.recorded("tiny", tmp_path)
    path = tmp_path / "claims" / "tiny.json"
    kept = path.read_bytes()

    @registry.experiment()
    def tiny(seeds=(0, 1, 2)):
        return [{"seed": seed} for seed in seeds]

    for again in (False, False, True):
        assert len(claims.recorded("tiny", tmp_path, again=again)) == 3
    assert path.read_bytes() == kept
    first, second = names(tmp_path)
    assert first.startswith("tiny-") and second == "tiny.json"
    # It is not damaged, and nobody is told that it is.
    assert caplog.text == ""


def test_a_smoke_record_is_not_taken_for_a_real_one(calls, tmp_path):
    assert len(claims.recorded("tiny", tmp_path, study="smoke")) == 1
    assert len(claims.recorded("tiny", tmp_path)) == 2
    assert calls == [([0], 1.0), ([0, 1], 1.0)]
    # Nor does one replace the other.
    assert len(claims.recorded("tiny", tmp_path, study="smoke")) == 1
    assert len(calls) == 2


def test_two_at_the_same_time_run_it_once(tmp_path, monkeypatch):
    """The second waits for the first, looks again, and finds its record."""
    begun, may_end = threading.Event(), threading.Event()
    runs = []

    def slow(seed=0):
        runs.append(seed)
        begun.set()
        assert may_end.wait(60)
        return [{"seed": seed}]

    monkeypatch.setattr(registry, "EXPERIMENTS", {})
    registry.experiment()(slow)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(claims.recorded, "slow", tmp_path)
        assert begun.wait(60)
        second = pool.submit(claims.recorded, "slow", tmp_path)
        # Until it waits at the lock, or has begun to run on its own.
        concurrent.futures.wait([second], timeout=0.5)
        may_end.set()
        pd.testing.assert_frame_equal(first.result(60), second.result(60))
    assert runs == [0]


@pytest.mark.parametrize(
    "name, value, usual",
    [("floatx", "float16", "float32"), ("epsilon", 1e-3, 1e-7)],
)
def test_global_settings_that_are_refused(calls, tmp_path, name, value, usual):
    change = getattr(keras.config, f"set_{name}")
    change(value)
    try:
        with pytest.raises(ValueError, match=rf"Received: {name}={value!r}$"):
            claims.recorded("tiny", tmp_path)
    finally:
        change(usual)
    assert calls == [] and not (tmp_path / "claims").exists()


@pytest.mark.parametrize("policy", ["mixed_float16", "float64"])
def test_a_global_policy_changes_nothing(policy):
    x = np.linspace(-1, 1, 5 * 784, dtype="float32").reshape(5, 784)

    def outcome():
        model = training.dense_network("swish_trainable", 2, momentum=0.9)
        training.restart(model, training.state(model), seed=0)
        rows = step.movement(("sigmoid",), seeds=(0,), epochs=1, train=64)
        return np.array(model(x, training=True)), list(rows)

    expected = outcome()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        found = outcome()
    finally:
        keras.config.set_dtype_policy(before)
    assert found[0].dtype == np.float32
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1]


def test_a_record_is_written_whole_or_not_at_all(calls, tmp_path, monkeypatch):
    def fails(*arguments):
        raise OSError(28, "planted")

    monkeypatch.setattr(records.os, "replace", fails)
    with pytest.raises(OSError, match="planted"):
        claims.recorded("tiny", tmp_path)
    assert names(tmp_path) == []


def test_errors(tmp_path):
    with pytest.raises(
        ValueError, match="'swish'.*Received: experiment='swis'"
    ):
        claims.recorded("swis", tmp_path)
    with pytest.raises(ValueError, match="Received: study='quick'"):
        claims.recorded("swish", tmp_path, study="quick")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs `python -m comparison.claims`: status, output and errors."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["claims", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("comparison.claims", run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    return run


def test_command_line(calls, tmp_path, command):
    for _ in range(2):
        status, out, _ = command("--results", tmp_path)
        assert status == 0 and "tiny: 2 rows" in out
    assert len(calls) == 1
    command("--results", tmp_path, "--again", "tiny")
    assert len(calls) == 2
    assert command("--again", "huge")[0] == 2


def test_a_folder_that_is_none_fails_before_anything_runs(
    calls, tmp_path, command
):
    file = tmp_path / "file"
    file.write_text("kept")
    # The folder itself is good, and the one below it is not.
    (tmp_path / "claims").write_text("kept")
    for bad in (file, file / "below", tmp_path):
        status, out, err = command("--results", bad)
        assert (status, out) == (2, "")
        assert err.startswith("error: ") and err.count("\n") == 1
        assert str(bad) in err
        with pytest.raises(ValueError, match="results="):
            claims.recorded("tiny", bad)
    assert calls == [] and file.read_text() == "kept"


def test_a_folder_without_a_name_is_refused(calls, command, capsys):
    status, out, err = command("--results", "")
    assert (status, out, calls) == (2, "", [])
    assert "must be a path. Received: ''" in err


# What is committed.


def test_every_record_of_the_project_is_of_todays_parameters():
    """Nothing is run: each is found, and there is no other."""
    kept = {}
    for path in sorted((records.RESULTS / "claims").iterdir()):
        record = records.read(path)
        assert path.stem == record["experiment"]
        kept[path.stem] = record["parameters"]
    assert kept == {
        name: experiment.parameters("claims")
        for name, experiment in claims.EXPERIMENTS.items()
    }


def test_rules_and_smoke_parameters_name_what_is_there():
    assert list(sorted(claims.RULES)) == [f"C{n}" for n in range(1, 9)]
    for rule in claims.RULES.values():
        assert set(rule.experiments) <= set(claims.EXPERIMENTS)
    for experiment in claims.EXPERIMENTS.values():
        everything = inspect.signature(experiment.function).parameters
        assert set(experiment.smoke) <= set(everything)


def test_page(tmp_path):
    """A row a claim, of the records; nothing is run, nothing written."""
    lines = claims.page([records.RESULTS]).splitlines()
    assert lines[0].startswith("## ")
    assert [line.split(" | ")[0] for line in lines[4:]] == [
        f"| C{n}" for n in range(1, 9)
    ]
    assert {line.count("|") for line in lines[2:]} == {5}
    # From the record itself.
    rows = records.read(records.RESULTS / "claims" / "movement.json")["rows"]
    last = [
        row["moved"]
        for row in rows
        if row["activation"] == "step" and not row["hidden"]
    ]
    assert f"its last by: {np.mean(last):.2g}" in lines[5]
    # Without records there is no row.
    assert len(claims.page([tmp_path]).splitlines()) == 4
    assert list(tmp_path.iterdir()) == []
