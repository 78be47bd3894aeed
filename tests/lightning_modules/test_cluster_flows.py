"""Where the targets of clusterings and of memory banks come from: each loss from its parts.

Views, memories and clusterings differ, so that an assignment of another view, a memory that is not updated or
prototypes that are never set would give another number. Temperatures and shares are the papers'.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lightning_modules.self_supervision.bank import MemoryBank
from lightning_modules.self_supervision.clustering import OfflineLearner, Prototypes, SwavLearner
from lightning_modules.self_supervision.instances import BankLearner, InsDisLearner, PirlLearner
from tests.lightning_modules.distinct import (
    BATCH,
    INDEX,
    SAMPLES,
    embedded,
    every,
    images,
    learner,
    moved_share,
    unit,
    views,
)

OFFLINE = ["deepcluster_v2", "sela_v2"]
SHARES = {"swav": (0.05, 3), "sela_v2": (0.05, 10)}  # epsilon and iterations


def by_size(method: SwavLearner | OfflineLearner, given: list[Tensor]) -> list[Tensor]:
    """Embeddings of two large and two small crops, as src/resnet50.py of SwAV's code has them: one pass of the backbone
    a size, one of the head for all."""
    backbone, head = method.online.backbone, method.online.head
    features = torch.cat([backbone(torch.cat(given[:2])), backbone(torch.cat(given[2:]))])
    return list(torch.split(unit(head(features)), BATCH))


def equal_shares(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """main_swav.py, ``distributed_sinkhorn``."""
    q = np.exp(scores.detach().numpy().T / epsilon)
    q /= q.sum()
    for _ in range(iterations):
        q = q / q.sum(axis=1, keepdims=True) / q.shape[0]
        q = q / q.sum(axis=0, keepdims=True) / q.shape[1]
    return torch.from_numpy(q.T * q.shape[1])


def test_swavs_views_predict_the_assignments_of_the_two_large_ones() -> None:
    """main_swav.py: of each of two crops the shares, which every other crop predicts at a temperature of 0.1."""
    method, given = learner("swav(dimensions=4, hidden=8, prototypes=3)"), views(16, 16, 8, 8)
    assert isinstance(method, SwavLearner)
    scores = [one @ method.prototypes.weight.T for one in by_size(method, given)]
    total = torch.zeros((), dtype=torch.float64)
    for assigned in (0, 1):
        shares = equal_shares(scores[assigned], *SHARES["swav"])
        others = [place for place in range(4) if place != assigned]
        losses = [-(shares * (scores[one] / 0.1).log_softmax(dim=1)).sum(dim=1).mean() for one in others]
        total = total + torch.stack(losses).mean() / 2
    loss = method.loss(given, INDEX)
    assert loss.item() == pytest.approx(total.item(), rel=1e-9)
    trained = [one for one in method.parameters() if one.requires_grad]
    for ours, theirs in zip(torch.autograd.grad(loss, trained), torch.autograd.grad(total, trained), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-9)  # none through the shares


@pytest.mark.parametrize(("step", "kept"), [(0, False), (312, False), (313, True)])
def test_swavs_prototypes_rest_for_313_steps(step: int, kept: bool) -> None:
    """scripts/swav_800ep_pretrain.sh, ``freeze_prototypes_niters``; main_swav.py sets the gradient to None."""
    method, given = learner("swav(dimensions=4, hidden=8, prototypes=3)"), views(16, 16)
    assert isinstance(method, SwavLearner)
    method.loss(given, INDEX).backward()
    method.before_step(step)
    assert (method.prototypes.weight.grad is not None) is kept
    assert all(one.grad is not None for one in method.online.parameters())


def test_trained_prototypes_return_to_the_sphere_after_a_step() -> None:
    for method in (
        learner("swav(dimensions=4, hidden=8, prototypes=3)"),
        learner("sela_v2(dimensions=4, hidden=8, prototypes=(3, 4))"),
    ):
        every_set = [one for one in method.modules() if isinstance(one, Prototypes)]
        before = [one.weight.clone() for one in every_set]
        for one in every_set:
            one.weight.data *= torch.rand(len(one.weight), 1, dtype=torch.float64) + 0.5
        method.after_step(0.0)
        for one, old in zip(every_set, before, strict=True):
            assert torch.allclose(one.weight, unit(old))


def offline(name: str) -> OfflineLearner:
    method = learner(f"{name}(dimensions=4, hidden=8, prototypes=(2, 3, 3))")
    assert isinstance(method, OfflineLearner)
    return method


def memories(method: OfflineLearner) -> list[Tensor]:
    found = []
    for bank in method.banks:
        assert isinstance(bank, MemoryBank)
        found.append(bank.entries)
    return found


@pytest.mark.parametrize("name", OFFLINE)
def test_memories_begin_with_every_image_and_take_one_view_each(name: str) -> None:
    method, everything, given = offline(name), images(SAMPLES, 16, 3), views(16, 16, 8, 8)
    method.before_epoch(0, every(everything), torch.Generator().manual_seed(0))
    begun = unit(embedded(method.online, everything)).detach()
    assert len(memories(method)) == 2
    assert all(torch.allclose(one, begun) for one in memories(method))

    rows = by_size(method, given)
    method.loss(given, INDEX)
    rest = [place for place in range(SAMPLES) if place not in INDEX.tolist()]
    for number, one in enumerate(memories(method)):
        assert torch.allclose(one[INDEX], rows[number])
        assert torch.equal(one[rest], begun[rest])
    assert not torch.allclose(rows[0], rows[1])
    method.before_epoch(1, lambda _: pytest.fail("the memories are there"), torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", OFFLINE)
def test_every_view_predicts_its_images_assignment_in_every_clustering(name: str) -> None:
    method, given = offline(name), views(16, 16, 8, 8)
    for number, count in enumerate((2, 3, 3)):
        method.assignments[number] = (torch.arange(SAMPLES) * (number + 2) + number) % count
    terms = []
    for row in by_size(method, given):
        for number, prototypes in enumerate(method.prototypes):
            logits = row @ prototypes.weight.T / 0.1  # type: ignore[operator]
            shares = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
            terms += [-math.log(shares[k, method.assignments[number][INDEX[k]]].item()) for k in range(BATCH)]
    assert method.loss(given, INDEX).item() == pytest.approx(sum(terms) / len(terms), rel=1e-9)


def test_deepclusters_clusterings_take_the_two_memories_in_turn_and_set_its_prototypes() -> None:
    """main_deepclusterv2.py, ``cluster_memory``: j = (j + 1) % len(crops_for_assign), from 0 in each epoch."""
    method = offline("deepcluster_v2")
    # Memories whose clusters are plain to see, and other ones in each; k-means finds them from any two beginnings.
    corners = torch.eye(4, dtype=torch.float64)
    truths = [torch.arange(SAMPLES) % 2, torch.arange(SAMPLES) // 6 + 2]
    for memory, truth in zip(memories(method), truths, strict=True):
        memory.copy_(functional.normalize(corners[truth] + 0.01 * torch.rand(SAMPLES, 4, dtype=torch.float64), dim=1))
    for epoch in (3, 4):
        method.before_epoch(
            epoch, lambda _: pytest.fail("the memories are there"), torch.Generator().manual_seed(epoch)
        )
        for number, (prototypes, assigned) in enumerate(zip(method.prototypes, method.assignments, strict=True)):
            memory, truth = memories(method)[number % 2], truths[number % 2]
            assert isinstance(prototypes, Prototypes)
            assert not prototypes.weight.requires_grad
            assert torch.equal((memory @ prototypes.weight.T).argmax(dim=1), assigned)
            assert all(len(truth[assigned == cluster].unique()) == 1 for cluster in assigned.unique())
            for cluster in assigned.unique().tolist():
                assert torch.allclose(
                    prototypes.weight[cluster], functional.normalize(memory[assigned == cluster].sum(dim=0), dim=0)
                )


def test_selas_assignments_are_equal_shares_of_the_two_memories_in_turn() -> None:
    method = offline("sela_v2")
    for number, memory in enumerate(memories(method)):
        memory.copy_(unit(images(SAMPLES, 1, number).flatten(1) @ torch.randn(3, 4, dtype=torch.float64)))
    method.before_epoch(3, lambda _: pytest.fail("the memories are there"), torch.Generator())
    other = 0
    for number, prototypes in enumerate(method.prototypes):
        assert isinstance(prototypes, Prototypes)
        assert prototypes.weight.requires_grad
        found = [
            equal_shares(memory @ prototypes.weight.T, *SHARES["sela_v2"]).argmax(dim=1) for memory in memories(method)
        ]
        assert torch.equal(method.assignments[number], found[number % 2])
        other += not torch.equal(found[0], found[1])
    assert other == 3


def banked(method: BankLearner, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """A memory of directions that differ, and three negatives of each image in place of drawn ones."""
    method.bank.entries.copy_(unit(torch.randn(SAMPLES, 4, dtype=torch.float64)))
    others = (INDEX[:, None] + torch.tensor([1, 3, 8])) % SAMPLES
    monkeypatch.setattr(method, "drawn", lambda index: others)
    return others


def candidates(rows: Tensor, entries: Tensor, others: Tensor) -> list[list[float]]:
    """exp(cosine / 0.07) of each image to its own memory first, then to its negatives'."""
    return [
        [math.exp(float(row @ entries[place]) / 0.07) for place in [own, *wrong]]
        for row, own, wrong in zip(rows, INDEX.tolist(), others.tolist(), strict=True)
    ]


