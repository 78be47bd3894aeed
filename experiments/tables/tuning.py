"""Picks each row's learning rate on the validation split, with the same budget for every row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from experiments.execution.planner import Plan
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import RunStore
from experiments.tables.document import CellKey
from experiments.tables.table import Table
from lightning_modules.adapting.contract import Adaptation
from specs.errors import DataError, RunError, WeightsError
from specs.fold import Fold
from specs.recipe import Recipe
from specs.registry import ADAPTATIONS

Candidates = Mapping[CellKey, Mapping[float, Sequence[ResolvedRun]]]
"""The runs that tune, by row and column label and then by learning rate: one, or two where a rate is tried again."""

TUNING_SEED = 2**30
"""The seed of the first run that tunes.

Runs that are tested have seeds far below it, so that no run both picks a learning rate and is tested.
"""


@dataclass(frozen=True)
class Picked:
    """The learning rate that was picked for one row.

    Attributes:
        rate: the picked learning rate, which has the best mean validation score of those that were tried most often.
        scores: the validation scores of each learning rate, one per run, in [0, 1].
        failed: the learning rates of which no run ended well with a validation score.
    """

    rate: float
    scores: Mapping[float, Sequence[float]]
    failed: tuple[float, ...] = ()

    @property
    def best(self) -> float:
        """The mean validation score of the picked rate, in [0, 1]."""
        return sum(self.scores[self.rate]) / len(self.scores[self.rate])

    @property
    def remark(self) -> str:
        """A remark on the rates that were tried and the one picked, and on whether a wider range may do better."""
        tried = ", ".join(
            f"{rate:g} ({', '.join(f'{100 * score:.2f}' for score in scores)})" for rate, scores in self.scores.items()
        )
        twice = ", and of a second one of the best" if any(len(scores) > 1 for scores in self.scores.values()) else ""
        text = f"learning rate {self.rate:g}, by the validation score of one run each{twice}: {tried}"
        if self.failed:
            text += f"; without a score: {', '.join(f'{rate:g}' for rate in self.failed)}"
        if len(self.scores) > 2 and self.rate in (min(self.scores), max(self.scores)):
            return f"{text}; the best one is at the end of what was tried, so a wider range may do better"
        return text


def candidates(
    table: Table,
    resolver: Resolver,
    may_lack: bool,
    again: Mapping[CellKey, Sequence[float]] | None = None,
    pick: int = 0,
    fold: Fold | None = None,
) -> Candidates:
    """The runs that tune, whose scores the learning rates are picked by; none for a table that is not tuned.

    Args:
        table: the table, whether its columns are tuned or not.
        resolver: the resolver, which knows where data and runs are.
        may_lack: whether rows whose data or weights are missing get no runs, instead of an error being raised.
        again: the learning rates that are tried a second time, by row and column label; None: none are.
        pick: the number of the pick among the same rates, from 0; each pick has runs of its own.
        fold: the fold whose test images the runs must not see; None: the dataset's own splits are used.

    Raises:
        DataError: if the data are not there.
        WeightsError: if an initializer's weights are not there.
        UsageError: if the parts do not fit each other.
    """
    labels = {column.tuned_on for column in table.columns}
    found: dict[CellKey, dict[float, Sequence[ResolvedRun]]] = {}
    for column in (column for column in table.columns if column.label in labels):
        for row in (row for row in table.rows if row.control_of is None):
            cell_key = (row.label, column.label)
            # What is missing is said by the cells of the table.
            with suppress(DataError, WeightsError) if may_lack else nullcontext():
                rates = sorted(set(table.tried))[: 1 if _solved(table.recipe_of(row, column)) else None]
                for rate in rates:
                    specs = dataclasses.replace(table, rates={cell_key: rate}).cell(row, column)
                    if not isinstance(specs, str):  # a text says why the row has no such cell
                        runs = [
                            dataclasses.replace(specs[0], stage="tune", seed=TUNING_SEED + 2 * pick + number, fold=fold)
                            for number in range(2 if again and rate in again.get(cell_key, ()) else 1)
                        ]
                        found.setdefault(cell_key, {})[rate] = [resolver.resolve(spec) for spec in runs]
    return found


def best_rates(tried: Candidates, store: RunStore, number: int) -> dict[CellKey, list[float]]:
    """The rates of each row that did best in their first run, best first; of equal ones, the lower rate comes first."""
    rates: dict[CellKey, list[float]] = {}
    for cell_key, runs in tried.items():
        scores = {rate: score for rate, of in runs.items() if (score := _validation(of[0], store)) is not None}
        rates[cell_key] = sorted(scores, key=lambda rate: (-scores[rate], rate))[:number]
    return rates


def picked(tried: Candidates, work: Plan, store: RunStore) -> dict[CellKey, Picked]:
    """The rate with the best mean score of each row, of those with the most runs; of equal ones, the lowest.

    Raises:
        RunError: if a row has no run that ended well with a validation score.
    """
    found = {}
    for (row, column), runs in tried.items():
        values = {rate: [_validation(run, store) for run in of] for rate, of in runs.items()}
        scores = {rate: known for rate, of in values.items() if (known := [value for value in of if value is not None])}
        if not scores:
            ended = [work.failed.get(run.key) for of in runs.values() for run in of]
            errors = {failed.error for failed in ended if failed}
            raise RunError(
                f"{row}: no learning rate gave a validation score ({'; '.join(map(str, errors)) or 'undefined'}). "
                "Try lower ones (of `compare`: --learning-rates), or a validation split that shows every class."
            )
        most = max(map(len, scores.values()))
        means = {rate: sum(of) / most for rate, of in scores.items() if len(of) == most}
        best = max(means, key=lambda rate: (means[rate], -rate))
        found[row, column] = Picked(best, scores, tuple(sorted(runs.keys() - scores.keys())))
    return found


def _validation(run: ResolvedRun, store: RunStore) -> float | None:
    """The best validation score of a run in [0, 1]; None if it did not end well or has none."""
    record = store.record(run.key)
    value: float | None = record.data["validation"]["metric"] if record else None
    return value


def tuned(table: Table, rates: Mapping[CellKey, Picked]) -> Table:
    """The table with each row's own learning rate, as it was picked on the column that a column is tuned on."""
    own = {
        (row.label, column.label): found.rate
        for row in table.rows
        for column in table.columns
        if column.tuned_on is not None and (found := rates.get((row.control_of or row.label, column.tuned_on)))
    }
    return dataclasses.replace(table, rates={**table.rates, **own})


def tuning_remarks(table: Table, rates: Mapping[CellKey, Picked]) -> tuple[tuple[str, str], ...]:
    """Remarks on the learning rate of each row and, where the table has several columns, on the columns that use it."""
    remarks = []
    solved = {row.label for row in table.rows for column in table.columns if _solved(table.recipe_of(row, column))}
    for (row, tuned_on), found in ((key, found) for key, found in rates.items() if key[0] not in solved):
        labels = [column.label for column in table.columns if column.tuned_on == tuned_on]
        where = "" if len(table.columns) == 1 else f"on {tuned_on}"
        if kept := [label for label in labels if where and label != tuned_on and not _lacks(table, row, label)]:
            where += f", kept for {' and '.join(kept)}"
        remarks.append((row, f"{where}: {found.remark}" if where else found.remark))
    return tuple(remarks)


def _solved(recipe: Recipe) -> bool:
    """Whether a recipe's head is solved from features, without a learning rate."""
    adaptation: Adaptation = ADAPTATIONS.build(recipe.adaptation)
    return adaptation.solved


def _lacks(table: Table, row: str, label: str) -> bool:
    """Whether a row has no cell in a column, since it is for another column alone."""
    only = next(one.only for one in table.rows if one.label == row)
    return only not in (None, label)
