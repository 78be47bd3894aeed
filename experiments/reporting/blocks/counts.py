"""What the columns' datasets hold: images and patients of each split, and of each class where that is few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import ClassCounts, Count, Counts, counted, rarer, rarest
from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import sides
from experiments.reporting.text.phrases import listed
from experiments.tables.document import CellKey, TableDocument
from specs.errors import DataError
from specs.expression import Call

COLUMNS = (*(f"{split}_{what}" for split in SPLITS for what in ("images", "patients")), "test_rarer")

FEW = 16
"""The largest number of lines with counts below a table of scores.

If there were more, only the rarest class of each dataset is shown.
"""

MOST_CLASSES = 20
"""The largest number of classes of a dataset that are shown one by one: those that are rarest in the test split."""


@dataclass(frozen=True)
class DatasetCounts:
    """The numbers of images and patients of the columns' datasets.

    Attributes:
        by_column: the counts of the dataset of each column, by column label; columns whose data were missing are left
            out.
    """

    by_column: dict[str, Counts]


def counts() -> Kind:
    """The block of counts, for every table whose data are there."""
    return Kind(order=20, tell=_tell, part=DatasetCounts, gather=_gather, check=_check, columns=COLUMNS)


def _gather(gathering: Gathering) -> DatasetCounts:
    return DatasetCounts(counted_columns(gathering))


def counted_columns(gathering: Gathering) -> dict[str, Counts]:
    """The counts of the dataset of each column that has runs, by column label; no image is opened.

    Raises:
        DataError: if a dataset has changed since the runs were planned.
    """
    resolver, known, found = gathering.resolver, dict[Call, Counts](), dict[str, Counts]()
    first = gathering.first_runs()
    for column in gathering.table.columns:
        if (run := first.get(column.label)) is None:
            continue
        if (dataset := run.spec.dataset) not in known:
            index = resolver.index(run.spec)
            if not index.identity().items() <= run.identity["dataset"].items():
                raise DataError(
                    f"{column.label}: its data have changed since its runs were planned, so that nobody can say how "
                    "many images these were trained and tested on. Make the table again."
                )
            known[dataset] = counted(index, resolver.opened(dataset, run.spec.edition).dataset.task)
        _, _, name = (column.score or "").partition(":")
        found[column.label] = known[dataset].of_class(name) if name else known[dataset]
    return found


def counts_of(document: TableDocument) -> dict[str, Counts]:
    """The counts of each column's dataset, by column label; empty where nothing was counted."""
    part = document.part(DatasetCounts)
    return part.by_column if part else {}


def _check(document: TableDocument) -> None:
    if unknown := set(counts_of(document)) - {column for column, _ in document.columns}:
        raise ValueError(f"counts of {', '.join(sorted(unknown))}, which no column is called")
    for one in counts_of(document).values():
        names = [[of.name for of in one.splits[split].classes] for split in SPLITS]
        if any(other != names[0] for other in names) or not set(one.scored) <= set(names[0]):
            raise ValueError(
                "expected counts of the same classes in each split, and scored ones among them; found others"
            )
        if one.kind != "segmentation" and not one.scored:
            raise ValueError("counts without a scored class; expected one at least")
        for of in one.splits.values():
            held = [of.whole, *(count for each in of.classes for count in (each.positives, each.negatives))]
            for count in held:
                if count.images < 0 or (count.patients or 0) < 0:
                    raise ValueError(f"expected numbers of images and patients of 0 or more, found {count}")


def _tell(document: TableDocument) -> Iterator[Block]:
    if not counts_of(document):
        return
    few, every = count_lines(document), every_count(document)
    yield _block(document, "Images of each split", few, notes=tuple(count_note(document)), long=_long(document))
    if every != few:
        yield _block(document, "Images of every split and class", every, folded=True, detail=True)


def _block(document: TableDocument, title: str, lines: Sequence[tuple[str, ...]], **others: Any) -> Block:
    (corner, *header), *rest = lines
    return Block(
        title=title,
        corner=corner,
        header=tuple(map(Heading, header)),
        lines=tuple(Line(name, tuple(map(Entry, texts))) for name, *texts in rest),
        **others,
    )


def _long(document: TableDocument) -> dict[str, dict[CellKey, Value]]:
    """The values of the CSV columns: images and patients of each split, and the test patients of the rarer class."""
    found: dict[str, dict[CellKey, Value]] = {name: {} for name in COLUMNS}
    for column, one in counts_of(document).items():
        held = [one.splits[split].whole for split in SPLITS]
        numbers = [*(number for of in held for number in (of.images, of.patients)), rarer(one)]
        for name, number in zip(COLUMNS, numbers, strict=True):
            found[name] |= {(row, column): number for row, _ in document.rows}
    return found


@dataclass(frozen=True)
class Held:
    """The counts of one dataset, with the columns that share it.

    Attributes:
        columns: the labels of all columns with this dataset.
        counts: the counts of the dataset, in which the scored classes are those of all these columns.
    """

    columns: tuple[str, ...]
    counts: Counts


