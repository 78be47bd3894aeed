"""Random: the architecture's own initialization."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from initializers.loading.contract import build
from initializers.loading.loading import initialize
from tests.backbones.contract import built
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny

ZERO = 'random(residual="zero")'


class TestRandom(InitializerContract):
    expression = "random"
    depends_on_the_seed = True

    def test_convolutions_have_the_variance_of_he_initialization(self) -> None:
        backbone = tiny()
        initialize(backbone, build("random"), seeded(0), no_runs)
        kernels = [module.weight for module in backbone.modules() if isinstance(module, torch.nn.Conv2d)]
        kernel = max(kernels, key=torch.Tensor.numel)
        fan_out = kernel.shape[0] * kernel.shape[2] * kernel.shape[3]
        error = math.sqrt(2 / kernel.numel())  # standard error of a normal sample's variance, relative
        assert abs(kernel.var().item() / (2 / fan_out) - 1) < 5 * error

    def test_nothing_was_trained(self) -> None:
        card = build("random").card()
        assert (card.method, card.training_data) == ("random", ())


class TestRandomWithResidualBranchesAtZero(InitializerContract):
    expression = ZERO
    depends_on_the_seed = True


def weights(name: str, expression: str) -> dict[str, Tensor]:
    """What an initializer gives a backbone, always with the same seed."""
    return build(expression).state_dict(built(name), seeded(4), no_runs).tensors


def test_a_residual_branch_at_zero_differs_from_one_at_one_in_its_last_scale_alone() -> None:
    one, zero = weights('timm("test_resnet")', "random"), weights('timm("test_resnet")', ZERO)
    ends = [f"layer{stage}.0.bn{last}.weight" for stage, last in ((1, 2), (2, 2), (3, 3), (4, 2))]
    assert [name for name in one if not torch.equal(one[name], zero[name])] == ends
    for end in ends:
        assert (one[end] == 1).all() and (zero[end] == 0).all()


@pytest.mark.parametrize(("expression", "through"), [("random", False), (ZERO, True)])
def test_a_block_starts_as_its_shortcut_where_its_branch_is_at_zero(expression: str, through: bool) -> None:
    backbone = tiny().eval()
    initialize(backbone, build(expression), seeded(4), no_runs)
    x = torch.rand(2, 8, 6, 6, generator=seeded(0))
    block = backbone.network.get_submodule("layer1")
    with torch.no_grad():
        shortcut = block.get_submodule("shortcut")(x[..., ::2, ::2]).relu()
        assert torch.equal(block(x), shortcut) == through


def test_the_report_says_which_tensors_were_set_to_zero_and_counts_them_as_drawn() -> None:
    backbone = tiny()
    report = initialize(backbone, build(ZERO), seeded(0), no_runs)
    ends = [f"layer{number}.conv2.bn.weight" for number in (1, 2, 3)]
    assert report.transformed == dict.fromkeys(ends, "set to 0: the end of a residual branch")
    assert set(report.drawn) == set(backbone.weights())
    assert report.source.endswith("3 residual branches starting at 0")
    plain = initialize(backbone, build("random"), seeded(0), no_runs)
    assert (plain.transformed, plain.source) == ({}, "the architecture's own random initialization")


def test_a_network_without_residual_branches_starts_the_same_either_way() -> None:
    one, zero = weights('cbr("tiny", width=2)', "random"), weights('cbr("tiny", width=2)', ZERO)
    assert all(torch.equal(one[name], zero[name]) for name in one)


def test_the_default_leaves_no_trace_in_a_key() -> None:
    assert build("random").identity() == build('random(residual="one")').identity() == {}
    assert build(ZERO).identity() == {"residual": "zero"}


@pytest.mark.parametrize("expression", ['reinit({}, ("layer4",))', 'transfuse({}, "layer3")'])
def test_redrawn_stages_start_at_one_whatever_the_source_does(expression: str) -> None:
    backbone = built('timm("test_resnet")')
    for source, rest in (("random", 1.0), (ZERO, 0.0)):
        tensors = build(expression.format(source)).state_dict(backbone, seeded(0), no_runs).tensors
        starts = [(backbone.stage_of(end), sorted(set(tensors[end].tolist()))) for end in backbone.residual_ends]
        assert starts == [("layer1", [rest]), ("layer2", [rest]), ("layer3", [rest]), ("layer4", [1.0])]
