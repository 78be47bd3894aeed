"""Predictions of finished networks on new images, as the session and the command line ask for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datamodules.unseen.image_files import unseen_of
from experiments.predicting.deciding import Rule, thresholds
from experiments.predicting.ensemble import Ensemble, loaded
from experiments.predicting.familiar import MOST_KNOWN, SHARE, Familiar, familiar_of
from experiments.predicting.gain import Gain, gain_of
from experiments.predicting.predict import Images, Tally, header, predict, tallied
from experiments.predicting.writing import PredictionFiles
from experiments.session.chosen_runs import ChosenRuns, chosen_runs
from experiments.session.context import Context
from specs.errors import DataError, UsageError
from specs.notice import RESEARCH_ONLY
from specs.quoting import LONGEST_PATH, plain

STEP = "predict images"
"""The name of the step in progress bars."""


@dataclass(frozen=True)
class Predicted:
    """Predictions of new images.

    Attributes:
        table: the path of the table, a row for each image.
        runs: the keys of the runs whose networks predicted.
        row: the label of the row of a table that they are of; None: a single run was named.
        thresholds: the threshold of each class of a binary or multilabel task.
        rule: the rule that the thresholds were chosen by, in half a sentence.
        tally: how many images were predicted as what.
        held_out: the share of validation images that are told as unlike, each by a rule that the others gave; None:
            nothing was looked at.
        gain: what the mean over several networks gains on the test images; None: it is not known.
    """

    table: Path
    runs: tuple[str, ...]
    row: str | None
    thresholds: dict[str, float]
    rule: str
    tally: Tally
    held_out: float | None
    gain: Gain | None

    @property
    def sentences(self) -> list[str]:
        """What a user should know, a sentence each."""
        said = []
        if self.row is not None:
            count = len(self.runs)
            said.append(f"Network: {self.row}, {f'the mean of {count} networks' if count > 1 else 'one network'}.")
        if self.gain is not None:
            said.append(
                f"On the {self.gain.images:,} test images the mean of the networks scores {self.gain.together:.1%}, "
                f"the networks alone {self.gain.alone:.1%} on average."
            )
        if self.thresholds:
            named = ", ".join(f"{name} above {value:.4g}" for name, value in self.thresholds.items())
            said.append(f"Thresholds: {named}, by {self.rule}.")
        told = ", ".join(f"{count:,} {name}" for name, count in sorted(self.tally.told.items()))
        said.append(f"{self.tally.images:,} images: {told or 'nothing was found on any'}.")
        if self.held_out is not None:
            said.append(
                f"{self.tally.unlike:,} are unlike the training images (column unlike); of validation images, "
                f"{self.held_out:.1%} are told so, falsely."
            )
        if self.tally.unread:
            said.append(f"{self.tally.unread:,} could not be read (column error).")
        return [*said, RESEARCH_ONLY]

    def to_json(self) -> dict[str, Any]:
        """The predictions' summary as plain data."""
        gain = None if self.gain is None else vars(self.gain)
        return {
            "table": str(self.table), "runs": list(self.runs), "row": self.row, "thresholds": self.thresholds,
            "rule": self.rule, **self.tally.to_json(), "false_alarms_held_out": self.held_out, "gain": gain,
            "notice": RESEARCH_ONLY,
        }  # fmt: skip


def predicted(
    named: str, images: Sequence[Path], output: Path, context: Context, *,
    row: str | None = None, column: str | None = None, rule: Rule = Rule(), familiar: bool = True,  # noqa: B008 (it cannot change)
) -> Predicted:  # fmt: skip
    """Predict new images with the networks of finished runs.

    Args:
        named: the beginning of a run's key, or the file of a table.
        images: a folder of images, or files of images in one folder.
        output: the folder that the predictions are written to.
        context: the settings of the session.
        row: the label of the table's row; None: the one that it advises, or its only one.
        column: the label of the table's column; None: its only one.
        rule: the rule by which thresholds are chosen.
        familiar: whether images are held against those that the network learned; this needs the run's own images.

    Raises:
        UsageError: if no run is meant, or the folder holds other predictions.
        DataError: if there are no images, or the run's own images are not there and are needed.
        RunError: if a run is not in the store, or its files are damaged.
        StorageError: if the disk is full.
    """
    _check_apart(images, output)
    chosen = chosen_runs(named, context.store.root, row, column)
    ensemble = loaded(chosen.records)
    found = _images(ensemble, images)
    cut = () if ensemble.task.kind in ("multiclass", "segmentation") else thresholds(ensemble, rule)
    known = _familiar(ensemble, context) if familiar else None
    files = PredictionFiles(
        output, header(ensemble, familiar), _made_with(ensemble, chosen, found, rule, cut, familiar)
    )
    if files.finished:
        tally = tallied(files)
    else:
        tally = predict(ensemble, found, files, cut, known, lambda done, total: context.steps(STEP, done, total))
    result = Predicted(
        files.table, tuple(record.data["key"] for record in chosen.records), chosen.row,
        dict(zip(ensemble.task.classes, cut, strict=False)), rule.words, tally,
        None if known is None else known.held_out, gain_of(chosen.records, ensemble.task),
    )  # fmt: skip
    if not files.finished:
        files.finish({name: value for name, value in result.to_json().items() if name != "table"})
    return result


def _check_apart(images: Sequence[Path], output: Path) -> None:
    """Refuse a folder of predictions among the images: masks in it would be taken for images when a prediction goes on.

    Raises:
        UsageError: names both folders.
    """
    for path in images:
        if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
            raise UsageError(
                f"the predictions would lie in {plain(output, LONGEST_PATH)}, among the images of "
                f"{plain(path, LONGEST_PATH)}. Name a folder elsewhere with --output."
            )


def _images(ensemble: Ensemble, named: Sequence[Path]) -> Images:
    """The images of a folder, or the files that were named."""
    unseen = unseen_of(ensemble.dataset)
    if len(named) == 1 and not named[0].is_file():
        folder = named[0]
        found = unseen.found(folder)
        if not found:
            raise DataError(f"{plain(folder, LONGEST_PATH)} holds no images. Name a folder that does, or image files.")
        return Images(unseen, folder, found)
    folders = {path.absolute().parent for path in named}
    if len(folders) > 1:
        raise DataError(f"the images lie in {len(folders)} folders; expected one. Name the folder above them.")
    return Images(unseen, next(iter(folders)), sorted({path.name for path in named}))


def _familiar(ensemble: Ensemble, context: Context) -> Familiar:
    try:
        return familiar_of(ensemble, context.paths)
    except DataError as error:
        raise DataError(
            f"{error}\nThe images that the network learned tell which new ones are unlike them. To predict without "
            "them, give --any-image."
        ) from error


def _made_with(
    ensemble: Ensemble, chosen: ChosenRuns, images: Images, rule: Rule, cut: Sequence[float], familiar: bool
) -> dict[str, Any]:
    """What predictions are made with: equal texts stand for equal predictions."""
    listed = hashlib.sha256("\n".join(images.names).encode())
    return {
        "runs": [record.data["key"] for record in chosen.records],
        "row": chosen.row,
        "classes": list(ensemble.task.classes),
        "thresholds": list(cut),
        "rule": rule.words,
        "images": len(images.names),
        "names_sha256": listed.hexdigest(),
        "unlike": f"{SHARE:.0%} false alarms, {MOST_KNOWN} training images" if familiar else None,
        "notice": RESEARCH_ONLY,
    }
