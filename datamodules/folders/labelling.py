"""From the rows of tables to one labelled row for each image, in whichever way the tables write labels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from datamodules.files.tables import Form
from datamodules.folders.joined import Cells, joined
from datamodules.folders.words import Words
from datamodules.labels.label_files import Patients, filled
from specs.errors import DataError, UsageError
from specs.quoting import plain
from specs.task import Kind

Mode = Literal["cells", "one-hot", "lists", "rows", "folders"]
"""Where labels are: ``cells``, in a cell for each class or, for one of many classes, in a single cell; ``one-hot``, in
a column of 0 and 1 for each of several exclusive classes; ``lists``, in a cell that lists all classes that are there;
``rows``, in a row for each finding, of which an image has several; ``folders``, in the names of folders.
"""

Rule = Literal["agree", "any", "majority"]
"""What holds of an image whose rows or readers say different things: ``agree``, nothing, and that is an error; ``any``,
what at least one of them saw; ``majority``, what more than half of them saw.
"""


class Row(NamedTuple):
    """What tables say of an image.

    Attributes:
        image: the name of the image, as the table has it.
        target: the labels in numbers, as ``Sample.target`` has them.
        patient: the patient, as the table has it; empty where no column names patients.
        split: the split, as the table has it; empty where no column names splits.
        table: the path of the table that the row stands in.
        line: the number of the line of the image's first row in the table, from 1.
    """

    image: str
    target: tuple[float, ...]
    patient: str
    split: str
    table: Path
    line: int


@dataclass(frozen=True)
class Labelling:
    """What the columns of tables say, and how labels are read from them.

    Attributes:
        kind: the kind of the task, such as ``binary``.
        classes: the names of the classes, in the order of the outputs.
        mode: where the labels are: in cells, columns, lists, rows or folders; see ``Mode``.
        words: the words of cells that say yes, no or nothing, beside numbers.
        image: the name of the column of images.
        label: the name of the column of labels, where it is a single one.
        patient: the name of the column of patients, or None.
        split: the name of the column of splits, or None.
        reader: the name of the column of those who labelled, or None.
        rule: what holds where rows or readers say different things; see ``Rule``.
    """

    kind: Kind
    classes: tuple[str, ...]
    mode: Mode
    words: Words
    image: str
    label: str
    patient: str | None
    split: str | None
    reader: str | None
    rule: Rule

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that hold labels."""
        if self.kind == "segmentation":
            return ()
        by_class = self.mode == "one-hot" or (self.mode == "cells" and self.kind == "multilabel")
        return self.classes if by_class else (self.label,)

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of class folders: those of the classes and, binary, those of what is without the class."""
        return (*self.words.negative, *self.classes) if self.kind == "binary" else self.classes

    def of_folder(self, folder: str) -> tuple[float, ...]:
        """The target of what lies in one of the class folders."""
        if self.kind == "binary":
            return (float(folder not in self.words.negative),)
        return (float(self.classes.index(folder)),)

    def read(self, tables: Sequence[Path], form: Form) -> Iterator[Row]:
        """Read tables; with the mode ``rows``, the rows of each image become one, otherwise each row is given as it is.

        Raises:
            UsageError: if a column is in none of the tables.
            DataError: if a cell says what it may not.
        """
        rest = [name for name in (self.patient, self.split, self.reader) if name]
        cells = joined(tables, [self.image, *self.columns, *rest], form)
        patients = Patients()
        if self.mode == "rows":
            return self._reduced(cells, patients)
        return (self._row(one, self._target(one), patients) for one in cells)

    def _row(self, one: Cells, target: tuple[float, ...], patients: Patients) -> Row:
        rest = iter(one.cells[1 + len(self.columns) :])
        patient = patients.known(next(rest), one.table, one.line, self.patient) if self.patient else ""
        return Row(one.cells[0], target, patient, next(rest) if self.split else "", one.table, one.line)

    def _target(self, one: Cells) -> tuple[float, ...]:
        if self.kind == "segmentation":
            return ()
        cells, place = one.cells[1 : 1 + len(self.columns)], (one.table, one.line)
        if self.mode == "lists":
            found = self.words.listed(cells[0], self.classes, *place, self.label)
            return tuple(float(number in found) for number in range(len(self.classes)))
        if self.mode == "one-hot":
            shown = [self.words.answer(cell, *place, name) for cell, name in zip(cells, self.classes, strict=True)]
            if shown.count(1.0) != 1:
                raise DataError(
                    f"{one.table}, line {one.line}: {int(shown.count(1.0))} of the classes {', '.join(self.classes)} "
                    'are 1, expected one. Mend the row, or take kind="multilabel".'
                )
            return (float(shown.index(1.0)),)
        if self.kind == "multiclass":
            return (float(self.words.chosen(cells[0], self.classes, *place, self.label)),)
        names = self.classes if self.kind == "multilabel" else (self.label,)
        blank = self.kind == "multilabel"
        return tuple(self.words.answer(cell, *place, name, blank) for cell, name in zip(cells, names, strict=True))

    def _reduced(self, cells: Iterable[Cells], patients: Patients) -> Iterator[Row]:
        """One row for each image, joined from all of its rows by the rule."""
        first: dict[str, Cells] = {}
        found: dict[str, set[float]] = {}  # the classes of each different cell, of which there are few
        said: dict[str, dict[str, set[float]]] = {}
        for one in cells:
            place = one.table, one.line
            reader = filled(one.cells[-1], *place, self.reader) if self.reader else "all"
            readers = said.setdefault(first.setdefault(one.cells[0], one).cells[0], {})
            if self.kind == "multilabel":
                seen = readers.setdefault(reader, set())
                if one.cells[1] not in found:
                    listed = self.words.listed(one.cells[1], self.classes, *place, self.label)
                    found[one.cells[1]] = {float(number) for number in listed}
                seen |= found[one.cells[1]]
            else:
                readers.setdefault(self._own(reader, one), set()).add(self._target(one)[0])
            self._check_same(first[one.cells[0]], one)
        unlike = [image for image, readers in said.items() if len({frozenset(found) for found in readers.values()}) > 1]
        if self.rule == "agree" and unlike:
            one = first[unlike[0]]
            raise UsageError(
                f"{one.table}: of {len(unlike):,} images rows or readers say different things, such as of "
                f'{plain(unlike[0])}. Say what holds: readers="any" (at least one saw it) or readers="majority" (more '
                "than half of them did)."
            )
        for image, readers in said.items():
            yield self._row(first[image], self._joint(first[image], list(readers.values())), patients)

    def _own(self, reader: str, one: Cells) -> str:
        """A name for whoever gave a row's answer: the reader or, where none is named, the row itself."""
        return reader if self.reader else f"{one.table}:{one.line}"

    def _check_same(self, first: Cells, one: Cells) -> None:
        """Refuse rows of one image that name different patients or splits."""
        if first is one:
            return
        end = len(one.cells) - (self.reader is not None)
        begin = 1 + len(self.columns)
        if first.cells[begin:end] != one.cells[begin:end]:
            raise DataError(
                f"{one.table}, line {one.line}: {plain(one.cells[0])} has another patient or split than in line "
                f"{first.line}. Mend one of them."
            )

    def _joint(self, place: Cells, readers: list[set[float]]) -> tuple[float, ...]:
        """The target of an image by the rule, from the classes or answers of each of its readers."""
        needed = len(readers) // 2 + 1 if self.rule == "majority" else 1
        if self.kind == "multilabel":
            if len(readers) == 1 or needed == 1:
                seen = set().union(*readers)
            else:
                counts = Counter(number for one in readers for number in one)
                seen = {number for number, count in counts.items() if count >= needed}
            return tuple([float(number in seen) for number in range(len(self.classes))])
        answers = [max((value for value in one if not math.isnan(value)), default=math.nan) for one in readers]
        if self.kind == "binary":
            return (float(answers.count(1.0) >= needed),)
        held = [value for value in dict.fromkeys(answers) if answers.count(value) >= needed]
        if len(held) != 1:
            raise DataError(
                f"{place.table}, line {place.line}: of {plain(place.cells[0])} no one class holds by readers="
                f'"{self.rule}". Leave the image out, or take another rule.'
            )
        return (held[0],)
