"""PIRL: an image and its jigsaw are alike (Misra and van der Maaten 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method

if TYPE_CHECKING:
    from backbones.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


def pirl(
    dimensions: int = 128, negatives: int = 32000, temperature: float = 0.07, momentum: float = 0.5, jigsaw: float = 0.5
) -> Method:
    """PIRL with the paper's settings.

    Args:
        dimensions: of the embeddings (section 3.2).
        negatives: memories of each image (section 3.2).
        temperature: of the similarities (section 3.2).
        momentum: of the memory (section 3.2).
        jigsaw: lambda, the jigsaw's share of the loss (section 3.2).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.instances import PirlLearner

        return PirlLearner(backbone, samples, dimensions, negatives, temperature, momentum, jigsaw)

    return Method("jigsaw", "Misra and van der Maaten 2020, https://arxiv.org/abs/1912.01991", learner, views=1)
