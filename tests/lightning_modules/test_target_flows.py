"""Where the targets of contrastive methods and of those with a slow copy come from: each loss from its parts.

Networks and views differ, so that a query for a key, the online network for its slow copy, or a view for another would
give another number. Momenta, temperatures and shares are the papers'.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lightning_modules.self_supervision.byol import ByolLearner
from lightning_modules.self_supervision.moco import InfoMinLearner, MocoLearner
from lightning_modules.self_supervision.prototypical import PclLearner
from tests.lightning_modules.distinct import (
    BATCH,
    INDEX,
    SAMPLES,
    embedded,
    every,
    images,
    learner,
    told_apart,
    unit,
    views,
)

# He et al. 2020, section 3.3; Chen et al. 2020 (MoCo-v2), table 1; Li et al. 2021, section 4.1 (PCL-v1), and the
# command in https://github.com/salesforce/PCL (README.md, PCL-v2).
TEMPERATURES = {"moco_v1": 0.07, "moco_v2": 0.2, "pcl_v1": 0.1, "pcl_v2": 0.2}
MOMENTUM = 0.999  # of the key encoder, He et al. 2020, section 4.1; all of these methods
KMEANS = "clusters=(3, 4), negatives=9, warmup=2"


def made(name: str) -> MocoLearner:
    hidden = "" if name.endswith("v1") else "hidden=8, "
    clusters = f", {KMEANS}" if name.startswith("pcl") else ""
    found = learner(f"{name}(dimensions=4, {hidden}queue=6, groups=1{clusters})")
    assert isinstance(found, MocoLearner)
    return found


def info_nce(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> float:
    return told_apart((queries * keys).sum(dim=1) / temperature, queries @ queue.T / temperature)


@pytest.mark.parametrize("name", list(TEMPERATURES))
def test_the_first_view_asks_the_slow_copys_second_view(name: str) -> None:
    method, given = made(name), views(16, 16)
    queue = method.queue.keys.clone()
    queries, keys = unit(embedded(method.online, given[0])), unit(embedded(method.slow.network, given[1]))
    expected = info_nce(queries, keys, queue, TEMPERATURES[name])
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)
    assert torch.equal(method.queue.keys, queue)  # a key is not among its own negatives

    before = [one.clone() for one in method.slow.parameters()]
    method.after_step(0.0)
    assert torch.allclose(method.queue.keys[:BATCH], keys, rtol=0, atol=1e-12)
    assert torch.equal(method.queue.keys[BATCH:], queue[BATCH:])
    for old, now, leader in zip(before, method.slow.parameters(), method.online.parameters(), strict=True):
        assert torch.allclose(now, MOMENTUM * old + (1 - MOMENTUM) * leader, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["pcl_v1", "pcl_v2"])
def test_prototypes_are_clusters_of_the_slow_copys_embeddings_from_the_end_of_the_warm_up(name: str) -> None:
    method = made(name)
    assert isinstance(method, PclLearner)
    method.eval()  # as whoever gives every image's rows sees to
    seen: list[Tensor] = []
    everything = images(SAMPLES, 16, 3)
    for epoch in (0, 1):
        method.before_epoch(epoch, every(everything, seen), torch.Generator().manual_seed(epoch))
    assert not seen
    assert (method.assignments == -1).all()
    method.before_epoch(2, every(everything, seen), torch.Generator().manual_seed(2))
    assert len(seen) == 1
    assert torch.allclose(seen[0], unit(embedded(method.slow.network, everything)))
    for number, count in enumerate((3, 4)):
        means = torch.stack([seen[0][method.assignments[number] == cluster].mean(dim=0) for cluster in range(count)])
        assert torch.allclose(method.get_buffer(f"centroids{number}"), unit(means))
        distances = torch.cdist(seen[0], means)
        assert torch.equal(distances.argmin(dim=1), method.assignments[number])
        phi = torch.zeros(count, dtype=torch.float64)
        for cluster in range(count):
            members = method.assignments[number] == cluster
            if members.sum() > 1:
                phi[cluster] = distances[members, cluster].mean() / math.log(int(members.sum()) + 10)
        phi[phi == 0] = phi.max()
        phi = phi.clamp(phi.quantile(0.1).item(), phi.quantile(0.9).item())
        expected = TEMPERATURES[name] * phi / phi.mean()
        assert torch.allclose(method.get_buffer(f"concentration{number}"), expected)


@pytest.mark.parametrize("name", ["pcl_v1", "pcl_v2"])
def test_a_query_is_told_from_all_prototypes_of_the_batch_and_from_others_that_all_share(name: str) -> None:
    """https://github.com/salesforce/PCL, pcl/builder.py: the batch's prototypes, one an image, then the negatives."""
    method, given = made(name), views(16, 16)
    method.assignments[:] = torch.stack([torch.arange(SAMPLES) % 3, (torch.arange(SAMPLES) * 7 + 1) % 4])
    method.assignments[0][method.assignments[0] == 2] = 0  # no image is in the third cluster of the first clustering
    for number in range(2):
        for kind in (f"centroids{number}", f"concentration{number}"):
            torch.manual_seed(len(kind) + number)
            drawn = torch.rand_like(method.get_buffer(kind)) + 0.1
            method.get_buffer(kind).copy_(unit(drawn) if drawn.ndim == 2 else drawn)
    queries, keys = unit(embedded(method.online, given[0])).detach(), unit(embedded(method.slow.network, given[1]))
    terms = []
    for number, count in enumerate((3, 4)):
        own = method.assignments[number][INDEX].tolist()
        candidates = own + [cluster for cluster in range(count) if cluster not in own]
        assert len(candidates) > len(set(candidates))  # two images of a cluster are each other's negatives
        total = 0.0
        for row in range(BATCH):
            scores = [
                math.exp(
                    float(queries[row] @ method.get_buffer(f"centroids{number}")[cluster])
                    / float(method.get_buffer(f"concentration{number}")[cluster])
                )
                for cluster in candidates
            ]
            total -= math.log(scores[row] / sum(scores))
        terms.append(total / BATCH)
    expected = info_nce(queries, keys, method.queue.keys, TEMPERATURES[name]) + sum(terms) / 2
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)


