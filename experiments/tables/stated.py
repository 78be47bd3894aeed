"""What a paper states of initializations, as contrasts of a table's rows that its tests are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from analysis.contrast import Contrast, contrast
from analysis.survival import Duration
from analysis.truth import OF_STEPS, Claim, Judgement, judged_together

Value = TypeVar("Value")


@dataclass(frozen=True)
class Stated:
    """A statement of a paper.

    Attributes:
        sentence: the statement in words.
        source: where in which paper the statement stands, such as ``Transfusion, abstract``.
        contrasts: what the statement would mean in this table: pairs of a column's label and a claim about two rows
            there. Nobody knows beforehand whether it is true here.
    """

    sentence: str
    source: str
    contrasts: tuple[tuple[str, Claim], ...]


@dataclass(frozen=True)
class Effect:
    """The result of the tests for one contrast, with the size of the difference.

    Attributes:
        column: the label of the column that the contrast is about.
        judgement: the claim, and the verdict of the tests on it.
        difference: the mean of the row less that of the other row, of scores in [0, 1] or of steps, with the interval
            of Welch's test; None where a row has no runs.
    """

    column: str
    judgement: Judgement
    difference: Contrast | None


@dataclass(frozen=True)
class Examined:
    """A statement of a paper, with the result of each of its contrasts."""

    stated: Stated
    effects: tuple[Effect, ...]


def examined(
    asked: Sequence[Stated],
    scores: Mapping[tuple[str, str], Sequence[float]],
    steps: Mapping[tuple[str, str], Sequence[Duration]],
    level: float,
) -> tuple[Examined, ...]:
    """Test the statements of a paper, with Holm's correction over all of their contrasts.

    In differences of steps, a run that did not reach the threshold counts with the steps that it did.

    Args:
        asked: the statements that are tested.
        scores: the scores of each cell in [0, 1], one per run, by row and column label.
        steps: the optimizer steps to the threshold of each cell, one per run, by row and column label.
        level: the significance level of the tests, in (0, 1).
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
