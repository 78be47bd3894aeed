"""``medtransfer prepare``: decode and resize every image of a dataset once.

Samples go into chunks by a hash of their patients, so that one added or changed file touches one chunk. A chunk's name
holds a digest of its samples' files (paths, sizes, times of change), and its files appear by being renamed. So an
interrupted preparation goes on with the chunks that are missing, and two at a time do no harm to each other.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np

from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from datamodules.prepared.chunks import Chunk, Row, decoded_chunk, wait, write_chunk
from datamodules.prepared.folders import MANIFEST
from datamodules.prepared.storage import Prepared, record_sizes
from specs.errors import DataError
from specs.files import disk_is_full, replacing, says_disk_is_full
from specs.isolation import processes as isolated_processes
from specs.recipe import Form
from specs.run import digest

MOST_CHUNKS = 128
"""How many chunks there are, at most, since each keeps a file open while a form is read."""

CHUNK_LEAST = 8
"""How many samples a chunk has on average, at least."""

STALE_SECONDS = 24 * 3600
"""The age, in seconds, from which an unfinished file counts as left behind by a process that was killed."""


def prepare(
    dataset: Dataset,
    root: Path,
    folder: Path,
    forms: Iterable[Form],
    jobs: int,
    report: Callable[[int, int], None] = lambda done, total: None,
    processes: BaseContext | None = None,
) -> Prepared:
    """Store the images of a dataset that are not stored yet, in the given forms and in those that it already has.

    Args:
        dataset: the dataset, which reads the files.
        root: the folder that holds the files.
        folder: the folder that the images are stored in.
        forms: the sizes in which images are stored, each with its resampling.
        jobs: how many processes decode images at once.
        report: a function that is told how many samples are done, and of how many.
        processes: the multiprocessing context that starts those processes; None: one whose processes hold nothing of
            this one.

    Raises:
        DataError: if the label files are wrong, or the store cannot be written. An image that cannot be read is no
            error: it is stored as such.
        StorageError: if the disk is full.
    """
    everything = dataset.read_labels(root).samples
    gone = dataset.absent(root, everything)
    samples = sorted((sample for sample in everything if sample.id not in gone), key=lambda sample: sample.id)
    own_content = dataset.content(root, tuple(samples))
    before = Prepared.find(folder)
    wanted = {str(form): form for form in [*forms, *map(_form, before.forms if before else ())]}
    chunks = list(_chunks(dataset, root, samples))
    chunks = [chunk for chunk in chunks if chunk.samples] or chunks  # few patients fill few of them
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fill(dataset, root, folder, chunks, list(wanted.values()), jobs, report, processes)
        _write_manifest(dataset, folder, chunks, [*wanted, *_meanwhile(dataset, folder, chunks, wanted)], own_content)
        _remove_stale(folder, chunks)
    except OSError as error:
        if says_disk_is_full(error):
            raise disk_is_full(folder) from error
        raise DataError(
            f"the prepared images cannot be written to {folder}: {error}. Mend that, or give another --cache."
        ) from error
    return Prepared(folder)


def _meanwhile(dataset: Dataset, folder: Path, chunks: Sequence[Chunk], wanted: Mapping[str, Form]) -> list[str]:
    """Forms that another process has finished for these very chunks since this one began."""
    now = Prepared.find(folder)
    others = {text: _form(text) for text in (now.forms if now else ()) if text not in wanted}
    return [
        text for text, form in others.items() if not any(_lacking(folder, c, [form], dataset.channels) for c in chunks)
    ]


def _form(text: str) -> Form:
    size, _, resampling = text.partition("-")
    return Form("source") if size == "source" else Form(int(size), resampling)  # type: ignore[arg-type]


def _chunks(dataset: Dataset, root: Path, samples: Sequence[Sample]) -> Iterator[Chunk]:
    count = min(MOST_CHUNKS, 1 << max(0, (len(samples) // CHUNK_LEAST).bit_length() - 1))
    members: list[list[Sample]] = [[] for _ in range(count)]
    for sample in samples:
        members[int(hashlib.sha256(sample.patient.encode()).hexdigest()[:8], 16) % count].append(sample)
    states: dict[Path, list[object]] = {}

    def state(path: Path) -> list[object]:
        if path not in states:
            try:
                found = path.stat()
                states[path] = [os.path.relpath(path, root), found.st_size, found.st_mtime_ns]
            except OSError:
                states[path] = [os.path.relpath(path, root), None, None]
        return states[path]

    for number, chosen in enumerate(members):
        files = [[sample.id, sample.source, [state(path) for path in dataset.files(root, sample)]] for sample in chosen]
        yield Chunk(f"{number:03d}of{count}-{digest(files)[:16]}", tuple(chosen))


def _fill(
    dataset: Dataset,
    root: Path,
    folder: Path,
    chunks: Sequence[Chunk],
    forms: Sequence[Form],
    jobs: int,
    report: Callable[[int, int], None],
    processes: BaseContext | None,
) -> None:
    """Write the chunks that are not there."""
    total, done = sum(len(chunk.samples) for chunk in chunks), 0
    missing: list[tuple[Chunk, list[Form]]] = []
    for chunk in chunks:
        if lacking := _lacking(folder, chunk, forms, dataset.channels):
            missing.append((chunk, lacking))
        else:
            done += len(chunk.samples)
    report(done, total)
    if jobs == 1 or len(missing) <= 1:
        with ThreadPoolExecutor(1) as disk:  # it takes in a chunk while the next one is decoded
            taken_in: list[Future[None]] = []
            for chunk, lacking in missing:
                publish = decoded_chunk(dataset, root, folder, chunk, lacking, taken_in)
                taken_in.append(disk.submit(publish))
                done += len(chunk.samples)
                report(done, total)
            wait(taken_in)
        return
    others = {*multiprocessing.active_children()}
    with ProcessPoolExecutor(min(jobs, len(missing)), processes or isolated_processes(), _live_with_the_parent) as pool:
        try:
            sizes = {
                pool.submit(write_chunk, dataset, root, folder, chunk, lacking): len(chunk.samples)
                for chunk, lacking in missing
            }
            for future in as_completed(sizes):
                future.result()
                done += sizes[future]
                report(done, total)
        except KeyboardInterrupt:
            for process in {*multiprocessing.active_children()} - others:
                process.kill()  # one that still starts would show where it was
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _lacking(folder: Path, chunk: Chunk, forms: Sequence[Form], channels: int) -> list[Form]:
    """The forms in which a chunk is not stored, or not completely."""
    try:
        rows: list[Row] = json.loads((folder / f"{chunk.name}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # a damaged list of rows is written again with its images
        return list(forms)
    parts, shapes = np.array([row[1] for row in rows], np.int8), np.array([row[2:4] for row in rows], np.int64)

    def whole(form: Form) -> bool:
        stored = folder / f"{chunk.name}-{form}.bin"
        return stored.is_file() and stored.stat().st_size == record_sizes(form, parts, shapes, channels).sum()

    return [form for form in forms if not whole(form)]


def _live_with_the_parent() -> None:
    """Ignore Ctrl-C, which the process that shares out the work handles, and end when that process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _write_manifest(
    dataset: Dataset, folder: Path, chunks: Sequence[Chunk], forms: Sequence[str], own_content: str
) -> None:
    """Write the manifest, which makes the chunks one prepared dataset."""
    found: list[tuple[Row, int]] = []
    for number, chunk in enumerate(chunks):
        rows: list[Row] = json.loads((folder / f"{chunk.name}.json").read_text(encoding="utf-8"))
        found += [(row, number) for row in rows]
    found.sort(key=lambda item: item[0][0].encode())
    nothing = "0" * 64
    about = {
        "chunks": [chunk.name for chunk in chunks],
        "channels": dataset.channels,
        "forms": list(forms),
        "unreadable": {row[0]: row[6] for row, _ in found if not row[1]},
        "own_content": own_content,
    }
    digests = b"".join(bytes.fromhex((row[4] or nothing) + (row[5] or nothing)) for row, _ in found)
    with replacing(folder / MANIFEST) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            ids=np.array([row[0].encode() for row, _ in found]),
            parts=np.array([row[1] for row, _ in found], np.int8),
            shapes=np.array([row[2:4] for row, _ in found], np.int64),
            foreground=np.array([row[7] for row, _ in found], np.int64).reshape(len(found), -1),
            mask_values=np.array([row[8] for row, _ in found], np.float64),
            digests=np.frombuffer(digests, np.uint8).reshape(-1, 2, 32),
            chunk=np.array([number for _, number in found], np.int64),
            about=np.array(json.dumps(about)),
        )


def _remove_stale(folder: Path, chunks: Sequence[Chunk]) -> None:
    """Remove chunks of earlier states of the files, and what killed processes left behind.

    Ages are told by the disk's own clock, which wrote the manifest just now, and not by this machine's.
    """
    current, now = {chunk.name for chunk in chunks}, (folder / MANIFEST).stat().st_mtime
    for path in folder.iterdir():
        name = "-".join(path.name.removesuffix(".json").split("-")[:2])
        unfinished = path.name.startswith(".") and now - path.stat().st_mtime > STALE_SECONDS
        if unfinished or (path.suffix in (".json", ".bin") and not path.name.startswith(".") and name not in current):
            path.unlink(missing_ok=True)
