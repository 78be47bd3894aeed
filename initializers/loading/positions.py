"""Adapting a transformer's weights to another image size or patch size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from backbones.networks.contract import Backbone


def resampled_positions(tensors: dict[str, Tensor], backbone: Backbone) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors with position embeddings, relative position biases and patch embeddings resampled to a backbone's.

    timm's functions do it: bicubic interpolation with antialiasing for absolute position embeddings (class and register
    tokens stay as they are), FlexiViT's pseudo-inverse resize for patch embeddings (Beyer et al. 2023, section 3.4),
    and bilinear geometric interpolation for Swin's relative biases (https://huggingface.co/docs/timm). Tensors that do
    not fit for another reason are left as they are, and strict loading refuses them.

    Args:
        tensors: the tensors by the backbone's names.
        backbone: the backbone whose sizes are wanted.

    Returns:
        The tensors, and by name what was done to those that changed.
    """
    changed, how = dict(tensors), {}
    for name, wanted in backbone.weights().items():
        given = tensors.get(name)
        if given is None or given.shape == wanted.shape or given.ndim != wanted.ndim:
            continue
        resampled = _resampled(name, given, wanted, backbone)
        if resampled is not None and resampled.shape == wanted.shape:
            changed[name] = resampled.to(given.dtype)
            how[name] = f"resampled from {_size(given)} to {_size(wanted)}"
    return changed, how


def _resampled(name: str, given: Tensor, wanted: Tensor, backbone: Backbone) -> Tensor | None:
    from timm.layers.patch_embed import resample_patch_embed
    from timm.layers.pos_embed import resample_abs_pos_embed
    from timm.layers.pos_embed_rel import resize_rel_pos_bias_table

    network: Any = backbone.network
    last = name.rpartition(".")[2]
    if last == "pos_embed" and given.shape[-1] == wanted.shape[-1] and hasattr(network, "patch_embed"):
        prefix = 0 if getattr(network, "no_embed_class", False) else int(getattr(network, "num_prefix_tokens", 0))
        side = round((given.shape[1] - prefix) ** 0.5)
        if side**2 != given.shape[1] - prefix:
            return None
        grid = list(network.patch_embed.grid_size)
        result: Tensor = resample_abs_pos_embed(given, grid, [side, side], prefix)
    elif name.endswith("patch_embed.proj.weight") and given.shape[:2] == wanted.shape[:2]:
        result = resample_patch_embed(given, list(wanted.shape[2:]))
    elif last == "relative_position_bias_table" and given.shape[-1] == wanted.shape[-1]:
        owner = network.get_submodule(name.rpartition(".")[0])
        result = resize_rel_pos_bias_table(given, owner.window_size, tuple(wanted.shape))
    else:
        return None
    return result


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))
