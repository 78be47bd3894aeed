"""Benchmark, table 1: the seven target tasks, with the counts on this disk beside the published ones."""

from __future__ import annotations

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import DATASETS, score_of
from experiments.tables.dataset_table import DatasetLine, DatasetTable
from experiments.tables.preset import Profile

# The numbers of images that train, validate and test, by the lists of the official code. *Assumed*: those of LXS, from
# another project of the same laboratory. CheXpert's validation images were held out of the training images by a rule
# that is not known.
TASKS = {
    "DXC14": ("14 thoracic diseases, classification", "x-ray", (75_312, 11_212, 25_596)),
    "DXC5": ("5 thoracic diseases, classification", "x-ray", (None, None, 234)),
    "TXC": ("tuberculosis, classification", "x-ray", (463, 65, 134)),
    "ECC": ("pulmonary embolism, classification", "CT", (None, None, 248_480)),
    "PXS": ("pneumothorax, segmentation", "x-ray", (None, None, None)),
    "LXS": ("lungs, segmentation", "x-ray", (92, 15, 31)),
    "VFS": ("vessels, segmentation", "fundus photograph", (None, None, 20)),
}


def table_1(profile: Profile = "phantom") -> DatasetTable:
    """The target tasks that the networks of the other tables are tested on."""
    return DatasetTable(
        title="The benchmark's target tasks",
        edition=PROFILES[profile].edition,
        tasks=tuple(
            DatasetLine(code, *line[:2], DATASETS[code], line[2], score_of(profile, code))
            for code, line in TASKS.items()
        ),
        notes=(
            "A code says object (E embolus, D thoracic diseases, V vessel, P pneumothorax, L lung, T tuberculosis), "
            "modality (C computed tomography, X x-ray, F fundus) and task (C classification, S segmentation).",
            "Metrics: area under the receiver operating characteristic (auroc), Dice coefficient as the mean over "
            "images (dice) or of all test pixels together (dice_pooled).",
        ),
    )
