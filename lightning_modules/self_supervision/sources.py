"""The common sources of self-supervised methods' published recipes; each method's own sources are in its file.

A value's source is the authors' code where that is published, since it is more exact than the papers; a method's file
says which repository that is.
"""

from __future__ import annotations

from typing import Any

from specs.sources import NUMERICS, THREADS, Difference, Source, assumed, ours, published, together

_SHARED = together(
    NUMERICS,
    THREADS,
    published(
        {"adaptation": "full", "images": "train", "interval": None, "early_stopping": None, "selection": "last"},
        "the authors' code: the whole network, ImageNet's training images, a fixed number of epochs, the last one",
    ),
    assumed(
        {"loss": "auto", "crop_from": None, "test_time_augmentation": "none", "dropout": 0.0},
        "of no effect: the method has its own loss and heads",
    ),
    ours(
        {"stored_size": 512},
        published="crops are taken from the files' own pixels",
        because="prepared images of one size are read many times faster; little is seen beyond 512 pixels",
    ),
    ours(
        {"resampling": "antialiased", "pipeline": "albumentations"},
        published="torchvision's, TensorFlow's or JAX's own; bicubic crops in BYOL, Barlow Twins, SimCLR, VICReg, "
        "DINO and MAE",
        because="one library for all methods and for gray images",
    ),
)

PRECISE = published({"precision": "32"}, "the authors' code: float32")

HALF = ours(
    {"precision": "32"}, published="mixed precision (the authors' code)", because="the same numbers on every processor"
)
"""The source of the precision of methods that were trained with mixed precision."""

NORMALIZED = published({"normalization": "imagenet"}, "the authors' code: ImageNet's means and deviations")

DEVICES = _SHARED | published({"batch_norm": "local"}, "the authors' code: statistics of each GPU's part of a batch")
"""The sources of methods whose batch normalization stays within each device."""

EVERYWHERE = _SHARED | published({"batch_norm": "sync"}, "the authors' code: statistics of all devices together")
"""The sources of methods with large batches, whose batch normalization spans all devices."""


def step(name: str, **settings: Any) -> dict[str, Any]:
    """A step of augmentation as in a recipe's JSON."""
    return {"name": name, **settings}


def crop(smallest: float, largest: float = 1.0) -> dict[str, Any]:
    """A random resized crop that is always applied, as in a recipe's JSON."""
    return step("random_resized_crop", smallest=smallest, p=1.0, largest=largest)


def jitter(brightness: float, contrast: float, saturation: float, hue: float, p: float) -> dict[str, Any]:
    """A random change of colors, as in a recipe's JSON."""
    return step("color_jitter", brightness=brightness, contrast=contrast, saturation=saturation, hue=hue, p=p)


FLIP = step("horizontal_flip", p=0.5)
GRAY = step("grayscale", p=0.2)
BLUR = step("gaussian_blur", low=0.1, high=2.0, p=0.5)

PLAIN = [crop(0.2), GRAY, jitter(0.4, 0.4, 0.4, 0.4, 1.0), FLIP]
"""The augmentation of https://github.com/zhirongw/lemniscate.pytorch (main.py) and of MoCo-v1.

MoCo-v1 is https://github.com/facebookresearch/moco.
"""

PLUS = [crop(0.2), jitter(0.4, 0.4, 0.4, 0.1, 0.8), GRAY, BLUR, FLIP]
"""The augmentation of MoCo-v2, https://github.com/facebookresearch/moco (main_moco.py, --aug-plus)."""

DISTORTED = [FLIP, jitter(0.8, 0.8, 0.8, 0.2, 0.8), GRAY, BLUR]
"""The augmentation behind the crop of SimCLR and SwAV.

Sources: Chen et al. 2020, appendix A, strength 1, and https://github.com/facebookresearch/swav.
"""

FALLING = {"name": "multi_step", "milestones": [120, 160], "factor": 0.1}
"""The learning rate schedule of the first methods, over 200 epochs."""


def sgd(learning_rate: float, decayed: str = "all") -> dict[str, Any]:
    """SGD, whose momentum and weight decay are the same in all methods that use it, as in a recipe's JSON."""
    return {
        "name": "sgd",
        "learning_rate": learning_rate,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "decayed": decayed,
    }


def lars(
    learning_rate: float, weight_decay: float, bias_learning_rate: float | None = None, classic: bool = False
) -> dict[str, Any]:
    """LARS, whose momentum and trust coefficient are the same in all methods that use it, as in a recipe's JSON."""
    return {
        "name": "lars",
        "learning_rate": learning_rate,
        "momentum": 0.9,
        "weight_decay": weight_decay,
        "trust": 0.001,
        "bias_learning_rate": bias_learning_rate,
        "classic_momentum": classic,
    }


