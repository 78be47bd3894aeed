"""The race: runs are spent where they decide, wave by wave, until it is known what to start from or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from analysis.decision import Patients, Rules, Standing, standing
from analysis.differences import OverPatients
from analysis.overlapping import over_patients as over_patients_in_folds
from analysis.patients import FEWEST, TooFewPatientsError, over_patients
from experiments.execution.planner import Plan, plan
from experiments.reporting.text.words import listed
from experiments.run.analyses import Analysis
from experiments.run.progress import Finished
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from experiments.session.context import Context
from experiments.session.documents import drawn_anew
from experiments.tables.decided import READERS, Reader

RESAMPLES = 1000
"""Of the test patients, for the reader who asks about new ones."""

RunsOf = Callable[[str, int], Sequence[ResolvedRun]]
"""The runs of a row with the first so many seeds, in their order; of one seed, in the order of the folds."""


@dataclass(frozen=True)
class Entered:
    """What is raced.

    Attributes:
        order: rows, those that did best in the tuning first.
        rules: fixed before the first look.
        runs_of: the runs of a row with so many seeds.
        folds: that each seed is run in; a row's score with a seed is the mean over them. 1: there are none.
        ratio: in folds, images that are tested on per image that is trained on.
        rarer: how many test patients the rarer class has.
        tested: how many test patients there are.
        seconds: what all runs together may take, those that tuned among them; None: there is no such limit.
        tuning: keys of the runs that tuned.
        driving: the readers for whom it goes on; it ends once it is settled for them.
    """

    order: Sequence[str]
    rules: Rules
    runs_of: RunsOf
    folds: int
    ratio: float
    rarer: int
    tested: int
    seconds: float | None
    tuning: Sequence[str]
    driving: Sequence[Reader] = READERS

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Those of whom something can be said."""
        return READERS if self.rarer >= FEWEST else READERS[:1]


@dataclass(frozen=True)
class Raced:
    """A race at its end.

    Attributes:
        standings: of each reader; empty where fewer than two rows came to a look.
        runs: of each row that were looked at, in the order of their seeds; of those that are out, that were done.
        scores: of these runs, in [0, 1].
        out: rows one of whose runs failed or has no score, which take no part, with what went wrong.
        work: the plan of all runs.
    """

    standings: Mapping[Reader, Standing]
    runs: Mapping[str, Sequence[ResolvedRun]]
    scores: Mapping[str, tuple[float, ...]]
    out: Mapping[str, str]
    work: Plan


def raced(entered: Entered, analysis: Analysis, context: Context) -> Raced:
    """Do what the next look wants, look, and so on.

    What is done is in the run store, so that a race that was stopped goes on, and comes to the same end. A wave holds
    what a look wants, however many workers there are.

    Args:
        entered: what is raced.
        analysis: as it was fixed; the looks are noted in it.
        context: where and how runs are done.
    """
    out: dict[str, str] = {}
    failed: dict[str, Finished] = {}
    wanted_of_out: dict[str, int] = {}
    while True:
        rows = [row for row in entered.order if row not in out]
        standings = _standings(rows, entered, context) if len(rows) > 1 else {}
        if standings:
            analysis.looked(max(one.looks for one in standings.values()))
        wanted = _wanted([one for reader, one in standings.items() if reader in entered.driving])
        if not wanted or _spent(wanted, rows, entered, standings, context):
            break
        wave = plan((run for row, number in wanted.items() for run in entered.runs_of(row, number)), context.store)
        if wave.waiting:
            context.say(f"{listed(list(wanted))}: {max(wanted.values())} runs each, {len(wave.waiting)} to do.")
        context.carry_out(wave)
        for row, number in wanted.items():
            if len(scores_of(entered.runs_of(row, number), entered.folds, context.store)) < number:
                ended = [wave.failed.get(run.key) for run in entered.runs_of(row, number)]
                out[row] = next((str(one.error) for one in ended if one), "the score of a run is undefined")
                wanted_of_out[row] = number
        failed |= wave.failed
    numbers = {row: _had(row, entered, standings) for row in rows} | dict(wanted_of_out)
    runs = {row: entered.runs_of(row, numbers[row]) for row in entered.order}
    work = plan((run for of in runs.values() for run in of), context.store)
    work.failed.update({key: one for key, one in failed.items() if key in work.runs})
    scores = {row: tuple(scores_of(of, entered.folds, context.store)) for row, of in runs.items()}
    return Raced(standings, runs, scores, out, work)


