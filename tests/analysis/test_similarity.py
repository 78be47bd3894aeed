"""Similarity of representations against closed forms, other libraries and the cases that break naive code."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA as SklearnCCA

from analysis.moments import Moments
from analysis.pairwise import compare, whiten
from analysis.similarity import (
    Cca,
    Similarity,
    cca,
    cca_of,
    independent_floor,
    linear_cka,
    linear_cka_of,
    pwcca,
    svcca,
    svcca_of,
    whitened,
)


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def summed(x: np.ndarray, y: np.ndarray, size: int) -> Moments:
    """The same data in batches."""
    moments = Moments()
    for start in range(0, len(x), size):
        moments.update({"x": x[start : start + size], "y": y[start : start + size]}, [("x", "y")])
    return moments


def truth(x: np.ndarray, y: np.ndarray, rank: int | None = None) -> np.ndarray:
    """Cosines of the principal angles between the spaces that the centered columns span (Bjorck and Golub 1973)."""
    bases = []
    for values in (x, y):
        centered = values - values.mean(axis=0)
        centered = centered / np.maximum(np.linalg.norm(centered, axis=0), 1e-300)
        left, singular, _ = np.linalg.svd(centered, full_matrices=False)
        bases.append(left[:, singular > 1e-9 * singular[0]])
    return np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)


@pytest.mark.parametrize("channels", [64, 256])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identical_and_affinely_mapped_layers_correlate_perfectly(channels: int, dtype: type) -> None:
    x = draw(0, 3000, channels).astype(dtype)
    assert cca(x, x).coefficients == pytest.approx(np.ones(channels), abs=1e-8)
    mapped = x.astype(np.float64) @ draw(1, channels, channels) + 100 * draw(2, channels)
    for found in (cca(x, mapped), cca_of(summed(x, mapped, 700), "x", "y")):
        assert found.coefficients == pytest.approx(np.ones(channels), abs=1e-8)
        assert found.ranks == (channels, channels)
        assert found.coefficients.max() <= 1
    assert pwcca(x, mapped).value == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_two_hundred_thousand_samples_in_batches_lose_no_precision(dtype: type) -> None:
    """Half of the directions are shared, none of the others; both are mixed by random matrices and shifted."""
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(2, 64, 64))
    moments = Moments()
    for _ in range(40):
        shared = generator.normal(size=(5000, 32))
        x, y = (
            (np.hstack([shared, generator.normal(size=(5000, 32))]).astype(dtype).astype(np.float64) @ mix + 30)
            for mix in mixing
        )
        moments.update({"x": x, "y": y}, [("x", "y")])
    found = cca_of(moments, "x", "y")
    assert found.samples == 200_000
    assert found.coefficients[:32] == pytest.approx(np.ones(32), abs=1e-8)
    assert found.coefficients[32:].max() < 0.03
    assert found.coefficients[32:].mean() == pytest.approx(independent_floor(32, 32, 200_000), abs=0.001)


def test_layers_of_two_thousand_channels_lose_no_precision() -> None:
    x = draw(0, 2500, 2048).astype(np.float32)
    y = np.hstack([x[:, :100], draw(1, 2500, 100)]) @ draw(2, 200, 200)
    found = cca(x, y)
    assert found.ranks == (2048, 200)
    assert found.coefficients[:100] == pytest.approx(np.ones(100), abs=1e-8)
    # Of the rest, what independent directions have: E[rho^2] = p / (n - 1), less the 100 that are shared.
    assert (found.coefficients[100:] ** 2).mean() == pytest.approx(1948 / 2399, abs=0.02)


def test_memory_does_not_grow_with_the_number_of_samples() -> None:
    def peak(samples: int) -> int:
        generator, moments = np.random.default_rng(0), Moments()
        tracemalloc.start()
        for _ in range(samples // 2000):
            x = generator.standard_normal((2000, 256), dtype=np.float32)
            moments.update({"x": x, "y": x[:, ::-1]}, [("x", "y")])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few = peak(10_000)
    assert few > 3 * 256 * 256 * 8  # what is summed is seen
    assert peak(200_000) == pytest.approx(few, rel=0.01)


def test_half_shared_layers_have_half_of_their_correlations_at_one() -> None:
    shared = draw(0, 40_000, 20)
    x, y = (np.hstack([shared, draw(seed, 40_000, 20)]) @ draw(seed + 9, 40, 40) for seed in (1, 2))
    found = cca(x, y).coefficients
    assert found[:20] == pytest.approx(np.ones(20), abs=1e-8)
    assert found[20:].max() < 0.06


def test_a_known_correlation_is_found() -> None:
    """y = r x + sqrt(1 - r^2) e in each direction, mixed by any matrices."""
    known = np.array([0.9, 0.7, 0.5, 0.2])
    x = draw(0, 200_000, 4)
    y = known * x + np.sqrt(1 - known**2) * draw(1, 200_000, 4)
    assert cca(x @ draw(2, 4, 4), y @ draw(3, 4, 4)).coefficients == pytest.approx(known, abs=0.01)


@pytest.mark.parametrize(
    ("p", "q", "n"),
    [(64, 64, 10_000), (20, 60, 500), (5, 30, 200), (3, 3, 50), (64, 64, 129), (64, 64, 128), (30, 30, 40), (7, 9, 12)],
)
def test_independent_layers_have_the_expected_mean_square_and_the_stated_floor(p: int, q: int, n: int) -> None:
    """E[rho^2] = max(p, q) / (n - 1), whatever the smaller one (Muirhead 1982, chapter 11)."""
    found = [cca(draw(2 * seed, n, p), draw(2 * seed + 1, n, q)) for seed in range(40)]
    squares = np.array([(one.coefficients**2).mean() for one in found])
    error = 4 * squares.std(ddof=1) / math.sqrt(len(squares))
    assert squares.mean() == pytest.approx(max(p, q) / (n - 1), abs=max(error, 1e-6))
    means = np.array([one.mean for one in found])
    assert means.mean() == pytest.approx(found[0].floor, abs=4 * means.std(ddof=1) / math.sqrt(40) + 0.003)


def test_the_floors_are_those_that_others_measured() -> None:
    """Mean CCA of independent Gaussian data."""
    measured = {
        (64, 10_000): 0.067,
        (256, 10_000): 0.136,
        (1024, 10_000): 0.275,
        (2048, 10_000): 0.393,
        (64, 1000): 0.218,
        (256, 512): 0.64,
        (256, 1280): 0.39,
    }
    for (d, n), expected in measured.items():
        assert independent_floor(d, d, n) == pytest.approx(expected, abs=0.003)
    assert independent_floor(1, 1, 101) == pytest.approx(math.sqrt(2 / (math.pi * 100)), rel=0.1)
    assert independent_floor(30, 5, 31) == 1
    for p, q, n in ((3, 40, 400), (20, 60, 500), (50, 70, 100), (5, 9, 12)):
        assert independent_floor(q, p, n) == independent_floor(p, q, n) < 1
    assert math.isnan(independent_floor(0, 3, 40))


def test_it_agrees_with_scikit_learn() -> None:
    x = draw(0, 400, 5)
    y = np.hstack([x[:, :3] + draw(1, 400, 3), draw(2, 400, 2)])
    a, b = SklearnCCA(n_components=5, scale=True, max_iter=20_000, tol=1e-12).fit_transform(x, y)
    expected = sorted((abs(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in range(5)), reverse=True)
    assert cca(x, y).coefficients == pytest.approx(expected, abs=1e-3)


RANK_40 = draw(3, 3000, 40) @ draw(4, 40, 64)
ROWS = {
    "well-conditioned": (draw(11, 3000, 48), 48),
    "rank 40 of 64": (RANK_40, 40),
    "scales from 1e-6 to 1e4": (draw(5, 3000, 48) * np.logspace(-6, 4, 48), 48),
    "20 dead neurons": (np.hstack([draw(6, 3000, 30), np.zeros((3000, 20))]), 30),
    "a constant neuron": (np.hstack([draw(7, 3000, 30), np.full((3000, 1), 0.1)]), 30),
    "duplicates": (np.hstack([draw(8, 3000, 30)] * 2), 30),
    "mixed by a random matrix": (draw(12, 3000, 64) @ draw(13, 64, 64), 64),
    "a large offset": (draw(9, 3000, 30) + 1e6, 30),
}
"""Layers that break naive code, with their ranks."""

LOOSER = {"mixed by a random matrix": 5e-10, "a large offset": 1e-8}
"""Where the data's own condition costs digits; elsewhere 1e-12."""


