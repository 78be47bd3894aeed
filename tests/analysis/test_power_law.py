"""Power laws with an offset: against closed forms, another optimizer, and worlds whose curve is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.power_law import Array, fit
from analysis.shares import wilson

NUMBERS = (50, 100, 250, 500, 1000)


def law(numbers: object, limit: float, scale: float, exponent: float) -> Array:
    return np.asarray(limit - scale * np.asarray(numbers, dtype=np.float64) ** -exponent)


def noisy(
    seed: int, numbers: tuple[int, ...] = NUMBERS, runs: int = 5, noise: float = 0.01
) -> tuple[tuple[int, ...], Array]:
    drawn = noise * np.random.default_rng(seed).standard_normal((len(numbers), runs))
    return numbers, law(numbers, 0.93, 1.2, 0.5)[:, None] + drawn


@pytest.mark.parametrize(("limit", "scale", "exponent"), [(0.9, 1.5, 0.6), (1.0, 0.8, 0.3), (0.95, 30.0, 1.2)])
def test_scores_on_a_power_law_give_that_law(limit: float, scale: float, exponent: float) -> None:
    truth = law(NUMBERS, limit, scale, exponent)
    curve = fit(NUMBERS, [[score - 1e-4, score + 1e-4] for score in truth])
    assert curve.limit == pytest.approx(limit, abs=2e-3) and curve.exponent == pytest.approx(exponent, rel=0.03)
    assert curve.scale == pytest.approx(scale, rel=0.3)
    assert curve.at(NUMBERS) == pytest.approx(truth, abs=2e-4)
    assert curve.at([4000]) == pytest.approx(law([4000], limit, scale, exponent), abs=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_curve_is_that_of_a_general_optimizer(seed: int) -> None:
    numbers, scores = noisy(seed)
    curve = fit(numbers, list(scores))
    sigma = np.repeat(np.sqrt(curve.variances), 5)
    bounds = ([0, 0, 0.01], [1, 100, 10])
    found, _ = optimize.curve_fit(law, np.repeat(numbers, 5), scores.ravel(), (0.9, 1.0, 0.5), sigma, bounds=bounds)
    assert curve.at(numbers) == pytest.approx(law(numbers, *found), abs=4e-4)  # a tenth of a standard error


@pytest.mark.parametrize("number", [50, 300, 4000])
def test_an_interval_ends_where_the_best_curve_through_it_is_so_much_worse(number: float) -> None:
    numbers, scores = noisy(7)
    curve = fit(numbers, list(scores))
    assert curve.misfit < 1 and curve.freedom == 20 and curve.shared == 0  # the variance is that of the runs alone
    means, variance = scores.mean(axis=1), float(scores.var(axis=1, ddof=1).mean())
    assert curve.variances == pytest.approx([variance] * 5)

    def distance(value: float) -> float:
        """The least sum of squares of curves through a value, in standard errors, by another optimizer."""

        def off(parameters: Array) -> Array:
            share, log_exponent = parameters
            heights = np.expm1(-math.exp(log_exponent) * np.log(np.array(numbers) / number))
            return np.asarray((means - value + share * (1 - value) * heights) * math.sqrt(5 / variance))

        bounds = ([0, math.log(0.01)], [1, math.log(10)])
        starts = [(0.1, -1.0), (0.5, -2.0), (0.01, 0.5), (0.9, -4.0), (0.001, 1.0)]
        return min(2 * float(optimize.least_squares(off, start, bounds=bounds).cost) for start in starts)

    band = curve.band([number])
    least = float((5 * (means - curve.at(numbers)) ** 2).sum() / variance)
    allowed = float(stats.t.ppf(0.975, 20)) ** 2
    for end in (float(band.low[0]), float(band.high[0])):
        if 1e-6 < end < 1 - 1e-6:
            assert distance(end) - least == pytest.approx(allowed, rel=0.02)
    assert band.low[0] < band.estimate[0] < band.high[0]


@pytest.mark.parametrize(
    ("parameters", "numbers", "runs", "noise"),
    [((0.93, 1.2, 0.5), (47, 94, 235, 471), 3, 0.01), ((0.99, 0.6, 0.2), NUMBERS, 5, 0.005)],
)
def test_intervals_hold_the_curve_and_its_forecast(
    parameters: tuple[float, float, float], numbers: tuple[int, ...], runs: int, noise: float
) -> None:
    rng, draws, asked = np.random.default_rng(1), 60, [numbers[0], numbers[-1], 4 * numbers[-1]]
    held = np.zeros(3, dtype=int)
    truth = law(asked, *parameters)
    for _ in range(draws):
        scores = law(numbers, *parameters)[:, None] + noise * rng.standard_normal((len(numbers), runs))
        band = fit(numbers, list(np.clip(scores, 0, 1))).band(asked)
        held += (band.low <= truth) & (truth <= band.high)
    assert all(wilson(int(one), draws)[1] >= 0.95 for one in held), held


def test_a_forecast_of_few_runs_is_wider_than_that_of_the_curve() -> None:
    numbers, scores = noisy(3)
    curve = fit(numbers, list(scores))
    of_curve, of_one, of_many = curve.band([4000]), curve.forecast(4000, 1), curve.forecast(4000, 10**6)
    assert of_one.low < of_curve.low < of_curve.high < of_one.high
    assert of_many.low == pytest.approx(of_curve.low, abs=1e-4)
    half = float(stats.t.ppf(0.975, curve.freedom)) * math.sqrt(curve.variances[-1])
    expected = of_curve.estimate - np.hypot(of_curve.estimate - of_curve.low, half)
    assert of_one.low == pytest.approx(expected)


def test_no_score_is_forecast_above_one() -> None:
    numbers, runs = (50, 100, 250, 500), 5
    drawn = 0.02 * np.random.default_rng(0).standard_normal((4, runs))
    band = fit(numbers, list(np.clip(law(numbers, 1.0, 2.0, 0.7)[:, None] + drawn, 0, 1))).band([500, 5000, 10**6])
    assert (band.high <= 1).all() and (band.estimate <= 1).all() and (band.low >= 0).all()


def test_scores_that_fall_as_images_are_added_give_a_flat_curve_that_does_not_fit() -> None:
    falling = [[0.9 - 0.02 * place - 0.001, 0.9 - 0.02 * place + 0.001] for place in range(5)]
    curve = fit(NUMBERS, falling)
    assert curve.at([50, 1000]) == pytest.approx([0.86, 0.86], abs=1e-6) and curve.misfit > 100
    band = curve.band([1000])
    assert band.low[0] < 0.82 and band.high[0] > 0.86  # the last mean, which the curve misses, is held


def test_runs_that_do_not_vary_leave_the_uncertainty_to_the_distances_from_the_curve() -> None:
    truth = law(NUMBERS, 0.93, 1.2, 0.5)
    off = np.array([0.004, -0.006, 0.003, 0.002, -0.003])
    alike = fit(NUMBERS, [[score] * 3 for score in truth + off])
    single = fit(NUMBERS, [[score] for score in truth + off])
    assert alike.freedom == single.freedom == 2 and math.isinf(alike.misfit)
    assert alike.band([1000]).low == pytest.approx(single.band([1000]).low)  # three times the same are one
    rest = ((single.means - single.at(NUMBERS)) ** 2).sum() / 2
    assert single.variances == pytest.approx([rest] * 5, rel=1e-6)


def test_noise_that_falls_as_images_are_added_is_seen() -> None:
    rng, spread = np.random.default_rng(4), 0.05 * (np.array(NUMBERS) / 50) ** -0.8
    curve = fit(NUMBERS, list(law(NUMBERS, 0.93, 1.2, 0.5)[:, None] + spread[:, None] * rng.standard_normal((5, 8))))
    assert curve.variances[0] > 20 * curve.variances[-1]
    assert curve.variance_at(10**6) == curve.variances[-1] and curve.variance_at(1) == curve.variances[0]


def test_numbers_may_come_in_any_order() -> None:
    numbers, scores = noisy(5)
    assert fit(numbers[::-1], list(scores[::-1])) == fit(numbers, list(scores))


@pytest.mark.parametrize(
    ("numbers", "scores", "level", "message"),
    [
        ((1, 2, 3), [[0.5]] * 3, 0.95, "expected 4 or more different numbers of images, found 1, 2, 3"),
        ((1, 2, 3, 3), [[0.5]] * 4, 0.95, "different numbers of images"),
        ((1, 2, 3, 4), [[0.5]] * 3, 0.95, "scores for each of 4 numbers of images, found 3"),
        ((0, 2, 3, 4), [[0.5]] * 4, 0.95, "numbers of images above 0, found 0 to 4"),
        ((1, 2, 3, 4), [[0.5], [], [0.5], [0.5]], 0.95, "one score in .0, 1. or more"),
        ((1, 2, 3, 4), [[0.5], [88.0], [0.5], [0.5]], 0.95, "one score in .0, 1. or more"),
        ((1, 2, 3, 4), [[0.5]] * 4, 95, "a confidence level in .0, 1., found 95"),
    ],
)
def test_what_no_curve_can_be_fitted_to_is_refused(
    numbers: tuple[float, ...], scores: list[list[float]], level: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit(numbers, scores, level)


def test_nothing_is_said_of_fewer_images_than_were_tried() -> None:
    with pytest.raises(ValueError, match="numbers of images from 50 on, the smallest fitted one; found 49"):
        fit(NUMBERS, list(noisy(0)[1])).band([49, 100])


def test_what_the_runs_of_a_seed_share_shifts_the_whole_curve() -> None:
    """Of s + e, with s of 2 points the same at all numbers of images, the mean of five runs is off by s / sqrt 5."""
    rng = np.random.default_rng(6)
    of_seeds = 0.02 * rng.standard_normal(5)
    scores = law(NUMBERS, 0.9, 1.2, 0.5)[:, None] + of_seeds + 1e-5 * rng.standard_normal((5, 5))
    curve, single = fit(NUMBERS, list(scores)), fit(NUMBERS, [[score] for score in scores.mean(axis=1)])
    expected = float(stats.t.ppf(0.975, 4)) * float(of_seeds.std(ddof=1)) / math.sqrt(5)
    assert curve.shared == pytest.approx(expected, rel=1e-2) and single.shared == 0
    band = curve.band([500])
    assert band.high[0] - band.estimate[0] >= expected and band.estimate[0] - band.low[0] >= expected
