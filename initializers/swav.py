"""SwAV: swapped assignments between views, 800 epochs of ImageNet (Caron et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class Swav(Published):
    """Online clustering with swapped prediction."""

    prefix: ClassVar[str | None] = "module."
    drop: ClassVar[tuple[str, ...]] = (
        "projection_head.",
        "prototypes.",
    )

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="swav_800ep_pretrain.pth.tar",
            page="https://github.com/facebookresearch/swav",
            url="https://dl.fbaipublicfiles.com/deepcluster/swav_800ep_pretrain.pth.tar",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="SwAV",
            source="https://dl.fbaipublicfiles.com/deepcluster/swav_800ep_pretrain.pth.tar",
            licence="CC-BY-NC-4.0",
            paper="Caron et al. 2020, https://arxiv.org/abs/2006.09882",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
