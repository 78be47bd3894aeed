"""Features of a run's images, and heads that were solved from them, computed once and kept for other runs."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from xxhash import xxh3_128

from datamodules.pipeline.batching import BatchLoader
from experiments.run.resolve import ResolvedRun
from lightning_modules.adapting.solved import OF_FEATURES, OF_HEADS, Known, SolvedHead
from lightning_modules.classification import ClassificationModule
from lightning_modules.losses import full
from specs.files import replacing
from specs.run import digest

FOLDER, HEADS = "features", "heads"
"""The folders beside the prepared datasets that hold features and heads that were solved from them."""

SUM = "sum"
"""The name under which a file holds its checksum."""


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
        if (kept := _read(path)) is not None and "features" in kept:
            return kept["features"]
        made = self.computed(module, loader, views)
        _write({"features": made}, path)
        return made

    def solution(
        self, module: ClassificationModule, known: Known, judged: Known, solve: Callable[[], list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Put a solved head into a module: the one that is kept, if it is of the same images, else one solved now.

        Runs whose seeds change neither features nor targets have the same head.

        Args:
            module: the module, whose adaptation solves heads.
            known: the images that the head is solved from.
            judged: the validation images, which choose its setting.
            solve: the function that solves the head in place and returns what was tried.
        """
        adaptation, recipe = module.adaptation, self.resolved.spec.recipe
        assert isinstance(adaptation, SolvedHead)
        if not adaptation.long:
            return solve()
        identity = {
            "version": 1,
            "images": [_sum({"features": one.features, "targets": one.targets}) for one in (known, judged)],
            "task": dataclasses.asdict(module.task),
            "head": vars(adaptation),
            **{name: getattr(recipe, name) for name in OF_HEADS},
        }
        path = self.folder / HEADS / f"{digest(identity)}.safetensors"
        if (kept := _read(path)) is not None and "tried" in kept:
            tried: list[dict[str, Any]] = json.loads(bytes(kept.pop("tried").numpy()))
            module.head.load_state_dict(kept)
            return tried
        tried = solve()
        words = torch.frombuffer(bytearray(json.dumps(tried).encode()), dtype=torch.uint8)
        _write({name: one.cpu() for name, one in module.head.state_dict().items()} | {"tried": words}, path)
        return tried

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


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors and their checksum, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    checksum = torch.frombuffer(bytearray(bytes.fromhex(_sum(tensors))), dtype=torch.uint8)
    with replacing(path) as temporary:
        save_file({name: one.contiguous() for name, one in tensors.items()} | {SUM: checksum}, temporary)


def _read(path: Path) -> dict[str, Tensor] | None:
    """The tensors in a file; None if there is no such file, or its content is not what was written."""
    logger = logging.getLogger(__name__)
    try:
        kept = load_file(path)
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError) as error:
        logger.warning("what is kept of images is computed anew, since %s cannot be read (%s)", path, error)
        return None
    checksum = kept.pop(SUM, torch.empty(0, dtype=torch.uint8))
    if bytes(checksum.numpy()).hex() != _sum(kept):
        logger.warning("what is kept of images is computed anew, since %s is damaged", path)
        return None
    return kept


def _sum(tensors: dict[str, Tensor]) -> str:
    """The checksum of tensors and their names, in hexadecimal digits."""
    found = xxh3_128()
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(np.ascontiguousarray(tensors[name].numpy()).data)
    return found.hexdigest()
