"""Run-length codes: every mask survives, and what is no code is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from datamodules.labels.run_lengths import decode, encode
from specs.errors import DataError

MASKS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1))


@given(MASKS)
def test_every_mask_survives(mask: NDArray[np.uint8]) -> None:
    assert np.array_equal(decode(encode(mask), *mask.shape), mask)


@given(MASKS)
def test_a_code_counts_down_the_columns_from_the_end_of_the_run_before(mask: NDArray[np.uint8]) -> None:
    code = encode(mask)
    cells = [] if code == "-1" else [int(cell) for cell in code.split()]
    found, place = [], 0
    for gap, length in zip(cells[::2], cells[1::2], strict=True):
        place += gap
        found += list(range(place, place + length))
        place += length
    height = mask.shape[0]
    assert {(one % height, one // height) for one in found} == set(zip(*np.nonzero(mask), strict=True))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=6))
def test_runs_that_touch_are_joined(pairs: list[tuple[int, int]]) -> None:
    size = sum(gap + length for gap, length in pairs)
    mask = decode(" ".join(f"{gap} {length}" for gap, length in pairs), size, 1)
    assert mask.sum() == sum(length for _, length in pairs)
    assert np.array_equal(decode(encode(mask), size, 1), mask)


@given(st.text(max_size=30))
def test_any_text_is_a_mask_or_an_error_of_ours(text: str) -> None:
    try:
        mask = decode(text, 8, 8)
    except DataError:
        return
    assert set(np.unique(mask)) <= {0, 1}


@pytest.mark.parametrize(
    "code",
    ["1", "1 2 3", "0 65", "60 5", "1 -2", "5 1 -3 1", "-3 1", "1 0", "1 0 2 3", "a b", "1.5 2", "9" * 30 + " 1"],
)
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(DataError, match="run-length code"):
        decode(code, 8, 8)
