"""The planted truth of a table: what is true of its rows by construction, and what its tests make of it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.truth import Claim


@dataclass(frozen=True)
class Planted:
    """What a drawn world was made to show.

    Attributes:
        sentence: the truth and why it is one, in words.
        claims: the same, about rows of the table.
        pictures: what the world looks like: a caption and a dataset expression each.
    """

    sentence: str
    claims: tuple[Claim, ...]
    pictures: tuple[tuple[str, str], ...] = ()
