"""SeLa-v2: predicting clusters of equal size (Asano et al. 2020; Caron et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import phantom, swav_crops

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Caron et al. 2020, appendix A; crops of https://github.com/facebookresearch/swav (README.md), the optimizer *assumed*
# that of SwAV's script.
PUBLISHED = swav_crops("sela_v2", epochs=400, large=(2, 160), small=(4, 96))
PHANTOM = phantom("sela_v2(dimensions=64, hidden=128, prototypes=(16, 32))")


def sela_v2(
    dimensions: int = 128,
    hidden: int = 2048,
    prototypes: tuple[int, ...] = (3000, 3000, 3000),
    temperature: float = 0.1,
) -> Method:
    """SeLa-v2 with the paper's settings.

    Args:
        dimensions: of the embeddings (appendix).
        hidden: features of the head's hidden layer (appendix).
        prototypes: of each set (appendix).
        temperature: of the predictions (appendix).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.clustering import EqualSharesLearner

        return EqualSharesLearner(backbone, samples, dimensions, hidden, prototypes, temperature, True)

    return Method(
        "clustering",
        "Caron et al. 2020, https://arxiv.org/abs/2006.09882",
        learner,
        more_views=True,
        published=PUBLISHED,
        phantom=PHANTOM,
    )
