"""VICReg against its definition, entry by entry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lightning_modules.self_supervision.vicreg import VicregLearner, vicreg
from tests.lightning_modules.distinct import INDEX, embedded, learner, views


def drawn(seed: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(6, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def written_out(first: Tensor, second: Tensor, weights: tuple[float, float, float]) -> float:
    """https://github.com/facebookresearch/vicreg, main_vicreg.py, number by number."""
    x, y = first.detach().numpy(), second.detach().numpy()
    count, dimensions = x.shape
    distance = sum((x[i, j] - y[i, j]) ** 2 for i in range(count) for j in range(dimensions)) / (count * dimensions)
    missing = repeated = 0.0
    for rows in (x, y):
        mean = rows.mean(axis=0)
        for i in range(dimensions):
            variance = sum((rows[k, i] - mean[i]) ** 2 for k in range(count)) / (count - 1)
            missing += max(0.0, 1 - np.sqrt(variance + 1e-4)) / dimensions / 2
            for j in range(dimensions):
                if i != j:
                    products = sum((rows[k, i] - mean[i]) * (rows[k, j] - mean[j]) for k in range(count))
                    repeated += (products / (count - 1)) ** 2 / dimensions
    return float(weights[0] * distance + weights[1] * missing + weights[2] * repeated)


@pytest.mark.parametrize("scale", [0.3, 3.0])
@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (2.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 5.0)])
def test_its_three_terms_are_the_codes(weights: tuple[float, float, float], scale: float) -> None:
    a, b = drawn(1, scale).requires_grad_(), drawn(2, scale).requires_grad_()
    assert vicreg(a, b, *weights).item() == pytest.approx(written_out(a, b, weights), rel=1e-12)
    assert torch.autograd.gradcheck(lambda p, q: vicreg(p, q, *weights), (a, b))


def test_embeddings_of_spread_and_independent_dimensions_that_agree_cost_nothing() -> None:
    corners = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    assert vicreg(corners, corners, 25.0, 25.0, 1.0).item() == 0.0


def test_a_point_costs_the_whole_variance() -> None:
    """All embeddings alike: a standard deviation of the root of 1e-4 instead of 1."""
    point = torch.full((5, 4), 2.0, dtype=torch.float64)
    assert vicreg(point, point, 25.0, 25.0, 1.0).item() == pytest.approx(25 * 0.99)


def test_two_views_are_compared_each_with_statistics_of_its_own() -> None:
    method, given = learner("vicreg(head=(8, 6), invariance=4.0, variance=3.0, covariance=2.0)"), views(16, 16)
    assert isinstance(method, VicregLearner)
    first, second = (embedded(method.online, view) for view in given)
    expected = written_out(first, second, (4.0, 3.0, 2.0))
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)
