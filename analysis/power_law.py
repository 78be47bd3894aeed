"""Learning curves: a power law with an offset, fitted to scores at several numbers of training images.

The curve is score(n) = a - b n^(-c), with a <= 1, b >= 0 and c > 0: the error falls as a power of the number of images,
down to a part that no number of images removes (Figueroa et al. 2012, https://doi.org/10.1186/1472-6947-12-8; Hestness
et al. 2017, https://arxiv.org/abs/1712.00409). Of the forms that were compared for forecasts it is the common one, and
none is always right (Mahmood et al., CVPR 2022, https://arxiv.org/abs/2207.01725), so what the points lie off the curve
counts as uncertainty too.

Intervals are those of the profile likelihood: the values of the curve at a number of images with which some curve fits
the scores not much worse than the best one (Bates and Watts 1988, Nonlinear Regression Analysis, chapter 6). They need
no parameter to be well determined, which with few numbers of images none is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

Scores = Sequence[Sequence[float] | Array]
"""The scores of the runs at each number of images."""

FEWEST = 4
"""The least number of different numbers of images: three determine a curve, and a fourth can contradict it."""

LEVEL = 0.95
"""The confidence level of intervals."""

EXPONENTS = np.geomspace(0.01, 10, 301)
"""The exponents that are tried. Measured ones lie between 0.05 and 2 (Hestness et al. 2017, figure 6 and table 1)."""

VARIANCE_EXPONENTS = np.linspace(-1, 3, 81)
"""The exponents that are tried of the variance of runs, which often falls as images are added; 1 is that of a mean."""

TREND = 2.71
"""The gain in twice the log-likelihood from which on the variance of runs is taken to change with the images: the 10 %
point of chi-square with one degree of freedom."""

SCANNED = np.linspace(0, 1, 9)
"""The places between the best curve and the end of the scale at which the ends of an interval are looked for first."""

HALVINGS = 20
"""How often the place of an end is halved then: to 1e-7 of the scale."""


@dataclass(frozen=True)
class Band:
    """Estimates of a curve at several numbers of images, with their confidence intervals.

    Attributes:
        estimate: the estimate at each number, (N,).
        low: the lower end of each interval, (N,).
        high: the upper end of each interval, (N,).
    """

    estimate: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law with an offset, and the scores that it was fitted to.

    Attributes:
        numbers: the numbers of training images, rising.
        means: the mean score of the runs at each number, in [0, 1].
        runs: how many runs each number has.
        variances: the variance of the score of a single run at each number, with what points lie off the curve.
        limit: the score that the best curve comes to with more and more images (a), in [0, 1].
        scale: how much the best curve lies below its limit with one image (b), from 0 on.
        exponent: how fast the best curve comes to its limit (c), above 0.
        misfit: the mean square of the points' distances from the best curve, in the variance that their runs alone
            would give; about 1 where the curve is right, infinite where runs do not vary.
        freedom: the degrees of freedom of the variances.
        shared: half of the width of an interval that comes from what the runs of a seed share at all numbers of images,
            which shifts the whole curve, as a score.
        level: the confidence level of the intervals.
    """

    numbers: tuple[float, ...]
    means: tuple[float, ...]
    runs: tuple[int, ...]
    variances: tuple[float, ...]
    limit: float
    scale: float
    exponent: float
    misfit: float
    freedom: float
    shared: float = 0.0
    level: float = LEVEL

    def at(self, numbers: ArrayLike) -> Array:
        """The best curve at some numbers of images.

        Args:
            numbers: numbers of training images above 0, (N,).

        Returns:
            Scores of at most 1, (N,); below the smallest number of images they may be below 0.
        """
        grown = np.exp(-self.exponent * np.log(np.asarray(numbers, dtype=np.float64) / self.numbers[-1]))
        gap: float = self.scale * self.numbers[-1] ** -self.exponent
        return self.limit - gap * np.asarray(grown)

    def band(self, numbers: ArrayLike) -> Band:
        """The expected score at some numbers of images: where the mean of many runs would lie.

        Args:
            numbers: numbers of training images, (N,); those beyond the largest fitted one are forecasts.

        Raises:
            ValueError: if a number is below the smallest fitted one, since nothing is known of the curve there.
        """
        wanted = np.asarray(numbers, dtype=np.float64)
        if wanted.size and wanted.min() < self.numbers[0] * (1 - 1e-9):
            raise ValueError(
                f"expected numbers of images from {self.numbers[0]:g} on, the smallest fitted one; found {wanted.min()}"
            )
        best = np.clip(self.at(wanted), 0, 1)
        low, high = self._ends(wanted, best)
        low, high = best - np.hypot(best - low, self.shared), best + np.hypot(high - best, self.shared)
        return Band(best, np.maximum(low, 0), np.minimum(high, 1))

    def forecast(self, number: float, runs: int) -> Band:
        """The mean score of so many new runs at a number of images: the curve's interval, widened by their own spread.

        Args:
            number: the number of training images, from the smallest fitted one on.
            runs: how many new runs the mean is of.
        """
        of_curve, own = self.band([number]), self.half_width * math.sqrt(self.variance_at(number) / runs)
        low = of_curve.estimate - np.hypot(of_curve.estimate - of_curve.low, own)
        high = of_curve.estimate + np.hypot(of_curve.high - of_curve.estimate, own)
        return Band(of_curve.estimate, np.maximum(low, 0), np.minimum(high, 1))

    def variance_at(self, number: float) -> float:
        """The variance of a single run at a number of images; beyond the fitted ones that at the nearest of them."""
        return float(np.interp(math.log(number), np.log(self.numbers), self.variances))

    @cached_property
    def half_width(self) -> float:
        """Half the width of an interval in standard errors: a quantile of Student's t-distribution."""
        from scipy import stats

        return float(stats.t.ppf(0.5 + self.level / 2, self.freedom))

    def _ends(self, numbers: Array, best: Array) -> tuple[Array, Array]:
        """The lower and the upper end of the interval at each number.

        An end is the farthest value that is accepted among those scanned towards an end of the scale of scores, and
        then between it and the next one. The accepted values need not lie in one piece.
        """
        profile = _Profile(self, numbers)
        allowed = profile.least + self.half_width**2
        scanned = best[:, None, None] + SCANNED * (np.array([[0.0], [1.0]]) - best[:, None, None])
        accepted = profile.distance(scanned.reshape(len(best), -1)).reshape(scanned.shape) <= allowed
        accepted[..., 0] = True
        last = len(SCANNED) - 1 - np.argmax(accepted[..., ::-1], axis=2)
        following = np.minimum(last + 1, len(SCANNED) - 1)
        inside, outside = (np.take_along_axis(scanned, at[..., None], 2)[..., 0] for at in (last, following))
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            fits = profile.distance(middle) <= allowed
            inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
        return inside[:, 0], inside[:, 1]


