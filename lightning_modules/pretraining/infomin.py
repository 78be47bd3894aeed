"""InfoMin: momentum contrast of views that share less (Tian et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def infomin(
    dimensions: int = 128,
    hidden: int = 2048,
    queue: int = 65536,
    momentum: float = 0.999,
    temperature: float = 0.15,
    jigsaw: float = 0.5,
) -> Method:
    """InfoMin with the paper's settings.

    Args:
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer.
        queue: keys that are kept.
        momentum: of the key encoder.
        temperature: of the loss (the authors' code).
        jigsaw: share of the loss that asks with shuffled patches; *assumed* equal shares.
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.moco import MocoLearner

        return MocoLearner(backbone, dimensions, hidden, queue, momentum, temperature, jigsaw)

    return Method("mutual information reduction", "Tian et al. 2020, https://arxiv.org/abs/2005.10243", learner)
