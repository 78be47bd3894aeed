"""Mean Var: the scale of each weight tensor is kept, its features are not."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from timm.layers.norm import LayerNorm2d, RmsNorm
from timm.layers.norm_act import BatchNormAct2d, GroupNormAct
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import WeightsError
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny


class TestMeanVar(InitializerContract):
    expression = "mean_var(fractals)"
    depends_on_the_seed = True

    def test_its_card_keeps_what_shaped_the_statistics(self) -> None:
        card = build("mean_var(fractals)").card()
        assert card.training_data == ("fractals",) and card.method == "mean and variance of supervised"

    def test_it_enters_a_key_by_its_source(self) -> None:
        initializer = build("mean_var(fractals)")
        assert (
            initializer.identity() == {"draw": "normal"}
            and str(initializer.nested()["source"]) == "fractals(recipe=None)"
        )


class Mixed(nn.Module):
    """A bit of everything that a network can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 4096))
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("index", torch.arange(7))
        self.register_buffer("filter", torch.tensor([0.25, 0.5, 0.25]))
        self.conv = nn.Conv2d(3, 64, 5)
        self.linear = nn.Linear(64, 100)
        self.norms = nn.ModuleList(
            [
                nn.BatchNorm2d(4),
                nn.BatchNorm2d(4, affine=False),
                nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
                nn.LayerNorm(4),
                nn.GroupNorm(2, 4),
                nn.RMSNorm(4),
                BatchNormAct2d(4),
                LayerNorm2d(4),
                RmsNorm(4),
                GroupNormAct(4, num_groups=2),
            ]
        )


def mixed() -> Backbone:
    return Backbone(
        build=Mixed,
        stages=[Stage("all", 64, 1, ("token", "scale", "index", "filter", "conv", "linear", "norms"))],
        in_channels=3,
        num_features=100,
        features=lambda network, x: [x],
        pooled=lambda network, x: x,
    )


def odd_source(folder: Path) -> dict[str, Tensor]:
    """Weights with a mean and a spread of its own in each tensor, and normalization layers far from their start."""
    tensors = mixed().weights()
    for number, (name, tensor) in enumerate(tensors.items(), start=1):
        if tensor.is_floating_point() and name not in ("filter", "scale"):
            noise = torch.rand(tensor.shape, generator=seeded(number))  # uniform: variance 1/12
            tensors[name] = number / 10 + 0.01 * number * noise
    tensors["index"] = torch.arange(7).flip(0)
    tensors["filter"] = torch.tensor([0.0, 1.0, 0.0])
    tensors["conv.bias"] = torch.full((64,), 0.75)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "odd.safetensors")
    return tensors


@pytest.fixture
def source(tmp_path: Path) -> dict[str, Tensor]:
    return odd_source(tmp_path)


@pytest.fixture
def drawn(source: dict[str, Tensor], tmp_path: Path) -> dict[str, Tensor]:
    backbone = mixed()
    initialize(backbone, build(f'mean_var(file("{tmp_path.as_posix()}/odd.safetensors"))'), seeded(3), no_runs)
    return backbone.weights()


@pytest.mark.parametrize("name", ["conv.weight", "linear.weight", "token"])
def test_a_tensor_has_its_sources_mean_and_variance_within_sampling_error(
    name: str, source: dict[str, Tensor], drawn: dict[str, Tensor]
) -> None:
    wanted, found = source[name].double(), drawn[name].double()
    n, sigma = wanted.numel(), wanted.std(correction=0).item()
    assert abs(found.mean().item() - wanted.mean().item()) < 5 * sigma / math.sqrt(n)
    assert abs(found.var(correction=0).item() / sigma**2 - 1) < 5 * math.sqrt(2 / n)


def test_the_draws_are_normal_and_not_a_shuffle_of_the_source(
    source: dict[str, Tensor], drawn: dict[str, Tensor]
) -> None:
    """The source is uniform (kurtosis 1.8); a normal's kurtosis is 3, with standard error sqrt(24 / n)."""
    z = drawn["linear.weight"].double()
    z = (z - z.mean()) / z.std(correction=0)
    assert abs((z**4).mean().item() - 3) < 5 * math.sqrt(24 / z.numel())
    assert not torch.equal(drawn["linear.weight"].flatten().sort()[0], source["linear.weight"].flatten().sort()[0])


def test_normalization_layers_of_all_kinds_start_anew(drawn: dict[str, Tensor]) -> None:
    start = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}
    norms = {name: tensor for name, tensor in drawn.items() if name.startswith("norms.")}
    assert {name.split(".")[1] for name in norms} == {str(number) for number in range(10)}
    for name, tensor in norms.items():
        assert torch.equal(tensor, torch.full_like(tensor, start[name.rpartition(".")[2]])), name


