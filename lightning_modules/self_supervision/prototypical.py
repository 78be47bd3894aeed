"""PCL: momentum contrast with clusters of the keys."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from backbones.networks.contract import Backbone
from lightning_modules.gathering import broadcast_from_rank_0, gathered_values, rank
from lightning_modules.self_supervision.clusters import kmeans, nearest
from lightning_modules.self_supervision.learner import EveryImage
from lightning_modules.self_supervision.moco import MocoLearner

SMOOTHING = 10.0
"""The constant alpha, which smooths the concentration of small clusters (Li et al. 2021, section 3.3)."""

CUT = (0.1, 0.9)
"""The quantiles that concentrations are clamped to (https://github.com/salesforce/PCL, main_pcl.py, ``run_kmeans``)."""


class PclLearner(MocoLearner):
    """A learner with the losses InfoNCE and, after a warm-up, ProtoNCE (Li et al. 2021, equations 9 to 12).

    It follows https://github.com/salesforce/PCL (main_pcl.py, pcl/builder.py), with three differences. Whole images,
    resized to the image size, are clustered instead of their central crops. Each epoch's k-means draws anew. A batch's
    prototypes are those of all devices together, where the authors' code takes those of each GPU's 32 images, so that
    the number of devices changes nothing.

    Args:
        backbone: the backbone that is pretrained.
        samples: the number of training images.
        dimensions: the length of the embeddings.
        hidden: the number of features of the head's hidden layer; None for a linear head.
        queue: the number of earlier keys that are kept.
        momentum: the share of the momentum encoder's old weights that an update keeps, in [0, 1).
        temperature: the temperature of the loss, and the mean of the concentrations.
        groups: the number of groups that a batch is divided into; each has its own batch statistics.
        clusters: the number of clusters of each clustering; each is at most half the number of images.
        negatives: the number of prototypes without an image in the batch that all queries are told from too; all of
            them where there are fewer.
        warmup: the number of epochs without clusters.
        iterations: the largest number of k-means iterations.
        restarts: the number of k-means restarts.
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
        """The E-step: cluster the momentum encoder's embeddings of all training images (section 3.1).

        Clusters are made by Euclidean distance. Their centroids are scaled to length 1 afterwards, as in the authors'
        code.
        """
        if epoch < self.warmup:
            return
        keys = every_image(self.slow_directions)
        for number, count in enumerate(self.counts):
            centroids = kmeans(keys, count, self.iterations, self.restarts, generator)
            own = nearest(keys, centroids)
            self.assignments[number] = own
            self.get_buffer(f"centroids{number}").copy_(functional.normalize(centroids, dim=1))
            concentration = concentrations(keys, centroids, own, self.temperature)
            self.get_buffer(f"concentration{number}").copy_(concentration)

    def loss(self, views: list[Tensor], index: Tensor) -> Tensor:
        """The InfoNCE loss plus the mean ProtoNCE loss over the clusterings.

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
        """Clusters (r,) that hold no image of the batch, drawn without replacement once for the whole batch.

        Args:
            number: the number of the clustering, from 0.
            own: the clusters of the batch's images.
        """
        free = torch.ones(self.counts[number], dtype=torch.bool, device=own.device)
        free[own] = False
        left = free.nonzero()[:, 0]
        drawn = left[torch.randperm(len(left), device=own.device)[: self.negatives]]
        broadcast_from_rank_0([drawn])
        return drawn


def proto_nce(queries: Tensor, centroids: Tensor, concentration: Tensor, places: Tensor) -> Tensor:
    """The cross-entropy of telling each query's prototype from others (Li et al. 2021, second term of equation 11).

    Args:
        queries: the queries (B, D), of length 1.
        centroids: the centroids (R, D), of length 1, that all queries are compared with; one may be there several
            times.
        concentration: the concentrations phi (R,), which divide a centroid's similarities.
        places: the position (B,) of each query's own centroid among them.
    """
    return functional.cross_entropy(queries @ centroids.T / concentration, places)


def concentrations(keys: Tensor, centroids: Tensor, own: Tensor, temperature: float) -> Tensor:
    """The concentration phi (K,) of each cluster (Li et al. 2021, equation 12), scaled to a mean of the temperature.

    phi = sum of the members' distances to the centroid / (Z log(Z + alpha)), with Z members. Clusters with fewer than
    two members have no spread and take the largest phi; values are clamped to the 10th and 90th percentile, as in the
    authors' code.

    Args:
        keys: the embeddings (N, D) that were clustered.
        centroids: the centroids (K, D), the means of their members.
        own: the cluster (N,) of each key.
        temperature: the mean that the result is scaled to.
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
