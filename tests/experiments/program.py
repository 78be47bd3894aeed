"""The program in a process of its own, and what it left in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT


def medtransfer(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """The program in a process of its own, with ``folder`` as the current one."""
    return subprocess.Popen(
        [sys.executable, "-c", "import medtransfer, sys; sys.exit(medtransfer.main())", *arguments],
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
