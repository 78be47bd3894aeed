"""Distances between surfaces of masks: closed forms, and SciPy's distance transforms as another way to them."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from experiments.measures.measuring.surfaces import monai_is_installed, surface_distances
from specs.errors import UsageError


def by_transforms(one: NDArray[Any], other: NDArray[Any], sides: tuple[float, ...] | None) -> tuple[float, float]:
    """HD95 and ASSD from the distance of every pixel of the image to each surface."""
    surfaces = [mask & ~binary_erosion(mask) for mask in (one, other)]
    away = [distance_transform_edt(~surface, sampling=sides) for surface in surfaces]
    there, back = away[1][surfaces[0]], away[0][surfaces[1]]
    return max(np.percentile(there, 95), np.percentile(back, 95)), np.concatenate([there, back]).mean()


def square(left: int, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((40, 40), bool)
    mask[10 : 10 + side, left : left + side] = True
    return mask


@pytest.mark.parametrize(("side", "shift"), [(12, 3), (9, 1), (6, 20)])
def test_two_squares_that_lie_shifted(side: int, shift: int) -> None:
    """Each pixel of an outline is compared with all of the other one, in whole numbers."""
    first = [(y, x) for y in range(side) for x in range(side) if {y, x} & {0, side - 1}]
    there = [min(((y - v) ** 2 + (x - u - shift) ** 2) ** 0.5 for v, u in first) for y, x in first]
    found = surface_distances(square(2, side), square(2 + shift, side))
    assert found.hd95 == pytest.approx(np.percentile(there, 95))
    assert found.assd == pytest.approx(np.mean(there)), "by symmetry, the way back is the same"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_plates_are_as_far_apart_as_voxels_are_long(axis: int) -> None:
    """Two plates of one voxel's thickness, five voxels apart along each axis in turn."""
    masks = np.zeros((2, 8, 8, 8), bool)
    for number, place in enumerate((1, 6)):
        np.moveaxis(masks[number], axis, 0)[place] = True
    sides = (3.0, 0.8, 0.5)
    assert surface_distances(*masks, sides) == pytest.approx((5 * sides[axis], 5 * sides[axis]))


def test_spheres_in_thick_slices_are_as_far_apart_as_their_radii_differ() -> None:
    sides = (2.0, 0.75, 1.0)
    axes = np.meshgrid(*(side * np.arange(-25, 26) for side in sides), indexing="ij", sparse=True)
    radius = np.sqrt(axes[0] ** 2 + axes[1] ** 2 + axes[2] ** 2)
    found = surface_distances(radius <= 10, radius <= 16, sides)
    assert found.hd95 == pytest.approx(6, abs=1.5)
    assert found.assd == pytest.approx(6, abs=0.5)
    assert surface_distances(radius <= 16, radius <= 16, sides) == (0, 0)


@pytest.mark.parametrize("sides", [None, (2.5, 0.7), (1.5, 0.6, 0.9)])
def test_masks_of_any_form_are_measured_as_by_distance_transforms(sides: tuple[float, ...] | None) -> None:
    """Of one component or several, at the edge of the image and with holes."""
    generator = np.random.default_rng(5)
    shape = (24, 31) if sides is None or len(sides) == 2 else (9, 17, 13)
    for share in (0.02, 0.3, 0.9):
        one, other = generator.random((2, *shape)) < share
        assert surface_distances(one, other, sides) == pytest.approx(by_transforms(one, other, sides), rel=1e-5)


def test_a_volume_of_one_slice_is_measured_in_its_plane() -> None:
    found = surface_distances(square(2, 9)[None], square(7, 9)[None], (5.0, 2.0, 2.0))
    in_plane = surface_distances(np.ones((9, 9), bool), np.ones((9, 9), bool))
    assert in_plane == (0, 0)
    assert found.hd95 == pytest.approx(10), "all voxels are surface, since no slice lies beside them"


def test_an_empty_mask_has_no_surface_and_no_warning_reaches_the_user() -> None:
    with pytest.raises(ValueError, match="an empty mask has no surface"):
        surface_distances(square(2, 9), np.zeros((40, 40), bool))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surface_distances(square(2, 9), square(3, 9))


def test_without_monai_the_command_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "monai", None)
    assert not monai_is_installed()
    with pytest.raises(UsageError, match=r"surface_distance needs MONAI\. Run `pip install 'medtransfer\[surface\]'`"):
        surface_distances(square(2, 9), square(3, 9))
