"""ImageNet: supervised on 1000 classes, torchvision's first weights (He et al. 2016), ResNet-50 or ResNet-18."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from initializers.publishing.publishing import Published
from initializers.publishing.store import PublishedFile
from specs.card import IMAGENET, Card

FILES = {"resnet50": "resnet50-0676ba61.pth", "resnet18": "resnet18-f37072fd.pth"}
"""torchvision's IMAGENET1K_V1; a file's name holds the beginning of its sha256."""


@dataclass(frozen=True)
class ImageNet(Published):
    """Supervised ImageNet weights, IMAGENET1K_V1.

    Attributes:
        of: the network that they are of.
    """

    of: Literal["resnet50", "resnet18"] = "resnet50"

    @property
    def architecture(self) -> str:
        """The network that is asked for."""
        return self.of

    @property
    def file(self) -> PublishedFile:
        """Torchvision's file."""
        name = FILES[self.of]
        return PublishedFile(
            name=name,
            page="https://docs.pytorch.org/vision/stable/models.html",
            url=f"https://download.pytorch.org/models/{name}",
            digest=f"sha256:{name.partition('-')[2].removesuffix('.pth')}",
        )

    def card(self) -> Card:
        """Supervised on ImageNet."""
        return Card(
            method="supervised",
            source=self.file.url,
            licence="BSD-3-Clause",
            paper="He et al. 2016, https://arxiv.org/abs/1512.03385",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
