"""Batch norm: the scale and shift of the normalization layers are taken, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from backbones.networks.contract import Backbone, Stage
from initializers.loading.contract import build
from initializers.loading.loading import LoadReport, initialize
from specs.errors import UsageError, WeightsError
from specs.expression import parse
from specs.registry import BACKBONES, INITIALIZERS
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny

MODEL = "resnet18"
PRETRAINED = 'file("{folder}/weights.safetensors")'


def write(folder: Path, backbone: Backbone) -> dict[str, Tensor]:
    """Weights whose normalization layers are far from their start."""
    tensors = backbone.draw(seeded(3))
    for number, name in enumerate(tensors):
        if tensors[name].ndim == 1 and tensors[name].is_floating_point():
            tensors[name] = 2 + torch.rand(tensors[name].shape, generator=seeded(number))
    save_file(tensors, folder / "weights.safetensors")
    return tensors


class TestBatchNorm(InitializerContract):
    expression = f"batch_norm({PRETRAINED})"
    depends_on_the_seed = True

    def prepare(self, folder: Path) -> None:
        write(folder, tiny())


class TestBatchNormOverMeanVar(TestBatchNorm):
    expression = f"batch_norm({PRETRAINED}, mean_var({PRETRAINED}))"


class TestBatchNormOfARun(InitializerContract):
    expression = "batch_norm(fractals, mean_var(fractals))"
    depends_on_the_seed = True


def made(expression: str, folder: Path, seed: int = 0) -> tuple[Backbone, LoadReport]:
    backbone: Backbone = BACKBONES.build(MODEL)
    report = initialize(backbone, build(expression.replace("{folder}", folder.as_posix())), seeded(seed), no_runs)
    return backbone, report


def by_layer(network: nn.Module) -> dict[str, str]:
    """``parameter`` or ``statistic`` for each tensor of a batch norm of torch's, by name."""
    return {
        f"{prefix}.{name}": "parameter" if isinstance(tensor, nn.Parameter) else "statistic"
        for prefix, layer in network.named_modules()
        if isinstance(layer, nn.BatchNorm2d)
        for name, tensor in (*layer.named_parameters(), *layer.named_buffers())
    }


def test_scale_and_shift_are_the_sources_and_everything_else_is_as_without_them(tmp_path: Path) -> None:
    source = write(tmp_path, BACKBONES.build(MODEL))
    for others in ("random", f"mean_var({PRETRAINED})"):
        found, plain = (made(text, tmp_path)[0].weights() for text in (f"batch_norm({PRETRAINED}, {others})", others))
        kinds = by_layer(BACKBONES.build(MODEL).network)
        assert {kinds.get(name) for name in found} == {"parameter", "statistic", None}
        for name, tensor in found.items():
            expected = source[name] if kinds.get(name) == "parameter" else plain[name]
            assert torch.equal(tensor, expected), name


def test_running_statistics_start_anew_whatever_the_others_say(tmp_path: Path) -> None:
    write(tmp_path, BACKBONES.build(MODEL))
    backbone, report = made(f"batch_norm({PRETRAINED}, {PRETRAINED})", tmp_path)
    start = {"running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}
    statistics = {name for name, kind in by_layer(backbone.network).items() if kind == "statistic"}
    for name in statistics:
        tensor = backbone.weights()[name]
        assert torch.equal(tensor, torch.full_like(tensor, start[name.rpartition(".")[2]])), name
    assert set(report.transformed) == statistics
    assert report.drawn == ()


def test_the_report_says_what_was_taken_drawn_and_left(tmp_path: Path) -> None:
    source = write(tmp_path, BACKBONES.build(MODEL))
    backbone, report = made(f"batch_norm({PRETRAINED})", tmp_path)
    kinds = by_layer(backbone.network)
    assert set(report.loaded) == {name for name, kind in kinds.items() if kind == "parameter"}
    assert set(report.drawn) == {name for name in source if name not in kinds}
    assert set(report.dropped) == set(source) - set(report.loaded)


def test_its_card_is_of_both(tmp_path: Path) -> None:
    card = build('batch_norm(fractals, mean_var(continual(random, on="chexpert")))').card()
    assert card.training_data == ("fractals", "chexpert")
    assert "normalization layers of supervised" in card.method
    imagenet = build("imagenet").card()
    assert build("batch_norm(imagenet)").card().normalization == imagenet.normalization
    assert build("batch_norm(imagenet)").card().training_data == imagenet.training_data
    assert build("batch_norm(imagenet)").card().source == imagenet.source is not None


def test_both_sources_are_nested_by_name() -> None:
    initializer = build("batch_norm(imagenet, mean_var(imagenet))")
    assert {name: call.name for name, call in initializer.nested().items()} == {
        "source": "imagenet",
        "others": "mean_var",
    }
    assert initializer.identity() == {}
    assert INITIALIZERS.short(build("batch_norm(imagenet)").nested()["others"]) == parse("random")


def test_a_source_of_another_network_is_refused_and_named(tmp_path: Path) -> None:
    write(tmp_path, tiny())
    for text in (f"batch_norm({PRETRAINED})", f"batch_norm(random, {PRETRAINED})"):
        with pytest.raises(WeightsError, match=r"weights of file\(path=.*do not fit the backbone"):
            made(text, tmp_path)


def test_a_network_without_scale_and_shift_is_refused() -> None:
    backbone = Backbone(
        build=lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False)),
        stages=[Stage("all", 4, 1, ("0", "1"))],
        in_channels=3,
        num_features=4,
        features=lambda network, x: [network(x)],
        pooled=lambda network, x: network(x).mean(dim=(2, 3)),
    )
    with pytest.raises(UsageError, match="no normalization layer with a scale or shift"):
        initialize(backbone, build("batch_norm(random)"), seeded(0), no_runs)
