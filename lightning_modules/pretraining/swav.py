"""SwAV: each view predicts the other's cluster assignment (Caron et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, swav_crops
from specs.sources import ours, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Caron et al. 2020, appendix A, and the authors' script of 800 epochs, as ``swav_crops`` says; no queue.
PUBLISHED = swav_crops("swav", epochs=800, large=(2, 224), small=(6, 96))
PHANTOM = phantom("swav(dimensions=64, hidden=128, prototypes=32, frozen=5)")

CODE = "https://github.com/facebookresearch/swav"
SOURCES = together(
    shared.swav_training(
        f"{CODE}, scripts/swav_800ep_pretrain.sh",
        epochs=800,
        large=shared.views(2, 224, shared.crop(0.14), *shared.DISTORTED),
        small=shared.views(6, 96, shared.crop(0.05, 0.14), *shared.DISTORTED),
    ),
    ours({"precision": "32"}, published="half precision (--use_fp16)", because="the same numbers on every processor"),
    published(
        {
            "method": {
                "name": "swav",
                "dimensions": 128,
                "hidden": 2048,
                "prototypes": 3000,
                "temperature": 0.1,
                "epsilon": 0.05,
                "iterations": 3,
                "frozen": 313,
                "residual": "one",
            }
        },
        f"{CODE}, scripts/swav_800ep_pretrain.sh and main_swav.py",
    ),
)


def swav(
    dimensions: int = 128,
    hidden: int = 2048,
    prototypes: int = 3000,
    temperature: float = 0.1,
    epsilon: float = 0.05,
    iterations: int = 3,
    frozen: int = 313,
) -> Method:
    """SwAV with the paper's settings.

    Args:
        dimensions: the length of the embeddings (appendix A).
        hidden: the number of features of the head's hidden layer (appendix A).
        prototypes: the number of prototypes (section 4).
        temperature: the temperature of the predictions (appendix A).
        epsilon: the weight of the entropy in the assignments (appendix A).
        iterations: the number of Sinkhorn-Knopp iterations (appendix A).
        frozen: the number of optimizer steps at the start that leave the prototypes unchanged, about the first epoch of
            ImageNet (the authors' script, ``freeze_prototypes_niters``).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.clustering import SwavLearner

        return SwavLearner(backbone, dimensions, hidden, prototypes, temperature, epsilon, iterations, frozen)

    return Method(
        "clustering",
        "Caron et al. 2020, https://arxiv.org/abs/2006.09882",
        learner,
        more_views=True,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
    )
