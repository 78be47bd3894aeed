"""Finding the ways in which a folder of volumes can be read: as images with masks, or as cases with labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.columns import absent_of
from datamodules.describing.families import Family, families
from datamodules.describing.foldered import has_a_role
from datamodules.describing.mask_values import MOST_CLASSES, of_numbers
from datamodules.describing.names_of_patients import patients_in
from datamodules.describing.reading import Reading, given
from datamodules.describing.sheets import LEAST, Sheet, sheets_of
from datamodules.describing.survey import PICTURES, spread_out
from datamodules.describing.tabular import by_tables
from datamodules.files.listing import ending_of
from datamodules.files.volume_files import ITK, NIFTI, read_volume
from datamodules.slicing.cases import STAR, Pattern, cases_by_cell
from specs.errors import DataError
from specs.expression import Value
from specs.quoting import names

TRIED = 4
"""How many ways to take volumes for those of the same cases are tried, at most."""

NAMED_PATIENT = re.compile(r"patient|subject|person|participant|^(sub|pat|p|case|id)[ _-]?[0-9]", re.IGNORECASE)
"""Names of folders that are patients or cases, and no classes."""

EACH = "each slice has the label of its volume"

PEOPLE = "each case counts as a patient; if patients have several, say who is who: patient= or patient_in_name="


class Volumed(NamedTuple):
    """What was found of volumes.

    Attributes:
        readings: the readings of the folder as volumes.
        unread: a sentence on volumes that are not read, where there are such.
        tables: the paths of the tables that name cases, and so no images.
    """

    readings: list[Reading]
    unread: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def by_volumes(root: Path, volumes: Sequence[str], tables: list[str]) -> Volumed:
    """The readings of a folder whose volumes are images and masks of the same cases, or cases with labels.

    Args:
        root: the folder that is read.
        volumes: the paths of all volumes under it: files, or folders that hold a DICOM series each.
        tables: the paths of the tables under it.
    """
    read = [name for name in volumes if ending_of(name) in (*NIFTI, *ITK) or (root / name).is_dir()]
    if not read:
        return Volumed([])
    found, values_of = families(read)[:TRIED], cache(_values)
    try:
        for family in found:
            if readings := list(_with_masks(root, family, values_of)):
                return _with_columns(readings, _sheets(root, family, tables))
    except DataError as error:
        return Volumed([], (str(error),))
    told = Volumed([])
    for family in [one for one in found if len(one.patterns) > 1][:1] or found:
        labelled = _in_tables(root, family, _sheets(root, family, tables))
        if readings := [*labelled.readings, *_in_folders(root, family)]:
            return labelled._replace(readings=readings)
        told = told if told.unread else labelled
    return told


def _with_masks(root: Path, family: Family, values_of: Callable[[Path], set[int] | None]) -> Iterator[Reading]:
    """The readings of a family some of whose volumes are masks of the others; none where no mask is among them.

    Raises:
        DataError: if a volume cannot be read.
    """
    cases = spread_out(list(family.cases), PICTURES)
    held = {one: values_of(root / one.path_of(cases[0])) for one in family.patterns}
    images = [one for one in family.patterns if held[one] is None]
    if len(family.patterns) < 2 or not images:
        return
    for mask in (one for one in family.patterns if held[one] is not None):
        values = [values_of(root / mask.path_of(case)) for case in cases]
        if None in values:
            continue
        every = set[int]().union(*(one for one in values if one is not None))
        looked = of_numbers(every, f"of {len(cases)} of {len(family.cases)}")
        for image in images:
            why = (
                f"{mask.text} holds a mask for each of {len(family.cases):,} volumes {image.text}; the star is the "
                "name of the case",
                looked.said,
            )
            arguments, people = _people(family, image, 0)
            arguments |= given(images=image.text, masks=mask.text)
            for choice in looked.choices:
                yield Reading(
                    root, choice.arguments | arguments,
                    f"segmentation of slices of volumes{_named(image, images)}{choice.named}", (*why, *choice.why),
                    (*choice.unsure, *people, *_others(images)), choice.asks, "volumes",
                )  # fmt: skip


def _with_columns(readings: list[Reading], sheets: Sequence[Sheet]) -> Volumed:
    """The readings with the columns of patients and splits of a table that names the cases, where there is one."""
    names_cases = tuple(sheet.name for sheet in sheets)
    for sheet in sheets:
        columns = {"patient": sheet.patient, "split": sheet.split}
        arguments = {role: one.name for role, one in columns.items() if one is not None}
        if sheet.image is None or sheet.several or not arguments:
            continue
        said = " and ".join(f'the {role} in "{name}"' for role, name in arguments.items())
        arguments |= {"table": sheet.name, "case": sheet.image.name}
        arguments |= {"missing": "leave out"} if sheet.part else {}
        found = [one.also(arguments, (f"{sheet.name} names the cases, and {said}",)) for one in readings]
        found = [replace(one, arguments=_one_of_patients(one.arguments)) for one in found]
        return Volumed(found, (), names_cases)
    return Volumed(readings, (), names_cases)


def _one_of_patients(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Arguments without patients in names, where a column names them."""
    return {key: value for key, value in arguments.items() if key != "patient_in_name" or "patient" not in arguments}


