"""Masks of slices as a volume again, in the geometry of the file that the slices are of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.files.grid import Grid
from datamodules.files.nifti import opened_nifti, write_nifti
from datamodules.files.volume_files import NIFTI, read_grid
from datamodules.slicing.planes import Axis, plane_of
from specs.errors import DataError, UsageError
from specs.quoting import names

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


def volume_of_slices(masks: Mapping[int, Pixels], grid: Grid, axis: Axis) -> Pixels:
    """A volume (X, Y, Z) uint8 of the masks of all of its slices.

    Args:
        masks: the mask (H, W) of each slice by its number. One of another size than the slice, such as a network's or
            that of square pixels, is resampled: a voxel has the class that covers the most of it.
        grid: the grid of the volume.
        axis: the axis across which the slices were taken.

    Raises:
        DataError: if a slice has no mask, or a mask is of no slice.
    """
    import numpy as np

    from datamodules.files.resampling import resize_mask

    volume: Pixels = np.zeros(grid.shape, np.uint8, order="F")
    plane = plane_of(grid.affine, axis)
    count, height, width = plane.sizes(grid)
    if set(masks) != set(range(count)):
        lacking, beyond = sorted(set(range(count)) - set(masks)), sorted(set(masks) - set(range(count)))
        raise DataError(
            f"the masks are of {len(masks)} slices, expected all {count} of the volume; without a mask: "
            f"{names(lacking)}, and of no slice: {names(beyond)}. Predict every slice (every=1)."
        )
    slices = plane.stacked(volume)
    for number, mask in masks.items():
        slices[number] = resize_mask(mask, (height, width), "antialiased")
    return volume


def put_back(masks: Mapping[int, Pixels], image: Path, axis: Axis, path: Path, channels: int = 1) -> None:
    """Write the masks of all slices of a volume as NIfTI, voxel by voxel on the grid of the volume.

    Of a NIfTI file, header fields that place voxels are taken over as they are. Voxels hold 0 or the number of a class.

    Args:
        masks: the mask (H, W) of each slice by its number, as ``volume_of_slices`` takes them.
        image: the volume that the slices are of, a file or a folder of a DICOM series.
        axis: the axis across which the slices were taken.
        path: the path of the new file, which ends in ``.nii`` or ``.nii.gz``.
        channels: the number of channels that the volume's file holds; the mask has none.

    Raises:
        DataError: if the volume cannot be read, or a slice has no mask.
        UsageError: if the path ends otherwise.
    """
    if not path.name.endswith(NIFTI):
        raise UsageError(f"{path} ends otherwise than {' or '.join(NIFTI)}, as which volumes are written. Rename it.")
    like = opened_nifti(image, channels) if image.is_file() and image.name.lower().endswith(NIFTI) else None
    grid = read_grid(image, channels) if like is None else like.grid
    write_nifti(path, volume_of_slices(masks, grid, axis), grid.affine, like)
