"""A table as CSV: one line per cell, everything that is known of it."""

from __future__ import annotations

import csv
import io

from analysis.statistics import summary
from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import rarer
from experiments.tables.document import Cell, Effort, Place, TableDocument

COLUMNS = (
    "row", "expression", "column", "metric", "n", "mean", "std", "ddof", "difference", "p", "p_holm",
    "smallest_detectable_difference_holm", "mark", "best", "paper_mark", "missing", "overlap",
    "epochs_to_95_percent", "seconds", "gpu_hours", "interval_low", "interval_high",
    "steps_to_threshold", "threshold_reached", "threshold_runs", "threshold_p", "threshold_p_holm",
    *(f"{split}_{what}" for split in SPLITS for what in ("images", "patients")), "test_rarer",
)  # fmt: skip


def to_csv(document: TableDocument) -> str:
    """The table as CSV; scores in [0, 1]. Each further score has two more columns, named by its title."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"{title}: {what}" for title in document.secondary for what in ("mean", "std"))])
    for row, expression in document.rows:
        for column, metric in document.columns:
            place = (row, column)
            result, effort = document.result(place), document.efforts.get(place, Effort())
            start = [row, expression, column, metric]
            end = [
                int(document.is_best(place)),
                document.paper_marks.get(place, ""),
                document.cells[place].missing or "",
                "; ".join(document.overlaps.get(place, ())),
                *(repr(sum(values) / len(values)) if values else "" for values in (effort.epochs, effort.seconds)),
                repr(effort.gpu_hours) if effort.seconds else "",
                *(map(repr, interval) if (interval := document.cells[place].interval) else ("", "")),
                *_steps(document, place),
                *_counts(document, column),
                *(number for cells in document.secondary.values() for number in _mean_and_std(cells[place])),
            ]
            if result is None:
                writer.writerow([*start, 0, *[""] * 8, *end])
                continue
            of = result.summary
            numbers = [of.mean, of.std, 1, result.difference, result.p_value, result.p_holm, result.detectable]
            shown = ["" if number is None else repr(number) for number in numbers]
            writer.writerow([*start, of.n, *shown, result.mark, *end])
    return text.getvalue()


def _mean_and_std(cell: Cell) -> list[str]:
    """Empty where there is none."""
    of = summary(cell.values) if cell.values else None
    return ["" if number is None else repr(number) for number in ((of.mean, of.std) if of else (None, None))]


def _counts(document: TableDocument, column: str) -> list[str]:
    """Images and patients of each split, patients empty where they are not known, and how many are of the rarer class.

    All are empty where nobody counted.
    """
    if (counts := document.counts.get(column)) is None:
        return [""] * (2 * len(SPLITS) + 1)
    held = [counts.splits[split].whole for split in SPLITS]
    numbers = [*(number for of in held for number in (of.images, of.patients)), rarer(counts)]
    return ["" if number is None else repr(number) for number in numbers]


def _steps(document: TableDocument, place: Place) -> list[str]:
    """Median steps to the threshold, empty where fewer than half of the runs reached it, with the runs and the test."""
    if (of := document.convergence.get(place)) is None:
        return [""] * 5
    median = of.median.time if of.median.reached else None
    return ["" if one is None else repr(one) for one in (median, of.reached, of.runs, of.p_value, of.p_holm)]
