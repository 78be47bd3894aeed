"""Barlow Twins: redundancy reduction, 1000 epochs of ImageNet (Zbontar et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class BarlowTwins(SelfSupervised):
    """The checkpoint of the repository's hubconf; its README names a later one, of other bytes."""

    method = "Barlow Twins"
    licence = "MIT"
    paper = "Zbontar et al. 2021, https://arxiv.org/abs/2103.03230"
    published = PublishedFile(
        name="barlowtwins_resnet50.pth",
        page="https://github.com/facebookresearch/barlowtwins",
        url="https://dl.fbaipublicfiles.com/barlowtwins/ep1000_bs2048_lrw0.2_lrb0.0048_lambd0.0051/resnet50.pth",
    )
