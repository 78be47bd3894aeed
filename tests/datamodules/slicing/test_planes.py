"""Slices lie where the anatomy says: nibabel's orientations and the places of single voxels are the judges."""

from __future__ import annotations

from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.orientations import io_orientation
from numpy.typing import NDArray

from datamodules.slicing.planes import Axis, plane_of, tilt
from tests.datamodules.slicing.geometry import affines, rotation

UPWARDS = {"axial": 2, "coronal": 1, "sagittal": 0}
"""The axis of RAS coordinates along which slice numbers rise."""

EDGES = {"axial": ("P", "L"), "coronal": ("I", "L"), "sagittal": ("I", "P")}
"""Where the lower and the right edge of a picture are, in nibabel's letters."""


@settings(max_examples=60, deadline=None)
@given(affines(), st.sampled_from(("axial", "coronal", "sagittal")), st.integers(0, 2**32))
def test_a_drawn_voxel_lands_where_the_anatomy_says(affine: NDArray[np.float64], axis: Axis, seed: int) -> None:
    """Of two marked voxels, the one nearer to an edge of the picture is nearer to that side of the body.

    They differ along one axis of the file alone, so that turning the patient by some degrees changes nothing.
    """
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(2, 6, 3).tolist())
    first = generator.integers(0, shape)
    along = int(generator.integers(3))
    second = first.copy()
    second[along] = (first[along] + 1) % shape[along]
    values = np.zeros(shape, np.uint8)
    values[tuple(first)], values[tuple(second)] = 1, 2
    stacked = plane_of(affine, axis).stacked(values)
    places = [np.argwhere(stacked == mark)[0] for mark in (1, 2)]
    bodies = [nibabel.affines.apply_affine(affine, voxel) for voxel in (first, second)]
    (moved,) = np.flatnonzero(places[0] != places[1])
    down, right = EDGES[axis]
    letter = ("RAS"[UPWARDS[axis]], down, right)[moved]
    body, sign = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}[letter]
    assert np.sign(places[1][moved] - places[0][moved]) == np.sign(sign * (bodies[1] - bodies[0])[body])


@settings(max_examples=60, deadline=None)
@given(affines(), st.sampled_from(("axial", "coronal", "sagittal")))
def test_the_axes_are_those_that_nibabel_finds_nearest(affine: NDArray[np.float64], axis: Axis) -> None:
    shape = (3, 4, 5)
    values = np.arange(60).reshape(shape)
    ras = nibabel.orientations.apply_orientation(values, io_orientation(affine))
    expected = {
        "axial": ras.transpose(2, 1, 0)[:, ::-1, ::-1],
        "coronal": ras.transpose(1, 2, 0)[:, ::-1, ::-1],
        "sagittal": ras.transpose(0, 2, 1)[:, ::-1, ::-1],
    }
    assert np.array_equal(plane_of(affine, axis).stacked(values), expected[axis])


@pytest.mark.parametrize("angles", [(0, 0, 0), (12, 0, 0), (0, 0, -30)])
def test_the_tilt_is_the_angle_that_a_volume_was_turned_by(angles: tuple[float, float, float]) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles)[:, [1, 2, 0]] * [0.7, -0.7, 3]
    assert tilt(affine) == pytest.approx(max(map(abs, angles)), abs=1e-6)


def test_acquired_slices_are_as_the_file_has_them_whatever_it_says_of_the_body() -> None:
    values: NDArray[Any] = np.arange(24).reshape(2, 3, 4)
    stacked = plane_of(np.diag([-1.0, -1.0, 1.0, 1.0]), "acquired").stacked(values)
    assert np.array_equal(stacked[1], values[:, :, 1].T)
