"""Test images with what networks made of them: probabilities and decisions, or masks, and which of them are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.operating import STATED
from experiments.measures.operating_points import thresholds_of
from experiments.reporting.blocks.building.class_pictures import class_key, class_panels
from experiments.reporting.blocks.building.images import SIDE, colored, shade_of
from experiments.reporting.drawings.looks import TRUTH
from experiments.run.predictions import Rows, stored_rows
from experiments.run.store import VALIDATION_PREDICTIONS, Record
from specs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from datamodules.pipeline.lightning import ImageDataModule
    from experiments.run.restored import Restored

HALF = 0.5
"""The threshold of runs of earlier versions, which kept no predictions of the validation split."""

Shown = list[tuple["NDArray[np.uint8]", tuple[str, ...]]]
"""Pictures (H, W, 3), each with the lines of text below it."""


class Errors(NamedTuple):
    """How wrong a run's predictions of the test images are.

    Attributes:
        sizes: (N,) the size of each image's error in [0, 1]; NaN where nothing of it is labelled.
        wrong: (N,) whether each image is decided wrongly.
    """

    sizes: NDArray[np.float64]
    wrong: NDArray[np.bool_]


@dataclass(frozen=True)
class Networks:
    """Networks whose predictions of the same test images are shown.

    Attributes:
        records: the record of each network's run, by the row's label.
        restored: the networks with their data, by the row's label.
        colors: the color of each row's outlines, by its label.
    """

    records: Mapping[str, Record]
    restored: Mapping[str, Restored]
    colors: Mapping[str, str]

    @property
    def data(self) -> ImageDataModule:
        """The data of the first network; those of others are the same."""
        return next(iter(self.restored.values())).data


def thresholds(record: Record) -> NDArray[np.float64]:
    """The threshold of each class (K,) above which a finding is decided.

    Those of the validation split, or 0.5 for classes and runs without any.

    Args:
        record: the record of a classification of yes and no.
    """
    import numpy as np

    task, _ = stored_rows(record)
    if not record.has(VALIDATION_PREDICTIONS):
        return np.full(len(task.classes), HALF)
    chosen = thresholds_of(record)
    return np.where(np.isnan(chosen), HALF, chosen)


def errors_of(record: Record) -> Errors:
    """How wrong the test predictions of a run are, image by image.

    The error of yes and no is the largest distance of a scored class's probability from the label, of exclusive classes
    one minus the probability of the true one, of masks one minus the Dice coefficient, the mean over scored classes. An
    image is decided wrongly where a scored class is; a mask is wrong where a class is missed wholly, or anything is
    marked in an image without a finding.
    """
    import numpy as np

    from analysis.metrics import dice_from_counts

    task, rows = stored_rows(record)
    if task.kind == "segmentation":
        tp, fp, fn = (_counts(rows, task, count) for count in ("tp", "fp", "fn"))
        clear = ((tp + fn).sum(axis=1) == 0) & (fp.sum(axis=1) > 0)
        return Errors(1 - dice_from_counts(tp, fp, fn).mean(axis=1), ((tp + fn > 0) & (tp == 0)).any(axis=1) | clear)
    targets, probabilities = rows["targets"], rows["probabilities"]
    if task.kind == "multiclass":
        true = targets.argmax(axis=1)
        return Errors(1 - probabilities[np.arange(len(true)), true], probabilities.argmax(axis=1) != true)
    scored = [task.classes.index(name) for name in task.scored]
    distances = np.abs(targets - probabilities)[:, scored]
    known = ~np.isnan(distances)
    sizes = np.where(known.any(axis=1), np.where(known, distances, -1).max(axis=1), np.nan)
    decided = probabilities > thresholds(record)
    return Errors(sizes, ((decided != (targets == 1))[:, scored] & known).any(axis=1))


def _counts(rows: Rows, task: Task, count: str) -> NDArray[Any]:
    """A count of pixels of each image and scored class, (N, K), at the size of the network's input."""
    import numpy as np

    names = [f"{name}:" for name in task.scored] if task.outputs > 1 else [""]
    return np.stack([rows[f"{name}network_whole_{count}"] for name in names], axis=1)


