"""Which recipes go with which stage of a run, and with which kind of task and network."""

from __future__ import annotations

from datamodules.dataset.contract import Dataset
from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError
from specs.quoting import shown
from specs.registry import ADAPTATIONS, DATASETS
from specs.run import RunSpec


def check_stage(spec: RunSpec) -> None:
    """Refuse a run whose recipe does not go with its stage, its kind of task or its network.

    Raises:
        UsageError: names what does not fit, and what does.
    """
    recipe, pretrains = spec.recipe, spec.stage == "pretrain"
    dataset: Dataset = DATASETS.build(spec.dataset)
    if not pretrains and recipe.method:
        raise UsageError(
            f"the recipe names the self-supervised method {recipe.method}, which pretrains. Fine-tune with a recipe "
            "without a method, from ssl(...)."
        )
    if pretrains and not recipe.method and dataset.kind == "segmentation":
        raise UsageError(
            f"pretraining on {spec.dataset} is not possible: it has masks, and supervised pretraining needs image "
            "labels. Choose a classification dataset."
        )
    if pretrains and recipe.adaptation != "full":
        raise UsageError(
            f"the recipe of a pretraining says adaptation={shown(recipe.adaptation)}, and an adaptation is for "
            'fine-tuning on a task. Pretrain with adaptation="full".'
        )
    adaptation: Adaptation = ADAPTATIONS.build(recipe.adaptation)
    adaptation.check(dataset.kind)
    if type(adaptation).fits is not Adaptation.fits:  # asked here, so that a wrong name costs no other run
        from backbones.networks.skeletons import skeleton

        adaptation.fits(skeleton(spec.backbone))
    if adaptation.solved and (recipe.class_weights != "none" or recipe.sampling != "shuffled"):
        raise UsageError(
            f"recipe: {recipe.adaptation} takes every training image once and alike, and the recipe says class_weights="
            f'"{recipe.class_weights}" and sampling="{recipe.sampling}". Leave both out, or use another adaptation.'
        )
