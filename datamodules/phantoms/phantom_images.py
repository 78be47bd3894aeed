"""Drawing the images of phantom editions: chest x-rays, fundus photographs, textures and CT slices.

They imitate what makes the real tasks what they are (position, texture, thin branching structures, low contrast,
noise, borders that are not sharp, structures that look alike, doubtful labels), not the anatomy.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Field = NDArray[np.float64]


def _grid(size: int) -> tuple[Field, Field]:
    """The row and the column of each pixel of an image, both from -1 to 1."""
    axis = np.linspace(-1.0, 1.0, size)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def _blob(size: int, row: float, column: float, height: float, width: float) -> Field:
    rows, columns = _grid(size)
    field: Field = np.exp(-(((rows - row) / height) ** 2) - ((columns - column) / width) ** 2)
    return field


def _to_pixels(field: Field) -> Pixels:
    return np.clip(np.rint(field * 255), 0, 255).astype(np.uint8)


def chest(generator: Generator, size: int, findings: dict[int, float]) -> Pixels:
    """A chest-like image with the given findings.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        findings: the contrast of each finding, 1 for the full one, by its number (0 to 13); each number has a shape, a
            texture and a place in the lungs.

    Returns:
        (size, size) uint8.
    """
    return chest_with_lesions(generator, size, findings)[0]


def chest_with_lesions(
    generator: Generator, size: int, findings: dict[int, float]
) -> tuple[Pixels, dict[int, NDArray[np.bool_]]]:
    """The image of ``chest``, and by the number of each finding a mask (size, size) of where it is."""
    lesions = {}
    rows, columns = _grid(size)
    shift, tilt = generator.normal(0, 0.05, 2)
    image = 0.55 + 0.1 * rows - 0.28 * _blob(size, shift, -0.42 + tilt, 0.62, 0.3)
    image -= 0.28 * _blob(size, shift, 0.42 + tilt, 0.62, 0.3)
    image += 0.25 * _blob(size, 0.3 + shift, 0.12 + tilt, 0.35, generator.uniform(0.2, 0.3))
    image += 0.04 * np.sin(rows * generator.uniform(16, 20) + 2 * np.abs(columns) + generator.uniform(0, 6))
    for number, contrast in findings.items():
        side = -1.0 if number % 2 else 1.0
        row = -0.5 + 1.0 * (number // 2) / 6 + generator.normal(0, 0.06) + shift
        column = side * 0.42 + generator.normal(0, 0.06) + tilt
        image += 0.45 * contrast * generator.uniform(0.6, 1.0) * _finding(generator, size, number % 4, row, column)
        lesions[number] = _patch(size, row, column) > np.exp(-1)
    image += 0.06 * cv2.GaussianBlur(generator.normal(0, 1.5, (size, size)), (0, 0), 1.0)
    return _to_pixels(image + generator.normal(0, 0.03, (size, size))), lesions


def doubtful_chest(generator: Generator, size: int, ill: bool, finding: int, contrast: float) -> tuple[Pixels, bool]:
    """A chest-like image with or without a finding, and a reader's label, which is wrong at times.

    Ill and healthy alike have another finding too, and the reader is wrong about 4 % of the images.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        ill: whether the image shows the finding.
        finding: the number of the finding (0 to 13), as in ``chest``.
        contrast: the contrast of the finding, 1 for the full one.

    Returns:
        The image (size, size) uint8, and whether its label says that it has the finding.
    """
    other = int(generator.choice([number for number in range(14) if number != finding]))
    label = ill != (generator.random() < 0.04)
    return chest(generator, size, ({finding: contrast} if ill else {}) | {other: 0.7}), label


def _patch(size: int, row: float, column: float) -> Field:
    """The strength of a finding at each pixel, from 1 in its middle down to 0."""
    return _blob(size, row, column, 0.2, 0.16)


def _finding(generator: Generator, size: int, kind: int, row: float, column: float) -> Field:
    rows, columns = _grid(size)
    patch = _patch(size, row, column)
    if kind == 0:  # an opacity
        return patch
    if kind == 1:  # a ring
        return patch - _blob(size, row, column, 0.1, 0.08) * 1.3
    if kind == 2:
        texture: Field = np.sin((rows + columns) * 28 + generator.uniform(0, 6))  # stripes
    else:
        texture = generator.choice([-1.0, 1.5], (size, size))  # speckle
    return patch * texture


def fundus(generator: Generator, size: int, lesions: int = 0) -> tuple[Pixels, Pixels, Pixels]:
    """A fundus-like image with branching vessels.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        lesions: the number of small bright and dark spots.

    Returns:
        The image (size, size, 3) uint8, its vessels and its field of view (size, size) uint8 in {0, 1}.
    """
    rows, columns = _grid(size)
    view = (rows**2 + columns**2 < 0.92**2).astype(np.uint8)
    mask = np.zeros((size, size), np.uint8)
    disc = (generator.uniform(-0.15, 0.15), generator.choice([-0.5, 0.5]))
    for start in np.linspace(0, 2 * np.pi, 7)[:-1]:
        _grow(generator, mask, disc, start + generator.normal(0, 0.3), 3.2 * size / 96, 3)
    mask &= view
    shade = 0.75 - 0.25 * (rows**2 + columns**2) + 0.1 * generator.normal() * columns
    shade += 0.3 * _blob(size, disc[0], disc[1], 0.16, 0.16)
    depth = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), 0.6) * generator.uniform(0.16, 0.3)
    shade += 0.05 * cv2.GaussianBlur(generator.normal(0, 3.0, (size, size)), (0, 0), 2.0)
    for number in range(lesions):
        place = generator.uniform(-0.6, 0.6, 2)
        shade += (0.22 if number % 2 else -0.22) * _blob(size, place[0], place[1], 0.07, 0.07)
    tint = np.array([0.85, 0.5, 0.25])
    image = (shade - depth)[..., None] * tint - depth[..., None] * np.array([0.0, 0.15, 0.05])
    image = (image + generator.normal(0, 0.035, (size, size, 3))) * view[..., None]
    return _to_pixels(image), mask, view


def _grow(
    generator: Generator, mask: Pixels, at: tuple[float, float], direction: float, width: float, branches: int
) -> None:
    """Draw a winding vessel of decreasing width, with branches."""
    size = len(mask)
    row, column = at
    for step in range(24):
        direction += generator.normal(0, 0.18)
        after = row + 0.07 * np.sin(direction), column + 0.07 * np.cos(direction)
        ends = [(round((c + 1) / 2 * (size - 1)), round((r + 1) / 2 * (size - 1))) for r, c in ((row, column), after)]
        cv2.line(mask, ends[0], ends[1], 1, max(1, round(width * (1 - step / 30))))
        row, column = after
        if branches and step in (6, 12):
            turn = generator.choice([-0.7, 0.7])
            _grow(generator, mask, (row, column), direction + turn, width * 0.6, branches - 1)
        if row**2 + column**2 > 1:
            return


def texture(generator: Generator, size: int, number: int, channels: int) -> Pixels:
    """An oriented wave whose angle and frequency tell the class, under noise.

    Args:
        generator: the random generator of phase, contrast and noise.
        size: height and width of the image, in pixels.
        number: the number of the class, from 0.
        channels: the number of channels C: 1 gives (size, size), others give (size, size, C).
    """
    rows, columns = _grid(size)
    angle = np.pi * number * 0.382 + generator.normal(0, 0.1)
    frequency = 8 + 3 * (number % 4) + generator.normal(0, 0.5)
    wave = np.sin(frequency * (rows * np.sin(angle) + columns * np.cos(angle)) + generator.uniform(0, 6))
    image = 0.5 + generator.uniform(0.08, 0.2) * wave + generator.normal(0, 0.12, (size, size))
    if channels == 1:
        return _to_pixels(image)
    return _to_pixels(image[..., None] * generator.uniform(0.6, 1.2, channels))


def lungs(generator: Generator, size: int) -> tuple[Pixels, Pixels, Pixels]:
    """A chest-like image with a lung on either side, whose borders are not sharp and which an opacity cuts into.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.

    Returns:
        The image, its left and its right lung, (size, size) uint8, masks in {0, 1}.
    """
    rows, columns = _grid(size)
    image, masks = chest(generator, size, {}) / 255, []
    for side in (0.42, -0.42):
        row, column = generator.normal(0, 0.06), side + generator.normal(0, 0.04)
        height, width = generator.uniform(0.5, 0.65), generator.uniform(0.2, 0.3)
        lung = (((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 < 1).astype(np.uint8)
        masks.append(lung)
        image = image - 0.1 * cv2.GaussianBlur(lung.astype(np.float64), (0, 0), size / 24)
        image = image + 0.15 * _blob(size, row + generator.choice([-1.0, 1.0]) * height, column, 0.3, 0.3)
    return _to_pixels(image), masks[0], masks[1]


def pneumothorax(generator: Generator, size: int, pieces: int) -> tuple[Pixels, list[Pixels]]:
    """A chest-like image with dark regions at the rim of a lung, and a dark fold of the skin that looks like one.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        pieces: the number of regions, 0 to 2.

    Returns:
        The image (size, size) uint8 and a mask (size, size) in {0, 1} of each region.
    """
    rows, columns = _grid(size)
    image, masks = chest(generator, size, {}) / 255, []
    for number in range(pieces):
        row, side = (-0.45, 0.4)[number] + generator.normal(0, 0.05), generator.choice([-1.0, 1.0])
        region = ((rows - row) / 0.28) ** 2 + ((columns - side * 0.55) / 0.17) ** 2 < 1
        masks.append(region.astype(np.uint8))
        shade = cv2.GaussianBlur(region.astype(np.float64), (0, 0), size / 32)
        image = image - 0.24 * generator.uniform(0.6, 1.0) * shade
    row, side = generator.uniform(-0.6, 0.6), generator.choice([-1.0, 1.0])
    image = image - 0.15 * generator.uniform(0.6, 1.0) * _blob(size, row, side * 0.55, 0.28, 0.12)
    return _to_pixels(image), masks


def chest_slices(generator: Generator, size: int, count: int, filled: set[int]) -> NDArray[np.int16]:
    """A stack of CT-like slices: bright vessels in a dark lung, some with a dark filling defect.

    In every other slice, with or without a defect, a part of the vessel is darker, as where contrast has not mixed; it
    has no border.

    Args:
        generator: the random generator of all that varies between stacks.
        size: height and width of the image, in pixels.
        count: the number of slices.
        filled: the numbers of the slices whose vessels hold a defect, from 0.

    Returns:
        (count, size, size) int16 in Hounsfield units.
    """
    rows, columns = _grid(size)
    body = rows**2 + columns**2 < 0.9
    row, column = generator.normal(0, 0.08, 2)
    slices = []
    for number in range(count):
        drift = 0.02 * number
        vessel = (rows - row - drift) ** 2 + (columns - column) ** 2 < 0.12
        values = np.where(body, 40.0, -1000.0) + np.where(vessel, 260.0, 0.0)
        if number in filled:
            defect = (rows - row - drift - 0.05) ** 2 + (columns - column - 0.05) ** 2 < 0.035
            values = values - np.where(defect, 70.0 * generator.uniform(0.6, 1.0), 0.0)
        if generator.random() < 0.5:
            shift = generator.normal(0, 0.12, 2)
            unmixed = _blob(size, row + drift + shift[0], column + shift[1], 0.2, 0.2)
            values = values - np.where(vessel, 90.0 * unmixed, 0.0)
        slices.append(values + generator.normal(0, 40.0, (size, size)))
    return np.rint(np.stack(slices)).astype(np.int16)