def pictures_of(networks: Networks, numbers: list[int]) -> Shown:
    """The pictures of test images, with what each network made of them.

    Args:
        networks: the networks whose predictions are shown.
        numbers: the numbers of the images in the test split.
    """
    task = networks.data.task
    if task.kind == "segmentation":
        return by_class(networks.restored, numbers, task) if task.outputs > 1 else _outlined(networks, numbers)
    images = networks.data.test_batch(numbers)["image"].permute(0, 2, 3, 1).numpy()
    return [(picture(image), lines) for image, lines in zip(images, captions(networks.records, numbers), strict=True)]


def key_of(networks: Networks) -> tuple[tuple[str, str], ...]:
    """The names and colors of what is drawn on the pictures of a segmentation; none of a classification."""
    task = networks.data.task
    if task.kind != "segmentation":
        return ()
    return class_key(task.classes) if task.outputs > 1 else (("truth", TRUTH), *networks.colors.items())


def deciding(records: Mapping[str, Record], task: Task) -> tuple[str, ...]:
    """A sentence on how a classification decides; none of a segmentation.

    Args:
        records: the record of each run that is shown, by the row's label.
        task: the task of the runs.
    """
    if task.kind == "segmentation":
        return ()
    if task.kind == "multiclass":
        return ("The likeliest class is decided.",)
    told = f"smallest with a specificity of {STATED:.0%} or more on the validation split"
    if len(task.classes) == 1:
        values = ", ".join(f"{row} {thresholds(record)[0]:.2f}" for row, record in records.items())
        return (f"A finding is decided where its probability is above a row's threshold, the {told}: {values}.",)
    return (f"A finding is decided where its probability is above its threshold, for each class and row the {told}.",)


def captions(records: Mapping[str, Record], numbers: Sequence[int]) -> list[tuple[str, ...]]:
    """Lines of text for each image of a classification: the true classes, and each row's probabilities and decisions.

    Args:
        records: the record of each run that is shown, by the row's label.
        numbers: the numbers of the images in the test split.
    """
    known = {row: (*stored_rows(record), record) for row, record in records.items()}
    task, first, _ = next(iter(known.values()))
    limits = {row: None if task.kind == "multiclass" else thresholds(record) for row, record in records.items()}
    found = []
    for number in numbers:
        true = [name for name, target in zip(task.classes, first["targets"][number], strict=True) if target == 1]
        lines = [f"truth: {', '.join(true) or 'no finding'}"]
        for row, (_, rows, _) in known.items():
            told = dict(zip(task.classes, rows["probabilities"][number].tolist(), strict=True))
            limit = limits[row]
            if limit is None:
                lines.append(f"{row}: {_likeliest(told, true)}")
            else:
                labels = dict(zip(task.classes, rows["targets"][number].tolist(), strict=True))
                above = {name for name, least in zip(told, limit.tolist(), strict=True) if told[name] > least}
                lines.append(f"{row}: {_above(told, labels, above)}")
        found.append(tuple(lines))
    return found


def _likeliest(told: dict[str, float], true: list[str]) -> str:
    """What is decided of exclusive classes, as in ``grade 2 0.61, right``."""
    decided = max(told, key=lambda name: told[name])
    if decided in true:
        return f"{decided} {told[decided]:.2f}, right"
    return f"{', '.join(f'{name} {told[name]:.2f}' for name in true)}, wrong: decided as {decided} {told[decided]:.2f}"


