"""Damaged volumes of any format give errors that users understand, or values that fit their grid: a short fuzz."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing.finding import kinds
from specs.errors import MedtransferError

KINDS = ("dicom_series", "metaimage", "nifti", "nrrd")


def tried(name: str, seed: int) -> MedtransferError | None:
    """The error that an input gives, in a folder of its own; None where it is read."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            kinds()[name].attempt(random.Random(seed), Path(folder))
        except MedtransferError as error:
            return error
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_errors_of_damaged_volumes_are_our_own_and_can_be_shown(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**32))
    def check(seed: int) -> None:
        error = tried(name, seed)
        assert error is None or all(line.isprintable() for line in str(error).splitlines())
        assert error is None or len(str(error)) < 2000

    check()
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_some_inputs_of_each_kind_are_read_and_some_are_refused(name: str) -> None:
    found = [tried(name, seed) for seed in range(60)]
    assert 2 <= sum(one is None for one in found) <= 58
