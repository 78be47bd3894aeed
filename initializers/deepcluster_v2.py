"""DeepCluster-v2: clustering features, 800 epochs of ImageNet (Caron et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class DeepClusterV2(Published):
    """DeepCluster as improved in the SwAV paper."""

    prefix: ClassVar[str | None] = "module."
    drop: ClassVar[tuple[str, ...]] = (
        "projection_head.",
        "prototypes.",
    )

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="deepclusterv2_800ep_pretrain.pth.tar",
            page="https://github.com/facebookresearch/swav",
            url="https://dl.fbaipublicfiles.com/deepcluster/deepclusterv2_800ep_pretrain.pth.tar",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="DeepCluster-v2",
            source="https://dl.fbaipublicfiles.com/deepcluster/deepclusterv2_800ep_pretrain.pth.tar",
            licence="CC-BY-NC-4.0",
            paper="Caron et al. 2020, https://arxiv.org/abs/2006.09882",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
