"""The rows of a comparison as runs, with the learning rates that were picked for each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from experiments.run.resolve import ResolvedRun, Resolver
from experiments.tables.document import CellKey
from experiments.tables.table import Row, Table
from experiments.tables.tuning import Picked, tuned
from specs.fold import Fold


@dataclass
class Contenders:
    """The rows of a comparison's table, which has one column.

    Attributes:
        table: the table of the comparison.
        picks: the picked learning rates of all rows, one pick for each fold; without folds a row's runs take the picks
            in turn.
        resolver: the resolver of the runs.
        folds: the number of folds, in each of which a row is trained and tested with each seed; None without folds.
        group: the name of the runs' group in wandb.
    """

    table: Table
    picks: Sequence[Mapping[CellKey, Picked]]
    resolver: Resolver
    folds: int | None = None
    group: str = ""
    _known: dict[tuple[str, int, Fold | None], ResolvedRun] = field(default_factory=dict)

    def runs(self, label: str, number: int, first: int = 0) -> tuple[ResolvedRun, ...]:
        """The runs of a row with consecutive seeds, in the order of the seeds: one for each seed, or one in each fold.

        Args:
            label: the label of the row.
            number: the number of seeds.
            first: the first seed.
        """
        (row,) = (row for row in self.table.rows if row.label == label)
        folds = [None] if self.folds is None else [Fold(fold, self.folds) for fold in range(self.folds)]
        return tuple(self._run(row, seed, fold) for seed in range(first, first + number) for fold in folds)

    def _run(self, row: Row, seed: int, fold: Fold | None) -> ResolvedRun:
        if (row.label, seed, fold) not in self._known:
            pick = self.picks[seed % len(self.picks) if fold is None else fold.number]
            table = dataclasses.replace(tuned(self.table, pick), seeds=1)
            specs = table.cell(dataclasses.replace(row, first_seed=seed), table.columns[0])
            assert not isinstance(specs, str)  # a text would say why the row has no run, but every row has runs
            self._known[row.label, seed, fold] = self.resolver.resolve(dataclasses.replace(specs[0], fold=fold))
        return self._known[row.label, seed, fold]

    def rates(self, label: str) -> tuple[float, ...]:
        """The learning rates that were picked for a row, one for each pick."""
        return tuple(pick[self._place(label)].rate for pick in self.picks)

    def order(self) -> list[str]:
        """The labels of the rows, by falling validation score in the tuning; rows with equal scores as in the table."""
        best = {
            row.label: sum(pick[self._place(row.label)].best for pick in self.picks) / len(self.picks)
            for row in self.table.rows
        }
        return sorted(best, key=lambda label: -best[label])

    def _place(self, label: str) -> CellKey:
        return label, self.table.columns[0].label
