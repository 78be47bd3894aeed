"""A preset: what all tables of one paper have in common in one profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from experiments.run.recipes import recipe_named
from specs.recipe import Recipe
from specs.run import Edition

Profile = Literal["phantom", "smoke", "paper"]
"""Of a paper's tables: drawn images in minutes, the same in seconds, and the paper's own protocol on its own data."""


class Shared(TypedDict):
    """The arguments of ``Table`` that come from a preset."""

    edition: Edition
    protocol: Literal["paper", "small", "smoke"]
    weights: str
    backbone: str
    pretraining: Recipe | None
    seeds: int
    transposed: bool


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What all tables of a paper have in common in one profile; a paper declares its own in its ``profiles.py``.

    A paper that has more to say of a profile inherits from it.

    Attributes:
        edition: of the datasets: real or phantom.
        protocol: how closely the paper is followed.
        weights: where they come from, in words.
        backbone: the expression of the network that the tables compare initializations of.
        pretraining: name of the recipe of the pretrainings that rows need; None: rows bring the recipe, or need none.
        seeds: how many runs each cell has.
        transposed: whether tables print a line for each column.
    """

    edition: Edition
    protocol: Literal["paper", "small", "smoke"]
    weights: str
    backbone: str
    pretraining: str | None
    seeds: int
    transposed: bool = False

    def shared(self) -> Shared:
        """Keyword arguments for ``Table``: ``Table(title="Title", **preset.shared())``.

        What a table has otherwise is put after them: ``**preset.shared() | {"seeds": 1}``.
        """
        return Shared(
            edition=self.edition,
            protocol=self.protocol,
            weights=self.weights,
            backbone=self.backbone,
            pretraining=recipe_named(self.pretraining) if self.pretraining else None,
            seeds=self.seeds,
            transposed=self.transposed,
        )
