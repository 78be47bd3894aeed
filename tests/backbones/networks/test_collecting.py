"""Feature maps of named stages: the backbone's own, and nothing about the network changes."""

from __future__ import annotations

import copy
import functools
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.networks.collecting import collect_stages, unwrapped
from backbones.networks.contract import Backbone
from specs.errors import UsageError
from specs.registry import BACKBONES


@functools.cache
def built(expression: str) -> Backbone:
    backbone: Backbone = BACKBONES.build(expression)
    return backbone


@pytest.fixture
def backbone() -> Backbone:
    """A network with statistics of batch norm that are not those of its construction, in training mode."""
    made = copy.deepcopy(built("tiny(width=4)")).train()
    with torch.no_grad():
        made(images(seed=1))
    return made


def images(size: int = 32, seed: int = 0) -> Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


def in_evaluation_mode(backbone: Backbone, shown: Tensor) -> list[Tensor]:
    with torch.no_grad():
        return copy.deepcopy(backbone).eval().features(shown)


def assert_equal(found: dict[str, Tensor], expected: list[Tensor], backbone: Backbone) -> None:
    assert list(found) == [stage.name for stage in backbone.stages]
    for maps, own in zip(found.values(), expected, strict=True):
        assert torch.equal(maps, own)


@pytest.mark.parametrize(
    "expression", ["tiny(width=4)", 'cbr("tiny", width=4)', "resnet18", 'timm("test_vit")', 'timm("convnext_atto")']
)
@pytest.mark.parametrize("training", [True, False])
def test_the_maps_are_those_of_a_pass_in_evaluation_mode(expression: str, training: bool) -> None:
    backbone = built(expression).train(training)
    size = 160 if "vit" in expression else 64
    found = collect_stages(backbone, images(size))
    assert_equal(found, in_evaluation_mode(backbone, images(size)), backbone)
    for stage, maps in zip(backbone.stages, found.values(), strict=True):
        assert maps.shape[:2] == (2, stage.channels)
        assert not maps.requires_grad


def test_wanted_stages_come_alone_and_in_the_order_of_the_network(backbone: Backbone) -> None:
    every = collect_stages(backbone, images())
    some = collect_stages(backbone, images(), ("layer3", "conv1", "layer3"))
    assert list(some) == ["conv1", "layer3"]
    assert all(torch.equal(maps, every[name]) for name, maps in some.items())
    assert collect_stages(backbone, images(), iter(["layer2"])).keys() == {"layer2"}


def test_an_unknown_stage_lists_the_near_matches(backbone: Backbone) -> None:
    with pytest.raises(UsageError, match=r'unknown stage of this backbone "layer33"\. Did you mean "layer3"'):
        collect_stages(backbone, images(), ["conv1", "layer33"])


def mixed_modes(backbone: Backbone) -> dict[str, bool]:
    """Modes of all modules after some inside others were set to another."""
    backbone.train()
    backbone.network.layer1.eval()
    backbone.network.layer1.conv2.bn.train()
    backbone.network.layer3.conv1.bn.eval()
    modes = modes_of(backbone)
    assert set(modes.values()) == {True, False}
    return modes


def modes_of(backbone: Backbone) -> dict[str, bool]:
    return {name: module.training for name, module in backbone.named_modules()}


def test_every_module_keeps_its_own_mode(backbone: Backbone) -> None:
    modes = mixed_modes(backbone)
    collect_stages(backbone, images())
    assert modes_of(backbone) == modes


def test_every_module_keeps_its_own_mode_when_the_pass_fails(backbone: Backbone) -> None:
    modes = mixed_modes(backbone)
    with pytest.raises(RuntimeError, match="5 channels"):
        collect_stages(backbone, torch.zeros(2, 5, 32, 32))
    assert modes_of(backbone) == modes


def test_weights_statistics_and_hooks_stay_as_they_were(backbone: Backbone) -> None:
    tensors = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    assert any(tensor.any() for name, tensor in tensors.items() if name.endswith("running_mean"))
    collect_stages(backbone, images())
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in backbone.modules())


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """A process group of this one process."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
def test_a_network_in_distributed_training_shows_the_same_maps_and_goes_on_training(backbone: Backbone) -> None:
    expected = in_evaluation_mode(backbone, images())
    wrapped = DistributedDataParallel(backbone)
    assert unwrapped(wrapped) is backbone
    assert_equal(collect_stages(wrapped, images()), expected, backbone)
    assert wrapped.training
    wrapped(images()).sum().backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())


@pytest.fixture
def compiler() -> None:
    """Skip where torch.compile does not run."""
    if not importlib.import_module("torch._dynamo").is_dynamo_supported():
        pytest.skip("torch.compile does not support this Python or system")


def counting() -> tuple[Any, list[int]]:
    """A backend of torch.compile that runs graphs as they are, and how many operations each of them had."""
    graphs: list[int] = []

    def backend(graph: torch.fx.GraphModule, _: list[Tensor]) -> Any:
        graphs.append(len(graph.graph.nodes))
        return graph.forward

    return backend, graphs


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("training", [True, False])
def test_nothing_of_a_compiled_network_is_compiled_anew(training: bool, backbone: Backbone) -> None:
    backend, graphs = counting()
    wrapped = torch.compile(backbone.train(training), backend=backend)
    with torch.no_grad():
        wrapped(images())
        assert len(graphs) >= 1
        compiled = list(graphs)
        expected = in_evaluation_mode(backbone, images())
        assert_equal(collect_stages(wrapped, images()), expected, backbone)
        wrapped(images())
    assert graphs == compiled


@pytest.mark.usefixtures("alone", "compiler")
def test_wrappers_may_be_around_each_other(backbone: Backbone) -> None:
    expected = in_evaluation_mode(backbone, images())
    inside = DistributedDataParallel(torch.compile(backbone, backend="eager"))
    outside = torch.compile(DistributedDataParallel(backbone), backend="eager")
    for wrapped in (inside, outside):
        assert_equal(collect_stages(wrapped, images()), expected, backbone)


@pytest.mark.parametrize("other", [nn.Linear(2, 2), nn.Sequential(built("tiny(width=4)")), nn.ModuleDict()])
def test_what_is_no_backbone_is_refused(other: nn.Module) -> None:
    with pytest.raises(UsageError, match=rf"found {type(other).__name__}\. Give the backbone of the module"):
        collect_stages(other, images())
