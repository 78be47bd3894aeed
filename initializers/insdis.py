"""InsDis: instance discrimination, 200 epochs of ImageNet (Wu et al. 2018), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing.self_supervision import PYCONTRAST, SelfSupervised
from initializers.publishing.store import PublishedFile


@dataclass(frozen=True)
class InsDis(SelfSupervised):
    """Non-parametric instance discrimination, as PyContrast trained it."""

    method = "InsDis"
    licence = "BSD-2-Clause"
    paper = "Wu et al. 2018, https://arxiv.org/abs/1805.01978"
    naming = PYCONTRAST
    published = PublishedFile(
        name="InsDis.pth",
        page="https://github.com/HobbitLong/PyContrast",
    )
