"""Self-supervised pretraining as published: each method's optimizer, schedule, views and length on ImageNet.

Temperature, queue, prototypes and heads are the defaults of ``lightning_modules/pretraining/METHOD.py``, with their
sources. Here, the comment above a recipe names the source of what follows it. Of all of them these are *assumed*:
training images are stored in 512 pixels (the papers crop from the files' own size); batch normalization of the momentum
methods and memory banks is per device, with shuffled keys where the method has them, and over all devices elsewhere;
float32; the learning rate changes once per epoch, where most of the code changes it at each step; images are resampled
bilinearly. Batches of thousands need several GPUs: change ``batch_size`` and the learning rate together.
"""

from __future__ import annotations

from typing import Any

from specs.recipe import Recipe
from specs.steps import (
    SGD,
    Augmentation,
    ColorJitter,
    Cosine,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
    Lars,
    MultiStep,
    RandomResizedCrop,
    Solarize,
    Views,
)

Steps = tuple[Augmentation, ...]

# The first generation: Wu et al. 2018, https://github.com/zhirongw/lemniscate.pytorch (main.py), taken over by MoCo-v1,
# https://github.com/facebookresearch/moco (main_moco.py).
PLAIN: Steps = (RandomResizedCrop(0.2), Grayscale(0.2), ColorJitter(0.4, 0.4, 0.4, 0.4, p=1.0), HorizontalFlip())

# Chen et al. 2020 (MoCo-v2), the same file with --aug-plus.
PLUS: Steps = (
    RandomResizedCrop(0.2),
    ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
    Grayscale(0.2),
    GaussianBlur(0.1, 2.0, p=0.5),
    HorizontalFlip(),
)

# Chen et al. 2020 (SimCLR), appendix A with strength 1; SwAV's color distortion is the same.
DISTORTED: Steps = (
    HorizontalFlip(),
    ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
    Grayscale(0.2),
    GaussianBlur(0.1, 2.0, p=0.5),
)


def ssl() -> dict[str, Recipe]:
    """Recipes by method."""
    return {
        # Wu et al. 2018, section 4.1 and main.py: the rate falls at epochs 120 and 160.
        "insdis": _sgd("insdis", 200, 256, 0.03, MultiStep((120, 160)), PLAIN),
        # Misra and van der Maaten 2020, section 3.2; weight decay and color of
        # https://github.com/facebookresearch/vissl (configs/config/pretrain/pirl), whose random photometric changes
        # beyond these are left out.
        "pirl": _sgd(
            "pirl",
            800,
            1024,
            0.12,
            Cosine(final=0.001),
            (RandomResizedCrop(0.08), ColorJitter(0.4, 0.4, 0.4, 0.2, p=1.0), Grayscale(0.2), HorizontalFlip()),
        ),
        # He et al. 2020, section 3.3 and main_moco.py.
        "moco_v1": _sgd("moco_v1", 200, 256, 0.03, MultiStep((120, 160)), PLAIN),
        # Chen et al. 2020, table 2, the longer of its two trainings.
        "moco_v2": _sgd("moco_v2", 800, 256, 0.03, Cosine(), PLUS),
        # Tian et al. 2020, appendix, and https://github.com/HobbitLong/PyContrast (base_options.py, datasets/util.py);
        # its RandAugment step is left out; epochs of its model zoo, batch and rate of its default (256 and 0.03).
        "infomin": _sgd(
            "infomin",
            800,
            256,
            0.03,
            Cosine(),
            (
                RandomResizedCrop(0.2),
                HorizontalFlip(),
                ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
                GaussianBlur(0.1, 2.0, p=0.5),
                Grayscale(0.2),
            ),
        ),
        # Li et al. 2021, section 4.1, and https://github.com/salesforce/PCL (README.md, main_pcl.py); v2 with
        # --aug-plus and --cos.
        "pcl_v1": _sgd("pcl_v1", 200, 256, 0.03, MultiStep((120, 160)), PLAIN),
        "pcl_v2": _sgd("pcl_v2", 200, 256, 0.03, Cosine(), PLUS),
        # Chen et al. 2020, section 2.2 and appendix B.6: 0.3 times batch / 256, 10 epochs of warm-up.
        "simclr_v1": _lars(
            "simclr_v1", 1000, 4096, Lars(4.8, weight_decay=1e-6), Cosine(10), (RandomResizedCrop(0.08), *DISTORTED)
        ),
        # Chen et al. 2020 (v2), section 3: 0.1 times the root of the batch, 5 % of the epochs as warm-up.
        "simclr_v2": _lars(
            "simclr_v2", 800, 4096, Lars(6.4, weight_decay=1e-4), Cosine(40), (RandomResizedCrop(0.08), *DISTORTED)
        ),
        # Grill et al. 2020, section 3.3 and appendix B (table 6): 0.2 times batch / 256, two views that differ.
        "byol": _lars("byol", 1000, 4096, Lars(3.2, weight_decay=1.5e-6), Cosine(10), views=_byol_views()),
        # Zbontar et al. 2021, section 2.2, and https://github.com/facebookresearch/barlowtwins (main.py): rates times
        # batch / 256, weight decay of the code, views as BYOL's.
        "barlow_twins": _lars(
            "barlow_twins",
            1000,
            2048,
            Lars(0.2 * 8, weight_decay=1e-6, bias_learning_rate=0.0048 * 8),
            Cosine(10, final=0.001),
            views=_byol_views(),
        ),
        # Caron et al. 2020, appendix A, and https://github.com/facebookresearch/swav (scripts/swav_800ep_pretrain.sh,
        # scripts/deepclusterv2_800ep_pretrain.sh; crops of SeLa-v2 from README.md, its optimizer *assumed* the same).
        # The warm-up there begins at 0.3, and prototypes rest for its first 313 steps; here it begins at 1/11.
        "swav": _clusters("swav", 800, (2, 224), (6, 96)),
        "deepcluster_v2": _clusters("deepcluster_v2", 800, (2, 224), (6, 96)),
        "sela_v2": _clusters("sela_v2", 400, (2, 160), (4, 96)),
    }


