"""SwAV: swapped assignments between views, 800 epochs of ImageNet (Caron et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import SWAV, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class Swav(SelfSupervised):
    """Online clustering with swapped prediction."""

    method = "SwAV"
    licence = "CC-BY-NC-4.0"
    paper = "Caron et al. 2020, https://arxiv.org/abs/2006.09882"
    naming = SWAV
    published = PublishedFile(
        name="swav_800ep_pretrain.pth.tar",
        page="https://github.com/facebookresearch/swav",
        url="https://dl.fbaipublicfiles.com/deepcluster/swav_800ep_pretrain.pth.tar",
    )
