"""InsDis: instance discrimination against a memory bank (Wu et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def insdis(dimensions: int = 128, negatives: int = 4096, temperature: float = 0.07, momentum: float = 0.5) -> Method:
    """InsDis with the paper's settings.

    Args:
        dimensions: of the embeddings (section 4.1).
        negatives: noise samples of each image (section 3.2).
        temperature: of the similarities (section 3.1).
        momentum: of the memory (the authors' code, NCEAverage).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.instances import InsDisLearner

        return InsDisLearner(backbone, samples, dimensions, negatives, temperature, momentum)

    return Method("instance discrimination", "Wu et al. 2018, https://arxiv.org/abs/1805.01978", learner, views=1)
