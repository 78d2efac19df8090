"""Statistics of seeds: intervals, verdicts, their power, parts of a spread.

The rule of the verdicts:

Every pair of activations gets the difference of its two means over the seeds
with a simultaneous 95 % interval over all pairs, of the kind of Games and
Howell, which lets every activation have a spread of its own. The verdict on a
pair is the first of these that holds:

1. "different, by more than the margin": the interval lies beyond the margin of
   practical equivalence, on one side.
2. "different, by less": it excludes 0. A difference is shown; that it is more
   than the margin is not.
3. "equivalent": it lies within the margin on both sides.
4. "cannot tell": anything else.
"""

import collections
import functools
import itertools
import math

import numpy as np
import pandas as pd
from scipy import interpolate, optimize, stats

LEVEL = 0.95
VERDICTS = (
    "different, by more than the margin",
    "different, by less",
    "equivalent",
    "cannot tell",
)


def differences(samples):
    """Returns the difference of every two means, with its interval.

    The intervals hold together over all pairs (Games and Howell 1976, "Pairwise
    multiple comparison procedures with unequal n's and/or variances"):
    difference +- q / sqrt(2) * standard error, with q of the studentised range
    at Welch's degrees of freedom. They are those of `scipy.stats.tukey_hsd`
    with `equal_var=False`, which takes seconds where simulation needs
    thousands.

    With few seeds the rate is not quite kept: of studies of six equal
    activations, 5 to 6 % with ten seeds, 6 to 7.5 % with five and 6 to 10 %
    with three show a difference somewhere, instead of 5 %, as the spreads
    differ.

    Args:
        samples: A list of arrays, one a group, each of shape (..., seeds) with
            two seeds or more; leading axes are studies of their own.

    Returns:
        Arrays of shape (..., pairs): difference (first minus second), low,
        high. The pairs are in the order of `itertools.combinations`.
    """
    means, squares, counts = _moments(samples)
    first, second = _pairs(len(samples))
    difference = means[..., first] - means[..., second]
    half_width = _half_width(
        squares[..., first],
        squares[..., second],
        counts[first],
        counts[second],
        len(samples),
        counts,
    )
    return difference, difference - half_width, difference + half_width


def verdict(low, high, margin):
    """Returns the verdict on an interval; see the module's rule."""
    if low > margin or high < -margin:
        return VERDICTS[0]
    if low > 0 or high < 0:
        return VERDICTS[1]
    if -margin <= low and high <= margin:
        return VERDICTS[2]
    return VERDICTS[3]


def compare(samples, margin):
    """Returns a row a pair of groups: `difference`, `low`, `high`, `verdict`.

    By the module's rule.

    Args:
        samples: By name, the values of a group, two or more.
        margin: Up to which a difference does not matter.
    """
    pairs = pd.MultiIndex.from_tuples(
        itertools.combinations(samples, 2), names=["first", "second"]
    )
    found = differences(list(samples.values())) if len(pairs) else [[]] * 3
    columns = "difference", "low", "high"
    table = pd.DataFrame(
        dict(zip(columns, found, strict=True)), pairs, dtype=float
    )
    return table.assign(
        verdict=[
            verdict(*ends, margin)
            for ends in zip(table["low"], table["high"], strict=True)
        ]
    )


def detectable(spreads, seeds):
    """Returns for every pair the difference that would be found 4 times in 5.

    That is, if seeds are normally distributed with these spreads, the true
    difference whose interval excludes 0 in 80 % of studies of so many seeds.
    By simulation, always the same: good to about 1 %.

    Args:
        spreads: The standard deviation over the seeds, by group.
        seeds: How many seeds a group has, two or more; one number a group.
    """
    # A table's column, too, is taken by place.
    squares = np.square(np.asarray(spreads)) / seeds
    rng = np.random.default_rng(0)
    draws = 20_000
    found = []
    for i, j in itertools.combinations(range(len(squares)), 2):
        errors = rng.normal(0, math.sqrt(squares[i] + squares[j]), draws)
        measured = [
            squares[g] * rng.chisquare(seeds[g] - 1, draws) / (seeds[g] - 1)
            for g in (i, j)
        ]
        half_width = _half_width(
            *measured, seeds[i], seeds[j], len(squares), seeds
        )
        # A difference is found where it, with its error, exceeds that.
        found.append(np.quantile(half_width - errors, 0.8))
    return np.array(found)


