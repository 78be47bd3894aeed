"""Transfusion: where the values of its recipes come from, and what it does otherwise than the paper.

No code was published, and the paper leaves most of its protocol unsaid; what it does say is taken from it as its
readers quote it.
"""

from __future__ import annotations

from specs.sources import (
    NUMERICS,
    THREADS,
    AllOurs,
    Declaration,
    Difference,
    assumed,
    ours,
    published,
    together,
    without,
)

PAPER = "Raghu et al. 2019"
QUOTED = f"{PAPER}, appendix, as https://github.com/wasserth/MyelinAge (cbr_tiny.py) quotes it"

_SHARED = together(
    NUMERICS,
    THREADS,
    assumed({"precision": "32"}, "the usual of its time"),
    published({"adaptation": "full"}, f"{PAPER}, section 2: whole networks are fine-tuned"),
    assumed({"method": None, "images": "train", "views": [], "loss": "auto"}, "learning from labels, by cross-entropy"),
    assumed({"schedule": {"name": "constant"}}, "no schedule is named"),
    assumed({"optimizer.weight_decay": 0.0}, "no weight decay is named"),
    assumed({"early_stopping": None}, "the curves of figure 6 go on to their end"),
    assumed({"selection": "metric"}, "the best of the validations, since no rule is named"),
    assumed({"interval": 1000}, "about as dense as the points of the curves in figure 6"),
    assumed({"dropout": 0.0}, "none is named"),
    assumed({"pipeline": "albumentations"}, "no library is named"),
    assumed({"stored_size": None, "crop_from": None}, "whole images, resized to the input"),
    assumed({"resampling": "antialiased"}, "no resampling is named"),
    assumed({"test_time_augmentation": "none"}, "none is named"),
    assumed({"batch_norm": "local"}, "its batches fit one device"),
    ours(
        {"normalization": "imagenet"},
        published="assumed TF-Slim's: ImageNet's means are subtracted, and nothing is divided; of Inception-v3 [-1, 1]",
        because="what the weights of a ResNet-50 here expect, for all initializations; Inception-v3 has [-1, 1] too",
    ),
)

RETINA = together(
    _SHARED,
    published({"image_size": 587}, f"{PAPER}, section 2"),
    assumed({"batch_size": 8}, "told to be the paper's for fundus photographs, chosen to fit memory"),
    published({"optimizer.name": "adam", "optimizer.learning_rate": 1e-3}, QUOTED),
    assumed({"epochs": 150}, "150,000 steps, the longest axis of figure 6"),
    assumed(
        {
            "augmentation": [
                {"name": "horizontal_flip", "p": 0.5},
                {"name": "vertical_flip", "p": 0.5},
                {"name": "brightness_contrast", "limit": 0.2, "p": 0.5},
            ]
        },
        "told to be Inception's; these are what leaves grades as they are",
    ),
)

RETINA_SMALL = together(
    without(RETINA, "epochs", "interval", "early_stopping"),
    assumed({"epochs": 100, "interval": None}, "whole passes over 5,000 images, 625 steps each"),
    assumed({"early_stopping": 10}, "told to be the paper's with few images; its patience is not"),
)

CHEST = together(
    _SHARED,
    published({"image_size": 224}, f"{PAPER}, section 2"),
    published(
        {"batch_size": 32, "optimizer.name": "sgd", "optimizer.learning_rate": 1e-3, "optimizer.momentum": 0.9}, QUOTED
    ),
    assumed({"optimizer.decayed": "all"}, "of no effect without weight decay"),
    assumed({"epochs": 100}, "100,000 steps, the axis of figure 6"),
    assumed({"augmentation": [{"name": "rotate", "degrees": 7.0, "p": 1.0}]}, "told to be little on chest x-rays"),
)

SOURCES: dict[str, Declaration] = {
    "retina": RETINA,
    "retina_small": RETINA_SMALL,
    "chest": CHEST,
    **dict.fromkeys(
        ("phantom_retina", "phantom_retina_small", "phantom_chest", "smoke", "smoke_chest"),
        AllOurs("for drawn images and small networks: seconds to minutes, with intervals short enough to tell steps"),
    ),
}

