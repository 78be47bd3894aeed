"""The Sinkhorn-Knopp algorithm: soft assignments to clusters of equal size."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor

from lightning_modules.gathering import processes


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Sinkhorn-Knopp on exp(scores / epsilon) over the global batch (Caron et al. 2020, section 3.1 and appendix A).

    Each iteration gives every prototype the same total weight, then every sample the weight 1.

    Args:
        scores: the scores (B, K) of this process's samples for each prototype.
        epsilon: the weight of the entropy; a smaller one gives harder assignments.
        iterations: the number of iterations.

    Returns:
        The assignments (B, K), where each row adds up to 1.
    """
    highest = scores.max()
    _all_reduce(highest, dist.ReduceOp.MAX)
    shares = torch.exp((scores - highest) / epsilon)
    for _ in range(iterations):
        columns = shares.sum(dim=0)
        _all_reduce(columns, dist.ReduceOp.SUM)
        shares = shares / columns.clamp(min=torch.finfo(shares.dtype).tiny) / shares.shape[1]
        shares = shares / shares.sum(dim=1, keepdim=True)
    return shares


def _all_reduce(values: Tensor, operation: dist.ReduceOp.RedOpType) -> None:
    if processes() > 1:
        dist.all_reduce(values, operation)
