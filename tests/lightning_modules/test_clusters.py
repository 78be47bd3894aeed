"""k-means and what PCL makes of its clusters, against the published loops written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lightning_modules.self_supervision import clusters
from lightning_modules.self_supervision.clusters import kmeans, nearest, spherical_kmeans
from lightning_modules.self_supervision.prototypical import concentrations, proto_nce

Rows = NDArray[np.float64]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(rows: int, columns: int, seed: int) -> Tensor:
    return torch.randn(rows, columns, generator=seeded(seed), dtype=torch.float64)


def directions(rows: int, dimensions: int, seed: int) -> Tensor:
    return functional.normalize(drawn(rows, dimensions, seed), dim=1)


def first_ones(points: Tensor, count: int, seed: int) -> Rows:
    """The different points that a generator draws first."""
    return points[torch.randperm(len(points), generator=seeded(seed))[:count]].numpy()


def test_the_nearest_centroid_is_that_of_the_smallest_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    points, centroids = drawn(50, 3, 0), 2 * drawn(7, 3, 1)
    expected = torch.cdist(points, centroids).argmin(dim=1)
    assert torch.equal(nearest(points, centroids), expected)
    assert not torch.equal((points @ centroids.T).argmax(dim=1), expected)  # their lengths matter
    monkeypatch.setattr(clusters, "AT_ONCE", 21)  # three points at a time
    assert torch.equal(nearest(points, centroids), expected)


@pytest.mark.parametrize("iterations", [1, 2, 10])
def test_spherical_kmeans_is_the_loop_of_deepclusters_code(iterations: int) -> None:
    """https://github.com/facebookresearch/swav, main_deepclusterv2.py: so many updates; empty clusters stay."""
    points = directions(40, 3, 0)
    points[20:] = points[20:21]  # equal points, so that of two centroids among them one has no members
    centroids = first_ones(points, 25, 3)
    empty = 0
    for _ in range(iterations):
        own = (points.numpy() @ centroids.T).argmax(axis=1)
        for cluster in range(25):
            members = points.numpy()[own == cluster]
            empty += not len(members)
            if len(members):
                centroids[cluster] = members.sum(axis=0) / np.linalg.norm(members.sum(axis=0))
    assert empty
    assert np.allclose(spherical_kmeans(points, 25, iterations, seeded(3)).numpy(), centroids)


def lloyd(points: Rows, centroids: Rows, iterations: int) -> tuple[Rows, float]:
    """Means of the members and the sum of squared distances in the last iteration; no cluster may become empty."""
    lost = math.inf
    for _ in range(iterations):
        squares = ((points[:, None] - centroids[None]) ** 2).sum(axis=2)
        own, lost = squares.argmin(axis=1), float(squares.min(axis=1).sum())
        centroids = np.stack([points[own == cluster].mean(axis=0) for cluster in range(len(centroids))])
    return centroids, lost


def test_kmeans_keeps_the_best_of_its_restarts() -> None:
    """As faiss with ``niter`` and ``nredo`` (Clustering.cpp), each restart from points that are drawn anew."""
    points = drawn(60, 2, 2)
    generator, ends = seeded(1), []
    for _ in range(5):
        begun = points[torch.randperm(60, generator=generator)[:6]].numpy()
        ends.append(lloyd(points.numpy(), begun, 3))
    best = min(range(5), key=lambda restart: ends[restart][1])
    assert best > 0  # a single beginning would not do
    assert np.allclose(kmeans(points, 6, 3, 5, seeded(1)).numpy(), ends[best][0])
    assert np.allclose(kmeans(points, 6, 3, 1, seeded(1)).numpy(), ends[0][0])


def test_centroids_of_kmeans_are_means_and_not_directions() -> None:
    found = kmeans(directions(60, 3, 2), 4, 20, 5, seeded(0))
    assert (found.norm(dim=1) < 0.99).all()


def test_an_empty_cluster_takes_half_of_another() -> None:
    """faiss, ``split_clusters``: both halves move apart by 1/1024, up in one dimension and down in the next."""
    points = torch.tensor([[4.0, 2.0]] * 9 + [[-1.0, -1.0]], dtype=torch.float64)
    generator = seeded(4)
    begun = torch.randperm(10, generator=seeded(4))[:2]
    assert 9 not in begun  # both centroids begin at the nine equal points, and one of them loses
    found = kmeans(points, 2, 1, 1, generator)
    middle = points.mean(dim=0)
    apart = torch.tensor([1 / 1024, -1 / 1024], dtype=torch.float64)
    assert torch.allclose(found[1], middle * (1 + apart))
    assert torch.allclose(found[0], middle * (1 - apart))
    after = kmeans(points, 2, 20, 1, seeded(4))
    assert sorted(after.tolist()) == [[-1.0, -1.0], [4.0, 2.0]]


@pytest.mark.parametrize("way", [lambda *given: kmeans(*given[:3], 1, given[3]), spherical_kmeans])
def test_clusters_that_are_there_are_found_and_too_many_refused(way: object) -> None:
    truth = torch.arange(200) % 4
    points = functional.normalize(torch.eye(4, dtype=torch.float64)[truth] + 0.1 * drawn(200, 4, 0), dim=1)
    # Of some beginnings, k-means ends in a worse place; the best of a few is the truth.
    ends = [way(points, 4, 30, seeded(seed)) for seed in range(8)]  # type: ignore[operator]
    best = max(ends, key=lambda centroids: (points @ centroids.T).max(dim=1).values.sum().item())
    found = nearest(points, best)
    assert all(len(found[truth == cluster].unique()) == 1 for cluster in range(4))
    assert torch.equal(ends[0], way(points, 4, 30, seeded(0)))  # type: ignore[operator]
    with pytest.raises(ValueError, match="201 clusters of 200 embeddings"):
        way(points, 201, 1, seeded(0))  # type: ignore[operator]


def test_proto_nce_is_the_second_term_of_equation_11() -> None:
    queries, centroids = directions(3, 5, 1), directions(4, 5, 2)
    phi, places = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64), torch.tensor([2, 0, 3])
    total = 0.0
    for i in range(3):
        scores = [math.exp(float(queries[i] @ centroids[k]) / phi[k].item()) for k in range(4)]
        total -= math.log(scores[places[i]] / sum(scores))
    assert proto_nce(queries, centroids, phi, places).item() == pytest.approx(total / 3, rel=1e-12)


def test_concentrations_are_equation_12_with_the_details_of_the_code() -> None:
    """https://github.com/salesforce/PCL, main_pcl.py, ``run_kmeans``.

    The mean distance over log(Z + 10); the largest one where there are fewer than two members; cut at the 10th and 90th
    percentile; the mean becomes the temperature.
    """
    keys, centroids = directions(60, 4, 1), 0.8 * directions(15, 4, 2)
    own = nearest(keys, centroids)
    own[0] = 14
    own[1:][own[1:] == 14] = 13  # one cluster of one member
    phi = np.zeros(15)
    for cluster in range(15):
        members = keys[own == cluster]
        if len(members) > 1:
            spread = np.mean([(one - centroids[cluster]).norm().item() for one in members])
            phi[cluster] = spread / math.log(len(members) + 10)
    assert phi[14] == 0
    phi[phi == 0] = phi.max()
    clipped = np.clip(phi, np.percentile(phi, 10), np.percentile(phi, 90))
    assert not np.allclose(clipped, phi)
    found = concentrations(keys, centroids, own, 0.2)
    assert np.allclose(found.numpy(), 0.2 * clipped / clipped.mean())
