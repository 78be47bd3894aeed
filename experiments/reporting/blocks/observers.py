"""How far two observers of the test images agree: what a network that learned from the one can be held against."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from datamodules.files.resampling import resize_mask
from experiments.reporting.blocks.building.block import Block, Heading, Line, entry_of
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.phrases import mean_std
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.tables.document import Cell, TableDocument
from specs.errors import DataError
from specs.task import IGNORED

NETWORK, NATIVE = "at the network's size", "at native size"


@dataclass(frozen=True)
class ObserverAgreement:
    """The agreement of two observers.

    Attributes:
        by_column: the mean Dice coefficient of the second observer's masks beside the first one's, in [0, 1], at the
            size that networks see and at that of the files, by column label.
        images: the number of test images with masks of both, by column label.
        unusable: the number of test images whose mask by the second observer cannot be read, or is of another size than
            the first one's, by column label.
    """

    by_column: dict[str, tuple[float, float]]
    images: dict[str, int]
    unusable: dict[str, int]


def observers() -> Kind:
    """The block of observers, for tables with a dataset that has masks of two."""
    return Kind(order=21, tell=_tell, part=ObserverAgreement, gather=_gather)


def _gather(gathering: Gathering) -> ObserverAgreement | None:
    found: dict[str, tuple[float, float]] = {}
    images: dict[str, int] = {}
    unusable: dict[str, int] = {}
    for label, run in gathering.first_runs().items():
        pairs, unusable[label] = agreements(gathering.resolver, run)
        if pairs:
            found[label] = tuple(sum(each) / len(pairs) for each in zip(*pairs, strict=True))
            images[label] = len(pairs)
    return ObserverAgreement(found, images, {label: unusable[label] for label in found}) if found else None


def agreements(resolver: Resolver, run: ResolvedRun) -> tuple[list[tuple[float, float]], int]:
    """The Dice coefficients of two observers of each test image that has masks of both.

    Args:
        resolver: the resolver, which opens the data.
        run: the run, whose recipe says the network's size.

    Returns:
        For each image, the mean over the classes that one of the two marked, at the network's size and at that of the
        file; and the number of images whose second mask is damaged or of another size. The runs are done by now, so one
        such file does not end the table.
    """
    import numpy as np

    from analysis.metrics import dice

    opened = resolver.opened(run.spec.dataset, run.spec.edition)
    dataset, form = opened.dataset, run.spec.recipe.evaluation_form
    if dataset.kind != "segmentation":
        return [], 0
    found, unusable = [], 0
    for sample in resolver.index(run.spec).test:
        try:
            second = dataset.second_mask(opened.root, sample)
        except DataError:
            unusable += 1
            continue
        if second is None:
            continue
        pair = dataset.read_mask(opened.root, sample), second
        if pair[0].shape != pair[1].shape:
            unusable += 1
            continue
        size = max(pair[0].shape) if form.size == "source" else form.size
        at_sizes = []
        for one, other in (tuple(resize_mask(mask, size, form.resampling) for mask in pair), pair):
            labelled = (one != IGNORED) & (other != IGNORED)
            first, also = one[labelled], other[labelled]
            of_classes = [dice(also == number, first == number) for number in np.union1d(first, also) if number]
            at_sizes.append(math.fsum(of_classes) / len(of_classes) if of_classes else 1.0)
        found.append((at_sizes[0], at_sizes[1]))
    return found, unusable


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ObserverAgreement)
    if part is None:
        return
    columns = [column for column, _ in document.columns if column in part.by_column]
    lines = [
        Line(
            f"Second observer, {place}",
            tuple(
                entry_of(cell, mean_std(cell)) for cell in (Cell((part.by_column[column][n],)) for column in columns)
            ),
        )
        for n, place in enumerate((NETWORK, NATIVE))
    ]
    numbers = "; ".join(f"{column}: {part.images[column]}" for column in columns)
    unusable = "; ".join(f"{column}: {count}" for column, count in part.unusable.items() if count)
    left_out = f"Left out, since the second observer's mask is damaged or of another size: {unusable}."
    yield Block(
        title="Agreement of two observers",
        corner="observer",
        header=tuple(Heading(column, "Dice") for column in columns),
        lines=tuple(lines),
        notes=(
            "The second observer's masks of the test images beside the first one's, which networks learn from and are "
            f"scored by: the mean Dice over images, in whole images ({numbers} images). It is one person's work, and "
            "no upper bound.",
            *((left_out,) if unusable else ()),
        ),
    )
