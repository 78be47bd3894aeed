"""What the blocks of a finished table are gathered from: its cells, the records of their runs, and their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from experiments.measures.measuring.measure import Found
from experiments.measures.measuring.measured import measured, measured_on_resamples
from experiments.run.paths import Paths
from experiments.run.progress import Report, silent
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import Record, RunStore
from experiments.tables.document import CellKey
from experiments.tables.table import Column, Table
from specs.run import RunSpec


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """A table whose runs have ended, with all that blocks can be gathered from.

    Attributes:
        table: the table that was asked for.
        cells: the runs of each cell that has any, by row and column label, whether they are done or not.
        records: the records of the runs that are done, by the run's key.
        resolver: the resolver, which opens the data of the runs.
        paths: where data and runs are.
        told: a function that takes the name of what is counted and returns a report of how many are done.
        margin: the margin in points within which rows are tested for equivalence; None: this was not asked for.
        resampled: scores in [0, 1] on bootstrap resamples of the test patients, None where undefined, by the score that
            columns show and by the run's key; empty: they were not resampled.
    """

    table: Table
    cells: Mapping[CellKey, tuple[ResolvedRun, ...]]
    records: Mapping[str, Record]
    resolver: Resolver
    paths: Paths
    told: Callable[[str], Report]
    margin: float | None = None
    resampled: Mapping[str | None, Mapping[str, Sequence[float | None]]] = field(default_factory=dict)

    @property
    def store(self) -> RunStore:
        """The run store with the records."""
        return RunStore(self.paths.runs)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns by their labels."""
        return {column.label: column for column in self.table.columns}

    def records_of(self, cell_key: CellKey) -> list[Record]:
        """The records of a cell's runs, as far as they are done."""
        return [self.records[run.key] for run in self.cells.get(cell_key, ()) if run.key in self.records]

    def first_runs(self) -> dict[str, ResolvedRun]:
        """The first run of each column that has any, by the column's label."""
        found: dict[str, ResolvedRun] = {}
        for (_, column), runs in self.cells.items():
            if runs:
                found.setdefault(column, runs[0])
        return found

    def measured(self, measure: str, records: Iterable[Record], report: Report = silent) -> dict[str, Found]:
        """The numbers of a measure for finished runs, by the run's key; numbers that were measured before are read.

        Args:
            measure: the name of the measure, such as ``similarity``.
            records: the records of the runs that are measured.
            report: a function that is told after each newly measured run how many are done, and of how many.
        """
        return measured(measure, records, self.paths, report)

    def measured_on_resamples(
        self, measure: str, records: Sequence[Record], spec: RunSpec
    ) -> list[dict[str, list[float | None]]]:
        """The numbers of a measure for a cell's runs on resamples of their test patients, in the runs' order.

        Args:
            measure: the name of the measure, which has numbers of resamples.
            records: the records of the runs, all with the same test images.
            spec: the spec of one of the runs.
        """
        return measured_on_resamples(measure, records, spec, self.resolver.index(spec).test, self.paths)
