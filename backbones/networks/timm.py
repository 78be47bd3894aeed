"""Backbones from timm: a full network without a classifier, under its own parameter names."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import timm
import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from specs.errors import UsageError

CUT = -2.0
"""The value of ``timm.layers.trunc_normal_`` if its uniform draw is exactly -1, once in 2**24: infinity, clamped."""


def timm_backbone(
    name: str, in_channels: int, image_size: int | None = None, patch_size: int | None = None
) -> Backbone:
    """A timm model as a backbone. No weights are loaded, and nothing is downloaded.

    Args:
        name: the name of the architecture in timm, without a tag.
        in_channels: the number of channels of the input images.
        image_size: the height and width in pixels that a transformer is built for; None: the architecture's own.
        patch_size: the height and width of a transformer's patches in pixels; None: the architecture's own.

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
    """A network built from timm's classes, as a backbone.

    The stages are those of timm's ``feature_info``. Each holds the modules behind the previous stage's feature map up
    to its own; the last one also holds what follows (such as a final norm).

    The initial weights are those of ``build``, with two exceptions. The last normalization of each residual branch has
    the weight 1, as in torchvision, TF-Slim and He et al. 2016, where most of timm's networks with an option for it
    have 0. And weights at the truncation bound of a truncated normal, 20 or 100 standard deviations away, are set to
    its mean, 0. There are one to three of them in an Inception-v3 or a ConvNeXt-T, and none where torch's own
    ``torch.nn.init.trunc_normal_`` draws.

    Args:
        build: a function that makes the network, without a classifier.
        name: the network's name, for error messages.
        in_channels: the number of channels of the input images.

    Raises:
        UsageError: if the network yields no intermediate features, or its tensors cannot be told apart by stage.
    """
    with torch.device("meta"):
        probe = build()
    if not hasattr(probe, "forward_intermediates") or not hasattr(probe, "feature_info"):
        raise UsageError(f'the timm model "{name}" yields no intermediate features. Choose one that does.')
    stages = _stages(probe, name)
    image_size, ends = _only_size(probe), _residual_ends(probe)
    scales = tuple(end for end in ends if probe.get_parameter(end).ndim == 1)  # the others are kernels, and drawn
    try:
        return Backbone(
            build=partial(_started, build, scales),
            stages=stages,
            in_channels=in_channels,
            num_features=int(getattr(probe, "head_hidden_size", None) or probe.num_features),  # type: ignore[arg-type]
            features=partial(_features, indices=list(range(len(stages)))),
            pooled=_pooled,
            image_size=image_size,
            residual_ends=ends,
        )
    except ValueError as error:  # the stages do not partition the tensors
        raise UsageError(
            f'the timm model "{name}" has no stages one after another: {error}. Choose another.'
        ) from error


def _started(build: Callable[[], nn.Module], scales: tuple[str, ...]) -> nn.Module:
    """A new network whose named normalization weights are 1, and whose weights at the truncation bound are 0."""
    network = build()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.masked_fill_(parameter == CUT, 0.0)
        for name in scales:
            network.get_parameter(name).fill_(1.0)
    return network


def _residual_ends(probe: nn.Module) -> tuple[str, ...]:
    """The names of the tensors that timm's blocks set to 0 with the option to start as their shortcuts alone.

    Each write raises a tensor's version, even of tensors without values (on the meta device). The ends are the tensors
    that are written to more often with the option than without it.

    Args:
        probe: the network; blocks that have the option are initialized anew.
    """
    tensors = dict(probe.named_parameters())

    def written(option: Callable[[bool], object], zero: bool) -> dict[str, int]:
        before = {name: tensor._version for name, tensor in tensors.items()}
        option(zero)
        return {name: tensor._version - before[name] for name, tensor in tensors.items()}

    ends: dict[str, None] = {}
    for block in list(probe.modules())[1:]:  # the network itself is left out: its option initializes all blocks anew
        if option := _option(block):
            plain, zeroed = written(option, False), written(option, True)
            ends |= dict.fromkeys(name for name in tensors if zeroed[name] > plain[name])
    return tuple(ends)


def _option(block: Any) -> Callable[[bool], object] | None:
    """A function that initializes a block, with its residual branch at 0 or not; None where timm has no such option.

    The option is a method of the block, or an argument of its initialization (in ``timm.models.byobnet``).
    """
    if hasattr(block, "zero_init_last"):
        return lambda zero: block.zero_init_last() if zero else None
    initialize = getattr(block, "init_weights", None)
    if initialize is None or "zero_init_last" not in inspect.signature(initialize).parameters:
        return None
    return lambda zero: initialize(zero_init_last=zero)


def _only_size(network: Any) -> int | None:
    """The only image size that a transformer takes, in pixels; None if it takes several."""
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


def _stages(network: nn.Module, name: str) -> list[Stage]:
    """The stages of a network by timm's notes of its feature maps.

    Raises:
        UsageError: if the notes name modules that the network does not have.
    """
    info: Sequence[dict[str, object]] = list(network.feature_info)  # type: ignore[arg-type]
    modules = [str(entry["module"]) for entry in info]
    keys = list(dict.fromkeys(key.rsplit(".", 1)[0] for key in network.state_dict()))
    order = {module: number for number, (module, _) in enumerate(network.named_modules())}
    if lacking := [module for module in modules if module not in order]:
        raise UsageError(
            f'timm notes feature maps of "{name}" behind modules that it does not have ({", ".join(lacking)}), so that '
            "its stages cannot be told. Choose another network."
        )
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
