"""SimCLR: contrastive learning within the batch."""

from __future__ import annotations

from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.self_supervision.contrastive import nt_xent
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import Encoder, Learner


class SimclrLearner(Learner):
    """A learner where two views of an image attract and all others of the batch repel (Chen et al. 2020, algorithm 1).

    Args:
        backbone: the backbone that is pretrained.
        head: the number of features of each of the projection head's layers, the last of which gives the embedding.
        temperature: the temperature of the loss.
    """

    def __init__(self, backbone: Backbone, head: tuple[int, ...], temperature: float) -> None:
        super().__init__(Encoder(backbone, mlp(backbone.num_features, *head, norm=True, last_norm=True)))
        self.temperature = temperature

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The sum of the two views' mean losses, which is twice NT-Xent's mean.

        As in https://github.com/google-research/simclr (objective.py, ``add_contrastive_loss``). A factor does not
        change LARS updates of weights, but it does change those of biases and normalization layers. Both views pass
        through the network as one batch (model.py).
        """
        first, second = self.online.directions_together(views)
        return 2 * nt_xent(first, second, self.temperature)
