"""A patient is one patient however a table spells the name, or the table is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.labels.label_files import Patients
from specs.errors import DataError

PATH = Path("labels.csv")


@pytest.mark.parametrize(
    ("first", "second"), [("Müller", "Mu\u0308ller"), ("p1", "p1\u200b"), ("17", "17.0"), ("17.00", "17")]
)
def test_a_patient_who_is_spelled_in_two_ways_is_refused(first: str, second: str) -> None:
    """Two spellings would be two patients, who may be in two splits."""
    patients = Patients()
    assert patients.known(first, PATH, 2, "who") == patients.known(first, PATH, 3, "who") == first
    with pytest.raises(DataError, match=r"line 4: who is .* which seem to be the same"):
        patients.known(second, PATH, 4, "who")


def test_names_that_differ_are_different_patients() -> None:
    patients, names = Patients(), ["1", "01", "1.2.0", "1.2", "p", "P", "1.5", "1.50"]
    assert [patients.known(one, PATH, 2, "who") for one in names] == names


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "NA", "n/a", "None", "NULL"])
def test_a_patient_who_is_not_known_is_refused(cell: str) -> None:
    """All of these would be one patient."""
    with pytest.raises(DataError, match=r"line 7: who is .*Fill the column, or do not name it"):
        Patients().known(cell, PATH, 7, "who")
