"""SimSiam: predicting the embedding of another view with a stopped gradient, without a slow copy (Chen and He 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLUS, phantom, sgd
from specs.recipe_parts import Cosine
from specs.sources import published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Chen and He 2021, section 4, and https://github.com/facebookresearch/simsiam (main_simsiam.py with --fix-pred-lr, the
# command of its README.md): 0.05 times batch / 256, the views of MoCo-v2, the predictor's rate does not fall.
PUBLISHED = sgd(
    "simsiam",
    epochs=100,
    batch_size=512,
    learning_rate=0.05 * 2,
    schedule=Cosine(),
    augmentation=PLUS,
    batch_norm="sync",
)
PHANTOM = phantom("simsiam(dimensions=128, hidden=32)")

CODE = "https://github.com/facebookresearch/simsiam, main_simsiam.py with --fix-pred-lr (README.md)"
SOURCES = together(
    shared.EVERYWHERE,
    shared.NORMALIZED,
    shared.PRECISE,
    published(
        {
            "image_size": 224,
            "batch_size": 512,
            "epochs": 100,
            "optimizer": shared.sgd(0.05 * 2),
            "schedule": shared.cosine(),
            "augmentation": shared.PLUS,
            "views": [],
        },
        f"{CODE}: a rate of 0.05 times batch / 256",
    ),
    published(
        {"method": {"name": "simsiam", "dimensions": 2048, "hidden": 512, "steady": True, "residual": "zero"}},
        f"{CODE}; simsiam/builder.py: zero_init_residual",
    ),
)


def simsiam(dimensions: int = 2048, hidden: int = 512, steady: bool = True) -> Method:
    """SimSiam with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 3, "Baseline settings").
        hidden: the number of features of the predictor's hidden layer (section 3, "Baseline settings").
        steady: whether the predictor keeps its learning rate while that of the rest falls (table 1, the last row).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.simsiam import SimsiamLearner

        return SimsiamLearner(backbone, dimensions, hidden, steady)

    return Method(
        "instance discrimination",
        "Chen and He 2021, https://arxiv.org/abs/2011.10566",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        residual="zero",  # https://github.com/facebookresearch/simsiam, simsiam/builder.py: zero_init_residual
    )
