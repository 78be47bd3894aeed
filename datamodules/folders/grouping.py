"""Groups of patients in tables, such as of sex and age; they change nothing of training."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from datamodules.dataset.annotations import Groups
from datamodules.files.names import Names
from datamodules.files.tables import Form
from datamodules.folders.channels import Channels
from datamodules.folders.images import image_of
from datamodules.folders.joined import joined
from datamodules.labels.label_files import UNKNOWN
from specs.errors import DataError
from specs.quoting import plain

AGES = {"0 to 17": 17, "18 to 39": 39, "40 to 64": 64, "65 to 79": 79, "80 and more": 130}
"""The bins of ages and the last whole year of each; nobody is older than the last."""

AGE = re.compile(r"0*(\d+)(?:[.,]\d*)?\s*([YyMmWwDd]?)")
"""An age as a number of years, or with a unit as DICOM writes it, such as 058Y or 006M (PS3.5, section 6.2, AS)."""

IN_A_YEAR = {"": 1.0, "y": 1.0, "m": 12.0, "w": 365.25 / 7, "d": 365.25}
"""The number of units in a year."""

MOST_GROUPS = 20
"""The largest number of groups that a column may tell apart; one with more holds names or measurements."""

LONGEST = 40
"""The largest length of the name of a group in characters."""


def groups_in(
    tables: Sequence[Path], image: str, columns: Sequence[str], form: Form, channels: Channels, files: Names
) -> Groups:
    """The groups that columns of tables say, by column and then by the id of the image.

    A column whose name has the word "age" holds ages, which are put into ``AGES``. Images whose cell is blank, or says
    that it is not known, are in no group.

    Args:
        tables: the paths of the tables, read as labels are.
        image: the name of the column of images.
        columns: the names of the columns of groups.
        form: how the tables are read where they do not say it themselves.
        channels: the rule by which several files are the channels of one image.
        files: the files of the folder.

    Raises:
        UsageError: if a column is in none of the tables.
        DataError: if a cell holds no age, rows of one image are of different groups, or a column tells too many apart.
    """
    found: dict[str, dict[str, str]] = {column: {} for column in columns}
    for one in joined(tables, [image, *found], form):
        name, _ = image_of(one.cells[0], channels, files, one.table, one.line)
        for column, cell in zip(found, one.cells[1:], strict=True):
            group = group_of(cell, column, one.table, one.line)
            if found[column].setdefault(name, group) != group:
                raise DataError(
                    f"{one.table}, line {one.line}: {plain(name)} is of another group of {column} than in a line "
                    "before. Mend one of them."
                )
    for column, groups in found.items():
        if (number := len(set(groups.values()) - {""})) > MOST_GROUPS:
            raise DataError(
                f"{tables[0]}: the column {column} tells {number} groups apart; expected {MOST_GROUPS} at most. Name a "
                "column of groups, such as of sex; ages are put into bins in a column whose name has the word age."
            )
    return {column: {name: group for name, group in groups.items() if group} for column, groups in found.items()}


def group_of(cell: str, column: str, table: Path, line: int) -> str:
    """The group that a cell says, or the bin of an age; empty where the cell says none.

    Args:
        cell: the text of the cell.
        column: the name of its column.
        table: the path of the table, for messages.
        line: the number of the row's line, for messages.

    Raises:
        DataError: if it is no age in a column of ages, or too long for the name of a group.
    """
    if not cell or cell.lower() in UNKNOWN:
        return ""
    if of_ages(column):
        found = AGE.fullmatch(cell)
        years = int(found[1]) / IN_A_YEAR[found[2].lower()] if found and len(found[1]) <= 6 else None
        if years is None or years > max(AGES.values()):
            raise DataError(
                f'{table}, line {line}: {column} is "{plain(cell)}", expected an age in years from 0 to '
                f"{max(AGES.values())}. Mend the cell or leave it blank; a column of other groups needs a name without "
                "the word age."
            )
        return next(name for name, last in AGES.items() if int(years) <= last)
    group = " ".join(unicodedata.normalize("NFC", cell).split())
    if len(group) > LONGEST:
        raise DataError(
            f'{table}, line {line}: {column} is "{plain(cell)}", which is too long for the name of a group; expected '
            f"{LONGEST} characters at most. Name a column of groups, such as of sex."
        )
    return group


def of_ages(column: str) -> bool:
    """Whether a column's name has the word age, as in ``Patient Age``, ``age_years`` or ``patientAge``."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", column)
    return "age" in (word.lower() for word in words)
