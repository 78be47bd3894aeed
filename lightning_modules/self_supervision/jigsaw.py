"""Nine shuffled patches of an image (Noroozi and Favaro 2016), as PIRL and InfoMin use them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.self_supervision.learner import directions

GRID = 3
"""Patches per side."""


class JigsawHead(nn.Module):
    """Embeds each patch, and all of them in a random order together (Misra and van der Maaten 2020, section 3.1).

    Args:
        features: of the backbone.
        dimensions: of the embedding.
    """

    def __init__(self, features: int, dimensions: int) -> None:
        super().__init__()
        self.patch = nn.Linear(features, dimensions)
        self.together = nn.Linear(GRID**2 * dimensions, dimensions)

    def forward(self, backbone: Backbone, images: Tensor) -> Tensor:
        """Embeddings (B, D), of length 1, of images (B, C, H, W); each image has an order of its own."""
        cut = patches(images)
        count = len(images)
        embedded = self.patch(backbone(cut.flatten(0, 1))).view(count, GRID**2, -1)
        order = torch.rand(count, GRID**2, device=images.device).argsort(dim=1)
        shuffled = embedded.gather(1, order[:, :, None].expand_as(embedded))
        return directions(self.together(shuffled.flatten(1)))


def patches(images: Tensor) -> Tensor:
    """(B, 9, C, H / 3, W / 3), row by row; sizes that three does not divide are padded with zeros."""
    height, width = images.shape[2:]
    images = functional.pad(images, (0, -width % GRID, 0, -height % GRID))
    count, channels, height, width = images.shape
    rows = images.reshape(count, channels, GRID, height // GRID, GRID, width // GRID)
    return rows.permute(0, 2, 4, 1, 3, 5).flatten(1, 2).contiguous()
