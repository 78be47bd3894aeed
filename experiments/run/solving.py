"""Runs whose head is solved: features of all images, computed once and kept, and the head from them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from xxhash import xxh3_128_hexdigest

from datamodules.dataset.splits import Split
from datamodules.pipeline.batching import BatchLoader
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.outcome import Outcome
from experiments.run.predictions import Rows
from experiments.run.progress import Report
from experiments.run.resolve import ResolvedRun
from lightning_modules.adapting.solved import OF_FEATURES, Known, SolvedHead
from lightning_modules.classification import ClassificationModule
from lightning_modules.losses import full
from specs.files import replacing
from specs.run import digest

FOLDER = "features"
"""The folder beside the prepared datasets that holds features."""


@dataclass(frozen=True)
class FeatureStore:
    """Features of a run's images, kept for other runs with the same images, network and weights.

    Attributes:
        folder: the folder of the prepared datasets, in which features have a folder of their own.
        resolved: the run, whose identity says which images there are and how they are computed.
        weights: the fingerprint of the backbone's weights.
        device: the device that computes features.
    """

    folder: Path
    resolved: ResolvedRun
    weights: str
    device: torch.device

    def features(self, split: str, module: ClassificationModule, loader: BatchLoader, views: bool) -> Tensor:
        """The features of a split, float32 (V, N, F), from the file if there is one that is whole.

        Args:
            split: the name of the split.
            module: the module, whose backbone gives the features.
            loader: the images, in order.
            views: whether there is a row of features for each view that a test averages over; else for the whole image.
        """
        path = self.folder / FOLDER / f"{self._key(split, module, views)}.safetensors"
        if (kept := _read(path)) is not None:
            return kept
        made = self.computed(module, loader, views)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            save_file({"features": made, "sum": _sum(made)}, temporary)
        return made

    def _key(self, split: str, module: ClassificationModule, views: bool) -> str:
        identity, recipe = self.resolved.identity, self.resolved.spec.recipe
        statistics = [module.normalize.mean, module.normalize.std]
        return digest(
            {
                "version": 1,
                "weights": self.weights,
                "backbone": identity["backbone"],
                "dataset": identity["dataset"],
                "fold": identity.get("fold"),
                "split": split,
                "normalization": [one.flatten().tolist() for one in statistics],
                "views": recipe.test_time_augmentation if views else "none",
                **{name: getattr(recipe, name) for name in OF_FEATURES},
                "device": self.device.type,
            }
        )

    def computed(self, module: ClassificationModule, loader: BatchLoader, views: bool) -> Tensor:
        """The features of a split, computed anew, as in ``features``."""
        rows = list[Tensor]()
        with torch.inference_mode(), self.autocast():
            for batch in loader:
                image = batch["image"].to(self.device)
                frames = module.views(image) if views else [module.normalize(image)]
                rows.append(torch.stack([full(module.backbone(frame)).cpu() for frame in frames]))
        return torch.cat(rows, dim=1)

    def autocast(self) -> torch.autocast:
        """The precision of the recipe, as the trainer sets it."""
        half = self.resolved.spec.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)


def solved(module: ClassificationModule, data: ImageDataModule, store: FeatureStore, report: Report) -> Outcome:
    """Solve the head of a module from the features of its training images, in place, and test it.

    Args:
        module: the module, with the initializer's weights.
        data: the images of the run, all of them in every process.
        store: the store of features.
        report: a function that is told how many of one step are done.
    """
    adaptation = module.adaptation
    assert isinstance(adaptation, SolvedHead)
    module.to(store.device).eval()
    report(0, 1)
    known = store.features("train", module, data.training_images(), views=False)[0]
    validation = store.features("validation", module, data.val_dataloader(), views=False)[0]
    train_targets, validation_targets = (_targets(data, split) for split in ("train", "validation"))

    def validated() -> dict[str, float]:
        with torch.inference_mode():
            logits = _logits(module, [validation], store)[0]
        batch = {"target": validation_targets}
        rows = {"targets": module.targets(batch), "probabilities": module.activated(logits.double()).numpy()}
        loss = float(module.loss(module.loss_sums(logits, batch)))
        return {"validation_loss": loss, "validation_metric": module.validation_score.value(rows)}

    def judge(_: nn.Module) -> float:
        scores = validated()
        by_metric = module.recipe.selection == "metric"
        return scores["validation_metric"] if by_metric else -scores["validation_loss"]

    tried = adaptation.solve(module.head, Known(known, train_targets), module.task, judge)
    told: dict[Split, Rows] = {}
    tunes = store.resolved.spec.stage == "tune"  # then the images that it is tested on are those of the validation
    loaders: dict[Split, Callable[[], BatchLoader]] = {"test": data.test_dataloader}
    if not tunes:
        loaders = {"validation": data.validation_as_tested, **loaders}
    for split, loader in loaders.items():
        features = store.features("validation" if tunes else split, module, loader(), views=True)
        told[split] = _rows(module, features, _targets(data, split), store)
    report(1, 1)
    best = {name: value if value == value else None for name, value in validated().items()}
    held = sum(tensor.numel() for tensor in module.head.state_dict().values())
    module.to("cpu")
    return Outcome(told, best, held, changed=True, trains=False, tried=tried)


def _targets(data: ImageDataModule, split: Split) -> Tensor:
    """The targets of a split: classes int64 (N,), or findings float32 (N, K)."""
    targets = data.targets_of(split)
    if data.task.kind == "multiclass":
        return torch.tensor([int(target[0]) for target in targets])
    return torch.tensor(targets, dtype=torch.float32)


def _logits(module: ClassificationModule, features: list[Tensor], store: FeatureStore) -> list[Tensor]:
    """The logits (N, K) of each view's features (N, F), on the CPU, computed in the batches of a test."""
    size = module.recipe.batch_size
    with store.autocast():
        return [
            torch.cat([full(module.head(part.to(store.device))).cpu() for part in torch.split(of_view, size)])
            for of_view in features
        ]


def _rows(module: ClassificationModule, features: Tensor, targets: Tensor, store: FeatureStore) -> Rows:
    """The predictions of a split in the form of ``test_rows``, computed in the batches of a test."""
    batches = list[Tensor]()
    with torch.inference_mode(), store.autocast():
        for part in torch.split(features, module.recipe.batch_size, dim=1):
            batches.append(module.probabilities_of(list(part.to(store.device))))
    index = torch.arange(len(targets)).numpy()
    probabilities = torch.cat(batches).numpy()
    return {"index": index, "targets": module.targets({"target": targets}), "probabilities": probabilities}


def _read(path: Path) -> Tensor | None:
    """The features in a file; None if there is no such file, or its content is not what was written."""
    try:
        kept = load_file(path)
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError) as error:
        logging.getLogger(__name__).warning("features are computed anew, since %s cannot be read (%s)", path, error)
        return None
    if "features" not in kept or not torch.equal(kept.get("sum", torch.empty(0)), _sum(kept["features"])):
        logging.getLogger(__name__).warning("features are computed anew, since %s is damaged", path)
        return None
    return kept["features"]


def _sum(features: Tensor) -> Tensor:
    """The checksum of features, as bytes."""
    hexadecimal = xxh3_128_hexdigest(features.contiguous().numpy().data)
    return torch.frombuffer(bytearray(bytes.fromhex(hexadecimal)), dtype=torch.uint8)
