"""Analyses: what was fixed before test scores were looked at, and how many looks there have been.

An analysis is a file in the run store, named by a digest of what was fixed. It is written once, before the first look.
The number of looks in it rises and never falls.
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
"""The name of the folder of analyses in the run store."""

AGAIN = "Move it away to have the analysis fixed anew; looks that had been made are then not counted any more."


@dataclass(frozen=True)
class Analysis:
    """An analysis that was fixed before its first look at test scores.

    Attributes:
        path: the path of the analysis' file.
        fixed: what was fixed, as plain data.
    """

    path: Path
    fixed: Mapping[str, Any]

    @property
    def before(self) -> Mapping[str, int]:
        """How many looks other analyses had taken at the same test images before this one's first, by their digests."""
        before: dict[str, int] = _read(self.path)["before"]
        return before

    @property
    def digest(self) -> str:
        """The digest of the test images and of what was fixed, which names the file."""
        return self.path.stem

    def looked(self, number: int) -> None:
        """Store the number of looks so far, and at the first one, how many looks other analyses have taken.

        Others are counted at the first look and not earlier. So if two analyses were fixed at the same time, the second
        one to look knows of the first: their claims share no level.
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
    """Store an analysis before its first look, unless the same one is stored already.

    Args:
        store: the run store of the analysis' runs.
        test: the digest of the test images, by which other analyses of the same images are found.
        fixed: what is fixed, as plain data.

    Raises:
        RunError: if the file cannot be written or read, or is not what was written.
    """
    fixed = json.loads(json.dumps(fixed))  # in the form in which it will be read, such as lists for tuples
    folder = store.root / FOLDER
    path = folder / f"{digest([test, fixed])[:16]}.json"
    if not path.is_file():
        write_json(path, {"test": test, "fixed": fixed, "before": {}, "looks": 0})
    return Analysis(path, _read(path)["fixed"])


def _read(path: Path) -> dict[str, Any]:
    """The content of an analysis' file.

    Raises:
        RunError: if the file cannot be read, or its name is not the digest of what is fixed in it.
    """
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kept = digest([stored["test"], stored["fixed"]])[:16] == path.stem and stored["looks"] >= 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}). It says what was fixed before a look; {AGAIN}") from error
    if not kept:
        raise RunError(f"{path} is not what was written before the first look: its digest is another one. {AGAIN}")
    return stored