def _above(told: dict[str, float], labels: dict[str, float], above: set[str]) -> str:
    """What is decided of independent classes, as in ``pneumonia 0.47, missed``."""
    words = [f"{name} {told[name]:.2f}, {'found' if name in above else 'missed'}" for name in told if labels[name] == 1]
    words += [f"{name} {told[name]:.2f}, a false alarm" for name in told if labels[name] == 0 and name in above]
    if words:
        return "; ".join(words)
    likeliest = max(told, key=lambda name: told[name])
    return f"{likeliest} {told[likeliest]:.2f}, rightly not found" if labels[likeliest] == 0 else "nothing found"


def _outlined(networks: Networks, numbers: list[int]) -> Shown:
    """Pictures with the true mask and the outline of each network's prediction, each with lines of text below it."""
    from analysis.metrics import dice

    batch = networks.data.test_batch(numbers)
    truth = batch["mask"][:, 0].numpy() == 1
    found = _told(networks.restored, batch["image"])
    made = []
    for place, image in enumerate(batch["image"].permute(0, 2, 3, 1).numpy()):
        lines = [f"{row}: Dice {dice(masks[place], truth[place]):.2f}" for row, masks in found.items()]
        if not truth[place].any():
            lines.insert(0, "truth: no finding")
        outlines = [(masks[place], networks.colors[row]) for row, masks in found.items()]
        made.append((picture(image, truth[place], outlines), tuple(lines)))
    return made


def by_class(networks: Mapping[str, Restored], numbers: list[int], task: Task) -> Shown:
    """Pictures with the true mask and each network's, side by side, each with lines of text below it.

    Args:
        networks: the networks with their data, by the row's label.
        numbers: the numbers of the images in the test split.
        task: the task, a segmentation of several classes.
    """
    from analysis.metrics import dice

    batch = next(iter(networks.values())).data.test_batch(numbers)
    truth, found = batch["mask"][:, 0].numpy(), _told(networks, batch["image"])
    made = []
    for place, image in enumerate(batch["image"].permute(0, 2, 3, 1).numpy()):
        lines = [f"from left to right: {', '.join(('truth', *found))}"]
        for row, masks in found.items():
            each = (
                f"{name} {dice(masks[place] == number, truth[place] == number):.2f}"
                for number, name in enumerate(task.classes, 1)
            )
            lines.append(f"{row}: Dice {', '.join(each)}")
        panels = class_panels(image, [truth[place], *(masks[place] for masks in found.values())], len(task.classes))
        made.append((panels, tuple(lines)))
    return made


def _told(networks: Mapping[str, Restored], images: Tensor) -> dict[str, NDArray[Any]]:
    """The numbers of the classes that each network tells of the pixels of images (B, H, W)."""
    import torch

    told = {}
    with torch.inference_mode():
        for row, network in networks.items():
            module: Any = network.module
            told[row] = module.predicted(module.activated(module(images).float()))[:, 0].numpy()
    return told


def picture(
    image: NDArray[np.uint8],
    truth: NDArray[np.bool_] | None = None,
    outlines: Sequence[tuple[NDArray[np.bool_], str]] = (),
) -> NDArray[np.uint8]:
    """A picture (SIDE, SIDE, 3) of an image, tinted where the true mask is and with the outlines of other masks.

    Outlines have white edges, since rows may have any color, and images any shade.

    Args:
        image: the image (H, W, C).
        truth: the true mask (H, W); None: there is none.
        outlines: masks (H, W), each with the color of its outline.
    """
    import cv2
    import numpy as np

    drawn = colored(image)
    if truth is not None:
        tinted = 0.6 * drawn + 0.4 * np.array(shade_of(TRUTH))
        drawn = np.where(_enlarged(truth)[..., None] > 0, tinted, drawn).astype(np.uint8)
    for mask, color in outlines:
        edges, _ = cv2.findContours(_enlarged(mask), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, edges, -1, [255, 255, 255], 4)
        cv2.drawContours(drawn, edges, -1, shade_of(color), 2)
    return drawn


def _enlarged(mask: NDArray[Any]) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    return np.asarray(cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
