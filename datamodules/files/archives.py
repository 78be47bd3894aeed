"""Unpacking zip archives that were downloaded: whole or not at all, and never outside of the target folder."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from specs.errors import DataError, StorageError
from specs.files import filling

MOST_EXPANSION = 20
"""By which factor an archive may grow, at most. Archives of images, which are compressed already, hardly grow; a zip
bomb grows by 1,000 and more (deflate's limit is 1,032, https://www.zlib.net/zlib_tech.html)."""

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, FileExistsError, NotADirectoryError,
)  # fmt: skip
"""The exceptions for an archive that is damaged, packed by an unknown method, or has a file where a folder must be."""

BLOCK = 2**20
"""How many bytes are written at a time."""


def unpack(
    archive: Path, folder: str, target: Path, report: Callable[[int, int | None], None] = lambda done, total: None
) -> int:
    """Unpack one folder of an archive; it appears under its name once all of it is there.

    What is beside that folder, such as a file manager's ``__MACOSX``, is left out.

    Args:
        archive: the zip file.
        folder: the name of the folder at the archive's top that is unpacked.
        target: the folder that its content is written to; it must not exist.
        report: a function that is told how many bytes have been written, and of how many.

    Returns:
        The number of files.

    Raises:
        DataError: if it is no zip file, is damaged, lacks the folder, or holds what an archive of images does not:
            paths that lead elsewhere, links, encrypted entries, an entry twice, or far more than its size lets expect.
        StorageError: if the disk has no room for it.
    """
    temporary = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(temporary, ignore_errors=True)  # left by a process that was killed
    try:
        with filling(target), zipfile.ZipFile(archive) as opened:
            members = list(_members(opened, archive, folder))
            total = sum(member.file_size for member, _ in members)
            _check_size(archive, total, target.parent)
            temporary.mkdir(parents=True)
            done = 0
            for member, inner in members:
                path = temporary / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, path.open("xb") as file:
                    while block := source.read(BLOCK):
                        file.write(block)
                        done += len(block)
                        report(done, total)
                    file.flush()
                    os.fsync(file.fileno())
            temporary.rename(target)
    except UNREADABLE as error:
        raise DataError(f"{archive} cannot be unpacked: {error}. Delete it and fetch it again.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return len(members)


def _members(opened: zipfile.ZipFile, archive: Path, folder: str) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The files of the folder with their paths in it, after a look at every entry of the archive."""
    seen = set[PurePosixPath]()
    tops = dict[str, None]()
    for member in opened.infolist():
        path = PurePosixPath(member.filename)
        # zipfile replaces what the system does not take in names, so the name as it stands in the file is looked at.
        if path.is_absolute() or ".." in path.parts or "\\" in member.orig_filename or "\0" in member.orig_filename:
            raise _refused(archive, member, "a path that leads out of its folder or that systems read differently")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused(archive, member, "a link or device")
        if member.flag_bits & 1:
            raise _refused(archive, member, "an encrypted file")
        tops.setdefault(path.parts[0] if path.parts else "", None)
        if member.is_dir() or not path.parts or path.parts[0] != folder or len(path.parts) < 2:
            continue
        if path in seen:
            raise _refused(archive, member, "a file that is in it twice")
        seen.add(path)
        yield member, path.relative_to(folder)
    if not seen:
        raise DataError(
            f"{archive} has no files in a folder {folder}; at its top there are {', '.join(list(tops)[:8]) or 'none'}. "
            "Its publishers changed it, or it is another archive; look at their page."
        )


def _refused(archive: Path, member: zipfile.ZipInfo, what: str) -> DataError:
    return DataError(
        f"{archive} holds {member.filename!r}, {what}, and nothing of it was unpacked. An archive of images has only "
        "plain files; delete it, and look at its publishers' page."
    )


def _check_size(archive: Path, total: int, where: Path) -> None:
    size = archive.stat().st_size
    if total > MOST_EXPANSION * size:
        raise DataError(
            f"{archive} has {size:,} bytes and would unpack to {total:,}, more than {MOST_EXPANSION} times as many: "
            "that is no archive of images. Delete it, and look at its publishers' page."
        )
    where.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(where).free
    if total > free:
        raise StorageError(
            f"{archive} unpacks to {total:,} bytes, and its disk has {free:,} left. Free some space or give another "
            "--data-root, then give the same command again: it goes on from the archive."
        )
