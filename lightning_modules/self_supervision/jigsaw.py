"""Jigsaws: nine shuffled patches of an image (Noroozi and Favaro 2016), as PIRL and InfoMin use them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from lightning_modules.self_supervision.heads import mlp
from lightning_modules.self_supervision.learner import directions
from specs.errors import UsageError

GRID = 3
"""The number of cells per side of the image."""


class JigsawHead(nn.Module):
    """A head that embeds each patch, then all patches in a random order (Misra and van der Maaten 2020, section 3.1).

    Args:
        features: the number of pooled features of the backbone.
        dimensions: the length of the embedding.
        hidden: the number of features of a hidden layer in each patch's embedding; None for a linear one.
        patch: the height and width of the patches in pixels.
    """

    def __init__(self, features: int, dimensions: int, hidden: int | None, patch: int) -> None:
        super().__init__()
        self.each = mlp(features, *([hidden] if hidden else []), dimensions)
        self.together = nn.Linear(GRID**2 * dimensions, dimensions)
        self.side = patch

    def forward(self, backbone: Backbone, images: Tensor) -> Tensor:
        """The embeddings (B, D), of length 1, of images (B, C, H, W). The order of patches is drawn for each image.

        Raises:
            UsageError: if the patches are larger than the cells.
        """
        cut = patches(images, self.side)
        count = len(images)
        embedded = self.each(backbone(cut.flatten(0, 1))).view(count, GRID**2, -1)
        order = torch.rand(count, GRID**2, device=images.device).argsort(dim=1)
        shuffled = embedded.gather(1, order[:, :, None].expand_as(embedded))
        return directions(self.together(shuffled.flatten(1)))


def patches(images: Tensor, side: int) -> Tensor:
    """Patches (B, 9, C, side, side) of images, one at a random position in each of 3 x 3 cells, row by row.

    In the published 255 pixels, cells have 85. If the size is not a multiple of three, the last pixels at the right and
    bottom are left out (https://github.com/HobbitLong/PyContrast, datasets/util.py, ``JigsawCrop``).

    Raises:
        UsageError: if the patches are larger than the cells.
    """
    count, _, height, width = images.shape
    cells = torch.tensor([height // GRID, width // GRID], device=images.device)
    if side > min(height, width) // GRID:
        raise UsageError(
            f"patches of {side} pixels do not fit into a third of {height} x {width} pixels. Give the method a smaller "
            "patch, or its last view a larger size."
        )
    free = cells - side + 1
    shifts = (torch.rand(count, GRID**2, 2, device=images.device) * free).long()
    grid = torch.cartesian_prod(torch.arange(GRID), torch.arange(GRID)).to(images.device)
    corners = (grid * cells + shifts)[..., None] + torch.arange(side, device=images.device)  # (B, 9, 2, side)
    rows, columns = corners[:, :, 0, :, None], corners[:, :, 1, None, :]
    image = torch.arange(count, device=images.device)[:, None, None, None]
    return images.permute(0, 2, 3, 1)[image, rows, columns].permute(0, 1, 4, 2, 3).contiguous()
