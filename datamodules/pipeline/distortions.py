"""Distortions of images and masks as albumentations 0.4.3 did them; today's albumentations does them otherwise.

The source is https://github.com/albumentations-team/albumentations, commit 967fe1b (version 0.4.3, which the official
code of the benchmark asks for), albumentations/augmentations/functional.py. What is drawn there is an argument here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

BORDER = cv2.BORDER_REFLECT_101
"""What lies outside of an image is its mirror image, the outermost row and column not repeated."""

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]


def affine_matrix(shape: tuple[int, int], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine part of an elastic deformation (``elastic_transform``), given by the shifts of three points.

    The points are three corners of a square in the middle, whose half side is a third of the shorter side.

    Args:
        shape: height and width of the image, in pixels.
        offsets: (3, 2), by how many pixels each point is moved.

    Returns:
        (2, 3), from a place (x, y, 1) to the place where its pixel is moved to.
    """
    middle = np.array(shape, np.float32) // 2  # height first, as there: the same for square images
    reach = min(shape) // 3
    points = middle + reach * np.array([[1, 1], [1, -1], [-1, -1]], np.float32)
    return np.asarray(cv2.getAffineTransform(points, points + offsets.astype(np.float32)), np.float64)


def smoothed(noise: Field, sigma: float, alpha: float) -> Field:
    """One coordinate of an elastic displacement, in pixels (``elastic_transform``).

    Args:
        noise: (H, W), independent draws from [-1, 1].
        sigma: the standard deviation of the Gaussian filter in pixels, cut off at four of them; beyond the border lies
            the mirror image, the outermost values repeated, as in scipy's ``gaussian_filter``.
        alpha: the factor of the filtered noise, in pixels.
    """
    width = 2 * int(4 * sigma + 0.5) + 1
    field: Field = cv2.GaussianBlur(noise, (width, width), sigma, borderType=cv2.BORDER_REFLECT)  # type: ignore[assignment]
    return field * np.float32(alpha)


def displaced(shift_x: Field, shift_y: Field) -> tuple[Field, Field]:
    """The maps of a displacement, each (H, W), in pixels: the shifted column and the shifted row of each pixel."""
    rows, columns = (np.arange(length, dtype=np.float32) for length in shift_x.shape)
    map_x: Field = shift_x + columns
    map_y: Field = shift_y + rows[:, None]
    return map_x, map_y


def grid_cells(length: int, cells: int) -> int:
    """How many cells ``grid_axis`` has: one more than was asked for where ``cells`` does not divide the length.

    Very short images have more (a side of 14 pixels in 5 cells of 2 pixels has 7); there the library failed.
    """
    return math.ceil(length / max(1, length // cells))


def grid_axis(length: int, cells: int, stretches: Sequence[float]) -> Field:
    """The column (or row) of the image that each column (or row) of a grid distortion shows (``grid_distortion``).

    Each cell covers ``length // cells`` pixels and shows ``stretches`` times as many, from where the cell before it
    ended; so its first pixel is the last of the cell before it. A last, smaller cell shows all that is left.

    Args:
        length: the length of the side, in pixels.
        cells: the number of cells that the side is divided into.
        stretches: the factor by which each cell is stretched; ``grid_cells`` numbers.

    Returns:
        (length,), in pixels.
    """
    step = max(1, length // cells)
    axis, begin = np.zeros(length, np.float32), 0.0
    for start, stretch in zip(range(0, length, step), stretches, strict=True):
        whole = start + step <= length
        end = begin + step * stretch if whole else float(length)
        axis[start : start + step] = np.linspace(begin, end, min(step, length - start))
        begin = end
    return axis


def warped(image: Pixels, matrix: NDArray[np.float64], maps: tuple[Field, Field], interpolation: int) -> Pixels:
    """An image or mask after the affine part, then the displacement, each interpolated (``elastic_transform``).

    Args:
        image: (H, W) or (H, W, 3) uint8.
        matrix: (2, 3), the affine map, as of ``affine_matrix``.
        maps: the columns and the rows, each (H, W), that pixels are taken from, as of ``displaced``.
        interpolation: the number of OpenCV's interpolation; ``INTER_NEAREST`` for masks.
    """
    size = image.shape[1::-1]
    moved = cv2.warpAffine(image, matrix, size, flags=interpolation, borderMode=BORDER)
    return cv2.remap(moved, *maps, interpolation=interpolation, borderMode=BORDER)  # type: ignore[return-value]
