"""MoCo-v2: momentum contrast with a hidden layer in the head and stronger views (Chen et al. 2020)."""

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

# Chen et al. 2020, table 2, the longer of its two trainings.
PUBLISHED = sgd("moco_v2", epochs=800, batch_size=256, learning_rate=0.03, schedule=Cosine(), augmentation=PLUS)
PHANTOM = phantom("moco_v2(dimensions=64, hidden=128, queue=512, momentum=0.99, groups=1)")

CODE = "https://github.com/facebookresearch/moco, main_moco.py with --mlp --moco-t 0.2 --aug-plus --cos (README.md)"
SOURCES = together(
    shared.DEVICES,
    shared.NORMALIZED,
    shared.PRECISE,
    published({"epochs": 800}, "Chen et al. 2020, table 2, the longer of two trainings"),
    published(
        {
            "image_size": 224,
            "batch_size": 256,
            "optimizer": shared.sgd(0.03),
            "schedule": shared.cosine(),
            "augmentation": shared.PLUS,
            "views": [],
        },
        CODE,
    ),
    published(
        {
            "method": {
                "name": "moco_v2",
                "dimensions": 128,
                "hidden": 2048,
                "queue": 65536,
                "momentum": 0.999,
                "temperature": 0.2,
                "groups": 8,
                "residual": "one",
            }
        },
        CODE,
    ),
)


def moco_v2(
    dimensions: int = 128,
    hidden: int = 2048,
    queue: int = 65536,
    momentum: float = 0.999,
    temperature: float = 0.2,
    groups: int = 8,
) -> Method:
    """MoCo-v2 with the paper's settings.

    Args:
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer (section 3).
        queue: the number of earlier keys that are kept.
        momentum: the share of the key encoder's old weights that an update keeps.
        temperature: the temperature of the loss (table 1: best at 0.2).
        groups: the number of groups that a batch is divided into; each has its own batch statistics (8 GPUs, as
            MoCo-v1).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.moco import MocoLearner

        return MocoLearner(backbone, dimensions, hidden, queue, momentum, temperature, groups)

    return Method(
        "instance discrimination",
        "Chen et al. 2020, https://arxiv.org/abs/2003.04297",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
    )
