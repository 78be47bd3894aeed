"""Rows of all processes of a distributed job; a single process has its own."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process."""
    return dist.get_rank() if processes() > 1 else 0


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, in the order of their numbers; gradients flow back to each.

    A loss that every process computes on gathered rows is the loss of the global batch: gradients of the rows add up
    over the processes, and DDP divides those of the parameters by their number.

    Args:
        rows: (B, ...), as many in every process.
    """
    if processes() == 1:
        return rows
    from torch.distributed.nn.functional import all_gather

    parts: tuple[Tensor, ...] = all_gather(rows.contiguous())  # type: ignore[no-untyped-call]
    return torch.cat(parts)


@torch.no_grad()
def gathered_values(rows: Tensor) -> Tensor:
    """The same without gradients."""
    if processes() == 1:
        return rows.detach()
    parts = [torch.empty_like(rows) for _ in range(processes())]
    dist.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)
