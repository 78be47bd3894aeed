"""The numbers that papers printed, to stand beside those of the same protocol, on the same data where they can.

They lie beside the module of the table that repeats them, a plugin's as well: those of the table ``PAPER-FILE`` are in
``printed/FILE.csv`` in the folder of its module. Such a file begins with its source, then come the numbers in percent::

    # source: who printed them and where
    # runs: 10
    # ddof: 0
    # licence: of numbers that others published, such as MIT
    # remark: what must be known beside ours; there may be several such lines, or none
    # test: TXC = 68 with and 66 without the finding
    # other images: columns whose images are not those of the paper, with "; " between them, or * for all
    # other division: columns whose images are divided in another way, unless lists of the user's divide them
    row,column,mean,std,trust
    random,ResNet-50,96.4,0.05,printed
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from experiments.tables.document import CellKey, TableDocument
from specs.errors import DataError
from specs.registry import TABLES

COLUMNS = ("row", "column", "mean", "std", "trust")
"""The columns of a file of printed numbers; ``std`` may be empty, where none is known."""

ELSEWHERE = "on other test images"
"""What stands beside a printed number whose test images are not those of this table."""

KINDS = ("source", "licence", "remark", "runs", "ddof", "test", "other images", "other division")
"""The kinds of lines above the numbers."""

TRUST = {
    "printed": "",
    "digitized": "values with ~ were read off the figure",
    "second source": "values as a second source quotes them, and none that it does not",
}
"""The notes on values by the column ``trust``: printed so, measured off a figure, or quoted by a second source."""


@dataclass(frozen=True)
class PrintedValue:
    """The number that a paper gives for one cell.

    Attributes:
        mean: the mean in percent.
        std: the standard deviation in points; None: it is not known.
        trust: how the value is known, a key of ``TRUST``.
    """

    mean: float
    std: float | None
    trust: str

    def __str__(self) -> str:
        spread = "" if self.std is None else f" ± {self.std:.2f}"
        return f"{'~' if self.trust == 'digitized' else ''}{self.mean:.2f}{spread}"


@dataclass(frozen=True)
class PrintedNumbers:
    """The numbers that a paper gives for a table.

    Attributes:
        source: the authors who printed the numbers, and where.
        remarks: remarks that readers need to compare the numbers with those of this table.
        values: the printed values by row and column label, as far as the paper has them.
        runs: the number of runs that each mean and standard deviation is of; None: it is not known.
        ddof: what was subtracted from that number in the denominator of the variance, 0 or 1; None: it is not known.
        tested: the numbers of the paper's test images with and without the finding, by column, where they are known.
        other_images: the columns whose images are not those of the paper; ``*``: all.
        other_division: the columns whose test images are others, unless lists of the user's divide the dataset.
        licence: the licence that the numbers were published under; empty where none is stated.
    """

    source: str
    remarks: tuple[str, ...]
    values: dict[CellKey, PrintedValue]
    runs: int | None = None
    ddof: int | None = None
    tested: dict[str, tuple[int, int]] = field(default_factory=dict)
    other_images: tuple[str, ...] = ()
    other_division: tuple[str, ...] = ()
    licence: str = ""


def published_cells(document: TableDocument) -> dict[CellKey, str]:
    """The paper's number for each cell as text in percent, empty where there is none.

    Tables of another protocol or edition than the paper's have no such numbers. Values that were measured off a printed
    figure are marked with ``~``, and those of other test images than the document's say so.

    Raises:
        DataError: if the file of the numbers cannot be read.
    """
    numbers, values = _beside(document)
    elsewhere = on_other_images(document, numbers) if numbers else frozenset()
    return {
        (row, column): f"{values[row, column]}{f' {ELSEWHERE}' if column in elsewhere else ''}"
        if (row, column) in values
        else ""
        for row, column in document.cells
    }


def on_other_images(document: TableDocument, numbers: PrintedNumbers) -> frozenset[str]:
    """The labels of the document's columns that are tested on other images than the paper's printed numbers."""
    by_lists = {run.column for run in document.runs if run.by_lists}
    return frozenset(
        column
        for column, _ in document.columns
        if {column, "*"} & {*numbers.other_images}
        or ({column, "*"} & {*numbers.other_division} and column not in by_lists)
    )


def published_note(document: TableDocument) -> str | None:
    """A note on where the published values are from and how they are known; None if the report shows none.

    Raises:
        DataError: if the file of the numbers cannot be read.
    """
    numbers, values = _beside(document)
    if numbers is None or not values:
        return None
    trusts = {value.trust for value in values.values()}
    told = [words for trust, words in TRUST.items() if words and trust in trusts]
    return f"Published: {'; '.join([numbers.source, *numbers.remarks, *told])}."


def printed_numbers(table: str) -> PrintedNumbers | None:
    """The printed numbers of a registered table; None if there is no such table, or no printed numbers are known.

    Args:
        table: the name of the table, in which dashes may stand for underscores.

    Raises:
        DataError: if the file of the numbers cannot be read.
    """
    entry = TABLES.entries.get(table.replace("-", "_"))
    module = entry.file() if entry else None
    if module is None:
        return None
    path = module.parent / "printed" / f"{module.stem}.csv"
    return read_printed(path) if path.is_file() else None


def read_printed(path: Path) -> PrintedNumbers:
    """Read a file of printed numbers.

    Raises:
        DataError: says what is wrong with the file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected text in UTF-8, found other bytes ({error}). Save it as UTF-8.") from error
    above = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    said = _said(lines[:above], path)
    table = csv.DictReader(lines[above:], restval="")
    lacking = [column for column in COLUMNS if column not in (table.fieldnames or ())]
    if lacking:
        raise DataError(f"{path}: the column {lacking[0]} is missing. Expected the columns {','.join(COLUMNS)}.")
    values: dict[CellKey, PrintedValue] = {}
    for cell in table:
        where = f"{path}: line {above + table.line_num}"
        cell_key = cell["row"], cell["column"]
        if cell_key in values:
            raise DataError(f"{where} is the second one of {cell_key[0]}, {cell_key[1]}. Keep one of them.")
        values[cell_key] = _value(cell, where)
    runs, ddof = (_number(kind, said[kind], path) for kind in ("runs", "ddof"))
    remarks = [*([f"standard deviations with ddof {ddof}"] if ddof is not None else []), *said["remark"]]
    images, division = (_columns(kind, said[kind], values, path) for kind in ("other images", "other division"))
    tested = dict(_tested(text, values, path) for text in said["test"])
    licence = "; ".join(said["licence"])
    return PrintedNumbers(said["source"][0], tuple(remarks), values, runs, ddof, tested, images, division, licence)


