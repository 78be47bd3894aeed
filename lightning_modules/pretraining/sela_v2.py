"""SeLa-v2: predicting clusters of equal size (Asano et al. 2020; Caron et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, swav_crops
from specs.sources import Difference, assumed, published, taken_over, together, without

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Caron et al. 2020, appendix A; epochs and crops of https://github.com/facebookresearch/swav (README.md). Its code was
# not published: all else is *assumed* to be as in DeepCluster-v2's script for these crops
# (scripts/deepclusterv2_400ep_pretrain.sh), the memories included.
PUBLISHED = swav_crops("sela_v2", epochs=400, large=(2, 160), small=(4, 96), smallest=0.08)
PHANTOM = phantom("sela_v2(dimensions=64, hidden=128, prototypes=(16, 32))")

CODE = "https://github.com/facebookresearch/swav"
_ALIKE = "its code was not published: as DeepCluster-v2's for the same crops (scripts/deepclusterv2_400ep_pretrain.sh)"
_TRAINING = shared.swav_training(
    "not published",
    epochs=400,
    large=shared.views(2, 160, shared.crop(0.08), *shared.DISTORTED),
    small=shared.views(4, 96, shared.crop(0.05, 0.14), *shared.DISTORTED),
)
_KNOWN = (
    "epochs",
    "batch_size",
    "image_size",
    "views.0.count",
    "views.0.image_size",
    "views.1.count",
    "views.1.image_size",
)
SOURCES = together(
    taken_over(without(_TRAINING, *_KNOWN), _ALIKE),
    taken_over(shared.PRECISE, _ALIKE),
    published({path: _TRAINING[path].value for path in _KNOWN}, f"{CODE}, README.md"),
    published(
        {
            "method": {
                "name": "sela_v2",
                "dimensions": 128,
                "hidden": 2048,
                "prototypes": [3000, 3000, 3000],
                "temperature": 0.1,
            }
        },
        "Caron et al. 2020, appendix",
    ),
    assumed({"method.epsilon": 0.05}, "SwAV's"),
    assumed({"method.iterations": 10}, "more than SwAV's 3, since assignments are made once per epoch"),
    assumed({"method.residual": "one"}, "as SwAV's code"),
)

DIFFERENCES = (
    Difference(
        "the assignments",
        "solved on all of ImageNet once per epoch; how, is not published",
        "Sinkhorn-Knopp with SwAV's entropy on the memory of each set of prototypes",
        "its constants are assumed",
    ),
)


def sela_v2(
    dimensions: int = 128,
    hidden: int = 2048,
    prototypes: tuple[int, ...] = (3000, 3000, 3000),
    temperature: float = 0.1,
    epsilon: float = 0.05,
    iterations: int = 10,
) -> Method:
    """SeLa-v2 with the paper's settings.

    Args:
        dimensions: the length of the embeddings (appendix).
        hidden: the number of features of the head's hidden layer (appendix).
        prototypes: the number of prototypes of each set (appendix).
        temperature: the temperature of the predictions (appendix).
        epsilon: the weight of the entropy in the assignments; *assumed* to be SwAV's.
        iterations: the number of Sinkhorn-Knopp iterations; *assumed*, more than SwAV's since they run once per epoch.
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.clustering import EqualSharesLearner

        return EqualSharesLearner(backbone, samples, dimensions, hidden, prototypes, temperature, epsilon, iterations)

    return Method(
        "clustering",
        "Caron et al. 2020, https://arxiv.org/abs/2006.09882",
        learner,
        more_views=True,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
    )
