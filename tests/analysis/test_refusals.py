"""What has no answer is refused: for each reason alone, and one sample or value more is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.alignment import cka_of_every_pair
from analysis.convolutional import folded, pixel_cca, pooled, resized
from analysis.delong import delong_test
from analysis.pairwise import compare, whiten
from analysis.similarity import cca, centered, linear_cka, pwcca, svcca

NAN, INF = np.nan, np.inf
TRUTH, SCORES = np.array([0.0, 1, 0, 1]), np.array([0.1, 0.4, 0.35, 0.8])


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


MAPS = drawn(9, 2, 3, 3)


def with_one(value: float) -> np.ndarray:
    return np.array([0.1, value, 0.35, 0.8])


REFUSED: dict[str, Callable[[], Any]] = {
    "delong: one score too few": lambda: delong_test(TRUTH, SCORES[:3], SCORES[:3]),
    "delong: the first has no number": lambda: delong_test(TRUTH, with_one(NAN), SCORES),
    "delong: the second has no number": lambda: delong_test(TRUTH, SCORES, with_one(NAN)),
    "delong: half a positive": lambda: delong_test([0, 1, 0, 1, 0.5], [*SCORES, 1], [*SCORES, 2]),
    "delong: an unlabelled case": lambda: delong_test([0, 1, 0, 1, NAN], [*SCORES, 1], [*SCORES, 2]),
    "delong: one positive": lambda: delong_test([0, 1, 0, 0], SCORES, SCORES),
    "delong: one negative": lambda: delong_test([0, 1, 1, 1], SCORES, SCORES),
    "centered: no matrix": lambda: centered(drawn(5)),
    "centered: one sample": lambda: centered(drawn(1, 2)),
    "centered: an infinite value": lambda: centered([[0.0], [1.0], [INF]]),
    "cca: as many directions as centered samples": lambda: cca(drawn(6, 5), drawn(6, 2)),
    "cca: in the second layer": lambda: cca(drawn(6, 2), drawn(6, 5)),
    "svcca: in the second layer": lambda: svcca(drawn(6, 2), drawn(6, 5), 1.0),
    "pwcca: in the second layer": lambda: pwcca(drawn(6, 2), drawn(6, 5)),
    "pairwise: in the second layer": lambda: compare(whiten(drawn(6, 2)), whiten(drawn(6, 5))),
    "pairwise: other samples": lambda: compare(whiten(drawn(9, 2)), whiten(drawn(8, 2))),
    "svcca: more than all of the variance": lambda: svcca(drawn(9, 2), drawn(9, 3), 1.01),
    "debiased: three samples": lambda: linear_cka(drawn(3, 1), drawn(3, 2), debiased=True),
    "every pair, debiased: three samples": lambda: cka_of_every_pair([drawn(3, 1)], debiased=True),
    "every pair: no layer": lambda: cka_of_every_pair([]),
    "pooled: no maps": lambda: pooled(drawn(2, 3, 4)),
    "pooled: maps without pixels": lambda: pooled(np.zeros((2, 3, 0, 4))),
    "folded: a stride of 0": lambda: folded(drawn(2, 3, 4, 4), 0),
    "resized: to no columns": lambda: resized(drawn(2, 3, 4, 4), (1, 0)),
    "pixels: no channels": lambda: pixel_cca(MAPS, MAPS, same_channels=True, seed=0, channels=0),
    "pixels: no repeats": lambda: pixel_cca(MAPS, MAPS, same_channels=True, seed=0, repeats=0),
}  # fmt: skip

TAKEN: dict[str, Callable[[], Any]] = {
    "delong: two of each": lambda: delong_test(TRUTH, SCORES, SCORES[::-1]).covariance,
    "centered: two samples": lambda: centered(drawn(2, 2)),
    "cca: a sample more than directions": lambda: cca(drawn(6, 4), drawn(6, 2)).coefficients,
    "svcca: all of the variance": lambda: svcca(drawn(6, 2), drawn(6, 4), 1.0).coefficients,
    "pwcca": lambda: pwcca(drawn(6, 2), drawn(6, 4)).value,
    "pairwise": lambda: compare(whiten(drawn(6, 2)), whiten(drawn(6, 4))).coefficients,
    "debiased: four samples": lambda: linear_cka(drawn(4, 1), drawn(4, 1) + 1, debiased=True).value,
    "every pair, debiased: four samples": lambda: cka_of_every_pair([drawn(4, 1)], debiased=True),
    "every pair: one layer of more columns than samples": lambda: cka_of_every_pair([drawn(6, 40)]),
    "folded: a stride of 1": lambda: folded(drawn(1, 1, 1, 1), 1),
    "resized: to one pixel": lambda: resized(drawn(1, 1, 3, 3), (1, 1)),
    "pixels: one channel and repeat": lambda: (
        pixel_cca(drawn(9, 2, 3, 3), drawn(9, 2, 3, 3) + 1, same_channels=True, seed=0, channels=1, repeats=1).mean
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_reason_alone_is_enough(case: str) -> None:
    with pytest.raises(ValueError, match=r"expected|found|layers of one batch|of the variance|samples|needs"):
        REFUSED[case]()


@pytest.mark.parametrize("case", TAKEN)
def test_just_enough_has_an_answer(case: str) -> None:
    assert np.isfinite(TAKEN[case]()).all()
