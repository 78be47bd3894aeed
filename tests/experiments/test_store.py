"""The run store: a run appears whole or not at all, and nothing finished is ever replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.store import RunStore
from specs.errors import RunError

KEY = "a" * 64


def record(score: float = 0.5) -> dict[str, object]:
    return {"outcome": {"scores": {"auroc": score}}, "score": score}


def test_a_run_is_done_only_when_it_is_published(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    attempt = store.begin(KEY)
    (attempt.folder / "predictions.parquet").write_bytes(b"x")
    assert store.record(KEY) is None
    published = store.publish(attempt, record())
    assert published.score == 0.5
    assert (store.folder(KEY) / "predictions.parquet").read_bytes() == b"x"
    assert list((tmp_path / "attempts").iterdir()) == []


def test_a_second_attempt_with_the_same_outcome_leaves_the_first_alone(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first, second = store.begin(KEY), store.begin(KEY)
    (first.folder / "who").write_text("first")
    (second.folder / "who").write_text("second")
    store.publish(first, record())
    store.publish(second, record())
    assert (store.folder(KEY) / "who").read_text() == "first"
    assert list((tmp_path / "attempts").iterdir()) == []


def test_a_second_attempt_with_another_outcome_is_reported_and_kept(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first, second = store.begin(KEY), store.begin(KEY)
    store.publish(first, record(0.5))
    with pytest.raises(RunError, match="different results"):
        store.publish(second, record(0.6))
    assert store.record(KEY).score == 0.5  # type: ignore[union-attr]
    assert second.folder.is_dir()


def test_a_new_attempt_takes_over_the_newest_checkpoint(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    old = store.begin(KEY)
    (old.folder / "best-1.safetensors").write_bytes(b"weights")
    (old.folder / "last.ckpt").write_bytes(b"epoch 1")
    new = store.begin(KEY)
    assert (new.folder / "last.ckpt").read_bytes() == b"epoch 1"
    assert (new.folder / "best-1.safetensors").read_bytes() == b"weights"
    assert not (store.begin("b" * 64).folder / "last.ckpt").exists()


def test_attempts_that_another_process_may_be_working_on_are_kept(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    other = tmp_path / "attempts" / f"{KEY}.another-host.1.0000"
    other.mkdir(parents=True)
    store.publish(store.begin(KEY), record())
    assert other.is_dir()


@pytest.mark.parametrize("text", ["", "{", '{"schema": 99}', json.dumps({"schema": 1, "key": "b" * 64})])
def test_a_damaged_or_foreign_record_is_refused_with_its_path(text: str, tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir()
    (tmp_path / KEY / "record.json").write_text(text)
    with pytest.raises(RunError, match=r"record\.json"):
        RunStore(tmp_path).record(KEY)
