"""RAD-DINO: DINOv2's ViT-B/14 trained on with 0.9 million chest x-rays (Pérez-García et al. 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing.publishing import Naming, Published
from initializers.publishing.store import PublishedFile
from specs.card import Card, Normalization

PAGE = "https://huggingface.co/microsoft/rad-dino"

TRAINING_IMAGES = f"{PAGE}/resolve/main/training_images.csv"
"""The address of the list of the names of its training images, which its authors publish beside the weights."""

GRAY = Normalization((0.5307,), (0.2583,))
"""The mean and the standard deviation of preprocessor_config.json beside the weights, the same for each channel."""


@dataclass(frozen=True)
class RadDino(Published):
    """The backbone under the names of DINOv2's own code (``backbone_compatible.safetensors``).

    It loads strictly into ``dinov2_vitb14`` of https://github.com/facebookresearch/dinov2, which has these names:
    timm's but for a mask token, which training alone needs. The file of the same weights for transformers
    (``model.safetensors``) has others. ``TRAINING_IMAGES`` is the list of its training images.
    """

    naming: ClassVar[Naming] = Naming(drop=("mask_token",))

    @property
    def architecture(self) -> str:
        """The network that the weights are of, for 518 x 518 pixels."""
        return 'timm("vit_base_patch14_dinov2")'

    @property
    def file(self) -> PublishedFile:
        """The file for DINOv2's own code."""
        return PublishedFile(
            name="rad-dino_backbone_compatible.safetensors",
            page=PAGE,
            url=f"{PAGE}/resolve/main/backbone_compatible.safetensors",
        )

    def card(self) -> Card:
        """The card of weights that were trained without labels, on photographs and then on chest x-rays."""
        return Card(
            method="DINOv2",
            source=self.file.url,
            licence="MIT",
            paper="Pérez-García et al. 2025, https://doi.org/10.1038/s42256-024-00965-w",
            training_data=("mimic_cxr", "chexpert", "chestxray14", "padchest", "brax", "lvd142m"),
            normalization=GRAY,
            unseen=("names and shapes are those of programs that load the file strictly into DINOv2's own code",),
        )
