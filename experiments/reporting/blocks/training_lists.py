"""Which test images weights have seen by the lists of their training images, beside the mark by collections."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datamodules.dataset.contract import Index
from datamodules.listed.overlapping import Listed, Verdict, listed_in
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.tables.document import CellKey, TableDocument
from experiments.tables.listed import names_of, telling_lists
from specs.errors import DataError
from specs.run import Edition

UNREAD = "the list of training images could not be read; `medtransfer weights overlap` says why"


@dataclass(frozen=True)
class ListedTest:
    """What the lists of training images say of a test split; no image is named.

    Attributes:
        verdict: what the lists say, as ``datamodules.listed.overlapping.Verdict`` does.
        images: the number of test images.
        listed: how many of them are in the lists.
        ambiguous: how many more may be in them.
        patients: the number of test patients.
        patients_listed: how many of the patients have images in the lists.
    """

    verdict: Verdict
    images: int
    listed: int
    ambiguous: int
    patients: int
    patients_listed: int


@dataclass(frozen=True)
class ListedTests:
    """The test splits whose images weights may have seen, held against the lists of the weights' training images.

    Attributes:
        cells: what the lists say of a cell's test split, by row and column label.
        unread: the row and column labels of cells whose lists could not be read.
    """

    cells: dict[CellKey, ListedTest]
    unread: tuple[CellKey, ...] = ()


def training_lists() -> Kind:
    """The notes on cells that are marked by collections, where lists of training images are at hand."""
    return Kind(order=49, tell=_tell, part=ListedTests, gather=_gather, check=_check)


def _gather(gathering: Gathering) -> ListedTests | None:
    held: dict[tuple[tuple[Path, ...], str, Edition], ListedTest | None] = {}
    found: dict[CellKey, ListedTest | None] = {}
    for cell_key, runs in gathering.cells.items():
        if not runs:
            continue
        spec = runs[0].spec
        if lists := telling_lists(spec.initializer, spec.dataset, spec.edition):
            asked = lists, str(spec.dataset), spec.edition
            if asked not in held:
                opened = gathering.resolver.opened(spec.dataset, spec.edition)
                index = opened.index if spec.fold is None else _all_tested(opened.index)
                try:
                    held[asked] = told_of(listed_in(opened.dataset, index, names_of(dict.fromkeys(lists))))
                except DataError:  # a finished table is worth more than this note, which says that it is lacking
                    held[asked] = None
            found[cell_key] = held[asked]
    cells = {cell_key: test for cell_key, test in found.items() if test is not None}
    return ListedTests(cells, tuple(cell_key for cell_key in found if cell_key not in cells)) if found else None


def _all_tested(index: Index) -> Index:
    """The splits of runs in folds, which together test on every image."""
    return dataclasses.replace(index, train=(), validation=(), test=index.train + index.validation + index.test)


def told_of(listed: Listed) -> ListedTest:
    """What a list says of the test split, without names of images."""
    test = listed.splits["test"]
    return ListedTest(listed.verdict, test.images, test.listed, test.ambiguous, test.patients, test.patients_listed)


def in_words(test: ListedTest) -> str:
    """What lists say of a test split, in one sentence."""
    doubtful = f"; of {test.ambiguous:,} more it is not sure" if test.ambiguous else ""
    if test.verdict == "images":
        return (
            f"{test.listed:,} of the {test.images:,} test images are in the list of training images, with images of "
            f"{test.patients_listed:,} of the {test.patients:,} test patients{doubtful}"
        )
    if test.verdict == "patients":
        return (
            f"no test image is in the list of training images for sure, and other images of {test.patients_listed:,} "
            f"of the {test.patients:,} test patients are{doubtful}"
        )
    if test.verdict == "unclear":
        return (
            f"{test.ambiguous:,} of the {test.images:,} test images may be in the list of training images, since their "
            "names fit several names"
        )
    if test.verdict == "none":
        return (
            f"none of the {test.images:,} test images is in the list of training images, which names other images of "
            "this dataset in the same way"
        )
    return (
        "the list of training images names none of this dataset's images, in any split; if it names copies of them "
        "otherwise, this shows nothing"
    )


def _check(document: TableDocument) -> None:
    part = document.part(ListedTests)
    if part is not None and (unknown := {*part.cells, *part.unread} - set(document.cells)):
        raise ValueError(f"lists of training images for {sorted(unknown)[0]}; expected a cell of the table")


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ListedTests)
    if part is None:
        return
    told = {key: in_words(test) for key, test in part.cells.items()} | dict.fromkeys(part.unread, UNREAD)
    yield Block(notes=tuple(f"‡ {' on '.join(key)}: {text}." for key, text in told.items()))
