"""VICReg: embeddings of two views agree, each dimension varies, and none repeats another (Bardes et al. 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import byol_views, large_batches, phantom
from specs.recipe_parts import Cosine, Lars
from specs.sources import Difference, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Bardes et al. 2022, section 4.2 and appendix C, and https://github.com/facebookresearch/vicreg (main_vicreg.py; the
# command of 1000 epochs in README.md): 0.2 times batch / 256, views as BYOL's.
PUBLISHED = large_batches(
    "vicreg",
    epochs=1000,
    batch_size=2048,
    optimizer=Lars(0.2 * 8, weight_decay=1e-6),
    schedule=Cosine(10, final=0.001),
    views=byol_views(),
)
PHANTOM = phantom("vicreg(head=(128, 128))")

CODE = "https://github.com/facebookresearch/vicreg"
SOURCES = together(
    shared.EVERYWHERE,
    shared.NORMALIZED,
    shared.HALF,
    shared.byol_views(f"{CODE}, augmentations.py: BYOL's (Grill et al. 2020, appendix B, table 6)"),
    published(
        {
            "image_size": 224,
            "batch_size": 2048,
            "epochs": 1000,
            "optimizer": shared.lars(0.2 * 8, 1e-6),
            "schedule": shared.cosine(10, final=0.001),
        },
        f"{CODE}, main_vicreg.py and the command of 1000 epochs in README.md: a rate of 0.2 times batch / 256",
    ),
    published(
        {
            "method": {
                "name": "vicreg",
                "head": [8192, 8192, 8192],
                "invariance": 25.0,
                "variance": 25.0,
                "covariance": 1.0,
                "residual": "zero",
            }
        },
        f"{CODE}, main_vicreg.py: --mlp, --sim-coeff, --std-coeff, --cov-coeff, zero_init_residual",
    ),
)

DIFFERENCES = (
    Difference(
        "two constants of the loss",
        "equation 6 of Bardes et al. 2022 adds the variance terms of both views and does not divide their distance by "
        f"the number of dimensions; the code halves the former and divides the latter ({CODE}, main_vicreg.py)",
        "as the code has it",
        "the weights 25, 25 and 1 belong to the code",
    ),
)


def vicreg(
    head: tuple[int, ...] = (8192, 8192, 8192),
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
) -> Method:
    """VICReg with the paper's settings.

    Args:
        head: the number of features of each of the expander's layers (section 4.2).
        invariance: the weight of the distance between both views' embeddings (section 4.2, lambda).
        variance: the weight of what standard deviations lack of 1 (section 4.2, mu).
        covariance: the weight of the covariance between dimensions (section 4.2, nu).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.vicreg import VicregLearner

        return VicregLearner(backbone, head, invariance, variance, covariance)

    return Method(
        "redundancy reduction",
        "Bardes et al. 2022, https://arxiv.org/abs/2105.04906",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
        residual="zero",  # https://github.com/facebookresearch/vicreg, main_vicreg.py: zero_init_residual
    )
