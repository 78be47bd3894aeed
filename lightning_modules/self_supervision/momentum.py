"""A copy of a network that follows it slowly."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Follower(nn.Module):
    """A network whose parameters are the moving average of another's.

    Statistics of normalization layers are its own, from its own input; the parameters take no gradient.

    Args:
        leader: it begins as a copy of this one.
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
        """The network's answer, without gradient."""
        with torch.no_grad():
            answer: torch.Tensor = self.network(*inputs)
        return answer