def test_tensors_without_variance_stay(drawn: dict[str, Tensor]) -> None:
    assert torch.equal(drawn["scale"], torch.tensor(0.5))
    assert torch.equal(drawn["conv.bias"], torch.full((64,), 0.75))


def test_buffers_that_are_not_learned_stay(source: dict[str, Tensor], drawn: dict[str, Tensor]) -> None:
    for name in ("index", "filter"):
        assert torch.equal(drawn[name], source[name])


def test_no_variance_is_negative_and_everything_is_finite(drawn: dict[str, Tensor]) -> None:
    for name, tensor in drawn.items():
        assert tensor.isfinite().all(), name
        assert not name.endswith("running_var") or (tensor >= 0).all(), name


def test_layers_that_start_anew_are_named_in_the_report(tmp_path: Path) -> None:
    save_file(tiny().draw(seeded(3)), tmp_path / "weights.safetensors")
    network = tiny()
    expression = f'mean_var(file("{tmp_path.as_posix()}/weights.safetensors"))'
    report = initialize(network, build(expression), seeded(0), no_runs)
    norms = {name for name, part in network.named_modules() if isinstance(part, torch.nn.BatchNorm2d)}
    assert norms
    assert {name.rpartition(".")[0] for name in report.transformed} == {name.removeprefix("network.") for name in norms}
    assert set(report.transformed.values()) == {"normalization layer reset"}


def test_a_source_that_does_not_fit_is_refused_and_named_even_where_it_would_be_reset(tmp_path: Path) -> None:
    tensors = tiny().weights()
    norm = next(name for name in tensors if name.endswith("running_var"))
    tensors[norm] = torch.full_like(tensors[norm], torch.nan)
    save_file(tensors, tmp_path / "nan.safetensors")
    with pytest.raises(WeightsError, match=rf"(?s)file\(path=.*nan\.safetensors.*1 not finite: {norm}"):
        initialize(tiny(), build(f'mean_var(file("{tmp_path.as_posix()}/nan.safetensors"))'), seeded(0), no_runs)


class TestShuffle(InitializerContract):
    expression = 'mean_var(file("{folder}/weights.safetensors"), "shuffle")'
    depends_on_the_seed = True

    def prepare(self, folder: Path) -> None:
        save_file(tiny().draw(seeded(3)), folder / "weights.safetensors")


class TestBootstrap(TestShuffle):
    expression = 'mean_var(file("{folder}/weights.safetensors"), "bootstrap")'


def test_shuffling_keeps_every_value_and_bootstrapping_their_distribution(tmp_path: Path) -> None:
    source = tiny().draw(seeded(3))
    save_file(source, tmp_path / "weights.safetensors")
    for draw in ("shuffle", "bootstrap"):
        backbone = tiny()
        expression = f'mean_var(file("{tmp_path.as_posix()}/weights.safetensors"), "{draw}")'
        report = initialize(backbone, build(expression), seeded(0), no_runs)
        for name in report.drawn:
            found, given = backbone.weights()[name].flatten(), source[name].flatten()
            if given.unique().numel() < 20:
                continue
            assert not torch.equal(found, given)
            if draw == "shuffle":
                assert torch.equal(found.sort()[0], given.sort()[0])
            else:
                assert set(found.tolist()) < set(given.tolist())
                # A draw of n values with replacement leaves about 1/e of them out.
                assert found.unique().numel() / given.numel() == pytest.approx(1 - math.exp(-1), abs=0.1)


RANK = """
import os, sys, torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.registry import BACKBONES
rank = int(os.environ["RANK"])
dist.init_process_group("gloo", init_method=f"file://{sys.argv[1]}", rank=rank, world_size=2)
torch.manual_seed(rank)
backbone = BACKBONES.build("tiny(width=8)")
report = initialize(backbone, build(sys.argv[2]), torch.Generator().manual_seed(5))
reports = [None, None]
dist.all_gather_object(reports, (report.before, report.after))
assert reports[0][0] != reports[1][0], "the ranks began alike, so that they end alike says nothing"
assert reports[0][1] == reports[1][1], "the ranks drew other weights"
own = {name: tensor.clone() for name, tensor in backbone.weights().items()}
wrapped = DistributedDataParallel(backbone)  # sends the first rank's weights to the other
assert all(torch.equal(tensor, own[name]) for name, tensor in wrapped.module.weights().items())
dist.destroy_process_group()
"""


@pytest.mark.parametrize("draw", ["normal", "shuffle", "bootstrap"])
def test_two_ranks_of_a_distributed_job_draw_the_same_weights(draw: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RANK, str(tmp_path / "meeting"), f'mean_var(random, "{draw}")']
    project = Path(__file__).resolve().parents[2]
    ranks = [
        subprocess.Popen(command, cwd=project, env={**os.environ, "RANK": str(rank)}, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    errors = [rank.communicate(timeout=120)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], errors
