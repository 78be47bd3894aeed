"""A momentum encoder: a moving average of a network that is trained."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn


class MomentumEncoder(nn.Module):
    """A network whose parameters are the moving average of another network's.

    Its normalization layers have statistics of their own, from its own input. Its parameters take no gradient.

    Args:
        leader: the network that is followed; the average begins as a copy of it.
    """

    def __init__(self, leader: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(leader).requires_grad_(False)

    @torch.no_grad()
    def follow(self, leader: nn.Module, momentum: float) -> None:
        """Set each parameter to momentum * itself + (1 - momentum) * the leader's."""
        for own, other in zip(self.network.parameters(), leader.parameters(), strict=True):
            own.mul_(momentum).add_(other, alpha=1 - momentum)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The network's output, without gradient."""
        with torch.no_grad():
            answer: torch.Tensor = self.network(*inputs)
        return answer


def rising(momentum: float, progress: float) -> float:
    """A momentum that rises to 1 along a cosine (Grill et al. 2020, section 3.3; Caron et al. 2021, section 3.1).

    Args:
        momentum: the momentum at the start, in [0, 1).
        progress: the share of all steps that were done before this one, in [0, 1).
    """
    return 1 - (1 - momentum) * (math.cos(math.pi * progress) + 1) / 2
