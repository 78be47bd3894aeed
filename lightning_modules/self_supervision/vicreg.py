"""VICReg: variance, invariance and covariance of embeddings, each with a term of its own."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner

LEAST = 1e-4
"""What is added to a variance before its root is taken (Bardes et al. 2022, equation 2; the authors' code)."""

TARGET = 1.0
"""The standard deviation that each dimension shall have at least (Bardes et al. 2022, section 4.1, gamma)."""


class VicregLearner(Learner):
    """A learner that makes two views' embeddings equal, while each dimension varies and none repeats another.

    Source: Bardes et al. 2022, equations 1 to 6, and https://github.com/facebookresearch/vicreg (main_vicreg.py).

    Args:
        backbone: the backbone that is pretrained.
        head: the number of features of each of the expander's layers.
        invariance: the weight of the distance between both views' embeddings.
        variance: the weight of the missing standard deviation.
        covariance: the weight of the covariance between dimensions.
    """

    def __init__(
        self, backbone: Backbone, head: tuple[int, ...], invariance: float, variance: float, covariance: float
    ) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, *head, norm=True, bias=False)))
        self.weights = invariance, variance, covariance

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The weighted sum of the three terms over the global batch; each view has its own batch statistics."""
        first, second = (gathered(self.online(view)) for view in views)
        return vicreg(first, second, *self.weights)


def vicreg(first: Tensor, second: Tensor, invariance: float, variance: float, covariance: float) -> Tensor:
    """The VICReg loss of two views' embeddings.

    As in the authors' code (main_vicreg.py, ``VICReg.forward``). Equation 6 of Bardes et al. 2022 differs in two
    constants: there the distance is not divided by the number D of dimensions, and the variance terms of both views are
    added, where the code takes their mean.

    Args:
        first: the embeddings (B, D) of one view, B at least 2.
        second: the embeddings (B, D) of the other view.
        invariance: the weight of the mean squared difference.
        variance: the weight of the missing standard deviation, averaged over both views.
        covariance: the weight of the sum of both views' squared covariances.
    """
    missing = (missing_deviation(first) + missing_deviation(second)) / 2
    repeated = squared_covariances(first) + squared_covariances(second)
    return invariance * functional.mse_loss(first, second) + variance * missing + covariance * repeated


def missing_deviation(rows: Tensor) -> Tensor:
    """How much the standard deviations of the dimensions of rows (B, D) fall short of 1, on average (equation 1)."""
    return functional.relu(TARGET - torch.sqrt(rows.var(dim=0) + LEAST)).mean()


def squared_covariances(rows: Tensor) -> Tensor:
    """The sum of the squared covariances between different dimensions of rows (B, D), divided by D (equation 4)."""
    centered = rows - rows.mean(dim=0)
    covariance = centered.T @ centered / (len(rows) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / rows.shape[1]
