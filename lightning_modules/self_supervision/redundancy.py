"""Barlow Twins: reducing the redundancy between the dimensions of an embedding."""

from __future__ import annotations

import torch
from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner


class BarlowLearner(Learner):
    """A learner that brings the cross-correlation of two views' embeddings towards the identity matrix.

    Source: Zbontar et al. 2021, algorithm 1.

    Args:
        backbone: the backbone that is pretrained.
        head: the number of features of each of the projector's layers.
        off_diagonal: the weight of the redundancy in the loss.
    """

    def __init__(self, backbone: Backbone, head: tuple[int, ...], off_diagonal: float) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, *head, norm=True, bias=False)))
        self.off_diagonal = off_diagonal

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The sum of the invariance term and the weighted redundancy term over the global batch."""
        first, second = (gathered(self.online(view)) for view in views)
        return barlow_twins(first, second, self.off_diagonal)


def barlow_twins(first: Tensor, second: Tensor, off_diagonal: float) -> Tensor:
    """The Barlow Twins loss (Zbontar et al. 2021, equations 1 and 2).

    Args:
        first: the embeddings (B, D) of one view.
        second: the embeddings (B, D) of the other view.
        off_diagonal: the weight lambda of the redundancy.
    """
    first, second = (_standardized(embeddings) for embeddings in (first, second))
    correlation = first.T @ second / len(first)
    diagonal = torch.diagonal(correlation)
    invariance = (diagonal - 1).square().sum()
    redundancy = correlation.square().sum() - diagonal.square().sum()
    return invariance + off_diagonal * redundancy


def _standardized(rows: Tensor) -> Tensor:
    """Rows scaled to mean 0 and population variance 1 in each dimension; 1e-5 is batch normalization's epsilon."""
    variance, mean = torch.var_mean(rows, dim=0, correction=0)
    return (rows - mean) / torch.sqrt(variance + 1e-5)
