"""Momentum contrast: queries against keys of a slow copy and a queue of earlier ones."""

from __future__ import annotations

from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered_values, shuffled
from lightning_modules.self_supervision.contrastive import info_nce
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.jigsaw import JigsawHead
from lightning_modules.self_supervision.learner import Encoder, Learner, directions
from lightning_modules.self_supervision.momentum import Follower
from lightning_modules.self_supervision.queue import KeyQueue


class MocoLearner(Learner):
    """The first view asks, the second answers (He et al. 2020, algorithm 1).

    Args:
        backbone: that is pretrained.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer; None for a linear head.
        queue: keys that are kept.
        momentum: of the slow copy.
        temperature: of the loss.
        jigsaw: share of the loss that asks with nine shuffled patches instead.
    """

    def __init__(
        self,
        backbone: Backbone,
        dimensions: int,
        hidden: int | None,
        queue: int,
        momentum: float,
        temperature: float,
        jigsaw: float = 0.0,
    ) -> None:
        sizes = (backbone.num_features, *([hidden] if hidden else []), dimensions)
        super().__init__(Encoder(backbone, mlp(*sizes)))
        self.jigsaw_head = JigsawHead(backbone.num_features, dimensions) if jigsaw else None
        self.slow = Follower(self.online)
        self.queue = KeyQueue(queue, dimensions)
        self.momentum, self.temperature, self.jigsaw = momentum, temperature, jigsaw
        self._new: Tensor | None = None

    def keys_of(self, images: Tensor) -> Tensor:
        """(B, D), of length 1, without gradient."""
        return shuffled(lambda rows: directions(self.slow(rows)), images)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """InfoNCE against the queue; with a jigsaw, the weighted mean of both queries' losses."""
        return self.instance_loss(self.online.directions(views[0]), views)

    def instance_loss(self, query: Tensor, views: list[Tensor]) -> Tensor:
        """The same, of the first view's embeddings (B, D), of length 1."""
        key = self.keys_of(views[1])
        self._new = gathered_values(key)
        loss = info_nce(query, key, self.queue.keys, self.temperature)
        if self.jigsaw_head is None:
            return loss
        puzzle = self.jigsaw_head(self.backbone, views[0])
        of_puzzle = info_nce(puzzle, key, self.queue.keys, self.temperature)
        return (1 - self.jigsaw) * loss + self.jigsaw * of_puzzle

    def after_step(self, progress: float) -> None:
        """The copy follows, and the batch's keys enter the queue."""
        self.slow.follow(self.online, self.momentum)
        if self._new is not None:
            self.queue.push(self._new)
            self._new = None
