"""A file that a dataset's publishers give to everyone, without a form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenFile:
    """A file as it is published, and what becomes of it in the dataset's folder.

    Attributes:
        name: of the file, under the dataset's folder.
        url: that gives the file itself.
        licence: its terms, in the publishers' words or as an SPDX identifier.
        md5: in hexadecimal, as its publishers state it; None where they state no checksum.
        folder: of a zip archive: the folder at its top that is unpacked to one of the same name; None for a file that
            is used as it is.
    """

    name: str
    url: str
    licence: str
    md5: str | None = None
    folder: str | None = None

    @property
    def becomes(self) -> str:
        """The name of what is there in the end: the file, or the folder that it is unpacked to."""
        return self.folder or self.name
