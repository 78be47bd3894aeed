"""The program in a process of its own, and what it left in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from specs.packages import PACKAGES
from tests.conftest import PROJECT

FOREIGN = ("torch", "numpy", "json", "typing", "selectors", "signal", "pickle", *(set(PACKAGES) - {"medtransfer"}))
"""Modules of which each folder has one that ends whatever imports it: no process of ours imports from there."""


def medtransfer(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """The program in a process of its own, with ``folder`` as the current one."""
    for name in FOREIGN:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} was imported from the current folder')\n")
    return subprocess.Popen(
        [sys.executable, "-m", "medtransfer", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def outcomes(folder: Path) -> dict[str, dict[str, object]]:
    """What every finished run in a folder gave, by key."""
    records = [json.loads(path.read_text()) for path in (folder / "runs").glob("*/record.json")]
    return {record["key"]: record["outcome"] for record in records}
