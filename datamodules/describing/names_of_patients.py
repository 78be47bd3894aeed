"""Finding patients in the names of images, by ids that repeat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

PATTERNS = (
    (r"(?:[Pp]atient|[Ss]ubject|[Pp]erson|[Pp]articipant|sub|pat)[ _-]?([0-9]+)", "names say the patient", 100),
    (r"(?:^|/)([^/]*[0-9])[ _-]?(?:L|R|left|right|OD|OS)[.][^./]*$", "names end in left and right", 4),
    (
        r"(?:^|/)([^/]*[0-9][^/_-]*)[_-][A-Za-z0-9]+[.][^./]*$",
        "names repeat but for what is behind the last _ or -",
        20,
    ),
)
"""Regular expressions that find patients in names, the surest first; how that is said; and how many images a patient
has on average, at most: a group of more is no patient, but a series or a set."""


class Named(NamedTuple):
    """Patients that were found in the names of images.

    Attributes:
        pattern: a regular expression that finds the patient in the path of each image.
        why: a clause on why its matches are taken for patients, such as ``names say the patient``.
        patients: how many different patients the pattern finds.
        images: how many images these patients have together.
        sure: whether the names themselves use a word for patient.
        example: the patient with the most images.
    """

    pattern: str
    why: str
    patients: int
    images: int
    sure: bool
    example: str


def patients_in(images: Sequence[str], end: str = "") -> Named | None:
    """Find the patients that the paths of images name; None where no ids repeat.

    Args:
        images: the paths of the images under the folder, without masks.
        end: what all names end in before the ending, such as that of a channel.
    """
    for number, (known, why, most) in enumerate(PATTERNS):
        pattern = known.replace("[.]", f"{re.escape(end)}[.]")
        counts = _counts(re.compile(pattern), images)
        if not 2 < len(counts) < len(images) or len(images) > most * len(counts):
            continue
        (example, _), *_ = counts.most_common(1)
        return Named(pattern, why, len(counts), len(images), number == 0, example)
    return None


def _counts(pattern: re.Pattern[str], images: Sequence[str]) -> Counter[str]:
    """How many images name each patient; nothing where one of them names none."""
    counts = Counter[str]()
    for image in images:
        match = pattern.search(image)
        if match is None:
            return Counter()
        counts[match.group(1)] += 1
    return counts
