"""Batch statistics of groups of a batch, and keys that are computed among strangers, in one process."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lightning_modules.self_supervision.groups import in_groups, shuffled
from lightning_modules.self_supervision.moco import MocoLearner
from specs.errors import UsageError
from tests.lightning_modules.distinct import BATCH, INDEX, embedded, learner, unit, views


def standardized(rows: Tensor) -> Tensor:
    return (rows - rows.mean(dim=0)) / rows.std(dim=0)


def test_each_group_has_statistics_of_its_own() -> None:
    rows = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    expected = torch.cat([standardized(rows[:4]), standardized(rows[4:])])
    assert torch.equal(in_groups(standardized, rows, 2), expected)
    assert torch.equal(in_groups(standardized, rows, 1), standardized(rows))
    assert [len(part) for part in sizes(7, 3)] == [3, 2, 2]


def sizes(count: int, groups: int) -> list[Tensor]:
    found: list[Tensor] = []
    in_groups(lambda rows: found.append(rows) or rows, torch.zeros(count, 1), groups)  # type: ignore[func-returns-value]
    return found


def test_a_group_of_one_has_no_statistics() -> None:
    assert len(sizes(16, 8)) == 8
    with pytest.raises(UsageError, match="a batch of 15 images makes 8 groups of fewer than two"):
        sizes(15, 8)


def test_keys_come_back_from_groups_that_are_drawn_anew() -> None:
    rows = torch.arange(8.0)[:, None]
    neighbours = set()
    for seed in range(40):
        torch.manual_seed(seed)
        found = shuffled(lambda them: torch.cat([them, them.sum(dim=0).expand(len(them), 1)], dim=1), rows, 4)
        assert torch.equal(found[:, :1], rows)
        neighbours.add(found[0, 1].item())  # of row 0, its only neighbour's number
    assert neighbours == set(range(1, 8))
    alone = shuffled(lambda them: torch.cat([them, them.sum(dim=0).expand(len(them), 1)], dim=1), rows, 1)
    assert (alone[:, 1] == 28).all()


def test_mocos_queries_are_computed_group_by_group_and_its_keys_in_shuffled_groups() -> None:
    """He et al. 2020, section 3.3: 8 GPUs, whose images share statistics."""
    method = learner("moco_v2(dimensions=4, hidden=8, queue=6, groups=2)")
    assert isinstance(method, MocoLearner)
    given = views(16, 16)
    parts = [given[0][:3], given[0][3:]]
    queries = torch.cat([unit(embedded(method.online, part)) for part in parts])
    torch.manual_seed(5)
    order = torch.randperm(BATCH)
    parts = [given[1][order[:3]], given[1][order[3:]]]
    keys = torch.cat([unit(embedded(method.slow.network, part)) for part in parts])[order.argsort()]
    scores = torch.cat([(queries * keys).sum(dim=1, keepdim=True), queries @ method.queue.keys.T], dim=1) / 0.2
    expected = nn.functional.cross_entropy(scores, torch.zeros(BATCH, dtype=torch.long))
    torch.manual_seed(5)
    assert method.loss(given, INDEX).item() == pytest.approx(expected.item(), rel=1e-9)
    method.after_step(0.0)
    assert torch.allclose(method.queue.keys[:BATCH], keys, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["moco_v1", "pcl_v1", "pcl_v2", "infomin"])
def test_the_other_methods_with_a_slow_copy_do_so_too(name: str) -> None:
    method = learner(f"{name}(dimensions=4, queue=6, groups=2{', patch=8' * (name == 'infomin')})")
    seen: list[int] = []
    method.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    assert isinstance(method, MocoLearner)
    method.slow.network.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(-len(inputs[0])))
    method.loss(views(16, 16, 24), INDEX)
    assert sorted(seen) == [-3, -2, 2, 3] + [18, 27] * (name == "infomin")
