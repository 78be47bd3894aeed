"""How far training moved each stage, where that is known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from experiments.measures.distance import distances
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record
from tests.experiments.finished import STAGES, stage_of, start_of, with_weights


@pytest.mark.parametrize("scaled", STAGES)
def test_a_stage_whose_weights_grew_by_a_tenth_moved_by_a_tenth_and_no_other_moved(
    scaled: str, record: Record, where: Paths, copies: Path
) -> None:
    """Each stage has its own number; a known fault of the kind gives all of them the same."""
    start = start_of(record, where)
    grown = {name: 1.1 * tensor if stage_of(name) == scaled and parameter(name) else tensor
             for name, tensor in start.items()}  # fmt: skip
    found = distances(with_weights(record, grown, copies), where)
    for stage in STAGES:
        assert found[stage] == pytest.approx(0.1 if stage == scaled else 0, abs=1e-6)
        norm = math.sqrt(sum(
            (tensor.double() ** 2).sum().item()
            for name, tensor in start.items() if stage_of(name) == stage and parameter(name)
        ))  # fmt: skip
        assert found[f"absolute:{stage}"] == pytest.approx(0.1 * norm if stage == scaled else 0, rel=1e-5, abs=1e-6)


def parameter(name: str) -> bool:
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def test_running_statistics_do_not_count(record: Record, where: Paths, copies: Path) -> None:
    other = {name: tensor if parameter(name) else tensor + 7 for name, tensor in start_of(record, where).items()}
    found = distances(with_weights(record, other, copies), where)
    assert set(found.values()) == {0.0}


def test_a_bias_that_began_at_zero_counts(record: Record, where: Paths, copies: Path) -> None:
    start = start_of(record, where)
    name = "backbone.network.conv1.bn.bias"
    assert not start[name].any()
    found = distances(with_weights(record, start | {name: torch.tensor([3.0, 0.0, 4.0, 0.0])}, copies), where)
    assert found["absolute:conv1"] == pytest.approx(5)


@pytest.mark.parametrize("name", ["record", "transferred"])
def test_a_trained_network_moved_as_far_as_its_parameters_as_one_vector(
    name: str, where: Paths, request: pytest.FixtureRequest
) -> None:
    record: Record = request.getfixturevalue(name)
    found = distances(record, where)
    after, before = restore(record, where).module.backbone, before_training(record, where)
    vectors = torch.nn.utils.parameters_to_vector
    moved = torch.linalg.vector_norm(vectors(after.parameters()) - vectors(before.parameters()))
    assert math.hypot(*(found[f"absolute:{stage}"] for stage in STAGES)) == pytest.approx(moved.item(), rel=1e-5)
    assert len({found[stage] for stage in STAGES}) == len(STAGES)
    assert all(found[stage] > 0 for stage in STAGES)
    assert found.keys() == {*STAGES, *(f"absolute:{stage}" for stage in STAGES)}