def test_negative_prototypes_are_none_of_the_batchs_and_none_comes_twice() -> None:
    method = learner("pcl_v1(dimensions=4, queue=6, groups=1, clusters=(20,), negatives=7)", 60)
    assert isinstance(method, PclLearner)
    torch.manual_seed(0)
    drawn = [method.others(0, torch.tensor([3, 5, 3, 19])).tolist() for _ in range(200)]
    assert all(len(set(one)) == 7 for one in drawn)
    assert {cluster for one in drawn for cluster in one} == set(range(20)) - {3, 5, 19}
    assert len(method.others(0, torch.arange(15))) == 5  # all that are left


def test_infomin_asks_with_an_image_and_with_the_patches_of_another_view() -> None:
    """https://github.com/HobbitLong/PyContrast, contrast_trainer.py: (1 - beta) * image + beta * jigsaw."""
    method = learner("infomin(dimensions=4, hidden=8, queue=6, groups=1, jigsaw=0.3, patch=8)")
    assert isinstance(method, InfoMinLearner)
    given = views(16, 16, 24)  # patches as large as their cells: no place is drawn
    with torch.no_grad():  # a layer for which the patches' order is all one
        weight = method.jigsaw_head.together.weight.view(4, 9, 4)
        weight.copy_(weight.mean(dim=1, keepdim=True).expand_as(weight))
    queries, keys = unit(embedded(method.online, given[0])), unit(embedded(method.slow.network, given[1]))
    cut = [
        given[2][:, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] for row in range(3) for column in range(3)
    ]
    each = method.jigsaw_head.each(method.online.backbone(torch.cat(cut))).view(9, BATCH, 4)
    puzzle = unit(method.jigsaw_head.together(each.transpose(0, 1).flatten(1)))
    of_image, of_puzzle = (info_nce(asking, keys, method.queue.keys, 0.15) for asking in (queries, puzzle))
    assert method.loss(given, INDEX).item() == pytest.approx(0.7 * of_image + 0.3 * of_puzzle, rel=1e-9)
    method.after_step(0.0)
    assert torch.allclose(method.queue.keys[:BATCH], keys, rtol=0, atol=1e-12)


def test_byols_views_predict_each_other_in_the_target_network() -> None:
    method, given = learner("byol(dimensions=4, hidden=8)"), views(16, 16)
    assert isinstance(method, ByolLearner)
    expected = 0.0
    for one, other in ((0, 1), (1, 0)):
        predicted = unit(method.predictor(embedded(method.online, given[one])))
        target = unit(embedded(method.target.network, given[other]))
        expected += (predicted - target).square().sum(dim=1).mean().item()
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.004), (0.5, 0.002), (0.75, 0.004 * (1 - 2**-0.5) / 2)])
def test_byols_target_follows_by_a_cosine_from_0_996(progress: float, share: float) -> None:
    """Grill et al. 2020, section 3.2; byol/utils/schedules.py, ``target_ema``, of the steps that were done before."""
    method = learner("byol(dimensions=4, hidden=8)")
    assert isinstance(method, ByolLearner)
    before = [one.clone() for one in method.target.parameters()]
    method.after_step(progress)
    for old, now, leader in zip(before, method.target.parameters(), method.online.parameters(), strict=True):
        assert torch.allclose(now, (1 - share) * old + share * leader, rtol=0, atol=1e-12)


def test_barlow_twins_compares_two_views_each_with_statistics_of_its_own() -> None:
    method, given = learner("barlow_twins(head=(8, 6))"), views(16, 16)
    first, second = (embedded(method.online, view) for view in given)
    first, second = ((rows - rows.mean(0)) / (rows.var(0, correction=0) + 1e-5).sqrt() for rows in (first, second))
    correlation = (first.T @ second / BATCH).tolist()
    expected = sum(
        (1 - value) ** 2 if row == column else 0.0051 * value**2
        for row, values in enumerate(correlation)
        for column, value in enumerate(values)
    )
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["simclr_v1", "simclr_v2"])
def test_simclr_tells_the_other_view_from_the_rest_of_a_batch_of_both(name: str) -> None:
    """https://github.com/google-research/simclr: model.py concatenates the views, objective.py adds both losses."""
    method, given = learner(f"{name}(head=(8, 4))"), views(16, 16)
    rows = unit(embedded(method.online, torch.cat(given)))
    scores = rows @ rows.T / 0.1
    right = torch.stack([scores[row, (row + BATCH) % 10] for row in range(10)])
    wrong = torch.stack(
        [scores[row, [k for k in range(10) if k not in (row, (row + BATCH) % 10)]] for row in range(10)]
    )
    expected = told_apart(right[:BATCH], wrong[:BATCH]) + told_apart(right[BATCH:], wrong[BATCH:])
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-9)
