"""InsDis: instance discrimination against a memory bank (Wu et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLAIN, phantom, sgd
from specs.steps import MultiStep

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Wu et al. 2018, section 4.1, and https://github.com/zhirongw/lemniscate.pytorch (main.py): the rate falls at epochs
# 120 and 160.
PUBLISHED = sgd(
    "insdis",
    epochs=200,
    batch_size=256,
    learning_rate=0.03,
    schedule=MultiStep((120, 160)),
    augmentation=PLAIN,
)
# It compares one view an image, so it takes more and smaller steps.
PHANTOM = phantom("insdis(dimensions=64, negatives=512, temperature=0.5)", batch_size=32, epochs=18, learning_rate=4e-3)


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

    return Method(
        "instance discrimination",
        "Wu et al. 2018, https://arxiv.org/abs/1805.01978",
        learner,
        views=1,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
