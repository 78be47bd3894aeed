"""A view of a dataset: images that are found, those that are left out and why, and the splits of the others.

All commands that tell something of a dataset tell it from here, and a run trains on what is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.absent import WHY, absent
from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.sample import Sample
from datamodules.prepared.lacking import lacking
from datamodules.prepared.mask_values import disagreement
from specs.quoting import plain

if TYPE_CHECKING:
    from datamodules.prepared.problems import Problem
    from datamodules.prepared.storage import Prepared


@dataclass(frozen=True)
class View:
    """A dataset as its files, and what is prepared of them, show it.

    Attributes:
        dataset: the dataset, which reads the files.
        root: the folder that holds the files.
        index: the splits as they are used: without what is left out, and with the ``fraction`` of training.
        everything: the samples that the label files have, in the order of splits.
        prepared: the stored images of the dataset, or None if it is not prepared, or was when it had other files.
        fixed: whether its files are digested at each start, or its images are drawn; then they are trained on as they
            are, duplicates too, and nothing has to be accepted.
        problems: the problems of its images, as far as it is prepared.
        new: the problems that have to be accepted and are not; of equal images with one label nothing has to be.
        missing: the path of the file that is not there, by the id of the image, as far as files were looked for.
    """

    dataset: Dataset
    root: Path
    index: Index
    everything: tuple[Sample, ...]
    prepared: Prepared | None
    fixed: bool
    problems: tuple[Problem, ...] = ()
    new: tuple[Problem, ...] = ()
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def unreadable(self) -> tuple[Problem, ...]:
        """The unreadable images among files that are trained on as they are, which therefore stop training."""
        return tuple(one for one in self.problems if self.fixed and one.kind == "unreadable")

    def faults(self) -> list[str]:
        """Sentences on why training does not start, whatever the user has accepted."""
        found = self.index.faults()
        if self.prepared is not None:
            used = [sample for split in SPLITS for sample in self.index.split(split)]
            found += [one for one in [disagreement(self.prepared, used, type(self.dataset).__name__)] if one]
        if self.unreadable:
            first = self.unreadable[0]
            found.append(f"{len(self.unreadable)} images cannot be read, such as {plain(first.id)}: {first.other}")
        if self.missing:
            found.append(lacking([*self.missing.values()], len(self.everything)))
        return found


def view_of(
    dataset: Dataset, root: Path, folder: Path, prepare: str, content: str = "", thorough: bool = False
) -> View:
    """Look at a dataset's files and at what is prepared of them.

    Args:
        dataset: the dataset, which reads the files.
        root: the folder that holds its files.
        folder: the folder in which it is prepared, if it is.
        prepare: the command line that prepares it, for messages.
        content: a text that identifies its files, if there is one, such as for images that a formula draws; else empty.
        thorough: whether to look for each image's files where it is not prepared, and leave out images without; and
            also to look for what is wrong with files that are trained on as they are.

    Raises:
        DataError: if the layout is not the expected one, a label file is damaged, or what is prepared is.
    """
    from datamodules.prepared.problems import accepted, find_problems, left_out
    from datamodules.prepared.storage import Prepared

    index = dataset.index(root)
    own, fixed = index.content, bool(index.content or content)
    index = dataclasses.replace(index, content=own or content)
    whole = index if dataset.fraction == 1 else dataclasses.replace(dataset, fraction=1.0).index(root)
    everything = tuple(sample for split in SPLITS for sample in whole.split(split))
    prepared = Prepared.find(folder, prepare)
    if prepared is not None and fixed and prepared.own_content != own:
        prepared = None  # it was prepared from other files than are there now
    if prepared is None:
        missing = absent(everything, lambda sample: dataset.files(root, sample)) if thorough and not fixed else {}
        if missing:
            index = dataset.index(root, dict.fromkeys(missing, WHY))
        return View(dataset, root, index, everything, None, fixed, missing=missing)
    if fixed and not (thorough or prepared.unreadable):
        return View(dataset, root, index, everything, prepared, True)
    problems = tuple(find_problems(dataset, root, whole, prepared))
    if fixed:
        kept = tuple(one if one.kind == "unreadable" else one._replace(action="kept") for one in problems)
        return View(dataset, root, index, everything, prepared, True, kept)
    if dropped := left_out(problems):
        index = dataset.index(root, dropped)
    unfit = {problem.id for problem in problems}  # what the test split keeps must be in no fold
    pool = tuple(sample for sample in index.pool if sample.id not in unfit)
    index = dataclasses.replace(
        index, pool=pool, content=prepared.content(_in_store_order(whole), type(dataset).__name__)
    )
    known = accepted(folder)
    # Which of equal images with one label stays changes nothing that is learned, so nobody has to decide it.
    doubtful = (problem for problem in problems if problem.kind != "duplicate")
    new = tuple(problem for problem in doubtful if (problem.id, problem.reason) not in known)
    return View(dataset, root, index, everything, prepared, False, problems, new)


def _in_store_order(whole: Index) -> tuple[Sample, ...]:
    """The samples in the order in which the digest of their pixels takes them."""
    return tuple(sample for split in ("test", "validation", "train") for sample in whole.split(split))
