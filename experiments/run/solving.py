"""Runs whose head is solved from features of all images."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from datamodules.dataset.splits import Split
from datamodules.pipeline.batching import BatchLoader
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.feature_store import FeatureStore
from experiments.run.outcome import Outcome
from experiments.run.predictions import Rows
from experiments.run.progress import Report
from lightning_modules.adapting.solved import Known, SolvedHead
from lightning_modules.classification import ClassificationModule
from lightning_modules.losses import full


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

    seen, judged = Known(known, train_targets), Known(validation, validation_targets)
    tried = store.solution(module, seen, judged, lambda: adaptation.solve(module.head, seen, module.task, judge))
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
