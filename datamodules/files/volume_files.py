"""Reading volumes of all kinds in one way: values as they are stored, (X, Y, Z), and the places of their voxels.

A volume is a NIfTI, MetaImage or NRRD file, or a folder of DICOM files of one series.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.dicom_series import first_grid, series_files, series_grid, series_values
from datamodules.files.grid import Grid
from datamodules.files.images import missing, refused_by_system, unreadable
from datamodules.files.itk_volumes import itk_grid, itk_values
from datamodules.files.listing import ending_of
from datamodules.files.nifti import nifti_values, opened_nifti

if TYPE_CHECKING:
    from numpy.typing import NDArray

NIFTI = (".nii", ".nii.gz")
ITK = (".mha", ".nrrd")

State = tuple[tuple[str, int, int], ...]
"""The path, size and time of change of each file of a volume, by which a volume that is kept is known to be current."""


def read_volume(path: Path, channels: int = 1) -> tuple[NDArray[Any], Grid]:
    """The values of a volume's voxels, (X, Y, Z), or (X, Y, Z, C) of several channels, and their grid.

    Values are in the units that the file declares: scaled by its slope and intercept where it has them.

    Args:
        path: the path of the file, or of the folder of a series.
        channels: the number of channels that the file is to hold; only NIfTI files are read with several.

    Raises:
        DataError: names the file or folder if it is missing, damaged, of another number of channels, or without
            orientation.
    """
    if _is_nifti(path, channels):
        opened = opened_nifti(path, channels)
        return nifti_values(opened), opened.grid
    return series_values(path) if is_series(path) else itk_values(path)


def read_grid(path: Path, channels: int = 1) -> Grid:
    """The grid of a volume, from headers alone.

    Raises:
        DataError: as ``read_volume``, for what headers tell.
    """
    if _is_nifti(path, channels):
        return opened_nifti(path, channels).grid
    return series_grid(path) if is_series(path) else itk_grid(path)


def first_look(path: Path, channels: int = 1) -> Grid:
    """The grid of a volume by as little as tells its shape and its directions: of a series, its first file.

    Raises:
        DataError: as ``read_volume``, for what this tells.
    """
    return first_grid(path) if channels == 1 and is_series(path) else read_grid(path, channels)


def packed_or_not(path: Path) -> Path:
    """The NIfTI file of a path without its ending: ``.nii`` where only that is there, else ``.nii.gz``."""
    plain, packed = (path.with_name(path.name + ending) for ending in NIFTI)
    return plain if plain.is_file() and not packed.is_file() else packed


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a volume: the path itself, or the DICOM files of a folder."""
    return series_files(path) or (path,) if is_series(path) else (path,)


def state_of(path: Path) -> State:
    """The state of a volume's files.

    Raises:
        DataError: if it is not there.
    """
    try:
        if not is_series(path):  # each slice asks anew
            found = path.stat()
            return ((str(path), found.st_size, found.st_mtime_ns),)
        states = ((str(one), one.stat()) for one in files_of(path))
        return tuple((name, one.st_size, one.st_mtime_ns) for name, one in states)
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        raise refused_by_system(path, error) from error


def is_series(path: Path) -> bool:
    """Whether a path is a folder of DICOM files, and not a file by its name."""
    return not str(path).lower().endswith((*NIFTI, *ITK)) and path.is_dir()


def _is_nifti(path: Path, channels: int) -> bool:
    """Whether a volume is a NIfTI file; others are refused where several channels are expected of a file.

    Raises:
        DataError: if the volume is of no kind that is read, or cannot have the channels.
    """
    nifti = not is_series(path) and _kind(path) in NIFTI
    if channels > 1 and not nifti:
        raise unreadable(
            path,
            f"it is to hold {channels} channels, and of files only NIfTI ({', '.join(NIFTI)}) are read with several",
            "Give each channel a file of its own.",
        )
    return nifti


def _kind(path: Path) -> str:
    """The ending of a file's name, if such files are read."""
    ending = ending_of(path.name)
    if ending in (".mhd", ".nhdr", ".hdr", ".img"):
        raise unreadable(path, "its voxels are in another file", "Save header and voxels as one file.")
    if ending not in (*NIFTI, *ITK):
        expected = f"{', '.join((*NIFTI, *ITK))}, or a folder"
        raise unreadable(path, f"its name ends in {ending or 'nothing'}; expected {expected}", "Convert it.")
    return ending
