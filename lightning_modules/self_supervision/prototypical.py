"""Momentum contrast with clusters of the keys."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.self_supervision.clusters import spherical_kmeans
from lightning_modules.self_supervision.learner import EveryImage
from lightning_modules.self_supervision.moco import MocoLearner

SMOOTHING = 10.0
"""alpha in the concentration of small clusters (Li et al. 2021, section 3.3)."""


class PclLearner(MocoLearner):
    """InfoNCE and, after a warm-up, ProtoNCE (Li et al. 2021, equations 9 to 12).

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer; None for a linear head.
        queue: keys that are kept.
        momentum: of the slow copy.
        temperature: of the loss and the mean concentration.
        clusters: of each clustering; each is at most half the images.
        negatives: prototypes that a query is told from.
        warmup: epochs without clusters.
    """

    assignments: Tensor

    def __init__(
        self,
        backbone: Backbone,
        samples: int,
        dimensions: int,
        hidden: int | None,
        queue: int,
        momentum: float,
        temperature: float,
        clusters: tuple[int, ...],
        negatives: int,
        warmup: int,
    ) -> None:
        super().__init__(backbone, dimensions, hidden, queue, momentum, temperature)
        self.negatives, self.warmup = negatives, warmup
        self.counts = tuple(min(count, max(2, samples // 2)) for count in clusters)
        self.register_buffer("assignments", torch.full((len(clusters), samples), -1, dtype=torch.long))
        for number, count in enumerate(self.counts):
            self.register_buffer(f"centroids{number}", torch.zeros(count, dimensions))
            self.register_buffer(f"concentration{number}", torch.ones(count))

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """The E-step: cluster the slow copy's keys of all training images (section 3.1)."""
        if epoch < self.warmup:
            return
        keys = every_image(self.keys_of)
        for number, count in enumerate(self.counts):
            centroids = spherical_kmeans(keys, count, 20, generator)
            nearest = (keys @ centroids.T).argmax(dim=1)
            self.assignments[number] = nearest
            self.get_buffer(f"centroids{number}").copy_(centroids)
            found = concentrations(keys, centroids, nearest, self.temperature)
            self.get_buffer(f"concentration{number}").copy_(found)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """InfoNCE plus the mean ProtoNCE over the clusterings."""
        query = self.online.directions(views[0])
        instance = self.instance_loss(query, views)
        if (self.assignments[0, 0] < 0).item():
            return instance
        losses = [
            proto_nce(
                query,
                self.get_buffer(f"centroids{number}").to(query.dtype),
                self.get_buffer(f"concentration{number}").to(query.dtype),
                self.assignments[number][index],
                self._others(count, len(query), query.device),
            )
            for number, count in enumerate(self.counts)
        ]
        return instance + torch.stack(losses).mean()

    def _others(self, count: int, rows: int, device: torch.device) -> Tensor:
        """For each query, offsets (B, r) that lead from its cluster to other ones, none twice."""
        kept = min(self.negatives, count - 1)
        return torch.rand(rows, count - 1, device=device).argsort(dim=1)[:, :kept] + 1


def proto_nce(query: Tensor, centroids: Tensor, concentration: Tensor, own: Tensor, offsets: Tensor) -> Tensor:
    """The cross-entropy of telling a query's cluster from others (Li et al. 2021, second term of equation 11).

    Args:
        query: (B, D), of length 1.
        centroids: (K, D), of length 1.
        concentration: (K,) phi, which divides a centroid's similarities.
        own: (B,) each query's cluster.
        offsets: (B, r) from 1 to K - 1; added to ``own``, modulo K, they name the others.
    """
    chosen = torch.cat([own[:, None], (own[:, None] + offsets) % len(centroids)], dim=1)
    scores = torch.einsum("bd,brd->br", query, centroids[chosen]) / concentration[chosen]
    return functional.cross_entropy(scores, torch.zeros(len(query), dtype=torch.long, device=query.device))


def concentrations(keys: Tensor, centroids: Tensor, nearest: Tensor, temperature: float) -> Tensor:
    """The concentration phi (K,) of each cluster (Li et al. 2021, equation 12), scaled to a mean of the temperature.

    phi = sum of the members' distances to the centroid / (Z log(Z + alpha)), with Z members. Clusters of fewer than two
    have no spread and take the largest one; extremes are cut at the 10th and 90th percentile, as in the authors' code.
    """
    count = len(centroids)
    distances = (keys - centroids[nearest]).norm(dim=1)
    members = torch.bincount(nearest, minlength=count).to(distances.dtype)
    sums = torch.zeros(count, dtype=distances.dtype, device=keys.device).index_add_(0, nearest, distances)
    spread = sums / (members.clamp(min=1) * torch.log(members + SMOOTHING))
    spread = torch.where(members > 1, spread, spread.max())
    low, high = torch.quantile(spread.double(), torch.tensor([0.1, 0.9], dtype=torch.float64, device=keys.device))
    spread = spread.clamp(float(low), float(high))
    return temperature * spread / spread.mean()
