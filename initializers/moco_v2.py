"""MoCo-v2: momentum contrast with a projection head, 800 epochs (Chen et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import MOCO, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class MocoV2(SelfSupervised):
    """Momentum contrast, version 2, 800 epochs of ImageNet."""

    method = "MoCo-v2"
    licence = "CC-BY-NC-4.0"
    paper = "Chen et al. 2020, https://arxiv.org/abs/2003.04297"
    naming = MOCO
    published = PublishedFile(
        name="moco_v2_800ep_pretrain.pth.tar",
        page="https://github.com/facebookresearch/moco",
        url="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v2_800ep/moco_v2_800ep_pretrain.pth.tar",
        digest="md5:a04e12f8",
    )
