"""Volumes whose axes are flipped, exchanged and turned at random, for tests of where voxels land."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray


def rotation(angles: tuple[float, float, float]) -> NDArray[np.float64]:
    """A rotation by three angles in degrees around the axes of the body, one after another."""
    turned = np.eye(3)
    for axis, angle in enumerate(np.radians(angles)):
        one = np.eye(3)
        first, second = (axis + 1) % 3, (axis + 2) % 3
        one[[first, second], [first, second]] = np.cos(angle)
        one[first, second], one[second, first] = -np.sin(angle), np.sin(angle)
        turned = one @ turned
    return turned


@st.composite
def affines(draw: Any, most: float = 20.0) -> NDArray[np.float64]:
    """Matrices of axes that are exchanged, flipped, of different spacing and turned by up to some degrees each."""
    order = draw(st.permutations(range(3)))
    signs = draw(st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3))
    sides = draw(st.tuples(*[st.sampled_from((0.5, 0.9, 1.0, 2.5, 5.0))] * 3))
    angles = draw(st.tuples(*[st.floats(-most, most)] * 3))
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles) @ np.eye(3)[:, order] @ np.diag(np.multiply(signs, sides))
    affine[:3, 3] = draw(st.tuples(*[st.integers(-200, 200)] * 3))
    return affine
