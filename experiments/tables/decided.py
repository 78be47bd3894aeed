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
    """By how much a row's mean score is higher than the leader's, on the scale of scores, with bounds.

    Attributes:
        low: the lower bound; None: there is none yet.
        estimate: the difference.
        high: the upper bound; None: there is none yet.
    """

    low: float | None
    estimate: float
    high: float | None


@dataclass(frozen=True)
class Reading:
    """What one reader may conclude.

    Attributes:
        reader: who asks about these test images has runs that vary; who asks about new patients of this kind has runs
            and patients that vary.
        start: rows of each of which it is shown that no other is better by more than the margin; two are equal within
            it. Empty: undecided.
        worse: rows of which it is shown that another is better by more than the margin.
        leader: the row with the highest mean; None: nothing was looked at.
        threats: rows of which it is not shown that they are not better than the leader by more than the margin.
        ahead: how much each other row is ahead of the leader. All bounds hold at once, with the analysis' level.
        refused: why nothing is concluded, such as too few test patients; empty: something may be.
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
        """The leader and its threats that are not shown to be worse; empty where something may be started from."""
        if self.refused or self.start or self.leader is None:
            return ()
        threats = tuple(row for row in self.threats if row != self.leader)
        return self.leader, *(tuple(row for row in threats if row not in self.worse) or threats)


def reading_of(reader: Reader, standing: Standing) -> Reading:
    """What a reader may conclude from where the arms stand.

    Args:
        reader: who asks; the standing has the patients' variance for ``new patients``, and has it not for the other.
        standing: of the rows.
    """
    ahead = {row: Ahead(_finite(one.low), one.estimate, _finite(one.high)) for row, one in standing.ahead.items()}
    return Reading(reader, standing.start, standing.worse, standing.leader, standing.threats, ahead)


def refused(reader: Reader, why: str) -> Reading:
    """The reading of somebody who may conclude nothing.

    Args:
        reader: who asks.
        why: half a sentence, such as ``there are 12 test patients, and 30 are needed``.
    """
    return Reading(reader, (), (), None, (), {}, why)


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


@dataclass(frozen=True)
class Contender:
    """A row's part in the race.

    Attributes:
        row: its label.
        rates: the learning rates that were picked for it, one of each pick.
        scores: of its runs, in [0, 1], in the order of their seeds.
        rested: at how many runs it was put to rest, since it was shown not better than the leader by more than the
            margin; None: it went on to the end.
    """

    row: str
    rates: tuple[float, ...]
    scores: tuple[float, ...]
    rested: int | None

    @property
    def mean(self) -> float | None:
        """Of the scores; None: there are none."""
        return sum(self.scores) / len(self.scores) if self.scores else None


@dataclass(frozen=True)
class Control:
    """The reference once more with other seeds, at the same rate: whatever is found between the two is a false alarm.

    Attributes:
        row: label of the second one.
        difference: its mean less the reference's, on the scale of scores.
        p: of a two-sided test that they differ.
        alarm: whether they are found different at the analysis' level.
    """

    row: str
    difference: float
    p: float
    alarm: bool


@dataclass(frozen=True)
class Analysis:
    """What was fixed before the first look at test scores.

    Attributes:
        digest: of all of it, and of the data and rows; written into the run store before the first look.
        margin: on the scale of scores; a difference of no more does not matter.
        level: of all claims of a reader together, in (0, 1): at most that share of such comparisons make a false one.
        looks: numbers of runs at which scores are looked at.
        budget: in words; empty: there was none.
        looked: how many looks were made.
        others: looks that other analyses made at the same test images before, by their digests.
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
        analysis: what was fixed before.
        order: rows in the order of the tuning, with their part in the race.
        readings: one of each reader.
        runs: that were done, with those that tuned.
        grid: runs of the full grid: each row at each rate, and ten seeds.
        control: None: nobody asked for one.
        settling: sentences on what would settle the rest; empty: it is settled, or nothing is known.
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
        """Whether the control is found different from the reference, which it is not."""
        return self.control is not None and self.control.alarm

    def reading(self, reader: Reader) -> Reading:
        """That of a reader; one who may conclude nothing, where there is none of it."""
        return next((one for one in self.readings if one.reader == reader), refused(reader, "nobody asked"))

    def contender(self, row: str) -> Contender:
        """A row's part in the race.

        Raises:
            KeyError: if it had none.
        """
        try:
            return next(one for one in self.order if one.row == row)
        except StopIteration as error:
            raise KeyError(row) from error
