"""What the processes of one training know of each other; a single process has its own alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process."""
    return dist.get_rank() if processes() > 1 else 0


def everyones(value: T) -> list[T]:
    """The values of all processes, in the order of their numbers; whatever can be pickled, of any size."""
    if processes() == 1:
        return [value]
    found: list[T | None] = [None] * processes()
    dist.all_gather_object(found, value)
    return cast(list[T], found)


def agreed(value: T) -> T:
    """The first process's value, for what all must decide alike."""
    if processes() == 1:
        return value
    found = [value]
    dist.broadcast_object_list(found, 0)
    return found[0]


class _Summed(torch.autograd.Function):
    """A sum over processes, each of which goes on with it alike."""

    @staticmethod
    def forward(ctx: Any, sums: Tensor) -> Tensor:
        total = sums.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * processes()  # the sum of the processes' gradients, which are equal


def summed(sums: Tensor) -> Tensor:
    """Sums over all processes; gradients flow back to each.

    A loss that every process computes of them is the loss of the global batch, and its gradients those of the global
    batch, as with ``gathered``. A mean of the processes' own losses would be another loss wherever their denominators
    differ.

    Args:
        sums: of the same shape in every process.
    """
    if processes() == 1:
        return sums
    total: Tensor = _Summed.apply(sums)
    return total


@torch.no_grad()
def take_from_first(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors with those of the first process."""
    for tensor in tensors if processes() > 1 else ():
        dist.broadcast(tensor, 0)


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
