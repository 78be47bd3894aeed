"""InfoMin: contrastive learning with chosen views, 800 epochs (Tian et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import PYCONTRAST, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class InfoMin(SelfSupervised):
    """The InfoMin augmentation, 800 epochs of ImageNet, as PyContrast trained it."""

    method = "InfoMin"
    licence = "BSD-2-Clause"
    paper = "Tian et al. 2020, https://arxiv.org/abs/2005.10243"
    naming = PYCONTRAST
    published = PublishedFile(
        name="InfoMin_800.pth",
        page="https://github.com/HobbitLong/PyContrast",
    )