DIFFERENCES = (
    Difference(
        "fundus photographs",
        f"RETINA, about 250,000 to train on, not published ({PAPER}, section 2)",
        "EyePACS: the competition's test table, 10 % of the other patients validate; few: 15.8 % of the training "
        "patients, about 5,000 photographs",
        "the public set of the same kind; its scores are other numbers",
    ),
    Difference(
        "labels of fundus photographs",
        "grades of retinopathy, scored by the AUC of moderate or worse",
        "five grades by cross-entropy, scored by the summed probability of grades 2 to 4",
        "as the paper scores; its loss is not said and assumed",
    ),
    Difference(
        "chest x-rays",
        "CheXpert, five pathologies; division, views and uncertain labels are not said",
        "valid.csv tests, 5 % of the training patients validate, both views; uncertain labels are masked "
        '(`uncertain="ignore"`); all 14 observations are trained on, five are scored',
        "assumed; one run serves all pathologies, so a similarity belongs to all of them together",
    ),
    Difference(
        "ResNet-50 and its weights",
        "TF-Slim's, whose stride stands at the end of a stage, and its ImageNet weights",
        "torchvision's (v1.5) and its first ImageNet weights",
        "TF-Slim's weights do not fit; stages have the same widths and depths",
    ),
    Difference(
        "Inception-v3 and its weights",
        "TF-Slim's: no scales of batch norm",
        "timm's and torchvision's weights, input in [-1, 1] for every initialization",
        "the same network but for the scales",
    ),
    Difference(
        "random weights",
        "TF-Slim's defaults: variance 2 / inputs for ResNet and Inception, truncated; of CBR not said",
        "torchvision's: variance 2 / outputs for ResNet and CBR, 0.1 truncated for Inception; scales 1, shifts 0",
        "batch norm behind each convolution undoes the scale, not how far a step turns a filter",
    ),
    Difference(
        "the CBR networks",
        "padding is not said; of Tiny the text's widths (64 to 512) and the printed number of parameters (32 to 256) "
        "disagree; weights not published",
        "padded to the same size, as assumed; Tiny of 32 to 256; pretrained on ImageNet by `supervised/imagenet`",
        "the parameters can be counted and fit; the recipe of the authors' pretraining is not said",
    ),
    Difference(
        "Mean Var",
        "each weight tensor from a normal distribution with its mean and variance; batch norm is not said",
        "the same; batch norm starts anew",
        "a drawn running variance can be negative, and its filters are gone",
    ),
    Difference(
        "Gabor filters",
        "one scale to match learned filters; angles, frequencies and widths are not said",
        "the root mean square of learned filters, and a row of ours at the scale of the random ones; a bank of our own",
        "assumed; both scales, to tell form from strength",
    ),
    Difference(
        "similarity",
        f"CCA of 10,000 patches and 64 channels, five times ({PAPER}, appendix, as replications have it)",
        "the same, with a floor, an untouched stage and unrelated images beside it; before and after training the same "
        "channels",
        "a mean CCA means nothing without them: docs/similarity.md",
    ),
    Difference(
        "what figures 2, 3 and 4 compare",
        "how many networks, which panels and what a point is are not said in what could be read",
        "four networks of each start; ResNet-50 and two CBR networks; a pair of runs",
        "assumed",
    ),
    Difference(
        "table 4 and the appendix",
        "rows of table 4 by accounts of the text; tables 5 to 7 and figures 9 to 19 by their subjects",
        "the same questions under names of our own: docs/transfusion.md",
        "were not compared with the paper's pages",
    ),
    Difference(
        "repeats and convergence",
        f"three repetitions; steps to an AUC of 0.91 ({PAPER}, section 2 and figure 7)",
        "seeds 0 to 2; the first validation at 0.91 or above, to a thousand steps",
        "validations are that far apart",
    ),
)
"""What is done otherwise than in the paper and is no setting of a recipe."""
