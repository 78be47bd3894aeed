"""TorchXRayVision: a state dict of one channel, and whole modules whose classes are not there."""

from __future__ import annotations

import os
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.densenet import DenseNet

from initializers.loading.contract import build
from initializers.loading.loading import LoadReport, initialize
from initializers.publishing.catalogue import published_as
from initializers.publishing.variable import VARIABLE
from initializers.torchxrayvision import RELEASES
from specs.errors import WeightsError
from tests.initializers.contract import no_runs, seeded
from tests.initializers.narrow import BLOCKS, narrow_densenet, stand_in
from tests.initializers.published import distinct, narrow_resnet50

ALL = 'torchxrayvision("densenet121-res224-all")'
DENSENET = "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
RESNET = "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    stand_in(monkeypatch, 'timm("densenet121")', narrow_densenet())
    return tmp_path


class Published(DenseNet):  # type: ignore[misc]
    """What the library pickled: torchvision's DenseNet of one channel, with 18 outputs and a buffer of thresholds."""

    def __init__(self) -> None:
        super().__init__(2, BLOCKS, num_init_features=4, bn_size=2, num_classes=18)
        self.features.conv0 = nn.Conv2d(1, 4, 7, 2, 3, bias=False)
        self.register_buffer("op_threshs", torch.rand(18, generator=seeded(2)))
        self.load_state_dict(distinct_of(self))

    def pooled(self, image: Tensor) -> Tensor:
        """What its classifier sees."""
        return torch.relu(self.features(image)).mean((2, 3))


def distinct_of(network: nn.Module) -> dict[str, Tensor]:
    """Values of which no two tensors are alike, small enough for a forward pass of many layers."""
    generator = seeded(7)
    found = {}
    for name, tensor in network.state_dict().items():
        drawn = torch.rand(tensor.shape, generator=generator) + 0.5
        found[name] = drawn if tensor.is_floating_point() and tensor.ndim < 2 else tensor
    return found


def write(network: nn.Module, path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool = True) -> None:
    """Pickle a module as one of the library's, which then is not there."""
    library, module = types.ModuleType("torchxrayvision"), types.ModuleType("torchxrayvision.models")
    module.Published = Published  # type: ignore[attr-defined]
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the legacy format looks for the text of each class's source
        patch.setitem(sys.modules, library.__name__, library)
        patch.setitem(sys.modules, module.__name__, module)
        patch.setattr(Published, "__module__", module.__name__)
        torch.save(network, path, _use_new_zipfile_serialization=not legacy)


def loaded(in_channels: int = 1) -> tuple[Any, LoadReport]:
    backbone = narrow_densenet(in_channels)
    return backbone.eval(), initialize(backbone, build(ALL), seeded(0), no_runs)


@pytest.mark.parametrize("legacy", [True, False])
def test_a_pickled_densenet_gives_all_its_tensors_and_answers_as_it_did(
    legacy: bool, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Published().eval()
    write(network, store / DENSENET, monkeypatch, legacy)
    assert "torchxrayvision" not in sys.modules
    backbone, report = loaded()
    wanted = {name: tensor for name, tensor in network.state_dict().items() if name.startswith("features.")}
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in backbone.weights().items())
    assert set(report.loaded) == set(wanted)
    assert set(report.dropped) == {"classifier.weight", "classifier.bias", "op_threshs"}
    assert "a whole torchxrayvision.models.Published" in report.source
    image = torch.randn(2, 1, 32, 32, generator=seeded(3))
    with torch.no_grad():
        assert torch.allclose(backbone(image), network.pooled(image), atol=1e-5, rtol=1e-4)


