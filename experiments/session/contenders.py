"""The rows of a comparison as runs, each with the learning rates that were picked for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from experiments.run.resolve import ResolvedRun, Resolver
from experiments.tables.document import Place
from experiments.tables.table import Row, Table
from experiments.tables.tuning import Picked, tuned
from specs.fold import Fold


@dataclass
class Contenders:
    """The rows of a table of one column.

    Attributes:
        table: of the comparison.
        picks: of the rows' learning rates, one of each fold; without folds a row's runs take them in turn.
        resolver: of runs.
        folds: in each of which a row is trained and tested with each seed; None: there are none.
    """

    table: Table
    picks: Sequence[Mapping[Place, Picked]]
    resolver: Resolver
    folds: int | None = None
    _known: dict[tuple[str, int, Fold | None], ResolvedRun] = field(default_factory=dict)

    def runs(self, label: str, number: int, first: int = 0) -> tuple[ResolvedRun, ...]:
        """The runs of a row with so many seeds, which follow one another: of each seed one, or one in each fold.

        Args:
            label: of the row.
            number: of seeds.
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
            assert not isinstance(specs, str)  # each row of a comparison is for its one column
            self._known[row.label, seed, fold] = self.resolver.resolve(dataclasses.replace(specs[0], fold=fold))
        return self._known[row.label, seed, fold]

    def rates(self, label: str) -> tuple[float, ...]:
        """The learning rates that were picked for a row, of each pick."""
        return tuple(pick[self._place(label)].rate for pick in self.picks)

    def order(self) -> list[str]:
        """The rows, those with the highest validation scores in the tuning first; of equal ones, as they were named."""
        best = {
            row.label: sum(pick[self._place(row.label)].best for pick in self.picks) / len(self.picks)
            for row in self.table.rows
        }
        return sorted(best, key=lambda label: -best[label])

    def _place(self, label: str) -> Place:
        return label, self.table.columns[0].label
