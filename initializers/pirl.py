"""PIRL: invariance to jigsaw patches, 200 epochs of ImageNet (Misra et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import PYCONTRAST, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class Pirl(SelfSupervised):
    """Invariance to jigsaw patches, as PyContrast trained it."""

    method = "PIRL"
    licence = "BSD-2-Clause"
    paper = "Misra and van der Maaten 2020, https://arxiv.org/abs/1912.01991"
    naming = PYCONTRAST
    published = PublishedFile(
        name="PIRL.pth",
        page="https://github.com/HobbitLong/PyContrast",
    )
