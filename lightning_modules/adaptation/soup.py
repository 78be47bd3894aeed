"""Soup: the mean of the weights of several full fine-tunings that differ by their seeds (Wortsman et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError


@dataclass(frozen=True)
class Soup(Adaptation):
    """Average every floating-point tensor over fully fine-tuned networks, head and running statistics included.

    It is the uniform soup (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482, section 2). The networks are runs of
    their own with the same weights to start from, so what draws its start anew for each seed is refused; a run that a
    full fine-tuning has done already is taken from there.

    Attributes:
        members: the number of networks, at least 2.
    """

    members: int = 3

    def __post_init__(self) -> None:
        """Check the number.

        Raises:
            UsageError: if it is below 2.
        """
        if self.members < 2:
            raise UsageError(f"soup: expected 2 or more members, found {self.members}. A single one is full.")

    @property
    def averaged(self) -> int:
        """The number of networks."""
        return self.members
