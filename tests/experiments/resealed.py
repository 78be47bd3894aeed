"""Finished runs that were changed on purpose, with records that describe them as they are now."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.run.store import Record
from specs.files import file_sha256
from specs.run import digest


def reseal(folder: Path, change: Callable[[dict[str, Any]], object] = lambda record: None) -> Record:
    """Change a run's record, and let it state the hashes of the files beside it and of itself."""
    path = folder / "record.json"
    data: dict[str, Any] = json.loads(path.read_text())
    change(data)
    data["files"] = {name: file_sha256(folder / name) for name in data["files"] if (folder / name).exists()}
    data["digest"] = digest(data | {"digest": None})
    path.write_text(json.dumps(data))
    return Record(folder, data)