def mean_interval(sample):
    """Returns half the width of the mean's own 95 % t interval; NaN for one.

    Of one group alone: over several, these do not hold together.
    """
    if len(sample) < 2:
        return math.nan
    error = np.std(sample, ddof=1) / math.sqrt(len(sample))
    return float(stats.t.ppf((1 + LEVEL) / 2, len(sample) - 1) * error)


def prediction_interval(sample):
    """Returns the ends of the 95 % interval for one further value; NaN for one.

    If seeds are normally distributed, a new one falls within it 95 % of the
    time, whatever their mean and spread: mean +- t sd sqrt(1 + 1 / n). Where
    accuracies pile up below 1, or some seeds do not learn, they are not normal
    and this is a rough guide.
    """
    # The mean's own is t sd sqrt(1 / n).
    half_width = mean_interval(sample) * math.sqrt(len(sample) + 1)
    mean = float(np.mean(sample))
    return mean - half_width, mean + half_width


def inside(values, low, high):
    """Returns whether values lie within intervals, `NA` where there is none.

    Args:
        values: A `Series`.
        low: The lower ends, likewise; NaN for no interval.
        high: The upper ends, likewise.
    """
    found = values.between(low, high).astype("boolean")
    return found.mask(low.isna() | high.isna())


def share_interval(count, total):
    """Returns the ends of the 95 % interval for a share (Wilson).

    Args:
        count: Of how many it holds.
        total: Of how many it could.
    """
    found = stats.binomtest(count, total).proportion_ci(LEVEL, method="wilson")
    return found.low, found.high


def paired_difference(first, second):
    """Returns the mean of paired differences, and the ends of its interval.

    First minus second; a 95 % t interval, of one pair of groups alone. For one
    pair of values the ends are NaN.
    """
    difference = np.asarray(first, float) - np.asarray(second, float)
    mean, half_width = float(difference.mean()), mean_interval(difference)
    return mean, mean - half_width, mean + half_width


def paired_differences(table, first, second, by):
    """Returns `paired_difference` of two columns, a row a group.

    Args:
        table: A row a pair.
        first: A column.
        second: The column to be subtracted.
        by: The name of an index level that groups are of, or a list of them.
    """
    groups = table.groupby(by, sort=False)
    rows = [paired_difference(part[first], part[second]) for _, part in groups]
    return pd.DataFrame(
        rows, groups.size().index, ["difference", "low", "high"]
    )


def half_widths(table):
    """Returns how far `low` and `high` lie from `difference`, as two rows."""
    return [
        table["difference"] - table["low"],
        table["high"] - table["difference"],
    ]


def chance_interval(sample, pairs):
    """Returns how far the seed alone moves a mean difference, 95 % of the time.

    Half the width of the t interval for the mean of `pairs` differences, each
    between two runs that have the sample's spread and the same mean. That the
    runs of one side are among the sample makes it a little wide, never narrow.
    NaN for a sample of one.
    """
    return mean_interval(sample) * math.sqrt(2 * len(sample) / pairs)


def improvement(first, second):
    """Returns how often a value of the first exceeds one of the second.

    The probability of improvement, P(first > second) + P(equal) / 2: the
    Mann-Whitney U over the number of pairs of values. With its 95 % interval
    by method 5 of Newcombe 2006, "Confidence intervals for an effect size
    measure based on the Mann-Whitney statistic", which solves
    (p - measured)^2 = z^2 V(p), V being the variance that Hanley and McNeil
    give, with both sample sizes at their mean. It keeps within 0 and 1, and
    has a width even where every value of the one exceeds all of the other.

    By simulation with normal values it holds the truth in 92 to 98 % of cases
    of five against five or ten against ten, where one spread is up to twice
    the other. It is of one pair alone: over several these do not hold
    together.

    Args:
        first: One value a seed, of shape (seeds,).
        second: The same; as many seeds or not.

    Returns:
        Floats: probability, low, high.
    """
    first, second = np.asarray(first), np.asarray(second)
    more = np.greater.outer(first, second).mean()
    share = float(more + np.equal.outer(first, second).mean() / 2)
    return share, *_newcombe(share, first.size, second.size)


