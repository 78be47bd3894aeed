"""BYOL: predicting a slow copy's embedding of another view (Grill et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def byol(dimensions: int = 256, hidden: int = 4096, momentum: float = 0.996) -> Method:
    """BYOL with the paper's settings.

    Args:
        dimensions: of the embeddings (section 3.2).
        hidden: features of the heads' hidden layers (section 3.2).
        momentum: of the target network at the start (section 3.2).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.bootstrap import ByolLearner

        return ByolLearner(backbone, dimensions, hidden, momentum)

    return Method("instance discrimination", "Grill et al. 2020, https://arxiv.org/abs/2006.07733", learner)
