"""Full: every tensor of the network is trained at the recipe's learning rate."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_modules.adapting.contract import Adaptation


@dataclass(frozen=True)
class Full(Adaptation):
    """Train the whole network."""
