"""Weights of timm's architectures: by tag, under old names, and for other sizes of images and patches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from initializers.imagenet_mimic import ARCHITECTURES
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.loading.positions import resampled_positions
from initializers.publishing.variable import VARIABLE
from specs.errors import UsageError, WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import no_runs, seeded
from tests.initializers.published import distinct

VIT, TAGGED = 'timm("test_vit")', 'timm("test_vit.r160_in1k")'


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def backbone_of(expression: str) -> Backbone:
    backbone: Backbone = BACKBONES.build(expression)
    return backbone


def published_vit(store: Path) -> dict[str, Tensor]:
    """The hub's file of a tiny transformer of 160 x 160 pixels, with a classifier."""
    tensors = distinct(backbone_of(VIT))
    save_file(tensors | {"head.weight": torch.ones(3, 64), "head.bias": torch.ones(3)}, _hub(store))
    return tensors


def _hub(store: Path) -> Path:
    return store / "timm--test_vit.r160_in1k.safetensors"


def test_a_tagged_name_loads_every_tensor(store: Path) -> None:
    backbone, tensors = backbone_of(VIT), published_vit(store)
    report = initialize(backbone, build(TAGGED), seeded(0), no_runs)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    assert set(report.loaded) == set(tensors)
    assert set(report.dropped) == {"head.weight", "head.bias"}
    assert not report.transformed


def test_its_card_says_what_timm_knows() -> None:
    card = build(TAGGED).card()
    assert card.training_data == ("imagenet",)
    assert card.normalization is not None
    assert card.normalization.mean == (0.5, 0.5, 0.5)
    assert card.licence == "apache-2.0"
    assert build('timm("vit_base_patch14_dinov2.lvd142m")').card().training_data == ("lvd142m",)


def test_names_that_timm_does_not_have_are_refused_with_near_ones() -> None:
    with pytest.raises(UsageError, match=r"Did you mean test_vit\.r160_in1k"):
        build('timm("test_vit.r160_in2k")').card()
    with pytest.raises(UsageError, match="architecture and tag"):
        build('timm("test_vit")')


def test_weights_of_another_architecture_are_refused(store: Path) -> None:
    published_vit(store)
    with pytest.raises(WeightsError, match="missing"):
        initialize(backbone_of('timm("test_convnext")'), build(TAGGED), seeded(0), no_runs)


def test_another_image_size_resamples_the_position_embedding_and_nothing_else(store: Path) -> None:
    backbone, tensors = backbone_of('timm("test_vit", image_size=64)'), published_vit(store)
    report = initialize(backbone, build(TAGGED), seeded(0), no_runs)
    assert report.transformed == {"pos_embed": "resampled from 1 x 101 x 64 to 1 x 17 x 64"}
    found, given = backbone.weights()["pos_embed"], tensors["pos_embed"]
    assert torch.equal(found[:, :1], given[:, :1])  # the class token
    grid = given[:, 1:].reshape(1, 10, 10, 64).permute(0, 3, 1, 2)
    expected = functional.interpolate(grid, (4, 4), mode="bicubic", antialias=True, align_corners=False)
    assert torch.allclose(found[:, 1:], expected.permute(0, 2, 3, 1).reshape(1, 16, 64), atol=1e-5)
    others = [name for name in tensors if name != "pos_embed"]
    assert all(torch.equal(backbone.weights()[name], tensors[name]) for name in others)


def test_larger_patches_answer_enlarged_images_as_the_small_ones_did(store: Path) -> None:
    backbone, tensors = backbone_of('timm("test_vit", image_size=320, patch_size=32)'), published_vit(store)
    report = initialize(backbone, build(TAGGED), seeded(0), no_runs)
    assert report.transformed == {"patch_embed.proj.weight": "resampled from 64 x 3 x 16 x 16 to 64 x 3 x 32 x 32"}
    patch = torch.randn(1, 3, 16, 16, generator=seeded(1))
    # What the resampling inverts is bicubic interpolation of the patch.
    large = functional.interpolate(patch, (32, 32), mode="bicubic", antialias=True)
    before = functional.conv2d(patch, tensors["patch_embed.proj.weight"])
    after = functional.conv2d(large, backbone.weights()["patch_embed.proj.weight"])
    assert torch.allclose(before, after, atol=1e-2, rtol=1e-3)


def test_other_kernels_of_another_size_are_refused(store: Path) -> None:
    backbone, tensors = backbone_of('timm("test_vit")'), published_vit(store)
    name = next(name for name in tensors if name.endswith("attn.qkv.weight"))
    kernels = {"patch_embed.proj.weight": tensors["patch_embed.proj.weight"], name: tensors[name][:, :-1]}
    assert resampled_positions(kernels, backbone) == (kernels, {})
    network = BACKBONES.build("tiny")
    name, wanted = next((name, one) for name, one in network.weights().items() if one.ndim == 4)
    larger = {name: torch.ones(*wanted.shape[:2], 9, 9)}
    assert resampled_positions(larger, network) == (larger, {})


