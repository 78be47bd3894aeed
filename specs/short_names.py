"""Names that are made of what a user wrote, no longer than the place where they stand allows.

A name that is too long keeps its beginning, so that people know it, and ends in a digest of all of it, so that two
different names stay different.
"""

from __future__ import annotations

import hashlib
import re

FILE_NAME = 255
"""How many bytes a file's name may have on the file systems of Linux (NAME_MAX,
https://man7.org/linux/man-pages/man7/path_resolution.7.html)."""

STEM = 120
"""How many bytes the name of a file without its ending, or of a folder, may have. It leaves room for endings, for what
is put before a temporary file's name, and for systems that allow less."""

LABEL = 64
"""How many bytes the first part of a metric's name, and a tag, may have: wandb takes tags of 1 to 64 characters
(https://docs.wandb.ai/guides/runs/tags)."""

TITLE = 128
"""How many bytes other names in wandb may have, such as those of projects and artifacts: its own limit in characters
(``NAME_MAXLEN`` in wandb/sdk/artifacts/_validators.py)."""

DIGITS = 8
"""How many hexadecimal digits of the digest stand at the end of a shortened name."""


def short_name(text: str, most: int) -> str:
    """A name that is cut to a number of bytes in UTF-8; one that is short enough stays as it is.

    Args:
        text: the whole name.
        most: how many bytes of UTF-8 the name may have, ``DIGITS`` + 2 or more.

    Returns:
        The name; it is empty only if ``text`` is.
    """
    if len(text.encode("utf-8", "surrogatepass")) <= most:
        return text
    return _ended(text, text, most)


def file_stem(text: str, most: int = STEM) -> str:
    """A name for a file or folder that is no path, is not hidden, and is never empty.

    Args:
        text: any text; one that every file system takes as a name stays as it is.
        most: how many bytes of UTF-8 the name may have, ``DIGITS`` + 2 or more.
    """
    safe = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]', "_", text).strip(" ").strip(".") or "name"
    return short_name(text, most) if safe == text else _ended(safe, text, most)


def _ended(shown: str, text: str, most: int) -> str:
    """The beginning of what is shown, cut between two characters, and a digest of the whole text."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    room = shown.encode("utf-8", "surrogatepass")[: most - DIGITS - 1]
    return f"{room.decode('utf-8', 'ignore')}-{digest}"
