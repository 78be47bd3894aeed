"""Batch statistics within groups of a batch, as if each group were on a device of its own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lightning_modules.gathering import broadcast_from_rank_0, gathered_values, processes, rank
from specs.errors import UsageError


def in_groups(function: Callable[[Tensor], Tensor], rows: Tensor, groups: int) -> Tensor:
    """Apply a function to rows (B, ...), one group of them at a time.

    Args:
        function: a function from rows to rows, whose normalization layers see one group at a time.
        rows: this process's rows, (B, ...).
        groups: the number of groups of the global batch; each process has the same number of them, at least one.

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
    """Apply a function in groups whose rows are drawn from all processes' rows, without gradients.

    The batch statistics of a group then give no hint about which rows belong together (He et al. 2020, section 3.3,
    "Shuffling BN"). With a single process and a single group nothing is shuffled.

    Args:
        function: a function from rows to rows.
        rows: this process's rows, (B, ...), of which every process has the same number.
        groups: the number of groups of the global batch.

    Returns:
        The results of this process's rows.

    Raises:
        UsageError: as ``in_groups``.
    """
    if processes() == groups == 1:
        return function(rows)
    everyone = gathered_values(rows)
    order = torch.randperm(len(everyone), device=rows.device)
    broadcast_from_rank_0([order])
    share = slice(rank() * len(rows), (rank() + 1) * len(rows))
    results = gathered_values(in_groups(function, everyone[order[share]], groups))
    return results[order.argsort()[share]]
