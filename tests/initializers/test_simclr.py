"""SimCLR: TensorFlow's own files and the converters', tensor by tensor, and damaged ones."""

from __future__ import annotations

import csv
import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from initializers.formats.tensorflow_checkpoint import Bundle
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.simclr import from_converter, from_tensorflow, layers
from initializers.publishing.variable import VARIABLE
from specs.card import UNIT
from specs.errors import WeightsError
from tests.initializers.contract import no_runs, seeded
from tests.initializers.published import distinct, narrow_resnet50

FIXTURE = Path(__file__).with_name("fixtures") / "simclr.zip"
"""Written by TensorFlow 2's saver; ``make_simclr.py`` beside it says what every number is."""

TORCHVISION_ORDER = [
    "conv1",
    *itertools.chain.from_iterable(
        [f"layer{stage}.0.downsample.0", *(f"layer{stage}.0.conv{n}" for n in (1, 2, 3))]
        + [f"layer{stage}.{block}.conv{n}" for block in range(1, count) for n in (1, 2, 3)]
        for stage, count in enumerate((3, 4, 6, 3), start=1)
    ),
]  # fmt: skip
"""In which SimCLR's code makes its convolutions: in a stage's first block the shortcut's projection first."""


def value(number: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(number).normal(size=shape).astype(np.float32)


def test_tensorflows_own_file_is_read_to_the_last_number() -> None:
    tensors = from_tensorflow(FIXTURE).tensors
    assert len(tensors) == 265
    assert [convolution for convolution, _ in layers()] == TORCHVISION_ORDER
    for place, convolution in enumerate(TORCHVISION_ORDER):
        kernel = value(5 * place, (1, 2, 2, 3))  # height, width, in, out
        assert np.array_equal(tensors[f"{convolution}.weight"].numpy(), kernel.transpose(3, 2, 0, 1)), convolution
        norm = convolution.replace("downsample.0", "downsample.1").replace("conv", "bn")
        for step, name in enumerate(("weight", "bias", "running_mean", "running_var"), start=1):
            assert np.array_equal(tensors[f"{norm}.{name}"].numpy(), value(5 * place + step, (3,))), norm


def test_the_fixture_is_a_tensorflow_checkpoint_with_what_else_they_hold() -> None:
    bundle = Bundle(FIXTURE)
    assert bundle.tensor("global_step").item() == 225206
    assert {"ema_model/base_model/conv2d/kernel", "base_model/conv2d_7/kernel/Momentum"} <= set(
        from_tensorflow(FIXTURE).dropped
    )


def test_names_with_numbers_are_ordered_by_number_not_by_text() -> None:
    tenth = from_tensorflow(FIXTURE).tensors[f"{TORCHVISION_ORDER[10]}.weight"]
    assert np.array_equal(tenth.numpy(), value(50, (1, 2, 2, 3)).transpose(3, 2, 0, 1))


def test_the_public_converters_names_are_mapped_as_an_independent_table_does(real_data: Path) -> None:
    with (real_data / "simclr_v2_key_map.csv").open() as file:
        rows = [(row["torchvision"], row["converted_simclr_v2"]) for row in csv.DictReader(file)]
    assert len(rows) == 265
    marked = {theirs: torch.tensor(number) for number, (_, theirs) in enumerate(rows)}
    renamed = from_converter(marked)
    assert {ours: renamed[ours].item() for ours, _ in rows} == {ours: number for number, (ours, _) in enumerate(rows)}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_the_second_versions_converted_file_is_loaded(store: Path, real_data: Path) -> None:
    with (real_data / "simclr_v2_key_map.csv").open() as file:
        names = {row["torchvision"]: row["converted_simclr_v2"] for row in csv.DictReader(file)}
    backbone = narrow_resnet50()
    tensors = distinct(backbone)
    content = {
        "resnet": {names[name]: tensor for name, tensor in tensors.items() if name in names},
        "head": {"layers.0.weight": torch.zeros(2)},
    }
    torch.save(content, store / "r50_1x_sk0.pth")
    report = initialize(backbone, build('simclr_v2("converted")'), seeded(0), no_runs)
    assert len(report.loaded) == 265
    assert len(report.counters) == 53
    assert all(torch.equal(backbone.weights()[name], tensors[name]) for name in report.loaded)


def test_the_first_versions_converted_file_is_loaded(store: Path) -> None:
    backbone = narrow_resnet50()
    tensors = distinct(backbone)
    torch.save({"state_dict": tensors | {"fc.weight": torch.zeros(3, 2)}}, store / "resnet50-1x.pth")
    initialize(backbone, build('simclr_v1("converted")'), seeded(0), no_runs)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())


def test_another_width_is_refused_by_the_backbone_and_not_by_the_reader(store: Path) -> None:
    (store / "ResNet50_1x.zip").write_bytes(FIXTURE.read_bytes())
    with pytest.raises(WeightsError, match=r"conv1\.weight is \(3, 2, 1, 2\) instead of"):
        initialize(narrow_resnet50(), build("simclr_v1"), seeded(0), no_runs)


def test_the_card_says_what_differs() -> None:
    for name in ("simclr_v1", "simclr_v2"):
        card = build(name).card()
        assert card.normalization == UNIT
        assert any("max-pooling" in warning for warning in card.warnings)


def _archive(folder: Path, change: str) -> Path:
    """The fixture with one file changed."""
    target = folder / "changed.zip"
    with zipfile.ZipFile(FIXTURE) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if change == "cut data" and ".data-" in name:
                content = content[:100]
            if change == "cut index" and name.endswith(".index"):
                content = content[:-5]
            if change == "torn index" and name.endswith(".index"):
                content = b"\xff" * 60 + content[60:]
            if not (change == "no index" and name.endswith(".index")):
                archive.writestr(name, content)
    return target


@pytest.mark.parametrize("change", ["cut data", "cut index", "torn index", "no index"])
def test_a_damaged_archive_is_refused_with_its_name(change: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"changed\.zip"):
        from_tensorflow(_archive(tmp_path, change))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"<html>")
    with pytest.raises(WeightsError, match=r"x\.zip is damaged or no zip archive"):
        from_tensorflow(tmp_path / "x.zip")