def test_insdis_tells_an_images_memory_from_noise_with_the_first_batchs_constant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wu et al. 2018, equations 6 to 8, and lib/NCEAverage.py of lemniscate.pytorch: Z from all of its scores."""
    method = learner("insdis(dimensions=4, negatives=3)")
    assert isinstance(method, InsDisLearner)
    others = banked(method, monkeypatch)
    normalizer = 0.0
    for seed in (1, 2):
        given = [images(BATCH, 16, seed)]
        rows, before = unit(embedded(method.online, given[0])).detach(), method.bank.entries.clone()
        scores = candidates(rows, before, others)
        normalizer = normalizer or float(np.mean(scores)) * SAMPLES
        total = 0.0
        for right, *noise in scores:
            total -= math.log(right / normalizer / (right / normalizer + 3 / SAMPLES))
            total -= sum(math.log(3 / SAMPLES / (one / normalizer + 3 / SAMPLES)) for one in noise)
        assert method.loss(given, INDEX).item() == pytest.approx(total / BATCH, rel=1e-9)
        assert torch.equal(method.bank.entries, before)
        method.after_step(0.0)
        assert torch.allclose(method.bank.entries[INDEX], moved_share(before[INDEX], rows, 0.5))
        method.bank.entries.copy_(before)


def test_pirls_image_and_puzzle_both_find_the_memory_which_learns_from_the_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Misra and van der Maaten 2020, equations 3 to 5, with the puzzle's share lambda."""
    method = learner("pirl(dimensions=4, negatives=3, jigsaw=0.3, patch=8)")
    assert isinstance(method, PirlLearner)
    others, given = banked(method, monkeypatch), views(16, 24)
    with torch.no_grad():  # a layer for which the patches' order is all one
        weight = method.jigsaw_head.together.weight.view(4, 9, 4)
        weight.copy_(weight.mean(dim=1, keepdim=True).expand_as(weight))
    cut = [
        given[1][:, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] for row in range(3) for column in range(3)
    ]
    each = method.jigsaw_head.each(method.online.backbone(torch.cat(cut))).view(9, BATCH, 4)
    rows = unit(embedded(method.online, given[0])).detach()
    puzzle = unit(method.jigsaw_head.together(each.transpose(0, 1).flatten(1))).detach()
    before, expected = method.bank.entries.clone(), 0.0
    for share, asking in ((0.3, puzzle), (0.7, rows)):
        for scores in candidates(asking, before, others):
            shares = [one / sum(scores) for one in scores]
            lost = -math.log(shares[0]) - sum(math.log(1 - one) for one in shares[1:])
            expected += share * lost / BATCH
    assert method.loss(given, INDEX).item() == pytest.approx(expected, rel=1e-6)
    method.after_step(0.0)
    assert torch.allclose(method.bank.entries[INDEX], moved_share(before[INDEX], rows, 0.5))
    rest = [place for place in range(SAMPLES) if place not in INDEX.tolist()]
    assert torch.equal(method.bank.entries[rest], before[rest])


@pytest.mark.parametrize("name", ["insdis", "pirl"])
def test_there_are_as_many_negatives_as_other_images_at_most(name: str) -> None:
    asked = {SAMPLES - 2: SAMPLES - 2, SAMPLES - 1: SAMPLES - 1, SAMPLES: SAMPLES - 1, 32_000: SAMPLES - 1}
    for negatives, found in asked.items():
        method = learner(f"{name}(dimensions=4, negatives={negatives})")
        assert isinstance(method, BankLearner)
        assert method.drawn(INDEX).shape == (len(INDEX), found)


@pytest.mark.parametrize("name", ["insdis", "pirl"])
def test_noise_is_drawn_from_all_other_images(name: str) -> None:
    method = learner(f"{name}(dimensions=4, negatives=11)")
    assert isinstance(method, BankLearner)
    torch.manual_seed(0)
    drawn = torch.stack([method.drawn(INDEX) for _ in range(300)])
    for place, own in enumerate(INDEX.tolist()):
        counts = torch.bincount(drawn[:, place].flatten(), minlength=SAMPLES)
        assert counts[own] == 0
        assert (counts[torch.arange(SAMPLES) != own] - 300).abs().max() < 80  # of 3300 draws each should have 300