def _tested(text: str, values: Mapping[CellKey, PrintedValue], path: Path) -> tuple[str, tuple[int, int]]:
    """The column in a line of test images, and how many of them show the finding and how many do not."""
    found = re.fullmatch(r"(.+?) = (\d+) with and (\d+) without the finding", text)
    if found is None or found[1] not in {column for _, column in values}:
        raise DataError(
            f'{path}: expected "# test: COLUMN = NUMBER with and NUMBER without the finding" of a column that has '
            f'numbers, found "{text}".'
        )
    return found[1], (int(found[2]), int(found[3]))


def _columns(kind: str, texts: list[str], values: Mapping[CellKey, PrintedValue], path: Path) -> tuple[str, ...]:
    """The labels of columns in the lines of a kind above the numbers, or ``*``."""
    labels = [label.strip() for text in texts for label in text.split(";")]
    known = {column for _, column in values}
    for label in labels:
        if label not in known | {"*"}:
            raise DataError(
                f'{path}: "# {kind}:" names the column "{label}", of which there are no numbers. Expected some of: '
                f"{'; '.join(sorted(known))}; or *."
            )
    return tuple(labels)


def _number(kind: str, texts: list[str], path: Path) -> int | None:
    """The whole number in the line of a kind above the numbers; None without such a line."""
    if not texts:
        return None
    if len(texts) > 1 or not texts[0].isdecimal() or (kind == "ddof" and texts[0] not in ("0", "1")):
        raise DataError(f'{path}: expected one line "# {kind}: NUMBER" above the numbers, found {", ".join(texts)}.')
    return int(texts[0])


def _said(lines: list[str], path: Path) -> dict[str, list[str]]:
    """Read the lines above the numbers, by their kinds."""
    said: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for number, line in enumerate(lines, start=1):
        kind, _, text = line.removeprefix("#").partition(":")
        if kind.strip() not in said or not text.strip():
            raise DataError(
                f'{path}: line {number} is "{line}". Above the numbers, expected one of: '
                f"{', '.join(f'# {known}: ...' for known in KINDS)}."
            )
        said[kind.strip()].append(text.strip())
    if len(said["source"]) != 1:
        raise DataError(
            f"{path}: expected one line that says who printed the numbers and where, found {len(said['source'])}. "
            'Begin the file with "# source: TEXT".'
        )
    return said


def _value(cell: dict[str, str], where: str) -> PrintedValue:
    """Read the value in one line of a file; ``where`` names the line in errors."""
    if cell["trust"] not in TRUST:
        raise DataError(f'{where} has the trust "{cell["trust"]}". Expected one of: {", ".join(TRUST)}.')
    try:
        mean, std = float(cell["mean"]), float(cell["std"]) if cell["std"] else None
        if not math.isfinite(mean) or not math.isfinite(std or 0):
            raise ValueError("not finite")
    except ValueError as error:
        raise DataError(
            f'{where} has the mean "{cell["mean"]}" and the std "{cell["std"]}". Expected numbers in percent; the std '
            "may be empty."
        ) from error
    return PrintedValue(mean, std, cell["trust"])


def _beside(document: TableDocument) -> tuple[PrintedNumbers | None, dict[CellKey, PrintedValue]]:
    """The printed numbers of a document's table, and those of its values that belong to the document's cells."""
    if document.protocol != "paper" or document.edition != "real":
        return None, {}
    numbers = printed_numbers(document.name)
    values = numbers.values if numbers else {}
    return numbers, {cell_key: value for cell_key, value in values.items() if cell_key in document.cells}