def order_probability(samples):
    """Returns how often one draw from each sample falls from first to last.

    Over all combinations of one value from each, every value as likely as any
    other of its sample; ties are broken at random.
    """
    # The probability by the last value, and how many so far are tied at it.
    ends = {(math.inf, 1): 1.0}
    for sample in samples:
        falling = collections.defaultdict(float)
        for (last, tied), share in ends.items():
            for value in sample:
                if value < last:
                    falling[value, 1] += share / len(sample)
                elif value == last:
                    falling[value, tied + 1] += share / len(sample) / (tied + 1)
        ends = falling
    return sum(ends.values())


def spread_parts(wrong):
    """Returns what the spread of an error over seeds is made of.

    If the errors of a network were independent given the images, a network
    missing image i with probability p_i whatever else it misses, the variance
    of its error would be the sum of p_i (1 - p_i) over the images, divided by
    their number squared. Of n seeds, n / (n - 1) makes that unbiased with the
    measured shares for p_i. The variance beyond it is the networks' own: what
    would be left on endlessly many such images, where one network is better
    than another ("distribution-wise": Jordan 2023, "Calibrated Chaos", arXiv
    2304.01910).

    Its interval is the chi-square interval of the measured variance less the
    first part, which is a sum over the images and known far better.

    Args:
        wrong: Whether a network missed an image, of shape (seeds, images),
            with two seeds or more.

    Returns:
        Floats, standard deviations of the share that is missed: measured, if
        errors were independent, the networks' own, and the low and high end
        of its 95 % interval. What would be the root of less than 0 is 0.
    """
    wrong = np.asarray(wrong, bool)
    seeds, images = wrong.shape
    share = wrong.mean(axis=0)
    scale = seeds / (seeds - 1)
    independent = scale * (share * (1 - share)).sum() / images**2
    measured = wrong.mean(axis=1).var(ddof=1)
    quantiles = stats.chi2.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], seeds - 1)
    variances = np.array([measured, *((seeds - 1) * measured / quantiles)])
    own = images / (images - 1) * (variances - independent)
    own = np.sqrt(np.maximum(own, 0))
    return tuple(map(float, (measured**0.5, independent**0.5, *own)))


def paired(samples):
    """Returns what pairing by seed would give: correlation, and width.

    Args:
        samples: An array of shape (groups, seeds), three seeds or more; a seed
            is the same in every group.

    Returns:
        The correlation between two groups' seeds, averaged over the pairs,
        and the average width of paired t intervals with Bonferroni's
        adjustment for all pairs, as a multiple of those of `differences`.
    """
    samples = np.asarray(samples, float)
    groups, seeds = samples.shape
    first, second = _pairs(groups)
    correlation = np.corrcoef(samples)[first, second].mean()
    spread = (samples[first] - samples[second]).std(axis=1, ddof=1)
    level = 1 - (1 - LEVEL) / 2 / len(first)
    half_width = stats.t.ppf(level, seeds - 1) * spread / math.sqrt(seeds)
    _, low, high = differences(list(samples))
    return float(correlation), float((half_width / ((high - low) / 2)).mean())


def shared_gain(gains):
    """Returns the mean of gains over groups and seeds, with its interval.

    A 95 % t interval of the seeds' means over the groups: what is drawn anew
    is the seed, and three seeds are three values, however many groups share
    them. To take each gain of each group for one would find effects in what a
    seed does to all of them.

    Args:
        gains: An array of shape (groups, seeds).

    Returns:
        Floats: mean, low, high; the ends are NaN for one seed, and all three
        where there is nothing.
    """
    gains = np.asarray(gains, float)
    if not gains.size:
        return math.nan, math.nan, math.nan
    by_seed = gains.mean(axis=0)
    mean, half_width = float(by_seed.mean()), mean_interval(by_seed)
    return mean, mean - half_width, mean + half_width


