"""What a check of the machine found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of `medtransfer doctor`.

    Attributes:
        check: what was looked at.
        state: ``problem`` keeps runs from working, ``warning`` costs time or one of the commands.
        found: in words.
        remedy: what to do; empty where all is well.
    """

    check: str
    state: Literal["ok", "warning", "problem"]
    found: str
    remedy: str = ""
