"""Finding the ways in which a folder of volumes can be read as images with masks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.mask_values import MOST_CLASSES, of_numbers
from datamodules.describing.reading import Reading, given
from datamodules.describing.survey import PICTURES, spread_out
from datamodules.files.listing import ending_of
from datamodules.files.volume_files import ITK, NIFTI, read_volume
from datamodules.slicing.cases import STAR, Pattern
from specs.errors import DataError

LEAST = 2
"""How many cases a layout has, at least: of a single one nothing tells its name from what all have in common."""


class Pair(NamedTuple):
    """Two patterns of paths that fit the same cases, and together all volumes.

    Attributes:
        images: the paths of the images.
        masks: the paths of the masks.
        cases: the names of the cases.
    """

    images: Pattern
    masks: Pattern
    cases: tuple[str, ...]


def by_volumes(root: Path, volumes: Sequence[str]) -> list[Reading]:
    """The readings of a folder whose volumes are images and masks of the same cases; none where that is not clear.

    Args:
        root: the folder that is read.
        volumes: the paths of all volumes under it.
    """
    read = [name for name in volumes if ending_of(name) in (*NIFTI, *ITK)]
    found = next((pair for first, second in _pairs(read) if (pair := _fitting(read, first, second))), None)
    if found is None:
        return []
    try:
        pair, values = _with_values(root, found)
    except DataError:
        return []
    if values is None:
        return []
    some = f"of {min(len(pair.cases), PICTURES)} of {len(pair.cases)}"
    looked = of_numbers(values, some)
    patterns = given(images=pair.images.text, masks=pair.masks.text)
    why = (
        f"{pair.masks.text} holds a mask for each of {len(pair.cases):,} volumes {pair.images.text}; the star is the "
        "name of the case",
        looked.said,
    )
    people = "each case counts as a patient; if patients have several, say who is who: patient= or patient_in_name="
    return [
        Reading(
            root, choice.arguments | patterns, f"segmentation of slices of volumes{choice.named}", (*why, *choice.why),
            (*choice.unsure, people), choice.asks, "volumes",
        )
        for choice in looked.choices
    ]  # fmt: skip


def _pairs(volumes: Sequence[str]) -> Iterator[tuple[Pattern, Pattern]]:
    """Pairs of patterns that may be those of images and masks, those with the shortest common parts first."""
    if not volumes:
        return
    folders: dict[str, list[str]] = {}
    for name in volumes:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    tops = sorted({name.rpartition("/")[2] for name in volumes})
    if len(tops) == 2 and all(folder.count("/") == 0 and folder for folder in folders):
        yield Pattern(f"{STAR}/{tops[0]}"), Pattern(f"{STAR}/{tops[1]}")
    if len(folders) > 2:
        return
    ends = {folder: sorted(_ends(names), key=len) for folder, names in folders.items()}
    first, second = sorted(folders)[0], sorted(folders)[-1]
    for one, other in sorted(product(ends[first], ends[second]), key=lambda pair: len(pair[0]) + len(pair[1])):
        if (first, one) != (second, other):
            yield _pattern(first, one), _pattern(second, other)


def _ends(names: Sequence[str]) -> set[str]:
    """What some names of a folder may end in, behind the name of the case: the ending, and parts from a sign on."""
    found = set[str]()
    for name in (names[0], names[-1], *names[1:2]):
        last = name.rpartition("/")[2]
        ending = last[len(last) - len(ending_of(last)) :]
        stem = last.removesuffix(ending)
        found |= {ending} | {stem[place.start() :] + ending for place in re.finditer(r"[-_.]", stem) if place.start()}
    return found


def _pattern(folder: str, end: str) -> Pattern:
    return Pattern(f"{folder}/{STAR}{end}" if folder else f"{STAR}{end}")


def _fitting(volumes: Sequence[str], first: Pattern, second: Pattern) -> Pair | None:
    """The pair, if its patterns fit the same cases and together all volumes, each of them one."""
    of_second = {case: name for name in volumes if (case := second.case_of(name)) is not None}
    left = set(volumes) - set(of_second.values())
    of_first = {case: name for name in volumes if name in left and (case := first.case_of(name)) is not None}
    if len(of_first) < LEAST or set(of_first) != set(of_second) or len(of_first) * 2 != len(volumes):
        return None
    return Pair(first, second, tuple(sorted(of_first)))


def _with_values(root: Path, pair: Pair) -> tuple[Pair, set[int] | None]:
    """The pair with its masks as masks, and the values that they hold; None where neither of the two holds masks.

    Raises:
        DataError: if a volume cannot be read.
    """
    cases = spread_out(list(pair.cases), PICTURES)
    for turned in (pair, pair._replace(images=pair.masks, masks=pair.images)):
        if _values(root / turned.images.path_of(cases[0])) is None:
            held = [_values(root / turned.masks.path_of(case)) for case in cases]
            if all(one is not None for one in held):
                return turned, set().union(*(one for one in held if one is not None))
    return pair, None


def _values(path: Path) -> set[int] | None:
    """The values of a volume that may be a mask, which are few and whole; None where it is none."""
    import numpy as np

    from datamodules.files.masks import distinct

    found = distinct(read_volume(path)[0])
    if len(found) > MOST_CLASSES or not np.isfinite(found).all() or (found != np.rint(found)).any() or found[0] < 0:
        return None
    return {int(value) for value in found}
