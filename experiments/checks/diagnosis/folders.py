"""Whether the folders that a command uses exist, are writable, have room, and are on a reliable file system."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.checks.diagnosis.check_result import CheckResult

GIB = 2**30
FULL, SCARCE = GIB, 10 * GIB
"""Free bytes below which nothing more fits, and below which a table may not fit: a run of ResNet-50 takes 0.1 GB."""

NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "fuse.s3fs", "glusterfs",
    "gpfs", "lustre", "nfs", "nfs4", "panfs", "smb3", "smbfs", "virtiofs", "wekafs",
}  # fmt: skip
"""Names of network file systems, whose files are on another machine."""

DRIFT = 2.0
"""Seconds that a file system's clock may be off. Files' times tell which of two attempts at a run is newer."""


@dataclass(frozen=True)
class Folder:
    """A folder that an option of the command line names.

    Attributes:
        option: the option that names the folder, such as ``--runs``.
        path: the path of the folder, which need not exist.
        use: what the folder holds; ``runs`` and ``cache`` must be writable, ``weights`` must be writable only if
            something is fetched, and ``data`` is only read.
    """

    option: str
    path: Path
    use: Literal["runs", "cache", "weights", "data"]


def existing(path: Path) -> Path:
    """The folder itself, or the nearest folder above it that exists."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The name of the file system that a folder is on, such as ``ext4``; empty if the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    kinds = {Path(point.replace("\\040", " ")): kind for _, point, kind, *_ in (line.split(" ") for line in lines)}
    home = path.resolve()
    return next((kinds[parent] for parent in (home, *home.parents) if parent in kinds), "")


def folder(
    of: Folder,
    *,
    statvfs: Callable[[Path], os.statvfs_result] = os.statvfs,
    probe: Callable[[Path], float] | None = None,
    kind: Callable[[Path], str] = file_system,
) -> list[CheckResult]:
    """All results for one folder; the folder is not made.

    Args:
        of: the folder to check.
        statvfs: a function that gives the size of a folder's file system, such as ``os.statvfs``.
        probe: a function that writes and renames in a folder and gives the seconds that its clock is ahead; None takes
            ``probed``.
        kind: a function that gives the name of the file system that a folder is on.
    """
    name, place = f"{of.use} folder", existing(of.path)
    if of.use == "data":
        return [_data(of)]
    if not place.is_dir():
        return [CheckResult(name, "problem", f"{place} is a file, not a folder", f"Name another one with {of.option}.")]
    try:
        ahead = (probe or probed)(place)
    except NotAtomicError as error:
        remedy = f"Name a folder on a local disk or a POSIX file system with {of.option}."
        return [CheckResult(name, "problem" if of.use == "runs" else "warning", f"{place}: {error}", remedy)]
    except OSError as error:
        state: Literal["warning", "problem"] = "warning" if of.use == "weights" else "problem"
        found = f"{place} cannot be written to ({error.strerror or error})"
        return [CheckResult(name, state, found, f"Make it writable, or name another one with {of.option}.")]
    made = "" if place == of.path else f" (made in {place} when it is needed)"
    results = [*_room(of, statvfs(place)), *_kind(of, kind(place))]
    if abs(ahead) > DRIFT:
        where = "ahead of" if ahead > 0 else "behind"
        remedy = "Set the clocks by NTP: which of two attempts at a run is newer is told by the times of files."
        results.append(CheckResult(name, "warning", f"its clock is {abs(ahead):.0f} s {where} this machine's", remedy))
    free = _free(statvfs(place)) / GIB
    return results or [CheckResult(name, "ok", f"{of.path}{made}: {kind(place) or 'writable'}, {free:.0f} GiB free")]


def _data(of: Folder) -> CheckResult:
    if not of.path.is_dir():
        remedy = f"Name the folder of real datasets with {of.option}; phantom editions need none."
        return CheckResult("data folder", "warning", f"{of.path} is not there", remedy)
    try:
        count = sum(path.is_dir() for path in of.path.iterdir())
    except OSError as error:
        found = f"{of.path} cannot be read ({error.strerror})"
        return CheckResult("data folder", "problem", found, f"Make it readable, or name another one with {of.option}.")
    return CheckResult(
        "data folder", "ok", f"{of.path}: {count} folders; `medtransfer list datasets` says what they are"
    )


def _free(found: os.statvfs_result) -> int:
    return found.f_frsize * found.f_bavail


def _room(of: Folder, found: os.statvfs_result) -> list[CheckResult]:
    name, free = f"{of.use} folder", _free(found)
    remedy = f"Make room, or name a folder on a larger disk with {of.option}."
    if free < FULL:
        return [CheckResult(name, "problem", f"{of.path}: {free / 2**20:.0f} MiB are free, the disk is full", remedy)]
    if found.f_files and not found.f_favail:
        return [CheckResult(name, "problem", f"{of.path}: the disk can hold no more files (no inodes)", remedy)]
    if free < SCARCE:
        return [CheckResult(name, "warning", f"{of.path}: {free / GIB:.1f} GiB are free", remedy)]
    return []


def _kind(of: Folder, kind: str) -> list[CheckResult]:
    name, words = f"{of.use} folder", f"{of.path} is on {kind}"
    if of.use == "runs" and kind in ("tmpfs", "ramfs"):
        return [
            CheckResult(name, "warning", f"{words}, in memory", f"Runs are lost with it; name a disk with {of.option}.")
        ]
    if kind not in NETWORK:
        return []
    if of.use == "cache":
        remedy = f"Each epoch reads all images from there; name a fast local disk with {of.option}."
        return [CheckResult(name, "warning", f"{words}, a network file system", remedy)]
    if of.use == "runs":
        remedy = (
            "Renaming works there now; where several machines write, it must be whole and visible on all of them: "
            "mount it without caching of directory entries (NFS: lookupcache=none), or run each table on one machine."
        )
        return [CheckResult(name, "warning", f"{words}, a network file system", remedy)]
    return []


class NotAtomicError(Exception):
    """Renaming a folder does not work as the run store needs it."""


def probed(place: Path, rename: Callable[[Path, Path], None] = os.rename) -> float:
    """Write and rename in a folder as the run store does, and remove everything again.

    Args:
        place: the folder, which must exist.
        rename: the function that renames a folder, such as ``os.rename``.

    Returns:
        The seconds that the file system's clock is ahead of this machine's.

    Raises:
        OSError: if the folder cannot be written to.
        NotAtomicError: if renaming replaces a folder that holds files, or a renamed folder is not seen.
    """
    home = Path(tempfile.mkdtemp(prefix=".medtransfer-doctor-", dir=place))
    try:
        for name in ("first", "second"):
            (home / name).mkdir()
            (home / name / "file").write_text(name, encoding="ascii")
        ahead = (home / "first" / "file").stat().st_mtime - time.time()
        rename(home / "first", home / "published")
        try:
            rename(home / "second", home / "published")
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        seen = sorted(path.name for path in home.iterdir())
        if seen != ["published", "second"] or (home / "published" / "file").read_text(encoding="ascii") != "first":
            raise NotAtomicError(f"a renamed folder was replaced or is not seen; found {', '.join(seen)}")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return ahead
