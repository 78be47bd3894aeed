"""Opening a dataset: its checked splits, without what ``medtransfer prepare`` found to be unfit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.prepared.lacking import said_of
from datamodules.prepared.view import view_of
from specs.commands import command
from specs.errors import DataError

if TYPE_CHECKING:
    from datamodules.prepared.storage import Prepared


@dataclass(frozen=True)
class OpenDataset:
    """A dataset that can be trained on.

    Attributes:
        dataset: the dataset, which reads the files.
        root: the folder that holds the files.
        index: the checked splits of the dataset.
        prepared: the stored images of the dataset, or None if it is not prepared.
        prepare: the command line that prepares the dataset, for messages.
    """

    dataset: Dataset
    root: Path
    index: Index
    prepared: Prepared | None = None
    prepare: str = "medtransfer prepare EXPR"


def without_test(opened: OpenDataset) -> OpenDataset:
    """The dataset with its validation images as the test split too, and without any test image."""
    index = dataclasses.replace(opened.index, test=opened.index.validation, pool=())
    return dataclasses.replace(opened, index=index)


def open_dataset(
    dataset: Dataset, name: str, root: Path, folder: Path, content: str = "", prepare: str = ""
) -> OpenDataset:
    """Open a dataset: read its splits, check them, and find its stored images.

    A dataset whose files are too many to be digested at each start must have been prepared, and its user must have
    accepted what is wrong with its images.

    Args:
        dataset: the dataset, which reads the files.
        name: the expression of the dataset, for messages.
        root: the folder that holds its files.
        folder: the folder in which it is prepared, if it is.
        content: a text that identifies its files, if there is one, such as for images that a formula draws; else empty.
        prepare: the command line that prepares it, for messages; empty: the command without options.

    Raises:
        DataError: if the files are not there, damaged, not prepared or not accepted, or two splits share a patient.
    """
    prepare = prepare or command("prepare", name)
    view = view_of(dataset, root, folder, prepare, content)
    if view.prepared is None and not view.fixed:
        view.index.check(name)
        raise DataError(
            f"{name} is not prepared: its {sum(len(view.index.split(split)) for split in SPLITS)} images have to be "
            f"read once to know what a run is trained on. Run this first: {prepare}"
        )
    if view.new:
        shown = "\n".join(f"  {line}" for line in said_of(view.new, len(view.everything), 5))
        raise DataError(
            f"{name}: {len(view.new)} images are unreadable or mislabelled:\n{shown}\n"
            f"Mend them and prepare again, or accept the list: {prepare} --accept"
        )
    if faults := view.faults():
        raise DataError("\n".join(f"{name}: {fault}" for fault in faults))
    return OpenDataset(dataset, root, view.index, view.prepared, prepare)
