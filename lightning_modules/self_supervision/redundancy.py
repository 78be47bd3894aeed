"""Making the dimensions of an embedding independent."""

from __future__ import annotations

import torch
from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner


class BarlowLearner(Learner):
    """The cross-correlation of two views' embeddings becomes the identity (Zbontar et al. 2021, algorithm 1).

    Args:
        backbone: that is pretrained.
        head: features of the projector's layers.
        off_diagonal: weight of the redundancy.
    """

    def __init__(self, backbone: Backbone, head: tuple[int, ...], off_diagonal: float) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, *head, norm=True, bias=False)))
        self.off_diagonal = off_diagonal

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """Invariance and redundancy over the global batch."""
        first, second = (gathered(self.online(view)) for view in views)
        return barlow_twins(first, second, self.off_diagonal)


def barlow_twins(first: Tensor, second: Tensor, off_diagonal: float) -> Tensor:
    """The loss of Zbontar et al. 2021, equations 1 and 2.

    Args:
        first: embeddings (B, D) of one view.
        second: of the other.
        off_diagonal: lambda.
    """
    first, second = (_standardized(one) for one in (first, second))
    correlation = first.T @ second / len(first)
    diagonal = torch.diagonal(correlation)
    invariance = (diagonal - 1).square().sum()
    redundancy = correlation.square().sum() - diagonal.square().sum()
    return invariance + off_diagonal * redundancy


def _standardized(rows: Tensor) -> Tensor:
    """Mean 0 and population variance 1 in each dimension; 1e-5 is batch normalization's guard."""
    variance, mean = torch.var_mean(rows, dim=0, correction=0)
    return (rows - mean) / torch.sqrt(variance + 1e-5)
