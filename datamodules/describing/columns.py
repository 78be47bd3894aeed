"""What the columns of a table hold: names of files, patients, splits, readers, answers, classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from datamodules.files.names import same, without_ending
from datamodules.folders.splitting import NAMES
from datamodules.folders.words import BETWEEN
from datamodules.labels.label_files import DECIMAL

IMAGE = re.compile(r"image|img|file|path|picture|scan|photo|slide|dicom|sop|patientid$", re.IGNORECASE)
PATIENT = re.compile(
    r"patient|subject|person|participant|lesion_?id|case|^pid$|^mrn$|child|study_?(id|uid)|^who$", re.I
)
ABOUT = re.compile(r"sex|gender|age|weight|height|position|orient|history|ethnic|race", re.IGNORECASE)
READER = re.compile(r"^rad|reader|rater|observer|annotat|grader|doctor|radiologist", re.IGNORECASE)
LABEL = re.compile(
    r"^(labels?|class(_?name)?|target|diagnos[ie]s|dx|findings?( labels)?|categor(y|ies)|disease|grade|level|severity|"
    r"patholog(y|ies)|malignan(t|cy)|benign_malignant|outcome|y|ground_?truth)$",
    re.IGNORECASE,
)
"""Names of columns by which it is told what they hold."""

OTHER = re.compile(
    r"(^|[^a-z])(sex|gender|age|view|position|projection|date|time|year|site|hospital|cent(er|re)|scanner|device|manufacturer|"
    r"model|width|height|rows?|columns?|spacing|size|bbox|box|url|licen[cs]e|index|unnamed|localization|location|"
    r"weight|ethnicity|race|laterality|eye|modality|x|y|w|h|frontal|lateral|ap|pa|[xyz](_?(min|max|[0-9]))|follow-up|notes?|comments?)([^a-z]|$)|type$|"
    r"(^|_)u?id$|number$|^#|^$",
    re.IGNORECASE,
)
"""Names of columns that are no labels, though they hold few values."""

BOX = re.compile(r"b(ounding[ _]?)?box", re.IGNORECASE)
MEASURES = re.compile(r"^([xywh]|[xy]_?(min|max|[0-9])|width|height|left|top)$", re.IGNORECASE)
"""Names of columns that hold boxes, or the measures of boxes."""

UNLABELLED = frozenset(("nan", "na", "n/a", "-1", "-1.0", "unknown", "?", "none", "null", "-", "not labelled"))
"""Words, in lower case, that may say that an image is not labelled."""

OPPOSITES = (
    ("yes", "no"),
    ("y", "n"),
    ("true", "false"),
    ("positive", "negative"),
    ("pos", "neg"),
    ("present", "absent"),
)
"""Pairs of words that stand for 1 and 0, in lower case."""

ABSENT = frozenset((
    "normal", "negative", "healthy", "no finding", "no_finding", "nofinding", "no findings", "none", "control",
    "controls", "benign", "no", "absent", "0", "non", "clear", "no disease", "no_disease", "no dr", "no_dr", "normals",
    "noncovid", "non-covid", "uninfected", "no tumor", "no_tumor", "notumor",
))  # fmt: skip
"""Names of classes, in lower case, that mean the absence of the other of two classes."""

MOST_CLASSES = 60
"""How many values a column of classes may have."""

MOST_NUMBERS = 20
"""How many numbers a column may have that stand for classes, unless its name says that it holds labels.