def _standings(rows: Sequence[str], entered: Entered, context: Context) -> dict[Reader, Standing]:
    """Of both readers, by the runs that are done."""
    rules = entered.rules
    scores = {row: scores_of(entered.runs_of(row, rules.looks[-1]), entered.folds, context.store) for row in rows}
    found: dict[Reader, Standing] = {"these images": standing(scores, rows, rules)}
    if "new patients" in entered.readers:
        with suppress(TooFewPatientsError):  # of whom nothing is said then: `deciding` tells
            found["new patients"] = standing(scores, rows, rules, patients_of(entered, context))
    return found


def patients_of(entered: Entered, context: Context) -> Patients:
    """What the test patients add to the rows' uncertainty."""

    def in_folds(arms: Sequence[str], number: int) -> OverPatients:
        scores = [[scores_of([run], 1, context.store)[0] for run in entered.runs_of(row, number)] for row in arms]
        by_fold = np.array(scores).reshape(len(arms), number, entered.folds).transpose(0, 2, 1)
        return over_patients_in_folds(by_fold, entered.ratio)

    def patients(arms: Sequence[str], number: int) -> OverPatients:
        keys = {row: [run.key for run in entered.runs_of(row, number)] for row in arms}
        records = [context.store.record(key) for of in keys.values() for key in of]
        drawn = drawn_anew([record for record in records if record], RESAMPLES, context)
        return over_patients([np.array([drawn[key] for key in of], dtype=float) for of in keys.values()], entered.rarer)

    return patients if entered.folds == 1 else in_folds


def _wanted(standings: Sequence[Standing]) -> dict[str, int]:
    """The runs that any of them wants of each row for the next look."""
    wanted: dict[str, int] = {}
    for one in standings:
        for row, number in one.wanted.items():
            wanted[row] = max(number, wanted.get(row, 0))
    return wanted


def _had(row: str, entered: Entered, standings: Mapping[Reader, Standing]) -> int:
    """The runs of a row that any reader has looked at; those of the first look before it."""
    looks = entered.rules.looks
    return max((one.rested.get(row, looks[max(one.looks, 1) - 1]) for one in standings.values()), default=looks[0])


def _spent(
    wanted: Mapping[str, int],
    rows: Sequence[str],
    entered: Entered,
    standings: Mapping[Reader, Standing],
    context: Context,
) -> bool:
    """Whether the next look would take more runs than there may be, or the runs up to here took all the time."""
    most = entered.rules.most
    if most is not None and sum(max(wanted.get(row, 0), _had(row, entered, standings)) for row in rows) > most:
        return True
    if entered.seconds is None:
        return False
    keys = [run.key for row in rows for run in entered.runs_of(row, _had(row, entered, standings))]
    records = [context.store.record(key) for key in (*entered.tuning, *keys)]
    spent: float = sum(record.data["seconds"] for record in records if record)
    return spent >= entered.seconds


def scores_of(runs: Sequence[ResolvedRun], folds: int, store: RunStore) -> list[float]:
    """The test scores of a row with each seed, up to the first one that has not all of its runs.

    Args:
        runs: of the row, those of one seed beside each other.
        folds: runs of each seed, whose mean is its score.
        store: where they are. A run whose score is undefined counts as one that is not done.
    """
    scores: list[float] = []
    for first in range(0, len(runs), folds):
        found = [record.score for run in runs[first : first + folds] if (record := store.record(run.key))]
        defined = [score for score in found if score is not None]
        if len(defined) < folds:
            break
        scores.append(sum(defined) / folds)
    return scores
