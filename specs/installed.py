"""Entry points of other installed distributions, without a look at all of them where none has what is asked for.

The standard library's ``importlib.metadata`` reads the metadata of every distribution, and is slow to import itself. It
is asked only where a quick look finds a group of ours, or where distributions may lie where a quick look does not see.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from specs.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

HEADING = b"[medtransfer."
"""How the headings of this project's groups begin in an ``entry_points.txt``."""


def entry_points(group: str) -> Iterable[EntryPoint]:
    """The entry points of a group, of all installed distributions.

    Args:
        group: the name of the group, one of this project's, such as ``medtransfer.datamodules``.

    Raises:
        UsageError: if the metadata of a distribution is damaged.
    """
    folders = tuple((folder or ".", _changed(folder or ".")) for folder in sys.path)
    if not _others_find_distributions() and not _may_have_ours(folders):
        return ()
    import importlib.metadata

    try:
        return importlib.metadata.entry_points(group=group)
    except (ValueError, KeyError, AttributeError, TypeError, OSError) as error:
        raise UsageError(
            f"the entry points of an installed distribution cannot be read ({type(error).__name__}: {error}). "
            "`python -m pip check` may name it; repair or uninstall it."
        ) from error


def _changed(folder: str) -> int:
    """The time of the last change of a folder's list of files, in nanoseconds; 0 where there is no such folder."""
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - pathlib is slower
    except OSError:
        return 0


@cache
def _may_have_ours(folders: tuple[tuple[str, int], ...]) -> bool:
    """Whether some distribution may have a group of ours; looked at anew when a folder of the search path changed."""
    return any(_folder_may_have_ours(folder) for folder, _ in folders)


def _others_find_distributions() -> bool:
    """Whether a finder beside Python's own says that it knows distributions."""
    return any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder)


def _folder_may_have_ours(folder: str) -> bool:
    """Whether a distribution in an entry of the search path may have a group of ours, as any zip file may."""
    try:
        with os.scandir(folder) as entries:
            infos = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info", ".egg"))]
    except NotADirectoryError:
        return True
    except OSError:  # it is not there, as Python's own zip file usually is not
        return False
    return any(_has_ours(info) for info in infos)


def _has_ours(info: str) -> bool:
    if info.endswith(".egg"):
        return True
    try:
        with open(os.path.join(info, "entry_points.txt"), "rb") as file:  # noqa: PTH118, PTH123 - pathlib is slower
            return HEADING in file.read()
    except OSError:  # it has none
        return False
