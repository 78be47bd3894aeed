"""Drawing MR-like phantom volumes of a head with a tumour in four sequences. They imitate the task, not the anatomy."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

BRAIN, FLUID, SPOT, NECROSIS, OEDEMA, ENHANCING = range(6)
"""What voxels show, as the rows of ``LEVELS`` count it; a spot is bright in FLAIR as oedema is, and is none."""

LEVELS = {
    "flair": (300, 110, 470, 240, 470, 390),
    "t1": (400, 180, 350, 270, 340, 350),
    "t1ce": (400, 180, 350, 250, 340, 620),
    "t2": (300, 640, 310, 540, 470, 390),
}
"""The mean value of each of them in each sequence, in the arbitrary units of MR; outside of the head it is 0."""

LABELS = {NECROSIS: 1, OEDEMA: 2, ENHANCING: 4}
"""The values of masks of BraTS 2020."""


def head(generator: Generator, shape: tuple[int, int, int]) -> tuple[dict[str, NDArray[np.int16]], NDArray[np.uint8]]:
    """A head without its skull, with a tumour: oedema around a bright ring, which is around a dark core.

    Args:
        generator: the random generator of all that varies between heads.
        shape: the numbers of voxels X, Y and Z, from side to side, from front to back and from foot to head.

    Returns:
        The values (X, Y, Z) int16 of each sequence by its name, and the mask (X, Y, Z) uint8 in {0, 1, 2, 4}.
    """
    ends = (1.0, 1.0, 0.8)  # no slice is at the very end of the brain
    x, y, z = np.meshgrid(
        *(np.linspace(-end, end, count) for end, count in zip(ends, shape, strict=True)), indexing="ij"
    )
    inside = (x / 0.8) ** 2 + (y / 0.92) ** 2 + (z / 1.5) ** 2 < 1
    tissue = np.full(shape, BRAIN)
    for side in (-0.18, 0.18):  # ventricles
        tissue[((x - side) / 0.1) ** 2 + (y / 0.32) ** 2 + (z / 0.9) ** 2 < 1] = FLUID
    for _ in range(3):
        row, column, place = generator.uniform(-0.5, 0.5), generator.uniform(-0.6, 0.6), generator.uniform(-0.8, 0.8)
        tissue[((x - row) ** 2 + (y - column) ** 2) / 0.012 + ((z - place) / 0.3) ** 2 < 1] = SPOT
    row, column = generator.choice([-1, 1]) * generator.uniform(0.2, 0.4), generator.uniform(-0.45, 0.45)
    angle, place = np.arctan2(y - column, x - row), generator.uniform(-0.4, 0.4)
    border = 1 + sum(0.1 * generator.normal() * np.cos(n * angle + generator.uniform(0, 6)) for n in (2, 3, 5))
    away = np.sqrt((x - row) ** 2 + (y - column) ** 2 + (0.45 * (z - place)) ** 2) / border
    extent = generator.uniform(0.28, 0.42)
    for part, share in ((OEDEMA, 1.0), (ENHANCING, 0.65), (NECROSIS, 0.4)):
        tissue[away < share * extent] = part
    sequences = {}
    for name, levels in LEVELS.items():
        tilt = generator.normal(0, 0.06, 2)
        values = np.array(levels, np.float64)[tissue] * (1 + tilt[0] * x + tilt[1] * y)
        values += 25 * cv2.GaussianBlur(generator.normal(0, 4.0, shape), (0, 0), 2.0)
        values = (values + generator.normal(0, 45.0, shape)) * generator.uniform(0.6, 1.6)
        sequences[name] = np.where(inside, np.clip(np.rint(values), 1, None), 0).astype(np.int16)
    mask = np.zeros(shape, np.uint8)
    for part, label in LABELS.items():
        mask[(tissue == part) & inside] = label
    return sequences, mask
