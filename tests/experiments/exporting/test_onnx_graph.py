"""Networks of every kind give the same as ONNX graphs as they do in torch."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from experiments.exporting.onnx_graph import write_onnx
from experiments.run.recipes import recipe_named
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.registry import BACKBONES
from specs.task import Task

CLASSES, ONE, TWO = (
    Task("multiclass", ("a", "b", "c")),
    Task("segmentation", ("vessel",)),
    Task("segmentation", ("kidney", "tumour")),
)

PATCHES = 'timm("test_vit3", image_size=32, patch_size=10)'
"""A transformer whose patches leave a rim of two pixels uncovered."""

KINDS: dict[str, tuple[str, Task, int, dict[str, Any]]] = {
    "exclusive classes": ("tiny(width=4)", CLASSES, 1, {"test_time_augmentation": "flip"}),
    "a mask": ("tiny(width=4)", ONE, 3, {"test_time_augmentation": "flip"}),
    "several masks": ("resnet18", TWO, 1, {}),
    "pixel by pixel": ("efficientnet_lite0", CLASSES, 3, {"memory_format": "channels_last_small"}),
    "a transformer": ('timm("test_vit", image_size=32, patch_size=8)', CLASSES, 3, {}),
    "several channels": ("tiny(width=4, in_channels=4)", CLASSES, 4, {}),
    "a mask of a transformer": (PATCHES, ONE, 3, {}),
    "several masks by DPT": (PATCHES, TWO, 3, {"decoder": "dpt"}),
    "a mask by UPerNet": ("resnet18", ONE, 3, {"decoder": "upernet"}),
}


@pytest.mark.slow  # each export takes seconds
@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_gives_what_torch_does(kind: str, tmp_path: Path) -> None:
    backbone, task, channels, changes = KINDS[kind]
    recipe = dataclasses.replace(recipe_named("phantom/smoke"), image_size=32, **changes)
    torch.manual_seed(0)
    module = supervised_module(BACKBONES.build(backbone), task, recipe, IMAGENET).eval()
    write_onnx(module, channels, 32, tmp_path / "model.onnx", {})
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for batch in (1, 3):
        images = np.random.default_rng(batch).integers(0, 256, (batch, channels, 32, 32), dtype=np.uint8)
        with torch.no_grad():
            expected = module.probabilities(torch.from_numpy(images)).numpy()
        (found,) = session.run(["probabilities"], {"image": images})
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-4
