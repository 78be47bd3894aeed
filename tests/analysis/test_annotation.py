"""Numbers of labels that are read off learning curves, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.annotation import labels_to_reach, labels_until_alike, less, places
from analysis.power_law import Array, Band, PowerLaw, fit

NUMBERS = (50, 100, 250, 500, 1000, 2000)


def law(numbers: object, limit: float, scale: float, exponent: float) -> Array:
    return np.asarray(limit - scale * np.asarray(numbers, dtype=np.float64) ** -exponent)


def curve(
    limit: float, scale: float, exponent: float, noise: float = 2e-4, numbers: tuple[int, ...] = NUMBERS, seed: int = 0
) -> PowerLaw:
    """A curve that is fitted to five runs around a known one."""
    drawn = noise * np.random.default_rng(seed).standard_normal((len(numbers), 5))
    return fit(numbers, list(law(numbers, limit, scale, exponent)[:, None] + drawn))


def test_a_row_reaches_the_others_score_where_its_law_does() -> None:
    """With a - b n^(-c) = y the number is n = (b / (a - y))^(1 / c)."""
    score = float(law(2000, 0.9, 2.0, 0.6))
    found = labels_to_reach(curve(0.95, 1.5, 0.5), curve(0.9, 2.0, 0.6, seed=1))
    expected = (1.5 / (0.95 - score)) ** 2
    assert found.number == pytest.approx(expected, rel=0.02)
    assert found.low < expected < found.high and found.high / found.low < 1.1


def test_two_rows_are_alike_from_where_their_laws_differ_by_the_margin_on() -> None:
    """Of one limit and exponent the difference is (b - b') n^(-c): below 2 points from n = (1.2 / 0.02)^2 = 3600 on."""
    numbers = (200, 500, 1000, 2000, 5000, 10000)
    ahead, behind = curve(0.95, 1.0, 0.5, numbers=numbers), curve(0.95, 2.2, 0.5, numbers=numbers, seed=1)
    found = labels_until_alike(ahead, behind, 0.02)
    assert found.number == pytest.approx(3600, rel=0.03) and found.low < 3600 < found.high < math.inf
    other = labels_until_alike(behind, ahead, 0.02)
    assert (other.number, other.low, other.high) == (found.number, found.low, found.high)


def test_what_lies_outside_of_what_was_tried_has_no_number() -> None:
    high, low = curve(0.95, 0.5, 0.5), curve(0.8, 0.5, 0.5, seed=1)
    assert labels_to_reach(high, low) == labels_until_alike(high, low, 0.5)  # always: fewer than the least
    never = labels_to_reach(low, high)
    assert (never.number, never.low, never.high) == (math.inf, math.inf, math.inf)
    assert labels_until_alike(high, low, 0.01) == never


def test_what_is_not_shown_has_no_end() -> None:
    one, other = curve(0.9, 1.0, 0.5, 0.03, seed=2), curve(0.9, 1.0, 0.5, 0.03, seed=3)
    found = labels_until_alike(one, other, 0.002)  # the curves are the same, and far too few runs to show it
    assert found.high == math.inf and found.low == -math.inf


def test_ends_of_a_difference_add_up_by_pythagoras() -> None:
    first = Band(np.array([0.9]), np.array([0.87]), np.array([0.94]))
    second = Band(np.array([0.8]), np.array([0.77]), np.array([0.84]))
    found = less(first, second)
    assert found.estimate == pytest.approx([0.1])
    assert found.low == pytest.approx([0.1 - 0.05]) and found.high == pytest.approx([0.1 + 0.05])  # 3, 4, 5


def test_curves_are_compared_where_both_were_fitted() -> None:
    found = places(curve(0.9, 1.0, 0.5), curve(0.9, 1.0, 0.5, numbers=(100, 200, 500, 5000)))
    assert (found[0], found[-1]) == (100, 2000) and np.ptp(np.diff(np.log(found))) < 1e-9
    with pytest.raises(ValueError, match="no range of numbers of images in common: 3000 to 2000"):
        places(curve(0.9, 1.0, 0.5), curve(0.9, 1.0, 0.5, numbers=(3000, 4000, 5000, 6000)))


def test_a_margin_of_nothing_is_refused() -> None:
    one = curve(0.9, 1.0, 0.5)
    with pytest.raises(ValueError, match="a margin above 0, found 0"):
        labels_until_alike(one, one, 0)
