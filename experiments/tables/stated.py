"""What a paper states of initializations, as contrasts of a table's rows that its tests are asked about."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.contrast import Contrast
from analysis.truth import Claim, Judgement


@dataclass(frozen=True)
class Stated:
    """A statement of a paper.

    Attributes:
        sentence: the statement in words.
        source: where it stands, such as ``Transfusion, abstract``.
        contrasts: what it would mean in this table: label of a column, and a claim about two rows there. Whether it is
            true here nobody knows beforehand.
    """

    sentence: str
    source: str
    contrasts: tuple[tuple[str, Claim], ...]


@dataclass(frozen=True)
class Effect:
    """What was found of one contrast.

    Attributes:
        column: label of the task.
        judgement: the claim, and what the tests say of it.
        difference: of the mean scores in [0, 1], or of the mean steps, the row's less the other's, with the interval of
            Welch's test; None where a row has no runs.
    """

    column: str
    judgement: Judgement
    difference: Contrast | None


@dataclass(frozen=True)
class Examined:
    """A statement, and what was found of each of its contrasts."""

    stated: Stated
    effects: tuple[Effect, ...]
