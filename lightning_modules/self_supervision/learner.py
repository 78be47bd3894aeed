"""The contract of every self-supervised method."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.losses import full

EveryImage = Callable[[Callable[[Tensor], Tensor]], Tensor]
"""Maps a function of normalized images (B, C, H, W) to rows (B, D) to its rows for all training images, (N, D)."""


class Encoder(nn.Module):
    """A backbone and a projection head.

    Args:
        backbone: that is pretrained.
        head: from its pooled features to embeddings.
    """

    def __init__(self, backbone: Backbone, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (B, D) of normalized images (B, C, H, W)."""
        return full(self.head(self.backbone(images)))

    def directions(self, images: Tensor) -> Tensor:
        """The same, of length 1."""
        return directions(self(images))

    def directions_together(self, views: list[Tensor]) -> list[Tensor]:
        """The same of several views, whose batch statistics are common ones.

        Neighbours of one size pass the backbone as one batch, and all views pass the head as one, as in
        https://github.com/facebookresearch/swav (src/resnet50.py, ``forward``).
        """
        sizes = groupby(views, key=lambda view: view.shape[2:])
        features = torch.cat([self.backbone(torch.cat(list(alike))) for _, alike in sizes])
        return list(torch.split(directions(self.head(features)), [len(view) for view in views]))


def directions(embeddings: Tensor) -> Tensor:
    """Embeddings (B, D) of length 1."""
    return functional.normalize(full(embeddings), dim=1)


class Learner(nn.Module):
    """An encoder with what a method needs beside it.

    All that training changes is in parameters and buffers, so that a checkpoint holds it.

    Args:
        online: the encoder that is trained.
    """

    def __init__(self, online: Encoder) -> None:
        super().__init__()
        self.online = online

    @property
    def backbone(self) -> Backbone:
        """What is pretrained."""
        return self.online.backbone

    @abstractmethod
    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            views: normalized images (B, C, H, W), each a view of the same images.
            index: (B,) the images' places in their split.
        """

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """What is done before an epoch, such as clustering.

        Args:
            epoch: its number.
            every_image: gives rows of all training images, which are not augmented.
            generator: of all draws; the same in every process.
        """

    def before_step(self, step: int) -> None:
        """What is done between the gradients and the optimizer's step, such as dropping some of them.

        Args:
            step: how many optimizer steps were done before.
        """

    def after_step(self, progress: float) -> None:
        """What follows an optimizer step, such as moving averages.

        Args:
            progress: share of all steps that were done before this one, in [0, 1).
        """
