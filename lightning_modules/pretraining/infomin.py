"""InfoMin: momentum contrast of views that share less (Tian et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, sgd
from specs.steps import ColorJitter, Cosine, GaussianBlur, Grayscale, HorizontalFlip, RandomResizedCrop

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Tian et al. 2020, appendix, and https://github.com/HobbitLong/PyContrast (base_options.py, datasets/util.py); its
# RandAugment step is left out; epochs of its model zoo, batch and rate of its default (256 and 0.03).
PUBLISHED = sgd(
    "infomin",
    epochs=800,
    batch_size=256,
    learning_rate=0.03,
    schedule=Cosine(),
    augmentation=(
        RandomResizedCrop(0.2),
        HorizontalFlip(),
        ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
        GaussianBlur(0.1, 2.0, p=0.5),
        Grayscale(0.2),
    ),
)
PHANTOM = phantom("infomin(dimensions=64, hidden=128, queue=512, momentum=0.99)")


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

    return Method(
        "mutual information reduction",
        "Tian et al. 2020, https://arxiv.org/abs/2005.10243",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