def _sheets(root: Path, family: Family, tables: list[str]) -> list[Sheet]:
    """The tables with a column that names cases."""
    by_cell: dict[str, str] = {}
    for image in family.patterns:
        by_cell |= cases_by_cell({case: image.path_of(case) for case in family.cases})
    sheets, _ = sheets_of(root, tables, list(family.cases), by_cell.get)
    return [sheet for sheet in sheets if sheet.share >= LEAST]


def _in_tables(root: Path, family: Family, sheets: Sequence[Sheet]) -> Volumed:
    """The readings in which a table labels cases, one for each volume of a case."""
    readings, unread = list[Reading](), list[str]()
    for reading in by_tables(root, sheets):
        arguments = dict(reading.arguments)
        arguments["case"] = arguments.pop("image")
        table = arguments["table"]
        if arguments.get("kind") == "multilabel" or "labels" in arguments or isinstance(table, tuple):
            unread.append(
                f"{table}: {reading.what}: volumes have one column of 0 and 1, or of one class each, in one table, "
                "with a row for each case"
            )
            continue
        arguments = given(kind=arguments.get("kind", "binary")) | arguments
        for image in family.patterns:
            inside, people = ({}, ()) if "patient" in arguments else _people(family, image, 0)
            why = (f"{image.text} is the volume of each of {len(family.cases):,} cases", *reading.why)
            what = f"slices of volumes, {reading.what}{_named(image, family.patterns)}"
            readings.append(
                Reading(root, arguments | inside | given(images=image.text), what, why,
                        (*reading.unsure, EACH, *people, *_others(family.patterns)), "", "volumes")
            )  # fmt: skip
    return Volumed(readings, tuple(unread), tuple(sheet.name for sheet in sheets))


def _in_folders(root: Path, family: Family) -> Iterator[Reading]:
    """The reading in which the folder of the first star is the class of a case, if folders may be classes."""
    image, *more = family.patterns
    parts = image.text.split("/")
    first = next((part for part in parts if STAR in part), "")
    folders = sorted({case.partition("/")[0] for case in family.cases})
    if more or image.stars < 2 or first != STAR or not 2 <= len(folders) <= MOST_CLASSES:
        return
    if len(folders) * 2 > len(family.cases) or any(has_a_role(one) or NAMED_PATIENT.search(one) for one in folders):
        return
    why = [f"{len(folders)} folders hold {len(family.cases):,} volumes {image.text}: {', '.join(folders[:8])}"]
    inside, people = _people(family, image, 1)
    unsure = [EACH, *people]
    if negative := absent_of(folders):
        (positive,) = (folder for folder in folders if folder != negative)
        arguments = given(kind="binary", classes=(positive,), negative=(negative,))
        why.append(f"{negative} is the absence of {positive}")
    else:
        arguments = given(kind="multiclass", classes=tuple(folders))
        if all(re.search(r"[0-9]", folder) for folder in folders):
            yield Reading(root, arguments | given(labels="folders", images=image.text), "slices of volumes",
                          tuple(why), tuple(unsure), "are these folders classes, or patients?", "volumes")  # fmt: skip
            return
    arguments |= given(labels="folders", images=image.text) | inside
    yield Reading(root, arguments, "slices of volumes in class folders", tuple(why), tuple(unsure), "", "volumes")


def _people(family: Family, image: Pattern, level: int) -> tuple[dict[str, Value], tuple[str, ...]]:
    """The argument that names patients, where cases tell them, and a sentence on it.

    Args:
        family: the volumes and the names of their cases.
        image: the pattern of the images.
        level: how many stars stand before the one that may be the patient.
    """
    firsts = [case.split("/")[: level + 1] for case in family.cases]
    parts = image.text.split("/")
    starred = [place for place, part in enumerate(parts) if STAR in part]
    if image.stars > level + 1 and any(one == other for one, other in pairwise(sorted(firsts))):
        pattern = f"^{'[^/]+/' * starred[level]}([^/]+)"
        return given(patient_in_name=pattern), ("folders that hold several volumes are taken for patients",)
    named = patients_in([image.path_of(case) for case in family.cases])
    if named is None:
        return {}, (PEOPLE,)
    said = f"{named.why}: {named.images:,} volumes of {named.patients:,} patients, such as {named.example}"
    return given(patient_in_name=named.pattern), (said,)


def _named(image: Pattern, images: Sequence[Pattern]) -> str:
    return f", {image.text}" if len(images) > 1 else ""


def _others(images: Sequence[Pattern]) -> tuple[str, ...]:
    """A sentence on several volumes of a case that may be the image."""
    if len(images) == 1:
        return ()
    return (
        f"a case has {len(images)} volumes, {', '.join(one.text for one in images)}: which of them are channels of one "
        "image cannot be told, so each reading takes one of them",
    )


def not_read(volumes: Sequence[str]) -> str:
    """A sentence on volumes that are not read as any dataset."""
    return (
        f"{len(volumes):,} volumes ({names(volumes, 2)}): no images and masks of the same names are among them, and no "
        "table or class folders label them; say where they are: volumes(images=..., masks=...), docs/own_data.md"
    )


def _values(path: Path) -> set[int] | None:
    """The values of a volume that may be a mask, which are few and whole; None where it is none."""
    import numpy as np

    from datamodules.files.masks import distinct

    found = distinct(read_volume(path)[0])
    if len(found) > MOST_CLASSES or not np.isfinite(found).all() or (found != np.rint(found)).any() or found[0] < 0:
        return None
    return {int(value) for value in found}
