"""MoCo-v1: momentum contrast with a linear head (He et al. 2020)."""

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

# He et al. 2020, section 3.3, and https://github.com/facebookresearch/moco (main_moco.py).
PUBLISHED = sgd(
    "moco_v1",
    epochs=200,
    batch_size=256,
    learning_rate=0.03,
    schedule=MultiStep((120, 160)),
    augmentation=PLAIN,
)
PHANTOM = phantom("moco_v1(dimensions=64, queue=512, momentum=0.99, temperature=0.2, groups=1)")

CODE = "https://github.com/facebookresearch/moco, main_moco.py"
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
        {
            "method": {
                "name": "moco_v1",
                "dimensions": 128,
                "queue": 65536,
                "momentum": 0.999,
                "temperature": 0.07,
                "groups": 8,
                "residual": "one",
            }
        },
        f"{CODE}, defaults of --moco-*; 8 GPUs in README.md",
    ),
)


def moco_v1(
    dimensions: int = 128, queue: int = 65536, momentum: float = 0.999, temperature: float = 0.07, groups: int = 8
) -> Method:
    """MoCo-v1 with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 3.3).
        queue: the number of earlier keys that are kept (section 4.1).
        momentum: the share of the key encoder's old weights that an update keeps (section 4.1).
        temperature: the temperature of the loss (section 3.3).
        groups: the number of groups that a batch is divided into; each has its own batch statistics (section 3.3: 8
            GPUs).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.moco import MocoLearner

        return MocoLearner(backbone, dimensions, None, queue, momentum, temperature, groups)

    return Method(
        "instance discrimination",
        "He et al. 2020, https://arxiv.org/abs/1911.05722",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
    )
