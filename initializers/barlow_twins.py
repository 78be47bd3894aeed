"""Barlow Twins: redundancy reduction, 1000 epochs of ImageNet (Zbontar et al. 2021), self-supervised ResNet-50."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.publishing import Published
from initializers.store import PublishedFile
from specs.card import IMAGENET, Card


@dataclass(frozen=True)
class BarlowTwins(Published):
    """The checkpoint of the repository's hubconf; its README names a later one, of other bytes."""

    @property
    def file(self) -> PublishedFile:
        """The authors' file."""
        return PublishedFile(
            name="barlowtwins_resnet50.pth",
            page="https://github.com/facebookresearch/barlowtwins",
            url="https://dl.fbaipublicfiles.com/barlowtwins/ep1000_bs2048_lrw0.2_lrb0.0048_lambd0.0051/resnet50.pth",
        )

    def card(self) -> Card:
        """Self-supervised on ImageNet without labels."""
        return Card(
            method="Barlow Twins",
            source="https://dl.fbaipublicfiles.com/barlowtwins/ep1000_bs2048_lrw0.2_lrb0.0048_lambd0.0051/resnet50.pth",
            licence="MIT",
            paper="Zbontar et al. 2021, https://arxiv.org/abs/2103.03230",
            training_data=("imagenet",),
            normalization=IMAGENET,
        )
