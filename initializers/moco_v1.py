"""MoCo-v1: momentum contrast, 200 epochs of ImageNet (He et al. 2020), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class MocoV1(Published):
    """Momentum contrast, version 1."""

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
            name="moco_v1_200ep_pretrain.pth.tar",
            page="https://github.com/facebookresearch/moco",
            url="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v1_200ep/moco_v1_200ep_pretrain.pth.tar",
            digest="md5:b251726a",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="MoCo-v1",
            source="https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v1_200ep/moco_v1_200ep_pretrain.pth.tar",
            licence="CC-BY-NC-4.0",
            paper="He et al. 2020, https://arxiv.org/abs/1911.05722",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
