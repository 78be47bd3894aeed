"""PIRL: an image and its jigsaw are alike (Misra and van der Maaten 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.self_supervision import sources as shared
from lightning_modules.self_supervision.method import Method
from lightning_modules.self_supervision.recipes import DRAWN, DRAWN_PUZZLE, phantom, puzzle, sgd
from specs.recipe_parts import ColorJitter, Cosine, Grayscale, HorizontalFlip, RandomResizedCrop, Views
from specs.sources import Difference, published, together

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner

# Misra and van der Maaten 2020, section 3.2; weight decay, which spares biases and normalization layers, and color of
# https://github.com/facebookresearch/vissl (configs/config/pretrain/pirl/pirl_jigsaw_4node_resnet50.yaml). Its random
# posterization, sharpness, solarization and contrast are left out; it changes color and flips each patch by itself,
# here the crop that they are cut from. The loss is the paper's, where that configuration takes InsDis's, with a
# constant Z. The weights that the benchmark compares are PyContrast's, trained for 200 epochs by cross-entropy.
COLORS = (ColorJitter(0.4, 0.4, 0.4, 0.2, p=1.0), Grayscale(0.2), HorizontalFlip())
PUBLISHED = sgd(
    "pirl",
    epochs=800,
    batch_size=1024,
    learning_rate=0.12,
    schedule=Cosine(final=0.001),
    views=(Views(1, 224, (RandomResizedCrop(0.08), *COLORS)), puzzle(*COLORS)),
    decayed="weights",
)
# It compares one view per image, so it takes more and smaller steps.
PHANTOM = phantom(
    "pirl(dimensions=64, negatives=128, temperature=0.2, patch=8)",
    batch_size=32,
    views=(Views(1, 32, DRAWN), DRAWN_PUZZLE),
)

CODE = "https://github.com/facebookresearch/vissl, configs/config/pretrain/pirl/pirl_jigsaw_4node_resnet50.yaml"
_COLORS = (shared.jitter(0.4, 0.4, 0.4, 0.2, 1.0), shared.GRAY, shared.FLIP)
SOURCES = together(
    shared.DEVICES,
    shared.NORMALIZED,
    shared.PRECISE,
    published(
        {
            "image_size": 224,
            "batch_size": 1024,
            "epochs": 800,
            "optimizer": shared.sgd(0.12, decayed="weights"),
            "schedule": shared.cosine(final=0.001),
            "augmentation": [],
            "views": [
                shared.views(1, 224, shared.crop(0.08), *_COLORS),
                shared.views(1, 255, shared.crop(0.6), *_COLORS),
            ],
        },
        CODE,
    ),
    published(
        {
            "method": {
                "name": "pirl",
                "dimensions": 128,
                "negatives": 32000,
                "temperature": 0.07,
                "momentum": 0.5,
                "jigsaw": 0.5,
                "patch": 64,
                "residual": "one",
            }
        },
        f"Misra and van der Maaten 2020, section 3.2; {CODE}",
    ),
)

DIFFERENCES = (
    Difference(
        "steps of augmentation",
        f"also a random posterization, sharpness, solarization or contrast; each patch by itself ({CODE})",
        "left out; color and flip change the crop that patches are cut from",
        "those steps are none of the recipes'",
    ),
    Difference(
        "the loss",
        f"InsDis's, with a constant Z ({CODE})",
        "equations 3 to 5 of Misra and van der Maaten 2020",
        "the method as the paper defines it",
    ),
    Difference(
        "which training is meant",
        "the weights that the benchmark compares are of https://github.com/HobbitLong/PyContrast: 200 epochs, "
        "cross-entropy",
        "the paper's",
        "the method as its authors published it",
    ),
)


def pirl(
    dimensions: int = 128,
    negatives: int = 32000,
    temperature: float = 0.07,
    momentum: float = 0.5,
    jigsaw: float = 0.5,
    patch: int = 64,
) -> Method:
    """PIRL with the paper's settings.

    Args:
        dimensions: the length of the embeddings (section 3.2).
        negatives: the number of memories that each image is compared with (section 3.2).
        temperature: the temperature of the similarities (section 3.2).
        momentum: the share of an old memory that an update keeps (section 3.2).
        jigsaw: the weight lambda of the jigsaw in the loss, in [0, 1] (section 3.2).
        patch: the height and width of the patches in pixels, at random places in thirds of the last view (VISSL's
            data/ssl_transforms/img_patches_tensor.py: 64 of 85).
    """

    def learner(backbone: Backbone, samples: int) -> Learner:
        from lightning_modules.self_supervision.instances import PirlLearner

        return PirlLearner(backbone, samples, dimensions, negatives, temperature, momentum, jigsaw, patch)

    return Method(
        "jigsaw",
        "Misra and van der Maaten 2020, https://arxiv.org/abs/1912.01991",
        learner,
        published=PUBLISHED,
        phantom=PHANTOM,
        sources=SOURCES,
        differences=DIFFERENCES,
    )
