"""First layer: a rule is chosen where channels differ, and nothing else of the weights changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from initializers.loading.channels import Rule, adapted
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import UsageError, WeightsError
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny

FIRST = "conv1.conv.weight"
FILE = 'file("{folder}/weights.safetensors")'


class TestFirstLayer(InitializerContract):
    expression = f'first_layer({FILE}, "repeat")'

    def prepare(self, folder: Path) -> None:
        save_file(tiny().draw(seeded(11)), folder / "weights.safetensors")


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The expression of weights of color images in a file."""
    save_file(tiny().draw(seeded(11)), tmp_path / "weights.safetensors")
    return FILE.replace("{folder}", tmp_path.as_posix())


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("rule", ["mean", "repeat"])
def test_the_first_layer_is_made_by_the_rule(rule: Rule, channels: int, source: str) -> None:
    backbone, given = tiny(channels), tiny().draw(seeded(11))
    report = initialize(backbone, build(f'first_layer({source}, "{rule}")'), seeded(0), no_runs)
    assert list(report.transformed) == [FIRST]
    for name, tensor in backbone.weights().items():
        expected = adapted(given[name], channels, rule) if name == FIRST else given[name]
        assert torch.equal(tensor, expected), name


def test_without_it_every_channel_gets_the_mean(source: str) -> None:
    plain, chosen = tiny(4), tiny(4)
    said = initialize(plain, build(source), seeded(0), no_runs)
    report = initialize(chosen, build(f'first_layer({source}, "mean")'), seeded(0), no_runs)
    assert said.transformed == report.transformed == {FIRST: "mean of 3 input channels for each of 4, times 3/4"}
    assert said.after == report.after


def test_a_drawn_first_layer_is_new_for_each_seed_and_said_to_be_drawn(source: str) -> None:
    first, second = tiny(4), tiny(4)
    report = initialize(first, build(f'first_layer({source}, "drawn")'), seeded(0), no_runs)
    initialize(second, build(f'first_layer({source}, "drawn")'), seeded(1), no_runs)
    assert report.drawn == (FIRST,) and report.transformed == {}
    differing = [name for name, tensor in first.weights().items() if not torch.equal(tensor, second.weights()[name])]
    assert differing == [FIRST]


@pytest.mark.parametrize("rule", ["mean", "repeat", "drawn"])
def test_where_channels_are_as_many_the_weights_stay(rule: str, source: str) -> None:
    backbone = tiny()
    report = initialize(backbone, build(f'first_layer({source}, "{rule}")'), seeded(0), no_runs)
    assert report.transformed == {} and report.drawn == ()
    assert all(torch.equal(tensor, tiny().draw(seeded(11))[name]) for name, tensor in backbone.weights().items())


def test_weights_that_were_mixed_after_adapting_are_refused(source: str) -> None:
    with pytest.raises(WeightsError, match="Put first_layer inside it"):
        initialize(tiny(4), build(f'first_layer(reinit({source}, ("layer1",)), "drawn")'), seeded(0), no_runs)
    initialize(tiny(4), build(f'reinit(first_layer({source}, "drawn"), ("layer1",))'), seeded(0), no_runs)


def test_gabor_filters_are_not_undone(source: str) -> None:
    alone, chosen = tiny(4), tiny(4)
    said = initialize(alone, build(f"gabor({source})"), seeded(0), no_runs)
    assert initialize(chosen, build(f'first_layer(gabor({source}), "repeat")'), seeded(0), no_runs).after == said.after


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="rule"):
        build('first_layer(random, "sum")')