class _Profile:
    """How far the curves that take given values at given numbers are from the scores, at the least.

    With h_j = (n_j / n)^(-c) - 1 a curve that takes the value v at n is v - B h_j at n_j, where B = b n^(-c). It is in
    [0, 1 - v], since v + B is the limit. For each exponent the best B is a regression with one coefficient.
    """

    def __init__(self, curve: PowerLaw, numbers: Array) -> None:
        self._weights = np.array(curve.runs) / np.array(curve.variances)
        self._middle = float(np.average(curve.means, weights=self._weights))
        self._scores = np.array(curve.means) - self._middle
        ratios = np.log(np.array(curve.numbers) / numbers[:, None])
        heights = np.expm1(-EXPONENTS[None, :, None] * ratios[:, None, :])
        self._sum = heights @ self._weights
        self._with_scores = heights @ (self._weights * self._scores)
        self._squares = np.maximum(heights**2 @ self._weights, 1e-300)
        best = (self._weights * (np.array(curve.means) - curve.at(curve.numbers)) ** 2).sum()
        self.least = float(best)

    def distance(self, values: Array) -> Array:
        """The least weighted sum of squares over all curves through each value.

        Args:
            values: the values at each number, (N, V).

        Returns:
            (N, V).
        """
        moved = values[:, None, :] - self._middle
        crossed = self._with_scores[:, :, None] - moved * self._sum[:, :, None]
        steep = np.clip(-crossed / self._squares[:, :, None], 0, np.maximum(1 - values, 0)[:, None, :])
        saved = steep * (2 * crossed + steep * self._squares[:, :, None])
        apart = self._weights @ (self._scores[:, None, None] - moved[:, 0, :][None]).reshape(len(self._scores), -1) ** 2
        return np.asarray(apart.reshape(values.shape) + saved.min(axis=1))


