"""Networks of published weights, small, and their forward passes written anew from their papers.

A small network has the names of the full one, of fewer blocks. Each is built once and given to every test, which sees
the values of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import pytest
import torch
from timm.layers.mlp import SwiGLUPacked
from timm.models.densenet import DenseNet
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks import skeletons
from backbones.networks.contract import Backbone
from backbones.networks.timm import backbone_of

BLOCKS = (2, 2, 3, 2)
"""The number of layers of each block of the small DenseNet."""


@cache
def narrow_densenet(in_channels: int = 3) -> Backbone:
    """A DenseNet of growth 2."""
    build = partial(DenseNet, 2, BLOCKS, num_classes=0, in_chans=in_channels, bn_size=2)
    return backbone_of(build, "narrow DenseNet", in_channels)


@cache
def narrow_vit(depth: int, patch: int, scaled: bool = False, gated: bool = False, side: int = 2) -> Backbone:
    """A vision transformer of 8 channels and 2 heads for images of ``side`` x ``side`` patches.

    Args:
        depth: the number of blocks.
        patch: the height and width of a patch in pixels.
        scaled: whether its branches have layer scales, as DINOv2's.
        gated: whether its blocks have a SwiGLU, as DINOv2's largest network.
        side: the number of patches in each direction.
    """
    more = {"mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU} if gated else {}
    build = partial(
        VisionTransformer, img_size=side * patch, patch_size=patch, embed_dim=8, depth=depth, num_heads=2,
        init_values=1.0 if scaled else None, num_classes=0, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return backbone_of(build, "narrow ViT", 3)


@cache
def narrow_swin(depths: tuple[int, ...], heads: tuple[int, ...], window: int, side: int) -> Backbone:
    """A Swin transformer with two channels to a head for images of ``side`` x ``side`` pixels.

    Args:
        depths: the number of blocks of each stage.
        heads: the number of heads of each stage.
        window: the height and width of a window in patches of 4 pixels.
        side: the height and width of the images in pixels.
    """
    build = partial(
        SwinTransformer, img_size=side, window_size=window, embed_dim=2 * heads[0], depths=depths, num_heads=heads,
        num_classes=0,
    )  # fmt: skip
    return backbone_of(build, "narrow Swin", 3)


def stand_in(patch: pytest.MonkeyPatch, architecture: str, small: Backbone) -> None:
    """Let a small network stand for the one that published weights are of, where their names are checked.

    Args:
        patch: the fixture.
        architecture: the expression of the full network.
        small: the small one.
    """
    full = skeletons.skeleton
    patch.setattr(skeletons, "skeleton", lambda asked: small if asked == architecture else full(asked))


# Forward passes of tensors in their published names


def vit_forward(tensors: Mapping[str, Tensor], image: Tensor, heads: int, eps: float = 1e-6) -> Tensor:
    """The class token of a vision transformer (Dosovitskiy et al. 2021, equations 1 to 4), in DINOv2's names.

    Branches are scaled where there are layer scales (Touvron et al. 2021, equation 5). The hidden layer is a GELU, or a
    SwiGLU where there is ``w12`` (Shazeer 2020, equation 6).
    """
    patches = functional.conv2d(
        image, tensors["patch_embed.proj.weight"], tensors["patch_embed.proj.bias"],
        stride=tensors["patch_embed.proj.weight"].shape[-1],
    )  # fmt: skip
    tokens = torch.cat([tensors["cls_token"].expand(len(image), -1, -1), patches.flatten(2).mT], 1)
    tokens = tokens + tensors["pos_embed"]

    def normal(name: str, x: Tensor) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], tensors[f"{name}.weight"], tensors[f"{name}.bias"], eps)

    def linear(name: str, x: Tensor) -> Tensor:
        return functional.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    depth = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks."))
    for block in (f"blocks.{number}" for number in range(depth)):
        query, key, value = (
            part.reshape(*part.shape[:-1], heads, -1).transpose(1, 2)
            for part in linear(f"{block}.attn.qkv", normal(f"{block}.norm1", tokens)).chunk(3, -1)
        )
        weight = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
        attended = linear(f"{block}.attn.proj", (weight @ value).transpose(1, 2).flatten(2))
        tokens = tokens + tensors.get(f"{block}.ls1.gamma", torch.ones(())) * attended
        hidden = normal(f"{block}.norm2", tokens)
        if f"{block}.mlp.w12.weight" in tensors:
            gate, through = linear(f"{block}.mlp.w12", hidden).chunk(2, -1)
            hidden = linear(f"{block}.mlp.w3", gate * gate.sigmoid() * through)
        else:
            hidden = linear(f"{block}.mlp.fc2", functional.gelu(linear(f"{block}.mlp.fc1", hidden)))
        tokens = tokens + tensors.get(f"{block}.ls2.gamma", torch.ones(())) * hidden
    return normal("norm", tokens)[:, 0]


def swin_forward(tensors: Mapping[str, Tensor], image: Tensor, heads: tuple[int, ...], window: int) -> Tensor:
    """The mean token of a Swin transformer (Liu et al. 2021, section 3), in its authors' names.

    Windows are not shifted and masked: each token attends to those of its own window, which begins at half a window in
    every other block, so that windows at the edges are smaller.
    """

    def normal(name: str, x: Tensor) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    def linear(name: str, x: Tensor) -> Tensor:
        return functional.linear(x, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"))

    grid = functional.conv2d(image, tensors["patch_embed.proj.weight"], tensors["patch_embed.proj.bias"], stride=4)
    grid = normal("patch_embed.norm", grid.movedim(1, -1))
    for stage, count in enumerate(heads):
        side = grid.shape[1]
        place = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"), -1).flatten(0, 1)
        apart = (place[:, None] - place[None] + window - 1).clamp(0, 2 * window - 2)
        tokens = grid.flatten(1, 2)
        depth = len([name for name in tensors if name.startswith(f"layers.{stage}.blocks.") and "norm1.weight" in name])
        for number in range(depth):
            block = f"layers.{stage}.blocks.{number}"
            shift = window // 2 if number % 2 and side > window else 0
            own = ((place - shift) // window)[:, None] == ((place - shift) // window)[None]
            bias = tensors[f"{block}.attn.relative_position_bias_table"]
            bias = bias[apart[..., 0] * (2 * window - 1) + apart[..., 1]].movedim(-1, 0)
            query, key, value = (
                part.reshape(*part.shape[:-1], count, -1).transpose(1, 2)
                for part in linear(f"{block}.attn.qkv", normal(f"{block}.norm1", tokens)).chunk(3, -1)
            )
            score = query @ key.mT / query.shape[-1] ** 0.5 + bias
            weight = score.masked_fill(~own.all(-1), -torch.inf).softmax(-1)
            tokens = tokens + linear(f"{block}.attn.proj", (weight @ value).transpose(1, 2).flatten(2))
            hidden = functional.gelu(linear(f"{block}.mlp.fc1", normal(f"{block}.norm2", tokens)))
            tokens = tokens + linear(f"{block}.mlp.fc2", hidden)
        grid = tokens.reshape(len(tokens), side, side, -1)
        if f"layers.{stage}.downsample.reduction.weight" in tensors:
            quarters = [grid[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
            merged = normal(f"layers.{stage}.downsample.norm", torch.cat(quarters, -1))
            grid = linear(f"layers.{stage}.downsample.reduction", merged)
    return normal("norm", grid).mean((1, 2))
