"""The run store: a run appears whole or not at all, and nothing finished is ever replaced."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from pathlib import Path

import pytest

from experiments.run.store import Attempt, RunStore
from specs import files
from specs.errors import RunError
from specs.files import replacing

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
    (second.folder / "predictions.parquet").write_bytes(b"others")
    store.publish(first, record(0.5))
    with pytest.raises(RunError, match="different results"):
        store.publish(second, record(0.6))
    assert store.record(KEY).score == 0.5  # type: ignore[union-attr]
    assert (second.folder / "predictions.parquet").read_bytes() == b"others"


def unfinished(store: RunStore, epochs: int, key: str = KEY) -> Attempt:
    """An attempt that ended after some epochs, of which the first was the best."""
    attempt = store.begin(key)
    (attempt.folder / "best-0.safetensors").write_bytes(b"weights")
    (attempt.folder / "last.ckpt").write_bytes(f"{epochs} epochs".encode())
    (attempt.folder / "metrics.jsonl").write_text("{}\n" * epochs)
    return attempt


def test_the_attempt_that_is_furthest_is_taken_over_whatever_the_clock_said(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    unfinished(store, 9, "b" * 64)  # of another run
    store.begin(KEY)  # ended before its first epoch did
    attempts = {epochs: unfinished(store, epochs) for epochs in (1, 3, 2)}
    for epochs, attempt in attempts.items():
        os.utime(attempt.folder / "last.ckpt", (10.0**9 - epochs, 10.0**9 - epochs))  # the clock went backwards
    new = store.begin(KEY)
    taken = store.taken_over(new)
    for epochs in (3, 2, 1):  # as long as the one before is of no use
        assert next(taken) == attempts[epochs].folder.name
        assert (new.folder / "last.ckpt").read_bytes() == f"{epochs} epochs".encode()
        assert (new.folder / "best-0.safetensors").read_bytes() == b"weights"
    assert list(taken) == []
    assert list(new.folder.iterdir()) == []
    assert all((attempt.folder / "last.ckpt").exists() for attempt in attempts.values())


def test_a_lost_nodes_attempt_is_taken_over_and_stays_as_it_is(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    lost = unfinished(store, 2)
    elsewhere = lost.folder.with_name(f"{KEY}.another-host.1.0000")
    lost.folder.rename(elsewhere)
    new = store.begin(KEY)
    assert next(store.taken_over(new)) == elsewhere.name
    with replacing(new.folder / "last.ckpt") as temporary:
        temporary.write_bytes(b"3 epochs")
    with replacing(elsewhere / "last.ckpt") as temporary:  # it was not lost after all, and goes on
        temporary.write_bytes(b"4 epochs")
    assert (new.folder / "last.ckpt").read_bytes() == b"3 epochs"
    assert (new.folder / "best-0.safetensors").read_bytes() == b"weights"
    assert (elsewhere / "last.ckpt").read_bytes() == b"4 epochs"


def test_a_file_system_without_hard_links_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    store = RunStore(tmp_path)
    unfinished(store, 2)
    new = store.begin(KEY)
    next(store.taken_over(new))
    assert (new.folder / "last.ckpt").read_bytes() == b"2 epochs"


def test_a_finished_runs_file_is_checked_when_it_is_read(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    attempt = store.begin(KEY)
    for name in ("best.safetensors", "metrics.jsonl"):
        (attempt.folder / name).write_bytes(b"as it was")
    store.publish(attempt, record())
    published = store.record(KEY)
    assert published is not None
    assert published.file("best.safetensors").read_bytes() == b"as it was"
    (published.folder / "best.safetensors").write_bytes(b"as it is.")
    (published.folder / "metrics.jsonl").unlink()
    with pytest.raises(RunError, match=r"best\.safetensors is damaged: its sha256 is .* Move the run's folder away"):
        published.file("best.safetensors")
    with pytest.raises(RunError, match=r"metrics\.jsonl cannot be read .* Move the run's folder away"):
        published.file("metrics.jsonl")


def test_one_changed_character_of_a_record_is_noticed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    path = store.publish(store.begin(KEY), record(0.5)).folder / "record.json"
    path.write_text(path.read_text().replace("0.5", "0.6"))
    with pytest.raises(RunError, match=r"record\.json is damaged .* Move the run's folder away"):
        store.record(KEY)


def test_a_record_from_before_files_were_described_is_still_read(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir()
    (tmp_path / KEY / "record.json").write_text(json.dumps({"schema": 1, "key": KEY, **record(0.5)}))
    (tmp_path / KEY / "metrics.jsonl").write_text("{}")
    old = RunStore(tmp_path).record(KEY)
    assert old is not None
    assert old.score == 0.5
    assert old.file("metrics.jsonl").read_text() == "{}"


def test_a_record_that_is_shown_late_is_waited_for(tmp_path: Path) -> None:
    """As on a network file system, after another machine published the run."""
    elsewhere, store = RunStore(tmp_path / "elsewhere"), RunStore(tmp_path / "here")
    elsewhere.publish(elsewhere.begin(KEY), record())
    (tmp_path / "here").mkdir()
    shown = threading.Timer(0.3, (tmp_path / "elsewhere" / KEY).rename, [tmp_path / "here" / KEY])
    shown.start()
    assert store.record(KEY) is None
    assert store.published(KEY).score == 0.5


def test_a_record_that_never_shows_is_given_up_with_what_to_look_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with pytest.raises(RunError, match=r"has not come in sight here .* look whether all machines mount the same one"):
        RunStore(tmp_path).published(KEY)


def test_a_second_attempt_waits_until_it_sees_what_the_first_one_published(tmp_path: Path) -> None:
    """The server refuses to rename, and this machine does not see yet why."""
    store = RunStore(tmp_path)
    first, second = store.begin(KEY), store.begin(KEY)
    (first.folder / "who").write_text("first")
    store.publish(first, record())
    published = store.folder(KEY)
    seen = Path.exists
    late = time.monotonic() + 0.3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "exists", lambda path: seen(path) and (path != published or time.monotonic() > late))
        assert store.publish(second, record()).folder == published
    assert (published / "who").read_text() == "first"


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    (tmp_path / KEY).mkdir()
    (tmp_path / KEY / "debris").write_text("")
    with pytest.raises(RunError, match="is in the way: it holds no finished run"):
        store.publish(store.begin(KEY), record())


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
