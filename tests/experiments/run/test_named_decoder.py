"""A decoder that a recipe names: another run where it changes the network, and refused where it cannot be had."""

from __future__ import annotations

import dataclasses

import pytest

from experiments.run.named_decoder import identifying
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from specs.errors import UsageError
from specs.expression import parse
from specs.plugins import plugins_of
from specs.registry import BACKBONES, DECODERS
from specs.run import RunSpec
from tests.experiments.smoke import paths_in, spec

VIT = str(BACKBONES.bind('timm("test_vit3", image_size=32, patch_size=8)'))


def segmentation(decoder: str | None, backbone: str = "tiny(width=4)") -> RunSpec:
    """A segmentation by a decoder; None: by a recipe that says nothing of decoders."""
    recipe = recipe_named("phantom/smoke_segmentation")
    if decoder is not None:
        recipe = recipe.override({"decoder": decoder})
    return spec(dataset="drive", backbone=BACKBONES.bind(parse(backbone)), recipe=recipe)


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Resolver:
    return Resolver(paths_in(tmp_path_factory.mktemp("resolved")))


@pytest.mark.parametrize(
    ("backbone", "usual", "other"), [("tiny(width=4)", "unet", "upernet"), (VIT, "upernet", "dpt")]
)
def test_another_decoder_is_another_run_and_the_usual_one_by_its_name_is_the_same(
    backbone: str, usual: str, other: str, resolver: Resolver
) -> None:
    before, auto, same, another = (
        resolver.resolve(segmentation(decoder, backbone)) for decoder in (None, "auto", usual, other)
    )
    assert before.key == auto.key == same.key != another.key
    assert "decoder" not in before.identity["recipe"]
    assert another.identity["recipe"] == before.identity["recipe"] | {"decoder": other}
    assert identifying(same.spec) == before.spec.recipe


def test_a_decoder_that_does_not_fit_is_refused_before_anything_is_trained(resolver: Resolver) -> None:
    with pytest.raises(UsageError, match=r"decoder=unet does not fit .* Use decoder=upernet or dpt\."):
        resolver.resolve(segmentation("unet", VIT))


def test_a_classification_takes_no_decoder(resolver: Resolver) -> None:
    recipe = dataclasses.replace(spec().recipe, decoder="upernet")
    with pytest.raises(UsageError, match=r"decoder=upernet is for segmentations, and medmnist.* has no masks"):
        resolver.resolve(spec(recipe=recipe))


def test_a_decoder_of_another_distribution_is_one_of_the_runs_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = dataclasses.replace(DECODERS.entries["upernet"], name="theirs", distribution="their-decoders")
    monkeypatch.setattr(DECODERS, "entries", DECODERS.entries | {"theirs": theirs})
    assert [plugin.distribution for plugin in plugins_of(segmentation("theirs"))] == ["their-decoders"]
    assert plugins_of(segmentation("upernet")) == plugins_of(segmentation(None)) == ()


def test_upernets_batch_norm_needs_more_than_one_image_whatever_the_backbone_is(resolver: Resolver) -> None:
    upernet = segmentation(None, VIT)
    alone = dataclasses.replace(upernet, recipe=upernet.recipe.override({"batch_size": "1"}))
    with pytest.raises(UsageError, match="the batch norm of timm with its decoder cannot estimate a variance"):
        resolver.resolve(alone)
