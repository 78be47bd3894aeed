"""A queue of keys: first in, first out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class KeyQueue(nn.Module):
    """The most recent keys, (K, D) of length 1; it begins with random directions (He et al. 2020, section 3.2).

    Args:
        size: K.
        dimensions: D.
    """

    keys: Tensor
    place: Tensor

    def __init__(self, size: int, dimensions: int) -> None:
        super().__init__()
        self.register_buffer("keys", functional.normalize(torch.randn(size, dimensions), dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Put keys (B, D) in place of the oldest; of more than K the last ones stay."""
        size = len(self.keys)
        kept = keys[-size:]
        places = (self.place + len(keys) - len(kept) + torch.arange(len(kept), device=keys.device)) % size
        self.keys[places] = kept.to(self.keys.dtype)
        self.place.copy_((self.place + len(keys)) % size)
