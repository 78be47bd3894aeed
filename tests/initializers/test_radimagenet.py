"""RadImageNet's DenseNet-121 and Inception-v3: modules numbered as in a Sequential; the ResNet is a usual format."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.densenet import DenseNet

from initializers.formats.checkpoints import Container
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.publishing import Published
from initializers.publishing.variable import VARIABLE
from specs.errors import WeightsError
from tests.initializers.contract import no_runs, seeded
from tests.initializers.narrow import BLOCKS, narrow_densenet, stand_in
from tests.initializers.published import narrow_resnet50

DENSENET, INCEPTION = 'radimagenet("densenet121")', 'radimagenet("inception_v3")'


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    stand_in(monkeypatch, 'timm("densenet121")', narrow_densenet())
    return tmp_path


def unlike(network: nn.Module) -> nn.Module:
    """A network whose vectors are all unlike; its kernels are drawn already."""
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.ndim == 1:
                tensor.uniform_(0.5, 1.5, generator=seeded(tensor.numel()))
    return network.eval()


def children(network: nn.Module) -> dict[str, Tensor]:
    """What the authors save: a Sequential of a network's children but its classifier, in an attribute ``backbone``."""
    sequential = nn.Sequential(*list(network.children())[:-1])
    return {f"backbone.{name}": tensor for name, tensor in sequential.state_dict().items()}


def densenet() -> DenseNet:
    """Torchvision's DenseNet, small."""
    network = DenseNet(2, BLOCKS, num_init_features=4, bn_size=2, num_classes=2)
    unlike(network)
    return network


def test_the_densenet_answers_as_torchvisions(store: Path) -> None:
    network = densenet()
    saved = children(network)
    assert all(name.startswith("backbone.0.") for name in saved)
    torch.save(saved, store / "RadImageNet-DenseNet121.pt")
    backbone = narrow_densenet().eval()
    report = initialize(backbone, build(DENSENET), seeded(0), no_runs)
    assert set(report.loaded) == set(backbone.weights())
    assert (report.dropped, report.transformed) == ((), {})
    assert "names of a DenseNet in a Sequential" in report.source
    assert any("without the ReLU" in warning for warning in report.card["warnings"])
    image = torch.randn(2, 3, 32, 32, generator=seeded(1))
    with torch.no_grad():
        expected = torch.relu(network.features(image)).mean((2, 3))
        assert torch.allclose(backbone(image), expected, atol=1e-5, rtol=1e-4)


def test_the_inception_answers_as_torchvisions(store: Path) -> None:
    network = unlike(torchvision.models.inception_v3(aux_logits=False, init_weights=False))
    saved = children(network)
    assert {"backbone.0.conv.weight", "backbone.17.branch1x1.bn.bias"} <= set(saved)
    assert not any(name.startswith(("backbone.3.", "backbone.18.")) for name in saved)  # pooling
    initializer = build(INCEPTION)
    assert isinstance(initializer, Published)
    weights = initializer.checked(initializer.named(Container(store / "RadImageNet-InceptionV3.pt", saved, "")))
    assert "names of an Inception-v3 in a Sequential" in weights.source
    read = copy.deepcopy(initializer.network()).eval()
    read.load_state_dict(weights.tensors, assign=True)
    network.fc = nn.Identity()
    image = torch.randn(1, 3, 75, 75, generator=seeded(1))
    with torch.no_grad():
        assert torch.allclose(read(image), network(image), atol=1e-4, rtol=1e-3)


def test_the_names_of_the_whole_densenet_are_known(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with torch.device("meta"):
        saved = children(torchvision.models.densenet121())
    initializer = build(DENSENET)
    assert isinstance(initializer, Published)
    weights = initializer.named(Container(store / "RadImageNet-DenseNet121.pt", saved, ""))
    assert not any(initializer.name_faults(weights).values())
    wanted = initializer.wanted()
    assert all(tensor.shape == wanted[name].shape for name, tensor in weights.tensors.items())


Tensors = dict[str, Tensor]
NAME = "backbone.0.denseblock3.denselayer3.norm1.weight"

MISSES: dict[str, tuple[Callable[[Tensors], Tensors], str]] = {
    "no prefix": (lambda saved: {name.removeprefix("backbone."): of for name, of in saved.items()}, "no tensor begins"),
    "of another module": (
        lambda saved: {name.replace("backbone.0.", "backbone.1."): of for name, of in saved.items()},
        r"1\.conv0\.weight",
    ),
    "missing": (
        lambda saved: {name: of for name, of in saved.items() if name != NAME},
        r"1 missing: features\.denseblock3\.denselayer3\.norm1\.weight",
    ),
    "unexpected": (lambda saved: saved | {NAME + "s": torch.ones(2)}, r"1 unexpected: .*norm1\.weights"),
    "misshapen": (lambda saved: saved | {NAME: torch.ones(99)}, r"norm1\.weight is \(99,\)"),
}


@pytest.mark.parametrize(("spoil", "message"), MISSES.values(), ids=MISSES.keys())
def test_near_misses_are_refused_by_name(spoil: Callable[[Tensors], Tensors], message: str, store: Path) -> None:
    torch.save(spoil(children(densenet())), store / "RadImageNet-DenseNet121.pt")
    with pytest.raises(WeightsError, match=message):
        initialize(narrow_densenet(), build(DENSENET), seeded(0), no_runs)


def test_another_network_is_told_which_one_the_weights_are_of(store: Path) -> None:
    torch.save(children(densenet()), store / "RadImageNet-DenseNet121.pt")
    with pytest.raises(WeightsError, match=r'They are weights of the backbone timm\("densenet121"\)\.'):
        initialize(narrow_resnet50(), build(DENSENET), seeded(0), no_runs)


def test_the_archives_members_keep_their_names_in_the_store() -> None:
    files = {of: build(f'radimagenet("{of}")') for of in ("resnet50", "densenet121", "inception_v3")}
    told = {
        of: (one.file.name, one.file.member, one.architecture)
        for of, one in files.items()
        if isinstance(one, Published)
    }
    assert told == {
        "resnet50": ("RadImageNet-ResNet50.pt", "ResNet50.pt", "resnet50"),
        "densenet121": ("RadImageNet-DenseNet121.pt", "DenseNet121.pt", 'timm("densenet121")'),
        "inception_v3": ("RadImageNet-InceptionV3.pt", "InceptionV3.pt", "inception_v3"),
    }
