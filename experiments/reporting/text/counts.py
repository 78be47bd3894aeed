"""What the columns' datasets hold, as texts: a line per class where that is few lines, else a line per dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import ClassCounts, Count, Counts, rarest
from experiments.reporting.text.layout import sides
from experiments.reporting.text.words import listed
from experiments.tables.document import TableDocument

FEW = 16
"""Lines below a score table that are taken in at a glance; of more, only each dataset's rarest class is shown."""

MOST_CLASSES = 20
"""Classes of a dataset that are shown one by one: those that are rarest in the test split."""


@dataclass(frozen=True)
class Held:
    """What one dataset holds.

    Attributes:
        columns: labels of all columns that have it.
        counts: of it; scored are the classes of all these columns.
    """

    columns: tuple[str, ...]
    counts: Counts


def count_lines(document: TableDocument) -> list[tuple[str, ...]]:
    """A heading, then a line for each dataset and, where that is few lines, for each class; empty if none is known.

    A cell is ``624 (310)``: images, and in brackets patients where they are known.
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
    """A heading, then a line for each dataset and each class that a score is of; empty if none is known."""
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
    """How the counts are to be read; empty if none is known."""
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
    """What columns share once, with the classes of all their scores."""
    found: list[Held] = []
    for column, _ in document.columns:
        if (counts := document.counts.get(column)) is None:
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
    """The columns that have a dataset."""
    if len(one.columns) == len(document.columns) > 1:
        return f"all {sides(document)[1]}s"
    return listed(one.columns)


def _cells(one: Held) -> tuple[str, ...]:
    return tuple(_text(one.counts.splits[split].whole) for split in SPLITS)


def _text(count: Count) -> str:
    return f"{count.images:,}" + (f" ({count.patients:,})" if count.patients is not None else "")


def _on_both_sides(counts: Counts) -> bool:
    """Whether a patient is among a scored class's positives and among its negatives."""
    return any(
        one.name in counts.scored
        and one.positives.patients is not None
        and one.positives.independent + one.negatives.independent > of.whole.independent
        for of in counts.splits.values()
        for one in of.classes
    )


def _class_lines(counts: Counts) -> Iterator[tuple[str, ...]]:
    """A line for each scored class, and for its absence where that does not follow from the other numbers."""
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