def cosine(warmup_epochs: int = 0, final: float = 0.0) -> dict[str, Any]:
    """A cosine schedule after a warm-up, which ends at a share of the learning rate, as in a recipe's JSON."""
    return {"name": "cosine", "warmup_epochs": warmup_epochs, "final": final}


def views(count: int, image_size: int, *steps: dict[str, Any]) -> dict[str, Any]:
    """Several views with the same augmentation, as in a recipe's JSON."""
    return {"count": count, "image_size": image_size, "augmentation": list(steps)}


def byol_views(where: str) -> dict[str, Source]:
    """The two views of BYOL, which Barlow Twins took over, with their source.

    Args:
        where: where these values are published.
    """
    both = byol_steps(1.0, 0.0), byol_steps(0.1, 0.2)
    return published({"augmentation": [], "views": [views(1, 224, *steps) for steps in both]}, where)


def byol_steps(
    blurred: float, solarized: float, smallest: float = 0.08, largest: float = 1.0
) -> tuple[dict[str, Any], ...]:
    """The augmentation of BYOL's views, as in a recipe's JSON.

    Args:
        blurred: the probability of blur, in [0, 1].
        solarized: the probability of solarization, in [0, 1].
        smallest: the smallest share of the area that a crop takes.
        largest: the largest share of the area that a crop takes.
    """
    colors = jitter(0.4, 0.4, 0.2, 0.1, 0.8)
    blur, solarize = BLUR | {"p": blurred}, step("solarize", threshold=0.5, p=solarized)
    return crop(smallest, largest), FLIP, colors, GRAY, blur, solarize


def swav_training(where: str, epochs: int, large: dict[str, Any], small: dict[str, Any]) -> dict[str, Source]:
    """The settings that SwAV's code gives all methods that it trains, with their sources.

    Args:
        where: where the settings are published.
        epochs: the number of training epochs.
        large: the large crops as views in a recipe's JSON.
        small: the small crops as views in a recipe's JSON.
    """
    return together(
        _SHARED,
        ours(
            {"batch_norm": "sync"},
            published="statistics of groups of 8 GPUs, 512 images (main_swav.py, --syncbn_process_group_size)",
            because="those of all devices, whose number changes nothing then",
        ),
        published(
            {
                "image_size": large["image_size"],
                "batch_size": 4096,
                "epochs": epochs,
                "views": [large, small],
                "augmentation": [],
                "optimizer": {
                    "name": "larc",
                    "learning_rate": 4.8,
                    "momentum": 0.9,
                    "weight_decay": 1e-6,
                    "trust": 0.001,
                },
                "schedule": cosine(10, final=0.001),
            },
            where,
        ),
        ours(
            {"normalization": "imagenet"},
            published="the red deviation is 0.228 instead of 0.229 (src/multicropdataset.py)",
            because="one normalization for all methods",
        ),
    )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "when the learning rate changes",
        "at each step in the codes of Barlow Twins, BYOL, SimCLR, SwAV, DeepCluster-v2, VICReg, DINO and MAE, whose "
        "warm-up begins at 0 (SwAV and DeepCluster-v2: at 0.3 of 4.8); once per epoch in the others",
        "once per epoch; a warm-up of n epochs begins at 1 / (n + 1) of the rate",
        "one schedule for all methods, which goes on alike after a kill",
    ),
    Difference(
        "the training images",
        "all of ImageNet's training images",
        "98 % of them: 2 % of each class validate",
        "its validation images stay what tests; what is left out is too little to matter",
    ),
    Difference(
        "the validation images",
        "training looks at none, or at a linear classifier's accuracy",
        "the accuracy of nearest neighbours (20, among at most 10,000 training images) is logged, and a collapse told, "
        "where the effective rank of the embeddings is below 1.5",
        "shows whether a training learns anything; nothing is selected by it",
    ),
    Difference(
        "the last batch of an epoch",
        "left out in the codes of MoCo, PCL, SwAV, DeepCluster-v2, SimSiam, DINO and MAE; kept in those of "
        "Barlow Twins, VICReg and InsDis",
        "left out where it is smaller than the others",
        "batches that are compared within must be alike",
    ),
    Difference(
        "where the weights come from",
        "the benchmark compares published weights, in part of other codes than the methods' own",
        "the paper profile takes the published weights; these recipes train anew, for other images or networks",
        "docs/initializers.md says of each published file what it is and what a network here does otherwise",
    ),
)
"""The differences of all published recipes from the authors' trainings that no setting says."""
