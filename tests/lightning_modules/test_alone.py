"""What a module does in one process: what its optimizer holds, what a checkpoint holds, how sums add up."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from lightning_modules.classification import ClassificationModule
from lightning_modules.gathering import (
    all_gather_objects,
    all_reduce_sum,
    broadcast_object,
    gathered,
    gathered_values,
    processes,
    rank,
)
from lightning_modules.supervised import SupervisedModule
from specs.card import IMAGENET
from specs.recipe import Recipe
from specs.recipe_parts import SGD, Lars, Optimizer
from specs.registry import BACKBONES
from specs.task import Task


def module(**changes: Any) -> SupervisedModule:
    recipe = Recipe(**({"image_size": 8, "batch_size": 2, "epochs": 1, "optimizer": SGD(0.1)} | changes))
    task = Task("multilabel", ("a", "b"))
    return ClassificationModule(BACKBONES.build("tiny(width=4)"), task, recipe, IMAGENET)


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, 0.9, 1e-4, "weights"), Lars(0.1)], ids=str)
@pytest.mark.parametrize("adaptation", ["full", "head"])
def test_the_optimizer_holds_what_is_trained_once_and_nothing_else(adaptation: str, optimizer: Optimizer) -> None:
    learner = module(adaptation=adaptation, optimizer=optimizer)
    held = [one for group in learner.configure_optimizers().param_groups for one in group["params"]]
    wanted = [
        one for name, one in learner.named_parameters() if adaptation == "full" or not name.startswith("backbone.")
    ]
    assert len(held) == len(wanted)
    assert {id(one) for one in held} == {id(one) for one in wanted}


def test_a_checkpoint_holds_the_network_and_no_input_statistics() -> None:
    learner = module()
    own = {f"backbone.{name}" for name in learner.backbone.state_dict()} | {"head.1.weight", "head.1.bias"}
    assert set(learner.state_dict()) == own


def test_sums_of_an_epoch_are_exact_where_float32_would_lose_them() -> None:
    learner = module()
    for sums in ([2.0**24, 1.0], [1.0, 1.0], [1.0, 1.0]):
        learner._add("train", torch.tensor(sums))
    assert learner._sums["train"].tolist() == [2**24 + 2, 3]


def test_what_was_not_looked_at_is_looked_at_before_a_validation() -> None:
    learner, asked = module(), list[str]()

    class Watched:
        def settle(self) -> None:
            asked.append("settled")

    learner._finite = cast(Any, Watched())
    learner.on_validation_start()
    assert asked == ["settled"]


def test_a_single_process_has_its_own_alone() -> None:
    rows: Tensor = torch.randn(3, 2, requires_grad=True)
    assert (processes(), rank(), broadcast_object("x"), all_gather_objects([1])) == (1, 0, "x", [[1]])
    assert all_reduce_sum(rows) is rows
    assert gathered(rows) is rows
    values = gathered_values(rows)
    assert torch.equal(values, rows) and not values.requires_grad
