"""What tensors drawn from a uniform distribution look like."""

from __future__ import annotations

import math

from torch import Tensor


def assert_uniform(weight: Tensor, bound: float) -> None:
    """The values fill the interval up to the bound evenly."""
    n = weight.numel()
    assert bound * (1 - 20 / n) < weight.abs().max() <= bound
    shares = weight.detach().double().square() / bound**2  # of a uniform: mean 1/3, variance 4/45
    assert abs(shares.mean().item() - 1 / 3) < 6 * math.sqrt(4 / 45 / n)
