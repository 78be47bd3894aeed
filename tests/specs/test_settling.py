"""What an expression leaves to the network is in a run's spec in full."""

from __future__ import annotations

import dataclasses

import pytest

from experiments.run.recipes import recipe_named
from experiments.run.resolve import required_by
from specs.expression import parse
from specs.registry import BACKBONES, INITIALIZERS
from specs.run import Pretraining, RunSpec
from specs.settling import settled, unsettled


def spec(initializer: str, backbone: str) -> RunSpec:
    return RunSpec(
        stage="finetune",
        dataset=parse("medmnist"),
        edition="phantom",
        backbone=parse(backbone),
        initializer=parse(initializer),
        recipe=recipe_named("phantom/smoke"),
    )


@pytest.mark.parametrize(
    ("initializer", "backbone", "expected"),
    [
        ("imagenet", "resnet50", 'imagenet("resnet50")'),
        ("imagenet", "resnet18(in_channels=1)", 'imagenet("resnet18")'),
        ("imagenet", "efficientnet_lite1", 'imagenet("efficientnet_lite1")'),
        ('imagenet("resnet50")', "efficientnet_lite1", 'imagenet("resnet50")'),  # strict loading refuses it
        ('transfuse(imagenet, through="layer2")', "resnet50_slim", 'transfuse(imagenet("resnet50"), through="layer2")'),
        ("mean_var(imagenet)", "efficientnet_lite0", 'mean_var(imagenet("efficientnet_lite0"))'),
        (
            "batch_norm(imagenet, mean_var(imagenet))",
            "resnet18",
            'batch_norm(imagenet("resnet18"), mean_var(imagenet("resnet18")))',
        ),
        (
            'continual(imagenet, on="chestxray14")',
            "efficientnet_lite0",
            'continual(imagenet("efficientnet_lite0"), on="chestxray14")',
        ),
        ("random", "efficientnet_lite0", "random"),
        ("moco_v2", "resnet18", "moco_v2"),
    ],
)
def test_a_spec_says_which_networks_weights_are_meant(initializer: str, backbone: str, expected: str) -> None:
    made = spec(initializer, backbone)
    assert made.initializer == INITIALIZERS.bind(expected)
    assert made == spec(expected, backbone) == RunSpec.from_json(made.to_json())


@pytest.mark.parametrize("expression", ["imagenet", "mean_var(imagenet)", 'batch_norm(imagenet("resnet50"), imagenet)'])
def test_what_is_left_to_the_network_is_taken_out_again(expression: str) -> None:
    bound, network = INITIALIZERS.bind(expression), parse("resnet18")
    shown = unsettled(settled(bound, network), network)
    assert shown == bound
    assert settled(shown, network) == settled(bound, network)


FOUR = 'folder(channel_suffixes=("_t1", "_t1ce", "_t2", "_flair"))'


@pytest.mark.parametrize(
    ("dataset", "backbone", "expected"),
    [
        (FOUR, "resnet18", "resnet18(in_channels=4)"),
        (FOUR, 'timm("resnet10t")', 'timm("resnet10t", in_channels=4)'),
        (FOUR, "resnet18(in_channels=2)", "resnet18(in_channels=2)"),  # said, and refused by the first batch
        ('folder(channel_suffixes=("_t1", "_t2"))', "tiny(width=4)", "tiny(width=4, in_channels=2)"),
        ('folder(channel_suffixes=("_t1",))', "resnet18", "resnet18"),  # gray is repeated
        ("folder", "resnet18", "resnet18"),
        ("folder", "resnet18(in_channels=1)", "resnet18(in_channels=1)"),
        ("folder(channels=3)", "resnet18", "resnet18"),
    ],
)
def test_a_network_takes_as_many_channels_as_the_images_have(dataset: str, backbone: str, expected: str) -> None:
    made = dataclasses.replace(spec("random", backbone), dataset=parse(dataset))
    assert made.backbone == BACKBONES.bind(expected)
    assert made == RunSpec.from_json(made.to_json())


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (FOUR, "tiny(in_channels=4)"),
        ("folder(channels=3)", "tiny(in_channels=3)"),
        ('folder(channel_suffixes=("_t1", "_t2"))', "tiny(in_channels=2)"),
        ("folder", "tiny(in_channels=4)"),  # gray is repeated over the network's own channels
    ],
)
def test_a_pretraining_is_of_the_network_for_its_own_images(on: str, expected: str) -> None:
    made = dataclasses.replace(spec("random", "tiny"), dataset=parse(FOUR))
    need = Pretraining(parse(on), parse("random"), "phantom/smoke_pretraining")
    assert required_by(made, need).backbone == BACKBONES.bind(expected)
