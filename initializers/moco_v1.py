"""MoCo-v1: momentum contrast, 200 epochs of ImageNet (He et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import MOCO, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class MocoV1(SelfSupervised):
    """Momentum contrast, version 1."""

    method = "MoCo-v1"
    licence = "CC-BY-NC-4.0"
    paper = "He et al. 2020, https://arxiv.org/abs/1911.05722"
    naming = MOCO
    published = PublishedFile(
        name="moco_v1_200ep_pretrain.pth.tar",
        page="https://github.com/facebookresearch/moco",
        url="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v1_200ep/moco_v1_200ep_pretrain.pth.tar",
        digest="md5:b251726a",
    )
