"""Test images with what networks made of them, and the worst, median and wrong ones, on pages that show images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from experiments.reporting.blocks.building.block import Block, Picture
from experiments.reporting.blocks.building.images import as_jpeg, drawn_channel, record_of, spread
from experiments.reporting.blocks.building.kind import Kind, nothing_to_tell
from experiments.reporting.blocks.building.predicted import Networks, Shown, deciding, errors_of, key_of, pictures_of
from experiments.reporting.drawings.looks import looks
from experiments.run.paths import Paths
from experiments.tables.document import TableDocument
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.sample import Sample

COUNT = 4
"""The number of pictures of a column; the last one shows no finding, where there is such an image."""

WORST, MEDIAN, WRONG = 2, 2, 4
"""The numbers of pictures with the largest and with median errors, and of images that are decided wrongly."""

CHOSEN = (
    "Test images at equal distances in their order, not chosen by result; those with a finding first. Predictions of "
    "seed 0."
)

ERRORS = {
    "multiclass": "one minus the probability of the true class",
    "segmentation": "one minus the Dice coefficient",
}
"""How large an error is by the kind of the task, in words; of others, it is ``DISTANCE``."""

DISTANCE = "the largest distance of a class's probability from what the image shows (0 or 1)"

MISSED = "A mask is wrong where a class is missed wholly, or something is marked where nothing is."


def examples() -> Kind:
    """The blocks of example images, and of the worst, median and wrong ones, for each column of test scores.

    They need the runs, so they are made for a page when it is written, and are not kept with the table.
    """
    return Kind(order=60, tell=nothing_to_tell, illustrate=_illustrate)


def _illustrate(document: TableDocument, paths: Paths) -> Iterator[Block]:
    for column, _ in document.columns:
        if column not in document.measured and (networks := networks_of(document, column, paths)) is not None:
            yield column_examples(column, networks)
            yield column_cases(column, networks)


def networks_of(document: TableDocument, column: str, paths: Paths) -> Networks | None:
    """The networks of seed 0 of the reference row and of a best row of a column.

    Returns:
        None if no row of the column has a run of seed 0.

    Raises:
        RunError: if a run that the table names is not in the store, or its weights are gone.
        DataError: if the data are not there.
    """
    from experiments.run.restored import restore  # it loads torch, which a page without images does not need

    rows = tuple(dict.fromkeys(row for row in (document.reference, document.best_row(column)) if row))
    first = {run.row: run for run in document.runs if run.column == column and run.seed == 0}
    records = {row: record_of(first[row], paths) for row in rows if row in first}
    if not records:
        return None
    shown = looks(document)
    restored = {row: restore(record, paths) for row, record in records.items()}
    return Networks(records, restored, {row: shown[row].color for row in records})


def column_examples(column: str, networks: Networks) -> Block:
    """A block with some test images of a column, not chosen by result, and the predictions for them.

    Args:
        column: the label of the column.
        networks: the networks whose predictions are shown.
    """
    data = networks.data
    numbers = _chosen(data.index_of("test"), data.task)
    return _block(f"Examples from the test set: {column}", column, networks, pictures_of(networks, numbers), (CHOSEN,))


def column_cases(column: str, networks: Networks) -> Block:
    """A block with the test images of a column that the last network is most wrong on, with median and wrong ones.

    Args:
        column: the label of the column.
        networks: the networks whose predictions are shown.
    """
    row, record = list(networks.records.items())[-1]
    errors, task = errors_of(record), networks.data.task
    known = sorted((float(size), number) for number, size in enumerate(errors.sizes) if size == size)
    ordered = [number for _, number in known][::-1]
    worst, rest = ordered[:WORST], ordered[WORST:]
    middle = max(0, (len(rest) - MEDIAN - WORST) // 2)  # the middle of all, of which the worst ones were taken away
    median = rest[middle : middle + MEDIAN]
    wrong = [number for number in ordered if errors.wrong[number] and number not in (*worst, *median)]
    named = [
        *((f"worst {place} of {len(ordered)}", number) for place, number in enumerate(worst, 1)),
        *(("median", number) for number in median),
        *(("wrong", number) for number in spread(wrong, WRONG)),
    ]
    pictures = pictures_of(networks, [number for _, number in named])
    told = [(picture, (name, *lines)) for (name, _), (picture, lines) in zip(named, pictures, strict=True)]
    count = int(errors.wrong[ordered].sum())
    notes = (
        f"Chosen by the errors of {row} with seed 0; an error is {ERRORS.get(task.kind, DISTANCE)}. Wrong: some of the "
        f"{count} of {len(ordered)} test images that it decides wrongly, from the largest error to the smallest.",
        *((MISSED,) if task.kind == "segmentation" else ()),
    )
    return _block(f"Worst, median and wrong cases: {column}", column, networks, told, notes)


def _block(title: str, column: str, networks: Networks, shown: Shown, notes: tuple[str, ...]) -> Block:
    """A block of pictures (H, W, 3), each with the lines of text below it."""
    pictures = tuple(
        Picture(partial(as_jpeg, picture), "jpeg", lines, f"Test image {number} of {column}")
        for number, (picture, lines) in enumerate(shown, 1)
    )
    data = networks.data
    notes = (*notes, *deciding(networks.records, data.task), *drawn_channel(data.opened.dataset))
    return Block(title=title, pictures=pictures, key=key_of(networks), notes=notes)


def _chosen(samples: Sequence[Sample], task: Task) -> list[int]:
    """The numbers of the test images that are shown, at equal distances: images with a finding, and one without."""
    if task.kind == "multiclass":
        return spread(range(len(samples)), COUNT)
    found = [number for number, sample in enumerate(samples) if not sample.target or 1.0 in sample.target]
    clear = [number for number, sample in enumerate(samples) if sample.target and not any(sample.target)]
    some = spread(found, COUNT - bool(clear))
    return some + spread(clear, COUNT - len(some))
