"""Other people's finished work on sources of weights, which claims of the benchmark are held against."""

from __future__ import annotations

from pathlib import Path

from experiments.ledger.claim import Reading, difference, held_against, mean_of, over_columns
from experiments.ledger.elsewhere import Shipped
from experiments.ledger.finished_runs import FinishedRuns

RADIOLOGY = Shipped(Path(__file__).parent / "elsewhere" / "radiology_images.csv")
"""RadImageNet beside ImageNet on seven tasks."""

TASKS = ("chest", "breast", "thyroid", "knee", "mammograms", "isic", "pcam-small")

SOURCES = FinishedRuns(
    file="sources.csv.gz",
    citation="Juodelyte et al. 2024, https://arxiv.org/abs/2412.20172",
    licence="MIT, Copyright (c) 2024 DovileDo",
    row="source",
    column="target",
    tuned=("lr", "momentum"),
    validation="validation_auc",
    score="test_auc",
    remarks=(
        "areas under the curve of ResNet-18, one run for each of 120 settings of a source and a task",
        "of each, the learning rate and momentum with the best mean validation score count, at which batch sizes and "
        "weight decays differ",
        "settings are no seeds, so that tasks are what is repeated",
    ),
)
"""Fine-tunings from ImageNet, from RadImageNet and from sets of MedMNIST; none of these starts is random."""

TARGETS = ("chestmnist", "dermamnist", "octmnist", "organamnist", "pathmnist", "pneumoniamnist")

MEDICAL = {"radimagenet": "radiology images", "medmnist": "MedMNIST without the task"}
"""The sources of medical images of several kinds, which all tasks have."""


def medical_beats_natural() -> tuple[Reading, ...]:
    """Medical less natural images: RadImageNet on seven tasks, and two medical sources on six others.

    The last part is chest x-rays alone on the task whose images are others of the same kind.
    """
    radiology = over_columns("", "RadImageNet", "ImageNet", TASKS, "radiology less natural images, mean over 7 tasks")
    parts = [difference(row, "imagenet", task, f"{task}, {name}") for row, name in MEDICAL.items() for task in TARGETS]
    medical = mean_of("medical less natural images, mean over 6 tasks and 2 sources", parts)
    chest = difference("chestmnist", "imagenet", "pneumoniamnist", "pneumoniamnist, chest x-rays alone")
    return (
        held_against(RADIOLOGY, radiology.whole, radiology.parts),
        held_against(SOURCES, medical, [*parts, chest]),
    )
