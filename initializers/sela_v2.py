"""SeLa-v2: self-labelling, 400 epochs of ImageNet (Caron et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import SWAV, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class SelaV2(SelfSupervised):
    """SeLa (Asano et al. 2020) as improved in the SwAV paper."""

    method = "SeLa-v2"
    licence = "CC-BY-NC-4.0"
    paper = "Caron et al. 2020, https://arxiv.org/abs/2006.09882"
    naming = SWAV
    published = PublishedFile(
        name="selav2_400ep_pretrain.pth.tar",
        page="https://github.com/facebookresearch/swav",
        url="https://dl.fbaipublicfiles.com/deepcluster/selav2_400ep_pretrain.pth.tar",
    )
