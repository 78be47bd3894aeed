"""Fractals: the weights of a pretraining run on formula-driven images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from initializers.loading.contract import build
from initializers.loading.loading import initialize
from specs.errors import WeightsError
from specs.expression import Call
from specs.run import Pretraining
from tests.initializers.contract import InitializerContract, seeded, tiny, trained_run


class TestFractals(InitializerContract):
    expression = "fractals"

    def test_it_requires_a_pretraining_on_fractals_from_random_weights(self) -> None:
        assert build("fractals").requires() == (Pretraining(Call("fractals"), Call("random"), None),)
        assert build('fractals(recipe="a/b")').requires()[0].recipe == "a/b"

    def test_the_key_of_the_pretraining_run_is_its_whole_identity(self) -> None:
        """So that a recipe named in the expression and the same recipe given by the run spec make one key."""
        for text in ("fractals", 'fractals(recipe="a/b")'):
            assert (build(text).identity(), build(text).nested()) == ({}, {})

    def test_the_backbone_gets_what_the_run_left(self, tmp_path: Path) -> None:
        weights_of, tensors = trained_run(tmp_path)
        backbone = tiny()
        report = initialize(backbone, build("fractals"), seeded(0), weights_of)
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in backbone.weights().items())
        assert report.card["training_data"] == ["fractals"] and report.sha256

    def test_a_run_that_left_other_names_is_refused(self, tmp_path: Path) -> None:
        weights_of, tensors = trained_run(tmp_path)
        save_file({f"module.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "weights.safetensors")
        with pytest.raises(WeightsError, match=r"50 missing: .*60 unexpected: module\."):
            initialize(tiny(), build("fractals"), seeded(0), weights_of)
