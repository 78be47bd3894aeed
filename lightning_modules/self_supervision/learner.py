"""The contract of self-supervised methods: the encoder, the loss and what surrounds an optimizer step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.losses import full

EveryImage = Callable[[Callable[[Tensor], Tensor]], Tensor]
"""A function that applies another one, from normalized images (B, C, H, W) to rows (B, D), to all training images.

It gives the rows of all of them, (N, D).
"""


class Encoder(nn.Module):
    """A backbone with a projection head.

    Args:
        backbone: the backbone that is pretrained.
        head: the network from its pooled features to embeddings.
    """

    def __init__(self, backbone: Backbone, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images: Tensor) -> Tensor:
        """The embeddings (B, D) of normalized images (B, C, H, W)."""
        return full(self.head(self.backbone(images)))

    def directions(self, images: Tensor) -> Tensor:
        """The embeddings (B, D) of normalized images (B, C, H, W), scaled to length 1."""
        return directions(self(images))

    def directions_together(self, views: list[Tensor]) -> list[Tensor]:
        """The embeddings of several views, scaled to length 1, computed with common batch statistics.

        Neighbouring views of one size pass through the backbone as one batch, and all views pass through the head as
        one batch, as in https://github.com/facebookresearch/swav (src/resnet50.py, ``forward``).
        """
        sizes = groupby(views, key=lambda view: view.shape[2:])
        features = torch.cat([self.backbone(torch.cat(list(alike))) for _, alike in sizes])
        return list(torch.split(directions(self.head(features)), [len(view) for view in views]))


def directions(embeddings: Tensor) -> Tensor:
    """Embeddings (B, D) scaled to length 1."""
    return functional.normalize(full(embeddings), dim=1)


class Learner(nn.Module):
    """A self-supervised method in training: an encoder with the method's loss and state.

    Everything that training changes is a parameter or a buffer, so that a checkpoint holds it.

    Args:
        online: the encoder that is trained.
    """

    def __init__(self, online: Encoder) -> None:
        super().__init__()
        self.online = online

    @property
    def backbone(self) -> Backbone:
        """The backbone that is pretrained."""
        return self.online.backbone

    @property
    def kept(self) -> Encoder:
        """The encoder that is validated, and whose backbone's weights are the result: the trained one by default."""
        return self.online

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """The parameters that keep the recipe's learning rate where its schedule changes that of the others."""
        return ()

    @abstractmethod
    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            views: normalized images (B, C, H, W), each entry a view of the same images.
            index: the positions (B,) of the images in their split.
        """

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """A hook before each epoch, for work such as clustering.

        Args:
            epoch: the number of the epoch, from 0.
            every_image: a function that gives rows of all training images, which are not augmented.
            generator: the source of all random draws; the same in every process.
        """

    def before_step(self, step: int) -> None:
        """A hook between the computation of gradients and the optimizer's step, which may drop some gradients.

        Args:
            step: the number of optimizer steps that were done before.
        """

    def after_step(self, progress: float) -> None:
        """A hook after each optimizer step, for work such as updating moving averages.

        Args:
            progress: the share of all steps that were done before this one, in [0, 1).
        """
