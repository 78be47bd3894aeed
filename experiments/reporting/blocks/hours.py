"""How many hours of a processor rows take until a validation score, their medians, a test beside the reference row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analysis.survival import Duration, TimeResult, compare_durations
from experiments.reporting.blocks.building.block import Block, Heading, Line, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.convergence import entry_of_time, tested_in_words, thresholds_in_words
from experiments.run.processor_time import hours_to, on_cpu, processor, times_epochs
from experiments.run.store import Record
from experiments.tables.document import CellKey, TableDocument

COLUMNS = ("hours_to_threshold", "hours_p", "hours_p_holm")


@dataclass(frozen=True)
class ConvergenceHours:
    """Hours of one kind of processor until a validation score was first reached.

    Attributes:
        hours: the hours of each run of a cell, by row and column label; where a run did not reach the threshold, the
            hours until its last validation. Columns whose runs were on different processors have none.
        processors: the processors that the runs of each column were on, by column label; hours of several are not
            compared.
        untimed: the number of runs that do not say when their epochs ended.
    """

    hours: dict[CellKey, tuple[Duration, ...]]
    processors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    untimed: int = 0


def hours() -> Kind:
    """The block of hours to a validation score, for tables with a threshold."""
    return Kind(order=26, tell=_tell, part=ConvergenceHours, gather=_gather, columns=COLUMNS)


def _gather(gathering: Gathering) -> ConvergenceHours | None:
    by_column: dict[str, dict[CellKey, list[Record]]] = {}
    thresholds: dict[str, float] = {}
    for cell_key in gathering.cells:
        column = gathering.columns[cell_key[1]]
        threshold = gathering.table.threshold if column.threshold is None else column.threshold
        records = gathering.records_of(cell_key)
        if column.measure is None and threshold is not None and records:
            thresholds[column.label] = threshold
            by_column.setdefault(column.label, {})[cell_key] = records
    found: dict[CellKey, tuple[Duration, ...]] = {}
    processors, untimed = {}, set()
    for label, cells in by_column.items():
        runs = [record for records in cells.values() for record in records]
        processors[label] = tuple(sorted({processor(record) for record in runs}))
        if len(processors[label]) > 1:
            continue
        untimed |= {record.data["key"] for record in runs if not times_epochs(record)}
        for cell_key, records in cells.items():
            found[cell_key] = tuple(hours_to(thresholds[label], record) for record in records)
    return ConvergenceHours(found, processors, len(untimed)) if processors else None


def hours_of(document: TableDocument, cell_key: CellKey) -> tuple[Duration, ...]:
    """The hours to the threshold of each run of a cell; empty where none are counted."""
    part = document.part(ConvergenceHours)
    return part.hours.get(cell_key, ()) if part else ()


def _results(document: TableDocument) -> Mapping[CellKey, TimeResult]:
    """The median hours of each cell with a test against the reference row; empty where no hours are counted."""
    times = {
        row: {column: hours_of(document, (row, column)) for column, _ in document.columns} for row, _ in document.rows
    }
    counted = any(durations for of in times.values() for durations in of.values())
    return compare_durations(times, document.reference, document.level) if counted else {}


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ConvergenceHours)
    if part is None:
        return
    unlike = {column: names for column, names in part.processors.items() if len(names) > 1}
    if unlike:
        each = "; ".join(f"{column} on {', '.join(names)}" for column, names in unlike.items())
        yield Block(notes=(f"Hours to a validation score are not told of runs on different processors: {each}.",))
    results = _results(document)
    if not results:
        return
    columns = [column for column, _ in document.columns if any(cell_key[1] == column for cell_key in results)]
    title = f"{_unit(part, columns)} to a validation score of {thresholds_in_words(document, columns)}"
    lines = (
        Line(row, tuple(entry_of_time(results.get((row, column)), ".3g") for column in columns), row)
        for row, _ in document.rows
    )
    yield Block(
        title=title,
        corner=title if title.startswith(("CPU", "GPU")) else f"{title[0].lower()}{title[1:]}",
        header=tuple(map(Heading, columns)),
        lines=tuple(lines),
        notes=tuple(_notes(document, part, columns, results)),
        long=_long(results),
    )


def _unit(part: ConvergenceHours, columns: list[str]) -> str:
    """``CPU hours`` or ``GPU hours``; ``Hours`` where columns differ in it."""
    kinds = {on_cpu(name) for column in columns for name in part.processors[column]}
    return "Hours" if len(kinds) > 1 else "CPU hours" if kinds == {True} else "GPU hours"


def _notes(
    document: TableDocument, part: ConvergenceHours, columns: list[str], results: Mapping[CellKey, TimeResult]
) -> Iterator[str]:
    """Notes on what the hours are of, and on which rows differ in them."""
    unit = _unit(part, columns)
    named = dict.fromkeys(name for column in columns for name in part.processors[column])
    where = ", ".join(named) if len(named) == 1 else "; ".join(f"{c}: {part.processors[c][0]}" for c in columns)
    yield (
        f"{unit}: until the score was first reached, the median over runs, on {where}, by the clock, so that whatever "
        "else the machine did is in them; a run of several devices, or threads of a CPU, counts each of them. Training "
        "and validation count; loading data, testing and pretraining do not. A run that ended without it counts as one "
        "that never reaches it."
    )
    if part.untimed:
        yield (
            f"{unit}: {part.untimed} runs of an earlier version do not say when their epochs ended. Each of their "
            "epochs is given the same share of the whole run's time, in which loading and testing are."
        )
    yield from tested_in_words(document, results, unit)


def _long(results: Mapping[CellKey, TimeResult]) -> dict[str, dict[CellKey, Value]]:
    """The values of the CSV columns: median hours if half of the runs reached the threshold, and p-values."""
    found: dict[str, dict[CellKey, Value]] = {name: {} for name in COLUMNS}
    for cell_key, of in results.items():
        median = of.median.time if of.median.reached else None
        for name, value in zip(COLUMNS, (median, of.p_value, of.p_holm), strict=True):
            found[name][cell_key] = value
    return found
