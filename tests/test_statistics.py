"""Tests of comparison/statistics.py against SciPy and simulated studies."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from comparison import statistics
from comparison.statistics import VERDICTS

# Standard deviations of six activations, up to the most unequal.
SPREADS = [
    (1, 1, 1, 1, 1, 1),
    (3, 1, 1, 1, 1, 1),
    (1, 1, 1, 1, 1, 0.2),
    (3, 2, 1, 1, 0.5, 0.5),
]


def simulated(spreads, seeds, studies, means=0.0, seed=0):
    """Groups of shape (studies, seeds), each with its mean and spread."""
    rng = np.random.default_rng(seed)
    means = np.broadcast_to(means, len(spreads))
    return [
        rng.normal(mean, spread, (studies, seeds))
        for mean, spread in zip(means, spreads, strict=True)
    ]


# The intervals.


@pytest.mark.parametrize("counts", [(5, 5, 5), (2, 4, 3), (2, 2)])
def test_intervals_are_those_of_scipy(counts):
    rng = np.random.default_rng(1)
    samples = [
        rng.normal(99, 0.1 * (1 + i), count) for i, count in enumerate(counts)
    ]
    difference, low, high = statistics.differences(samples)
    result = stats.tukey_hsd(*samples, equal_var=False)
    interval = result.confidence_interval(0.95)
    for pair, (i, j) in enumerate(
        itertools.combinations(range(len(counts)), 2)
    ):
        assert difference[pair] == pytest.approx(result.statistic[i, j])
        assert low[pair] == pytest.approx(interval.low[i, j], rel=1e-4)
        assert high[pair] == pytest.approx(interval.high[i, j], rel=1e-4)


def test_many_studies_at_once():
    samples = simulated((1, 2, 1), 4, studies=3)
    together = statistics.differences(samples)
    for study in range(3):
        alone = statistics.differences([sample[study] for sample in samples])
        np.testing.assert_allclose([t[study] for t in together], alone)


def test_nothing_varies():
    difference, low, high = statistics.differences([[1, 1], [1, 1], [3, 3]])
    np.testing.assert_array_equal(difference, [0, -2, -2])
    np.testing.assert_array_equal(low, difference)
    np.testing.assert_array_equal(high, difference)


@pytest.mark.parametrize("spreads", SPREADS)
@pytest.mark.parametrize("seeds, stated", [(3, 0.10), (5, 0.075), (10, 0.06)])
def test_intervals_cover_and_equals_are_called_equal(spreads, seeds, stated):
    """The rate over all pairs is the one that the docstring states.

    Of 20,000 studies the rate is known to 0.002; three times that is allowed.
    """
    means = np.arange(6) * 0.7
    samples = simulated(spreads, seeds, 20_000, means)
    _, low, high = statistics.differences(samples)
    first, second = np.triu_indices(6, 1)
    true = means[first] - means[second]
    missed = ((true < low) | (true > high)).any(axis=-1).mean()
    assert 0.05 - 0.006 < missed < stated + 0.006

    _, low, high = statistics.differences(simulated(spreads, seeds, 20_000))
    called_different = ((low > 0) | (high < 0)).any(axis=-1).mean()
    assert called_different < stated + 0.006


# The verdicts.


@pytest.mark.parametrize(
    "low, high, number",
    [
        (0.11, 0.3, 0),
        (-0.3, -0.11, 0),
        (0.05, 0.3, 1),
        (-0.3, -0.01, 1),
        # Within the margin, and yet not zero: different comes first.
        (0.01, 0.09, 1),
        (-0.09, 0.09, 2),
        (-0.1, 0.1, 2),
        (0.0, 0.0, 2),
        (-0.05, 0.11, 3),
        (-1.0, 1.0, 3),
        (0.1, 0.2, 1),
    ],
)
def test_verdicts(low, high, number):
    assert statistics.verdict(low, high, 0.1) == VERDICTS[number]
    # Which of the two is named first makes no difference.
    assert statistics.verdict(-high, -low, 0.1) == VERDICTS[number]


def test_verdicts_of_studies_with_known_truth():
    """Groups far apart, slightly apart and equal, with little noise."""
    samples = simulated((0.01,) * 4, 8, 200, [0.0, 0.5, 0.5, 0.55])
    _, low, high = statistics.differences(samples)
    shares = [
        {
            verdict: np.mean(
                [
                    statistics.verdict(a, b, 0.1) == verdict
                    for a, b in zip(low[:, pair], high[:, pair], strict=True)
                ]
            )
            for verdict in VERDICTS
        }
        for pair in range(6)
    ]
    more, less, same = VERDICTS[:3]
    for pair in (0, 1, 2):
        assert shares[pair][more] == 1
    # Equal, but for the error that the intervals allow.
    assert shares[3][same] > 0.92
    for pair in (4, 5):
        assert shares[pair][less] == 1


# Power.


@pytest.mark.parametrize(
    "spreads, seeds", [((1,) * 6, 5), ((3, 1, 1), 4), ((1, 0.2, 1), 10)]
)
def test_detectable_difference_is_found_four_times_in_five(spreads, seeds):
    distances = statistics.detectable(spreads, [seeds] * len(spreads))
    pairs = list(itertools.combinations(range(len(spreads)), 2))
    for pair in (0, len(pairs) - 1):
        i, _j = pairs[pair]
        means = np.zeros(len(spreads))
        means[i] = distances[pair]
        samples = simulated(spreads, seeds, 20_000, means, seed=2)
        _, low, _ = statistics.differences(samples)
        assert (low[:, pair] > 0).mean() == pytest.approx(0.8, abs=0.015)


def test_power_grows_with_the_seeds():
    few, many = (statistics.detectable([1, 1], [n, n]) for n in (4, 12))
    assert many[0] < few[0] / 1.5


def test_detectable_is_always_the_same():
    np.testing.assert_array_equal(
        statistics.detectable([1, 2, 3], [5, 4, 5]),
        statistics.detectable([1, 2, 3], [5, 4, 5]),
    )


# One group.


def test_mean_interval_is_scipys():
    sample = [0.99, 0.992, 0.9935, 0.991]
    interval = stats.ttest_1samp(sample, 0.99).confidence_interval(0.95)
    assert statistics.mean_interval(sample) == pytest.approx(
        (interval.high - interval.low) / 2
    )
    assert math.isnan(statistics.mean_interval([0.99]))


def test_prediction_interval_by_hand():
    # n = 4, mean 2.5, variance 5/3, t of 3 degrees of freedom 3.182446.
    half = 3.182446 * math.sqrt(5 / 3 * (1 + 1 / 4))
    low, high = statistics.prediction_interval([1, 2, 3, 4])
    assert (low, high) == pytest.approx((2.5 - half, 2.5 + half), rel=1e-6)
    assert all(map(math.isnan, statistics.prediction_interval([0.99])))


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_prediction_interval_holds_a_new_seed_nineteen_times_in_twenty(seeds):
    """Of 4,000 the rate is known to 0.0035."""
    rng = np.random.default_rng(8)
    sample = rng.normal(99, 0.1, (4_000, seeds))
    new = rng.normal(99, 0.1, 4_000)
    low, high = np.transpose([*map(statistics.prediction_interval, sample)])
    assert abs(np.mean((low < new) & (new < high)) - 0.95) < 0.012


@pytest.mark.parametrize("seeds, pairs", [(2, 1), (2, 2), (3, 2), (5, 1)])
def test_chance_is_beyond_its_interval_at_most_one_time_in_twenty(seeds, pairs):
    """Runs that differ in nothing; of 20,000 the rate is known to 0.0015."""
    rng = np.random.default_rng(6)
    sample = rng.normal(99, 0.1, (20_000, seeds))
    changed = rng.normal(99, 0.1, (20_000, pairs))
    mean = (changed - sample[:, :pairs]).mean(axis=1)
    reach = np.array([statistics.chance_interval(s, pairs) for s in sample])
    beyond = np.mean(np.abs(mean) > reach)
    assert 0.03 - 0.005 < beyond < 0.05 + 0.005
    if pairs == seeds:
        assert beyond == pytest.approx(0.05, abs=0.005)


def test_chance_of_one_seed_is_not_known():
    assert math.isnan(statistics.chance_interval([0.99], 1))


# How often one beats the other.


@pytest.mark.parametrize("counts", [(5, 5), (3, 7), (1, 4), (10, 10)])
def test_improvement_is_scipys_u_over_the_pairs(counts):
    rng = np.random.default_rng(3)
    # Few values, so that there are ties.
    first, second = (rng.integers(0, 9, count) for count in counts)
    share, low, high = statistics.improvement(first, second)
    u = stats.mannwhitneyu(first, second).statistic
    assert share == pytest.approx(u / math.prod(counts))
    assert 0 <= low <= share <= high <= 1
    # Of the second over the first it is the rest, interval and all.
    turned = statistics.improvement(second, first)
    assert turned == pytest.approx((1 - share, 1 - high, 1 - low))


def test_all_above_all_is_certain_only_of_many_seeds():
    ends = [
        statistics.improvement(np.arange(n) + n, np.arange(n))
        for n in (3, 5, 10, 100)
    ]
    assert all((share, high) == (1, 1) for share, _, high in ends)
    lows = [low for _, low, _ in ends]
    assert sorted(lows) == lows
    assert 0.5 < lows[1] < 0.7 and 0.97 < lows[3] < 1


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("spread", [1, 2])
@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9, 0.98])
def test_improvement_covers_as_its_docstring_says(seeds, spread, truth):
    """Of 4,000 pairs of samples the rate is known to 0.004."""
    rng = np.random.default_rng(7)
    ahead = stats.norm.ppf(truth) * math.hypot(1, spread)
    firsts = rng.normal(ahead, 1, (4_000, seeds))
    seconds = rng.normal(0, spread, (4_000, seeds))
    intervals = np.array(
        [statistics.improvement(*pair) for pair in zip(firsts, seconds)]
    )
    covered = (intervals[:, 1] <= truth) & (truth <= intervals[:, 2])
    assert 0.92 - 0.012 < covered.mean() < 0.98 + 0.008
    assert intervals[:, 0].mean() == pytest.approx(truth, abs=0.01)


# Orders.


@pytest.mark.parametrize("counts", [(1, 1, 1), (3, 2, 4), (4, 4, 4, 4)])
def test_order_probability_counts_all_draws(counts):
    """Every draw, and every way to break its ties."""
    rng = np.random.default_rng(3)
    # Few values, so that there are ties.
    samples = [rng.integers(0, 5, count) - i for i, count in enumerate(counts)]
    draws = itertools.product(*samples)
    breaks = list(itertools.permutations(range(len(counts))))
    falling = [
        all(a > b for a, b in itertools.pairwise(zip(draw, breaking)))
        for draw in draws
        for breaking in breaks
    ]
    assert statistics.order_probability(samples) == pytest.approx(
        np.mean(falling)
    )


def test_some_order_always_comes_up():
    samples = np.random.default_rng(4).integers(0, 4, (4, 5))
    shares = [
        statistics.order_probability(order)
        for order in itertools.permutations(samples.tolist())
    ]
    assert sum(shares) == pytest.approx(1)


# What a spread is made of.


def network_errors(seeds, own, studies, images=10_000):
    """Errors of networks whose own error rate has this standard deviation.

    A tenth of the images is hard, each in its own degree; a network misses
    them more or less often by a factor of its own, one of two.

    Returns:
        Studies of shape (seeds, images), and the standard deviation that the
        images alone give, from the probabilities, which no study knows.
    """
    rng = np.random.default_rng(8)
    hard = rng.beta(0.4, 4, images) * (rng.random(images) < 0.1)
    factors = 1 + own / hard.mean() * np.array([[-1], [1]])
    rates = factors * hard
    independent = (rates * (1 - rates)).sum(axis=1).mean() / images**2
    drawn = [
        rng.random((seeds, images)) < rates[rng.integers(0, 2, seeds)]
        for _ in range(studies)
    ]
    return drawn, math.sqrt(independent)


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("own", [0.0, 0.0006])
def test_parts_of_a_spread_are_the_simulation_s(seeds, own):
    """The mean of the variances is right, and the interval holds the truth."""
    drawn, images_alone = network_errors(seeds, own, studies=400)
    parts = np.array([statistics.spread_parts(wrong) for wrong in drawn])
    measured, independent, _, low, high = parts.T
    assert np.mean(independent**2) == pytest.approx(images_alone**2, rel=0.02)
    # 400 sample variances: known to 7 % with three seeds.
    total = images_alone**2 + own**2
    assert np.mean(measured**2) == pytest.approx(total, rel=0.15)
    covered = np.mean((low <= own) & (own <= high))
    assert 0.93 < covered <= 1


def test_parts_of_a_spread_are_those_of_shuffled_errors():
    """An oracle without a formula: who missed an image is drawn anew.

    That keeps how often each image is missed, and undoes that one network is
    better than another.
    """
    rng = np.random.default_rng(9)
    wrong = rng.random((5, 2_000)) < rng.beta(0.2, 2, 2_000)
    wrong[0] |= rng.random(2_000) < 0.05
    measured, independent, own, low, high = statistics.spread_parts(wrong)
    shuffled = [
        rng.permuted(wrong, axis=0).mean(axis=1).var(ddof=1)
        for _ in range(2_000)
    ]
    assert independent**2 == pytest.approx(np.mean(shuffled), rel=0.06)
    assert measured == pytest.approx(np.std(wrong.mean(axis=1), ddof=1))
    assert own == pytest.approx(math.sqrt(measured**2 - independent**2), 1e-3)
    assert low < own < high


def test_networks_that_agree_have_no_spread_of_their_own():
    wrong = np.tile(np.arange(100) < 7, (4, 1))
    assert statistics.spread_parts(wrong) == (0, 0, 0, 0, 0)


# Pairs.


def test_paired():
    rng = np.random.default_rng(5)
    shared = rng.normal(size=400)
    samples = shared + rng.normal(size=(3, 400))
    correlation, width = statistics.paired(samples)
    assert correlation == pytest.approx(0.5, abs=0.1)
    # Half of the variance is shared and falls out of a difference; Bonferroni
    # and Tukey nearly agree where seeds are many.
    assert width == pytest.approx(math.sqrt(0.5), abs=0.06)


def test_paired_is_wide_for_few_seeds_without_correlation():
    widths = [
        statistics.paired(np.random.default_rng(s).normal(size=(6, 5)))[1]
        for s in range(100)
    ]
    assert 1.4 < np.mean(widths) < 2.2


# Means of groups that share their seeds.


def groups_of_seeds(means, spreads, studies, seeds=3, shared=1.0):
    """Studies of shape (studies, groups, seeds); what a seed does to all."""
    rng = np.random.default_rng(10)
    noise = rng.normal(size=(studies, len(means), seeds))
    common = rng.normal(0, shared, (studies, 1, seeds))
    return (
        np.reshape(means, (-1, 1))
        + common
        + noise * np.reshape(spreads, (-1, 1))
    )


@pytest.mark.parametrize("shared", [0.0, 1.0])
@pytest.mark.parametrize("seeds", [3, 5])
def test_shared_gain_covers_and_its_values_are_the_seeds(seeds, shared):
    """Of 4,000 studies the rate is known to 0.0035."""
    gains = groups_of_seeds(
        np.arange(6), (1, 1, 1, 2, 2, 3), 4_000, seeds, shared
    )
    found = np.array([statistics.shared_gain(study) for study in gains])
    covered = (found[:, 1] <= 2.5) & (found[:, 2] >= 2.5)
    assert covered.mean() == pytest.approx(0.95, abs=0.011)
    # Every group's every gain for a value of its own: wrong where shared.
    centred = gains - np.arange(6)[:, None] + 2.5
    alone = [statistics.mean_interval(study.ravel()) for study in centred]
    covered = np.abs(found[:, 0] - 2.5) <= alone
    assert (covered.mean() < 0.9) == (shared > 0)


def test_shared_gain_by_hand():
    gains = [[1.0, 2.0, 6.0], [3.0, 4.0, 2.0]]
    interval = stats.ttest_1samp([2, 3, 4], 0).confidence_interval(0.95)
    expected = 3, interval.low, interval.high
    assert statistics.shared_gain(gains) == pytest.approx(expected)
    mean, low, high = statistics.shared_gain([[1.0], [2.0]])
    assert mean == 1.5 and math.isnan(low) and math.isnan(high)
    assert all(map(math.isnan, statistics.shared_gain(np.empty((0, 3)))))


def test_span_is_the_largest_difference_with_its_ends():
    samples = [[1.0, 1.2, 1.1], [3.0, 3.1, 3.2], [2.9, 3.4, 3.3]]
    found = statistics.span(samples)
    result = stats.tukey_hsd(*samples, equal_var=False)
    interval = result.confidence_interval(0.95)
    # The third group is the best, and noisier than the second.
    expected = (
        result.statistic[2, 0],
        max(interval.low[1, 0], interval.low[2, 0]),
        interval.high[2, 0],
    )
    assert interval.low[1, 0] > interval.low[2, 0]
    assert found == pytest.approx(expected, rel=1e-4)
    assert statistics.span(samples[::-1]) == pytest.approx(found)


@pytest.mark.parametrize("spreads", [*SPREADS, (6, 1, 1, 1, 1, 1)])
@pytest.mark.parametrize("width", [0, 0.7, 3, 20])
@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_span_covers_as_its_docstring_says(spreads, width, shared):
    """Of 20,000 studies the rate is known to 0.002."""
    studies = groups_of_seeds(
        np.linspace(0, width, 6), spreads, 20_000, shared=shared
    )
    samples = list(np.moveaxis(studies, 1, 0))
    _, low, high = statistics.span(samples)
    assert ((low <= width) & (width <= high)).mean() > 0.9 - 0.006
    # Where a difference is shown, and only there.
    _, lows, highs = statistics.differences(samples)
    shown = ((lows > 0) | (highs < 0)).any(axis=-1)
    np.testing.assert_array_equal(low > 0, shown)


def test_span_of_equal_groups_is_that_of_luck():
    found, _, _ = statistics.span(simulated((1,) * 6, seeds=3, studies=20_000))
    assert found.mean() == pytest.approx(1.46, abs=0.015)


@pytest.mark.parametrize("spreads", [*SPREADS, (6, 1, 1, 1, 1, 1)])
@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_spread_of_means_is_right_on_average(spreads, shared):
    means = np.array([0, 10, 20, 20, 30, 40])
    studies = groups_of_seeds(means, spreads, 20_000, shared=shared)
    found = statistics.spread_of_means(studies)
    # Nothing is cut off at 0 here.
    assert found.min() > 0
    error = np.std(found**2) / math.sqrt(len(found))
    assert np.mean(found**2) == pytest.approx(means.var(ddof=1), abs=4 * error)
    # The noise would add this, and it can be told from nothing.
    assert np.mean(np.square(spreads)) / 3 > 4 * error


def test_spread_of_equal_means_is_mostly_nothing():
    studies = groups_of_seeds(np.zeros(6), np.ones(6), 20_000)
    found = statistics.spread_of_means(studies)
    assert 0.5 < (found == 0).mean() < 0.7
    assert np.mean(found**2) < 0.3 * np.mean(studies.mean(-1).var(-1, ddof=1))