def related(x: np.ndarray) -> np.ndarray:
    """20 columns, about half of whose variance is what a layer holds."""
    scale = x.std(axis=0)
    alive = scale > 0
    known = (x[:, alive] - x[:, alive].mean(axis=0)) / scale[alive]
    return known @ draw(10, known.shape[1], 20) + math.sqrt(known.shape[1]) * draw(14, len(x), 20)


@pytest.mark.parametrize("case", ROWS)
def test_degenerate_layers_have_the_right_value_and_the_used_rank(case: str) -> None:
    """Of all samples at once and in batches, against singular values of what spans the layers."""
    x, rank = ROWS[case]
    y = related(x)
    exact = truth(x, y)
    assert exact[0] > 0.6
    for found in (cca(x, y), cca_of(summed(x, y, 500), "x", "y")):
        assert found.ranks == (rank, 20)
        assert found.coefficients == pytest.approx(exact, abs=LOOSER.get(case, 1e-12))
    assert compare(whiten(x), whiten(y)).coefficients == pytest.approx(exact, abs=5e-6)


@pytest.mark.parametrize("value", [0.0, 2.0, 0.1, -1e-7, 12345.678])
def test_a_layer_that_does_not_vary_has_no_correlations(value: float) -> None:
    x, y = np.full((777, 5), value), draw(0, 777, 5)
    moments = summed(x, y, 130)
    for found in (cca(x, y), cca_of(moments, "x", "y"), svcca(x, y), svcca_of(moments, "x", "y")):
        assert found.ranks == (0, 5)
        assert math.isnan(found.mean)
        assert math.isnan(found.floor)
    for single in (pwcca(x, y), linear_cka(x, y), linear_cka(x, y, debiased=True), linear_cka_of(moments, "x", "y")):
        assert math.isnan(single.value)
        assert math.isnan(single.floor)


