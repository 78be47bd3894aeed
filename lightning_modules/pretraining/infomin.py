"""InfoMin: momentum contrast of views that share less (Tian et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DRAWN, DRAWN_PUZZLE, phantom, puzzle, sgd
from specs.recipe_parts import ColorJitter, Cosine, GaussianBlur, Grayscale, HorizontalFlip, RandomResizedCrop, Views
from specs.sources import Difference, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Tian et al. 2020, appendix, and https://github.com/HobbitLong/PyContrast (options/base_options.py, datasets/util.py);
# its RandAugment step is left out; epochs of its model zoo, batch and rate of its default (256 and 0.03); the cosine
# falls to 0.1 ** 3 of the rate (learning/base_trainer.py), where the code is an epoch ahead.
PUBLISHED = sgd(
    "infomin",
    epochs=800,
    batch_size=256,
    learning_rate=0.03,
    schedule=Cosine(final=0.001),
    views=(
        Views(
            2,
            224,
            (
                RandomResizedCrop(0.2),
                HorizontalFlip(),
                ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
                GaussianBlur(0.1, 2.0, p=0.5),
                Grayscale(0.2),
            ),
        ),
        puzzle(HorizontalFlip()),
    ),
)
PHANTOM = phantom(
    "infomin(dimensions=64, hidden=128, queue=512, momentum=0.99, groups=1, patch=8)",
    views=(Views(2, 32, DRAWN), DRAWN_PUZZLE),
)

CODE = "https://github.com/HobbitLong/PyContrast, pycontrast"
SOURCES = together(
    shared.DEVICES,
    shared.NORMALIZED,
    shared.PRECISE,
    published({"epochs": 800}, f"{CODE}/docs/MODEL_ZOO.md"),
    published(
        {
            "image_size": 224,
            "batch_size": 256,
            "optimizer": shared.sgd(0.03),
            "schedule": shared.cosine(final=0.001),
        },
        f"{CODE}/options/base_options.py, defaults; learning/base_trainer.py, the cosine",
    ),
    published(
        {
            "augmentation": [],
            "views": [
                shared.views(
                    2,
                    224,
                    shared.crop(0.2),
                    shared.FLIP,
                    shared.jitter(0.8, 0.8, 0.8, 0.2, 0.8),
                    shared.BLUR,
                    shared.GRAY,
                ),
                shared.views(1, 255, shared.crop(0.6), shared.FLIP),
            ],
        },
        f"{CODE}/datasets/util.py, its RandAugment aside",
    ),
    published(
        {
            "method": {
                "name": "infomin",
                "dimensions": 128,
                "hidden": 2048,
                "queue": 65536,
                "momentum": 0.999,
                "temperature": 0.15,
                "groups": 8,
                "jigsaw": 0.5,
                "patch": 64,
                "residual": "one",
            }
        },
        f"{CODE}/options and networks, docs/RUN.md (8 GPUs)",
    ),
)

DIFFERENCES = (
    Difference(
        "a step of augmentation",
        f"RandAugment between blur and grayscale ({CODE}/datasets/util.py)",
        "left out",
        "its list of transforms is none of the recipes' steps",
    ),
    Difference(
        "the cosine's epochs",
        f"counted from 1, so that the first is an epoch ahead ({CODE}/learning/base_trainer.py)",
        "counted from 0",
        "a rate belongs to its epoch; over 800 epochs little is changed",
    ),
)


def infomin(
    dimensions: int = 128,
    hidden: int = 2048,
    queue: int = 65536,
    momentum: float = 0.999,
    temperature: float = 0.15,
    groups: int = 8,
    jigsaw: float = 0.5,
    patch: int = 64,
) -> Method:
    """InfoMin with the paper's settings.

    Args:
        dimensions: the length of the embeddings.
        hidden: the number of features of the hidden layer of both heads, the image's and the patches'
            (networks/util.py).
        queue: the number of earlier keys that are kept.
        momentum: the share of the key encoder's old weights that an update keeps.
        temperature: the temperature of the loss (the authors' code).
        groups: the number of groups that a batch is divided into; each has its own batch statistics (docs/RUN.md: 8
            GPUs).
        jigsaw: the share of the loss that comes from the shuffled patches (options/train_options.py, ``beta``).
        patch: the height and width of the patches in pixels, at random places in thirds of the last view
            (datasets/util.py, ``JigsawCrop``: 64 of 85).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.moco import InfoMinLearner

        return InfoMinLearner(backbone, dimensions, hidden, queue, momentum, temperature, groups, jigsaw, patch)

    return Method(
        "mutual information reduction",
        "Tian et al. 2020, https://arxiv.org/abs/2005.10243",
        learner,
        views=3,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
    )
