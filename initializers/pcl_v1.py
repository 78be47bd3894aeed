"""PCL-v1: prototypical contrastive learning, 200 epochs of ImageNet (Li et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import MOCO, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class PclV1(SelfSupervised):
    """Contrast with cluster prototypes, version 1."""

    method = "PCL-v1"
    licence = "MIT"
    paper = "Li et al. 2021, https://arxiv.org/abs/2005.04966"
    naming = MOCO
    published = PublishedFile(
        name="PCL_v1_epoch200.pth.tar",
        page="https://github.com/salesforce/PCL",
        url="https://storage.googleapis.com/sfr-pcl-data-research/PCL_checkpoint/PCL_v1_epoch200.pth.tar",
    )