def test_svcca_is_cca_of_the_principal_components() -> None:
    x = draw(0, 2000, 30) * np.linspace(1, 0.01, 30)
    y = x @ draw(1, 30, 25) + 0.1 * draw(2, 2000, 25)

    def components(values: np.ndarray, share: float) -> np.ndarray:
        centered = values - values.mean(axis=0)
        left, singular, _ = np.linalg.svd(centered, full_matrices=False)
        kept = np.searchsorted(np.cumsum(singular**2) / (singular**2).sum(), share) + 1
        return left[:, :kept] * singular[:kept]

    for share in (0.9, 0.99):
        expected = truth(components(x, share), components(y, share))
        for found in (svcca(x, y, share), svcca_of(summed(x, y, 300), "x", "y", share)):
            assert found.coefficients == pytest.approx(expected, abs=1e-9)
    for factor in (1e-12, 1e12):
        assert svcca(x * factor, y).coefficients == pytest.approx(svcca(x, y).coefficients, abs=1e-9)
    assert svcca(x, y, 1.0).coefficients == pytest.approx(cca(x, y).coefficients, abs=1e-7)
    with pytest.raises(ValueError, match="share of the variance"):
        svcca(x, y, 0)


def test_pwcca_follows_its_definition() -> None:
    """Morcos et al. 2018, equation 2: weights are absolute inner products of canonical variates and neurons."""
    x, y = draw(0, 500, 6) * np.arange(1, 7), draw(1, 500, 9)
    y[:, :4] += x[:, :4]
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    (qa, _), (qb, _) = np.linalg.qr(a), np.linalg.qr(b)
    left, rho, _ = np.linalg.svd(qa.T @ qb)
    weights = np.abs((qa @ left).T @ a).sum(axis=1)[: len(rho)]
    assert pwcca(x, y).value == pytest.approx((weights * rho).sum() / weights.sum(), abs=1e-12)
    assert pwcca(x, y).value != pytest.approx(pwcca(y, x).value, abs=1e-3)


