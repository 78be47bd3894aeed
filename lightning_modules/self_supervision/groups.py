"""Batch statistics of parts of a batch, as on several devices."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lightning_modules.gathering import gathered_values, processes, rank, take_from_first
from specs.errors import UsageError


def in_groups(function: Callable[[Tensor], Tensor], rows: Tensor, groups: int) -> Tensor:
    """A function of rows (B, ...), of one group of them at a time.

    Args:
        function: maps rows to rows; layers that normalize by a batch see one group.
        rows: this process's.
        groups: of the global batch; each process has as many as the others, at least one.

    Raises:
        UsageError: if the processes cannot share the groups, or a group has fewer than two rows.
    """
    world = processes()
    if groups % world and world % groups:
        raise UsageError(f"{groups} groups of a batch cannot be divided among {world} devices. Give another number.")
    own = max(1, groups // world)
    if own == 1:
        return function(rows)
    if len(rows) < 2 * own:
        raise UsageError(
            f"a batch of {len(rows)} images makes {own} groups of fewer than two, which have no batch statistics. "
            "Give the method fewer groups, or the recipe a larger batch_size."
        )
    return torch.cat([function(part) for part in rows.tensor_split(own)])


@torch.no_grad()
def shuffled(function: Callable[[Tensor], Tensor], rows: Tensor, groups: int) -> Tensor:
    """The same without gradients, each row in a group that is drawn anew from the rows of all processes.

    Batch statistics of a group then say nothing about which rows belong to others of it (He et al. 2020, section 3.3,
    "Shuffling BN"). A single process with a single group computes its own.

    Args:
        function: maps rows to rows.
        rows: as many in every process.
        groups: of the global batch.

    Returns:
        The results of this process's rows.

    Raises:
        UsageError: as ``in_groups``.
    """
    if processes() == groups == 1:
        return function(rows)
    everyone = gathered_values(rows)
    order = torch.randperm(len(everyone), device=rows.device)
    take_from_first([order])
    share = slice(rank() * len(rows), (rank() + 1) * len(rows))
    results = gathered_values(in_groups(function, everyone[order[share]], groups))
    return results[order.argsort()[share]]
