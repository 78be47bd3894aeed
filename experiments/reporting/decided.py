"""What a comparison decided: which initializations one may start from, for two readers, and by which analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.decision import Standing

Reader = Literal["these images", "new patients"]
READERS: tuple[Reader, ...] = ("these images", "new patients")


@dataclass(frozen=True)
class Ahead:
    """The difference of a row's mean score to the leader's, on the scale of scores in [0, 1], with bounds.

    Attributes:
        low: the lower bound of the difference; None: there is none yet.
        estimate: the estimated difference of the means.
        high: the upper bound of the difference; None: there is none yet.
    """

    low: float | None
    estimate: float
    high: float | None


@dataclass(frozen=True)
class Reading:
    """What one of the two readers may conclude from a race.

    Attributes:
        reader: the question of the reader. For ``these images`` only the runs vary; for ``new patients`` of the same
            kind the runs and the patients vary.
        start: the rows that one may start from: for each it is shown that no other row is better by more than the
            margin. Any two of them are equal within the margin. Empty: this is undecided.
        worse: the rows for which it is shown that another row is better by more than the margin.
        leader: the row with the highest mean; None: no scores were looked at.
        threats: the rows that may still be better than the leader by more than the margin: nothing shown rules it out.
        ahead: how far each other row is ahead of the leader. All bounds hold at once, with the level of the analysis.
        refused: why nothing is concluded, such as too few test patients, in half a sentence; empty: conclusions are
            allowed.
    """

    reader: Reader
    start: tuple[str, ...]
    worse: tuple[str, ...]
    leader: str | None
    threats: tuple[str, ...]
    ahead: Mapping[str, Ahead]
    refused: str = ""

    @property
    def open(self) -> tuple[str, ...]:
        """The rows between which the race is undecided, the leader first; empty where there is a row to start from.

        They are the leader and its threats; threats that are shown to be worse are left out if others remain.
        """
        if self.refused or self.start or self.leader is None:
            return ()
        threats = tuple(row for row in self.threats if row != self.leader)
        return self.leader, *(tuple(row for row in threats if row not in self.worse) or threats)


def reading_of(reader: Reader, standing: Standing) -> Reading:
    """What a reader may conclude from the state of a race.

    Args:
        reader: the question of the reader: ``these images`` or ``new patients``.
        standing: the state of the race between the rows, which for ``new patients`` must include the variance of
            patients.
    """
    ahead = {row: Ahead(_finite(one.low), one.estimate, _finite(one.high)) for row, one in standing.ahead.items()}
    return Reading(reader, standing.start, standing.worse, standing.leader, standing.threats, ahead)


def refused(reader: Reader, why: str) -> Reading:
    """The reading of a reader who may conclude nothing.

    Args:
        reader: the question of the reader: ``these images`` or ``new patients``.
        why: the reason in half a sentence, such as ``there are 12 test patients, and 30 are needed``.
    """
    return Reading(reader, (), (), None, (), {}, why)


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


@dataclass(frozen=True)
class Contender:
    """The part of a row in a race.

    Attributes:
        row: the label of the row.
        rates: the learning rates that were picked for the row, one of each pick.
        scores: the scores of the row's runs in the race, in [0, 1], in the order of their seeds.
        rested: the number of runs at which the row was put to rest, since it was shown not to be better than the leader
            by more than the margin; None: it went on to the end.
    """

    row: str
    rates: tuple[float, ...]
    scores: tuple[float, ...]
    rested: int | None

    @property
    def mean(self) -> float | None:
        """The mean of the scores in [0, 1]; None: there are no scores."""
        return sum(self.scores) / len(self.scores) if self.scores else None


@dataclass(frozen=True)
class Control:
    """The comparison of the reference row with its control, the same row once more with other seeds.

    Both have the same learning rate, so that any difference that is found between them is a false alarm.

    Attributes:
        row: the label of the control.
        difference: the control's mean less the reference's, on the scale of scores in [0, 1].
        p: the p-value of a two-sided test of the two.
        alarm: whether the test finds them different at the level of the analysis.
    """

    row: str
    difference: float
    p: float
    alarm: bool


@dataclass(frozen=True)
class Analysis:
    """The rules of a race that were fixed before the first look at test scores, and the looks that were made.

    Attributes:
        digest: the digest of all that was fixed, the data and the rows included; it was written into the run store
            before the first look.
        margin: the largest difference that does not matter, on the scale of scores in [0, 1].
        level: the level of all claims to a reader together, in (0, 1): at most this share of such comparisons makes a
            false claim.
        looks: the numbers of runs per row at which scores are looked at, ascending.
        budget: the limit on runs or time in words; empty: there was none.
        looked: how many of the looks were made.
        others: how many looks other analyses had made at the same test images before, by the digests of those analyses.
    """

    digest: str
    margin: float
    level: float
    looks: tuple[int, ...]
    budget: str
    looked: int
    others: Mapping[str, int]


@dataclass(frozen=True)
class Decided:
    """The outcome of a race.

    Attributes:
        analysis: the rules that were fixed before the first look.
        order: the rows with their part in the race, those that did best in the tuning first.
        readings: what each of the readers may conclude.
        runs: how many runs were done, those of the tuning included.
        grid: how many runs the full grid has: each row once at each learning rate, and with ten seeds at its best one.
        control: the comparison of the reference with its control; None: there was none.
        settling: sentences on what would settle what is open; empty: all is settled, or it is not known.
    """

    analysis: Analysis
    order: tuple[Contender, ...]
    readings: tuple[Reading, ...]
    runs: int
    grid: int
    control: Control | None = None
    settling: tuple[str, ...] = ()

    @property
    def alarm(self) -> bool:
        """Whether the control is found to differ from the reference, which is false by construction."""
        return self.control is not None and self.control.alarm

    def reading(self, reader: Reader) -> Reading:
        """What a reader may conclude; nothing, where the race has no reading for this reader."""
        return next((one for one in self.readings if one.reader == reader), refused(reader, "nobody asked"))

    def contender(self, row: str) -> Contender:
        """The part of a row in the race.

        Raises:
            KeyError: if the row took no part in it.
        """
        try:
            return next(one for one in self.order if one.row == row)
        except StopIteration as error:
            raise KeyError(row) from error
