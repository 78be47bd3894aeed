"""The cells of a table as resolved runs, and what is lacking where runs cannot be planned yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from datamodules.dataset.contract import Dataset
from experiments.measures.measuring.measure import measure_of
from experiments.run.needed import initializers_of
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.tables.document import CellKey
from experiments.tables.table import Table
from initializers.publishing.publishing import StoredWeights
from lightning_modules.scoring import task_score
from specs.commands import command
from specs.errors import DataError, MedtransferError, WeightsError, unknown
from specs.registry import DATASETS, INITIALIZERS
from specs.run import RunSpec


@dataclass
class ResolvedCells:
    """The cells of a table, with their runs as far as these can be planned.

    Attributes:
        runs: the runs of each cell, one per seed, or the reason why there are none, by row and column label.
        lacking: the runs of the cells whose data or weights are missing, and the errors that say so, by row and column
            label.
    """

    runs: dict[CellKey, tuple[ResolvedRun, ...] | str] = field(default_factory=dict)
    lacking: dict[CellKey, tuple[tuple[RunSpec, ...], tuple[MedtransferError, ...]]] = field(default_factory=dict)


def resolve_cells(table: Table, resolver: Resolver, everything_may_lack: bool = False) -> ResolvedCells:
    """Resolve every run of a table; a cell whose data or weights are not there has the reason instead.

    Args:
        table: the table whose cells are resolved.
        resolver: the resolver, which knows where data and runs are.
        everything_may_lack: whether a table of which nothing can be planned is returned too, instead of raising.

    Raises:
        DataError: if nothing of the table can be planned, for want of data.
        WeightsError: if nothing of the table can be planned, for want of weights.
        UsageError: if the parts of the table do not fit each other.
    """
    resolved = ResolvedCells()
    measures = {column.label: measure_of(column.measure)[1:] for column in table.columns if column.measure}
    scores = {column.label: column.score for column in table.columns if column.score}
    for cell_key, specs in table.cells().items():
        if isinstance(specs, str):
            resolved.runs[cell_key] = specs
            continue
        if cell_key[1] in scores:
            _check_score(scores[cell_key[1]], specs[0])
        try:
            resolved.runs[cell_key] = tuple(resolver.resolve(spec) for spec in specs)
            if cell_key[1] in measures:  # errors are raised before anything runs, not after
                measure, number = measures[cell_key[1]]
                measure.check_number(number, specs[0])
                measure.check(*resolver.paths.open(specs[0].dataset, specs[0].edition))
        except (DataError, WeightsError) as error:
            weights = tuple(_lacking_weights(specs[0]))
            resolved.lacking[cell_key] = (
                specs,
                (error, *weights) if isinstance(error, DataError) else weights or (error,),
            )
            # The error's own message names folders, which a table that is passed on to others must not do.
            what = "weights" if isinstance(error, WeightsError) else "data"
            resolved.runs[cell_key] = (
                f"its {what} are not there or not in order; the same command with --dry-run says more"
            )
    if resolved.lacking and not everything_may_lack and all(isinstance(runs, str) for runs in resolved.runs.values()):
        raise next(iter(resolved.lacking.values()))[1][0]
    return resolved


def _check_score(score: str, spec: RunSpec) -> None:
    """Refuse a score that runs of a spec do not have.

    Raises:
        UsageError: lists the near matches.
    """
    dataset: Dataset = DATASETS.build(spec.dataset)
    known = task_score(dataset.task).names()
    if score not in known:
        raise unknown(f"score of {spec.dataset}", score, known)


def _lacking_weights(spec: RunSpec) -> Iterator[WeightsError]:
    """The errors about missing weight files of a run: its own, or those of the runs that it starts from."""
    for expression, initializer in initializers_of(spec.initializer):
        try:
            initializer.identity()
        except WeightsError as error:
            if isinstance(initializer, StoredWeights):
                error.missing = initializer.file.name
                if initializer.file.url:
                    get = command("weights", "fetch", str(INITIALIZERS.short(expression)))
                    error = WeightsError(f"{error}\nor: {get}")
                    error.missing, error.brief = (
                        initializer.file.name,
                        f"the weights {initializer.file.name}; {get} gets them",
                    )
            yield error
