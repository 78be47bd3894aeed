"""Finding the file that a cell of a table means, where names are written differently; a name that fits several is none.

A name is found exactly; else in another case or another Unicode form (https://unicode.org/reports/tr15/); else, where
it has no ending of images, with one; else as the end of a path, from a slash on; else without the folder's own name. An
absolute path, as of another machine, is found by its end alone.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from pathlib import Path, PurePosixPath

from datamodules.files.listing import IMAGES, ending_of, files_in

DRIVE = re.compile(r"[A-Za-z]:")
"""The beginning of a path on a drive of Windows."""

NEAR = 0.8
"""The least likeness of two names that count as near, as ``difflib``'s ratio in [0, 1]."""

MOST = 5_000
"""How many names a name is compared with, at most."""


class Names:
    """Finds files under a folder by name; only the folders that names ask for are listed.

    Args:
        root: the folder that the files lie under.
        preferred: the folder in it whose files are meant where files elsewhere would fit too.
    """

    def __init__(self, root: Path, preferred: str = "images") -> None:
        self.root, self.preferred = root, preferred
        self._listed: dict[str, frozenset[str]] = {}
        self._alike: dict[str, list[str]] | None = None

    def find(self, name: str) -> str | None:
        """The path under the folder of the one file that a name means; None: there is none, or several.

        Args:
            name: a path as a table has it, with slashes between folders.
        """
        if not (name.startswith("/") or DRIVE.match(name)):
            own, slash, rest = name.partition("/")
            if self._is_there(name):
                return name
            return self._near(name) or (self.find(rest) if slash and own == self.root.name else None)
        parts = PurePosixPath(name.lstrip("/")).parts
        ends = [PurePosixPath(*parts[begin:]) for begin in range(len(parts)) if ".." not in parts[begin:]]
        for end in ends:
            if self._is_there(str(end)):
                return str(end)
        return None

    def _is_there(self, name: str) -> bool:
        """Whether a file is there under this very name; each folder is listed once."""
        folder, _, last = name.rpartition("/")
        if folder not in self._listed:
            try:
                with os.scandir(self.root / folder) as entries:
                    self._listed[folder] = frozenset(entry.name for entry in entries)
            except (OSError, ValueError):
                self._listed[folder] = frozenset()
        return last in self._listed[folder]

    def _near(self, name: str) -> str | None:
        if self._alike is None:
            self._alike = {}
            for path in files_in(self.root):
                own = path.relative_to(self.root).as_posix()
                keys = {same(own), same(without_ending(own))}
                for key in keys:
                    self._alike.setdefault(key.rpartition("/")[2], []).append(own)
        wanted = same(name)
        alike = self._alike.get(wanted.rpartition("/")[2], ())
        whole, found = bool(alike) and ending_of(name) in IMAGES, []
        for own in alike:
            key = same(own) if whole else same(without_ending(own))
            if f"/{key}".endswith(f"/{wanted}") or (not whole and f"/{same(own)}".endswith(f"/{wanted}")):
                found.append(own)
        depth, own_folder = wanted.count("/"), f"{same(self.preferred)}/"
        for fitting in (lambda one: one.count("/") == depth, lambda one: same(one).startswith(own_folder)):
            found = [one for one in found if fitting(one)] or found
        return found[0] if len(set(found)) == 1 else None


def same(name: str) -> str:
    """A name in one case and in the composed Unicode form, the same for names that look alike."""
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def without_ending(name: str) -> str:
    """A name without the ending of an image, if it has one."""
    ending = ending_of(name)
    return name[: len(name) - len(ending)] if ending in IMAGES else name


def near_name(path: Path) -> str | None:
    """The name in a file's folder that is most like that of a file which is not there; None where none is like it."""
    try:
        found = sorted(one.name for one in path.parent.iterdir())
    except OSError:
        return None
    stem = same(without_ending(path.name))
    if alike := [name for name in found if same(without_ending(name)) == stem]:
        return alike[0]
    digits = re.sub(r"[^0-9]", "", path.name)  # names with other numbers are of other images
    numbered = [name for name in found if re.sub(r"[^0-9]", "", name) == digits]
    return next(iter(difflib.get_close_matches(path.name, numbered[:MOST], 1, NEAR)), None)
