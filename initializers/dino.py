"""DINO: self-distillation without labels, ImageNet (Caron et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class Dino(SelfSupervised):
    """Self-distillation of a student and a momentum teacher."""

    method = "DINO"
    licence = "Apache-2.0"
    paper = "Caron et al. 2021, https://arxiv.org/abs/2104.14294"
    published = PublishedFile(
        name="dino_resnet50_pretrain.pth",
        page="https://github.com/facebookresearch/dino",
        url="https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth",
    )
