"""BYOL: predicting a momentum encoder's embedding of another view."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.losses import full
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner
from lightning_modules.self_supervision.momentum import MomentumEncoder, rising


class ByolLearner(Learner):
    """A learner whose online network predicts the target network's embedding of the other view, in both directions.

    Source: Grill et al. 2020, equation 2. The heads' last layers have no bias, and each view has its own batch
    statistics, as in
    https://github.com/google-deepmind/deepmind-research (byol/utils/networks.py, byol/byol_experiment.py).

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings.
        hidden: the number of features of both heads' hidden layers.
        momentum: the share of the target network's old weights that an update keeps at the start; it rises to 1 by a
            cosine (section 3.3).
    """

    def __init__(self, backbone: Backbone, dimensions: int, hidden: int, momentum: float) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, hidden, dimensions, norm=True, bias=False)))
        self.predictor = mlp(dimensions, hidden, dimensions, norm=True, bias=False)
        self.target = MomentumEncoder(self.online)
        self.momentum = momentum

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The sum over both directions of 2 - 2 cos, averaged over the batch."""
        predicted = [full(self.predictor(self.online(view))) for view in views]
        targets = [self.target(view) for view in views]
        return regression(predicted[0], targets[1]) + regression(predicted[1], targets[0])

    def after_step(self, progress: float) -> None:
        """Move the target network towards the online network."""
        self.target.follow(self.online, rising(self.momentum, progress))


def regression(predicted: Tensor, target: Tensor) -> Tensor:
    """The squared distance between directions, 2 - 2 cos, averaged over rows (B, D)."""
    return 2 - 2 * functional.cosine_similarity(predicted, target, dim=1).mean()
