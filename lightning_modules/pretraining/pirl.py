"""PIRL: an image and its jigsaw are alike (Misra and van der Maaten 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, sgd
from specs.steps import ColorJitter, Cosine, Grayscale, HorizontalFlip, RandomResizedCrop

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Misra and van der Maaten 2020, section 3.2; weight decay and color of
# https://github.com/facebookresearch/vissl (configs/config/pretrain/pirl), whose random photometric changes beyond
# these are left out.
PUBLISHED = sgd(
    "pirl",
    epochs=800,
    batch_size=1024,
    learning_rate=0.12,
    schedule=Cosine(final=0.001),
    augmentation=(RandomResizedCrop(0.08), ColorJitter(0.4, 0.4, 0.4, 0.2, p=1.0), Grayscale(0.2), HorizontalFlip()),
)
# It compares one view an image, so it takes more and smaller steps.
PHANTOM = phantom("pirl(dimensions=64, negatives=128, temperature=0.2)", batch_size=32)


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

    return Method(
        "jigsaw",
        "Misra and van der Maaten 2020, https://arxiv.org/abs/1912.01991",
        learner,
        views=1,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
