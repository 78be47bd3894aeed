"""Finding cases: a volume of a patient, and its mask, by patterns of paths in which stars stand for the case's name."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from datamodules.files.listing import LEFT_BY_SYSTEMS, ending_of
from specs.errors import DataError, UsageError

STAR = "*"


class Case(NamedTuple):
    """A volume, and what is known of it without its voxels.

    Attributes:
        name: the name of the case, unique within the dataset.
        source: the path of its image under the dataset's folder.
        target: the labels of the case, as ``Sample.target`` has them; empty where there are none.
        patient: the patient whom it shows.
        split: the split as the table has it; empty where no column says it.
        where: the place where the split stands, for messages.
    """

    name: str
    source: str
    target: tuple[float, ...]
    patient: str
    split: str = ""
    where: str = ""


@dataclass(frozen=True)
class Pattern:
    """A path under the dataset's folder in which each star stands for a part of a name; together they name the case.

    Attributes:
        text: the path, such as ``*/imaging.nii.gz`` or ``labelsTr/*.nii.gz``.
    """

    text: str

    @property
    def stars(self) -> int:
        """How many stars the pattern has."""
        return self.text.count(STAR)

    def check(self, argument: str) -> None:
        """Refuse a path that has no star, or may leave the dataset's folder.

        Args:
            argument: the name of the argument that gives the pattern.

        Raises:
            UsageError: names the argument.
        """
        parts = self.text.split("/")
        if not self.stars or self.text.startswith("/") or "" in parts or {"..", "."} & set(parts) or "\\" in self.text:
            raise UsageError(
                f"argument {argument} of volumes: expected a path in the dataset's folder with a star for the name of "
                f'the case, such as "*/imaging.nii.gz", found "{self.text}".'
            )

    def case_of(self, source: str) -> str | None:
        """The name of the case in a path, what its stars stand for, joined by slashes; None where it does not fit."""
        found = re.fullmatch("/".join(_expression(part) for part in self.text.split("/")), source)
        return None if found is None else "/".join(found.groups())

    def path_of(self, case: str) -> str:
        """The path of a case."""
        first, *others = self.text.split(STAR)
        return first + "".join(part + other for part, other in zip(case.split("/"), others, strict=True))

    def found(self, root: Path) -> dict[str, str]:
        """The paths that fit, under a folder, by the name of the case, sorted by it.

        Raises:
            DataError: if a folder may not be looked into.
        """
        paths = [""]
        for part in self.text.split("/"):
            expression = re.compile(_expression(part))
            paths = [
                f"{path}/{name}" if path else name
                for path in paths
                for name in _names_in(root / path)
                if expression.fullmatch(name)
            ]
        cases = ((self.case_of(path), path) for path in paths)
        return dict(sorted((case, path) for case, path in cases if case is not None))


def told_apart(patterns: Sequence[Pattern]) -> tuple[str, ...]:
    """What each of several paths has that others have not, such as flair of ``*/*_flair.nii.gz``, to name it by.

    Returns:
        the parts between the signs at which paths begin to differ and end to; whole paths where these are not different
        names.
    """
    whole = tuple(pattern.text for pattern in patterns)
    parts = [re.findall(r"[-_./* ]|[^-_./* ]+", text[: len(text) - len(ending_of(text))]) for text in whole]
    first, last = _common(parts), _common([part[::-1] for part in parts])
    short = tuple("".join(part[first : len(part) - last]).strip(" _-.") for part in parts)
    named = all(one and STAR not in one for one in short) and len(set(short)) == len(short)
    return short if named else whole


def _common(parts: Sequence[Sequence[str]]) -> int:
    """How many parts several lists have in common at their beginning, leaving one of each at least."""
    most = min(map(len, parts)) - 1
    return next((place for place in range(most) if len({part[place] for part in parts}) > 1), most)


def cases_by_cell(found: Mapping[str, str]) -> dict[str, str]:
    """The cases by what cells of tables may call them: name, path of the image, or its last part if no other has it.

    Args:
        found: the paths of the images by the names of their cases.
    """
    lasts = Counter(source.rpartition("/")[2] for source in found.values())
    by_last = {last: name for name, source in found.items() if lasts[last := source.rpartition("/")[2]] == 1}
    return by_last | {source: name for name, source in found.items()} | {name: name for name in found}


def _expression(part: str) -> str:
    """The regular expression for a part of a pattern between slashes."""
    return "([^/]+)".join(map(re.escape, part.split(STAR)))


def _names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it is a file or not there."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith(LEFT_BY_SYSTEMS))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be looked into: {error.strerror}. Make it readable.") from error
