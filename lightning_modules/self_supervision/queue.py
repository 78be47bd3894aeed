"""The queue of earlier keys: first in, first out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class KeyQueue(nn.Module):
    """A queue of the most recent keys (K, D), of length 1; it begins at random (He et al. 2020, section 3.2).

    Args:
        size: the number K of keys.
        dimensions: the length D of a key.
    """

    keys: Tensor
    place: Tensor

    def __init__(self, size: int, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("keys", functional.normalize(torch.randn(size, dimensions), dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Replace the oldest keys with new ones (B, D); if there are more than K, the last ones stay."""
        size = len(self.keys)
        kept = keys[-size:]
        places = (self.place + len(keys) - len(kept) + torch.arange(len(kept), device=keys.device)) % size
        self.keys[places] = kept.to(self.keys.dtype)
        self.place.copy_((self.place + len(keys)) % size)
