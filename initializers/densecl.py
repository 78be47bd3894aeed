"""DenseCL: contrastive learning of pixels, 200 epochs of ImageNet (Wang et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.publishing import Naming
from initializers.publishing.self_supervision import SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class DenseCL(SelfSupervised):
    """Dense contrastive learning.

    The file is what tools/extract_backbone_weights.py of the authors' repository writes: an entry ``state_dict`` with
    the backbone's own names, and the author.
    """

    method = "DenseCL"
    licence = "GPL-3.0"
    paper = "Wang et al. 2021, https://arxiv.org/abs/2011.09157"
    naming = Naming("state_dict")
    published = PublishedFile(
        name="densecl_r50_imagenet_200ep.pth",
        page="https://github.com/WXinlong/DenseCL",
        url="https://huggingface.co/xinlongwang/DenseCL/resolve/main/densecl_r50_imagenet_200ep.pth",
    )