def gram_cka(x: np.ndarray, y: np.ndarray, debiased: bool) -> float:
    """With matrices of samples by samples, as published."""
    n = len(x)
    center = np.eye(n) - 1 / n

    def hsic(a: np.ndarray, b: np.ndarray) -> float:
        k, l = a @ a.T, b @ b.T  # noqa: E741
        if not debiased:
            return float(np.trace(center @ k @ center @ l))
        np.fill_diagonal(k, 0)
        np.fill_diagonal(l, 0)
        one = np.ones(n)
        terms = (
            np.trace(k @ l)
            + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
            - 2 * (one @ k @ l @ one) / (n - 2)
        )
        return float(terms / (n * (n - 3)))

    return hsic(x, y) / math.sqrt(hsic(x, x) * hsic(y, y))


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_cka_equals_the_published_form_in_one_pass_over_columns(debiased: bool, offset: float) -> None:
    x = draw(0, 90, 7) + offset
    y = x @ draw(1, 7, 5) + draw(2, 90, 5)
    expected = gram_cka(x, y, debiased)
    assert linear_cka(x, y, debiased).value == pytest.approx(expected, rel=1e-9)
    assert linear_cka_of(summed(x, y, 17), "x", "y", debiased).value == pytest.approx(expected, rel=1e-9)


def test_the_floor_of_cka_is_the_mean_over_all_pairings_of_the_samples() -> None:
    x, y = draw(0, 6, 3), draw(1, 6, 4) * np.array([3.0, 1.0, 0.5, 0.1])
    pairings = [linear_cka(x, y[list(order)]).value for order in itertools.permutations(range(6))]
    found = linear_cka(x, y)
    assert found.floor == pytest.approx(np.mean(pairings), rel=1e-9)
    assert found.samples == 6
    assert linear_cka_of(summed(x, y, 4), "x", "y").floor == pytest.approx(found.floor, rel=1e-9)
    assert linear_cka(x, y, debiased=True).floor == 0


@pytest.mark.parametrize("measure", [cca, pwcca, svcca, linear_cka])
def test_a_layer_that_does_not_vary_has_no_similarity_on_either_side(measure: Callable[..., Cca | Similarity]) -> None:
    still, moving = np.ones((50, 3)), draw(0, 50, 3)
    for pair in ((still, moving), (moving, still), (still, still)):
        found = measure(*pair)
        assert math.isnan(found.mean if isinstance(found, Cca) else found.value)


def test_the_floor_of_pwcca_is_what_independent_layers_have() -> None:
    found = [pwcca(draw(seed, 300, 20) * np.linspace(1, 9, 20), draw(seed + 99, 300, 30)) for seed in range(20)]
    assert np.mean([one.value for one in found]) == pytest.approx(found[0].floor, abs=0.01)


def test_cka_does_not_change_under_rotation_and_scale_and_is_debiased() -> None:
    x, y = draw(0, 200, 8), draw(1, 200, 8)
    rotation = np.linalg.qr(draw(2, 8, 8))[0]
    assert linear_cka(3 * x @ rotation + 1, y).value == pytest.approx(linear_cka(x, y).value, abs=1e-12)
    assert linear_cka(x, x @ rotation).value == pytest.approx(1)
    wide = [linear_cka(draw(seed, 60, 200), draw(seed + 50, 60, 200), debiased=True).value for seed in range(20)]
    assert abs(np.mean(wide)) < 0.02
    assert linear_cka(draw(0, 60, 200), draw(50, 60, 200)).value > 0.6


