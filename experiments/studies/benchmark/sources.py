"""Benchmark: where the values of its recipes come from, and what it does otherwise than the paper's code.

The code is https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, folder Version1. Most of the paper's
values are the defaults of its command line.
"""

from __future__ import annotations

from specs.sources import THREADS, Declaration, Difference, assumed, ours, published, taken_over, together, without

CODE = "BenchmarkTransferLearning, Version1"
ISLAM = "Islam et al. 2021, https://arxiv.org/abs/2109.07029"

_SHARED = together(
    published(
        {"precision": "32", "memory_format": "contiguous", "compiled": False, "deterministic": False},
        f"{CODE}/engine.py: torch's defaults, nothing seeded",
    ),
    published({"batch_norm": "local"}, f"{CODE}/engine.py: DataParallel, which keeps statistics by device"),
    published({"dropout": 0.0}, f"{CODE}/models.py and segmentation_models_pytorch: none"),
    published({"adaptation": "full"}, f"{CODE}/engine.py: the optimizer has every parameter"),
    published({"method": None, "images": "train", "views": []}, f"{CODE}: learns from the training split's labels"),
    published({"interval": None}, f"{CODE}/engine.py: validates after each pass"),
    published({"selection": "loss"}, f"{CODE}/engine.py: keeps the smallest validation loss, the first of equal ones"),
    THREADS,
)

CLASSIFICATION = together(
    _SHARED,
    published(
        {"batch_size": 32, "epochs": 1000},
        f"{CODE}/main_classification.py, defaults of --batch_size and --num_epoch",
    ),
    published(
        {"optimizer": {"name": "adam", "learning_rate": 2e-4, "weight_decay": 0.0}},
        f"{CODE}/main_classification.py, default of --lr; engine.py, Adam without more",
    ),
    published(
        {"schedule": {"name": "plateau", "factor": 0.5, "patience": 5}},
        f"{CODE}/engine.py: ReduceLROnPlateau with factor 0.5 and half of the patience of 10",
    ),
    published(
        {"early_stopping": 11},
        f"{CODE}/engine.py: stops when more than 10 (main_classification.py, --patience) epochs were no better",
    ),
    published({"loss": "auto"}, f"{CODE}/engine.py: BCELoss of sigmoids, the mean over labels"),
    published(
        {
            "image_size": 224,
            "augmentation": [
                {"name": "random_resized_crop", "smallest": 0.08, "p": 1.0, "largest": 1.0},
                {"name": "horizontal_flip", "p": 0.5},
                {"name": "rotate", "degrees": 7.0, "p": 1.0},
            ],
            "crop_from": 256,
            "test_time_augmentation": "ten_crop",
        },
        f"{CODE}/dataloader.py, build_transform_classification, with torchvision's defaults",
    ),
    published({"stored_size": "source"}, f"{CODE}/dataloader.py: crops are taken from the files' own pixels"),
    published({"resampling": "antialiased"}, f"{CODE}/dataloader.py: torchvision's Resize of Pillow images"),
    published({"normalization": "imagenet"}, f"{CODE}/main_classification.py, default of --normalization"),
    ours(
        {"pipeline": "fast"},
        published="torchvision's transforms of Pillow images",
        because='the same distributions at several times the speed; pipeline="exact" has the arithmetic too',
    ),
)

_OTHER = ("image_size", "augmentation", "stored_size", "crop_from", "test_time_augmentation")

ECC = together(
    taken_over(without(CLASSIFICATION, *_OTHER), "the released code has no CT: as the other classification tasks"),
    assumed({"image_size": 576}, f"told to be that of {ISLAM}; the released code has no CT"),
    assumed(
        {
            "augmentation": [{"name": "horizontal_flip", "p": 0.5}, {"name": "rotate", "degrees": 7.0, "p": 1.0}],
            "stored_size": None,
            "crop_from": None,
            "test_time_augmentation": "none",
        },
        "whole slices: crops would leave emboli at the border out; otherwise as the other classification tasks",
    ),
)

