"""Reading a folder of DICOM files as one volume: the slices of one series, in the order of their places in the body.

The order of names says nothing. Of each file, where it lies is known from ImageOrientationPatient, the directions of
its rows and columns, and ImagePositionPatient, the place of its first voxel (PS3.3, C.7.6.2.1.1), in mm from right to
left, from front to back and from foot to head.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datamodules.files.dicom import dicom_header, is_dicom, opened_dicom, padding_in
from datamodules.files.grid import PLACE, Grid, check_count, checked
from datamodules.files.images import unreadable
from datamodules.files.listing import LEFT_BY_SYSTEMS
from datamodules.files.stored import UnsuitedError
from specs.errors import DataError
from specs.quoting import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ELEMENTS = [
    "SeriesInstanceUID", "ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing", "Rows", "Columns",
    "SliceThickness", "SpacingBetweenSlices", "PhotometricInterpretation",
]  # fmt: skip
"""The elements that say where a slice lies."""

TURNED = 1e-3
"""By how much the directions of two slices may differ, as numbers of unit vectors; programs round them."""

UNEVEN = 0.05
"""By which share of the usual step from slice to slice a slice may lie elsewhere than that step says."""

SAME_PLACE = 1e-3
"""The distance in mm below which two slices lie at the same place."""

SERIES = "Keep one whole series in the folder, with equal steps, or leave the case out."


class Slice(NamedTuple):
    """A file of a series, and where it lies.

    Attributes:
        path: the path of the file.
        series: the identifier of its series.
        shape: the numbers of rows and of columns of the slice.
        directions: (2, 3) unit vectors: where a row leads, from column to column, and where a column leads.
        spacing: the distances of neighbouring rows, and of neighbouring columns, in mm.
        position: (3,) the place of its first voxel, in mm.
        thickness: the distance to the next slice as the file itself says it, in mm; 0 where it does not.
    """

    path: Path
    series: str
    shape: tuple[int, int]
    directions: NDArray[np.float64]
    spacing: tuple[float, float]
    position: NDArray[np.float64]
    thickness: float

    @property
    def normal(self) -> NDArray[np.float64]:
        """The unit vector (3,) at right angles to rows and columns."""
        import numpy as np

        return np.cross(*self.directions)


def series_files(folder: Path) -> tuple[Path, ...]:
    """The DICOM files that lie in a folder itself, sorted by name."""
    return _files(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=4096)
def _files(folder: Path, changed: int) -> tuple[Path, ...]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith(LEFT_BY_SYSTEMS))
    return tuple(path for path in (folder / name for name in names) if is_dicom(path))


def series_of(path: Path) -> str | None:
    """The id of the series that a DICOM file is a slice of; None where it does not say its place, or cannot be read."""
    try:
        return _slice(path).series
    except DataError:
        return None


def first_grid(folder: Path) -> Grid:
    """The grid of a series by its first file alone: the shape and the directions are right, the places along Z are not.

    Raises:
        DataError: if there is no DICOM file, or it does not say where it lies.
    """
    files = _some_files(folder)
    return _grid(folder, [_slice(files[0])] * len(files), 1.0)


def series_grid(folder: Path) -> Grid:
    """The grid of a series, whose slices are all looked at, without pixels.

    Raises:
        DataError: as ``series_values``, but for pixels.
    """
    return _ordered(folder)[1]


def series_values(folder: Path) -> tuple[NDArray[Any], Grid]:
    """The values of a series in the modality's units, (X, Y, Z), and their grid.

    X counts columns and Y rows; Z follows the normal of the slices. Each file is rescaled by its own slope and
    intercept, or its look-up table. Padding is no number.

    Raises:
        DataError: names files of different series, orientations or sizes, files at the same place, a gap between two
            files, or a file that is unreadable or not gray.
    """
    import numpy as np

    slices, grid = _ordered(folder)
    volume = np.empty(grid.shape, np.float32, order="F")
    for place, one in enumerate(slices):
        volume[..., place] = _values(one.path).T
    return volume, grid


def _values(path: Path) -> NDArray[np.float32]:
    import numpy as np
    from pydicom.pixels.processing import apply_modality_lut

    try:
        dataset, stored = opened_dicom(path)
        if stored.ndim != 2 or dataset.PhotometricInterpretation != "MONOCHROME2":
            model = plain(dataset.PhotometricInterpretation)
            raise UnsuitedError(f"its color model is {model}; expected MONOCHROME2 of slices")
        found = apply_modality_lut(stored, dataset).astype(np.float32)
        found[padding_in(dataset, stored)] = np.nan
    except (DataError, MemoryError):
        raise
    except UnsuitedError as error:
        raise unreadable(path, error, SERIES) from error
    except Exception as error:  # pydicom documents no common error for elements that are malformed
        why = f"its header or rescaling cannot be used ({plain(' '.join(str(error).split()), 200)})"
        raise unreadable(path, why, SERIES) from error
    return found


def _some_files(folder: Path) -> tuple[Path, ...]:
    files = series_files(folder)
    if not files:
        raise DataError(f"{plain(folder, 4096)} holds no DICOM files. Expected the slices of one series.")
    return files


def _slice(path: Path) -> Slice:
    import numpy as np

    header = dicom_header(path, ELEMENTS)
    try:
        directions = np.array([float(one) for one in header.ImageOrientationPatient]).reshape(2, 3)
        position = np.array([float(one) for one in header.ImagePositionPatient]).reshape(3)
        rows, columns = (float(one) for one in header.PixelSpacing)
        shape = int(header.Rows), int(header.Columns)
        thickness = float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 0)
        series = str(header.get("SeriesInstanceUID"))
    except Exception as error:  # as above
        raise unreadable(path, f"it does not say where its slice lies ({plain(error, 200)})", SERIES) from error
    right = np.abs(directions @ directions.T - np.eye(2)).max() <= TURNED
    if not (right and np.isfinite(position).all() and min(rows, columns) > 0):
        raise unreadable(path, "its rows and columns are not at right angles, or it has no place or spacing", PLACE)
    return Slice(path, series, shape, directions, (rows, columns), position, thickness)


def _ordered(folder: Path) -> tuple[list[Slice], Grid]:
    """The slices of a series along their normal, and their grid."""
    import numpy as np

    found = [_slice(path) for path in _some_files(folder)]
    first = found[0]
    for one in found[1:]:
        _check_alike(folder, first, one)
    normal = first.normal
    found.sort(key=lambda one: float(one.position @ normal))
    if len(found) == 1:
        return found, _grid(folder, found, abs(first.thickness))
    heights = np.array([one.position @ normal for one in found])
    _check_steps(folder, found, np.diff(heights))
    step = (found[-1].position - found[0].position) / (len(found) - 1)
    expected = found[0].position + np.arange(len(found))[:, None] * step
    away = np.linalg.norm(np.array([one.position for one in found]) - expected, axis=1)
    if away.max() > max(UNEVEN * float(np.linalg.norm(step)), SAME_PLACE):
        worst = found[int(away.argmax())].path
        raise _refused(folder, f"{worst.name} lies {away.max():.3g} mm beside the line of the others")
    return found, _grid(folder, found, step)


def _check_alike(folder: Path, first: Slice, one: Slice) -> None:
    """Refuse a slice of another series, size, spacing or orientation than the first."""
    import numpy as np

    names = f"{first.path.name} and {one.path.name}"
    if one.series != first.series:
        raise _refused(folder, f"{names} are of different series")
    if one.shape != first.shape:
        sizes = " and ".join(f"{rows} x {columns}" for rows, columns in (first.shape, one.shape))
        raise _refused(folder, f"{names} are of {sizes} pixels")
    if np.abs(one.directions - first.directions).max() > TURNED:
        raise _refused(folder, f"{names} are oriented differently")
    if not np.allclose(one.spacing, first.spacing, rtol=TURNED):
        raise _refused(folder, f"{names} have pixels of different sizes")


def _check_steps(folder: Path, found: Sequence[Slice], steps: NDArray[np.float64]) -> None:
    """Refuse slices at the same place, and steps that are longer or shorter than usual."""
    import numpy as np

    def names(place: int) -> str:
        return f"{found[place].path.name} and {found[place + 1].path.name}"

    if steps.min() < SAME_PLACE:
        raise _refused(folder, f"{names(int(steps.argmin()))} lie at the same place")
    usual = float(np.median(steps))
    worst = int(np.abs(steps - usual).argmax())
    if abs(steps[worst] - usual) > UNEVEN * usual:
        raise _refused(
            folder, f"{names(worst)} lie {steps[worst]:.4g} mm apart, and neighbouring slices {usual:.4g} mm: a gap"
        )


def _grid(folder: Path, slices: Sequence[Slice], step: NDArray[np.float64] | float) -> Grid:
    """The grid of ordered slices.

    Args:
        folder: the folder of the series, for messages.
        slices: the slices in order, of which the first says the place.
        step: (3,) the way from a slice to the next, in mm, or its length along the normal.
    """
    import numpy as np

    first = slices[0]
    (height, width), (rows, columns) = first.shape, first.spacing
    check_count(folder, (width, height, len(slices)))
    affine = np.eye(4)
    affine[:3, 0] = first.directions[0] * columns
    affine[:3, 1] = first.directions[1] * rows
    affine[:3, 2] = first.normal * step if isinstance(step, float) else step
    affine[:3, 3] = first.position
    return checked(folder, (width, height, len(slices)), np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


def _refused(folder: Path, why: str) -> DataError:
    return DataError(f"the series in {plain(folder, 4096)} is no volume: {plain(why, 400)}. {SERIES}")
