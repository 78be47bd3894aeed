"""Commands that messages suggest, as a shell takes them."""

from __future__ import annotations

import shlex


def command(*words: str) -> str:
    """A ``medtransfer`` command line, with words quoted where a shell would change them, such as expressions."""
    return shlex.join(["medtransfer", *words])
