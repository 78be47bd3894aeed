"""Similarity before and after training: figure 3 of Transfusion shows what the method must show."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import CCA

from analysis.convolutional import folded, pixel_cca
from analysis.similarity import independent_floor
from backbones.networks.collecting import collect_stages
from backbones.networks.contract import Backbone
from experiments.measures.measuring.measure import Found, measure_of
from experiments.measures.measuring.representations import REPEATS, ROWS, similarities, stage_maps
from experiments.measures.similarity import before_and_after
from experiments.run.paths import Paths
from experiments.run.restored import before_training, restore
from experiments.run.store import Record
from specs.errors import DataError, RunError
from specs.registry import BACKBONES
from tests.experiments.finished import STAGES, start_of, with_weights

PIXELS = {"conv1": 28**2, "layer1": 14**2, "layer2": 7**2, "layer3": 4**2}
"""Of each stage's map, of images of 28 pixels."""


@pytest.fixture(scope="module")
def found(record: Record, where: Paths) -> Found:
    return before_and_after(record, where)


def test_a_stage_before_training_is_one_with_itself(found: Found) -> None:
    for stage in STAGES:
        assert found[f"untouched:{stage}"] == pytest.approx(1, abs=1e-6)


def test_an_untouched_network_is_one_with_itself_at_every_stage(record: Record, where: Paths, copies: Path) -> None:
    untouched = with_weights(record, start_of(record, where), copies)
    measured = before_and_after(untouched, where)
    for stage in STAGES:
        assert measured[stage] == pytest.approx(1, abs=1e-6)
        assert measured[f"unrelated:{stage}"] < 0.6


def test_a_changed_stage_shows_in_itself_and_behind_it_and_not_before_it(
    record: Record, where: Paths, copies: Path
) -> None:
    start = start_of(record, where)
    name = "backbone.network.layer2.conv1.conv.weight"
    drawn = torch.randn(start[name].shape, generator=torch.Generator().manual_seed(0))
    measured = before_and_after(with_weights(record, start | {name: drawn}, copies), where)
    assert measured["conv1"] == pytest.approx(1, abs=1e-6)
    assert measured["layer1"] == pytest.approx(1, abs=1e-6)
    assert measured["layer2"] < 0.95
    assert measured["layer3"] < 0.95


def test_after_training_it_lies_in_zero_to_one_above_its_floors(found: Found) -> None:
    for stage in STAGES:
        assert 0 <= found[f"floor:{stage}"] < found[f"unrelated:{stage}"] < found[stage] < 1


def test_one_repeat_over_all_rows_is_scikit_learns_cca(record: Record, where: Paths) -> None:
    """The coefficients of scikit-learn's are the correlations of its scores."""
    network = restore(record, where)
    after = stage_maps(network, stages=["layer1"])["layer1"]
    before = stage_maps(network, before_training(record, where), ["layer1"])["layer1"]
    ours = pixel_cca(before, after, same_channels=True, seed=0, rows=after[:, 0].size, repeats=1)
    components = min(ours.ranks[0])
    x, y = (folded(maps).astype(np.float64) for maps in (before, after))
    scores = CCA(n_components=components, scale=False, max_iter=5000, tol=1e-12).fit(x, y).transform(x, y)
    theirs = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores[0].T, scores[1].T, strict=True)]
    assert ours.mean == pytest.approx(np.mean(theirs), abs=1e-4)


def test_each_stage_says_what_was_compared(found: Found) -> None:
    for number, stage in enumerate(STAGES):
        details, channels = found["details"][stage], 4 * 2**number
        assert details["rows"] == min(round(ROWS / PIXELS[stage]), 120) * PIXELS[stage]  # 120 test images
        assert len(details["channels"]) == len(details["ranks"]) == len(details["repeats"]) == REPEATS
        assert found[stage] == pytest.approx(np.mean(details["repeats"]))
        for drawn, ranks in zip(details["channels"], details["ranks"], strict=True):
            assert drawn == list(range(channels))  # all, being fewer than 64; the same before and after
            assert max(ranks) <= channels
        floors = [independent_floor(*ranks, details["rows"]) for ranks in details["ranks"]]
        assert found[f"floor:{stage}"] == pytest.approx(np.mean(floors))


def test_the_same_run_gives_the_same_numbers_which_are_plain_data(found: Found, record: Record, where: Paths) -> None:
    again = before_and_after(record, where)
    assert json.dumps(again, allow_nan=False) == json.dumps(found, allow_nan=False)


