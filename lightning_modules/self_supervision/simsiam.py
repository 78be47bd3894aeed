"""SimSiam: predicting the embedding of another view, without negatives and without a momentum encoder."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.losses import full
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner


class SimsiamLearner(Learner):
    """A learner that predicts each view's embedding from the other view; no gradient flows into what is predicted.

    Source: Chen and He 2021, equations 1 to 4. The projection has three layers, the first two as wide as the backbone's
    features, and a normalization behind each, the last without scale and shift; each view has its own batch statistics,
    as in https://github.com/facebookresearch/simsiam (simsiam/builder.py).

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings.
        hidden: the number of features of the predictor's hidden layer.
        steady: whether the predictor keeps the recipe's learning rate where the schedule lowers that of the rest.
    """

    def __init__(self, backbone: Backbone, dimensions: int, hidden: int, steady: bool) -> None:
        features = backbone.num_features
        projection = mlp(features, features, features, dimensions, norm=True, last_norm=True, last_scale=False)
        super().__init__(Encoder(backbone, projection))
        self.predictor = mlp(dimensions, hidden, dimensions, norm=True)
        self._steady = steady

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """The predictor's parameters, if it keeps its learning rate (table 1; ``--fix-pred-lr``)."""
        return self.predictor.parameters() if self._steady else ()

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The mean over both directions of the negative cosine between prediction and embedding, in [-1, 1]."""
        embeddings = [self.online(view) for view in views]
        predicted = [full(self.predictor(rows)) for rows in embeddings]
        return (negative_cosine(predicted[0], embeddings[1]) + negative_cosine(predicted[1], embeddings[0])) / 2


def negative_cosine(predicted: Tensor, target: Tensor) -> Tensor:
    """The negative cosine similarity of rows (B, D), averaged over them (Chen and He 2021, equations 1 and 3).

    Args:
        predicted: the predictions (B, D).
        target: the embeddings (B, D) that are predicted; no gradient flows into them.
    """
    return -functional.cosine_similarity(predicted, target.detach(), dim=1).mean()
