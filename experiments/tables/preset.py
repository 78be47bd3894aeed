"""A preset: what all tables of one paper have in common in one profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from experiments.run.recipes import recipe_named
from specs.recipe import Recipe
from specs.run import Edition

Profile = Literal["phantom", "smoke", "paper"]
"""A profile of a paper's tables.

``phantom`` runs on drawn images in minutes and ``smoke`` on the same in seconds; ``paper`` follows the paper's own
protocol on its own data.
"""


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
    """The arguments that all tables of a paper have in common in one profile.

    A paper declares its presets in its ``profiles.py``. A paper with further settings inherits from this class.

    Attributes:
        edition: the edition of the datasets: ``real`` files, or drawn ``phantom`` images.
        protocol: how closely the paper is followed: ``paper``, ``small`` or ``smoke``.
        weights: where the weights come from, in words.
        backbone: the expression of the network that the tables compare initializations of.
        pretraining: the name of the recipe of the pretrainings that rows need; None: rows name the recipe, or need
            none.
        seeds: how many runs each cell has.
        transposed: whether tables print a line for each column, with the rows side by side.
    """

    edition: Edition
    protocol: Literal["paper", "small", "smoke"]
    weights: str
    backbone: str
    pretraining: str | None
    seeds: int
    transposed: bool = False

    def shared(self) -> Shared:
        """Keyword arguments for ``Table``, used as in ``Table(title="Title", **preset.shared())``.

        A table replaces some of them by its own as in ``**preset.shared() | {"seeds": 1}``.
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
