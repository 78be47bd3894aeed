"""PCL-v2: PCL with a hidden layer in the head and stronger views (Li et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLUS, phantom, sgd
from specs.steps import Cosine

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Li et al. 2021, section 4.1, and https://github.com/salesforce/PCL (README.md, main_pcl.py) with --aug-plus and --cos.
PUBLISHED = sgd("pcl_v2", epochs=200, batch_size=256, learning_rate=0.03, schedule=Cosine(), augmentation=PLUS)
PHANTOM = phantom(
    "pcl_v2(dimensions=64, hidden=128, queue=512, momentum=0.99, clusters=(16, 32), negatives=16, warmup=3)"
)


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

    return Method(
        "clustering with contrastive learning",
        "Li et al. 2021, https://arxiv.org/abs/2005.04966",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
