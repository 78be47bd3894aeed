"""The errors that users meet, one class per kind of fault and exit status.

Each message names the thing, what was expected, what was found and the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable


class MedtransferError(Exception):
    """Base of all errors that medtransfer raises on purpose.

    Attributes:
        missing: what stands for the files that are not there, the same for every error about them; None for any other
            fault.
        brief: one line that says what is missing and which command gets it or tells how; empty if there is none.
    """

    exit_status = 1
    missing: Hashable = None
    brief = ""


class UsageError(MedtransferError):
    """A name, option, expression or value that does not exist or does not fit."""

    exit_status = 2


class DataError(MedtransferError):
    """A dataset that is missing, incomplete, unreadable or inconsistent."""

    exit_status = 3


class WeightsError(MedtransferError):
    """Weights that are missing, damaged or do not fit the backbone."""

    exit_status = 4


class RunError(MedtransferError):
    """A run that failed while it trained or tested."""

    exit_status = 5


class StorageError(MedtransferError):
    """A file that could not be written because its disk is full."""

    exit_status = 6


class UnexpectedError(MedtransferError):
    """A fault of this program itself. Its exit status is that of sysexits.h for an internal error of software."""

    exit_status = 70  # EX_SOFTWARE, https://man.openbsd.org/sysexits.3


def unknown(noun: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for an unknown name: the near matches if there are any, else every known name."""
    names, name = sorted(known), str(name)
    if len(name) > 100:  # a message is read by people
        name = f"{name[:100]}..."
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        hint = "Did you mean " + " or ".join(f'"{match}"' for match in near) + "?"
    else:
        hint = "Known: " + (", ".join(names) or "none") + "."
    return UsageError(f'unknown {noun} "{name}". {hint}')


def failure(exit_status: int, message: str) -> MedtransferError:
    """The error of the kind that an exit status stands for; a ``RunError`` where it stands for none."""
    every = (UsageError, DataError, WeightsError, RunError, StorageError, UnexpectedError)
    kinds = {kind.exit_status: kind for kind in every}
    return kinds.get(exit_status, RunError)(message)