def test_all_pairs_of_layers_come_from_one_pass() -> None:
    layers = {name: draw(seed, 600, 4 + seed) for seed, name in enumerate("abc")}
    layers["c"][:, :4] += layers["a"][:, :4]
    moments = Moments()
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    for start in (0, 250, 400):
        stop = {0: 250, 250: 400, 400: 600}[start]
        moments.update({name: values[start:stop] for name, values in layers.items()}, pairs)
    for one, other in pairs:
        assert cca_of(moments, one, other).coefficients == pytest.approx(
            cca(layers[one], layers[other]).coefficients, abs=1e-10
        )
        assert moments.mean(one) == pytest.approx(layers[one].mean(axis=0))


def test_tensors_are_taken_as_arrays_are() -> None:
    import torch

    x, y = draw(0, 300, 6), draw(1, 300, 5)
    moments = Moments()
    for start in (0, 150):
        batch = {"x": torch.tensor(x[start : start + 150]), "y": torch.tensor(y[start : start + 150])}
        moments.update(batch, [("x", "y")])
    assert cca_of(moments, "x", "y").coefficients == pytest.approx(cca(x, y).coefficients, abs=1e-12)


def test_too_few_samples_and_bad_values_are_refused() -> None:
    with pytest.raises(ValueError, match="any two layers correlate perfectly"):
        cca(draw(0, 30, 40), draw(1, 30, 5))
    with pytest.raises(ValueError, match="the same samples, found 30 and 31"):
        cca(draw(0, 30, 4), draw(1, 31, 4))
    bad = draw(0, 30, 4)
    bad[3, 2] = np.nan
    for call in (lambda: cca(bad, bad), lambda: linear_cka(bad, bad)):
        with pytest.raises(ValueError, match="expected finite numbers"):
            call()
    moments = Moments()
    with pytest.raises(ValueError, match=r"the same samples, found \[0\]"):
        moments.update({"x": np.zeros((0, 3))}, [])
    moments.update({"x": draw(0, 10, 3)}, [])
    with pytest.raises(ValueError, match="had 3 columns before and has 4 now"):
        moments.update({"x": draw(0, 10, 4)}, [])
    with pytest.raises(ValueError, match="needs four samples"):
        linear_cka(draw(0, 3, 2), draw(1, 3, 2), debiased=True)


@pytest.mark.parametrize("variance", [None, 0.9])
def test_single_precision_agrees_to_five_millionths(variance: float | None) -> None:
    x = draw(0, 2000, 64) * np.logspace(0, -2, 64)
    y = x @ draw(1, 64, 48) + 0.3 * draw(2, 2000, 48)
    exact = cca(x, y) if variance is None else svcca(x, y, variance)
    found = compare(whiten(x, variance), whiten(y, variance))
    assert found.ranks == exact.ranks
    assert found.coefficients == pytest.approx(exact.coefficients, abs=5e-6)
    assert compare(whiten(x), whiten(x @ draw(3, 64, 64))).coefficients == pytest.approx(np.ones(64), abs=5e-6)
    with pytest.raises(ValueError, match="the same samples"):
        compare(whiten(x), whiten(y[:100]))


def test_whitening_twice_makes_columns_uncorrelated_however_alike_they_were() -> None:
    common, own = draw(1, 400, 1), draw(2, 400, 6)
    layer = common + 1e-6 * own
    once, twice = (whitened(layer, refine=refine) for refine in (False, True))
    found = [np.abs(np.cov(one.T) - np.eye(6)).max() for one in (once, twice)]
    assert found[1] < 1e-12 < 1e-9 < found[0]
