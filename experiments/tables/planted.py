"""The planted truth of a table: what is true of its rows by construction, and what its tests make of it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.truth import Claim


@dataclass(frozen=True)
class Planted:
    """The truth that a planted world was made to show.

    Attributes:
        sentence: the truth in words, and why it is true.
        claims: the same truth as claims about rows of the table.
        pictures: what the world looks like: pairs of a caption and the expression of the dataset that is shown.
    """

    sentence: str
    claims: tuple[Claim, ...]
    pictures: tuple[tuple[str, str], ...] = ()