More are counts and measures, such as ages in years: the names of their columns are in any language, and their values
are not. Gradings and stages have fewer.
"""

LONGEST = 80
"""How many characters the name of a class may have."""

RUNS = re.compile(r"[0-9]+( [0-9]+){3}")
"""How the run-length code of a mask begins: with four whole numbers."""

LOOKED_UP = 200
"""How many cells of a column are looked at, to see whether they name files."""


Find = Callable[[str], str | None]
"""Gives the path of the one file that a cell means; None: there is none, or several."""


@dataclass(frozen=True)
class Column:
    """A column of a table, and what its cells may stand for.

    Attributes:
        name: the name of the column, as the first row of the table has it.
        cells: the text of the cell of each row, in order, without surrounding spaces; empty where a cell is.
    """

    name: str
    cells: Sequence[str]

    @cached_property
    def values(self) -> Counter[str]:
        """How many cells have each value, empty cells aside."""
        counts = Counter(self.cells)
        del counts[""]
        return counts

    @cached_property
    def filled(self) -> int:
        """How many cells are not empty."""
        return sum(self.values.values())

    @property
    def numbers(self) -> bool:
        """Whether all cells are numbers."""
        return bool(self.values) and all(is_number(value) for value in self.values)

    def share_of_files(self, find: Find) -> float:
        """The share of the column's values that name a file, in [0, 1], told from some of them."""
        distinct = sorted(self.values)
        some = distinct[:: max(-(-len(distinct) // LOOKED_UP), 1)]
        return sum(find(cell.replace("\\", "/").removeprefix("./")) is not None for cell in some) / max(len(some), 1)

    def share_named(self, images: Sequence[str]) -> float:
        """The share of images that some cell names, in [0, 1], told from some of them."""
        some = images[:: max(-(-len(images) // LOOKED_UP), 1)]
        known = {same(without_ending(value.replace("\\", "/").rpartition("/")[2])) for value in self.values}
        return sum(same(without_ending(one.rpartition("/")[2])) in known for one in some) / max(len(some), 1)

    @property
    def says_splits(self) -> bool:
        """Whether each cell names a split, and not all the same one."""
        found = {NAMES.get(value.lower()) for value in self.values}
        return None not in found and len(found) > 1 and self.filled == len(self.cells)

    @cached_property
    def answers(self) -> Answers | None:
        """The words by which the column says yes and no; None where it says something else."""
        unlabelled = tuple(sorted(value for value in self.values if value.lower() in UNLABELLED))
        rest = {value for value in self.values if value not in unlabelled}
        numbers = {_as_number(value) for value in rest}
        if rest and None not in numbers and numbers <= {0.0, 1.0}:
            return Answers((), (), unlabelled)
        for positive, negative in OPPOSITES:
            if {value.lower() for value in rest} == {positive, negative}:
                chosen = [tuple(sorted(v for v in rest if v.lower() == word)) for word in (positive, negative)]
                return Answers(chosen[0], chosen[1], unlabelled)
        return None

    @property
    def classes(self) -> tuple[str, ...]:
        """The values of the column, sorted, if they may be classes: few, short and no run lengths; else none."""
        if any(RUNS.match(value) or len(value) > LONGEST for value in self.values):
            return ()
        if not 2 <= len(self.values) <= MOST_CLASSES or len(self.values) * 2 > self.filled:
            return ()
        if self.numbers:
            if len(self.values) > MOST_NUMBERS and not LABEL.match(self.name):
                return ()
            whole = all((_as_number(value) or 0.0).is_integer() for value in self.values)
            return tuple(sorted(self.values, key=lambda value: _as_number(value) or 0.0)) if whole else ()
        return tuple(sorted(self.values))

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The classes that its cells list, where some cells list several by bars or semicolons; else none."""
        if not any("|" in value or ";" in value for value in self.values):
            return ()
        parts = {part for value in self.values for part in BETWEEN.split(value) if part}
        return tuple(sorted(parts)) if 2 <= len(parts) <= MOST_CLASSES else ()


@dataclass(frozen=True)
class Answers:
    """How a column says yes and no.

    Attributes:
        positive: the words for yes; none where yes is written as 1.
        negative: the words for no; none where no is written as 0.
        unlabelled: the words that say neither yes nor no.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    unlabelled: tuple[str, ...]


def is_number(value: str) -> bool:
    """Whether a cell is a number, with a decimal point or comma."""
    return _as_number(value) is not None


def absent_of(classes: Sequence[str]) -> str | None:
    """Which of two classes is the absence of the other one; None where neither or both may be."""
    found = [name for name in classes if name.lower().strip() in ABSENT]
    return found[0] if len(classes) == 2 and len(found) == 1 else None


def same_classes(first: Column, second: Column) -> bool:
    """Whether two columns give the same classes in different words, such as their names and their numbers."""
    pairs = set(zip(first.cells, second.cells, strict=True))
    return len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def _as_number(value: str) -> float | None:
    try:
        return float(DECIMAL.sub(r"\1.\2", value))
    except ValueError:
        return None
