"""Measures of maps against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.attention import area, inside

MAPS = arrays(np.float64, (3, 5, 4), elements=st.floats(0, 1e6, allow_subnormal=False))


def test_the_area_of_a_peak_is_its_width_at_half_of_its_height() -> None:
    rows = np.abs(np.arange(101) - 50)
    cone = np.clip(1 - rows / 40, 0, None)[:, None] * np.ones((1, 10))  # half of the height at 20 to either side
    assert area(cone[None]) == pytest.approx([41 / 101])
    assert area(cone[None], level=1.0) == pytest.approx([1 / 101])
    assert area(np.zeros((1, 3, 3))) == [0]


def test_every_map_is_measured_by_its_own_maximum_and_its_own_sum_however_small() -> None:
    maps = np.stack([np.full((2, 2), 1e-3), np.array([[8.0, 4.0], [3.9, 0.0]]), np.zeros((2, 2))])
    assert area(maps).tolist() == [1.0, 0.5, 0.0]
    regions = np.zeros_like(maps)
    regions[:, 0] = 1.0
    assert inside(maps, regions) == pytest.approx([0.5, 12 / 15.9, 0.0])


def test_a_map_in_the_region_is_inside_and_half_a_pixel_counts_half() -> None:
    maps = np.zeros((2, 4, 4))
    maps[0, 1, 1] = maps[1, 1, 1] = maps[1, 3, 3] = 2.0
    regions = np.zeros_like(maps)
    regions[:, 1, 1] = 1.0
    assert inside(maps, regions).tolist() == [1.0, 0.5]
    assert inside(maps, regions / 2).tolist() == [0.5, 0.25]
    assert inside(np.zeros((1, 2, 2)), np.ones((1, 2, 2))).tolist() == [0.0]


@given(MAPS, arrays(np.float64, (3, 5, 4), elements=st.floats(0, 1)))
def test_both_are_shares_and_do_not_depend_on_the_maps_scale(maps: np.ndarray, regions: np.ndarray) -> None:
    for found in (area(maps), inside(maps, regions)):
        assert ((found >= 0) & (found <= 1 + 1e-9)).all()
    assert area(4 * maps) == pytest.approx(area(maps))
    assert inside(4 * maps, regions) == pytest.approx(inside(maps, regions))
    assert inside(np.ones_like(maps), regions) == pytest.approx(regions.mean(axis=(1, 2)))


@pytest.mark.parametrize("maps", [-np.ones((1, 2, 2)), np.full((1, 2, 2), np.nan), np.ones((2, 2))])
def test_what_is_no_map_is_refused(maps: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected maps"):
        area(maps)
    with pytest.raises(ValueError, match="not of one size"):
        inside(np.ones((1, 2, 2)), np.ones((1, 2, 3)))
