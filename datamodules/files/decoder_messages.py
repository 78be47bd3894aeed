"""What decoders in C print on the standard error stream while an image is decoded, instead of raising an error.

libtiff goes on after damaged data of fax compression, and libjpeg after damaged data of any kind; the pixels behind it
are not those that were stored. Neither Pillow nor GDCM passes the messages on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MESSAGE = re.compile(r"\w[\w./]*: .*\.|(Warning|Error|Debug): In .*|.*\b(JPEG|marker|Huffman)\b.*")
"""A line of libtiff ("Fax4Decode: Bad code word at line 2 of strip 0 (x 1)."), of GDCM or of libjpeg."""

LONGEST = 2**16
"""How many bytes of the messages are read, at most."""

_ONE_AT_A_TIME = Lock()
"""The stream belongs to the whole process."""


@contextmanager
def decoder_messages() -> Iterator[list[str]]:
    """Collect the lines that decoders print; they are in the list once the block ends, by an error too.

    Lines of other parts of the process that come meanwhile are printed after the block.
    """
    lines: list[str] = []
    with _ONE_AT_A_TIME, os.fdopen(os.memfd_create("decoder messages"), "rb") as file:
        before = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            yield lines
        finally:
            os.dup2(before, 2)
            file.seek(0)
            for line in file.read(LONGEST).decode(errors="replace").splitlines(keepends=True):
                if MESSAGE.fullmatch(line.rstrip("\n")):
                    lines.append(line.rstrip("\n"))
                else:
                    os.write(2, line.encode())
            os.close(before)
