"""Picking each row's learning rate on the validation split, with the same budget for every row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.execution.planner import Plan
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import RunStore
from experiments.tables.table import Row, Table
from specs.errors import RunError

Candidates = Mapping[str, Mapping[float, ResolvedRun]]
"""By row label and learning rate: the run of seed 0."""


@dataclass(frozen=True)
class Picked:
    """The rate of one row.

    Attributes:
        rate: with the best validation score.
        scores: validation score of each rate that was tried, in [0, 1].
        failed: rates whose run ended badly or had no validation score.
    """

    rate: float
    scores: Mapping[float, float]
    failed: tuple[float, ...] = ()

    @property
    def remark(self) -> str:
        """What was tried and taken, and whether the range was too narrow."""
        tried = ", ".join(f"{rate:g} ({100 * score:.2f})" for rate, score in self.scores.items())
        text = f"learning rate {self.rate:g}, by the validation score of one run each: {tried}"
        if self.failed:
            text += f"; without a score: {', '.join(f'{rate:g}' for rate in self.failed)}"
        if len(self.scores) > 2 and self.rate in (min(self.scores), max(self.scores)):
            return f"{text}; the best one is at the end of what was tried, so a wider range may do better"
        return text


def candidates(table: Table, rates: Sequence[float], resolver: Resolver) -> Candidates:
    """The runs that the rates are picked by.

    Raises:
        DataError: if the data are not there.
        WeightsError: if an initializer's weights are not there.
        UsageError: if the parts do not fit each other.
    """
    (column,) = table.columns
    found: dict[str, dict[float, ResolvedRun]] = {}
    for row in table.rows:
        found[row.label] = {}
        for rate in sorted(set(rates)):
            specs = dataclasses.replace(table, seeds=1).cell(dataclasses.replace(row, learning_rate=rate), column)
            assert not isinstance(specs, str)
            found[row.label][rate] = resolver.resolve(specs[0])
    return found


def picked(tried: Candidates, work: Plan, store: RunStore) -> dict[str, Picked]:
    """The best rate of each row; of equal ones, the lowest.

    Raises:
        RunError: if a row has no run that ended well with a validation score.
    """
    found = {}
    for label, runs in tried.items():
        scores = {}
        for rate, run in runs.items():
            record = store.record(run.key)
            value = record.data["validation"]["metric"] if record else None
            if value is not None:
                scores[rate] = value
        if not scores:
            errors = {failed.error for run in runs.values() if (failed := work.failed.get(run.key))}
            raise RunError(
                f"{label}: no learning rate gave a validation score ({'; '.join(map(str, errors)) or 'undefined'}). "
                "Try lower ones (--learning-rates), or a validation split that shows every class."
            )
        found[label] = Picked(
            max(scores, key=lambda rate: (scores[rate], -rate)), scores, tuple(sorted(runs.keys() - scores.keys()))
        )
    return found


def tuned(table: Table, rates: Mapping[str, Picked]) -> Table:
    """The table with each row's own learning rate."""
    rows: list[Row] = [dataclasses.replace(row, learning_rate=rates[row.label].rate) for row in table.rows]
    return dataclasses.replace(table, rows=tuple(rows))
