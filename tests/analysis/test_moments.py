"""Means, covariances and the unbiased criterion from batches, against NumPy and the published sums over pairs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from analysis.moments import Moments

AS: dict[str, Callable[[Any], Any]] = {"array": np.asarray, "tensor": torch.as_tensor}


def taken(batches: list[dict[str, Any]], pairs: tuple[tuple[str, str], ...] = (("x", "y"),)) -> Moments:
    moments = Moments()
    for batch in batches:
        moments.update(batch, pairs)
    return moments


@pytest.mark.parametrize("kind", AS)
@pytest.mark.parametrize("sizes", [(2,), (1, 1), (40,), (7, 1, 32)], ids=str)
def test_mean_and_covariance_are_numpys_of_all_samples(sizes: tuple[int, ...], kind: str) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(3, 2, (sum(sizes), 4)), generator.normal(size=(sum(sizes), 3))
    y[:, 0] += x[:, 1]
    parts = [slice(start, stop) for start, stop in itertools.pairwise(np.cumsum((0, *sizes)))]
    moments = taken([{"x": AS[kind](x[part]), "y": AS[kind](y[part])} for part in parts])
    expected = np.cov(np.hstack([x, y]), rowvar=False)
    assert moments.covariance("x", "x") == pytest.approx(expected[:4, :4], abs=1e-12)
    assert moments.covariance("x", "y") == pytest.approx(expected[:4, 4:], abs=1e-12)
    assert moments.mean("y") == pytest.approx(y.mean(axis=0))


@pytest.mark.parametrize("sizes", [(4,), (3, 1), (5, 6)], ids=str)
def test_the_unbiased_criterion_is_that_of_sums_over_pairs_of_samples(sizes: tuple[int, ...]) -> None:
    """Song et al. 2012, equation 4, with matrices of samples by samples."""
    n, generator = sum(sizes), np.random.default_rng(1)
    x, y = generator.normal(1, 1, (n, 3)), generator.normal(size=(n, 2))
    k, l, one = x @ x.T, y @ y.T, np.ones(n)  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    middle = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ l @ one)
    cut = sizes[0]
    batches = [{"x": x[:cut], "y": y[:cut]}, {"x": x[cut:], "y": y[cut:]}][: len(sizes)]
    expected = (np.trace(k @ l) + middle) / (n * (n - 3))
    assert taken(batches).unbiased_hsic("x", "y") == pytest.approx(expected, rel=1e-9)


ONE = np.ones((2, 1))


@pytest.mark.parametrize("kind", AS)
@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([{"x": ONE[:, 0], "y": ONE}], r"expected finite numbers .* found shape \(2,\)"),
        ([{"x": ONE[..., None], "y": ONE}], r"found shape \(2, 1, 1\)"),
        ([{"x": np.array([[1.0], [np.inf]]), "y": ONE}], r"found shape \(2, 1\)"),
        ([{"x": np.ones((3, 1)), "y": ONE}], r"the same samples, found \[2, 3\]"),
        ([{"x": ONE[:0], "y": ONE[:0]}], r"the same samples, found \[0\]"),
        ([{"x": ONE, "y": ONE}, {"x": np.ones((2, 2)), "y": ONE}], "x had 1 columns before and has 2 now"),
        ([{"x": ONE, "y": ONE}, {"y": ONE, "x": ONE}], "expected the layers and pairs of the first batch"),
    ],
)
def test_each_reason_alone_is_enough_to_refuse_a_batch(batches: list[Any], message: str, kind: str) -> None:
    with pytest.raises(ValueError, match=message):
        taken([{name: AS[kind](values) for name, values in batch.items()} for batch in batches])


def test_too_few_samples_are_refused_and_just_enough_are_not() -> None:
    generator = np.random.default_rng(2)
    for needed, ask in ((2, Moments.covariance), (4, Moments.unbiased_hsic)):
        samples = generator.normal(size=(needed, 2))
        assert np.isfinite(ask(taken([{"x": samples, "y": samples}]), "x", "y")).all()
        with pytest.raises(ValueError, match=f"found {needed - 1}"):
            ask(taken([{"x": samples[1:], "y": samples[1:]}]), "x", "y")


def test_single_precision_is_summed_in_double() -> None:
    values = np.random.default_rng(0).normal(1000, 1, (4000, 3)).astype(np.float32)
    expected = np.cov(values.astype(np.float64), rowvar=False)
    for kind in AS.values():
        moments = taken([{"x": kind(part), "y": kind(part)} for part in np.split(values, 8)])
        assert moments.covariance("x", "y") == pytest.approx(expected, abs=1e-10)
