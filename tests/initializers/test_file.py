"""File: a checkpoint from outside, loaded whole or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision  # type: ignore[import-untyped]
from safetensors.torch import save_file

from backbones.networks.contract import Backbone
from initializers.loading.contract import build
from initializers.loading.loading import LoadReport, initialize
from specs.errors import WeightsError
from specs.registry import BACKBONES
from tests.initializers.contract import InitializerContract, no_runs, seeded, tiny


class TestFile(InitializerContract):
    expression = 'file("{folder}/weights.pth", drop=("projector.",))'

    def prepare(self, folder: Path) -> None:
        tensors = {f"module.{name}": tensor for name, tensor in tiny().draw(seeded(7)).items()}
        tensors |= {"module.fc.weight": torch.zeros(2), "module.projector.weight": torch.zeros(2)}
        torch.save({"epoch": 1, "state_dict": tensors}, folder / "weights.pth")

    def test_its_heads_and_its_place_are_reported(self, text: str) -> None:
        report = initialize(tiny(), build(text), seeded(0), no_runs)
        assert report.dropped == ("fc.weight", "projector.weight")
        assert "weights.pth" in report.source and 'entry "state_dict"' in report.source and "module." in report.source
        assert report.sha256 == report.card["sha256"] == build(text).identity()["sha256"]


def load(path: Path, backbone: Backbone, arguments: str = "") -> LoadReport:
    return initialize(backbone, build(f'file("{path.as_posix()}"{arguments})'), seeded(0), no_runs)


def test_torchvisions_resnet_gives_the_same_features_here(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18(weights=None).eval()
    wrapped = {f"module.encoder_q.{name}": tensor for name, tensor in theirs.state_dict().items()}
    torch.save({"state_dict": wrapped}, tmp_path / "moco.pth.tar")
    ours: Backbone = BACKBONES.build("resnet18")
    report = load(tmp_path / "moco.pth.tar", ours)
    assert report.dropped == ("fc.weight", "fc.bias")
    theirs.fc = torch.nn.Identity()
    images = torch.rand(2, 3, 64, 64, generator=seeded(0))
    torch.testing.assert_close(ours.eval()(images), theirs(images))


def test_two_places_of_the_same_bytes_have_one_identity_and_other_bytes_another(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    paths = [tmp_path / "a.safetensors", tmp_path / "deep" / "b.safetensors", tmp_path / "c.safetensors"]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        save_file(tiny().draw(seeded(seed)), path)
    first, second, third = (build(f'file("{path.as_posix()}")').identity() for path in paths)
    assert first == second != third
    assert not any(str(tmp_path) in str(value) for value in first.values())


def test_what_is_dropped_does_not_enter_the_identity_but_which_network_is_meant_does(tmp_path: Path) -> None:
    save_file(tiny().weights(), tmp_path / "a")
    text = f'"{(tmp_path / "a").as_posix()}"'
    plain = build(f"file({text})").identity()
    assert build(f'file({text}, drop=("x.",))').identity() == plain
    assert build(f'file({text}, prefix="module.")').identity() != plain
    assert build(f'file({text}, key="teacher")').identity() != plain


def test_a_missing_file_has_no_identity(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weight file"):
        build(f'file("{tmp_path.as_posix()}/none.pth")').identity()


def test_a_color_checkpoint_responds_to_gray_images_in_a_one_channel_backbone_as_to_gray_in_color(
    tmp_path: Path,
) -> None:
    color, gray = tiny(3), tiny(1)
    save_file(color.draw(seeded(4)), tmp_path / "color.safetensors")
    load(tmp_path / "color.safetensors", color)
    report = load(tmp_path / "color.safetensors", gray)
    assert report.transformed == {"conv1.conv.weight": "sum of 3 input channels"}
    image = torch.rand(2, 1, 32, 32, generator=seeded(0))
    torch.testing.assert_close(gray.eval()(image), color.eval()(image.repeat(1, 3, 1, 1)))


def test_a_gray_checkpoint_is_shared_out_among_colors(tmp_path: Path) -> None:
    gray, color = tiny(1), tiny()
    save_file(gray.weights(), tmp_path / "gray.safetensors")
    report = initialize(color, build(f'file("{tmp_path}/gray.safetensors")'), seeded(0), no_runs)
    assert report.transformed == {"conv1.conv.weight": "the input channel for each of 3, times 1/3"}
    image = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(color.eval()(image.expand(-1, 3, -1, -1)), gray.eval()(image))


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    torch.save(torchvision.models.squeezenet1_0(weights=None).state_dict(), tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"(?s)other\.pth.*50 missing: conv1.*unexpected: features\.0\.weight"):
        load(tmp_path / "other.pth", tiny())


def test_a_head_with_an_unknown_name_is_refused_until_it_is_declared(tmp_path: Path) -> None:
    save_file(tiny().weights() | {"predictor.weight": torch.zeros(3)}, tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match=r"1 unexpected: predictor\.weight"):
        load(tmp_path / "a.safetensors", tiny())
    assert load(tmp_path / "a.safetensors", tiny(), ', drop=("predictor.",)').dropped == ("predictor.weight",)
