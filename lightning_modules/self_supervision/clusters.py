"""Clusters of embeddings on the sphere."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


@torch.no_grad()
def spherical_kmeans(embeddings: Tensor, clusters: int, iterations: int, generator: torch.Generator) -> Tensor:
    """Centroids by cosine similarity; a cluster that loses all its members begins anew at a random embedding.

    Args:
        embeddings: (N, D) of length 1.
        clusters: K, at most N.
        iterations: of assignment and update.
        generator: of the first centroids, K different embeddings.

    Returns:
        (K, D), of length 1.

    Raises:
        ValueError: if there are fewer embeddings than clusters.
    """
    count = len(embeddings)
    if clusters > count:
        raise ValueError(f"{clusters} clusters of {count} embeddings: ask for fewer, at most one per image.")
    centroids = embeddings[torch.randperm(count, generator=generator)[:clusters].to(embeddings.device)]
    for _ in range(iterations):
        nearest = (embeddings @ centroids.T).argmax(dim=1)
        sums = torch.zeros_like(centroids).index_add_(0, nearest, embeddings)
        members = torch.bincount(nearest, minlength=clusters)
        fresh = embeddings[torch.randint(count, (clusters,), generator=generator).to(embeddings.device)]
        centroids = functional.normalize(torch.where(members[:, None] > 0, sums, fresh), dim=1)
    return centroids
