"""Plain vision transformers among timm's networks: their patches and tokens, and images of other sizes."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from torch import Tensor

from backbones.networks.contract import Backbone
from specs.errors import UsageError


class Tokens(NamedTuple):
    """What images become before the first block of a transformer, position embeddings included.

    Attributes:
        prefix: the tokens that belong to no place, such as the class token, (B, T, D) with T at least 0.
        patches: the tokens of the patches, row by row, (B, L, D).
    """

    prefix: Tensor
    patches: Tensor


class PlainTransformer:
    """The inside of a backbone that is a plain vision transformer, such as ``timm("vit_tiny_patch16_224")``.

    One convolution cuts its input into patches that do not overlap, absolute position embeddings are added, and all
    blocks see all tokens. This object holds no tensors of its own.

    Args:
        backbone: the backbone whose network is looked into.
        what: what needs such a network, as the beginning of the error message.

    Raises:
        UsageError: if its network is no plain vision transformer.
    """

    def __init__(self, backbone: Backbone, what: str) -> None:
        if not is_plain_transformer(backbone):
            raise UsageError(
                f"{what} needs the patches of a plain vision transformer, and the backbone's network is of the kind "
                f'{type(backbone.network).__name__}. Take one such as timm("vit_tiny_patch16_224", image_size=64, '
                "patch_size=8)."
            )
        self._network: Any = backbone.network

    @property
    def image_size(self) -> tuple[int, int]:
        """The height and width in pixels that the network was built for."""
        height, width = self._network.patch_embed.img_size
        return int(height), int(width)

    @property
    def patch_size(self) -> tuple[int, int]:
        """The height and width of a patch in pixels."""
        height, width = self._network.patch_embed.patch_size
        return int(height), int(width)

    @property
    def grid(self) -> tuple[int, int]:
        """The number of rows and columns of patches in an image of the size that the network was built for."""
        rows, columns = self._network.patch_embed.grid_size
        return int(rows), int(columns)

    @property
    def prefixes(self) -> int:
        """The number of tokens that belong to no place, such as the class token."""
        return int(self._network.num_prefix_tokens)

    def tokens(self, images: Tensor) -> Tokens:
        """The tokens of images (B, C, H, W) before the first block."""
        rows: Tensor = self._network._pos_embed(self._network.patch_embed(images))
        return Tokens(rows[:, : self.prefixes], rows[:, self.prefixes :])

    def encoded(self, tokens: Tensor) -> Tensor:
        """What all blocks and the final normalization make of any number of tokens (B, N, D), in the same shape."""
        network = self._network
        rows: Tensor = network.fc_norm(network.norm(network.blocks(network.norm_pre(tokens))))
        return rows

    def take_any_size(self) -> None:
        """Have the network take images of any size that is a multiple of its patches.

        Position embeddings are then resampled to the grid of the images (bicubic, antialiased); at the size that the
        network was built for, nothing changes.
        """
        from timm.layers.format import Format

        self._network.dynamic_img_size = True
        embedding = self._network.patch_embed
        embedding.strict_img_size, embedding.flatten, embedding.output_fmt = False, False, Format.NHWC


def is_plain_transformer(backbone: Backbone) -> bool:
    """Whether a backbone's network is a plain vision transformer.

    Not plain are transformers with windows or scales (Swin), relative or rotary positions (BEiT, EVA, DINOv3), patches
    that another network makes (hybrids), and attention as pooling (SigLIP), which only a loss on pooled features
    trains.
    """
    if "timm.models.vision_transformer" not in sys.modules:  # importing timm takes seconds, and no network is of it
        return False
    from timm.layers.patch_embed import PatchEmbed
    from timm.models.vision_transformer import VisionTransformer

    network: Any = backbone.network
    return (
        isinstance(network, VisionTransformer)
        and isinstance(network.patch_embed, PatchEmbed)
        and network.patch_embed.img_size is not None
        and network.pos_embed is not None
        and network.attn_pool is None
    )
