"""PCL-v1: momentum contrast and prototypes of several clusterings, linear head (Li et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLAIN, phantom, sgd
from specs.recipe_parts import MultiStep
from specs.sources import published, together

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
    "pcl_v1(dimensions=64, queue=512, momentum=0.99, temperature=0.2, groups=1, clusters=(16, 32), negatives=16, "
    "warmup=3)"
)

CODE = "https://github.com/salesforce/PCL, main_pcl.py"
SOURCES = together(
    shared.DEVICES,
    shared.NORMALIZED,
    shared.PRECISE,
    published(
        {
            "image_size": 224,
            "batch_size": 256,
            "epochs": 200,
            "optimizer": shared.sgd(0.03),
            "schedule": shared.FALLING,
            "augmentation": shared.PLAIN,
            "views": [],
        },
        f"{CODE}, defaults",
    ),
    published(
        {"method.temperature": 0.1},
        "Li et al. 2021, section 4.1; the README's command, for both versions, has 0.2",
    ),
    published(
        {
            "method": {
                "name": "pcl_v1",
                "dimensions": 128,
                "queue": 16384,
                "momentum": 0.999,
                "groups": 8,
                "clusters": [25000, 50000, 100000],
                "negatives": 16384,
                "warmup": 20,
                "iterations": 20,
                "restarts": 5,
                "residual": "one",
            }
        },
        f"{CODE}, defaults and run_kmeans; 8 GPUs in README.md",
    ),
)


def pcl_v1(
    dimensions: int = 128,
    queue: int = 16384,
    momentum: float = 0.999,
    temperature: float = 0.1,
    groups: int = 8,
    clusters: tuple[int, ...] = (25000, 50000, 100000),
    negatives: int = 16384,
    warmup: int = 20,
    iterations: int = 20,
    restarts: int = 5,
) -> Method:
    """PCL-v1 with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 4.1).
        queue: the number of earlier keys that are kept (the authors' code, ``pcl_r``; section 4.1: 16,000).
        momentum: the share of the key encoder's old weights that an update keeps (section 4.1).
        temperature: the temperature of the loss (section 4.1).
        groups: the number of groups that a batch is divided into; each has its own batch statistics (the authors'
            README.md: 8 GPUs).
        clusters: the number of clusters of each clustering (section 4.1).
        negatives: the number of prototypes besides the batch's own that a query is told from (the authors' code,
            ``pcl_r``).
        warmup: the number of epochs of InfoNCE alone (section 4.1).
        iterations: the largest number of k-means iterations (the authors' code, ``niter``).
        restarts: the number of k-means restarts (the authors' code, ``nredo``).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.prototypical import PclLearner

        return PclLearner(
            backbone,
            samples,
            dimensions,
            None,
            queue,
            momentum,
            temperature,
            groups,
            clusters,
            negatives,
            warmup,
            iterations,
            restarts,
        )

    return Method(
        "clustering with contrastive learning",
        "Li et al. 2021, https://arxiv.org/abs/2005.04966",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
    )
