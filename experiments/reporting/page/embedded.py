"""Files of text within a page: small ones in percent-encoding, large ones compressed."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from urllib.parse import quote

UNESCAPED = " !$()*+,-./:;=?@[]^_`{|}~"
"""The characters that need no escaping in a data URL inside double quotes."""

LARGE = 40_000
"""The characters of a drawing from which on it is compressed, and unpacked by the page's script.

Smaller ones are there without scripts too.
"""

LARGE_DATA = 8_000
"""The same of a drawing's numbers, which nobody sees on the page."""


@dataclass(frozen=True)
class Embedded:
    """A file of text within a page, in one of two forms.

    Attributes:
        quoted: the text in percent-encoding, for a data URL; empty: it is large, and compressed.
        packed: the text compressed by gzip, in base64; empty: it is small, and quoted.
    """

    quoted: str
    packed: str


def embedded(text: bytes, large: int = LARGE) -> Embedded:
    """A text for a page: in percent-encoding, which is smaller than base64, or compressed if it is large.

    Args:
        text: the content of the file.
        large: the number of characters from which on it is compressed.
    """
    quoted = quote(text, safe=UNESCAPED)
    return Embedded(quoted, "") if len(quoted) < large else Embedded("", packed(text))


def packed(text: bytes) -> str:
    """A text compressed by gzip, in base64; the same text gives the same one."""
    return base64.b64encode(gzip.compress(text, mtime=0)).decode()
