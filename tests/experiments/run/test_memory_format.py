"""A recipe's ``auto`` and the memory format that it stands for are one run, whose spec says which one it is."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from experiments.run.memory_format import with_format
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, Resolver
from specs.expression import parse
from specs.recipe import MemoryFormat
from tests.experiments.smoke import paths_in, spec

BACKBONES = {"tiny(width=4)": "contiguous", 'timm("mobilenetv2_050")': "channels_last_small"}


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Resolver:
    return Resolver(paths_in(tmp_path_factory.mktemp("formats")))


def resolved(backbone: str, memory_format: MemoryFormat, resolver: Resolver) -> ResolvedRun:
    recipe = dataclasses.replace(spec().recipe, memory_format=memory_format)
    return resolver.resolve(spec(backbone=parse(backbone), recipe=recipe))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_auto_is_the_run_of_the_format_that_it_stands_for(backbone: str, resolver: Resolver) -> None:
    explicit: dict[MemoryFormat, ResolvedRun] = {
        "contiguous": resolved(backbone, "contiguous", resolver),
        "channels_last": resolved(backbone, "channels_last", resolver),
        "channels_last_small": resolved(backbone, "channels_last_small", resolver),
    }
    auto = resolved(backbone, "auto", resolver)
    meant = BACKBONES[backbone]
    assert auto.spec.recipe.memory_format == meant
    assert {name for name, run in explicit.items() if run.key == auto.key} == {meant}
    assert "auto" not in str(auto.identity["recipe"].get("memory_format"))
    assert auto.spec.to_json()["recipe"]["memory_format"] == meant


def test_looking_at_the_network_changes_no_random_state() -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    recipe = dataclasses.replace(spec().recipe, memory_format="auto")
    with_format(spec(backbone=parse('timm("mobilenetv2_050", in_channels=1)'), recipe=recipe))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_compares_own_recipes_leave_it_to_the_network_and_a_papers_do_not() -> None:
    for kind in ("classification", "segmentation"):
        assert recipe_named(f"compare/{kind}").memory_format == "auto"
    assert recipe_named("phantom/smoke").memory_format == "contiguous"
