"""InsDis: instance discrimination, 200 epochs of ImageNet (Wu et al. 2018), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class InsDis(Published):
    """Non-parametric instance discrimination, as PyContrast trained it."""

    key: ClassVar[str | None] = "model"
    prefix: ClassVar[str | None] = "module.encoder."
    drop: ClassVar[tuple[str, ...]] = ("module.head.",)

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="InsDis.pth",
            page="https://github.com/HobbitLong/PyContrast",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="InsDis",
            source="https://github.com/HobbitLong/PyContrast",
            licence="BSD-2-Clause",
            paper="Wu et al. 2018, https://arxiv.org/abs/1805.01978",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
