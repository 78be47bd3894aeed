"""Epochs of runs that go on, in wandb while they do: each once, and whatever wandb does, the runs go on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from experiments.execution.planner import Plan
from experiments.reporting.wandb import live
from experiments.reporting.wandb.live import followed
from experiments.run.store import RunStore
from tests.experiments.reporting.wandb_files import history_in
from tests.experiments.smoke import spec

KEY = "a" * 64


def row(epoch: int) -> dict[str, Any]:
    return {"epoch": epoch, "step": 10 * epoch, "train_loss": 1 / epoch, "validation_metric": epoch / 10}


class Going:
    """A plan with one run, and the epochs that an attempt at it has finished."""

    def __init__(self, folder: Path) -> None:
        self.store = RunStore(folder / "runs")
        run = SimpleNamespace(key=KEY, spec=spec())
        self.plan = Plan(cast("Any", {KEY: run}), self.store, running={KEY: 0.0})

    def has_done(self, epochs: int, attempt: str) -> Plan:
        folder = self.store.root / "attempts" / f"{KEY}.host.1.{attempt}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row(epoch)) + "\n" for epoch in range(1, epochs + 1)]
        (folder / "metrics.jsonl").write_text("".join(lines))
        return self.plan


def epochs_in(folder: Path) -> list[Any]:
    (written,) = folder.rglob("*.wandb")
    return [(one["epoch"], one["validation_metric"]) for one in history_in(written) if "epoch" in one]


def test_each_epoch_is_sent_once_also_of_a_run_that_was_killed_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, found = Going(tmp_path), []
    said: list[str] = []
    monkeypatch.setattr(live, "end", lambda process: found.extend(epochs_in(tmp_path / "wandb")))
    with followed(tmp_path / "wandb", "a table", going.store, said.append, "offline") as look:
        look(going.plan)  # no epoch is done yet
        look(going.has_done(2, "first"))
        look(going.plan)
        look(going.has_done(1, "second"))  # another attempt, which went on from an earlier checkpoint
        look(going.has_done(4, "second"))
        going.plan.running.clear()
        going.plan.failed[KEY] = cast("Any", None)
        look(going.plan)
    assert said == []
    assert found == [(epoch, epoch / 10) for epoch in (1, 2, 3, 4)]
    assert not (tmp_path / "wandb" / "staging").exists()


@pytest.mark.parametrize(
    ("text", "patience", "why"),
    [("raise OSError('no account')", 20.0, "OSError: no account"), ("import time; time.sleep(99)", 0.5, "not answer")],
)
def test_a_wandb_that_fails_or_hangs_keeps_nothing_back_and_is_told(
    text: str, patience: float, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "wandb.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setattr(live, "PATIENCE", patience)
    going = Going(tmp_path)
    said: list[str] = []
    with followed(tmp_path / "wandb", "", going.store, said.append) as look:
        for epochs in (1, 2, 3):
            look(going.has_done(epochs, "one"))
    (warning,) = said
    assert why in warning and "Results are not touched by it" in warning


@pytest.mark.parametrize("line", ["[1]", "3", '{"epoch": 1}'])
def test_metrics_that_mean_nothing_stop_no_run_and_are_told(line: str, tmp_path: Path) -> None:
    going, said = Going(tmp_path), list[str]()
    with followed(tmp_path / "wandb", "", going.store, said.append, "offline") as look:
        plan = going.has_done(1, "one")
        (attempt,) = going.store.attempts(KEY)
        (attempt / "metrics.jsonl").write_text(f"{line}\n")
        look(plan)
        look(plan)
    (warning,) = said
    assert "did not show all epochs" in warning


def test_a_process_that_cannot_be_started_stops_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(live, "started", full)
    going, said = Going(tmp_path), list[str]()
    with followed(tmp_path / "wandb", "", going.store, said.append) as look:
        look(going.has_done(1, "one"))
    assert "No space left on device" in said[0]


def test_an_interruption_does_not_wait_for_a_wandb_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "wandb.py").write_text("import time; time.sleep(99)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setattr(live, "SHORTLY", 0.1)
    going, said = Going(tmp_path), list[str]()
    with pytest.raises(KeyboardInterrupt), followed(tmp_path / "wandb", "", going.store, said.append) as look:
        look(going.has_done(1, "one"))
        raise KeyboardInterrupt
    assert "it did not answer for 0 s" in said[0]  # and not for the 120 s that it has at the end of all runs


def test_without_epochs_wandb_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "started", lambda *_, **__: pytest.fail("it was started"))
    going = Going(tmp_path)
    said: list[str] = []
    with followed(tmp_path / "wandb", "", going.store, said.append) as look:
        look(going.plan)
    assert said == []
