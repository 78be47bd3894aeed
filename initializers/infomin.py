"""InfoMin: contrastive learning with chosen views, 800 epochs (Tian et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class InfoMin(Published):
    """The InfoMin augmentation, 800 epochs of ImageNet, as PyContrast trained it."""

    key: ClassVar[str | None] = "model"
    prefix: ClassVar[str | None] = "module.encoder."
    drop: ClassVar[tuple[str, ...]] = (
        "module.head.",
        "module.head_jig.",
    )

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="InfoMin_800.pth",
            page="https://github.com/HobbitLong/PyContrast",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="InfoMin",
            source="https://github.com/HobbitLong/PyContrast",
            licence="BSD-2-Clause",
            paper="Tian et al. 2020, https://arxiv.org/abs/2005.10243",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
