"""A table on a disk that is full for a while; run it in a mount namespace of its own:

    unshare --user --map-root-user --mount python -m tests.experiments.execution.full_disk DIR

It mounts a small file system at DIR and prints one line of JSON: what each kind of file said when it did not fit, and
what the command said and did before and after there was space.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import save_file

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.prepared.preparation import prepare
from experiments.cli.command_line import main
from experiments.run.predictions import write_predictions
from experiments.run.training import CheckpointFile
from initializers.publishing.store import PublishedFile, WeightStore
from specs.errors import StorageError
from specs.expression import parse
from specs.files import replacing, write_text
from specs.recipe import Form
from specs.registry import DATASETS

SIZE = 16 * 2**20
TABLE = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--jobs", "2", "--wandb", "disabled"]


def fill(folder: Path, left: int) -> Path:
    """A file that leaves so many bytes on a folder's disk."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * (free - left))
    return ballast


def files(folder: Path) -> list[str]:
    """What is there, with sizes."""
    return sorted(f"{path.relative_to(folder)} {path.stat().st_size}" for path in folder.rglob("*") if path.is_file())


def written(kinds: dict[str, Callable[[Path], object]], disk: Path) -> dict[str, str]:
    """What writing each kind of file says on a full disk, and whether it leaves anything but what was there."""
    said = {}
    for kind, write in kinds.items():
        (disk / kind).mkdir()
        before = files(disk)
        try:
            write(disk / kind)
            said[kind] = "it fitted"
        except StorageError as error:
            said[kind] = str(error)
        if files(disk) != before:
            said[kind] += f" It left {set(files(disk)) - set(before)}."
    return said


def replaced(name: str, write: Callable[[Path], object]) -> Callable[[Path], None]:
    def into(folder: Path) -> None:
        with replacing(folder / name) as temporary:
            write(temporary)

    return into


def table(runs: Path) -> dict[str, Any]:
    """The command's exit status and errors, and the finished runs."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        status = main([*TABLE, "--runs", str(runs), "--output", str(runs.parent.parent / "tables")])
    records = [json.loads(path.read_text()) for path in runs.glob("*/record.json")]
    return {"status": status, "errors": errors.getvalue(), "finished": {one["key"]: one["outcome"] for one in records}}


def run(disk: Path) -> dict[str, Any]:
    """All of it."""
    origin = disk.parent / "origin"
    ensure_phantom(parse("montgomery"), origin)
    dataset, root = DATASETS.build("montgomery"), next(origin.iterdir())
    (disk.parent / "mine.pth").write_bytes(bytes(2**20))
    tensors = {"weight": torch.zeros(300_000)}
    swav = PublishedFile("swav.pth", "https://example.org")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    ballast = fill(disk, 40_000)
    kinds: dict[str, Callable[[Path], object]] = {
        "record": lambda folder: write_text(folder / "record.json", "x" * 2**20),
        "checkpoint": replaced("last.ckpt", lambda path: CheckpointFile().save_checkpoint(tensors, path)),
        "best weights": replaced("best.safetensors", lambda path: save_file(tensors, path)),
        "predictions": lambda folder: write_predictions(pa.table({"x": np.random.default_rng(0).random(200_000)}),
                                                        folder / "predictions.parquet"),
        "phantom": lambda folder: ensure_phantom(parse("drive"), folder),
        "prepared": lambda folder: prepare(dataset, root, folder / "prepared", [Form(128)], jobs=1),
        "published weights": lambda folder: WeightStore(folder).add(swav, disk.parent / "mine.pth"),
    }  # fmt: skip
    said = written(kinds, disk)
    runs = disk / "runs"
    runs.mkdir()
    unplanned = table(runs)
    ballast.unlink()
    table_of_nothing = main([*TABLE, "--runs", str(runs), "--dry-run", "--json"])  # draws the phantom edition
    ballast = fill(disk, 700_000)  # enough for weights, and not for a checkpoint
    full = table(runs)
    ballast.unlink()
    return {"said": said, "unplanned": unplanned, "planned": table_of_nothing, "full": full, "space": table(runs)}


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        found = run(Path(sys.argv[1]))
    print(json.dumps(found))
