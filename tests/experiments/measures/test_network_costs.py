"""What networks cost: counts of parameters and multiply-adds beside published ones and closed forms, and seconds."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from experiments.measures.measuring.network_costs import (
    Costed,
    Network,
    counted,
    multiply_adds,
    network_costs,
    seconds_an_image,
)
from experiments.run.recipes import recipe_named
from specs.errors import UsageError
from specs.registry import BACKBONES
from specs.task import Task
from tests.experiments.smoke import paths_in

PIXELS = 224


def network(backbone: str, classes: int, size: int = PIXELS) -> Network:
    task = Task("multilabel", tuple(map(str, range(classes))))
    recipe = dataclasses.replace(recipe_named("phantom/smoke"), image_size=size)
    return Network(BACKBONES.bind(backbone), task, recipe, 3)


def test_one_convolution_and_one_linear_layer_have_the_multiply_adds_of_their_closed_forms() -> None:
    convolution = nn.Conv2d(3, 8, 5, stride=2, padding=2)
    assert multiply_adds(convolution, torch.zeros(1, 3, 32, 48)) == 16 * 24 * 8 * 3 * 5 * 5
    grouped = nn.Conv2d(8, 8, 3, padding=1, groups=4)
    assert multiply_adds(grouped, torch.zeros(1, 8, 10, 10)) == 10 * 10 * 8 * 2 * 3 * 3
    assert multiply_adds(nn.Linear(20, 7), torch.zeros(1, 20)) == 20 * 7


@pytest.mark.parametrize(("variant", "kernel", "widths"), [
    ("large_t", 7, (32, 64, 128, 256, 512)),
    ("large_w", 7, (64, 128, 256, 512)),
    ("small", 7, (32, 64, 128, 256)),
    ("tiny", 5, (32, 64, 128, 256)),
])  # fmt: skip
@pytest.mark.parametrize("size", [PIXELS, 587])
def test_cbr_networks_have_those_of_their_convolutions_and_classifier(
    variant: str, kernel: int, widths: tuple[int, ...], size: int
) -> None:
    """Raghu et al. 2019, appendix: widths and kernels; each max pool halves the image, rounding up."""
    expected, before, pixels = 5 * widths[-1], 3, size
    for width in widths:
        expected += pixels**2 * before * width * kernel**2
        before, pixels = width, (pixels + 1) // 2
    assert counted(network(f'cbr("{variant}")', 5, size))[1] == expected


@pytest.mark.parametrize(("name", "weights"), [
    ("resnet50", torchvision.models.ResNet50_Weights),
    ("resnet18", torchvision.models.ResNet18_Weights),
    ('timm("convnext_tiny")', torchvision.models.ConvNeXt_Tiny_Weights),
    ('timm("swin_tiny_patch4_window7_224")', torchvision.models.Swin_T_Weights),
])  # fmt: skip
def test_counts_are_those_that_torchvision_publishes(name: str, weights: type[torchvision.models.WeightsEnum]) -> None:
    published = weights.IMAGENET1K_V1.meta
    parameters, operations = counted(network(name, 1000))
    assert parameters == published["num_params"]
    assert operations / 1e9 == pytest.approx(published["_ops"], rel=0.01)  # in 10^9 multiply-adds


def test_attention_is_counted() -> None:
    # A block of ViT-S/16 (Dosovitskiy et al. 2021; 197 tokens of 384 numbers): 12 d^2 for each token in its linear
    # layers, and two products of all tokens with all tokens.
    tokens, width = 197, 384
    blocks = 12 * (tokens * 12 * width**2 + 2 * tokens**2 * width)
    patches = 196 * width * 3 * 16**2
    assert counted(network('timm("vit_small_patch16_224")', 10))[1] == blocks + patches + 10 * width


@pytest.mark.parametrize(("backbone", "parameters"), [
    ('cbr("large_t")', 8_539_173), ('cbr("large_w")', 8_443_461), ('cbr("small")', 2_114_341),
    ('cbr("tiny")', 1_079_845), ("resnet50", 23_518_277),
])  # fmt: skip
def test_parameters_are_counted_with_the_classifier_of_the_task(backbone: str, parameters: int) -> None:
    assert counted(network(backbone, 5))[0] == parameters


def test_counting_takes_no_memory_and_changes_no_random_state() -> None:
    state = torch.get_rng_state()
    assert counted(network('cbr("large_w")', 5, 16_384))[1] > 10**13  # one image's maps would fill 64 GB
    assert network("tiny(width=4)", 2).made().training is False
    assert torch.equal(torch.get_rng_state(), state)


def test_seconds_are_the_median_of_passes_after_a_warm_up_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    from time import sleep

    passes = [0.0, 0.02, 0.3, 0.02]  # a warm-up that is quick, and a hiccup

    class Slow(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            assert torch.get_num_threads() == 1
            sleep(passes.pop(0))
            return image

    monkeypatch.setattr("experiments.measures.measuring.network_costs.REPEATED", 0.0)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert 0.02 <= seconds_an_image(Slow(), torch.zeros(1)) < 0.2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert passes == []


def test_each_network_of_a_table_is_measured_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.measures.measuring.network_costs.REPEATED", 0.05)
    smoke, chests = dataclasses.replace(recipe_named("phantom/smoke"), image_size=32), 'medmnist("pneumoniamnist")'
    larger = dataclasses.replace(smoke, image_size=64)
    asked = [
        Costed("A", chests, "tiny(width=4)", smoke),
        Costed("B", chests, "tiny(4)", dataclasses.replace(smoke, epochs=9)),
        Costed("large", chests, "tiny(width=4)", larger),
        Costed("masks", "drive", "tiny(width=4)", smoke),
        Costed("others", chests, "resnet18", smoke),
    ]
    where, told = paths_in(tmp_path), list[tuple[int, int]]()

    def report(done: int, count: int, /) -> None:
        told.append((done, count))

    costs = network_costs(asked, "phantom", where, report)
    assert [cost.columns for cost in costs] == [("A", "B"), ("large",), ("masks",), ("others",)]
    assert [cost.backbone for cost in costs] == ["Tiny, width 4"] * 3 + ["ResNet-18"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    first, large, masks, others = costs
    assert first.parameters == large.parameters < masks.parameters < others.parameters
    assert large.multiply_adds - 32 == 4 * (first.multiply_adds - 32)  # 32 features to one class
    assert all(cost.seconds > 0 and cost.device for cost in costs)
    assert network_costs(asked, "phantom", where, report) == costs
    assert len(told) == 4
    kept = sorted((tmp_path / "runs" / "evaluations").glob("network-seconds-*/*.json"))
    assert sorted(json.loads(path.read_text()) for path in kept) == sorted(cost.seconds for cost in costs)


def test_a_network_for_other_images_is_refused(tmp_path: Path) -> None:
    column = Costed(
        "A", 'medmnist("pneumoniamnist")', 'timm("vit_tiny_patch16_224")', recipe_named("phantom/smoke")
    )  # fmt: skip
    with pytest.raises(UsageError, match="takes images of 224 pixels only"):
        network_costs([column], "phantom", paths_in(tmp_path))


def test_a_decoder_that_is_named_has_costs_of_its_own() -> None:
    usual = dataclasses.replace(recipe_named("phantom/smoke_segmentation"), image_size=64)
    one, other = (
        Network(BACKBONES.bind("resnet18"), Task("segmentation", ("vessel",)), recipe, 3)
        for recipe in (usual, dataclasses.replace(usual, decoder="upernet"))
    )
    assert one.identity != other.identity
    assert counted(one) != counted(other)
