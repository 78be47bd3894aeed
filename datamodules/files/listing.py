"""Which files a folder holds, and which of them are images: by their endings, and by their first bytes without one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from datamodules.files.dicom import is_dicom
from specs.errors import DataError
from specs.files import no_file
from specs.quoting import LONGEST_PATH, plain

IMAGES = frozenset((
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".gif", ".dcm", ".dicom", ".ima", ".bmp", ".webp",
    ".jp2", ".ppm", ".pgm",
))  # fmt: skip
"""Endings of image files, in lower case, also of formats that are refused when they are read."""

VOLUMES = (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr", ".mgz", ".img")
"""Endings of files of volumes, in lower case."""

TABLES = frozenset((".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods"))
"""Endings of tables, in lower case."""

BESIDE = TABLES | frozenset((
    ".txt", ".md", ".rst", ".json", ".xml", ".html", ".htm", ".yaml", ".yml", ".pdf", ".doc", ".docx", ".rtf", ".log",
    ".py", ".m", ".r", ".ipynb", ".sh", ".ini", ".cfg", ".npy", ".npz", ".mat", ".h5", ".pkl", ".pt", ".pth", ".zip",
    ".gz", ".tar", ".7z", ".rar", ".bak", ".tmp", ".part", ".db", ".lnk", ".hdr", ".raw", ".zraw", *VOLUMES,
))  # fmt: skip
"""Endings of files that often lie beside images and are no images."""

UNREAD = BESIDE - TABLES
"""Endings of files whose names do not matter, since nothing reads them."""

BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8")
"""The first bytes of PNG, JPEG, TIFF and GIF files."""

LEFT_BY_SYSTEMS = (".", "Thumbs.db", "desktop.ini", "__MACOSX")
"""Beginnings of the names of files and folders that operating systems leave behind."""


def files_in(folder: Path) -> list[Path]:
    """The files of a folder and of all folders in it, sorted, without those that operating systems leave behind.

    Links are followed, each folder once. A link that leads nowhere is a file that is not there, and is among them.

    Raises:
        DataError: if a folder may not be looked into, or a name is no UTF-8.
    """
    return sorted(_walked(folder, set()))


def in_utf8(names: Iterable[str], folder: Path) -> list[str]:
    """The names of files or folders in a folder, sorted.

    Raises:
        DataError: if one is no UTF-8, so that neither tables nor results could hold it.
    """
    listed = sorted(names)
    for name in listed:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{plain(folder, LONGEST_PATH)} holds {plain(name)}, whose name is no UTF-8; names that an older "
                "Windows or archive wrote often are not. Rename it, such as by `convmv -f cp1252 -t utf8`."
            ) from None
    return listed


def image_files_in(folder: Path) -> list[Path]:
    """The images of a folder and of all folders in it, sorted."""
    return [path for path in files_in(folder) if is_image(path)]


def ending_of(name: str) -> str:
    """The ending of a file's name in lower case, ``.nii.gz`` as a whole; empty where there is none."""
    last = name.lower().rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    return ".nii.gz" if last.endswith(".nii.gz") else dot + ending if stem and ending else ""


def is_image(path: Path) -> bool:
    """Whether a file is an image, by its ending or, where that is not known, by its first bytes."""
    ending = ending_of(path.name)
    if ending in IMAGES:
        return True
    if ending in BESIDE or no_file(path):
        return False
    try:
        with path.open("rb") as file:
            first = file.read(8)
    except OSError:
        return False
    return first.startswith(BEGINNINGS) or is_dicom(path)


def _walked(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        own = folder.stat()
        if (own.st_dev, own.st_ino) in seen:
            return
        seen.add((own.st_dev, own.st_ino))
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))  # files before links
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be looked into: {error.strerror}. Make it readable.") from error
    found = [entry for entry in found if not entry.name.startswith(LEFT_BY_SYSTEMS)]
    in_utf8((entry.name for entry in found if entry.is_dir() or ending_of(entry.name) not in UNREAD), folder)
    for entry in found:
        if entry.is_dir():
            yield from _walked(folder / entry.name, seen)
        else:
            yield folder / entry.name