SEGMENTATION = together(
    _SHARED,
    published(
        {"batch_size": 32, "epochs": 200, "optimizer": {"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0}},
        f"{CODE}/main_segmentation.py, defaults; engine.py, Adam without more",
    ),
    ours(
        {"schedule": {"name": "cosine", "warmup_epochs": 0, "final": 0.0}},
        published=f"the same cosine set after each epoch, so that epochs 0 and 1 both have the whole rate "
        f"({CODE}/engine.py)",
        because="a rate belongs to its epoch; it is lower by at most 0.8 % of the whole rate",
    ),
    published(
        {"early_stopping": 21},
        f"{CODE}/engine.py: stops when more than 20 (main_segmentation.py, --patience) epochs were no better",
    ),
    published({"loss": "dice"}, f"{CODE}/utils.py: soft Dice over the whole batch, 1 added above and below"),
    published(
        {"image_size": 224, "stored_size": None, "resampling": "nearest"},
        f"{CODE}/dataloader.py: resized to 224 before all else, to the nearest pixel",
    ),
    published(
        {
            "augmentation": [
                {
                    "name": "one_of",
                    "steps": [
                        {"name": "brightness_contrast", "limit": 0.2, "p": 0.5},
                        {"name": "gamma", "limit": 0.2, "p": 0.5},
                    ],
                    "p": 0.3,
                },
                {
                    "name": "one_of",
                    "steps": [
                        {"name": "elastic", "alpha": 120.0, "sigma": 6.0, "p": 0.5, "affine": 3.6},
                        {"name": "grid_distortion", "cells": 5, "limit": 0.3, "p": 0.5},
                        {"name": "optical_distortion", "limit": 2.0, "p": 0.5},
                    ],
                    "p": 0.3,
                },
                {"name": "sized_crop", "smallest": 156 / 224, "p": 0.25},
            ],
            "pipeline": "albumentations",
        },
        f"{CODE}/dataloader.py, build_transform_segmentation, with the defaults of albumentations 0.4.3 "
        "(requirements.txt)",
    ),
    published({"normalization": "none"}, f"{CODE}/README.md: its commands leave --normalization out, which is None"),
    published({"crop_from": None, "test_time_augmentation": "none"}, f"{CODE}/dataloader.py: whole images"),
)

_OF_DRIVE = ("image_size", "batch_size", "loss", "resampling", "stored_size", "augmentation", "normalization")

VFS = together(
    without(SEGMENTATION, *_OF_DRIVE, "pipeline"),
    published({"batch_size": 16}, "the paper's author in issue 3 of the repository; the code's default is 32"),
    published({"loss": "bce"}, f"{CODE}/main_segmentation.py: BCELoss of sigmoids, the mean over pixels"),
    published(
        {
            "image_size": 512,
            "stored_size": None,
            "resampling": "bilinear",
            "augmentation": [],
            "normalization": "imagenet",
        },
        f"{CODE}/dataloader.py, DriveDataset: no augmentation, and ImageNet's statistics whatever --normalization says",
    ),
    assumed({"pipeline": "albumentations"}, "of no effect: there is nothing to augment"),
)

SOURCES: dict[str, Declaration] = {
    "dxc14": CLASSIFICATION,
    "dxc5": CLASSIFICATION,
    "txc": CLASSIFICATION,
    "ecc": ECC,
    "pxs": SEGMENTATION,
    "lxs": SEGMENTATION,
    "vfs": VFS,
}

DIFFERENCES = (
    Difference(
        "the validation loss",
        f"the mean of the batches' losses, of which a last, smaller one counts as much ({CODE}/trainer.py); of masks "
        "the mean of the batches' Dice losses",
        "pooled over the split: the mean over all labels, the Dice of all pixels together",
        "it must not depend on how a split is cut into batches and devices",
    ),
    Difference(
        "augmentation of validation images",
        f"PXS and LXS are validated under training augmentation ({CODE}/main_segmentation.py)",
        "none",
        "noise in the loss that selects and stops; taken for an oversight",
    ),
    Difference(
        "uncertain labels of CheXpert",
        f"drawn from U(0.55, 0.85) at each access, in training and validation ({CODE}/dataloader.py)",
        "drawn from it once per run in training; masked in validation and test",
        "a loss that is drawn anew selects by luck; a run must give the same numbers twice",
    ),
    Difference(
        "splits of DXC14 and TXC",
        f"lists in {CODE}/dataset, under a licence that lets nobody pass them on",
        "DXC14: the official test list, 12.5 % of the other patients validate; TXC: divisions of the same sizes "
        '(463, 65, 134 images); `splits="FOLDER"` takes the lists themselves',
        "drawn from hashes of names, the same on every machine",
    ),
    Difference(
        "splits of DXC5, PXS, LXS, VFS and ECC",
        "not published: DXC5 is tested on valid.csv; PXS about 80, 10 and 10 %; LXS told to be 92, 15 and 31 images; "
        "VFS validates on a folder prepared elsewhere (README.md); ECC tests on 1,000 studies",
        "DXC5: valid.csv, 5 % of the training patients validate; PXS 80, 10 and 10 % of the stage that is there; LXS "
        "92, 15 and 31; VFS: 4 of the 20 training images validate; ECC: as many studies as 1,000 of 7,279",
        "drawn from hashes of names; by patient or study where the files name them",
    ),
    Difference(
        "the images of ECC",
        f"a crop around the lungs, found by another network; {ISLAM}, as told; no code",
        "whole slices, the window of 700 around 100 Hounsfield units, three neighbouring slices as channels",
        "neither the network that finds the lungs nor its labels are published",
    ),
    Difference(
        "the Dice coefficient",
        f"one of all test pixels and a mean over images are printed ({CODE}/engine.py); the tables do not say which",
        "the paper profile shows the pooled one at the network's size over whole images, the mean beside it",
        "the printed values of PXS fit the pooled one: 78 % of its images are empty and would count 1",
    ),
    Difference(
        "shift of the lens distortion",
        f"up to 0.5 pixels ({CODE}/dataloader.py), which albumentations 0.4.3 rounds to whole pixels",
        "none",
        "there never was one",
    ),
    Difference(
        "the last batch",
        f"of whatever size ({CODE}/engine.py)",
        "left out in training where it is a single image",
        "batch norm has no variance to estimate from one",
    ),
    Difference(
        "seeds and spread",
        f"10 runs without seeds, np.std, which divides by n ({CODE}/engine.py); runs of an earlier start are tested "
        "and counted again",
        "seeds 0 to 9; the sample standard deviation, which divides by n - 1",
        "a run must give the same numbers twice; the printed spread is 5 % smaller for the same runs",
    ),
    Difference(
        "tests",
        "independent two-sample t-tests, uncorrected (the paper); the p-values printed for PXS and VFS in figure 1 fit "
        "one-sided ones",
        "two-sided against a declared row, corrected by Holm over the table; `--marks paper` marks as the paper",
        "of many comparisons some are significant by chance",
    ),
    Difference(
        "published weights",
        "converted by scripts that load what fits (download_and_prepare_models.py)",
        "loaded strictly; BYOL's, SimCLR's and others' networks padded or pooled differently: docs/initializers.md",
        "nothing may train from scratch under a method's name",
    ),
    Difference(
        "networks and sizes of the journal extension",
        "Version2: AdamW, a warm-up, UPerNet for Swin and ConvNeXt; shares of images by a shuffle with seed 99",
        "`benchmark-architectures` and `benchmark-data-efficiency` train as Version1 does; transformers classify only; "
        "shares of patients, nested",
        "one recipe for all networks is what the tables compare; a patient is in one split",
    ),
)
"""What is done otherwise than in the paper's code and is no setting of a recipe."""
