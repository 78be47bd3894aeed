"""Checkpoints as each method publishes them, written for a test; descriptions of the files, not of our loaders."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import torch
from timm.models.resnet import Bottleneck, ResNet
from torch import Tensor

from backbones.networks.contract import Backbone
from backbones.networks.timm import backbone_of


@dataclasses.dataclass(frozen=True)
class Format:
    """How a method's file looks.

    Attributes:
        expression: of the initializer.
        file: its name.
        prefix: before the encoder's names.
        container: the entry of the top level that holds the tensors, or None for a flat file.
        extras: further tensors, by full name.
        beside: further entries of the top level.
        head: names of a classification head under the prefix.
        legacy: written by torch before 1.6.
        modules: the file's names of the network's modules, where they are not torchvision's.
    """

    expression: str
    file: str
    prefix: str = ""
    container: str | None = None
    extras: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    legacy: bool = True
    modules: tuple[tuple[str, str], ...] = ()


MOCO: dict[str, Any] = {
    "prefix": "module.encoder_q.", "container": "state_dict", "beside": ("epoch", "arch", "optimizer"),
    "extras": ("module.queue", "module.queue_ptr", "module.encoder_k.conv1.weight", "module.encoder_k.fc.0.weight"),
    "head": ("fc.0.weight", "fc.0.bias", "fc.2.weight", "fc.2.bias"),
}  # fmt: skip
PYCONTRAST: dict[str, Any] = {
    "prefix": "module.encoder.", "container": "model", "beside": ("opt", "contrast", "optimizer", "epoch"),
}  # fmt: skip
SWAV: dict[str, Any] = {
    "prefix": "module.",
    "extras": ("module.projection_head.0.weight", "module.projection_head.1.running_mean"),
}  # fmt: skip
ADAPTED: dict[str, Any] = {"container": "state_dict", "head": ("fc.0.weight", "fc.0.bias")}


def _swav(*prototypes: str) -> dict[str, Any]:
    return {**SWAV, "extras": (*SWAV["extras"], *(f"module.prototypes.{name}weight" for name in prototypes))}


FORMATS = (
    Format("imagenet", "resnet50-0676ba61.pth", head=("fc.weight", "fc.bias"), legacy=False),
    Format("insdis", "InsDis.pth", extras=("module.head.weight", "module.head.bias"), **PYCONTRAST),
    Format(
        "pirl", "PIRL.pth", extras=("module.head.0.weight", "module.head_jig.fc1.weight", "module.head_jig.fc2.bias"),
        **PYCONTRAST,
    ),
    Format("infomin", "InfoMin_800.pth", extras=("module.head.0.weight", "module.head_jig.fc1.weight"), **PYCONTRAST),
    Format("moco_v1", "moco_v1_200ep_pretrain.pth.tar", **(MOCO | {"head": ("fc.weight", "fc.bias")})),
    Format("moco_v2", "moco_v2_800ep_pretrain.pth.tar", **MOCO),
    Format("pcl_v1", "PCL_v1_epoch200.pth.tar", **(MOCO | {"extras": ()})),
    Format("pcl_v2", "PCL_v2_epoch200.pth.tar", **MOCO),
    Format("deepcluster_v2", "deepclusterv2_800ep_pretrain.pth.tar", **_swav("prototypes0.", "prototypes1.")),
    Format("sela_v2", "selav2_400ep_pretrain.pth.tar", **_swav("prototypes0.")),
    Format("swav", "swav_800ep_pretrain.pth.tar", **_swav("")),
    Format("barlow_twins", "barlowtwins_resnet50.pth", legacy=False),
    Format("dino", "dino_resnet50_pretrain.pth", legacy=False),
    Format("inat2021", "inat2021_supervised_large.pth.tar", container="state_dict", head=("fc.weight", "fc.bias")),
    Format(
        'inat2021("mini", "scratch")', "inat2021_supervised_mini_from_scratch.pth.tar", prefix="module.",
        container="state_dict", head=("fc.weight", "fc.bias"),
    ),
    Format('domain_adapted("chestxray14", "random")', "chestxray14.pth.tar", **ADAPTED),
    Format('domain_adapted("chestxray14")', "ImageNet_chestxray14.pth.tar", **ADAPTED),
    Format('domain_adapted("chexpert", "random")', "chexpert.pth.tar", prefix="module.", **ADAPTED),
    Format('domain_adapted("chexpert")', "ImageNet_chexpert.pth.tar", prefix="module.", **ADAPTED),
    Format(
        "imagenet_mimic", "domain_adapted_resnet50_imagenet_mimic_checkpoint.pth.tar", container="state_dict",
        head=("fc.weight", "fc.bias"), legacy=False,
    ),
    Format(
        "simsiam", "simsiam_100ep_checkpoint_0099.pth.tar", prefix="module.encoder.", container="state_dict",
        beside=("epoch", "arch", "optimizer"), extras=("module.predictor.0.weight", "module.predictor.3.bias"),
        head=("fc.0.weight", "fc.1.running_mean", "fc.6.weight"), legacy=False,
    ),
    Format("vicreg", "vicreg_resnet50.pth", legacy=False),
    Format("vicregl", "vicregl_resnet50_alpha0.9.pth", legacy=False),
    Format('vicregl("0.75")', "vicregl_resnet50_alpha0.75.pth", legacy=False),
    Format("densecl", "densecl_r50_imagenet_200ep.pth", container="state_dict", beside=("author",)),
    Format("detco", "detco_200ep.pth", container="state_dict"),
    Format(
        "pixpro", "pixpro_base_r50_400ep_md5_919c6612.pth", prefix="module.encoder.", container="model",
        extras=(
            "module.projector.linear1.weight", "module.encoder_k.conv1.weight", "module.projector_k.bn1.bias",
            "module.value_transform.weight",
        ),
    ),
    Format(
        "obow", "tochvision_resnet50_student_K8192_epoch200.pth.tar", container="network",
        head=("fc.weight", "fc.bias"),
    ),
    Format(
        "clsa", "clsa_multi_200ep.pth.tar",
        **(MOCO | {"beside": ("epoch", "arch", "best_acc", "optimizer"), "legacy": False}),
    ),
    Format(
        "radimagenet", "RadImageNet-ResNet50.pt", prefix="backbone.", legacy=False,
        modules=(("conv1", "0"), ("bn1", "1"), ("layer1", "4"), ("layer2", "5"), ("layer3", "6"), ("layer4", "7")),
    ),
)  # fmt: skip


def narrow_resnet50(in_channels: int = 3) -> Backbone:
    """A ResNet-50 in all its names, a few channels wide."""
    build = partial(ResNet, Bottleneck, (3, 4, 6, 3), channels=(2, 4, 6, 8), num_classes=0, in_chans=in_channels)  # type: ignore[arg-type]
    return backbone_of(build, "narrow ResNet-50", in_channels)


def distinct(backbone: Backbone, seed: int = 7) -> dict[str, Tensor]:
    """Weights of which no two tensors are alike, as after training."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for number, (name, tensor) in enumerate(backbone.weights().items()):
        if tensor.is_floating_point():
            drawn = torch.randn(tensor.shape, generator=generator)
            found[name] = drawn.abs() + 0.1 if name.endswith("running_var") else drawn
        else:
            found[name] = torch.tensor(1000 + number)
    return found


def write(form: Format, tensors: dict[str, Tensor], folder: Path) -> Path:
    """The file of a method that trained these tensors."""
    places = dict(form.modules)

    def theirs(name: str) -> str:
        module, dot, rest = name.partition(".")
        return form.prefix + places.get(module, module) + dot + rest

    named: dict[str, Any] = {theirs(name): tensor for name, tensor in tensors.items()}
    named |= {form.prefix + name: torch.full((3,), 5.0) for name in form.head}
    named |= {name: torch.full((2,), 6.0) for name in form.extras}
    content: Any = named
    if form.container is not None:
        content = {name: 17 if name == "epoch" else {"state": {}} for name in form.beside} | {form.container: named}
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / form.file, _use_new_zipfile_serialization=not form.legacy)
    return folder / form.file
