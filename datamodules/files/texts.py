"""Reading text files as UTF-8, or in the encoding that they declare, with errors that name the line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from datamodules.files.kinds import seems
from specs.errors import DataError
from specs.files import no_file
from specs.quoting import plain

MEND = "Fetch or mend the file."

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks at the beginning of a file, with the encodings that they declare (https://www.unicode.org/faq/utf_bom.html#bom4)."""


def words(path: Path) -> Iterator[tuple[int, str]]:
    """The line number and the text, without surrounding spaces, of each line of a list that is not empty.

    Raises:
        DataError: if the file is missing or not text.
    """
    with opened_text(path) as file:
        for line, text in enumerate(file.read().splitlines(), start=1):
            if "\0" in text:
                raise DataError(f"{path}, line {line}: it holds a NUL byte, expected text. {MEND}")
            if text.strip():
                yield line, text.strip()


@contextmanager
def opened_text(path: Path, encoding: str | None = None) -> Iterator[TextIO]:
    """Open a label file for reading as text.

    Args:
        path: the path of the text file.
        encoding: the encoding that somebody stated, such as ``cp1252``; None: UTF-8, or what a byte order mark at the
            file's beginning declares.

    Raises:
        DataError: if it is missing, no file, cannot be opened, or is no text in that encoding; then with the line.
    """
    try:
        if odd := no_file(path):
            raise DataError(f"{path} is {odd}, and a label file is expected there. Put the file in its place.")
        with path.open(encoding=encoding or declared(path), newline="") as file:
            yield file
    except UnicodeError as error:
        raise _undecodable(path, encoding) from error
    except FileNotFoundError as error:
        raise DataError(f"the label file {path} is missing. Complete the dataset's folder.") from error
    except (OSError, ValueError) as error:  # a path with a NUL byte is a ValueError
        raise DataError(
            f"the label file {path} cannot be read: {error}. Make it readable, or mend its name."
        ) from error


def declared(path: Path) -> str:
    """The encoding that a file's first bytes declare; UTF-8 where they declare none."""
    with path.open("rb") as file:
        first = file.read(4)
    return next((name for mark, name in MARKS if first.startswith(mark)), "utf-8")


def first_other_byte(content: bytes) -> tuple[int, int] | None:
    """The line and the offset of the first byte that is not UTF-8; None where all of the content is."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return content[: error.start].count(b"\n") + 1, error.start
    return None


def as_windows(content: bytes, place: int) -> str | None:
    """The word around a byte in the encoding of old Windows programs (cp1252); None where its line is not in it."""
    line = content[content.rfind(b"\n", 0, place) + 1 :].partition(b"\n")[0]
    at = place - content.rfind(b"\n", 0, place) - 1
    try:
        before, after = line[:at].decode("cp1252"), line[at:].decode("cp1252")
    except UnicodeDecodeError:
        return None
    begin, end = re.search(r"\w*$", before), re.match(r"\w*", after)
    return (begin.group() if begin else "") + (end.group() if end else "")


def _undecodable(path: Path, encoding: str | None) -> DataError:
    """The error for bytes that are no text, with their line and, where that shows, the likely encoding."""
    if encoding is not None:
        return DataError(f"{path} is no text in {encoding}. State its own encoding, or save it as UTF-8.")
    content = path.read_bytes()
    other = first_other_byte(content)
    if other is None or declared(path) not in ("utf-8", "utf-8-sig"):
        return DataError(f"{path} is no text in {declared(path)}, which its first bytes declare. {MEND}")
    known = seems(path)
    if known and b"\0" in content:
        return DataError(f"{path} is {known[0]}; expected text in UTF-8. {known[1]}")
    line, place = other
    found = f"line {line}: the byte 0x{content[place]:02x} is no text in UTF-8"
    remedy = "save it so (spreadsheets call it CSV UTF-8), or fetch it again"
    if word := as_windows(content, place):
        remedy += f'; in a folder of your own, encoding="cp1252" reads it as "{plain(word)}"'
    return DataError(f"{path}, {found}. Expected text in UTF-8: {remedy}.")
