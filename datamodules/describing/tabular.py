"""Readings of a folder whose images are labelled by tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from datamodules.describing.columns import LABEL, Column, absent_of, same_classes
from datamodules.describing.reading import Arguments, Reading, given
from datamodules.describing.sheets import Sheet
from datamodules.folders.splitting import split_in


def by_tables(root: Path, sheets: Sequence[Sheet]) -> list[Reading]:
    """The readings of tables that name images and label them."""
    found: list[Reading] = []
    every = [sheet for sheet in sheets if is_labelled(sheet)]
    labelled = [sheet for sheet in every if not _of_a_part(sheet, every)]
    groups: dict[tuple[str, ...], list[Sheet]] = {}
    for sheet in labelled:
        groups.setdefault(tuple(sheet.columns), []).append(sheet)
    for group in groups.values():
        others = [sheet for sheet in sheets if sheet not in labelled]
        found += _of_group(root, group, others)
    return found


def _of_a_part(sheet: Sheet, others: Sequence[Sheet]) -> bool:
    """Whether a table has boxes in some of the images that another one labels."""
    if not sheet.boxes or sheet.image is None:
        return False
    images = set(sheet.image.values)
    return any(other is not sheet and other.image and images < set(other.image.values) for other in others)


def is_labelled(sheet: Sheet) -> bool:
    """Whether a table names images and has columns that may be their labels."""
    return sheet.image is not None and bool(_labels(sheet))


def _of_group(root: Path, group: list[Sheet], others: Sequence[Sheet]) -> Iterator[Reading]:
    """The readings of tables with the same columns: together if their names are splits, else each table alone."""
    splits = [split_in(Path(sheet.name).stem) for sheet in group]
    parts = (
        [group] if len(group) > 1 and None not in splits and len(set(splits)) == len(group) else [[s] for s in group]
    )
    for part in parts:
        whole = part[0] if len(part) == 1 else _joined(part)
        for reading in _readings(root, whole):
            yield _with_people(reading, whole, part, others)


def _joined(part: Sequence[Sheet]) -> Sheet:
    """Several tables of the same columns as one."""
    first = part[0]
    columns = {
        name: Column(name, [cell for sheet in part for cell in sheet.columns[name].cells]) for name in first.columns
    }
    image = columns[first.image.name] if first.image is not None else None
    share, lacking = min(sheet.share for sheet in part), any(sheet.part for sheet in part)
    unsure = [said for sheet in part for said in sheet.unsure]
    return Sheet(first.name, first.form, columns, image, share, lacking, unsure)


def _labels(sheet: Sheet) -> list[tuple[str, list[Column]]]:
    """The sets of columns that may hold the labels, each with the form of its cells: answers, lists or names."""
    yes_or_no = [one for one in sheet.candidates if one.answers is not None]
    lists = [one for one in sheet.candidates if one.answers is None and one.listed]
    named = [one for one in sheet.candidates if one not in yes_or_no and one not in lists and one.classes]
    distinct: list[Column] = []
    for one in sorted(named, key=lambda one: one.numbers):  # names before the numbers that stand for them
        if not any(same_classes(one, other) for other in distinct):
            distinct.append(one)
    found: list[tuple[str, list[Column]]] = [("answers", yes_or_no)] if yes_or_no else []
    found += [("lists", [one]) for one in lists] + [("names", [one]) for one in distinct]
    preferred = [one for one in found if len(one[1]) == 1 and LABEL.match(one[1][0].name)]
    return preferred if len(preferred) == 1 else found


def _readings(root: Path, sheet: Sheet) -> Iterator[Reading]:
    for how, columns in _labels(sheet):
        if how == "answers":
            yield from _of_answers(root, sheet, columns)
        elif how == "lists":
            classes = tuple(one for one in columns[0].listed if absent_of((one, "")) is None)
            nothing = tuple(one for one in columns[0].listed if one not in classes)
            arguments = given(kind="multilabel", classes=classes, labels="lists", label=columns[0].name)
            arguments |= given(negative=nothing) if nothing else {}
            why = f'column "{columns[0].name}" lists {len(classes)} classes, several in a cell'
            yield Reading(root, arguments, f'labels by "{columns[0].name}"', (why,))
        else:
            yield from _of_names(root, sheet, columns[0])


def _of_answers(root: Path, sheet: Sheet, columns: list[Column]) -> Iterator[Reading]:
    """Readings of columns whose cells say yes or no."""
    names = tuple(one.name for one in columns)
    answers = [one.answers for one in columns if one.answers is not None]
    words: Arguments = {
        key: found
        for key in ("positive", "negative", "unlabelled")
        if (found := tuple(sorted({word for one in answers for word in getattr(one, key)})))
    }
    said = f"column{'s' if len(names) > 1 else ''} {_quoted(names)} say{'' if len(names) > 1 else 's'} yes or no"
    if len(columns) == 1:
        blank = "" in columns[0].cells
        if "unlabelled" in words or blank:
            arguments = given(kind="multilabel", classes=names) | words
            yield Reading(
                root, arguments | _rows(sheet), f"whether {names[0]}", (f"{said}, or nothing of some images",)
            )
            return
        named = names[0].lower() in ("label", "labels", "target", "class", "y", "diagnosis", "outcome")
        arguments = given(classes=("positive",), label=names[0]) if named else given(classes=names)
        arguments |= words | _rows(sheet)
        yield from _with_readers(Reading(root, arguments, f"whether {names[0]}", (said,)), sheet, columns[0])
        return
    shown = [sum(one.answers is not None and _is_yes(one, cell) for one, cell in zip(columns, row, strict=True))
             for row in zip(*(one.cells for one in columns), strict=True)]  # fmt: skip
    if sheet.several:
        return  # rows per image with a column per class are not read
    if len(columns) > 2 and set(shown) == {1}:
        arguments = given(kind="multiclass", classes=names, labels="one-hot") | words
        yield Reading(
            root, arguments, f"one of {len(names)} classes", (f"{said}, exactly one of them yes in each row",)
        )
        return
    yield Reading(root, given(kind="multilabel", classes=names) | words, f"{len(names)} findings", (said,))


def _of_names(root: Path, sheet: Sheet, column: Column) -> Iterator[Reading]:
    """Readings of a column whose cells name classes."""
    classes, label = column.classes, column.name
    said = f'column "{label}" has {len(classes)} values: {_quoted(classes[:8])}{" ..." if len(classes) > 8 else ""}'
    by_image: dict[str, set[str]] = {}
    if sheet.several and sheet.image is not None:
        for image, cell in zip(sheet.image.cells, column.cells, strict=True):
            by_image.setdefault(image, set()).add(cell)
    if any(len(found) > 1 for found in by_image.values()) and (sheet.boxes or sheet.reader or len(classes) > 2):
        shown = tuple(one for one in classes if absent_of((one, "")) is None)
        nothing = tuple(one for one in classes if one not in shown)
        arguments = given(kind="multilabel", classes=shown, labels="rows", label=label)
        arguments |= given(negative=nothing) if nothing else {}
        why = (
            f"{said}; images have several rows, {len(sheet.image.cells) if sheet.image else 0:,} of {len(by_image):,}",
        )
        yield from _with_readers(Reading(root, arguments, f'findings by "{label}"', why), sheet, column)
        return
    rows = _rows(sheet)
    if negative := absent_of(classes):
        (positive,) = (one for one in classes if one != negative)
        arguments = given(classes=(positive,), label=label, positive=(positive,), negative=(negative,)) | rows
        why = (f"{said}, of which {negative} is the absence of {positive}",)
        yield Reading(root, arguments, f"{positive} or not", why)
        return
    arguments = given(kind="multiclass", classes=classes, label=label) | rows
    yield Reading(root, arguments, f'classes by "{label}"', (said,))


def _rows(sheet: Sheet) -> Arguments:
    return given(labels="rows") if sheet.several else {}


def _with_readers(reading: Reading, sheet: Sheet, column: Column) -> Iterator[Reading]:
    """The reading, or where readers or rows say different things, one for each rule."""
    if reading.arguments.get("labels") != "rows" or sheet.image is None:
        yield reading
        return
    reader = sheet.reader
    whose = reader.cells if reader is not None else [str(n) for n in range(len(column.cells))]
    said: dict[str, dict[str, set[str]]] = {}
    for image, who, cell in zip(sheet.image.cells, whose, column.cells, strict=True):
        said.setdefault(image, {}).setdefault(who, set()).add(cell)
    own = given(reader=reader.name) if reader is not None else {}
    multilabel = reading.arguments.get("kind") == "multilabel"
    if reader is None and multilabel:
        yield reading.also(why=("every row is a finding, and all of an image's rows count",))
        return
    unlike = sum(len({frozenset(cells) for cells in readers.values()}) > 1 for readers in said.values())
    if not unlike:
        yield reading.also(own, ("rows of one image never contradict each other",))
        return
    who = f'readers (column "{reader.name}")' if reader is not None else "rows"
    for rule, means in (("any", "what at least one saw"), ("majority", "what more than half of them saw")):
        why = f"in {unlike:,} of {len(said):,} images {who} say different things; here holds {means}"
        yield reading.also(own | given(readers=rule), (why,))


def _with_people(reading: Reading, whole: Sheet, part: Sequence[Sheet], others: Sequence[Sheet]) -> Reading:
    """The reading with the arguments that name its tables and their columns of images, patients and splits."""
    names = tuple(sheet.name for sheet in part)
    image = whole.image
    assert image is not None
    arguments = given(table=names[0] if len(names) == 1 else names, image=image.name)
    why = [f'column "{image.name}" names the images{", some of which are not there" if whole.part else ""}']
    unsure = list(whole.unsure)
    arguments |= given(missing="leave out") if whole.part else {}
    if whole.share == 0:
        why[0] = f'column "{image.name}" seems to name the images, none of which is there'
    arguments |= {key: value for key in ("encoding", "sheet") if (value := getattr(whole.form, key)) is not None}
    if len(names) > 1:
        arguments["split_by"] = "tables"
        why.append(f"each table is a split by its name: {', '.join(names)}")
    patient, split = whole.patient, whole.split if len(names) == 1 else None
    for other in others if len(names) == 1 else ():
        if other.image is None or other.image.name != image.name or other.several:
            continue
        if set(image.values) <= set(other.image.values) and patient is None and other.patient is not None:
            patient = other.patient
            arguments["table"] = (names[0], other.name)
            why.append(f"{other.name} has the patients of the same images")
    if patient is not None:
        arguments["patient"] = patient.name
        why.append(f'column "{patient.name}" names {len(patient.values):,} patients')
    if split is not None:
        arguments["split"] = split.name
        why.append(f'column "{split.name}" names the splits: {_quoted(tuple(split.values))}')
    unused = [one.name for one in whole.candidates if one.classes or one.answers]
    used = {one for value in reading.arguments.values() for one in (value if isinstance(value, tuple) else (value,))}
    if isinstance(cells := reading.arguments.get("unlabelled"), tuple):
        unsure.append(f"cells {_quoted([str(cell) for cell in cells])} are taken for: not labelled")
    if left := [name for name in unused if name not in used]:
        unsure.append(f"not used, though they may be labels: {_quoted(left[:8])}")
    return reading.also(arguments, tuple(why), tuple(unsure))


def _is_yes(column: Column, cell: str) -> bool:
    answers = column.answers
    return answers is not None and (cell in answers.positive or cell.replace(",", ".") in ("1", "1.0", "1.00"))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
