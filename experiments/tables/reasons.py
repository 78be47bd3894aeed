"""Why a run has no score, as tables may pass it on: in words that hold no name of a user's folders, files and patients.

The whole message, and where the log is, stand on the terminal and in the run store.
"""

from __future__ import annotations

import re

from experiments.run.progress import Finished
from specs.errors import DataError, StorageError, UsageError, WeightsError

ABOUT_FILES = {
    UsageError.exit_status: "its parts do not fit each other",
    DataError.exit_status: "its data are not in order",
    WeightsError.exit_status: "its weights are not in order",
    StorageError.exit_status: "the disk is full",
}
"""The sentences that replace messages that may name a user's files, by the exit status of the error."""

ELSE = "it broke off, and its log in the run store says why"

NAMES = re.compile(r"""["'`/\\]""")
"""Characters of quotations and paths: a message of this project without any of them names no file."""

FOREIGN = re.compile(r"(?:^|: |\()(?!recipe: )([A-Za-z_]\w*): ")
"""The start of the message of an unforeseen error, which is the error's type, alone or within another message."""


def reason(failed: Finished) -> str:
    """Why a run failed, in one line."""
    if failed.exit_status in ABOUT_FILES:
        return ABOUT_FILES[failed.exit_status]
    first, *_ = (failed.error or "").splitlines() or [""]
    if (foreign := FOREIGN.search(first)) is not None:
        return f"{ELSE} ({foreign[1]})"
    return ELSE if not first or NAMES.search(first) else first
