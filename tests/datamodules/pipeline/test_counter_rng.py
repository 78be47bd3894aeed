"""Draws by counters: uniform, independent, and the same whoever makes them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from datamodules.pipeline.counter_rng import stream, uniforms


def test_draws_are_uniform_over_samples_and_over_a_samples_own_draws() -> None:
    draws = uniforms(stream(0, "test", 0), np.arange(4000), 8)
    for column in draws.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-3
    correlation = np.corrcoef(draws.T) - np.eye(8)
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)


def test_neighbouring_samples_epochs_seeds_and_purposes_have_nothing_in_common() -> None:
    base = uniforms(stream(0, "test", 0), np.arange(4000), 1)[:, 0]
    others = [
        uniforms(stream(0, "test", 0), np.arange(1, 4001), 1)[:, 0],
        uniforms(stream(0, "test", 1), np.arange(4000), 1)[:, 0],
        uniforms(stream(1, "test", 0), np.arange(4000), 1)[:, 0],
        uniforms(stream(0, "other", 0), np.arange(4000), 1)[:, 0],
    ]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < 5 / np.sqrt(4000)


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(0, 2**40), min_size=1, max_size=5),
    st.integers(0, 20),
    st.integers(1, 9),
)
def test_any_part_of_the_draws_can_be_had_by_itself(key: int, numbers: list[int], first: int, count: int) -> None:
    whole = uniforms(key, np.array(numbers), first + count)
    assert np.array_equal(uniforms(key, np.array(numbers), count, first=first), whole[:, first:])
    alone = np.concatenate([uniforms(key, np.array([number]), first + count) for number in numbers])
    assert np.array_equal(alone, whole)
    assert ((whole >= 0) & (whole < 1)).all()
