"""RAD-DINO, BiomedCLIP, RETFound and Ark: their published layouts, and the networks that answer from them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.formats.checkpoints import Container
from initializers.formats.spellings import of_dinov2, spelled
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.catalogue import published_as
from initializers.publishing.publishing import Published
from initializers.publishing.variable import VARIABLE
from specs.errors import WeightsError
from tests.initializers.contract import no_runs, seeded, tiny
from tests.initializers.narrow import narrow_swin, narrow_vit, stand_in, swin_forward, vit_forward
from tests.initializers.published import distinct

Tensors = dict[str, Tensor]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def old_swin(tensors: Tensors) -> Tensors:
    """The names of Swin's authors and of timm 0.5: a stage ends with its downsampling, and two buffers are saved."""
    named = {
        re.sub(r"^layers\.(\d)\.downsample", lambda found: f"layers.{int(found[1]) - 1}.downsample", name): tensor
        for name, tensor in tensors.items()
    }
    buffers = ("layers.0.blocks.0.attn.relative_position_index", "layers.0.blocks.1.attn_mask")
    return named | {name: torch.zeros(2, 2) for name in buffers}


class Layout(NamedTuple):
    """A published file.

    Attributes:
        expression: of the initializer.
        file: its name.
        backbone: makes the small network that stands for the full one.
        content: what is saved, made of the network's tensors.
        dropped: beginnings of the names that are left out.
    """

    expression: str
    file: str
    backbone: Callable[[], Backbone]
    content: Callable[[Tensors], Any]
    dropped: tuple[str, ...]

    def initializer(self, patch: pytest.MonkeyPatch) -> Published:
        """The initializer, to which the small network stands for the full one."""
        built = build(self.expression)
        assert isinstance(built, Published)
        stand_in(patch, built.architecture, self.backbone())
        return built

    def write(self, tensors: Tensors, folder: Path) -> None:
        """The file of these tensors."""
        content = self.content(tensors)
        if self.file.endswith(".safetensors"):
            save_file(content, folder / self.file)
        else:
            torch.save(content, folder / self.file)


def under(prefix: str, tensors: Tensors, *others: str) -> Tensors:
    """Tensors under a prefix, and others under their whole names."""
    return {prefix + name: tensor for name, tensor in tensors.items()} | {name: torch.ones(2) for name in others}


SWIN: tuple[tuple[int, int], tuple[int, int], int, int] = ((2, 2), (2, 4), 7, 56)
HEADS = ("projector.0.weight", "projector.2.bias", "omni_heads.0.weight", "omni_heads.5.bias", "head.weight")

