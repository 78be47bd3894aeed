"""K-means clustering of embeddings: by cosine similarity, and by Euclidean distance with restarts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

AT_ONCE = 2**26
"""The number of similarities that are computed at a time: a quarter of a gigabyte in float32."""

SPLIT = 1 / 1024
"""The share by which the halves of a split cluster are moved apart (faiss, impl/ClusteringHelpers.cpp)."""


@torch.no_grad()
def nearest(points: Tensor, centroids: Tensor) -> Tensor:
    """The index (N,) of the centroid (K, D) that is nearest to each point (N, D)."""
    halves = centroids.square().sum(dim=1) / 2  # |x - c|^2 is smallest where x c - |c|^2 / 2 is largest
    parts = torch.split(points, max(1, AT_ONCE // len(centroids)))
    return torch.cat([(part @ centroids.T - halves).argmax(dim=1) for part in parts])


@torch.no_grad()
def spherical_kmeans(embeddings: Tensor, clusters: int, iterations: int, generator: torch.Generator) -> Tensor:
    """The centroids of k-means by cosine similarity; a cluster that loses all its members stays where it is.

    As in https://github.com/facebookresearch/swav (main_deepclusterv2.py, ``cluster_memory``).

    Args:
        embeddings: the embeddings (N, D), of length 1.
        clusters: the number K of clusters, at most N.
        iterations: the number of times that embeddings are assigned and centroids updated.
        generator: the source of the random draws of the first centroids, which are K different embeddings.

    Returns:
        The centroids (K, D), of length 1.

    Raises:
        ValueError: if there are fewer embeddings than clusters.
    """
    centroids = _drawn(embeddings, clusters, generator)
    for _ in range(iterations):
        own = nearest(embeddings, centroids)
        sums = torch.zeros_like(centroids).index_add_(0, own, embeddings)
        members = torch.bincount(own, minlength=clusters)
        centroids = functional.normalize(torch.where(members[:, None] > 0, sums, centroids), dim=1)
    return centroids


@torch.no_grad()
def kmeans(points: Tensor, clusters: int, iterations: int, restarts: int, generator: torch.Generator) -> Tensor:
    """The centroids of k-means by Euclidean distance, from the best of several restarts.

    As ``Clustering`` of https://github.com/facebookresearch/faiss (faiss/Clustering.cpp): restarts are compared by the
    sum of squared distances in the last iteration, and a cluster without members takes half of another one, which is
    drawn with a probability that grows with its size.

    Args:
        points: the points to cluster, (N, D).
        clusters: the number K of clusters, at most N.
        iterations: the largest number of times that points are assigned and centroids updated; it ends earlier if
            nothing changes.
        restarts: the number of restarts, each from K different points.
        generator: the source of all random draws.

    Returns:
        The centroids (K, D), which are the means of their members.

    Raises:
        ValueError: if there are fewer points than clusters.
    """
    best, least = _drawn(points, clusters, generator), torch.inf
    for restart in range(restarts):
        centroids = best if restart == 0 else _drawn(points, clusters, generator)
        before: Tensor | None = None
        lost = torch.inf
        for _ in range(iterations):
            own = nearest(points, centroids)
            if before is not None and torch.equal(own, before):
                break
            lost = (points - centroids[own]).square().sum().item()
            centroids, before = _means(points, own, centroids, generator), own
        if lost < least:
            best, least = centroids, lost
    return best


def _drawn(points: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """As many different points as there are clusters, drawn at random.

    Raises:
        ValueError: if there are fewer points.
    """
    count = len(points)
    if clusters > count:
        raise ValueError(f"{clusters} clusters of {count} embeddings: ask for fewer, at most one per image.")
    return points[torch.randperm(count, generator=generator)[:clusters].to(points.device)]


def _means(points: Tensor, own: Tensor, centroids: Tensor, generator: torch.Generator) -> Tensor:
    """The means of the clusters' members; a cluster without members takes half of a larger one."""
    members = torch.bincount(own, minlength=len(centroids))
    sums = torch.zeros_like(centroids).index_add_(0, own, points)
    means = torch.where(members[:, None] > 0, sums / members.clamp(min=1)[:, None], centroids)
    sizes = members.double().cpu()
    signs = 1 - 2 * (torch.arange(points.shape[1], device=points.device) % 2)
    for empty in (sizes == 0).nonzero()[:, 0].tolist():
        donor = int(torch.multinomial((sizes - 1).clamp(min=0), 1, generator=generator).item())
        means[empty] = means[donor] * (1 + SPLIT * signs)
        means[donor] = means[donor] * (1 - SPLIT * signs)
        sizes[empty] = sizes[donor] / 2
        sizes[donor] -= sizes[empty]
    return means
