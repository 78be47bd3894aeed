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

MESSAGE = re.compile(
    r"(tempfile\.tif|\w*(TIFF|Fax|Decode|JPEG|Pixar|LogL|LERC|WebP)\w*): .*"
    r"|(Warning|Error|Debug): In .*"
    r"|(Corrupt JPEG data|Premature end of JPEG file|Invalid (JPEG|SOS)|Unsupported (JPEG|marker)|Bogus |Not a JPEG).*"
    r"|(MetaImage|MetaObject): .*|Uncompress failed|\s*ideal = .*|\w+ required and not defined\."
)
"""A line of libtiff, which begins with its module ("Fax4Decode: Bad code word at line 2 of strip 0 (x 1).") or the name
that Pillow gives each file, of GDCM, libjpeg or MetaIO. No line of another part of the process may be taken for one: an
image would be refused for it."""

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
