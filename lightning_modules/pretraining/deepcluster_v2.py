"""DeepCluster-v2: predicting k-means clusters of the last epoch's embeddings (Caron et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, swav_crops
from specs.sources import published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Caron et al. 2020, appendix A, and the authors' script of 800 epochs, as ``swav_crops`` says.
PUBLISHED = swav_crops("deepcluster_v2", epochs=800, large=(2, 224), small=(6, 96))
PHANTOM = phantom("deepcluster_v2(dimensions=64, hidden=128, prototypes=(16, 32))")

CODE = "https://github.com/facebookresearch/swav"
SOURCES = together(
    shared.swav_training(
        f"{CODE}, scripts/deepclusterv2_800ep_pretrain.sh",
        epochs=800,
        large=shared.views(2, 224, shared.crop(0.14), *shared.DISTORTED),
        small=shared.views(6, 96, shared.crop(0.05, 0.14), *shared.DISTORTED),
    ),
    shared.PRECISE,
    published(
        {
            "method": {
                "name": "deepcluster_v2",
                "dimensions": 128,
                "hidden": 2048,
                "prototypes": [3000, 3000, 3000],
                "temperature": 0.1,
                "iterations": 10,
                "residual": "one",
            }
        },
        f"{CODE}, scripts/deepclusterv2_800ep_pretrain.sh and main_deepclusterv2.py",
    ),
)


def deepcluster_v2(
    dimensions: int = 128,
    hidden: int = 2048,
    prototypes: tuple[int, ...] = (3000, 3000, 3000),
    temperature: float = 0.1,
    iterations: int = 10,
) -> Method:
    """DeepCluster-v2 with the paper's settings.

    Args:
        dimensions: the length of the embeddings (appendix).
        hidden: the number of features of the head's hidden layer (appendix).
        prototypes: the number of clusters of each clustering (appendix).
        temperature: the temperature of the predictions (appendix).
        iterations: the number of k-means iterations (the authors' code, ``nmb_kmeans_iters``).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.clustering import KmeansLearner

        return KmeansLearner(backbone, samples, dimensions, hidden, prototypes, temperature, iterations)

    return Method(
        "clustering",
        "Caron et al. 2020, https://arxiv.org/abs/2006.09882",
        learner,
        more_views=True,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
    )
