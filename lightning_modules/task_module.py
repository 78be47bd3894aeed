"""The choice of the module that learns a task from labels, by the kind of the task."""

from __future__ import annotations

from collections.abc import Sequence

from backbones.networks.contract import Backbone
from lightning_modules.classification import ClassificationModule
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.supervised import SupervisedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task


def supervised_module(
    backbone: Backbone,
    task: Task,
    recipe: Recipe,
    normalization: Normalization,
    class_weights: Sequence[float] | None = None,
) -> SupervisedModule:
    """A module that combines a backbone with the head or decoder that the task needs.

    Args:
        backbone: the backbone, whose weights are kept as they are.
        task: a task of classification or segmentation.
        recipe: the loss, the optimizer and what is trained.
        normalization: the mean and standard deviation that normalize the input.
        class_weights: the weights of the classes in the loss of a classification, (K,), without which a recipe that
            asks for them cannot be trained; None: there are none.
    """
    if task.kind == "segmentation":
        return SegmentationModule(backbone, task, recipe, normalization)
    return ClassificationModule(backbone, task, recipe, normalization, class_weights)
