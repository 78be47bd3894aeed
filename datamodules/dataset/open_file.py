"""A file or folder that a dataset's publishers give to everyone, without a form."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OpenFile:
    """A file or folder as it is published, and what becomes of it in the dataset's folder.

    Attributes:
        name: the name of the file or folder in the dataset's folder.
        url: the URL of the file itself, or of the page that lists the single files of the folder.
        licence: the terms of the file, in the publishers' words or as an SPDX identifier.
        md5: the MD5 checksum that its publishers state, in hexadecimal; None where they state none.
        folder: for a zip archive, the folder at its top that is unpacked to a folder of the same name; None for a file
            that is used as it is.
        listed: whether it is a folder whose single files are listed on pages; then ``folder`` is its name.
    """

    name: str
    url: str
    licence: str
    md5: str | None = None
    folder: str | None = None
    listed: bool = False

    @property
    def becomes(self) -> str:
        """The name of what is there in the end: the file, or the folder that it is unpacked to."""
        return self.folder or self.name


def missing_files(root: Path, files: Sequence[OpenFile]) -> Hashable:
    """What stands for the files of a dataset that are not there, in errors and in what is fetched.

    Args:
        root: the folder of the dataset's files.
        files: those of its files that everyone is given.
    """
    return (str(root), *(file.becomes for file in files))
