"""Analyses: what was fixed before test scores were looked at, and how often that was done.

Each is a file of the run store, named by a digest of what was fixed. It is written once, before the first look. The
number of looks rises in it, and never falls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.run.store import RunStore
from specs.errors import RunError
from specs.files import write_json
from specs.run import digest

FOLDER = "analyses"
"""In the run store."""

AGAIN = "Move it away to have the analysis fixed anew; looks that had been made are then not counted any more."


@dataclass(frozen=True)
class Analysis:
    """One of them.

    Attributes:
        path: of its file.
        fixed: what was fixed, as plain data.
    """

    path: Path
    fixed: Mapping[str, Any]

    @property
    def before(self) -> Mapping[str, int]:
        """Looks that others had made at the same test images at this one's first look, by their digests."""
        before: dict[str, int] = _read(self.path)["before"]
        return before

    @property
    def digest(self) -> str:
        """Of what was fixed."""
        return self.path.stem

    def looked(self, number: int) -> None:
        """Note that so many looks have been made by now, and at the first one, which others there had been.

        So of two that were fixed at the same time the second one to look knows of the first: a level is not for both
        together.
        """
        stored = _read(self.path)
        if number <= stored["looks"]:
            return
        if not stored["looks"]:
            others = {one.stem: _read(one) for one in sorted(self.path.parent.glob("*.json")) if one != self.path}
            same = {name: one["looks"] for name, one in others.items() if one["test"] == stored["test"]}
            stored["before"] = {name: looks for name, looks in same.items() if looks}
        write_json(self.path, stored | {"looks": number})


def fix(store: RunStore, test: str, fixed: Mapping[str, Any]) -> Analysis:
    """Write down an analysis before its first look, or find that this has been done.

    Args:
        store: of the runs.
        test: digest of the test images, by which looks of others at the same ones are found.
        fixed: what is fixed, as plain data.

    Raises:
        RunError: if it cannot be written, or its file is not what was written.
    """
    fixed = json.loads(json.dumps(fixed))  # as it will be read
    folder = store.root / FOLDER
    path = folder / f"{digest([test, fixed])[:16]}.json"
    if not path.is_file():
        write_json(path, {"test": test, "fixed": fixed, "before": {}, "looks": 0})
    return Analysis(path, _read(path)["fixed"])


def _read(path: Path) -> dict[str, Any]:
    """An analysis' file.

    Raises:
        RunError: if what is fixed in it is not what its name is a digest of.
    """
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kept = digest([stored["test"], stored["fixed"]])[:16] == path.stem and stored["looks"] >= 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}). It says what was fixed before a look; {AGAIN}") from error
    if not kept:
        raise RunError(f"{path} is not what was written before the first look: its digest is another one. {AGAIN}")
    return stored
