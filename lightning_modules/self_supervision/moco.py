"""MoCo and InfoMin: momentum contrast of queries with keys from a momentum encoder and a queue of earlier keys."""

from __future__ import annotations

from torch import Tensor

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered_values
from lightning_modules.self_supervision.contrastive import info_nce
from lightning_modules.self_supervision.groups import in_groups, shuffled
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.jigsaw import JigsawHead
from lightning_modules.self_supervision.learner import Encoder, Learner, directions
from lightning_modules.self_supervision.momentum import MomentumEncoder
from lightning_modules.self_supervision.queue import KeyQueue


class MocoLearner(Learner):
    """A learner whose queries (first view) must match their keys (second view); He et al. 2020, algorithm 1.

    Batch statistics are computed within groups of the batch, as on the authors' GPUs, and keys are shuffled among the
    groups (section 3.3), whatever the number of devices; a group never spans two devices.

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer; None for a linear head.
        queue: the number of earlier keys that are kept.
        momentum: the share of the momentum encoder's old weights that an update keeps, in [0, 1).
        temperature: the temperature of the loss.
        groups: the number of groups that a batch is divided into; each has its own batch statistics.
    """

    def __init__(
        self,
        backbone: Backbone,
        dimensions: int,
        hidden: int | None,
        queue: int,
        momentum: float,
        temperature: float,
        groups: int,
    ) -> None:
        sizes = (backbone.num_features, *([hidden] if hidden else []), dimensions)
        super().__init__(Encoder(backbone, mlp(*sizes)))
        self.slow = MomentumEncoder(self.online)
        self.queue = KeyQueue(queue, dimensions)
        self.momentum, self.temperature, self.groups = momentum, temperature, groups
        self._new: Tensor | None = None

    def queries_of(self, images: Tensor) -> Tensor:
        """The queries (B, D), of length 1, of normalized images (B, C, H, W)."""
        return in_groups(self.online.directions, images, self.groups)

    def slow_directions(self, images: Tensor) -> Tensor:
        """The momentum encoder's embeddings (B, D), of length 1, without gradient."""
        return directions(self.slow(images))

    def keys_of(self, images: Tensor) -> Tensor:
        """The keys (B, D), of length 1, computed in shuffled groups and remembered for the queue."""
        keys = shuffled(self.slow_directions, images, self.groups)
        self._new = gathered_values(keys)
        return keys

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The InfoNCE loss against the keys of the queue.

        Raises:
            UsageError: if the batch cannot be divided into the groups.
        """
        return self.told_apart(self.queries_of(views[0]), self.keys_of(views[1]))

    def told_apart(self, queries: Tensor, keys: Tensor) -> Tensor:
        """The loss of telling each query's key from the keys of the queue."""
        return info_nce(queries, keys, self.queue.keys, self.temperature)

    def after_step(self, progress: float) -> None:
        """Update the momentum encoder, and put the batch's keys into the queue."""
        self.slow.follow(self.online, self.momentum)
        if self._new is not None:
            self.queue.push(self._new)
            self._new = None


class InfoMinLearner(MocoLearner):
    """InfoMin: nine shuffled patches give a second query (Tian et al. 2020; https://github.com/HobbitLong/PyContrast).

    Args:
        backbone: the backbone that is pretrained.
        dimensions: the length of the embeddings.
        hidden: the number of features of the hidden layer of both heads, the image's and the patches'.
        queue: the number of earlier keys that are kept.
        momentum: the share of the momentum encoder's old weights that an update keeps, in [0, 1).
        temperature: the temperature of the loss.
        groups: the number of groups that a batch is divided into; each has its own batch statistics.
        jigsaw: the weight of the patches' loss, in [0, 1]; the image's loss has the rest.
        patch: the height and width of the patches in pixels.
    """

    def __init__(
        self,
        backbone: Backbone,
        dimensions: int,
        hidden: int,
        queue: int,
        momentum: float,
        temperature: float,
        groups: int,
        jigsaw: float,
        patch: int,
    ) -> None:
        super().__init__(backbone, dimensions, hidden, queue, momentum, temperature, groups)
        self.jigsaw_head, self.jigsaw = JigsawHead(backbone.num_features, dimensions, hidden, patch), jigsaw

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The weighted mean of both queries' losses; the third view is cut into patches.

        Raises:
            UsageError: if the batch cannot be divided into the groups, or the patches do not fit into the third view.
        """
        keys = self.keys_of(views[1])
        puzzle = in_groups(lambda images: self.jigsaw_head(self.backbone, images), views[2], self.groups)
        of_image, of_puzzle = (self.told_apart(queries, keys) for queries in (self.queries_of(views[0]), puzzle))
        return (1 - self.jigsaw) * of_image + self.jigsaw * of_puzzle
