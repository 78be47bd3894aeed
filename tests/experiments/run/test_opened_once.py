"""How often a run is resolved and its dataset opened, between the plan and the record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from datamodules.prepared.opening import OpenDataset
from experiments.execution.worker import planned
from experiments.run.paths import Paths
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.runner import attempt_run, run
from experiments.run.store import RunStore
from specs.errors import MedtransferError
from specs.expression import Call
from specs.run import Edition, RunSpec
from tests.experiments.smoke import paths_in, spec


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each run was resolved, by stage, and each dataset opened, by name."""
    seen: Counter[str] = Counter()
    opened, resolve = Paths.opened, Resolver.resolve

    def count_opened(self: Paths, expression: Call, edition: Edition) -> OpenDataset:
        seen[expression.name] += 1
        return opened(self, expression, edition)

    def count_resolved(self: Resolver, spec: RunSpec) -> ResolvedRun:
        seen[spec.stage] += 1
        return resolve(self, spec)

    monkeypatch.setattr(Paths, "opened", count_opened)
    monkeypatch.setattr(Resolver, "resolve", count_resolved)
    return seen


def test_a_worker_resolves_a_run_once_and_opens_each_dataset_once(tmp_path: Path, counted: Counter[str]) -> None:
    where, settings = paths_in(tmp_path), {"epochs": "1"}
    made = spec("fractals")
    changes: dict[str, Any] = {"recipe": made.recipe.override(settings)}
    assert made.pretraining is not None
    changes["pretraining"] = made.pretraining.override(settings)
    wanted = spec("fractals", **changes)
    planner = Resolver(where)
    resolved = planner.resolve(wanted)
    assert counted == {"finetune": 1, "pretrain": 1, "medmnist": 1, "fractals": 1}
    run(resolved.requires[0].spec, where)

    counted.clear()
    worker = Resolver(where)
    again = planned(wanted.to_json(), resolved.key, worker)
    record = attempt_run(again, RunStore(where.runs).begin(again.key), worker)
    assert record.data["key"] == resolved.key
    assert counted == {"finetune": 1, "pretrain": 1, "medmnist": 1, "fractals": 1}


def test_a_run_whose_data_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    wanted = spec()
    with pytest.raises(MedtransferError, match="between planning and starting"):
        planned(wanted.to_json(), "0" * 64, Resolver(paths_in(tmp_path)))
