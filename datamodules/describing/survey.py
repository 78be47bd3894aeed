"""What lies in a folder: images by folder, tables, volumes, and what else there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from datamodules.files.listing import TABLES, VOLUMES, ending_of, files_in, is_image
from specs.quoting import names as names_of

PICTURES = 16
"""How many images, or masks, are opened to see what they are."""

ARCHIVES = (".zip", ".tar", ".gz", ".7z", ".rar")
"""Endings of archives, which hold other files."""


@dataclass
class Survey:
    """The files of a folder, as paths under it.

    Attributes:
        root: the folder whose files these are.
        images: the files that are images, masks included.
        tables: files that may be tables.
        volumes: the files that hold volumes, such as NIfTI files.
        archives: the files that hold other files, such as zip archives.
        others: how many other files there are, by ending.
    """

    root: Path
    images: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """The images by the path of the folder that they are in, which is empty for the root."""
        found: dict[str, list[str]] = {}
        for image in self.images:
            found.setdefault(image.rpartition("/")[0], []).append(image)
        return found

    def without(self, folders: Collection[str]) -> Survey:
        """The files without the images that lie in some folders."""
        return self.with_images([name for name in self.images if name.rpartition("/")[0] not in folders])

    def without_tables(self, tables: Collection[str]) -> Survey:
        """The files without some tables."""
        return replace(self, tables=[name for name in self.tables if name not in tables])

    def with_images(self, images: list[str]) -> Survey:
        """The files with other images."""
        return replace(self, images=images)

    def found(self) -> list[str]:
        """A sentence on each kind of files that there are."""
        kinds = Counter(ending_of(image) or "no ending" for image in self.images)
        by_kind = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(4))
        folders = "one folder" if len(self.by_folder) == 1 else f"{len(self.by_folder):,} folders"
        others = ", ".join(kind or "no ending" for kind in sorted(self.others)[:6])
        count = sum(self.others.values())
        named = (self.tables, "table"), (self.volumes, "volume"), (self.archives, "archive")
        return [
            *([f"{_numbered(len(self.images), 'image file')} ({by_kind}) in {folders}"] if self.images else []),
            *(f"{_numbered(len(names), what)}: {names_of(names, 4)}" for names, what in named if names),
            *([f"{_numbered(count, 'other file')} ({others})"] if count else []),
        ]


def _numbered(count: int, what: str) -> str:
    """How many there are, such as "1 table" or "1,200 volumes"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def survey(root: Path) -> Survey:
    """List the files of a folder and of all folders in it, by kind.

    Raises:
        DataError: if a folder in it may not be looked into.
    """
    found = Survey(root)
    for path in files_in(root):
        name, ending = path.relative_to(root).as_posix(), ending_of(path.name)
        if ending in VOLUMES:
            found.volumes.append(name)
        elif ending in TABLES:
            found.tables.append(name)
        elif is_image(path):
            found.images.append(name)
        elif ending in ARCHIVES:
            found.archives.append(name)
        else:
            found.others[ending] += 1
    return found


def spread_out(names: list[str], most: int) -> list[str]:
    """Some of many names, at equal distances."""
    step = -(-len(names) // most)
    return names[:: max(step, 1)]


def inner_folder(root: Path) -> Path:
    """The folder itself or, where it holds nothing but one folder, that one, and so on: archives often unpack so."""
    from datamodules.folders.by_folder import folders_of

    while len(inner := folders_of(root)) == 1 and not any(one.is_file() for one in root.iterdir()):
        root = root / inner[0]
    return root


def stem(name: str) -> str:
    """The name of a file without folders and ending."""
    return PurePosixPath(name).stem
