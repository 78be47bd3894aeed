"""The decoder of masked autoencoders: from tokens of visible patches to the pixels of all patches."""

from __future__ import annotations

from functools import partial

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

START = 0.02
"""The standard deviation of the mask token at the start (facebookresearch/mae, models_mae.py)."""


class PatchDecoder(nn.Module):
    """A small transformer that tells the pixels of every patch from the encoded tokens of some of them.

    Source: He et al. 2022, section 3, and https://github.com/facebookresearch/mae (models_mae.py): a learned token
    stands in for each hidden patch, position embeddings are fixed, and weights begin as in that code.

    Args:
        features: the length of an encoded token.
        width: the length of a token within the decoder, a multiple of 4 and of ``heads``.
        depth: the number of blocks.
        heads: the number of attention heads of each block.
        grid: the number of rows and columns of patches in an image.
        prefixes: the number of tokens that belong to no patch, such as the class token.
        pixels: the number of values that a patch has, over all channels.
    """

    positions: Tensor

    def __init__(
        self, features: int, width: int, depth: int, heads: int, grid: tuple[int, int], prefixes: int, pixels: int
    ) -> None:
        super().__init__()
        self.prefixes = prefixes
        self.embed = nn.Linear(features, width)
        self.hidden = nn.Parameter(torch.zeros(1, 1, width))
        norm = partial(nn.LayerNorm, eps=1e-6)
        self.blocks = nn.Sequential(
            *(Block(width, heads, qkv_bias=True, norm_layer=norm) for _ in range(depth))  # type: ignore[arg-type]
        )
        self.norm = norm(width)
        self.tell = nn.Linear(width, pixels)
        # Tokens without a place have zeros (util/pos_embed.py, ``cls_token``).
        positions = torch.cat([torch.zeros(prefixes, width), sine_positions(*grid, width)])
        self.register_buffer("positions", positions, persistent=False)
        self.apply(_begin)
        nn.init.normal_(self.hidden, std=START)

    def forward(self, encoded: Tensor, order: Tensor) -> Tensor:
        """The pixels of all patches (B, L, P), row by row.

        Args:
            encoded: the encoded tokens (B, T + K, features): T without a place, then those of K visible patches.
            order: the numbers of all L patches of each image, (B, L), the visible ones first in the order of their
                tokens.
        """
        rows = self.embed(encoded)
        prefix, visible = rows[:, : self.prefixes], rows[:, self.prefixes :]
        hidden = self.hidden.to(rows.dtype).expand(len(rows), order.shape[1] - visible.shape[1], -1)
        places = order.argsort(dim=1)[:, :, None].expand(-1, -1, rows.shape[2])
        patches = torch.cat([visible, hidden], dim=1).gather(1, places)
        tokens = torch.cat([prefix, patches], dim=1) + self.positions
        told: Tensor = self.tell(self.norm(self.blocks(tokens))[:, self.prefixes :])
        return told


def _begin(module: nn.Module) -> None:
    """Draw the weights of a linear layer by Glorot's uniform distribution; its biases begin at 0."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def sine_positions(rows: int, columns: int, width: int) -> Tensor:
    """Fixed position embeddings (rows * columns, width) of a grid, row by row: sines and cosines of both coordinates.

    The first half of the numbers encodes the column, the second the row; each half has the sines and then the cosines
    of the coordinate times 10000 ** (-4 k / width), k from 0 to width / 4 - 1. As in
    https://github.com/facebookresearch/mae (util/pos_embed.py), after Vaswani et al. 2017, section 3.5.

    Args:
        rows: the number of rows of the grid.
        columns: the number of columns of the grid.
        width: the length of an embedding, a multiple of 4.
    """
    quarter = width // 4
    rates = 10000.0 ** -(torch.arange(quarter, dtype=torch.float64) / quarter)
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double()
    angles = places.flip(1)[:, :, None] * rates  # (rows * columns, 2, quarter), the column first
    return torch.cat([angles.sin(), angles.cos()], dim=2).flatten(1).float()


def patches_of(images: Tensor, height: int, width: int) -> Tensor:
    """The pixels of the patches of images (B, C, H, W), row by row: (B, L, height * width * C).

    Args:
        images: the images, whose sides are multiples of the patches'.
        height: the height of a patch in pixels.
        width: the width of a patch in pixels.
    """
    count, channels, tall, wide = images.shape
    cells = images.reshape(count, channels, tall // height, height, wide // width, width)
    return cells.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)
