"""Continual pretraining: an edge of the run graph."""

from __future__ import annotations

from pathlib import Path

import torch

from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.expression import parse
from specs.registry import INITIALIZERS
from tests.initializers.contract import InitializerContract, seeded, tiny, trained_run

EXPRESSION = 'continual(fractals, on="chestxray14")'


class TestContinual(InitializerContract):
    expression = EXPRESSION

    def test_it_requires_a_pretraining_that_starts_from_the_source(self) -> None:
        (need,) = build('continual(fractals, on="chestxray14", recipe="a/b")').requires()
        assert (need.initializer, need.recipe) == (parse("fractals(recipe=None)"), "a/b")
        assert need.dataset.name == "chestxray14"

    def test_the_key_of_the_pretraining_run_is_its_whole_identity(self) -> None:
        """The source belongs to that run: the run that fine-tunes depends on it through that run alone."""
        initializer = build(EXPRESSION)
        assert (initializer.identity(), initializer.nested()) == ({}, {})

    def test_two_spellings_have_one_canonical_form(self) -> None:
        spellings = ('continual(on = "chestxray14()", source=fractals())', EXPRESSION)
        assert len({INITIALIZERS.bind(text) for text in spellings}) == 1

    def test_its_training_data_are_the_sources_and_its_own_each_once(self) -> None:
        assert build(EXPRESSION).card().training_data == ("fractals", "chestxray14")
        assert build('continual(random, on="chestxray14")').card().training_data == ("chestxray14",)
        again = f'continual({EXPRESSION}, on="fractals")'
        assert build(again).card().training_data == ("fractals", "chestxray14")
        other = f'continual({EXPRESSION}, on="fractals(classes=3)")'
        assert build(other).card().training_data == ("fractals", "chestxray14", "fractals(classes=3)")

    def test_the_backbone_gets_what_the_run_left(self, tmp_path: Path) -> None:
        weights_of, tensors = trained_run(tmp_path)
        backbone = tiny()
        initialize(backbone, build(EXPRESSION), seeded(0), weights_of)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