def test_gray_and_another_size_go_together(store: Path) -> None:
    backbone, tensors = backbone_of('timm("test_vit", in_channels=1, image_size=64)'), published_vit(store)
    report = initialize(backbone, build(TAGGED), seeded(0), no_runs)
    assert report.transformed["patch_embed.proj.weight"] == "sum of 3 input channels"
    summed = tensors["patch_embed.proj.weight"].sum(dim=1, keepdim=True)
    assert torch.equal(backbone.weights()["patch_embed.proj.weight"], summed)


def test_a_position_embedding_of_no_square_is_refused_by_its_name(store: Path) -> None:
    tensors = published_vit(store) | {"pos_embed": torch.zeros(1, 98, 64)}
    save_file(tensors, _hub(store))
    with pytest.raises(WeightsError, match=r"pos_embed is \(1, 98, 64\) instead of \(1, 101, 64\)"):
        initialize(backbone_of(VIT), build(TAGGED), seeded(0), no_runs)


def test_what_timm_cannot_build_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot be built with \{'img_size': 64\}"):
        backbone_of('timm("test_convnext", image_size=64)')


def test_the_adapted_networks_are_those_of_the_papers() -> None:
    """Parameters without classifier: 87.8 and 88.6 million with 1000 classes (Liu et al. 2021 and 2022, table 1)."""
    for name, published in (("swin_base", 87.8e6), ("convnext_base", 88.6e6)):
        with torch.device("meta"):
            backbone = backbone_of(ARCHITECTURES[name])
        count = sum(parameter.numel() for parameter in backbone.network.parameters())
        assert count + 1000 * (backbone.num_features + 1) == pytest.approx(published, rel=1e-3)


def test_swin_under_the_names_of_old_timm(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 0.9, a stage ended with its downsampling, and two index buffers were saved."""
    monkeypatch.setitem(ARCHITECTURES, "swin_base", 'timm("swin_tiny_patch4_window7_224")')
    backbone = backbone_of(ARCHITECTURES["swin_base"])
    tensors = distinct(backbone)
    old = {
        re.sub(r"^layers\.(\d)\.downsample", lambda found: f"layers.{int(found[1]) - 1}.downsample", name): tensor
        for name, tensor in tensors.items()
    }
    old |= {
        "layers.0.blocks.0.attn.relative_position_index": torch.zeros(49, 49, dtype=torch.long),
        "layers.0.blocks.1.attn_mask": torch.zeros(64, 49, 49),
        "head.weight": torch.zeros(5, 768),
        "head.bias": torch.zeros(5),
    }
    named = {f"module.{name}": tensor for name, tensor in old.items()}
    torch.save({"state_dict": named}, store / "domain_adapted_swin_base_imagenet_mimic_checkpoint.pth.tar")
    report = initialize(backbone, build('imagenet_mimic("swin_base")'), seeded(0), no_runs)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    assert not report.transformed
    small = backbone_of('timm("swin_tiny_patch4_window7_224", image_size=64)')
    report = initialize(small, build('imagenet_mimic("swin_base")'), seeded(0), no_runs)
    biases = [name for name in tensors if name.endswith("relative_position_bias_table")]
    changed = [name for name in biases if small.weights()[name].shape != tensors[name].shape]
    assert set(report.transformed) == set(changed) != set()
    assert all(small.weights()[name].isfinite().all() for name in biases)


def test_convnext_under_its_authors_names(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, "convnext_base", 'timm("test_convnext")')
    backbone = backbone_of(ARCHITECTURES["convnext_base"])
    tensors = distinct(backbone)
    for names in (_authors, lambda name: name):
        path = store / "domain_adapted_convnext_base_imagenet_mimic_checkpoint.pth.tar"
        named = {f"module.{names(name)}": tensor for name, tensor in tensors.items()}
        torch.save({"state_dict": named | {"module.head.bias": torch.zeros(2)}}, path)
        fresh = backbone_of(ARCHITECTURES["convnext_base"])
        initialize(fresh, build('imagenet_mimic("convnext_base")'), seeded(0), no_runs)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in fresh.weights().items())
        (store / "records" / f"{path.name}.json").unlink()


def _authors(name: str) -> str:
    """The name of facebookresearch/ConvNeXt."""
    name = re.sub(r"^stem\.", "downsample_layers.0.", name)
    name = re.sub(r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1.", name)
    name = re.sub(r"^stages\.(\d)\.blocks\.", r"stages.\1.", name)
    name = name.replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv")
    return name.replace("head.norm.", "norm.")