def span(samples):
    """Returns how far apart the best and the worst mean are, with an interval.

    The largest difference of two means, and what the simultaneous intervals of
    `differences` leave of it: where those hold, the largest true difference is
    no less than the largest of their ends nearer to 0, and no more than the
    largest of their ends farther from it. So the spreads need not be equal,
    and the low end is above 0 where a difference is shown, and only there.

    Few seeds leave much. The span itself is too large, because the best mean
    is also the luckiest: of six equal groups of three seeds it is 1.46 times
    their standard deviation on average. By simulation the interval of six
    groups of three seeds holds the truth in 90 to 100 % of cases, in the
    fewest where all are equal.

    Args:
        samples: As for `differences`.

    Returns:
        Arrays of shape (...): span, low, high.
    """
    difference, low, high = differences(samples)
    nearer = np.maximum(np.maximum(low, -high), 0)
    farther = np.maximum(-low, high)
    return tuple(
        ends.max(axis=-1) for ends in (np.abs(difference), nearer, farther)
    )


def spread_of_means(samples):
    """Returns the standard deviation of true means, without the seeds' noise.

    Its square is the variance of the measured means less what the seeds put
    into it: the mean square of what is left of the samples behind the means of
    groups and of seeds, divided by the number of seeds. Whatever the spreads,
    the square is right on average; what all groups have in common in a seed
    moves no mean beside another, and has no part in it. What would be the root
    of less than 0 is 0.

    Args:
        samples: An array of shape (..., groups, seeds), two or more of both;
            a seed is the same in every group.
    """
    samples = np.asarray(samples, float)
    groups, seeds = samples.shape[-2:]
    means = samples.mean(axis=-1, keepdims=True)
    rest = samples - means
    rest -= rest.mean(axis=-2, keepdims=True)
    noise = np.square(rest).sum(axis=(-2, -1)) / (groups - 1) / (seeds - 1)
    variance = means[..., 0].var(axis=-1, ddof=1) - noise / seeds
    return np.sqrt(np.maximum(variance, 0))


def _moments(samples):
    """Returns means, squared standard errors of them, and seeds, by group."""
    samples = [np.asarray(sample, float) for sample in samples]
    means = np.stack([sample.mean(axis=-1) for sample in samples], axis=-1)
    counts = np.array([sample.shape[-1] for sample in samples])
    variances = [sample.var(axis=-1, ddof=1) for sample in samples]
    return means, np.stack(variances, axis=-1) / counts, counts


def _pairs(groups):
    return np.triu_indices(groups, 1)


def _half_width(square_1, square_2, count_1, count_2, groups, counts):
    square = square_1 + square_2
    # Where nothing varies, any number of degrees of freedom will do.
    scale = np.where(square > 0, square, 1)
    freedom = 1 / np.maximum(
        (square_1 / scale) ** 2 / (count_1 - 1)
        + (square_2 / scale) ** 2 / (count_2 - 1),
        1 / (count_1 + count_2 - 2),
    )
    critical = _studentized_range(groups, min(counts) - 1, 2 * max(counts) - 2)
    return np.exp(critical(1 / freedom)) / math.sqrt(2) * np.sqrt(square)


@functools.cache
def _studentized_range(groups, least, most):
    """Returns log q as a function of 1 / (degrees of freedom).

    SciPy takes a tenth of a second for each value. In these variables the
    function is so smooth that eight Chebyshev points give six digits.
    """
    low, high = 1 / most, 1 / least
    angles = np.pi * (np.arange(8) + 0.5) / 8
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos(angles)
    values = stats.studentized_range.ppf(LEVEL, groups, 1 / nodes)
    return interpolate.BarycentricInterpolator(nodes, np.log(values))


@functools.cache
def _newcombe(share, count_1, count_2):
    z = stats.norm.ppf((1 + LEVEL) / 2)
    others = (count_1 + count_2) / 2 - 1

    def beyond(p):
        more = 1 + others * ((1 - p) / (2 - p) + p / (1 + p))
        variance = p * (1 - p) * more / (count_1 * count_2)
        return (p - share) ** 2 - z**2 * variance

    # At 0 and 1 the variance is 0: those solve it too, and are no end.
    low = optimize.brentq(beyond, 0, min(share, 1 - 1e-9)) if share else 0.0
    high = optimize.brentq(beyond, max(share, 1e-9), 1) if share < 1 else 1.0
    return low, high
