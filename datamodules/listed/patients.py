"""Patients that the names of images tell, in the naming of public collections or of a user's own folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from datamodules.dataset.contract import Dataset


class Naming(NamedTuple):
    """How a collection's names of images tell the patient.

    Attributes:
        collection: what people call the collection.
        pattern: a regular expression whose first group is the patient's id, or whose whole match is, without groups.
        source: where the collection describes its names.
    """

    collection: str
    pattern: str
    source: str


NAMINGS = (
    Naming(
        "ChestX-ray14", r"(?:^|/)(\d{8})_\d{3}(?:\.\w+)?$",
        "https://nihcc.app.box.com/v/ChestXray-NIHCC, Data_Entry_2017.csv: Image Index is Patient ID and Follow-up #",
    ),
    Naming(
        "CheXpert", r"(?:^|/)patient(\d+)/study\d+(?:/|$)",
        "https://stanfordmlgroup.github.io/competitions/chexpert/, train.csv: Path",
    ),
    Naming(
        "MIMIC-CXR", r"(?:^|/)p\d{2}/p(\d{8})/s\d{8}(?:/|$)",
        "https://physionet.org/content/mimic-cxr-jpg/, section Data Description",
    ),
)  # fmt: skip
"""The namings of collections, each of which has ids of its own: equal ids of two of them are two patients."""

OWN = "the dataset's own rule"
"""The naming that a dataset of a user's own states by ``patient_in_name``."""


def namings_of(dataset: Dataset) -> Iterator[Naming]:
    """The namings that are tried for a dataset: its own rule first, if it states one."""
    own = getattr(dataset, "patient_in_name", None)
    if isinstance(own, str):
        yield Naming(OWN, own, "")
    yield from NAMINGS


def finder_of(naming: Naming) -> Callable[[str], str | None]:
    """A function that gives the id of the patient whom the name of an image tells, or None."""
    pattern = re.compile(naming.pattern)
    group = 1 if pattern.groups else 0

    def find(name: str) -> str | None:
        match = pattern.search(name.replace("\\", "/"))
        return match.group(group) if match else None

    return find
