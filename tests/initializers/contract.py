"""What every initializer must do; a new one inherits these tests by naming its expression."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from backbones.networks.contract import Backbone
from initializers.loading.contract import Initializer, Weights, WeightsOf, build, differs_by_seed
from initializers.loading.fingerprints import fingerprint
from initializers.loading.loading import LoadReport, initialize
from specs.card import Card
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.run import Pretraining, canonical_json

HEAVY = ("torch", "numpy", "timm", "pytorch_lightning", "safetensors")


def tiny(in_channels: int = 3) -> Backbone:
    """A small backbone; what it is filled with depends on the global random state."""
    backbone: Backbone = BACKBONES.build(f"tiny(width=8, in_channels={in_channels})")
    return backbone


def seeded(seed: int) -> torch.Generator:
    """A new generator."""
    return torch.Generator().manual_seed(seed)


def no_runs(need: Pretraining) -> Path:
    """For initializers that require no run."""
    raise AssertionError(f"asked for a run that is not required: {need}")


def given(make: Callable[[Backbone, torch.Generator], Weights]) -> Initializer:
    """An initializer that yields what the test says."""

    @dataclass(frozen=True)
    class Given(Initializer):
        def card(self) -> Card:
            return Card(method="given")

        def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
            return make(backbone, generator)

    return Given()


def trained_run(folder: Path, seed: int = 99) -> tuple[WeightsOf, dict[str, Tensor]]:
    """Stands in for a finished pretraining run, and the tensors that it left."""
    tensors = tiny().draw(seeded(seed))
    save_file(tensors, folder / "weights.safetensors")
    return lambda need: folder / "weights.safetensors", tensors


class InitializerContract:
    """Inherit, set ``expression`` (``{folder}`` is a fresh folder), and prepare what it reads in ``prepare``."""

    expression: str
    depends_on_the_seed = False

    def prepare(self, folder: Path) -> None:
        """Write the files that the expression names."""

    @pytest.fixture
    def text(self, tmp_path: Path) -> str:
        self.prepare(tmp_path)
        return self.expression.replace("{folder}", tmp_path.as_posix())

    @pytest.fixture
    def initializer(self, text: str) -> Initializer:
        return build(text)

    @pytest.fixture
    def weights_of(self, tmp_path: Path) -> WeightsOf:
        return trained_run(tmp_path)[0]

    def test_it_yields_every_tensor_of_the_backbone_and_no_other(
        self, initializer: Initializer, weights_of: WeightsOf
    ) -> None:
        backbone = tiny()
        tensors = initializer.state_dict(backbone, seeded(0), weights_of).tensors
        assert {name: tensor.shape for name, tensor in tensors.items()} == {
            name: tensor.shape for name, tensor in backbone.weights().items()
        }

    def test_every_rank_builds_the_same_weights_from_the_same_seed(
        self, initializer: Initializer, weights_of: WeightsOf
    ) -> None:
        reports = []
        for rank in range(2):
            torch.manual_seed(rank)  # ranks differ in global state and in what the backbone held before
            reports.append(initialize(tiny(), initializer, seeded(5), weights_of))
        assert reports[0].before != reports[1].before
        assert reports[0].after == reports[1].after

    def test_another_seed_changes_the_weights_only_where_weights_are_drawn(
        self, initializer: Initializer, weights_of: WeightsOf
    ) -> None:
        reports = [initialize(tiny(), initializer, seeded(seed), weights_of) for seed in (1, 2)]
        assert (reports[0].after != reports[1].after) == self.depends_on_the_seed
        assert bool(reports[0].drawn) == self.depends_on_the_seed
        assert differs_by_seed(initializer) or not self.depends_on_the_seed

    def test_global_random_states_are_neither_read_nor_changed(
        self, initializer: Initializer, weights_of: WeightsOf
    ) -> None:
        backbone = tiny()
        numpys: Any = np.random.get_state()
        states = random.getstate(), numpys[1], torch.random.get_rng_state()
        initializer.state_dict(backbone, seeded(0), weights_of)
        assert random.getstate() == states[0]
        numpys = np.random.get_state()
        assert np.array_equal(numpys[1], states[1])
        assert torch.equal(torch.random.get_rng_state(), states[2])

    def test_yielding_weights_leaves_the_backbone_alone(self, initializer: Initializer, weights_of: WeightsOf) -> None:
        backbone = tiny()
        before = fingerprint(backbone.weights())
        initializer.state_dict(backbone, seeded(0), weights_of)
        assert fingerprint(backbone.weights()) == before

    def test_the_report_accounts_for_every_tensor(self, initializer: Initializer, weights_of: WeightsOf) -> None:
        backbone = tiny()
        before = fingerprint(backbone.weights())
        report = initialize(backbone, initializer, seeded(0), weights_of)
        named = {*report.loaded, *report.transformed, *report.drawn, *report.counters}
        assert named == set(backbone.weights())
        assert not set(report.loaded) & {*report.transformed, *report.drawn, *report.counters}
        assert (report.before, report.after) == (before, fingerprint(backbone.weights()))
        assert report.source and report.card["method"]
        assert LoadReport.from_json(json.loads(canonical_json(report.to_json()))) == report

    def test_the_weights_train_and_evaluate_to_finite_features(
        self, initializer: Initializer, weights_of: WeightsOf
    ) -> None:
        backbone = tiny()
        initialize(backbone, initializer, seeded(0), weights_of)
        images = torch.rand(2, 3, 32, 32, generator=seeded(0))
        for mode in (True, False):
            assert backbone.train(mode)(images).isfinite().all()

    def test_its_text_is_the_canonical_expression_and_builds_it_again(
        self, text: str, initializer: Initializer
    ) -> None:
        assert str(initializer) == str(INITIALIZERS.bind(text))
        assert build(str(initializer)) == initializer

    def test_identity_and_requirements_are_plain_and_bindable(self, initializer: Initializer) -> None:
        canonical_json(initializer.identity())
        for inner in initializer.nested().values():
            assert INITIALIZERS.bind(inner) == inner
        for need in initializer.requires():
            DATASETS.bind(need.dataset)
            INITIALIZERS.bind(need.initializer)

    def test_planning_with_it_imports_nothing_heavy(self, text: str, initializer: Initializer) -> None:
        code = (
            "import sys; from initializers.loading.contract import build; i = build(sys.argv[1])\n"
            "i.card(), i.identity(), i.nested(), i.requires(), str(i)\n"
            f"print([name for name in {HEAVY} if name in sys.modules])"
        )
        project = Path(__file__).resolve().parents[2]
        done = subprocess.run([sys.executable, "-c", code, text], cwd=project, capture_output=True, text=True)
        assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
