"""Reading entries of an untrusted zip archive, with bounds on the bytes that are read and unpacked."""

from __future__ import annotations

import zipfile
import zlib
from typing import IO

from initializers.formats.pickle_owner import CutPickle, PickleFault
from specs.quoting import plain

MOST_EXPANSION = 20
"""The factor by which compressed entries may grow in all; torch compresses none, and weights hardly shrink."""

LOCAL_HEADER = 30
"""The number of bytes before the name of an entry (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7).
"""


class Entries:
    """The entries of an archive.

    Args:
        archive: the opened archive.
        file: the file that the archive was opened from.
        size: the size of the file in bytes.

    Attributes:
        size: the size of the file in bytes.
        known: the directory's information on each entry, by name.

    Raises:
        PickleFault: if two entries have one name.
    """

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes], size: int) -> None:
        self.size, self._file, self._left = size, file, MOST_EXPANSION * size
        self._archive, self._plain_left = archive, size
        self.known = {info.filename: info for info in archive.infolist()}
        if len(self.known) != len(archive.infolist()):
            raise PickleFault("two entries of its archive have one name")

    def read(self, name: str) -> bytearray:
        """The bytes of an entry, as an object of its own.

        Raises:
            PickleFault: if the entry is missing, damaged or encrypted, or if all entries that were read are too large.
        """
        if (info := self.known.get(name)) is None:
            raise PickleFault(f"its archive lacks {plain(name)}")
        if info.flag_bits & 1:
            raise PickleFault(f"{plain(name)} in its archive is encrypted")
        if info.compress_type == zipfile.ZIP_STORED:
            return self._stored(info)
        self._left -= info.file_size
        if self._left < 0:
            raise PickleFault(f"its archive would unpack to more than {MOST_EXPANSION} times its size")
        try:
            with self._archive.open(info) as entry:
                content = entry.read(info.file_size)
        except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError) as error:
            raise PickleFault(f"{plain(name)} in its archive cannot be unpacked ({plain(error)})") from error
        return bytearray(content)

    def _stored(self, info: zipfile.ZipInfo) -> bytearray:
        """The bytes of an uncompressed entry.

        Its checksum is not compared, since torch may leave it out (``torch.serialization.set_crc32_options``).
        """
        self._plain_left -= info.file_size
        if self._plain_left < 0:
            raise PickleFault("entries of its archive overlap, or declare more than it holds")
        header = b""
        if 0 <= info.header_offset < self.size:
            self._file.seek(info.header_offset)
            header = self._file.read(LOCAL_HEADER)
        if len(header) != LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise PickleFault(f"{plain(info.filename)} is not where its archive says")
        named = sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        return block(self._file, info.header_offset + LOCAL_HEADER + named, info.file_size)


def block(file: IO[bytes], start: int, length: int) -> bytearray:
    """A range of bytes of a file that is known to be long enough; a file that is cut meanwhile raises an error."""
    content = bytearray(length)
    file.seek(start)
    if file.readinto(content) != length:  # type: ignore[attr-defined]
        raise CutPickle("it ends too early")
    return content
