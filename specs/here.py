"""The folder that this process is in."""

from __future__ import annotations

from pathlib import Path


def current_folder() -> str | None:
    """The absolute path of the current folder, with symbolic links resolved; None if the folder was removed."""
    try:
        return str(Path.cwd().resolve())
    except OSError:
        return None