def count_lines(document: TableDocument) -> list[tuple[str, ...]]:
    """The short table of counts: a heading, and a line per dataset and, where that is few lines, per class.

    They are empty if no counts are known. A cell is such as ``624 (310)``: the images and, in brackets, the patients
    where
    they are known.
    """
    datasets, whole = _datasets(document), every_count(document)
    if len(whole) - 1 <= FEW:
        return whole
    rarer = [rarest(one.counts) for one in datasets]
    if not any(rarer):
        return [_heading(datasets), *((_name(document, one), *_cells(one)) for one in datasets)]
    lines = [(*_heading(datasets), "rarest in the test")]
    for one, side in zip(datasets, rarer, strict=True):
        of = f"; rarest {side.name}{'' if side.shown else ': no'}" if side else ""
        lines.append((_name(document, one) + of, *_cells(one), _text(side.count) if side else "-"))
    return lines


def every_count(document: TableDocument) -> list[tuple[str, ...]]:
    """The whole table of counts: a heading, and a line per dataset and per class that is scored.

    They are empty if no counts are known.
    """
    datasets = _datasets(document)
    if not datasets:
        return []
    lines = [_heading(datasets)]
    for one in datasets:
        alone = len(one.columns) == len(document.columns)
        lines.append(("all" if alone else _name(document, one), *_cells(one)))
        start = "" if alone else f"{_name(document, one)}, "
        lines += [(start + name, *cells) for name, *cells in _class_lines(one.counts)]
    return lines


def count_note(document: TableDocument) -> list[str]:
    """A note on how the counts are to be read; empty if no counts are known."""
    datasets = _datasets(document)
    if not datasets:
        return []
    known = [one for one in datasets if one.counts.splits["test"].whole.patients is not None]
    unknown = [one for one in datasets if one not in known]
    said = ["Images that a network was trained, validated and tested on"]
    if known:
        said.append(", in brackets the patients whom they show")
    if unknown:
        of = f" of {listed([_name(document, one) for one in unknown])}" if known else ""
        said.append(f"; patients{of} are not known, and each image counts as a patient of its own")
    both = any(_on_both_sides(one.counts) for one in datasets)
    more = " Some patients have images that show a class and others that do not, and count for both." if both else ""
    return [f"{''.join(said)}.{more}"]


def _datasets(document: TableDocument) -> list[Held]:
    """The datasets of the columns, each once, with the scored classes of all columns that share it."""
    found: list[Held] = []
    for column, _ in document.columns:
        if (counts := counts_of(document).get(column)) is None:
            continue
        place = next((at for at, one in enumerate(found) if one.counts.splits == counts.splits), None)
        if place is None:
            found.append(Held((column,), counts))
        else:
            before = found[place]
            scored = tuple(dict.fromkeys((*before.counts.scored, *counts.scored)))
            found[place] = Held((*before.columns, column), Counts(counts.kind, scored, counts.splits))
    return found


def _heading(datasets: list[Held]) -> tuple[str, ...]:
    known = any(one.counts.splits["test"].whole.patients is not None for one in datasets)
    return ("images (patients)" if known else "images", *SPLITS)


def _name(document: TableDocument, one: Held) -> str:
    """The name of a dataset's line: the labels of the columns that have it."""
    if len(one.columns) == len(document.columns) > 1:
        return f"all {sides(document)[1]}s"
    return listed(one.columns)


def _cells(one: Held) -> tuple[str, ...]:
    return tuple(_text(one.counts.splits[split].whole) for split in SPLITS)


def _text(count: Count) -> str:
    return f"{count.images:,}" + (f" ({count.patients:,})" if count.patients is not None else "")


def _on_both_sides(counts: Counts) -> bool:
    """Whether a patient has images that show a scored class and images that do not."""
    return any(
        one.name in counts.scored
        and one.positives.patients is not None
        and one.positives.independent + one.negatives.independent > of.whole.independent
        for of in counts.splits.values()
        for one in of.classes
    )


def _class_lines(counts: Counts) -> Iterator[tuple[str, ...]]:
    """A line for each scored class, and one for its absence where that does not follow from the other numbers."""
    by_split = [[one for one in counts.splits[split].classes if one.name in counts.scored] for split in SPLITS]
    classes = list(zip(*by_split, strict=True))
    in_test = [of[-1].fewest for of in classes]
    shown = sorted(sorted(range(len(classes)), key=in_test.__getitem__)[:MOST_CLASSES])
    for of in (classes[place] for place in shown):
        name = of[0].name
        both = len(classes) == 1 or (counts.kind != "multiclass" and _tells(of, counts))
        yield f"{name}: yes" if both else name, *(_text(one.positives) for one in of)
        if both:
            yield f"{name}: no", *(_text(one.negatives) for one in of)
    if rest := [of for place, of in enumerate(classes) if place not in shown]:
        numbers = [[of[place].positives.images for of in rest] for place in range(len(SPLITS))]
        yield f"{len(rest):,} other classes, images of each", *(f"{min(of):,} to {max(of):,}" for of in numbers)


def _tells(of: Sequence[ClassCounts], counts: Counts) -> bool:
    """Whether a class is not labelled in all images, or is missing from fewer test images than show it."""
    labelled = all(
        one.positives.images + one.negatives.images == counts.splits[split].whole.images
        for one, split in zip(of, SPLITS, strict=True)
    )
    return not labelled or of[-1].negatives.images < of[-1].positives.images
