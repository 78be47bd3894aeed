"""Memory format and compilation: faster ways to the same numbers, up to the last digits, and the same tensor names."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lightning_modules.classification import ClassificationModule
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.self_supervised import SelfSupervisedModule
from lightning_modules.supervised import SupervisedModule
from specs.card import UNIT
from specs.recipe import Recipe
from specs.recipe_parts import SGD
from specs.registry import BACKBONES, METHODS
from specs.task import Task

TASKS = (Task("binary", ("ill",)), Task("segmentation", ("vessel",)))
BATCH = {
    "image": torch.randint(0, 256, (6, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)),
    "target": torch.tensor([[0.0], [1.0], [1.0], [float("nan")], [0.0], [1.0]]),
    "index": torch.arange(6),
}
BATCH["mask"] = (BATCH["image"] > 100).to(torch.uint8)
NETWORK = "tiny(width=8)"
"""Narrower ones end the process on processors without AVX-512: in channels-last, oneDNN's backward pass of a strided
convolution of 1 x 1 and fewer than 8 channels writes outside of its memory there (seen with torch 2.15)."""

TOLERANCE = {"rtol": 1e-4, "atol": 2e-6}
"""Of losses and weights after three steps in float32."""


def recipe(**changes: Any) -> Recipe:
    return Recipe(image_size=32, batch_size=6, epochs=1, optimizer=SGD(0.05), **changes)


def supervised(task: Task, **changes: Any) -> SupervisedModule:
    torch.manual_seed(0)
    kind = SegmentationModule if task.kind == "segmentation" else ClassificationModule
    return kind(BACKBONES.build(NETWORK), task, recipe(**changes), UNIT)


def self_supervised(**changes: Any) -> SelfSupervisedModule:
    torch.manual_seed(0)
    learner = METHODS.build("simclr_v1").learner(BACKBONES.build(NETWORK), 6)
    return SelfSupervisedModule(learner, TASKS[0], recipe(method="simclr_v1", **changes), UNIT, 0)


def trained(module: SupervisedModule | SelfSupervisedModule) -> tuple[list[float], dict[str, Tensor]]:
    """Losses of three steps, and the state afterwards."""
    module.on_fit_start()
    optimizer, found = module.configure_optimizers(), []
    batch = BATCH if isinstance(module, SupervisedModule) else {**BATCH, "views": [BATCH["image"], BATCH["image"] // 2]}
    for number in range(3):
        optimizer.zero_grad()
        loss = module.training_step(batch, number)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        found.append(loss.item())
    return found, module.state_dict()


def agree(one: nn.Module, other: nn.Module) -> None:
    (losses, state), (others, changed) = trained(one), trained(other)  # type: ignore[arg-type]
    assert losses == pytest.approx(others, rel=1e-4)
    assert losses[0] != losses[-1], "nothing was learned"
    assert list(state) == list(changed)
    for name, tensor in state.items():
        torch.testing.assert_close(changed[name], tensor, **TOLERANCE, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_channels_last_gives_the_same_losses_and_weights(task: Task) -> None:
    formatted = supervised(task, memory_format="channels_last")
    agree(supervised(task), formatted)
    assert all(
        part.weight.is_contiguous(memory_format=torch.channels_last)
        for part in formatted.modules()
        if isinstance(part, nn.Conv2d)
    )


def test_channels_last_reaches_every_feature_map() -> None:
    module = supervised(TASKS[0], memory_format="channels_last")
    maps = module.backbone.features(module.normalize(BATCH["image"]))
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in maps)
    assert not any(one.is_contiguous() for one in maps if one.shape[1] > 1 and one.shape[2] > 1)


def test_a_self_supervised_method_learns_the_same_in_channels_last() -> None:
    """In float64: views of one another are so alike after batch norm that float32's rounding shows after two steps."""
    agree(self_supervised().double(), self_supervised(memory_format="channels_last").double())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations each graph has that torch.compile made; a graph is run as it is, so no compiler is needed."""
    graphs: list[int] = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Any:
        graphs.append(len(list(graph.graph.nodes)))
        return graph.forward

    torch.compiler.reset()
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=backend))
    return graphs


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_a_compiled_network_gives_the_same_losses_and_weights_under_the_same_names(
    task: Task, counted: list[int]
) -> None:
    agree(supervised(task), supervised(task, compiled=True))
    assert sum(counted) > 20, "the network was not compiled"


def test_a_self_supervised_methods_backbone_is_compiled(counted: list[int]) -> None:
    agree(self_supervised(), self_supervised(compiled=True))
    assert sum(counted) > 20, "the backbone was not compiled"


def test_what_is_tested_is_not_compiled(counted: list[int]) -> None:
    module = supervised(TASKS[0], compiled=True)
    trained(module)
    before = len(counted)
    with torch.no_grad():
        module.eval()
        module.test_step(BATCH, 0)
    assert len(counted) == before > 0
