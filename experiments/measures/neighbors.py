"""What the nearest neighbors know at each stage, such as ``neighbors:layer1``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from backbones.networks.collecting import collect_stages
from datamodules.dataset.contract import Dataset
from datamodules.pipeline.batching import Batch
from datamodules.pipeline.lightning import ImageDataModule
from experiments.measures.measuring.measure import Found, Measure, defined, stages_of
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.retesting import device
from experiments.run.store import Record
from lightning_modules.self_supervised import BANK, nearest_neighbours
from lightning_modules.supervised import SupervisedModule
from specs.errors import DataError

NEIGHBORS = 200
"""The number of neighbors, as in Matsoukas et al. 2022 at each layer (https://github.com/ChrisMats/feature-reuse);
all training images if there are fewer."""


def neighbor_scores(record: Record, paths: Paths) -> Found:
    """The test score of a weighted k-nearest-neighbors classifier on globally averaged feature maps.

    The neighbors of a test image are looked for among the training images.

    Returns:
        The score by stage, in [0, 1], None where it is undefined; and the score of the network before training as
        ``before:STAGE``.

    Raises:
        RunError: if the weights before or after training are not those of the run.
    """
    network = restore(record, paths)
    after = _scores(network.module, network.data)
    network.module.backbone.load_state_dict(before_training(record, paths).state_dict())
    return after | {f"before:{stage}": score for stage, score in _scores(network.module, network.data).items()}


def _scores(module: SupervisedModule, data: ImageDataModule) -> dict[str, float | None]:
    module.to(device()).eval()
    bank, labels = _pooled(module, data.training_images(BANK))
    features, targets = _pooled(module, data.test_dataloader())
    return {
        stage: defined(nearest_neighbours(features[stage], targets, bank[stage], labels, data.task, NEIGHBORS))
        for stage in features
    }


def _pooled(module: SupervisedModule, batches: Iterable[Batch]) -> tuple[dict[str, Tensor], Tensor]:
    """The averages of each stage's maps over their pixels, of shape (N, channels), and the labels of the images."""
    parts: dict[str, list[Tensor]] = {}
    labels = []
    for batch in batches:
        maps = collect_stages(module.backbone, module.normalize(batch["image"].to(module.device)))
        for stage, values in maps.items():
            parts.setdefault(stage, []).append(values.float().mean(dim=(2, 3)).cpu())
        labels.append(batch["target"])
    return {stage: torch.cat(values) for stage, values in parts.items()}, torch.cat(labels)


def _has_labels(dataset: Dataset, root: Path) -> None:
    if dataset.kind == "segmentation":
        raise DataError(
            f"{type(dataset).__name__} has masks; nearest neighbors need labels of whole images. Take a dataset of a "
            "classification task."
        )


def neighbors() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1,
        unit="k-NN score",
        progress="nearest neighbors",
        compute=neighbor_scores,
        numbers=stages_of,
        levels={"before": "The same stages before training (mean over the rows)"},
        check=_has_labels,
    )
