"""One table in LaTeX: aligned numbers, a width that fits the page, and notes below it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "▲": r"$\blacktriangle$", "▼": r"$\blacktriangledown$", "±": r"$\pm$",
    "†": r"\dag{}", "‡": r"\ddag{}", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "−": "$-$", "→": r"$\to$",
}  # fmt: skip

NEEDS = """\
% needs \\usepackage{array,booktabs,threeparttable,rotating,amssymb}
% and   \\usepackage{siunitx} (version 3)
"""
"""The lines of a comment that say which packages a table needs."""

SIZES = {r"\small": 74, r"\footnotesize": 80, r"\scriptsize": 85}
"""The characters in a line of an upright page of LaTeX's ``article``, by the size of its type.

It is 345 points wide, and a digit of Computer Modern takes 4.6, 4.25 and 4.0 points in 9, 8 and 7 points.
"""

TURNED = 118
"""The characters of size ``\\small`` in a line of a turned page, which is 550 points wide."""

GAP = 1.5
"""The characters that the space of 6 points between two columns takes."""

LONGEST_HEADING = 14
"""The most characters in a line of a heading; longer ones are broken between words."""

LONGEST_WORDS = 28
"""The most characters in a line of a column of words; longer texts are broken between words."""

NOTES_ROOM = 2_000
"""The most characters of notes below a table, about 22 lines of an upright page; more follow as a paragraph."""

NUMBERS = (
    r"\sisetup{separate-uncertainty, retain-zero-uncertainty, table-align-uncertainty=false, "
    "reset-text-series=false, text-series-to-math=true}"
)
"""How siunitx sets numbers: with a sign before the spread, also where that is 0, and bold ones bold throughout."""

NUMBER = re.compile(r"(?:\\bfseries )?(-?)(\d+)\.(\d+)(?: \\pm (\d+)\.(\d+))?(?: \{(.*)\})?")
"""A number with its spread, which may be bold and have a mark in braces."""


def escape(text: str) -> str:
    """Escape a text, so that LaTeX prints it as it is; two hyphens would become a dash."""
    return "".join(SPECIAL.get(character, character) for character in text).replace("--", "-{}-")


def plain_length(text: str) -> int:
    """About how many characters a text of LaTeX takes on the page."""
    return len(re.sub(r"\\[a-zA-Z]+(\{\})? ?|[\\${}]", "", text.replace(r" \pm ", "±±±")))


@dataclass(frozen=True)
class Column:
    r"""A column of a table.

    Attributes:
        heading: the heading, as plain text.
        cells: the texts of the lines in LaTeX. Where all of them are numbers as in ``95.31 \pm 0.42``, or a dash, they
            are aligned at their decimal points and signs.
        wordy: whether the column holds words, which are broken where they are long.
    """

    heading: str
    cells: tuple[str, ...]
    wordy: bool = False

    @property
    def aligned(self) -> bool:
        """Whether the column holds numbers that siunitx aligns."""
        numbers = [cell for cell in self.cells if cell != "-"]
        return bool(numbers) and all(NUMBER.fullmatch(cell) for cell in numbers)

    @property
    def width(self) -> int:
        """The characters that the column takes."""
        widest = max(map(plain_length, self.cells), default=0)
        if self.wordy:
            widest = min(widest, LONGEST_WORDS)
        return max(widest, *map(len, self._broken()))

    @property
    def specification(self) -> str:
        """The column in the preamble of a ``tabular``."""
        if self.wordy:
            longest = max(map(plain_length, self.cells), default=0) > LONGEST_WORDS
            return rf">{{\raggedright\arraybackslash}}p{{{0.5 * LONGEST_WORDS:.0f}em}}" if longest else "l"
        return self._number_format() if self.aligned else "r"

    @property
    def head(self) -> str:
        """The heading in LaTeX, in several lines where it is long."""
        lines = [escape(line) for line in self._broken()]
        side = "l" if self.wordy else "c" if self.aligned else "r"
        broken = r"\\".join(lines)
        return rf"{{\shortstack[{side}]{{{broken}}}}}" if len(lines) > 1 else f"{{{broken}}}"

    def shown(self, line: int) -> str:
        """The cell of a line; what is no number among numbers stands in braces."""
        return "{-}" if self.aligned and self.cells[line] == "-" else self.cells[line]

    def _broken(self) -> list[str]:
        room = max([LONGEST_HEADING, *map(plain_length, self.cells)])
        return textwrap.wrap(self.heading, min(room, LONGEST_WORDS), break_on_hyphens=False) or [""]

    def _number_format(self) -> str:
        """A column of siunitx that reserves the digits of the longest number, spread and mark."""
        found = [match for cell in self.cells if (match := NUMBER.fullmatch(cell))]
        sign = "-" if any(match[1] for match in found) else ""
        whole, places = (max(len(match[group]) for match in found) for group in (2, 3))
        spread = max((len((match[4] + match[5]).lstrip("0")) for match in found if match[4]), default=0)
        marks = max((match[6] for match in found if match[6]), key=plain_length, default="")
        room = f", table-space-text-post={{{marks}}}" if marks else ""
        return f"S[table-format={sign}{whole}.{places}{f'({spread})' if spread else ''}{room}]"


@dataclass(frozen=True)
class LatexTable:
    """A table that floats, with a caption, a label and notes.

    Attributes:
        caption: the caption, as plain text without a full stop.
        corner: the heading above the names of the lines, as plain text.
        names: the names of the lines, as plain text.
        columns: the other columns.
        notes: sentences that stand below the table, as plain text.
    """

    caption: str
    corner: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    notes: tuple[str, ...]

    def text(self, label: str) -> str:
        """The table as LaTeX.

        It is set smaller or turned if it is too wide for an upright page, and divided into tables of some of the
        columns if it is too wide for a turned one. The notes stand below the first of these.

        Args:
            label: what follows ``tab:`` in the label; those of later parts end in ``-part-2`` and so on.
        """
        parts = list(self._parts())
        if len(parts) == 1:
            return parts[0]._float(label)
        texts = [replace(parts[0], caption=f"{self.caption} (part 1 of {len(parts)})")._float(label)]
        for number, part in enumerate(parts[1:], start=2):
            caption = f"{self.caption} (part {number} of {len(parts)}; notes stand below the first)"
            texts.append(replace(part, caption=caption, notes=())._float(f"{label}-part-{number}"))
        return "\n".join(texts)

    @property
    def _first(self) -> int:
        """The characters that the names of the lines take."""
        return max(map(len, (self.corner, *self.names)))

    def _width(self, columns: Sequence[Column]) -> float:
        return self._first + sum(GAP + column.width for column in columns)

    def _parts(self) -> Iterator[LatexTable]:
        """The table, or tables of some columns each, of which every one fits a page or has a single column."""
        limit = max(SIZES.values()) if self._width(self.columns) > TURNED else TURNED
        part: list[Column] = []
        for column in self.columns:
            if part and self._width([*part, column]) > limit:
                yield replace(self, columns=tuple(part))
                part = []
            part.append(column)
        yield replace(self, columns=tuple(part))

    def _float(self, label: str) -> str:
        """One float with all columns."""
        wide = self._width(self.columns)
        size = next((name for name, room in SIZES.items() if wide <= room), None)
        environment = "sidewaystable" if size is None else "table"
        preamble = "".join(column.specification for column in self.columns)
        head = [f"{{{escape(self.corner)}}}", *(column.head for column in self.columns)]
        lines = [
            " & ".join([escape(name), *(column.shown(number) for column in self.columns)]) + r" \\"
            for number, name in enumerate(self.names)
        ]
        below, after = self._divided_notes()
        notes = [rf"\item {escape(note)}" for note in below]
        return "\n".join(
            [
                rf"\begin{{{environment}}}",
                rf"\centering{size or next(iter(SIZES))}\setlength{{\tabcolsep}}{{3pt}}",
                NUMBERS,
                r"\begin{threeparttable}",
                rf"\caption[{{{escape(self.caption)}}}]{{{escape(self.caption)}.}}",
                rf"\label{{tab:{label}}}",
                rf"\begin{{tabular*}}{{\linewidth}}{{@{{\extracolsep{{\fill}}}}l{preamble}@{{}}}}",
                r"\toprule",
                " & ".join(head) + r" \\",
                r"\midrule",
                *lines,
                r"\bottomrule",
                r"\end{tabular*}",
                *([r"\begin{tablenotes}[flushleft]\footnotesize", *notes, r"\end{tablenotes}"] if notes else []),
                r"\end{threeparttable}",
                rf"\end{{{environment}}}",
                *([rf"\paragraph{{Notes on table~\ref{{tab:{label}}}.}}", *map(escape, after)] if after else []),
                "",
            ]
        )

    def _divided_notes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The first notes, for which there is room below the table, and the others."""
        taken = 0
        for number, note in enumerate(self.notes):
            taken += len(note)
            if taken > NOTES_ROOM:
                return self.notes[:number], self.notes[number:]
        return self.notes, ()