def test_a_stage_that_does_not_vary_has_no_similarity(record: Record, where: Paths, copies: Path) -> None:
    name = "backbone.network.layer3.{}.bn.{}"
    dead = {name.format(part, what): torch.zeros(32) for part in ("conv2", "shortcut") for what in ("weight", "bias")}
    measured = before_and_after(with_weights(record, dead, copies), where)
    assert measured["layer3"] is None
    assert measured["layer2"] is not None
    json.dumps(measured, allow_nan=False)


def test_both_networks_are_shown_the_same_images_in_the_same_order(record: Record, where: Paths) -> None:
    network = restore(record, where)
    one, same = stage_maps(network), stage_maps(network, network.module.backbone, STAGES)
    for stage in STAGES:
        assert np.array_equal(one[stage], same[stage])
        assert one[stage].shape[0] == min(REPEATS * round(ROWS / PIXELS[stage]), 120)
        assert math.prod(one[stage].shape[2:]) == PIXELS[stage]


def test_its_columns_know_what_to_hold_the_number_against(found: Found) -> None:
    name, measure, number = measure_of("similarity:layer1")
    assert (name, number, measure.compute) == ("similarity", "layer1", before_and_after)
    for level in measure.levels:
        assert 0 <= found[f"{level}:{number}"] <= 1 + 1e-9


FIELDS = {"conv1": (3, 1), "layer1": (9, 2), "layer2": (21, 4), "layer3": (45, 8)}
"""Pixels that a value of each stage of ``tiny`` depends on, and the stride, both in pixels of the input.

A 3x3 convolution widens the field by twice the stride of its input (Araujo, Norris and Sim 2019,
https://distill.pub/2019/computing-receptive-fields).
"""


@pytest.mark.parametrize("stage", STAGES)
def test_a_value_depends_on_as_many_pixels_as_said(stage: str) -> None:
    field, stride = FIELDS[stage]
    image = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0)).requires_grad_()
    backbone: Backbone = BACKBONES.build("tiny(width=16)").eval()
    maps = backbone.features(image)[STAGES.index(stage)]
    maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].sum().backward()
    seen = image.grad.abs().sum(dim=(0, 1)).nonzero()
    assert (seen.max(dim=0)[0] - seen.min(dim=0)[0] + 1).tolist() == [field, field]
    assert maps.shape[2] == 160 // stride


def test_unrelated_networks_shown_unrelated_noise_are_at_the_floor_at_every_stage() -> None:
    """Rows are so far apart that they share no pixel, and away from the border, so they are independent draws."""
    draws = 6
    differences: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for seed in range(draws):
        rows = [independent_rows(seed, network) for network in ("one", "other")]
        for stage in STAGES:
            found = pixel_cca(*(of[stage] for of in rows), same_channels=False, seed=0, rows=10**6, repeats=1)
            assert found.rows == len(rows[0][stage]) >= 5 * max(found.ranks[0])
            differences[stage].append(found.mean - found.floor)
    for of in differences.values():
        error = np.std(of, ddof=1) / math.sqrt(draws)
        assert abs(np.mean(of)) < 4 * error < 0.05


def independent_rows(seed: int, network: str) -> dict[str, np.ndarray]:
    """What a random network of its own makes of noise of its own: by stage, (rows, channels, 1, 1)."""
    generator = torch.Generator().manual_seed(2 * seed + (network == "other"))
    backbone: Backbone = BACKBONES.build("tiny(width=4)")
    backbone.network.load_state_dict(backbone.draw(generator))
    rows = {}
    for stage, maps in collect_stages(backbone, torch.randn(40, 3, 104, 104, generator=generator)).items():
        field, stride = FIELDS[stage]
        margin = math.ceil(field / stride / 2)
        inside = maps[:, :, margin:-margin, margin:-margin].numpy()
        rows[stage] = folded(inside, math.ceil(field / stride))[:, :, None, None]
    return rows


@pytest.mark.parametrize(
    ("maps", "kind", "message"),
    [
        (np.ones((1, 4, 3, 3)), DataError, r"the stage conv1 cannot be compared on 1 test images of 3 x 3 pixels"),
        (
            np.random.default_rng(0).normal(size=(2, 30, 2, 2)),
            DataError,
            r"8 samples for .* larger test split",
        ),
        (np.full((3, 4, 3, 3), np.nan), RunError, r"the stage conv1 of a network has values that are not finite"),
    ],
    ids=["one image", "few pixels", "diverged"],
)
def test_what_cannot_be_compared_is_said_with_the_stage_and_the_remedy(
    maps: np.ndarray, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        similarities({"conv1": maps}, {"conv1": maps}, same_channels=True, unrelated=True)
