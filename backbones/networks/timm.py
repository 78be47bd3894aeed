"""Backbones from timm: a full network without a classifier, under its own parameter names."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import timm
import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Decoder, Stage
from specs.errors import UsageError


def timm_backbone(
    name: str, in_channels: int, image_size: int | None = None, patch_size: int | None = None
) -> Backbone:
    """A timm model as a backbone; no weights are loaded and no network is asked.

    Args:
        name: of the architecture.
        in_channels: of its input.
        image_size: that a transformer is built for, in pixels.
        patch_size: of a transformer, in pixels.

    Raises:
        UsageError: if timm has no such model, or the model yields no intermediate features or takes no such sizes.
    """
    if "." in name or not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise UsageError(
            f'timm has no model "{name}". '
            + (f"Did you mean {' or '.join(near)}? " if near else "")
            + "Name an architecture, without the tag behind the dot; weights are the initializer's matter."
        )
    sizes: dict[str, Any] = {
        key: size for key, size in (("img_size", image_size), ("patch_size", patch_size)) if size is not None
    }
    build = partial(timm.create_model, name, pretrained=False, num_classes=0, in_chans=in_channels, **sizes)
    try:
        return backbone_of(build, name, in_channels)
    except (TypeError, AssertionError, ValueError) as error:
        if not sizes:
            raise
        raise UsageError(
            f'timm("{name}") cannot be built with {sizes} ({error}). image_size and patch_size are for transformers; '
            "leave them out for networks that take any size."
        ) from error


def backbone_of(build: Callable[[], nn.Module], name: str, in_channels: int) -> Backbone:
    """A network of timm's classes as a backbone.

    The stages are those of timm's ``feature_info``; each holds the modules from behind the previous stage's
    feature map up to its own, and the last one also what follows (such as a final norm).

    Args:
        build: makes it, without a classifier.
        name: of the network, for messages.
        in_channels: of its input.

    Raises:
        UsageError: if the network yields no intermediate features.
    """
    with torch.device("meta"):
        probe = build()
    if not hasattr(probe, "forward_intermediates") or not hasattr(probe, "feature_info"):
        raise UsageError(f'the timm model "{name}" yields no intermediate features. Choose one that does.')
    stages = _stages(probe)
    strides = [stage.stride for stage in stages]
    halving = strides[0] in (1, 2, 4) and all(b == 2 * a for a, b in itertools.pairwise(strides))
    # Swin works only at the image size that it was built for, so no decoder is offered for it.
    decoder: Decoder | None = "unet" if halving and not hasattr(probe, "set_input_size") else None
    return Backbone(
        build=build,
        stages=stages,
        in_channels=in_channels,
        num_features=int(getattr(probe, "head_hidden_size", None) or probe.num_features),  # type: ignore[arg-type]
        features=partial(_features, indices=list(range(len(stages)))),
        pooled=_pooled,
        decoder=decoder,
        image_size=_only_size(probe),
    )


def _only_size(network: Any) -> int | None:
    """The one image size that a transformer takes, if there is only one."""
    embedding = getattr(network, "patch_embed", None)
    size = getattr(embedding, "img_size", None)
    return int(size[0]) if size is not None and getattr(embedding, "strict_img_size", False) else None


def _features(network: nn.Module, x: Tensor, indices: list[int]) -> list[Tensor]:
    maps: list[Tensor] = network.forward_intermediates(  # type: ignore[operator]
        x, indices=indices, intermediates_only=True, output_fmt="NCHW"
    )
    return maps


def _pooled(network: nn.Module, x: Tensor) -> Tensor:
    feature: Tensor = network(x)
    return feature


def _stages(network: nn.Module) -> list[Stage]:
    info: Sequence[dict[str, object]] = list(network.feature_info)  # type: ignore[arg-type]
    modules = [str(entry["module"]) for entry in info]
    keys = list(dict.fromkeys(key.rsplit(".", 1)[0] for key in network.state_dict()))
    order = {module: number for number, (module, _) in enumerate(network.named_modules())}
    ends = [max(order[name] for name in order if name == m or name.startswith(m + ".")) for m in modules]
    stages = []
    for number, (entry, module) in enumerate(zip(info, modules, strict=True)):
        low = ends[number - 1] if number else -1
        high = ends[number] if number + 1 < len(info) else len(order)
        prefixes = tuple(key for key in keys if key in order and low < order[key] <= high)
        direct = () if number else tuple(k for k in network.state_dict() if "." not in k)
        stages.append(
            Stage(
                "conv1" if module in ("act1", "relu", "bn1") else module,
                int(str(entry["num_chs"])),
                int(str(entry["reduction"])),
                direct + prefixes,
            )
        )
    return stages
