"""Classes of unequal frequency: weights of the loss, and classes to draw images by, from a run's training targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from specs.errors import DataError, UsageError
from specs.recipe import Recipe
from specs.task import Kind, Task

UNLABELLED = -1
"""Stands for the class of an image that has no label; such an image is not drawn."""


def check_balance(recipe: Recipe, kind: Kind) -> None:
    """Refuse a recipe that balances what a kind of task does not have.

    Raises:
        UsageError: names the setting and the remedy.
    """
    if recipe.class_weights != "none" and kind == "segmentation":
        raise UsageError(
            f'recipe: class_weights="{recipe.class_weights}" weights the classes of images, and a segmentation has '
            'classes of pixels. Leave it out; the soft Dice of loss="dice" does not depend on how many pixels a class '
            "has."
        )
    if recipe.sampling != "shuffled" and kind in ("segmentation", "multilabel"):
        why = (
            "an image may show several classes, so that no way to draw images makes all equally likely"
            if kind == "multilabel"
            else "an image shows all of its classes at once"
        )
        remedy = ', or take class_weights="balanced"' if kind == "multilabel" else ""
        raise UsageError(
            f'recipe: sampling="{recipe.sampling}" is for tasks with one class an image, and this is {kind}: {why}. '
            f"Leave it out{remedy}."
        )


def class_weights(task: Task, targets: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The weights of the classes in the loss, by how often the training images show them.

    Exclusive classes: n / (K n_c) for n images, K classes and n_c images of the class, as scikit-learn's ``balanced``
    (https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html; King and
    Zeng 2001). Yes and no: the weight of the positives is the number of negatives over that of positives, class by
    class (https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html). Missing labels count for
    neither, and a label between 0 and 1 in part for both.

    Args:
        task: the task, whose classes the weights are of.
        targets: the target of each training image, as the run trains on it.

    Raises:
        DataError: if a class is shown by no training image or, of yes and no, by all.
    """
    if task.kind == "multiclass":
        counts = [0] * len(task.classes)
        for target in targets:
            counts[int(target[0])] += 1
        _refuse_absent(task.classes, counts, "class_weights")
        return tuple(len(targets) / (len(counts) * count) for count in counts)
    columns = [[value for value in column if not math.isnan(value)] for column in zip(*targets, strict=True)]
    positives = [math.fsum(column) for column in columns]
    negatives = [math.fsum(1 - value for value in column) for column in columns]
    _refuse_absent(task.classes, positives, "class_weights")
    _refuse_absent([f"the absence of {name}" for name in task.classes], negatives, "class_weights")
    return tuple(negative / positive for negative, positive in zip(negatives, positives, strict=True))


def drawn_classes(task: Task, targets: Sequence[tuple[float, ...]]) -> list[int]:
    """The class of each training image that images are drawn by; ``UNLABELLED`` where it has no label.

    Args:
        task: a task with one class an image, or of one yes or no.
        targets: the target of each training image, as the run trains on it.

    Raises:
        DataError: if a class is shown by no training image, so that it cannot be drawn.
    """
    found = [UNLABELLED if math.isnan(target[0]) else int(target[0]) for target in targets]
    names = task.classes if task.kind == "multiclass" else (f"the absence of {task.classes[0]}", task.classes[0])
    _refuse_absent(names, [found.count(number) for number in range(len(names))], "sampling")
    return found


def _refuse_absent(names: Sequence[str], counts: Sequence[float], setting: str) -> None:
    absent = [name for name, count in zip(names, counts, strict=True) if not count > 0]
    if absent:
        raise DataError(
            f'{setting}="balanced" makes up for how rare a class is, and no training image shows {", ".join(absent)}. '
            f"Leave {setting} out, divide the images otherwise, or leave out the class."
        )
