"""From a dataset and its folder to checked splits, with what ``medtransfer prepare`` found taken into account."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.contract import Dataset, Index
from specs.errors import DataError

if TYPE_CHECKING:
    from datamodules.prepared.storage import Prepared


@dataclass(frozen=True)
class OpenDataset:
    """A dataset that can be trained on.

    Attributes:
        dataset: reads the files.
        root: where they are.
        index: its checked splits.
        prepared: its stored images, or None if it is not prepared.
    """

    dataset: Dataset
    root: Path
    index: Index
    prepared: Prepared | None = None


def without_test(opened: OpenDataset) -> OpenDataset:
    """The same dataset with its validation images as the test split, and no test image in it."""
    index = dataclasses.replace(opened.index, test=opened.index.validation, pool=())
    return dataclasses.replace(opened, index=index)


def open_dataset(dataset: Dataset, name: str, root: Path, folder: Path, content: str = "") -> OpenDataset:
    """Read a dataset's splits.

    A dataset whose files are too many to be digested at each start must have been prepared, and its user must have
    accepted what is wrong with its images.

    Args:
        dataset: reads the files.
        name: its expression, for messages.
        root: where its files are.
        folder: where it is prepared, if it is.
        content: what identifies its files, if something does, such as being drawn by a formula.

    Raises:
        DataError: if the files are not there, damaged, not prepared or not accepted, or two splits share a patient.
    """
    from datamodules.prepared.problems import accepted, find_problems, left_out
    from datamodules.prepared.storage import Prepared

    index = dataset.index(root)
    index.check(name)
    prepared = Prepared.find(folder)
    if index.content or content:
        if prepared is not None and prepared.own_content != index.content:
            prepared = None  # of other files than are there now
        return OpenDataset(dataset, root, dataclasses.replace(index, content=index.content or content), prepared)
    if prepared is None:
        raise DataError(
            f"{name} is not prepared: its {sum(len(index.split(split)) for split in ('train', 'validation', 'test'))} "
            f"images have to be read once to know what a run is trained on. Run `medtransfer prepare '{name}'` first."
        )
    whole = dataclasses.replace(dataset, fraction=1.0)
    everything = index if dataset.fraction == 1 else whole.index(root)
    problems = find_problems(dataset, root, everything, prepared)
    known = accepted(folder)
    new = [problem for problem in problems if (problem.id, problem.reason) not in known]
    if new:
        shown = "\n".join(f"  {problem.kind}: {problem.path} ({problem.other})" for problem in new[:5])
        more = f"\n  and {len(new) - 5} more" if len(new) > 5 else ""
        raise DataError(
            f"{name}: {len(new)} images are unreadable, duplicate or mislabelled:\n{shown}{more}\n"
            f"Mend them and prepare again, or accept the list: medtransfer prepare '{name}' --accept"
        )
    if dropped := left_out(problems):
        index = dataset.index(root, dropped)
        index.check(name)
    unfit = {problem.id for problem in problems}  # those that the test split keeps are no test of other splits
    index = dataclasses.replace(index, pool=tuple(sample for sample in index.pool if sample.id not in unfit))
    samples = tuple(sample for split in ("test", "validation", "train") for sample in everything.split(split))
    return OpenDataset(dataset, root, dataclasses.replace(index, content=prepared.content(samples, name)), prepared)
