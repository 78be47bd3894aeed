"""The module that learns a task from labels, whatever kind of task it is."""

from __future__ import annotations

from backbones.networks.contract import Backbone
from lightning_modules.classification import ClassificationModule
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.supervised import SupervisedModule
from specs.card import Normalization
from specs.recipe import Recipe
from specs.task import Task


def supervised_module(backbone: Backbone, task: Task, recipe: Recipe, normalization: Normalization) -> SupervisedModule:
    """A backbone with the head or decoder that the task needs.

    Args:
        backbone: its weights are kept.
        task: classification or segmentation.
        recipe: loss, optimizer and what is trained.
        normalization: of the input.
    """
    kind = SegmentationModule if task.kind == "segmentation" else ClassificationModule
    return kind(backbone, task, recipe, normalization)
