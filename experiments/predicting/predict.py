"""Predicting images that nobody labelled, batch by batch: probabilities, decisions, masks, and which are unlike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datamodules.unseen.contract import InVolumes, Unseen
from experiments.predicting.deciding import decisions
from experiments.predicting.ensemble import Ensemble
from experiments.predicting.familiar import Familiar
from experiments.predicting.writing import PredictionFiles
from specs.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from datamodules.dataset.contract import Pixels


@dataclass
class Tally:
    """How many images were predicted as what.

    Attributes:
        images: how many images there are.
        told: how many images show each class, by what is told of them.
        unlike: how many images are unlike those that the networks learned.
        unread: how many images could not be read.
    """

    images: int = 0
    told: Counter[str] = field(default_factory=Counter)
    unlike: int = 0
    unread: int = 0

    def to_json(self) -> dict[str, Any]:
        """The numbers as plain data."""
        return {"images": self.images, "told": dict(self.told), "unlike": self.unlike, "unread": self.unread}


@dataclass(frozen=True)
class Images:
    """The images that are to be predicted.

    Attributes:
        unseen: what reads them.
        folder: the folder that they are in.
        names: the names of the images, in the order in which they are predicted.
    """

    unseen: Unseen
    folder: Path
    names: Sequence[str]


def header(ensemble: Ensemble, judged: bool) -> list[str]:
    """The names of the columns of the table of predictions.

    Args:
        ensemble: the networks that predict.
        judged: whether images are held against those that the networks learned.
    """
    task = ensemble.task
    if task.kind == "segmentation":
        own = ["mask", *(f"pixels:{name}" for name in task.classes)]
    else:
        told = ["decision"] if task.kind == "multiclass" else [f"decision:{name}" for name in task.classes]
        own = [*(f"probability:{name}" for name in task.classes), *told]
    return ["image", *own, *(["unlike"] if judged else []), "error"]


def predict(
    ensemble: Ensemble,
    images: Images,
    files: PredictionFiles,
    cut: Sequence[float],
    familiar: Familiar | None,
    report: Callable[[int, int], None],
) -> Tally:
    """Predict images and write the predictions; an image that cannot be read has its error in the table.

    Args:
        ensemble: the networks that predict.
        images: the images to predict.
        files: the files that the predictions are written to; batches that are there already are not predicted again.
        cut: the threshold of each class of a binary or multilabel task; other tasks have none.
        familiar: what tells images that are unlike those that the networks learned; None: nothing does.
        report: a function that is told how many images are done, and of how many.

    Raises:
        StorageError: if the disk is full.
    """
    size = ensemble.recipe.batch_size
    start = files.rows_done(size)
    with ensemble.as_trained():
        for place in range(start, len(images.names), size):
            report(place, len(images.names))
            batch = Images(images.unseen, images.folder, images.names[place : place + size])
            files.add(_rows(ensemble, batch, files, cut, familiar))
    if isinstance(images.unseen, InVolumes) and ensemble.task.kind == "segmentation":
        files.put_back(images.unseen, images.folder, images.names)
    report(len(images.names), len(images.names))
    return tallied(files)


def _rows(
    ensemble: Ensemble, batch: Images, files: PredictionFiles, cut: Sequence[float], familiar: Familiar | None
) -> list[list[object]]:
    """The rows of a batch of images."""
    read: dict[str, Pixels] = {}
    errors: dict[str, str] = {}
    why: dict[str, str | None] = {}
    for name in batch.names:
        try:
            read[name] = batch.unseen.read(batch.folder, name)
            why[name] = batch.unseen.unlike(batch.folder, name) if familiar else None
        except DataError as error:
            read.pop(name, None)
            errors[name] = str(error)
    told: dict[str, list[object]] = {}
    if read:
        framed = ensemble.framed(list(read.values()))
        if familiar:
            far = familiar.why_unlike(ensemble, framed)
            why |= {name: why[name] or reason for name, reason in zip(read, far, strict=True)}
        told = _told(ensemble, framed, read, batch.unseen, files, cut)
    empty: list[object] = [""] * (len(files.header) - 2 - (familiar is not None))
    return [
        [name, *told.get(name, empty), *([why.get(name) or ""] if familiar else []), errors.get(name, "")]
        for name in batch.names
    ]


def _told(
    ensemble: Ensemble,
    framed: Tensor,
    read: dict[str, Pixels],
    unseen: Unseen,
    files: PredictionFiles,
    cut: Sequence[float],
) -> dict[str, list[object]]:
    """What the columns of the task say of each image that was read."""
    task, found = ensemble.task, ensemble.probabilities(framed)
    if task.kind == "segmentation":
        masks = ensemble.masks(found, [(image.shape[0], image.shape[1]) for image in read.values()])
        counts = [np.bincount(mask.ravel(), minlength=len(task.classes) + 1)[1:].tolist() for mask in masks]
        for name, mask in zip(read, masks, strict=True):
            files.write_mask(name, unseen, mask, len(task.classes))
        return {name: [files.mask_of(name, unseen), *each] for name, each in zip(read, counts, strict=True)}
    probabilities = found.numpy()
    decided = decisions(probabilities, task, cut)
    words: list[list[object]]
    if task.kind == "multiclass":
        words = [[task.classes[int(place)]] for (place,) in decided]
    else:
        words = [[int(value) for value in row] for row in decided]
    return {
        name: [*(repr(float(value)) for value in row), *said]
        for name, row, said in zip(read, probabilities, words, strict=True)
    }


def tallied(files: PredictionFiles) -> Tally:
    """Count what the rows of a table say."""
    tally = Tally()
    for row in files.rows():
        tally.images += 1
        tally.unread += bool(row["error"])
        tally.unlike += bool(row.get("unlike"))
        for column, value in row.items():
            name, _, about = column.partition(":")
            if name == "decision" and not about and value:
                tally.told[value] += 1
            elif (name == "decision" and value == "1") or (name == "pixels" and value not in ("", "0")):
                tally.told[about] += 1
    return tally