def fit(numbers: Sequence[float] | Array, scores: Scores, level: float = LEVEL) -> PowerLaw:
    """Fit a power law with an offset to the scores of runs at several numbers of training images.

    The variance of a run is pooled over the numbers of images, or follows a power of them where the runs show that it
    changes. Where the means of the runs lie farther from the curve than their runs' spread explains, the variance is
    raised to what explains it (Birge 1932, https://doi.org/10.1103/PhysRev.40.207), with the degrees of freedom of the
    two parts (Satterthwaite 1946, https://doi.org/10.2307/3002019): with four numbers of images a single one then, and
    wide intervals. So scores that vary for other reasons than the runs' seeds, such as which images were drawn once for
    all runs, count, and so do curves of another form. What the runs of a seed have in common at all numbers of images
    shifts the whole curve; its variance is that of a two-way layout without interaction (Scheffe 1959, The Analysis of
    Variance, chapter 7), and it widens intervals by Pythagoras.

    Args:
        numbers: the numbers of training images, above 0 and each once.
        scores: the scores in [0, 1] of the runs at each number, at least one, in the same order of seeds.
        level: the confidence level of the intervals, in (0, 1).

    Raises:
        ValueError: if there are fewer than four numbers of images, or a value is out of its range.
    """
    _check(numbers, scores, level)
    order = np.argsort(numbers)
    places = np.array(numbers, dtype=np.float64)[order]
    values = [np.array(scores[at], dtype=np.float64) for at in order]
    runs = np.array([len(of) for of in values])
    means = np.array([of.mean() for of in values])
    spread, own_freedom = _spread(places, values)
    weights = runs / spread
    limit, gap, exponent, distance = _best(places, means, weights)
    off_freedom = len(places) - 3
    off = distance / off_freedom
    if own_freedom:
        raised, misfit = max(off, 1.0), off
        freedom = raised**2 / (1 / own_freedom + (raised - 1) ** 2 / off_freedom)
    else:
        raised, misfit, freedom = max(off, 1e-18), math.inf, float(off_freedom)
    return PowerLaw(
        numbers=tuple(map(float, places)),
        means=tuple(map(float, means)),
        runs=tuple(map(int, runs)),
        variances=tuple(map(float, spread * raised)),
        limit=limit,
        scale=gap * float(places[-1]) ** exponent,
        exponent=exponent,
        misfit=misfit,
        freedom=freedom,
        shared=_shared(values, level),
        level=level,
    )


def _check(numbers: Sequence[float] | Array, scores: Scores, level: float) -> None:
    if len(numbers) != len(scores):
        raise ValueError(f"expected scores for each of {len(numbers)} numbers of images, found {len(scores)}")
    if len(set(numbers)) < len(numbers) or len(numbers) < FEWEST:
        raise ValueError(
            f"expected {FEWEST} or more different numbers of images, found {', '.join(f'{one:g}' for one in numbers)}"
        )
    if not all(0 < one < math.inf for one in numbers):
        raise ValueError(f"expected numbers of images above 0, found {min(numbers):g} to {max(numbers):g}")
    for of in scores:
        if not len(of) or not all(0 <= score <= 1 for score in of):
            raise ValueError(f"expected one score in [0, 1] or more at each number of images, found {list(of)}")
    if not 0 < level < 1:
        raise ValueError(f"expected a confidence level in (0, 1), found {level}")