def test_a_network_for_colours_answers_a_gray_image_as_the_gray_one(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Published().eval()
    write(network, store / DENSENET, monkeypatch)
    backbone, report = loaded(in_channels=3)
    assert report.transformed == {"features.conv0.weight": "the input channel for each of 3, times 1/3"}
    image = torch.randn(2, 1, 32, 32, generator=seeded(3))
    with torch.no_grad():
        answers = backbone(image.expand(-1, 3, -1, -1))
        assert torch.allclose(answers, network.pooled(image), atol=1e-4, rtol=1e-3)


def test_the_resnet_is_a_state_dict_of_one_channel(store: Path) -> None:
    backbone = narrow_resnet50(1)
    tensors = distinct(backbone)
    torch.save(tensors | {"fc.weight": torch.ones(18, 8), "fc.bias": torch.ones(18)}, store / RESNET)
    report = initialize(backbone, build("torchxrayvision"), seeded(0), no_runs)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
    assert (set(report.dropped), report.transformed) == ({"fc.weight", "fc.bias"}, {})


def test_pixels_reach_the_network_from_minus_1024_to_1024() -> None:
    """``normalize`` of the library: (2 x - 1) * 1024 for x from 0 to 1."""
    normalization = build("torchxrayvision").card().normalization
    assert normalization is not None
    (mean,), (std,) = normalization.mean, normalization.std
    assert [(pixel - mean) / std for pixel in (0.0, 0.25, 1.0)] == [-1024, -512, 1024]


class Exploit:
    """Would make a folder when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


def test_a_module_of_this_layout_that_would_run_something_is_refused(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, proof = Published(), store / "proof"
    network.features.pool0.kernel_size = Exploit(proof)
    write(network, store / DENSENET, monkeypatch)
    with pytest.raises(WeightsError, match=r"(posix|nt)\.mkdir.*would run code"):
        loaded()
    assert not proof.exists()


def _renamed(network: nn.Module) -> None:
    block: Any = network.features.denseblock3.denselayer3  # type: ignore[union-attr]
    block._modules["norm.1"] = block._modules.pop("norm1")


def _missing(network: nn.Module) -> None:
    del network.features.denseblock3.denselayer3.norm1.running_mean  # type: ignore[union-attr]


def _unexpected(network: nn.Module) -> None:
    network.features.denseblock3.denselayer3.norm1.register_buffer("more", torch.zeros(2))  # type: ignore[union-attr]


def _misshapen(network: nn.Module) -> None:
    network.features.denseblock3.denselayer3.norm1 = nn.BatchNorm2d(3)  # type: ignore[union-attr]


def _wrapped(network: nn.Module) -> None:
    network._modules["body"] = network._modules.pop("features")


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_renamed, r"denselayer3\.norm1"), (_missing, r"denselayer3\.norm1\.running_mean"),
        (_unexpected, r"denselayer3\.norm1\.more"), (_misshapen, r"denselayer3\.norm1\.weight is \(3,\)"),
        (_wrapped, r"body\.conv0"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused_with_the_tensors_name(
    spoil: Callable[[nn.Module], None], name: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Published()
    spoil(network)
    write(network, store / DENSENET, monkeypatch, legacy=False)
    backbone = narrow_densenet(1)
    before = {name: tensor.clone() for name, tensor in backbone.weights().items()}
    with pytest.raises(WeightsError, match=name):
        initialize(backbone, build(ALL), seeded(0), no_runs)
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.weights().items())


def test_another_network_is_told_which_one_the_weights_are_of(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Published(), store / DENSENET, monkeypatch)
    with pytest.raises(WeightsError, match=r'They are weights of the backbone timm\("densenet121"\)\.'):
        initialize(narrow_resnet50(1), build(ALL), seeded(0), no_runs)


def test_each_file_of_the_release_has_its_network_and_what_trained_it() -> None:
    built = {initializer.file.name: initializer for _, initializer in published_as("torchxrayvision")}
    assert len(built) == len(RELEASES) == 8
    for name, initializer in built.items():
        card = initializer.card()
        assert initializer.architecture == ("resnet50" if "resnet50" in name else 'timm("densenet121")')
        assert initializer.file.url == f"https://github.com/mlmed/torchxrayvision/releases/download/v1/{name}"
        assert card.licence == "Apache-2.0"
        known = {"nih": "chestxray14", "pc": "padchest", "chex": "chexpert", "mimic": "mimic_cxr", "kaggle": "rsna"}
        parts = name.partition("-densenet121")[0].partition("-resnet50")[0].replace("_", "-").split("-")
        assert all(any(data.startswith(known[part]) for data in card.training_data) for part in parts if part in known)
