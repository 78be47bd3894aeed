"""Similarity of pairs of finished runs."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.measures.measuring.representations import similarities
from experiments.run.paths import Paths
from experiments.run.store import Record
from experiments.studies.transfusion.network_pairs import Pairs, named, pairs
from specs.errors import UsageError
from tests.experiments.finished import STAGES, start_of, with_weights


@pytest.fixture(scope="module")
def records(record: Record, transferred: Record) -> dict[str, Record]:
    return {"random": record, "transferred": transferred, "again": record}


@pytest.fixture(scope="module")
def found(records: dict[str, Record], where: Paths) -> Pairs:
    return pairs(records, STAGES, where)


def test_every_pair_is_there_once_with_the_wanted_stages(
    found: Pairs, records: dict[str, Record], where: Paths
) -> None:
    assert list(found) == list(itertools.combinations(records, 2))
    assert all(list(stages) == STAGES for stages in found.values())
    some = pairs(dict(itertools.islice(records.items(), 2)), ["layer3", "conv1"], where)
    assert list(some) == [("random", "transferred")]
    stages = found["random", "transferred"]
    assert some["random", "transferred"] == {"layer3": stages["layer3"], "conv1": stages["conv1"]}


def test_the_same_run_under_two_names_is_one_before_and_after_training(found: Pairs) -> None:
    """All channels are taken, since there are at most 64."""
    for stage in STAGES:
        alike = found["random", "again"][stage]
        assert (alike.before, alike.after) == pytest.approx((1, 1), abs=1e-6)


def test_networks_that_began_apart_differ_and_stand_above_the_floor(found: Pairs) -> None:
    for stage in found["random", "transferred"].values():
        assert stage.floor < stage.before < 0.9
        assert stage.floor < stage.after < 0.9


def test_the_order_of_two_networks_does_not_matter_where_all_channels_are_taken(
    found: Pairs, records: dict[str, Record], where: Paths
) -> None:
    """Images and pixels are drawn alike whichever comes first; of more than 64 channels others would be drawn."""
    turned = pairs(dict(reversed(records.items())), STAGES, where)
    for (a, b), stages in found.items():
        for stage, one in stages.items():
            other = turned[b, a][stage]
            assert (one.before, one.after, one.floor) == pytest.approx(
                (other.before, other.after, other.floor), abs=1e-8
            )


def test_of_wide_stages_each_network_has_channels_of_its_own() -> None:
    rng = np.random.default_rng(0)
    one, other = ({"wide": rng.normal(size=(40, 80, 16, 16)).astype(np.float32)} for _ in range(2))
    (a, b), *_ = similarities(one, other, same_channels=False)["wide"].channels
    assert len(a) == len(b) == 64
    assert a.tolist() != b.tolist()
    same = similarities(one, one, same_channels=False)["wide"].mean
    assert 0.6 < same < 0.95  # 64 of 80: two draws share 51 on average
    assert similarities(one, one, same_channels=True)["wide"].mean == pytest.approx(1, abs=1e-6)


def test_only_what_training_did_tells_before_from_after(record: Record, where: Paths, copies: Path) -> None:
    start = start_of(record, where)
    name = "backbone.network.layer2.conv1.conv.weight"
    drawn = torch.randn(start[name].shape, generator=torch.Generator().manual_seed(0))
    untouched = with_weights(record, start, copies / "untouched")
    changed = with_weights(record, start | {name: drawn}, copies / "changed")
    ((stages),) = pairs({"untouched": untouched, "changed": changed}, STAGES, where).values()
    for stage in STAGES:
        assert stages[stage].before == pytest.approx(1, abs=1e-6)
    assert stages["layer1"].after == pytest.approx(1, abs=1e-6)
    assert stages["layer2"].after < 0.95


def test_an_unknown_stage_lists_the_near_matches(record: Record, where: Paths) -> None:
    with pytest.raises(UsageError, match=r'"layer9".*Did you mean "layer'):
        pairs({"one": record, "two": record}, ["layer9"], where)


def test_networks_are_named_by_row_and_seed(record: Record) -> None:
    assert named("from scratch", [record]) == {"from scratch 0": record}