def _spread(numbers: Array, scores: Sequence[Array]) -> tuple[Array, float]:
    """The variance of a run at each number of images, and its degrees of freedom; ones and 0 where runs do not vary."""
    freedom = np.array([len(of) - 1 for of in scores], dtype=np.float64)
    varying = np.array([of.var(ddof=1) if len(of) > 1 else 0.0 for of in scores])
    degrees = float(freedom.sum())
    if not degrees or float(varying.max()) < 1e-18:  # the rounding of scores that are alike
        return np.ones(len(numbers)), 0.0
    grown = (numbers / np.exp(np.average(np.log(numbers), weights=freedom))) ** -VARIANCE_EXPONENTS[:, None]
    levels = (freedom * varying / grown).sum(axis=1, keepdims=True) / degrees
    likelihood = -(freedom * np.log(levels * grown)).sum(axis=1)  # twice it, but for a constant
    level = float((freedom * varying).sum()) / degrees
    best = int(likelihood.argmax())
    if degrees < 2 or float(likelihood[best]) + degrees * math.log(level) < TREND:
        return np.full(len(numbers), level), degrees
    return np.asarray(levels[best] * grown[best]), degrees - 1


def _shared(scores: Sequence[Array], level: float) -> float:
    """Half of the width of an interval that comes from what the runs of a seed share; 0 where that is not known.

    Args:
        scores: the scores at each number of images; those with another number of runs than most have are left out.
        level: the confidence level of the interval.
    """
    from scipy import stats

    sizes = [len(of) for of in scores]
    runs = max(sizes, key=sizes.count)
    grid = np.array([of for of in scores if len(of) == runs])
    if runs < 2 or len(grid) < 2:
        return 0.0
    left = grid - grid.mean(axis=1, keepdims=True)
    of_seeds = left.mean(axis=0)
    between = len(grid) * float((of_seeds**2).sum()) / (runs - 1)
    within = float(((left - of_seeds) ** 2).sum()) / ((len(grid) - 1) * (runs - 1))
    variance = max(between - within, 0.0) / len(grid)
    return float(stats.t.ppf(0.5 + level / 2, runs - 1)) * math.sqrt(variance / runs)


def _best(numbers: Array, means: Array, weights: Array) -> tuple[float, float, float, float]:
    """The best curve: its limit, how much it is below that at the largest number, its exponent, and its distance.

    For each exponent the curve is linear in its value at the largest number and in its gap there. Where the best such
    line has a negative gap or a limit above 1, the best one lies on an edge of what is allowed.
    """
    heights = np.expm1(-EXPONENTS[:, None] * np.log(numbers / numbers[-1]))
    total = weights.sum()
    middle, height = float(weights @ means) / total, (heights @ weights) / total
    turned = heights - height[:, None]
    squares = np.maximum(turned**2 @ weights, 1e-300)
    gap = -(turned @ (weights * (means - middle))) / squares
    value = middle + gap * height
    flat = np.full(len(EXPONENTS), middle)
    full = heights + 1
    steep = (full @ (weights * (1 - means))) / np.maximum(full**2 @ weights, 1e-300)
    kinds = [(value, gap), (flat, np.zeros_like(flat)), (1 - steep, steep)]
    distances = np.array([((means - (v[:, None] - b[:, None] * heights)) ** 2) @ weights for v, b in kinds])
    distances[0, (gap < 0) | (value + gap > 1)] = np.inf
    kind, at = np.unravel_index(int(distances.argmin()), distances.shape)
    value, gap = (float(of[at]) for of in kinds[int(kind)])
    return value + gap, gap, float(EXPONENTS[at]), float(distances[kind, at])
