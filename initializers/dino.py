"""DINO: self-distillation without labels, ImageNet (Caron et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class Dino(Published):
    """Self-distillation of a student and a momentum teacher."""

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="dino_resnet50_pretrain.pth",
            page="https://github.com/facebookresearch/dino",
            url="https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="DINO",
            source="https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth",
            licence="Apache-2.0",
            paper="Caron et al. 2021, https://arxiv.org/abs/2104.14294",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
