"""The race: runs are spent where they decide, wave by wave, until the question is settled or the budget is spent."""

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
from experiments.reporting.decided import READERS, Reader
from experiments.reporting.text.phrases import listed
from experiments.run.analyses import Analysis
from experiments.run.progress import Finished
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from experiments.session.context import Context
from experiments.session.documents import drawn_anew

RESAMPLES = 1000
"""The number of resamples of the test patients, for claims about new patients."""

RunsOf = Callable[[str, int], Sequence[ResolvedRun]]
"""A function that gives the runs of a row with a number of seeds, in the order of the seeds, and then of the folds."""


@dataclass(frozen=True)
class Entered:
    """The set-up of a race: its rows, its rules and its limits.

    Attributes:
        order: the labels of the rows, those that did best in the tuning first.
        rules: the rules, fixed before the first look.
        runs_of: a function that gives the runs of a row with a number of seeds.
        folds: the number of folds that each seed is run in; a row's score with a seed is the mean over them. 1 without
            folds.
        ratio: the number of test images divided by the number of training images; it matters in folds only.
        rarer: the number of test patients of the rarer class.
        tested: the number of test patients.
        seconds: the limit on the time of all runs together, including those that tuned, in seconds; None: no limit.
        tuning: the keys of the runs that tuned learning rates.
        driving: the readers for whom the race goes on; it ends once it is settled for them.
        group: the name of the runs' group in wandb.
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
    group: str = ""

    @property
    def readers(self) -> tuple[Reader, ...]:
        """The readers for whom claims can be made: those about new patients need enough test patients."""
        return READERS if self.rarer >= FEWEST else READERS[:1]


@dataclass(frozen=True)
class Raced:
    """A race at its end.

    Attributes:
        standings: the standing for each reader; empty if fewer than two rows came to a look.
        runs: the runs of each row that were looked at, in the order of their seeds; for a row that is out, the runs
            that were asked for.
        scores: the scores of each row with each seed, in [0, 1].
        out: the rows that take no part, because one of their runs failed or has no score, with what went wrong.
        work: the plan of all these runs.
    """

    standings: Mapping[Reader, Standing]
    runs: Mapping[str, Sequence[ResolvedRun]]
    scores: Mapping[str, tuple[float, ...]]
    out: Mapping[str, str]
    work: Plan


def raced(entered: Entered, analysis: Analysis, context: Context) -> Raced:
    """Do the runs for the next look, look at the scores, and repeat until the race ends.

    Finished runs are in the run store, so that a race that was stopped goes on and comes to the same end. A wave holds
    all runs that a look needs, however many workers there are.

    Args:
        entered: the set-up of the race.
        analysis: the analysis, as it was fixed before; the number of looks is stored in it.
        context: the session's settings: where and how runs are done.
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
        context.carry_out(wave, entered.group)
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
    """The standing for each reader, by the runs that are done."""
    rules = entered.rules
    scores = {row: scores_of(entered.runs_of(row, rules.looks[-1]), entered.folds, context.store) for row in rows}
    found: dict[Reader, Standing] = {"these images": standing(scores, rows, rules)}
    if "new patients" in entered.readers:
        with suppress(TooFewPatientsError):  # then this reader has no standing, and `deciding` says why
            found["new patients"] = standing(scores, rows, rules, patients_of(entered, context))
    return found


def patients_of(entered: Entered, context: Context) -> Patients:
    """The function that gives the uncertainty of the rows' means over test patients."""

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
    """The number of runs of each row that the next look needs, the largest over several standings."""
    wanted: dict[str, int] = {}
    for one in standings:
        for row, number in one.wanted.items():
            wanted[row] = max(number, wanted.get(row, 0))
    return wanted


def _had(row: str, entered: Entered, standings: Mapping[Reader, Standing]) -> int:
    """The number of runs of a row that any reader has looked at; before the first look, the number that it needs."""
    looks = entered.rules.looks
    return max((one.rested.get(row, looks[max(one.looks, 1) - 1]) for one in standings.values()), default=looks[0])


def _spent(
    wanted: Mapping[str, int],
    rows: Sequence[str],
    entered: Entered,
    standings: Mapping[Reader, Standing],
    context: Context,
) -> bool:
    """Whether the next look would exceed the number of runs, or the time is spent."""
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
    """The test scores of a row with each seed, in [0, 1], up to the first seed whose runs are not all done.

    Args:
        runs: the runs of the row, those of the same seed together.
        folds: the number of runs of each seed; the mean of their scores is the score of the seed.
        store: the run store. A run whose score is undefined counts as not done.
    """
    scores: list[float] = []
    for first in range(0, len(runs), folds):
        found = [record.score for run in runs[first : first + folds] if (record := store.record(run.key))]
        defined = [score for score in found if score is not None]
        if len(defined) < folds:
            break
        scores.append(sum(defined) / folds)
    return scores
