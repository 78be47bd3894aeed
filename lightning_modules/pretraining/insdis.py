"""InsDis: instance discrimination against a memory bank (Wu et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import PLAIN, phantom, sgd
from specs.recipe_parts import MultiStep
from specs.sources import Difference, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Wu et al. 2018, section 4.1, and https://github.com/zhirongw/lemniscate.pytorch (main.py): the rate falls at epochs
# 120 and 160. The weights that the benchmark compares are PyContrast's, trained by cross-entropy among 65536 negatives
# on crops from 8 % of the area (https://github.com/HobbitLong/PyContrast, base_options.py, datasets/util.py).
PUBLISHED = sgd(
    "insdis",
    epochs=200,
    batch_size=256,
    learning_rate=0.03,
    schedule=MultiStep((120, 160)),
    augmentation=PLAIN,
)
# It compares one view per image, so it takes more and smaller steps.
PHANTOM = phantom("insdis(dimensions=64, negatives=512, temperature=0.5)", batch_size=32, epochs=18, learning_rate=4e-3)

CODE = "https://github.com/zhirongw/lemniscate.pytorch, main.py"
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
            "augmentation": shared.PLAIN,
            "views": [],
        },
        CODE,
    ),
    published({"schedule": shared.FALLING}, f"{CODE}: a tenth from epochs 120 and 160 on"),
    published(
        {
            "method": {
                "name": "insdis",
                "dimensions": 128,
                "negatives": 4096,
                "temperature": 0.07,
                "momentum": 0.5,
                "residual": "one",
            }
        },
        f"{CODE}, defaults of --low-dim and --nce-*",
    ),
)

DIFFERENCES = (
    Difference(
        "which training is meant",
        "the weights that the benchmark compares are of https://github.com/HobbitLong/PyContrast: cross-entropy among "
        "65536 negatives, crops from 8 % of the area",
        "Wu et al. 2018 and their code: noise-contrastive estimation with 4096 negatives, crops from 20 %",
        "the method as its authors published it",
    ),
)


def insdis(dimensions: int = 128, negatives: int = 4096, temperature: float = 0.07, momentum: float = 0.5) -> Method:
    """InsDis with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 4.1).
        negatives: the number of noise samples of each image (section 3.2).
        temperature: the temperature of the similarities (section 3.1).
        momentum: the share of an old memory that an update keeps (the authors' code, NCEAverage).
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
        sources=SOURCES,
        differences=DIFFERENCES,
        version=2,  # Z is estimated from the images' own memories too
    )
