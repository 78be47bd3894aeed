"""The result of a check of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CheckResult:
    """One line of `medtransfer doctor`.

    Attributes:
        check: the thing that was checked, such as ``memory``.
        state: ``problem`` if runs cannot work, ``warning`` if something is slow or one of the commands cannot work.
        found: what the check found, in words.
        remedy: what to do about it; empty if nothing has to be done.
    """

    check: str
    state: Literal["ok", "warning", "problem"]
    found: str
    remedy: str = ""
