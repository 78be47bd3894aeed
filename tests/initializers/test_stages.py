"""Transfuse and reinit: exactly the named stages, tensor by tensor."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import UsageError, WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny


def write(folder: Path, backbone: Backbone | None = None) -> dict[str, Tensor]:
    """A weight file for a backbone, and its tensors."""
    tensors = (backbone or tiny()).draw(seeded(11))
    save_file(tensors, folder / "weights.safetensors")
    return tensors


class TestTransfuse(InitializerContract):
    expression = 'transfuse(file("{folder}/weights.safetensors"), "conv1")'
    depends_on_the_seed = True

    def prepare(self, folder: Path) -> None:
        write(folder)


class TestTransfuseOfEverything(InitializerContract):
    expression = 'transfuse(file("{folder}/weights.safetensors"), "LAST")'

    def prepare(self, folder: Path) -> None:
        write(folder)

    @pytest.fixture
    def text(self, tmp_path: Path) -> str:
        self.prepare(tmp_path)
        return self.expression.replace("{folder}", tmp_path.as_posix()).replace("LAST", tiny().stages[-1].name)


class TestReinit(InitializerContract):
    expression = 'reinit(file("{folder}/weights.safetensors"), ("conv1",))'
    depends_on_the_seed = True

    def prepare(self, folder: Path) -> None:
        write(folder)


STAGES = [stage.name for stage in BACKBONES.build("resnet18").stages]


@pytest.mark.parametrize("through", STAGES)
def test_transfuse_takes_a_contiguous_prefix_of_stages_and_nothing_else(through: str, tmp_path: Path) -> None:
    backbone: Backbone = BACKBONES.build("resnet18")
    source = write(tmp_path, backbone)
    report = initialize(
        backbone, build(f'transfuse(file("{tmp_path}/weights.safetensors"), "{through}")'), seeded(0), no_runs
    )
    kept = STAGES[: STAGES.index(through) + 1]
    for name, tensor in backbone.weights().items():
        same = torch.equal(tensor, source[name])
        stays_at_its_start = tensor.unique().numel() == 1  # scales, shifts, statistics and counters
        assert same or backbone.stage_of(name) not in kept, name
        assert not same or backbone.stage_of(name) in kept or stays_at_its_start, name
    assert {backbone.stage_of(name) for name in report.loaded} == set(kept)
    assert {backbone.stage_of(name) for name in report.drawn} == set(STAGES) - set(kept)


def test_reinit_changes_the_named_stages_and_nothing_else(tmp_path: Path) -> None:
    backbone: Backbone = BACKBONES.build("resnet18")
    source = write(tmp_path, backbone)
    expression = f'reinit(file("{tmp_path}/weights.safetensors"), ("layer2", "layer4"))'
    report = initialize(backbone, build(expression), seeded(0), no_runs)
    assert {backbone.stage_of(name) for name in report.drawn} == {"layer2", "layer4"}
    assert set(report.dropped) == set(report.drawn)
    for name in report.loaded:
        assert torch.equal(backbone.weights()[name], source[name])
    changed = [name for name in report.drawn if name.endswith("conv1.weight")]
    assert changed
    assert not any(torch.equal(backbone.weights()[name], source[name]) for name in changed)


@pytest.mark.parametrize(("again", "transformed"), [("layer4", {"conv1.weight"}), ("conv1", set())])
def test_what_was_done_to_a_tensor_is_said_where_it_is_kept(again: str, transformed: set[str], tmp_path: Path) -> None:
    write(tmp_path, BACKBONES.build("resnet18"))
    gray: Backbone = BACKBONES.build("resnet18(in_channels=1)")
    expression = f'reinit(file("{tmp_path}/weights.safetensors"), ("{again}",))'
    report = initialize(gray, build(expression), seeded(0), no_runs)
    assert set(report.transformed) == transformed


def test_the_slim_network_takes_the_first_stages_of_resnet50(tmp_path: Path) -> None:
    source = write(tmp_path, BACKBONES.build("resnet50"))
    slim: Backbone = BACKBONES.build("resnet50_slim")
    expression = f'transfuse(file("{tmp_path}/weights.safetensors"), "layer2")'
    report = initialize(slim, build(expression), seeded(0), no_runs)
    for name in report.loaded:
        assert torch.equal(slim.weights()[name], source[name])
    assert {slim.stage_of(name) for name in report.loaded} == {"conv1", "layer1", "layer2"}
    with pytest.raises(
        WeightsError, match=r"layer3\.0\.conv1\.weight is \(256, 512, 1, 1\) instead of \(128, 512, 1, 1\)"
    ):
        initialize(slim, build(f'transfuse(file("{tmp_path}/weights.safetensors"), "layer3")'), seeded(0), no_runs)


def test_a_source_with_tensors_of_no_stage_is_still_refused(tmp_path: Path) -> None:
    tensors = write(tmp_path)
    save_file(tensors | {"projector.weight": torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match=r"1 unexpected: projector\.weight"):
        initialize(tiny(), build(f'transfuse(file("{tmp_path}/weights.safetensors"), "conv1")'), seeded(0), no_runs)


@pytest.mark.parametrize("expression", ['transfuse(random, "layer9")', 'reinit(random, ("layer9",))'])
def test_an_unknown_stage_is_answered_with_the_backbones_stages(expression: str) -> None:
    with pytest.raises(UsageError, match="layer4"):
        initialize(BACKBONES.build("resnet18"), build(expression), seeded(0), no_runs)
