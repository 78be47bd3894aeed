"""The folder that timm loads: `timm.create_model("local-dir:FOLDER", pretrained=True)` is the trained network."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from datamodules.files.resampling import resize
from datamodules.pipeline.resize_crop import middle
from experiments.exporting.export import Formats, write_export
from experiments.exporting.facts import Facts
from experiments.exporting.timm_folder import crop_share, timm_network, write_timm
from experiments.run.recipes import recipe_named
from experiments.run.store import BEST, Record
from lightning_modules.classification import ClassificationModule
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.errors import UsageError
from specs.expression import parse
from specs.registry import BACKBONES
from specs.run import RunSpec
from specs.task import Task
from tests.experiments.resealed import reseal
from tests.experiments.smoke import spec

SMALL = dataclasses.replace(recipe_named("phantom/smoke"), image_size=32, crop_from=36)


RESNET = 'timm("test_resnet")'
"""A ResNet of half a million parameters, which timm has for tests."""


def network(backbone: str) -> tuple[ClassificationModule, RunSpec]:
    """An untrained network of three classes, and the spec of a run of it; its statistics and head are drawn."""
    made = spec(backbone=parse(backbone), recipe=SMALL)
    torch.manual_seed(0)
    module = supervised_module(
        BACKBONES.build(made.backbone), Task("multiclass", ("a", "b", "c")), made.recipe, IMAGENET
    )
    assert isinstance(module, ClassificationModule)
    torch.nn.init.normal_(module.head[1].weight)
    for name, buffer in module.backbone.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
    return module.eval(), made


@pytest.mark.parametrize(
    "backbone", [RESNET, "efficientnet_lite0(in_channels=1)", 'timm("test_vit", image_size=32, patch_size=8)']
)
def test_timm_loads_the_trained_network(backbone: str, tmp_path: Path) -> None:
    module, made = network(backbone)
    write_timm(timm_network(module, made), module, made, tmp_path, {"notice": "research"})
    loaded = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    images = torch.randint(256, (2, module.backbone.in_channels, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        expected, found = module(images), loaded(module.normalize(images))
    assert expected.std() > 1e-2
    assert torch.allclose(found, expected, atol=1e-5 * float(expected.abs().max()))
    assert loaded.pretrained_cfg["label_names"] == ["a", "b", "c"]


def test_timms_own_transform_prepares_images_as_the_run_did(tmp_path: Path) -> None:
    module, made = network(RESNET)
    write_timm(timm_network(module, made), module, made, tmp_path, {})
    loaded = timm.create_model(f"local-dir:{tmp_path}", pretrained=True)
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(loaded))
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    first = middle(36, 32)
    framed = resize(pixels, 36, "antialiased")[first : first + 32, first : first + 32]
    expected = module.normalize(torch.from_numpy(framed.copy()).permute(2, 0, 1)[None])[0]
    assert torch.allclose(transform(Image.fromarray(pixels)), expected, atol=1e-6)


def test_an_export_holds_the_folder_with_a_card_of_its_own(record: Record, copies: Path, tmp_path: Path) -> None:
    shutil.copytree(record.folder, copies)
    made = spec(backbone=parse(RESNET))
    task = Task("binary", ("pneumonia",))
    module = supervised_module(BACKBONES.build(made.backbone), task, made.recipe, IMAGENET)
    save_file(module.state_dict(), copies / BEST)
    changed = reseal(copies, lambda data: data.update(spec=made.to_json()))
    files = write_export(Facts(changed, task), tmp_path / "out", Formats(timm=True))
    folder = tmp_path / "out" / "timm"
    own = {"README.md", "SHA256SUMS", "config.json", "model.safetensors", "preprocessing.json"}
    assert {path.name for path in folder.iterdir()} == own
    assert {f"timm/{name}" for name in own} < set(files)
    assert 'timm.create_model("local-dir:FOLDER", pretrained=True)' in (folder / "README.md").read_text()
    assert "library_name: timm" in (folder / "README.md").read_text()
    loaded = timm.create_model(f"local-dir:{folder}", pretrained=True)
    weight = loaded.get_classifier().weight
    assert torch.equal(weight, load_file(tmp_path / "out" / "network.safetensors")["head.1.weight"])


def test_the_share_that_timm_crops_by_gives_back_every_size() -> None:
    for whole in range(1, 700):
        for size in range(max(1, whole - 80), whole + 1):
            assert int(size / crop_share(size, whole)) == whole


def test_what_timm_cannot_load_is_refused_with_another_way() -> None:
    for backbone, why in (
        ("tiny(width=4)", r"tiny\(width=4\) is none of timm's networks"),
        ("resnet50_slim", "resnet50_slim is none of timm's networks"),
    ):
        with torch.device("meta"):
            module, made = network(backbone)
        with pytest.raises(UsageError, match=f"{why}, so that timm cannot load it. Leave --timm out: --onnx"):
            timm_network(module, made)
    masks = spec(dataset="drive", recipe=recipe_named("phantom/smoke_segmentation"))
    backbone = BACKBONES.build(masks.backbone)
    segmentation = supervised_module(backbone, Task("segmentation", ("a",)), masks.recipe, IMAGENET)
    with pytest.raises(UsageError, match="timm has no segmentation networks, and this run is one"):
        timm_network(segmentation, masks)


def test_a_network_that_timm_computes_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module, made = network(RESNET)
    monkeypatch.setattr(module.backbone, "_pooled", lambda network, x: 2 * network(x))
    with pytest.raises(UsageError, match="timm's network gives other logits than the run's, apart by"):
        timm_network(module, made)


def test_a_classifier_that_is_no_linear_layer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module, made = network(RESNET)
    monkeypatch.setattr("timm.models.resnet.ResNet.get_classifier", lambda self, *_: torch.nn.Identity())
    with pytest.raises(UsageError, match="timm's test_resnet has a classifier of the type Identity, where a linear"):
        timm_network(module, made)
