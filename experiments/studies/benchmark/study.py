"""The benchmark paper: what each of its tables and figures is here, its tasks, and what cannot be reproduced."""

from __future__ import annotations

from experiments.studies.benchmark.table_1 import TASKS
from experiments.studies.benchmark.tasks import DATASETS, RECIPES
from experiments.studies.published import PublishedStudy, PublishedTask

TITLE = "A Systematic Benchmarking Analysis of Transfer Learning for Medical Image Analysis"

ABOUT = """\
Mohammad Reza Hosseinzadeh Taher, Fatemeh Haghighi, Ruibin Feng, Michael B. Gotway and Jianming Liang. DART 2021
(a workshop of MICCAI), LNCS 12968: [arXiv 2108.05930](https://arxiv.org/abs/2108.05930),
[code](https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning) (folder `Version1`; its licence allows
academic use only, and none of it is in this project). An extension appeared in Medical Image Analysis 102 (2025),
103487.
"""

ITEMS = (
    ("table 1", "benchmark-table-1"),
    ("table 2", "benchmark-table-2"),
    ("figure 1", "benchmark-figure-1"),
    ("figure 2", "benchmark-figure-2"),
    ("the extension's question on architectures", "benchmark-architectures"),
    ("the extension's question on annotation", "benchmark-data-efficiency"),
    ("the slides' claim on attention", "benchmark-attention"),
    ("the slides' question on stages", "benchmark-stages"),
)
"""The tables and figures, and the targets that make them."""

SPLITS = {
    "DXC14": (
        "the official test list; one in eight patients of the official train_val list validates",
        "the same test images; the rule of its validation images is not published, its lists are in its repository",
    ),
    "DXC5": (
        "CheXpert's own validation file tests; training patients are divided for validation",
        "the same 234 test images; how validation images were chosen is not known",
    ),
    "TXC": ("a fixed division by class into 463, 65 and 134 images", "lists in its repository, of the same sizes"),
    "ECC": ("a fixed division by patient", "1,000 of 7,279 studies test (*from memory*); no list is released"),
    "PXS": ("a fixed division by patient", "about 8,540, 1,067 and 1,068 images (*from memory*); no list is released"),
    "LXS": ("a fixed division into 92, 15 and 31 images", "92, 15 and 31 images (*assumed*: of the same laboratory)"),
    "VFS": (
        "the official test images; images 25, 30, 35 and 40 validate",
        "the official test images; which images validate is not said",
    ),
}
"""Of each task, how its images are divided here, and how the paper divides them."""

TASKS_ABOUT = """\
A code says object (E embolus, D thoracic diseases, V vessel, P pneumothorax, L lung, T tuberculosis), modality (C
computed tomography, X x-ray, F fundus) and task (C classification, S segmentation). Classifications are scored by the
mean area under the ROC curve, segmentations by Dice. Networks are ResNet-50 with a linear head, and U-Net with a
ResNet-50 encoder; each cell is the mean of ten runs.
"""

CANNOT = (
    "**ECC**, the CT task: the released code has none of it. The protocol here is assembled from other work of the "
    "same laboratory and marked as assumed, and its test images are others.",
    "**PXS, LXS, ECC**: no lists of images are released, so that these columns are tested on other images, also with "
    "the paper's protocol.",
    "**The appendix's numbers** behind figures 1 and 2 were not at hand: values with ~ are read off the figures.",
    "**Seeds**: the official code sets none. Ten runs here are ten other runs.",
    "**Dice**: the official code prints one over all test pixels and one over images, and which the paper's tables "
    "hold is not said; the first fits (see the printed numbers' remark).",
    "**One finding twice**: figure 2 has another ImageNet baseline for DXC5 (87.17) than table 2 (87.10).",
)
"""What cannot be reproduced, and why."""

STUDY = PublishedStudy(
    title=TITLE,
    about=ABOUT,
    items=ITEMS,
    tasks_about=TASKS_ABOUT,
    tasks=tuple(
        PublishedTask(code, task, modality, DATASETS[code], counts, *SPLITS[code], RECIPES["paper"][code])
        for code, (task, modality, counts) in TASKS.items()
    ),
    cannot=CANNOT,
)
"""The study, as its page shows it."""
