"""How often a method comes first: cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.first import share_first


def test_a_method_that_is_always_ahead_is_always_first_and_equals_share() -> None:
    low, high = np.zeros((3, 50)), np.ones((2, 50))
    assert share_first({"low": low, "high": high}, seed=0) == {"low": 0, "high": 1}
    assert share_first({"a": low, "b": low}, seed=0) == {"a": 0.5, "b": 0.5}


def test_the_share_is_that_of_the_difference_of_two_normal_means() -> None:
    """With many runs a mean of drawn runs is normal around the sample's mean: the share follows from the difference."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(0.0, 1.0, 400), generator.normal(0.1, 1.0, 400)
    error = np.sqrt(a.var() / 400 + b.var() / 400)
    expected = stats.norm.cdf((b.mean() - a.mean()) / error)
    found = share_first({name: np.repeat(of[:, None], 4000, axis=1) for name, of in (("a", a), ("b", b))}, seed=1)
    assert found["b"] == pytest.approx(expected, abs=0.02)
    assert sum(found.values()) == pytest.approx(1)


def test_test_patients_are_the_same_for_all() -> None:
    """What moves both alike changes nothing."""
    shift = np.random.default_rng(0).normal(size=(1, 100))
    assert share_first({"a": shift, "b": shift + 1e-6}, seed=0)["b"] == 1


def test_undefined_resamples_are_left_out_and_other_sizes_refused() -> None:
    a, b = np.array([[0.1, np.nan]]), np.array([[0.2, 0.0]])
    assert share_first({"a": a, "b": b}, seed=0)["b"] == 1
    with pytest.raises(ValueError, match="no resample"):
        share_first({"a": a[:, 1:], "b": b[:, 1:]}, seed=0)
    for scores in ({}, {"a": a, "b": b[:, :1]}, {"a": np.zeros((0, 2))}):
        with pytest.raises(ValueError, match="expected runs by the same resamples"):
            share_first(scores, seed=0)