LAYOUTS = {
    "RAD-DINO": Layout(
        "rad_dino", "rad-dino_backbone_compatible.safetensors", lambda: narrow_vit(3, 14, scaled=True),
        lambda tensors: under("", tensors, "mask_token"), ("mask_token",),
    ),
    "BiomedCLIP": Layout(
        "biomedclip", "biomedclip_open_clip_pytorch_model.bin", lambda: narrow_vit(3, 16),
        lambda tensors: under(
            "visual.trunk.", tensors, "visual.head.proj.weight", "text.transformer.embeddings.word_embeddings.weight",
            "text.proj.0.weight", "logit_scale",
        ),
        ("visual.head.", "text.", "logit_scale"),
    ),
    "RETFound, MAE": Layout(
        "retfound", "RETFound_mae_natureCFP.pth", lambda: narrow_vit(3, 16),
        lambda tensors: {
            "model": under("", tensors, "mask_token", "decoder_pos_embed", "decoder_blocks.0.norm1.weight"),
            "optimizer": {"state": {}}, "epoch": 799, "scaler": {}, "args": argparse.Namespace(mask_ratio=0.75),
        },
        ("mask_token", "decoder_"),
    ),
    "RETFound, DINOv2": Layout(
        'retfound("dinov2_meh")', "RETFound_dinov2_meh.pth", lambda: narrow_vit(3, 14, scaled=True),
        lambda tensors: {
            "teacher": under("backbone.", tensors, "backbone.mask_token", "dino_head.mlp.0.weight",
                             "dino_head.last_layer.weight_v", "ibot_head.mlp.0.bias")
        },
        ("mask_token", "dino_head.", "ibot_head."),
    ),
    "Ark-6": Layout(
        "ark", "ark6_teacher_ep200_swinb_projector1376_mlp.pth.tar", lambda: narrow_swin(*SWIN),
        lambda tensors: under("", old_swin(tensors), *HEADS), ("projector.", "omni_heads.", "head."),
    ),
    "Ark-5 of several devices": Layout(
        'ark("ark5")', "ark5_teacher_ep200_swinb_projector1376.pth.tar", lambda: narrow_swin(*SWIN),
        lambda tensors: under("module.", under("", old_swin(tensors), *HEADS)), ("projector.", "omni_heads.", "head."),
    ),
    "Ark+": Layout(
        'ark("ark_plus")', "Ark6_swinLarge768_ep50.pth.tar", lambda: narrow_swin(*SWIN),
        lambda tensors: {
            "epoch": 50, "lossMIN": [0.1], "optimizer": {}, "scheduler": {},
            "state_dict": under("module.", {name: tensor + 1 for name, tensor in old_swin(tensors).items()}, ),
            "teacher": under("module.", under("", old_swin(tensors), *HEADS)),
        },
        ("projector.", "omni_heads.", "head."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_tensor_of_the_published_file_arrives_and_answers_as_its_paper_says(
    layout: Layout, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone, initializer = layout.backbone().eval(), layout.initializer(monkeypatch)
    tensors = distinct(backbone)
    layout.write(tensors, store)
    report = initialize(backbone, initializer, seeded(0), no_runs)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    assert set(report.loaded) == set(tensors)
    assert report.dropped and all(name.startswith(layout.dropped) for name in report.dropped)
    assert all(any(name.startswith(start) for name in report.dropped) for start in layout.dropped)
    assert report.card["training_data"] and report.card["licence"] and report.card["unseen"]
    image = torch.randn(2, 3, 56, 56, generator=seeded(1))
    if "cls_token" in tensors:
        side = 2 * tensors["patch_embed.proj.weight"].shape[-1]
        image = image[:, :, :side, :side]
        expected = vit_forward(tensors, image, heads=2)
    else:
        expected = swin_forward(old_swin(tensors), image, *SWIN[1:3])
    with torch.no_grad():
        assert torch.allclose(backbone(image), expected, atol=1e-5, rtol=1e-4)
    told = rf"(?s)do not fit the backbone.*They are weights of the backbone {re.escape(initializer.architecture)}\."
    with pytest.raises(WeightsError, match=told):
        initialize(tiny(), initializer, seeded(0), no_runs)


def _spoiled(tensors: Tensors, change: str) -> Tensors:
    """A near miss: one tensor of the last block is not as it should be."""
    name = next(name for name in reversed(tensors) if name.endswith("mlp.fc1.weight"))
    rest = {other: tensor for other, tensor in tensors.items() if other != name}
    return {
        "renamed": rest | {name.replace("fc1", "fc9"): tensors[name]},
        "missing": rest,
        "unexpected": tensors | {name.replace("fc1", "fc9"): torch.zeros(2)},
        "misshapen": rest | {name: torch.zeros(3, 3)},
        "not finite": rest | {name: torch.full_like(tensors[name], torch.nan)},
    }[change]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("RAD-DINO", "renamed"), ("BiomedCLIP", "missing"), ("RETFound, MAE", "not finite"),
        ("RETFound, DINOv2", "unexpected"), ("Ark-6", "misshapen"), ("Ark+", "missing"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused_with_the_tensors_name(
    name: str, change: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = LAYOUTS[name]
    initializer = layout.initializer(monkeypatch)
    backbone = layout.backbone()
    layout.write(_spoiled(distinct(backbone), change), store)
    before = {name: tensor.clone() for name, tensor in backbone.weights().items()}
    with pytest.raises(WeightsError, match=r"mlp\.fc[19]\.weight"):
        initialize(backbone, initializer, seeded(0), no_runs)
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.weights().items())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("BiomedCLIP", lambda tensors: under("visual.", tensors), r'begins with the prefix "visual\.trunk\."'),
        ("RETFound, MAE", lambda tensors: tensors, 'has no entry "model"'),
        ("RETFound, DINOv2", lambda tensors: {"model": tensors}, 'has no entry "teacher"'),
        ("RETFound, DINOv2", lambda tensors: {"teacher": tensors}, r'no tensor begins with the prefix "backbone\."'),
        ("Ark-6", lambda tensors: {"state_dict": old_swin(tensors)}, 'has no entry "teacher"'),  # a student
        ("Ark+", lambda tensors: {"student": old_swin(tensors), "model": {}}, 'has no entry "teacher"'),
    ],
)
def test_another_entry_or_prefix_is_refused(
    name: str, content: Callable[[Tensors], Any], message: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = LAYOUTS[name]
    initializer = layout.initializer(monkeypatch)
    backbone = layout.backbone()
    layout._replace(content=content).write(distinct(backbone), store)
    with pytest.raises(WeightsError, match=message):
        initialize(backbone, initializer, seeded(0), no_runs)


@pytest.mark.parametrize(
    ("name", "millions", "pixels"),
    [
        ("RAD-DINO", 86.6, 518),  # Oquab et al. 2023, table 16: ViT-B/14 has 86 million
        ("BiomedCLIP", 85.8, 224),
        ("RETFound, MAE", 303.3, 224),  # Dosovitskiy et al. 2021, table 1: ViT-L has 307 million with its classifier
        ("RETFound, DINOv2", 303.2, 224),
        ("Ark-6", 86.7, 224),  # Liu et al. 2021, table 1: 88 million with a classifier of 1.0 million
        ("Ark+", 195.0, 768),  # 197 million with 1.5 million
    ],
)
def test_the_full_networks_are_of_the_published_sizes_and_all_their_names_are_known(
    name: str, millions: float, pixels: int, store: Path
) -> None:
    layout = LAYOUTS[name]
    initializer = build(layout.expression)
    assert isinstance(initializer, Published)
    network: Any = initializer.network()
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.4)
    assert network.patch_embed.img_size == (pixels, pixels)
    weights = initializer.named(Container(store / layout.file, layout.content(network.state_dict()), ""))
    assert not any(initializer.name_faults(weights).values())


def test_what_is_published_under_each_name() -> None:
    files = {initializer.file.name for _, initializer in published_as("retfound")}
    assert files == {
        f"RETFound_{name}.pth"
        for name in ("mae_natureCFP", "mae_natureOCT", "mae_meh", "mae_shanghai", "dinov2_meh", "dinov2_shanghai")
    }
    seen = {str(initializer.of): set(initializer.card().training_data) for _, initializer in published_as("ark")}  # type: ignore[attr-defined]
    assert seen["ark6"] - seen["ark5"] == {"mimic_cxr"}
    assert seen["ark6"] == seen["ark_plus"]


def test_names_of_dinov2s_training_answer_alike_with_grouped_blocks_and_a_swiglu() -> None:
    backbone = narrow_vit(4, 14, scaled=True, gated=True).eval()
    ours = distinct(backbone)
    theirs = {name.replace("mlp.fc1", "mlp.w12").replace("mlp.fc2", "mlp.w3"): of for name, of in ours.items()}
    grouped = {
        re.sub(r"^blocks\.(\d)", lambda found: f"blocks.{int(found[1]) // 2}.{found[1]}", name): tensor
        for name, tensor in theirs.items()
    }
    assert "blocks.1.3.mlp.w12.weight" in grouped
    found = spelled(under("backbone.", grouped), backbone.weights(), None)
    assert found.words == ", prefix 'backbone.', names of DINOv2's training code"
    assert set(found.tensors) == set(ours)
    backbone.network.load_state_dict(found.tensors)
    image = torch.randn(2, 3, 28, 28, generator=seeded(1))
    with torch.no_grad():
        assert torch.allclose(backbone(image), vit_forward(theirs, image, heads=2), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["blocks.0.norm1.weight", "blocks.11.mlp.fc1.bias", "norm.weight", "w12.weight"])
def test_names_that_are_timms_stay(name: str) -> None:
    assert of_dinov2(name) == name
