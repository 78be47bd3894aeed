"""Optimizers and schedules against torch's own closed forms."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from lightning_modules.optimization import EpochSchedule, build_optimizer, build_schedule
from specs.errors import UsageError
from specs.recipe import SGD, Adam, AdamW, Constant, Cosine, Optimizer, Plateau, Schedule


def parameter() -> nn.Parameter:
    return nn.Parameter(torch.tensor([1.0, -2.0]))


def sgd(rate: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD([parameter()], lr=rate)


def rates(schedule: EpochSchedule, optimizer: torch.optim.Optimizer, scores: list[float]) -> list[float]:
    """The learning rate of each epoch, the first before any score."""
    found = [optimizer.param_groups[0]["lr"]]
    for score in scores:
        optimizer.step()
        schedule.step(score)
        found.append(optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize(
    ("setting", "expected", "options"),
    [
        (Adam(1e-3, 0.1), torch.optim.Adam, {"lr": 1e-3, "weight_decay": 0.1}),
        (AdamW(1e-3), torch.optim.AdamW, {"lr": 1e-3, "weight_decay": 0.01}),
        (SGD(0.2, 0.8, 0.3), torch.optim.SGD, {"lr": 0.2, "momentum": 0.8, "weight_decay": 0.3}),
    ],
)
def test_an_optimizer_has_the_settings_of_the_recipe(
    setting: Optimizer, expected: type, options: dict[str, float]
) -> None:
    optimizer = build_optimizer(setting, [parameter()])
    assert type(optimizer) is expected
    assert {name: optimizer.defaults[name] for name in options} == options


def test_adams_first_step_is_the_learning_rate_against_the_gradients_sign() -> None:
    weight = parameter()
    optimizer = build_optimizer(Adam(0.25), [weight])
    weight.grad = torch.tensor([3.0, -0.5])
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([0.75, -1.75]))


def test_a_constant_rate_never_changes() -> None:
    optimizer = sgd()
    schedule = build_schedule(Constant(), optimizer, 3, higher_is_better=False)
    assert rates(schedule, optimizer, [1.0, math.nan, 9.0]) == [0.1] * 4


def test_cosine_without_warm_up_is_torchs_cosine_annealing() -> None:
    optimizer, reference = sgd(), sgd()
    found = rates(build_schedule(Cosine(), optimizer, 20, higher_is_better=False), optimizer, [0.0] * 20)
    torchs = CosineAnnealingLR(reference, T_max=20)
    expected = [0.1]
    for _ in range(20):
        reference.step()
        torchs.step()
        expected.append(reference.param_groups[0]["lr"])
    assert found == pytest.approx(expected, abs=1e-9)
    assert found[10] == pytest.approx(0.05) and found[20] == pytest.approx(0)


def test_cosine_with_warm_up_is_torchs_linear_growth_followed_by_cosine_annealing() -> None:
    optimizer, reference = sgd(), sgd()
    found = rates(build_schedule(Cosine(4), optimizer, 12, higher_is_better=True), optimizer, [0.0] * 11)
    growth = LinearLR(reference, start_factor=1 / 5, total_iters=4)
    torchs = SequentialLR(reference, [growth, CosineAnnealingLR(reference, T_max=8)], milestones=[4])
    expected = [reference.param_groups[0]["lr"]]
    for _ in range(11):
        reference.step()
        torchs.step()
        expected.append(reference.param_groups[0]["lr"])
    assert found == pytest.approx(expected, abs=1e-9)
    assert found[0] == pytest.approx(0.02) and max(found) == found[4] == pytest.approx(0.1)


def test_a_warm_up_as_long_as_the_training_is_refused() -> None:
    with pytest.raises(UsageError, match="found 5 of 5 epochs"):
        build_schedule(Cosine(5), sgd(), 5, higher_is_better=False)


def test_a_plateau_of_the_loss_halves_the_rate_after_its_patience() -> None:
    optimizer = sgd(1.0)
    schedule = build_schedule(Plateau(0.5, 2), optimizer, 99, higher_is_better=False)
    found = rates(schedule, optimizer, [3.0, 2.0, 2.0, 2.5, 2.1, 1.0, 1.5, 1.5, math.nan])
    assert found == [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_a_plateau_of_a_metric_looks_upwards() -> None:
    optimizer = sgd(1.0)
    schedule = build_schedule(Plateau(0.1, 0), optimizer, 99, higher_is_better=True)
    assert rates(schedule, optimizer, [0.6, 0.7, 0.8, 0.7]) == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.1])


@pytest.mark.parametrize("setting", [Constant(), Plateau(0.5, 1), Cosine(2)])
def test_a_schedule_goes_on_from_its_stored_state(setting: Schedule) -> None:
    scores = [1.0, 2.0, 0.5, 0.6, 0.7, 0.8, 0.4, 0.9]
    optimizer = sgd()
    schedule = build_schedule(setting, optimizer, 8, higher_is_better=False)
    whole = rates(schedule, optimizer, scores)

    optimizer = sgd()
    schedule = build_schedule(setting, optimizer, 8, higher_is_better=False)
    before = rates(schedule, optimizer, scores[:3])
    stored = copy.deepcopy((schedule.state_dict(), optimizer.state_dict()))

    optimizer = sgd()
    schedule = build_schedule(setting, optimizer, 8, higher_is_better=False)
    schedule.load_state_dict(stored[0])
    optimizer.load_state_dict(stored[1])
    assert before[:-1] + rates(schedule, optimizer, scores[3:]) == whole
