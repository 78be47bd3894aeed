"""A trained classification as a folder that timm loads: config.json and model.safetensors, as on Hugging Face's hub.

``timm.create_model("local-dir:FOLDER", pretrained=True)`` loads it
(https://huggingface.co/docs/timm/hf_hub). Normalization, activation and test-time augmentation are left to the user.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from experiments.exporting.tensors import float_list, write_tensors
from lightning_modules.classification import ClassificationModule
from lightning_modules.supervised import SupervisedModule
from specs.errors import UsageError
from specs.files import write_json
from specs.registry import BACKBONES
from specs.run import RunSpec

CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""The names of the files that timm looks for."""

SAME = 1e-4
"""The largest difference between a logit of timm's network and one of the run's, as a share of the largest logit."""


def timm_network(module: SupervisedModule, spec: RunSpec) -> nn.Module:
    """The trained network as timm's own model, with the head as its classifier.

    Args:
        module: the trained network, in evaluation mode.
        spec: the spec of the run.

    Raises:
        UsageError: if the network is none that timm builds by name, or it is no classification.
    """
    called = str(BACKBONES.short(spec.backbone))
    if not isinstance(module, ClassificationModule):
        raise UsageError(
            f"timm has no segmentation networks, and this run is one, on {called}. Leave --timm out: --onnx and "
            "network.safetensors hold the whole network."
        )
    network: Any = module.backbone.network
    architecture = (getattr(network, "pretrained_cfg", None) or {}).get("architecture")
    if architecture is None:
        raise UsageError(
            f"{called} is none of timm's networks, so that timm cannot load it. Leave --timm out: --onnx and "
            "network.safetensors hold the whole network."
        )
    arguments = model_arguments(module, spec)
    model: Any = timm.create_model(architecture, pretrained=False, num_classes=len(module.task.classes), **arguments)
    classifier = model.get_classifier()
    if not isinstance(classifier, nn.Linear):
        raise UsageError(
            f"timm's {architecture} has a classifier of the type {type(classifier).__name__}, where a linear layer is "
            "expected, so that the head of the run does not fit. Leave --timm out."
        )
    name = next(name for name, layer in model.named_modules() if layer is classifier)
    assert isinstance(module.head, nn.Sequential)  # other heads are refused before
    head = {f"{name}.{part}": tensor for part, tensor in module.head[-1].state_dict().items()}
    model.load_state_dict(module.backbone.weights() | head)
    found: nn.Module = model.eval()
    _check_same(module, found, spec)
    return found


def model_arguments(module: ClassificationModule, spec: RunSpec) -> dict[str, Any]:
    """The arguments by which timm builds the network, beside the architecture and the number of classes."""
    given = BACKBONES.bind(spec.backbone).arguments()
    sizes = {"img_size": given.get("image_size"), "patch_size": given.get("patch_size")}
    return {"in_chans": module.backbone.in_channels} | {name: size for name, size in sizes.items() if size is not None}


def write_timm(
    model: nn.Module, module: ClassificationModule, spec: RunSpec, folder: Path, metadata: Mapping[str, str]
) -> None:
    """Write the two files that timm reads.

    Args:
        model: the network as ``timm_network`` gives it.
        module: the trained network that it was made of.
        spec: the spec of the run.
        folder: the folder to write into.
        metadata: texts to write into the header of the weights, by name.
    """
    size = spec.recipe.image_size
    whole = spec.recipe.crop_from or size
    described: Any = model.pretrained_cfg
    channels, classes = module.backbone.in_channels, list(module.task.classes)
    config = {
        "architecture": described["architecture"],
        "num_classes": len(classes),
        "num_features": module.backbone.num_features,
        "label_names": classes,
        "model_args": model_arguments(module, spec),
        "pretrained_cfg": {
            "input_size": [channels, size, size],
            "fixed_input_size": module.backbone.image_size is not None,
            "interpolation": "nearest" if spec.recipe.resampling == "nearest" else "bilinear",
            "crop_mode": "squash",
            "crop_pct": crop_share(size, whole),
            "mean": float_list(module.normalize.mean, channels),
            "std": float_list(module.normalize.std, channels),
            "num_classes": len(classes),
            "pool_size": None,
            "first_conv": described.get("first_conv"),
            "classifier": described.get("classifier"),
        },
    }
    write_json(folder / CONFIG, config)
    write_tensors(folder / WEIGHTS, model, metadata)


def crop_share(size: int, whole: int) -> float:
    """The share of an image's side that is kept, of which timm takes ``floor(size / share)`` as the whole side."""
    share = size / whole
    return share if math.floor(size / share) == whole else math.nextafter(share, 0.0)


def _check_same(module: ClassificationModule, model: nn.Module, spec: RunSpec) -> None:
    """Refuse a network of timm's that computes something else than the run's.

    Raises:
        UsageError: says how far they are apart.
    """
    size = spec.recipe.image_size
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (2, module.backbone.in_channels, size, size), dtype=torch.uint8, generator=generator)
    with torch.no_grad():
        x = module.normalize(images)
        expected, found = module.head(module.backbone(x)), model(x)
    apart = float((expected - found).abs().max() / expected.abs().max().clamp(min=1e-6))
    if not apart <= SAME:
        raise UsageError(
            f"timm's network gives other logits than the run's, apart by {apart:.1e} of the largest; expected at most "
            f"{SAME:g}. Leave --timm out."
        )
