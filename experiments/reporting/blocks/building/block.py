"""A block: a title, a table, notes and a drawing, as plain texts and numbers that every format shows in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from experiments.tables.document import Cell, CellKey

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Value = float | str | None
"""The value of an entry that programs read, and by which a page sorts a column."""

DataRows = Sequence[Sequence[Value]]
"""The numbers of a drawing as lines of equal length, the first of which names the columns."""


@dataclass(frozen=True)
class Entry:
    """One cell of a block's table.

    Attributes:
        text: the text that people read.
        value: the number or text that programs read; None: there is no such value, and the text stands alone.
        small: a second text that is shown below the first where a format has room; empty: there is none.
    """

    text: str
    value: Value = None
    small: str = ""


@dataclass(frozen=True)
class Heading:
    """The heading of a column of a block's table.

    Attributes:
        title: the title of the column.
        detail: a second line below the title, such as the metric; empty: there is none.
        wordy: whether the column holds words instead of numbers.
    """

    title: str
    detail: str = ""
    wordy: bool = False

    @property
    def text(self) -> str:
        """The title and the detail in one line."""
        return f"{self.title} ({self.detail})" if self.detail else self.title


@dataclass(frozen=True)
class Line:
    """One line of a block's table.

    Attributes:
        name: the name of the line, which stands at its left.
        entries: the cells of the line, one for each column.
        label: the label of the row or column of the scores that the line belongs to, by which blocks are put beside the
            scores; empty: it belongs to none.
        run: the key of the run that the line is about, whose details a page shows on a click; empty: it is about no
            run.
    """

    name: str
    entries: tuple[Entry, ...]
    label: str = ""
    run: str = ""


@dataclass(frozen=True)
class Said:
    """One or two sentences that a block says.

    Attributes:
        text: the sentences themselves.
        tone: how the sentences are shown: ``plain``, ``strong``, ``soft``, ``warning``, or the verdict of an answer,
            such as ``open``.
        about: what the sentences are about, such as the columns that an answer is for; empty: the text says it itself.
    """

    text: str
    tone: str = "plain"
    about: str = ""


@dataclass(frozen=True)
class Evidence:
    """One claim that was tested, and the result.

    Attributes:
        asked: the claim in words.
        found: the numbers that were found, as text.
        verdict: the verdict of the tests: ``recovered``, ``undecided`` or ``wrong``.
        word: the verdict in the words that people read.
    """

    asked: str
    found: str
    verdict: str
    word: str


@dataclass(frozen=True)
class Picture:
    """A picture made of images, such as test images, which is no drawing of numbers.

    Attributes:
        data: a function that makes the file and returns it in base64.
        format: the format of the file.
        lines: the lines of text below the picture.
        about: a text that says what the picture shows, for readers who cannot see it.
    """

    data: Callable[[], str]
    format: Literal["png", "jpeg"]
    lines: tuple[str, ...]
    about: str


@dataclass(frozen=True)
class Judged:
    """A statement, the verdict on it, and the evidence.

    Attributes:
        title: the statement, or the name of what it is about.
        source: where in a paper the statement stands; empty: it is from no paper.
        text: further sentences about the statement; empty: there are none.
        verdict: the verdict over all evidence: ``recovered``, ``undecided`` or ``wrong``.
        word: the verdict in the words that people read.
        evidence: the result for each claim that the statement consists of.
        pictures: pictures of what the statement is about.
    """

    title: str
    source: str
    text: str
    verdict: str
    word: str
    evidence: tuple[Evidence, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Block:
    """A part of a finished table beside its scores. Fields of what a block does not have are empty.

    Attributes:
        title: the title above the block; a block without a title belongs to the scores.
        kind: the name of the kind of block, which is that of its file; kinds need not set it.
        place: where the block stands. ``head``: at the head of a page, before all of its tables, and in other formats
            before the scores. ``first``: before the scores. ``after``: after the scores.
        said: the sentences that the block says.
        judged: the statements that were examined, with their verdicts.
        corner: the heading above the names of the lines.
        header: the headings of the other columns.
        lines: the lines of the block's table, from top to bottom.
        notes: notes that a reader needs to understand the block.
        drawing: a function that makes the block's drawing; None, or a result of None: it has no drawing.
        data: a function that gives the numbers that the drawing shows; None: they are the block's own lines, or it has
            no drawing.
        ending: the text between the table's name and the dot in the names of the drawing's files, such as ``-curves``.
        pictures: pictures made of images, such as test images.
        key: the names and colors of the outlines on the pictures.
        folded: whether a page hides the block until it is clicked.
        detail: whether only the page and files for programs show the block, since other formats have no room for it.
        beside: whether the block's lines are those of the scores, so that its columns may stand beside them.
        long: further columns of the file with one line per cell (NAME.csv): the value of each cell, by the column's
            name.
    """

    title: str = ""
    kind: str = ""
    place: Literal["head", "first", "after"] = "after"
    said: tuple[Said, ...] = ()
    judged: tuple[Judged, ...] = ()
    corner: str = ""
    header: tuple[Heading, ...] = ()
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    drawing: Callable[[], Drawing | None] | None = field(default=None, compare=False)
    data: Callable[[], DataRows] | None = field(default=None, compare=False)
    ending: str = ""
    pictures: tuple[Picture, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    folded: bool = False
    detail: bool = False
    beside: bool = False
    long: Mapping[str, Mapping[CellKey, Value]] = field(default_factory=dict)


def entry_of(cell: Cell, text: str) -> Entry:
    """The entry for a cell of scores: a text for people, and the mean in [0, 1] for programs."""
    return Entry(text, sum(cell.values) / len(cell.values) if cell.values else None)


def drawn_data(block: Block) -> DataRows:
    """The numbers that a block's drawing shows, a heading first: those that it states, or else its own lines.

    Numbers of lines are those that programs read, and texts where there are none.
    """
    if block.data is not None:
        return block.data()
    header = [block.corner, *(heading.text for heading in block.header)]
    lines = [
        [line.name, *(entry.text if entry.value is None else entry.value for entry in line.entries)]
        for line in block.lines
    ]
    return [header, *lines]
