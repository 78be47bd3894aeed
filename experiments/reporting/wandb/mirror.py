"""Mirrors the records of runs in wandb; nothing is ever read back from it.

Offline is the default: no account and no network are needed, and `wandb sync` uploads what was written later.

wandb works in a process of its own, in a folder of its own in the run store, where all that it keeps on a disk goes. A
run that it has written whole is moved to where `wandb sync` finds it, by renaming one folder. So a kill at any time
leaves a run there once or not at all, and two commands at once leave it once.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from experiments.reporting.wandb.modes import Mode
from experiments.reporting.wandb.parcels import Contents, Parcel
from experiments.reporting.wandb.process import AFTERWARDS, clear, end, staged, started, why_ended
from specs.errors import RunError
from specs.files import filling, write_text

PATIENCE: dict[Mode, float] = {"offline": 60.0, "online": 180.0}
"""How many seconds wandb may take for one run.

Offline it takes a fraction of a second. Online its own limit for a server that does not answer is 90 seconds
(``init_timeout``).
"""

OF_THIS_MACHINE = ("logs", "tmp")
"""Folders in a run's folder with wandb's logs of its own work, which hold paths; wandb uploads none of them."""

WITHOUT_DATE = "1970-01-01"
"""The date in the name of the folder of a run that was done before dates were recorded."""


def mirror(parcels: Iterable[Parcel], folder: Path, mode: Mode) -> int:
    """Write the parcels that are not mirrored yet as runs of wandb.

    Args:
        parcels: the parcels of runs and tables.
        folder: the folder for wandb's files, and for a note of each parcel that was mirrored.
        mode: what is done: ``offline`` writes files, ``online`` uploads, ``disabled`` does nothing.

    Returns:
        The number of parcels that were written.

    Raises:
        RunError: says why wandb did not write some or all of the parcels. Those that it wrote stay.
        StorageError: if the disk is full.
    """
    if mode == "disabled":
        return 0
    clear(folder / "staging")
    notes, published = folder / f"mirrored-{mode}", _published(folder)
    waiting = {}
    for parcel in parcels:
        if not (notes / parcel.note).exists():
            if mode == "offline" and parcel.id in published:  # a command was killed before it could note this
                write_text(notes / parcel.note, "")
            else:
                waiting[parcel.id] = parcel
    if not waiting:
        return 0
    errors: list[str] = []
    written = 0
    with filling(folder), staged(folder / "staging") as staging:
        dates: dict[str, str] = {}
        for parcel in waiting.values():
            try:
                dates[parcel.id] = _pack(parcel, staging, len(dates))
            except RunError as damage:  # one record is damaged, and the others are still sent
                errors.append(str(damage).splitlines()[0].rstrip("."))
        for name, error in _answers(staging, mode, len(dates)) if dates else ():
            if error is not None:
                errors.append(error)
                continue
            if mode == "offline":
                _publish(staging, name, folder, dates[name])
            write_text(notes / waiting[name].note, "")
            written += 1
    if written < len(waiting):
        raise RunError(
            f"{len(waiting) - written} of {len(waiting)} runs were not mirrored into wandb "
            f"({errors[0] if errors else 'it ended early'})"
        )
    return written


def _published(folder: Path) -> set[str]:
    """The ids of the runs that wait for `wandb sync`."""
    return {path.name.rpartition("-run-")[2].partition("-")[2] for path in (folder / "wandb").glob("offline-run-*-*")}


def _pack(parcel: Parcel, staging: Path, number: int) -> str:
    """Write the contents of a parcel where wandb's process reads them; returns the date of the contents."""
    contents: Contents = parcel.contents()
    pictures = {}
    for place, (name, png) in enumerate(contents.pictures.items()):
        picture = staging / "parcels" / f"{number:06d}-{place}.png"
        picture.write_bytes(png)
        pictures[name] = picture.name
    plain = dataclasses.asdict(dataclasses.replace(contents, pictures={})) | {"id": parcel.id, "pictures": pictures}
    (staging / "parcels" / f"{number:06d}.json").write_text(json.dumps(plain), encoding="utf-8")
    return contents.date


def _publish(staging: Path, name: str, folder: Path, date: str) -> None:
    """Move a run that is completely written to its place, unless another command has done so."""
    (made,) = (staging / "wandb").glob(f"offline-run-*-{name}")
    for part in OF_THIS_MACHINE:
        shutil.rmtree(made / part, ignore_errors=True)
    day = date if re.fullmatch(r"\d{4}-\d\d-\d\d", date) else WITHOUT_DATE
    target = folder / "wandb" / f"offline-run-{day.replace('-', '')}_000000-{name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(made, target)  # this never replaces a folder that holds files
    except OSError:
        if not target.is_dir():
            raise


def _answers(folder: Path, mode: Mode, count: int) -> Iterator[tuple[str, str | None]]:
    """Start wandb, and yield the id of each run that it has finished, with an error or None.

    Args:
        folder: the private folder with the parcels.
        mode: ``offline`` or ``online``.
        count: the number of parcels.
    """
    process = started(folder, mode=mode)
    assert process.stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        for _ in range(count):
            try:
                line = lines.get(timeout=PATIENCE[mode])
            except queue.Empty:
                yield "", f"it did not answer for {PATIENCE[mode]:.0f} s"
                return
            if not line:
                yield "", why_ended(process, folder)
                return
            answer = json.loads(line)
            yield answer["id"], answer["error"]
        with suppress(subprocess.TimeoutExpired):
            process.wait(AFTERWARDS)
    finally:
        end(process)


def _read(file: IO[bytes], lines: queue.Queue[bytes]) -> None:
    """Put the lines of a file into a queue, and an empty line at its end."""
    for line in file:
        lines.put(line)
    lines.put(b"")
