"""MoCo-v2: momentum contrast with a projection head, 800 epochs (Chen et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class MocoV2(Published):
    """Momentum contrast, version 2, 800 epochs of ImageNet."""

    key: ClassVar[str | None] = "state_dict"
    prefix: ClassVar[str | None] = "module.encoder_q."
    drop: ClassVar[tuple[str, ...]] = (
        "fc.",
        "module.encoder_k.",
        "module.queue",
    )

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="moco_v2_800ep_pretrain.pth.tar",
            page="https://github.com/facebookresearch/moco",
            url="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v2_800ep/moco_v2_800ep_pretrain.pth.tar",
            digest="md5:a04e12f8",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="MoCo-v2",
            source="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v2_800ep/moco_v2_800ep_pretrain.pth.tar",
            licence="CC-BY-NC-4.0",
            paper="Chen et al. 2020, https://arxiv.org/abs/2003.04297",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
