"""What a paper states of initializations, as contrasts of a table's rows that its tests are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from analysis.censored import Duration
from analysis.contrast import Contrast, contrast
from analysis.truth import OF_STEPS, Claim, Judgement, judged_together

Value = TypeVar("Value")


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


def examined(
    asked: Sequence[Stated],
    scores: Mapping[tuple[str, str], Sequence[float]],
    steps: Mapping[tuple[str, str], Sequence[Duration]],
    level: float,
) -> tuple[Examined, ...]:
    """What the tests say of statements; Holm's correction is over all of their contrasts.

    A run that did not reach the threshold counts with the steps that it did.

    Args:
        asked: the statements.
        scores: by row and column label, in [0, 1], one per run.
        steps: to the threshold, likewise.
        level: of the tests, in (0, 1).
    """
    contrasts = [one for stated in asked for one in stated.contrasts]
    judgements = iter(
        judged_together([(claim, _of(column, scores), _of(column, steps)) for column, claim in contrasts], level)
    )
    found = []
    for stated in asked:
        effects = []
        for column, claim in stated.contrasts:
            samples = [
                [one.time for one in steps[row, column]] if claim.kind in OF_STEPS else list(scores[row, column])
                for row in (claim.row, claim.than)
            ]
            effects.append(Effect(column, next(judgements), contrast(samples, (1, -1)) if all(samples) else None))
        found.append(Examined(stated, tuple(effects)))
    return tuple(found)


def _of(column: str, values: Mapping[tuple[str, str], Value]) -> dict[str, Value]:
    """The values of one column by row."""
    return {row: value for (row, other), value in values.items() if other == column}
