"""Transfusion's profiles: what its tables have in common in each, and how its two tasks are trained."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.tables.preset import Preset, Profile


@dataclass(frozen=True, kw_only=True)
class TransfusionPreset(Preset):
    """A preset with the recipes of the two tasks.

    Attributes:
        threshold: the validation AUC in [0, 1] at which a run counts as converged.
        retina: the name of the recipe for fundus photographs.
        few_retina: the name of the recipe for a small share of the fundus photographs.
        few: the share of EyePACS' training patients that is used where there are few images, in (0, 1].
        chest: the name of the recipe for chest x-rays.
    """

    threshold: float
    retina: str
    few_retina: str
    few: float
    chest: str


PROFILES: dict[Profile, TransfusionPreset] = {
    "phantom": TransfusionPreset(
        edition="phantom",
        protocol="small",
        weights="trained here",
        backbone="tiny(width=8)",
        pretraining="phantom/pretraining",
        seeds=3,
        transposed=True,
        threshold=0.9,
        retina="transfusion/phantom_retina",
        few_retina="transfusion/phantom_retina_small",
        few=0.25,  # 36 of 144 training photographs
        chest="transfusion/phantom_chest",
    ),
    "smoke": TransfusionPreset(
        edition="phantom",
        protocol="smoke",
        weights="trained here",
        backbone="tiny(width=8)",
        pretraining="phantom/smoke_pretraining",
        seeds=2,
        transposed=True,
        threshold=0.6,
        retina="transfusion/smoke",
        few_retina="transfusion/smoke",
        few=0.25,
        chest="transfusion/smoke_chest",
    ),
    "paper": TransfusionPreset(
        edition="real",
        protocol="paper",
        weights="published for ResNet-50 and Inception-v3, trained here for CBR",
        backbone="resnet50",
        pretraining=None,
        seeds=3,  # Raghu et al. 2019, section 2: "three repetitions"
        transposed=True,
        threshold=0.91,  # the AUC that figure 7 of the paper counts steps to
        retina="transfusion/retina",
        few_retina="transfusion/retina_small",
        few=0.158,  # about 5,000 of 31,600 training photographs
        chest="transfusion/chest",
    ),
}
