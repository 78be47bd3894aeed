"""What the processes (ranks) of a distributed run tell each other; with one process, nothing is exchanged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, distributed


def sum_over_ranks(tensor: Tensor) -> Tensor:
    """The sum of a tensor over all ranks, whose gradient goes to this rank's part, times the number of ranks.

    A loss of it is the loss over the batches of all ranks together, and averaging its gradients over the ranks, as
    DistributedDataParallel does, gives exactly that loss's gradient.
    """
    if not _several():
        return tensor
    total = tensor.detach().clone()
    distributed.all_reduce(total)
    return total + distributed.get_world_size() * (tensor - tensor.detach())  # adds 0, but carries the gradient


def gather(batches: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The rows of all batches of all ranks, once per sample, sorted by sample.

    Samplers give some samples twice where a split does not divide evenly among the ranks; the later one is dropped.

    Args:
        batches: CPU tensors by column name, each (B, ...); the column ``index``, int64 (B,), identifies the sample.

    Returns:
        The same columns, each (N, ...); the same on every rank; empty if there was no batch on any rank.
    """
    mine = {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]} if batches else {}
    ranks = [mine]
    if _several():
        ranks = [{} for _ in range(distributed.get_world_size())]
        distributed.all_gather_object(ranks, mine)
    found = [rank for rank in ranks if rank]
    if not found:
        return {}
    rows = {name: torch.cat([rank[name] for rank in found]) for name in found[0]}
    first = torch.from_numpy(np.unique(rows["index"].numpy(), return_index=True)[1])
    return {name: column[first] for name, column in rows.items()}


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
