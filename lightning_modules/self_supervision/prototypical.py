"""Momentum contrast with clusters of the keys."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.gathering import gathered_values, rank, take_from_first
from lightning_modules.self_supervision.clusters import kmeans, nearest
from lightning_modules.self_supervision.learner import EveryImage
from lightning_modules.self_supervision.moco import MocoLearner

SMOOTHING = 10.0
"""alpha in the concentration of small clusters (Li et al. 2021, section 3.3)."""

CUT = (0.1, 0.9)
"""Quantiles between which concentrations are kept (https://github.com/salesforce/PCL, main_pcl.py, ``run_kmeans``)."""


class PclLearner(MocoLearner):
    """InfoNCE and, after a warm-up, ProtoNCE (Li et al. 2021, equations 9 to 12).

    As in https://github.com/salesforce/PCL (main_pcl.py, pcl/builder.py), but for: clusters are of whole images brought
    to the image size, not of their central crops; each epoch's k-means has draws of its own; a batch's prototypes are
    those of all devices together, where the code has each GPU's 32 images by themselves, so that the number of devices
    changes nothing.

    Args:
        backbone: that is pretrained.
        samples: training images.
        dimensions: of the embeddings.
        hidden: features of the head's hidden layer; None for a linear head.
        queue: keys that are kept.
        momentum: of the slow copy.
        temperature: of the loss and the mean concentration.
        groups: of each batch, whose statistics are computed by themselves.
        clusters: of each clustering; each is at most half the images.
        negatives: prototypes of no image of the batch that all its queries are told from too, or all where there are
            fewer.
        warmup: epochs without clusters.
        iterations: of k-means.
        restarts: of k-means.
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
        groups: int,
        clusters: tuple[int, ...],
        negatives: int,
        warmup: int,
        iterations: int,
        restarts: int,
    ) -> None:
        super().__init__(backbone, dimensions, hidden, queue, momentum, temperature, groups)
        self.negatives, self.warmup, self.iterations, self.restarts = negatives, warmup, iterations, restarts
        self.counts = tuple(min(count, max(2, samples // 2)) for count in clusters)
        self.register_buffer("assignments", torch.full((len(clusters), samples), -1, dtype=torch.long))
        for number, count in enumerate(self.counts):
            self.register_buffer(f"centroids{number}", torch.zeros(count, dimensions))
            self.register_buffer(f"concentration{number}", torch.ones(count))

    def before_epoch(self, epoch: int, every_image: EveryImage, generator: torch.Generator) -> None:
        """The E-step: cluster the slow copy's embeddings of all training images (section 3.1).

        Clusters are those of the plain distance; only then do their centroids become directions, as in the code.
        """
        if epoch < self.warmup:
            return
        keys = every_image(self.slow_directions)
        for number, count in enumerate(self.counts):
            centroids = kmeans(keys, count, self.iterations, self.restarts, generator)
            own = nearest(keys, centroids)
            self.assignments[number] = own
            self.get_buffer(f"centroids{number}").copy_(functional.normalize(centroids, dim=1))
            found = concentrations(keys, centroids, own, self.temperature)
            self.get_buffer(f"concentration{number}").copy_(found)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """InfoNCE plus the mean ProtoNCE over the clusterings.

        Raises:
            UsageError: if the batch cannot be divided into the groups.
        """
        queries = self.queries_of(views[0])
        instance = self.told_apart(queries, self.keys_of(views[1]))
        if (self.assignments[0, 0] < 0).item():
            return instance
        everyone = gathered_values(index)
        places = rank() * len(index) + torch.arange(len(index), device=index.device)
        losses = []
        for number in range(len(self.counts)):
            own = self.assignments[number][everyone]
            candidates = torch.cat([own, self.others(number, own)])
            centroids = self.get_buffer(f"centroids{number}")[candidates].to(queries.dtype)
            concentration = self.get_buffer(f"concentration{number}")[candidates].to(queries.dtype)
            losses.append(proto_nce(queries, centroids, concentration, places))
        return instance + torch.stack(losses).mean()

    def others(self, number: int, own: Tensor) -> Tensor:
        """Clusters (r,) of a clustering that none of a batch's images is in, drawn once for the batch, none twice.

        Args:
            number: of the clustering.
            own: the images' clusters.
        """
        free = torch.ones(self.counts[number], dtype=torch.bool, device=own.device)
        free[own] = False
        left = free.nonzero()[:, 0]
        drawn = left[torch.randperm(len(left), device=own.device)[: self.negatives]]
        take_from_first([drawn])
        return drawn


def proto_nce(queries: Tensor, centroids: Tensor, concentration: Tensor, places: Tensor) -> Tensor:
    """The cross-entropy of telling each query's prototype from others (Li et al. 2021, second term of equation 11).

    Args:
        queries: (B, D), of length 1.
        centroids: (R, D), of length 1, that all queries are compared with; one may be there several times.
        concentration: (R,) phi, which divides a centroid's similarities.
        places: (B,) where among them each query's own one is.
    """
    return functional.cross_entropy(queries @ centroids.T / concentration, places)


def concentrations(keys: Tensor, centroids: Tensor, own: Tensor, temperature: float) -> Tensor:
    """The concentration phi (K,) of each cluster (Li et al. 2021, equation 12), scaled to a mean of the temperature.

    phi = sum of the members' distances to the centroid / (Z log(Z + alpha)), with Z members. Clusters of fewer than two
    have no spread and take the largest one; extremes are cut at the 10th and 90th percentile, as in the authors' code.

    Args:
        keys: (N, D).
        centroids: (K, D), the members' means.
        own: (N,) each key's cluster.
        temperature: the mean of the result.
    """
    count = len(centroids)
    distances = (keys - centroids[own]).norm(dim=1)
    members = torch.bincount(own, minlength=count).to(distances.dtype)
    sums = torch.zeros(count, dtype=distances.dtype, device=keys.device).index_add_(0, own, distances)
    spread = sums / (members.clamp(min=1) * torch.log(members + SMOOTHING))
    spread = torch.where(members > 1, spread, torch.where(members > 1, spread, 0).max())
    low, high = torch.quantile(spread.double(), torch.tensor(CUT, dtype=torch.float64, device=keys.device))
    spread = spread.clamp(float(low), float(high))
    return temperature * spread / spread.mean()
