"""Finished runs of others, a line for each, tuned over settings: a file that is not shipped and the user may have."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from experiments.ledger.claim import NumbersOfOthers
from experiments.ledger.evidence_of import POINTS, of_tasks
from experiments.tables.document import CellKey
from specs.errors import DataError

Line = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class FinishedRuns:
    """A file with a line for each finished run: what it was trained from, on which task, with which settings.

    Of each cell the settings ``tuned`` are picked whose runs have the highest mean validation score, and the cell's
    score is the mean test score of these runs, which differ in all other settings. Runs without a score, as those that
    diverged, do not count. Other settings are no seeds: tasks are what is repeated (``evidence_of.of_tasks``).

    Attributes:
        file: the name of the file in the user's folder; it may be compressed, as ``.csv.gz``.
        citation: the people who made the runs, and where they are published.
        licence: the licence that they were published under.
        row: the column of the file that holds the labels of rows, such as the source of the weights.
        column: the column of the file that holds the labels of columns, such as the task.
        tuned: the columns of the file with the settings that are picked.
        validation: the column of the file with the validation score, in [0, 1].
        score: the column of the file with the test score, in [0, 1].
        remarks: what must be known to read the runs.
    """

    file: str
    citation: str
    licence: str
    row: str
    column: str
    tuned: tuple[str, ...]
    validation: str
    score: str
    remarks: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The file with its source and licence."""
        return f"{self.file} ({self.citation}; licence: {self.licence})"

    def read(self, folder: Path | None) -> NumbersOfOthers | None:
        """The scores of the file; None if it is not in the folder.

        Raises:
            DataError: if the file cannot be read.
        """
        file = folder / self.file if folder else None
        if file is None or not file.is_file():
            return None
        return NumbersOfOthers(self.citation, self.licence, self.remarks, of_tasks(self._scores(file)))

    def _scores(self, file: Path) -> dict[CellKey, float]:
        """The test score of each cell in points, at its picked settings."""
        columns = (self.row, self.column, *self.tuned, self.validation, self.score)
        settings: dict[CellKey, dict[tuple[str, ...], list[tuple[float, float]]]] = {}
        for number, line in enumerate(finished_lines(file, columns), start=2):
            if line[self.validation] and line[self.score]:
                of_cell = settings.setdefault((line[self.row], line[self.column]), {})
                scores = _score(line, self.validation, file, number), _score(line, self.score, file, number)
                of_cell.setdefault(tuple(line[name] for name in self.tuned), []).append(scores)
        picked = {
            cell: max(runs.values(), key=lambda of_setting: fmean(validation for validation, _ in of_setting))
            for cell, runs in settings.items()
        }
        return {cell: POINTS * fmean(score for _, score in runs) for cell, runs in picked.items()}


def finished_lines(file: Path, columns: Sequence[str]) -> list[Line]:
    """The lines of a file of finished runs, by the names of its columns.

    Args:
        file: the path of a CSV file, which is compressed if it ends in ``.gz``.
        columns: the names of the columns that it must have; others are kept as well.

    Raises:
        DataError: if it is no such file, or a column is missing.
    """
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", newline="")
            if file.suffix == ".gz"
            else file.open(encoding="utf-8", newline="") as opened
        ):
            lines = list(csv.DictReader(opened, restval=""))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise DataError(
            f"{file}: expected a table of finished runs (CSV in UTF-8), found what cannot be read as such "
            f"({type(error).__name__}: {error}). Get the file again."
        ) from error
    if missing := set(columns) - set(lines[0] if lines else ()):
        raise DataError(
            f"{file}: expected the columns {', '.join(columns)}, found none named {', '.join(sorted(missing))}; "
            "rename its columns, or give another file."
        )
    return lines


def _score(line: Line, column: str, file: Path, number: int) -> float:
    """The score in a column of a line."""
    try:
        score = float(line[column])
    except ValueError:
        score = math.nan
    if not 0 <= score <= 1:
        raise DataError(
            f'{file}: line {number} has the {column} "{line[column]}", where a score in [0, 1] is expected, or nothing '
            "for a run without one. Get the file again, or mend the line."
        )
    return score
