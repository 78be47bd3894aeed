"""Optimizers and schedules from recipes."""

from __future__ import annotations

import math

import pytest
import torch

from lightning_modules.optimization import EpochSchedule, build_optimizer, build_schedule
from specs.recipe_parts import SGD, Adam, AdamW, Constant, Cosine, MultiStep, Plateau, Schedule


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.zeros(1))


def rates(schedule: Schedule, scores: list[float], higher: bool = False) -> list[float]:
    """The learning rate of each epoch, beginning at 1."""
    optimizer = build_optimizer(SGD(1.0), [parameter()])
    made = build_schedule(schedule, optimizer, len(scores) + 1, higher)
    found = [optimizer.param_groups[0]["lr"]]
    for score in scores:
        optimizer.step()
        made.step(score)
        found.append(optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize(
    ("settings", "kind", "expected"),
    [
        (Adam(0.1, 0.2), torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.2}),
        (AdamW(0.1, 0.2), torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.2, "betas": (0.9, 0.999)}),
        (AdamW(0.1, 0.2, beta2=0.95), torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.2, "betas": (0.9, 0.95)}),
        (SGD(0.1, 0.5, 0.2), torch.optim.SGD, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.2}),
    ],
)
def test_an_optimizer_has_the_recipes_settings(
    settings: Adam | AdamW | SGD, kind: type, expected: dict[str, object]
) -> None:
    optimizer = build_optimizer(settings, [parameter()])
    assert type(optimizer) is kind
    assert {name: optimizer.param_groups[0][name] for name in expected} == expected


def test_adamw_spares_biases_and_normalization_layers_if_asked() -> None:
    layers = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
    optimizer = build_optimizer(AdamW(0.1, 0.5, "weights"), layers.parameters())
    decay = {id(one): group["weight_decay"] for group in optimizer.param_groups for one in group["params"]}
    assert [decay[id(one)] for one in layers.parameters()] == [0.5, 0.0, 0.0, 0.0]


def test_a_constant_schedule_changes_nothing() -> None:
    assert rates(Constant(), [1.0] * 4) == [1.0] * 5


def test_a_cosine_is_the_closed_form() -> None:
    assert rates(Cosine(), [0.0] * 9) == pytest.approx([(1 + math.cos(math.pi * t / 10)) / 2 for t in range(10)])


def test_a_warm_up_rises_linearly_before_the_cosine() -> None:
    assert rates(Cosine(warmup_epochs=3), [0.0] * 6)[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_a_cosine_ends_at_its_final_share() -> None:
    found = rates(Cosine(final=0.1), [0.0] * 9)
    assert found == pytest.approx([0.1 + 0.9 * (1 + math.cos(math.pi * t / 10)) / 2 for t in range(10)])


def test_steps_fall_at_their_milestones() -> None:
    assert rates(MultiStep((2, 3), 0.1), [0.0] * 4) == pytest.approx([1, 1, 0.1, 0.01, 0.01])


def test_a_plateau_waits_for_its_patience() -> None:
    assert rates(Plateau(0.5, 1), [3.0, 2.0, 2.0, 2.0, 1.0]) == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    assert rates(Plateau(0.5, 1), [3.0, 4.0, 4.0, 4.0, 5.0], higher=True) == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]


@pytest.mark.parametrize("settings", [Plateau(0.5, 1), Cosine(1)])
def test_a_schedule_goes_on_from_its_state(settings: Schedule) -> None:
    scores = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0]

    def made() -> tuple[torch.optim.Optimizer, EpochSchedule]:
        optimizer = build_optimizer(SGD(1.0), [parameter()])
        return optimizer, build_schedule(settings, optimizer, 7, False)

    optimizer, schedule = made()
    for score in scores[:3]:
        optimizer.step()
        schedule.step(score)
    other_optimizer, other = made()
    other_optimizer.load_state_dict(optimizer.state_dict())
    other.load_state_dict(schedule.state_dict())
    for score in scores[3:]:
        for each, of in ((optimizer, schedule), (other_optimizer, other)):
            each.step()
            of.step(score)
        assert optimizer.param_groups[0]["lr"] == other_optimizer.param_groups[0]["lr"]
