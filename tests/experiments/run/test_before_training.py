"""The network of a finished run as it was before the first step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from experiments.run import restored
from experiments.run.initialized import initialized
from experiments.run.machine.threads import threads
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.restored import before_training, restore
from experiments.run.store import WEIGHTS, Record
from initializers.loading.fingerprints import fingerprint
from specs.errors import RunError
from tests.experiments.finished import PRETRAINED
from tests.experiments.resealed import reseal
from tests.experiments.smoke import NO_RUNS, spec


@pytest.mark.parametrize("name", ["record", "transferred"])
def test_it_has_the_weights_that_the_run_said_it_began_with(
    name: str, where: Paths, request: pytest.FixtureRequest
) -> None:
    record: Record = request.getfixturevalue(name)
    stated = json.loads((record.folder / "load_report.json").read_text())
    backbone = before_training(record, where)
    assert fingerprint(backbone.weights()) == stated["after"] != stated["before"]
    assert not any(module.training for module in backbone.modules())
    trained = restore(record, where).module.backbone.weights()
    moved = [key for key, tensor in backbone.weights().items() if not torch.equal(tensor, trained[key])]
    assert len(moved) == len(trained)  # all of it was trained, statistics and counters of steps too


def test_a_transferred_network_began_with_the_weights_of_its_pretraining(transferred: Record, where: Paths) -> None:
    (pretraining,) = Resolver(where).resolve(spec(PRETRAINED)).requires
    given = load_file(where.runs / pretraining.key / WEIGHTS)
    found = before_training(transferred, where).weights()
    assert found.keys() == given.keys()
    assert all(torch.equal(tensor, given[name]) for name, tensor in found.items())


def test_weights_other_than_those_of_the_load_report_are_refused(record: Record, where: Paths, copies: Path) -> None:
    shutil.copytree(record.folder, copies)
    path = copies / "load_report.json"
    report = json.loads(path.read_text())
    right, wrong = report["after"], "0" * len(report["after"])
    path.write_text(json.dumps(report | {"after": wrong}))
    with pytest.raises(RunError, match=rf"fingerprint {wrong}; its initializer now gives {right}\. Move the run's"):
        before_training(reseal(copies), where)


def test_the_same_run_begins_alike_each_time_and_another_seed_does_not(where: Paths) -> None:
    def began(seed: int) -> str:
        return initialized(spec(seed=seed), where, NO_RUNS)[1].after

    assert began(0) == began(0)
    assert began(0) != began(1)


def test_its_weights_are_drawn_with_the_runs_number_of_threads(
    record: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums over threads have other last digits, and Mean Var is drawn from such sums."""
    counts = []

    def counted(*given: object) -> object:
        counts.append(torch.get_num_threads())
        return initialized(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(restored, "initialized", counted)
    with threads(2):
        before_training(record, where)
        assert torch.get_num_threads() == 2
    assert counts == [record.data["spec"]["recipe"]["threads"]] == [1]


@pytest.mark.parametrize("seed", [0, 3])
def test_a_pretraining_does_not_begin_with_the_draw_of_a_fine_tuning_of_its_seed(seed: int, where: Paths) -> None:
    """Networks from transferred and from random weights are compared, and must not share where they began."""
    finetuned, _ = initialized(spec(seed=seed), where, NO_RUNS)
    other, _ = initialized(spec(seed=seed, stage="pretrain", dataset="fractals"), where, NO_RUNS)
    weights = other.weights()
    drawn = [name for name in weights if name.endswith("conv.weight")]
    assert len(drawn) == 1 + 3 * 3
    assert not any(torch.equal(finetuned.weights()[name], weights[name]) for name in drawn)


def test_a_network_of_other_expressions_of_the_same_seed_begins_alike(where: Paths) -> None:
    """What is trained on is no part of the draw: columns of a table share their random weights."""
    one, other = (
        initialized(spec(dataset=data), where, NO_RUNS)[1].after for data in ("drive", 'medmnist("breastmnist")')
    )
    assert one == other
