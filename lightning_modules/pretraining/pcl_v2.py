"""PCL-v2: PCL with a hidden layer in the head and stronger views (Li et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def pcl_v2(
    dimensions: int = 128,
    hidden: int = 2048,
    queue: int = 16384,
    momentum: float = 0.999,
    temperature: float = 0.2,
    clusters: tuple[int, ...] = (25000, 50000, 100000),
    negatives: int = 16000,
    warmup: int = 20,
) -> Method:
    """PCL-v2 with the paper's settings.

    Args:
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer (section 4.1, as MoCo-v2).
        queue: keys that are kept.
        momentum: of the key encoder.
        temperature: of the loss (the authors' code).
        clusters: of each clustering.
        negatives: prototypes that a query is told from.
        warmup: epochs of InfoNCE alone.
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.prototypical import PclLearner

        return PclLearner(
            backbone, samples, dimensions, hidden, queue, momentum, temperature, clusters, negatives, warmup
        )

    return Method("clustering with contrastive learning", "Li et al. 2021, https://arxiv.org/abs/2005.04966", learner)
