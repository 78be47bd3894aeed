"""What an expression leaves to the network is in a run's spec in full."""

from __future__ import annotations

import pytest

from experiments.run.recipes import recipe_named
from specs.expression import parse
from specs.registry import INITIALIZERS
from specs.run import RunSpec
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