def _sgd(
    method: str, epochs: int, batch_size: int, rate: float, schedule: Cosine | MultiStep, augmentation: Steps
) -> Recipe:
    """SGD with momentum 0.9 and weight decay 1e-4, as all that use it."""
    return _recipe(
        method,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=SGD(rate, 0.9, 1e-4),
        schedule=schedule,
        augmentation=augmentation,
    )


def _lars(
    method: str,
    epochs: int,
    batch_size: int,
    optimizer: Lars,
    schedule: Cosine,
    augmentation: Steps = (),
    views: tuple[Views, ...] = (),
    image_size: int = 224,
) -> Recipe:
    return _recipe(
        method,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        schedule=schedule,
        augmentation=augmentation,
        views=views,
        image_size=image_size,
        batch_norm="sync",
    )


def _clusters(method: str, epochs: int, large: tuple[int, int], small: tuple[int, int]) -> Recipe:
    """Two large crops of 14 to 100 % of the area and several small ones of 5 to 14 %; counts and sizes in pixels."""
    views = (
        Views(*large, (RandomResizedCrop(0.14), *DISTORTED)),
        Views(*small, (RandomResizedCrop(0.05, largest=0.14), *DISTORTED)),
    )
    optimizer = Lars(4.8, weight_decay=1e-6)
    return _lars(method, epochs, 4096, optimizer, Cosine(10, final=0.001), views=views, image_size=large[1])


def _byol_views() -> tuple[Views, ...]:
    def steps(blurred: float, solarized: float) -> Steps:
        return (
            RandomResizedCrop(0.08),
            HorizontalFlip(),
            ColorJitter(0.4, 0.4, 0.2, 0.1, p=0.8),
            Grayscale(0.2),
            GaussianBlur(0.1, 2.0, p=blurred),
            Solarize(p=solarized),
        )

    return Views(1, 224, steps(1.0, 0.0)), Views(1, 224, steps(0.1, 0.2))


def _recipe(method: str, **settings: Any) -> Recipe:
    return Recipe(
        **{"image_size": 224, **settings},
        method=method,
        selection="last",
        stored_size=512,
        normalization="imagenet",
    )
