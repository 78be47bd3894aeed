"""PCL-v2: prototypical contrastive learning, 200 epochs of ImageNet (Li et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class PclV2(Published):
    """Contrast with cluster prototypes, version 2: with a projection head, more augmentation and a cosine schedule."""

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
            name="PCL_v2_epoch200.pth.tar",
            page="https://github.com/salesforce/PCL",
            url="https://storage.googleapis.com/sfr-pcl-data-research/PCL_checkpoint/PCL_v2_epoch200.pth.tar",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="PCL-v2",
            source="https://storage.googleapis.com/sfr-pcl-data-research/PCL_checkpoint/PCL_v2_epoch200.pth.tar",
            licence="MIT",
            paper="Li et al. 2021, https://arxiv.org/abs/2005.04966",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
