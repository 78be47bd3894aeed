"""Communication between the processes of one training; every function also works in a single process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


def processes() -> int:
    """The number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The rank of this process, from 0."""
    return dist.get_rank() if processes() > 1 else 0


def all_gather_objects(value: T) -> list[T]:
    """The values of all processes, in the order of their ranks. A value is anything that can be pickled."""
    if processes() == 1:
        return [value]
    values: list[T | None] = [None] * processes()
    dist.all_gather_object(values, value)
    return cast(list[T], values)


def broadcast_object(value: T) -> T:
    """The value of the process with rank 0, for decisions that all processes must make alike."""
    if processes() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, 0)
    return values[0]


class _Summed(torch.autograd.Function):
    """A sum over processes that lets gradients through, where every process computes the same loss from the sum."""

    @staticmethod
    def forward(ctx: Any, sums: Tensor) -> Tensor:
        total = sums.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient * processes()  # the sum of the processes' gradients, which are equal


def all_reduce_sum(sums: Tensor) -> Tensor:
    """The sum over all processes of a tensor; gradients flow back to each process.

    A loss that every process computes from such sums is the loss of the global batch, and its gradients are those of
    the global batch, as with ``gathered``. A mean of the processes' own losses would be a different loss wherever their
    denominators differ.

    Args:
        sums: this process's sums, of the same shape in every process.
    """
    if processes() == 1:
        return sums
    total: Tensor = _Summed.apply(sums)
    return total


@torch.no_grad()
def broadcast_from_rank_0(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors in place with those of the process with rank 0."""
    for tensor in tensors if processes() > 1 else ():
        dist.broadcast(tensor, 0)


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes, in the order of their ranks; gradients flow back to each process.

    A loss that every process computes on gathered rows is the loss of the global batch: gradients of the rows add up
    over the processes, and DDP divides those of the parameters by their number.

    Args:
        rows: this process's rows (B, ...), of which every process has the same number.
    """
    if processes() == 1:
        return rows
    from torch.distributed.nn.functional import all_gather

    parts: tuple[Tensor, ...] = all_gather(rows.contiguous())  # type: ignore[no-untyped-call]
    return torch.cat(parts)


@torch.no_grad()
def gathered_values(rows: Tensor) -> Tensor:
    """The rows of all processes, in the order of their ranks, without gradients."""
    if processes() == 1:
        return rows.detach()
    parts = [torch.empty_like(rows) for _ in range(processes())]
    dist.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)
