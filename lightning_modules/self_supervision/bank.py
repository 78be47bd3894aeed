"""A memory bank that holds an embedding of every training image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class MemoryBank(nn.Module):
    """A memory of embeddings (N, D) of length 1, by the image's position in its split; entries begin at random.

    As in https://github.com/HobbitLong/PyContrast (memory/mem_bank.py). The entries of lemniscate.pytorch
    (lib/NCEAverage.py) begin uniformly distributed in a cube, with lengths of about 1.

    Args:
        samples: the number N of training images.
        dimensions: the length D of an embedding.
        momentum: the share of an old entry that an update keeps, in [0, 1); 0 replaces it.
    """

    entries: Tensor

    def __init__(self, samples: int, dimensions: int, momentum: float = 0.0) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("entries", functional.normalize(torch.randn(samples, dimensions), dim=1))

    @torch.no_grad()
    def update(self, index: Tensor, embeddings: Tensor) -> None:
        """Move entries towards new embeddings (B, D) and bring them back to length 1 (Wu et al. 2018, section 3.3)."""
        new = self.momentum * self.entries[index] + (1 - self.momentum) * embeddings.to(self.entries.dtype)
        self.entries[index] = functional.normalize(new, dim=1)
