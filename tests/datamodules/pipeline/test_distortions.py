"""Distortions for given draws: by hand, by SciPy's filter, and by the formulas of albumentations 0.4.3 written out."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from datamodules.pipeline import distortions

STILL = np.zeros((3, 2))
IDENTITY = np.array([[1.0, 0, 0], [0, 1, 0]])


def at(places: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Maps of one row."""
    return places[None], np.zeros_like(places[None])


@pytest.mark.parametrize("interpolation", [cv2.INTER_LINEAR, cv2.INTER_NEAREST])
@pytest.mark.parametrize("shape", [(24, 31), (24, 31, 3)], ids=["gray", "color"])
def test_draws_of_zero_leave_an_image_as_it_is(shape: tuple[int, ...], interpolation: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    none = np.zeros((24, 31), np.float32)
    shift = distortions.smoothed(none, 6.0, 120.0)
    matrix, maps = distortions.affine_matrix((24, 31), STILL), distortions.displaced(shift, shift)
    assert np.array_equal(distortions.warped(image, matrix, maps, interpolation), image)


def test_the_affine_part_moves_three_corners_of_a_square_in_the_middle() -> None:
    """At 224 pixels: the middle is (112, 112), and a third of the side is 74."""
    corners = np.array([[186, 186, 1], [186, 38, 1], [38, 38, 1]])
    offsets = np.array([[3.5, -1.25], [-2.0, 0.5], [0.75, 3.0]])
    matrix = distortions.affine_matrix((224, 224), offsets)
    assert corners @ matrix.T - corners[:, :2] == pytest.approx(offsets, abs=1e-5)


def test_the_affine_part_moves_the_image_there_and_mirrors_what_comes_in() -> None:
    row = np.array([[10, 20, 30, 40, 50]], np.uint8)
    right = distortions.affine_matrix((224, 224), np.array([[2.0, 0]] * 3))
    maps = distortions.displaced(np.zeros((1, 5), np.float32), np.zeros((1, 5), np.float32))
    assert distortions.warped(row, right, maps, cv2.INTER_LINEAR).tolist() == [[30, 20, 10, 20, 30]]
    half = distortions.affine_matrix((224, 224), np.array([[0.5, 0]] * 3))
    assert distortions.warped(row, half, maps, cv2.INTER_LINEAR).tolist() == [[15, 15, 25, 35, 45]]


def test_places_outside_show_the_mirror_image_without_its_edge_twice() -> None:
    row = np.array([[10, 20, 30, 40, 50]], np.uint8)
    places = np.array([-2, -1, 0, 5, 6], np.float32)
    for interpolation in (cv2.INTER_LINEAR, cv2.INTER_NEAREST):
        assert distortions.warped(row, IDENTITY, at(places), interpolation).tolist() == [[30, 20, 10, 40, 30]]


def test_an_image_is_interpolated_and_a_mask_is_not() -> None:
    row = np.array([[10, 20, 30, 40, 50]], np.uint8)
    places = np.array([0.125, 0.875, 1.625, 2.375, 3.125], np.float32)
    assert distortions.warped(row, IDENTITY, at(places), cv2.INTER_LINEAR).tolist() == [[11, 19, 26, 34, 41]]
    assert distortions.warped(row, IDENTITY, at(places), cv2.INTER_NEAREST).tolist() == [[10, 20, 30, 30, 40]]
    quarter = distortions.affine_matrix((224, 224), np.array([[-0.25, 0]] * 3))
    whole = at(np.arange(5, dtype=np.float32))
    assert distortions.warped(row, quarter, whole, cv2.INTER_LINEAR).tolist() != row.tolist()
    assert distortions.warped(row, quarter, whole, cv2.INTER_NEAREST).tolist() == row.tolist()


@pytest.mark.parametrize(("side", "sigma"), [(224, 6.0), (24, 6.0), (64, 2.5)])
def test_the_displacement_is_filtered_as_by_scipy(side: int, sigma: float) -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, (side, side))
    expected = gaussian_filter(noise, sigma) * 120.0
    assert np.abs(distortions.smoothed(noise.astype(np.float32), sigma, 120.0) - expected).max() < 1e-4


def test_a_displacement_is_added_to_each_places_column_and_row() -> None:
    shift = np.array([[0.5, -1.0, 0.25], [0.0, 2.0, 1.0]], np.float32)
    map_x, map_y = distortions.displaced(shift, 10 * shift)
    assert map_x.tolist() == [[0.5, 0.0, 2.25], [0.0, 3.0, 3.0]]
    assert map_y.tolist() == [[5.0, -10.0, 2.5], [1.0, 21.0, 11.0]]


def test_a_grids_cells_follow_each_other_without_being_brought_to_the_whole() -> None:
    """10 pixels in 5 cells of 2: each shows its first and its last place, and the sum is what it is."""
    axis = distortions.grid_axis(10, 5, [1.0, 1.5, 0.5, 2.0, 1.0])
    assert axis.tolist() == [0, 2, 2, 5, 5, 6, 6, 10, 10, 12]


def test_a_grids_last_smaller_cell_shows_what_is_left() -> None:
    """At 224 pixels the five cells have 44 pixels, and a sixth has 4, whose own stretch is of no account."""
    stretches = [0.7, 0.8, 1.3, 0.9, 0.75]
    ends = np.cumsum([0, *(44 * stretch for stretch in stretches)])
    cells = [begin + (end - begin) * np.arange(44) / 43 for begin, end in itertools.pairwise(ends)]
    rest = ends[-1] + (224 - ends[-1]) * np.arange(4) / 3
    for last in (0.7, 1.3):
        axis = distortions.grid_axis(224, 5, [*stretches, last])
        assert np.abs(axis - np.concatenate([*cells, rest])).max() < 1e-4
    assert axis[-1] == 224


@pytest.mark.parametrize("length", [*range(1, 40), 224, 225])
def test_a_grid_covers_every_length(length: int) -> None:
    axis = distortions.grid_axis(length, 5, [1.0] * distortions.grid_cells(length, 5))
    assert len(axis) == length
    assert (np.diff(axis) >= 0).all()
    assert np.abs(axis - np.arange(length)).max() <= 1  # a cell's last place is the next one's first
