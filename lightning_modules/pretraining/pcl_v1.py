"""PCL-v1: momentum contrast and prototypes of several clusterings, linear head (Li et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLAIN, phantom, sgd
from specs.steps import MultiStep

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Li et al. 2021, section 4.1, and https://github.com/salesforce/PCL (README.md, main_pcl.py).
PUBLISHED = sgd(
    "pcl_v1",
    epochs=200,
    batch_size=256,
    learning_rate=0.03,
    schedule=MultiStep((120, 160)),
    augmentation=PLAIN,
)
PHANTOM = phantom(
    "pcl_v1(dimensions=64, queue=512, momentum=0.99, temperature=0.2, clusters=(16, 32), negatives=16, warmup=3)"
)


def pcl_v1(
    dimensions: int = 128,
    queue: int = 16384,
    momentum: float = 0.999,
    temperature: float = 0.1,
    clusters: tuple[int, ...] = (25000, 50000, 100000),
    negatives: int = 16000,
    warmup: int = 20,
) -> Method:
    """PCL-v1 with the paper's settings.

    Args:
        dimensions: of the embeddings (section 4.1).
        queue: keys that are kept (section 4.1: 16,000).
        momentum: of the key encoder (section 4.1).
        temperature: of the loss (section 4.1).
        clusters: of each clustering (section 4.1).
        negatives: prototypes that a query is told from (section 4.1).
        warmup: epochs of InfoNCE alone (section 4.1).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.prototypical import PclLearner

        return PclLearner(
            backbone, samples, dimensions, None, queue, momentum, temperature, clusters, negatives, warmup
        )

    return Method(
        "clustering with contrastive learning",
        "Li et al. 2021, https://arxiv.org/abs/2005.04966",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
