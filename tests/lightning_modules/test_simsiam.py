"""SimSiam against its definition, and the predictor's learning rate, which no schedule changes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lightning_modules.self_supervised import SelfSupervisedModule
from lightning_modules.self_supervision.simsiam import SimsiamLearner, negative_cosine
from specs.card import UNIT
from specs.recipe import Recipe
from specs.recipe_parts import SGD, Cosine, Lars, Optimizer, Plateau, Schedule
from specs.task import Task
from tests.lightning_modules.distinct import INDEX, embedded, learner, unit, views


def made(more: str = "") -> SimsiamLearner:
    found = learner(f"simsiam(dimensions=6, hidden=3{more})")
    assert isinstance(found, SimsiamLearner)
    return found


def test_each_views_prediction_is_compared_with_the_others_embedding() -> None:
    """Chen and He 2021, equation 4, entry by entry; each view has its own batch statistics."""
    method, given = made(), views(16, 16)
    embeddings = [embedded(method.online, view).detach() for view in given]
    predictions = [method.predictor(rows).detach() for rows in embeddings]
    total = 0.0
    for one, other in ((0, 1), (1, 0)):
        for p, z in zip(predictions[one].tolist(), embeddings[other].tolist(), strict=True):
            lengths = math.sqrt(sum(x * x for x in p)) * math.sqrt(sum(x * x for x in z))
            total -= sum(x * y for x, y in zip(p, z, strict=True)) / lengths
    assert method.loss(given, INDEX).item() == pytest.approx(total / (2 * len(INDEX)), rel=1e-9)


def test_no_gradient_flows_into_what_is_predicted() -> None:
    """The gradient is that of a loss with the embeddings as constants (section 3, "Stop-gradient")."""
    method, given = made(), views(16, 16)
    parameters = list(method.parameters())
    found = torch.autograd.grad(method.loss(given, INDEX), parameters)
    constants = [unit(embedded(method.online, view)).detach() for view in given]
    predictions = [unit(method.predictor(embedded(method.online, view))) for view in given]
    written = -((predictions[0] * constants[1]).sum(dim=1) + (predictions[1] * constants[0]).sum(dim=1)).mean() / 2
    for ours, theirs in zip(found, torch.autograd.grad(written, parameters), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_equal_directions_cost_the_least_and_only_the_prediction_learns() -> None:
    rows = torch.tensor([[1.0, 2.0], [-3.0, 0.5]], requires_grad=True)
    target = torch.tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    assert negative_cosine(rows, 3 * rows).item() == pytest.approx(-1)
    negative_cosine(rows, target).backward()
    assert target.grad is None
    assert rows.grad is not None and rows.grad.abs().sum() > 0


def trained_with(method: SimsiamLearner, optimizer: Optimizer, schedule: Schedule) -> SelfSupervisedModule:
    recipe = Recipe(
        image_size=16,
        batch_size=4,
        epochs=4,
        optimizer=optimizer,
        schedule=schedule,
        method="simsiam",
        selection="last",
    )
    return SelfSupervisedModule(method, Task("binary", ("ill",)), recipe, UNIT, 0)


@pytest.mark.parametrize("optimizer", [SGD(0.5, 0.9, 1e-4), SGD(0.5, decayed="weights"), Lars(0.5)], ids=str)
def test_the_predictors_rate_stays_while_that_of_the_rest_falls(optimizer: Optimizer) -> None:
    method = made()
    module = trained_with(method, optimizer, Cosine())
    stepped = module.configure_optimizers()
    held = {id(one) for one in method.predictor.parameters()}
    for epoch in range(4):
        rates = {id(one): group["lr"] for group in stepped.param_groups for one in group["params"]}
        assert len(rates) == sum(1 for _ in method.parameters())
        for one in method.parameters():
            falling = 0.5 * (1 + math.cos(math.pi * epoch / 4)) / 2
            assert rates[id(one)] == pytest.approx(0.5 if id(one) in held else falling)
        stepped.step()
        module.schedule.step(math.nan)


def test_a_plateau_leaves_it_too_and_a_predictor_may_fall_with_the_rest() -> None:
    method = made()
    module = trained_with(method, SGD(1.0), Plateau(0.5, 0))
    stepped = module.configure_optimizers()
    for _ in range(3):
        module.schedule.step(1.0)
    assert sorted(group["lr"] for group in stepped.param_groups) == [0.25, 1.0]
    module = trained_with(made(", steady=False"), SGD(1.0), Plateau(0.5, 0))
    assert len(module.configure_optimizers().param_groups) == 1


def test_what_is_held_goes_on_from_a_checkpoint() -> None:
    modules = [trained_with(made(), SGD(1.0), Cosine()) for _ in range(2)]
    first, second = (module.configure_optimizers() for module in modules)
    for _ in range(2):
        first.step()
        modules[0].schedule.step(math.nan)
    second.load_state_dict(first.state_dict())
    modules[1].schedule.load_state_dict(modules[0].schedule.state_dict())
    for optimizer, module in zip((first, second), modules, strict=True):
        optimizer.step()
        module.schedule.step(math.nan)
    assert [group["lr"] for group in second.param_groups] == [group["lr"] for group in first.param_groups]
    assert second.param_groups[-1]["lr"] == 1.0


def test_the_projection_ends_in_a_normalization_without_scale_and_shift() -> None:
    last = made().online.head[-1]  # type: ignore[index]
    assert isinstance(last, nn.BatchNorm1d) and not last.affine
