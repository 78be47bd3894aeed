"""wandb mirrors records offline, once each, and nothing that identifies a patient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.dashboard import mirror_runs, mirror_table
from experiments.runner import run
from tests.experiments.smoke import places, spec
from tests.experiments.test_rendering import document


def test_each_record_is_mirrored_once_without_account_or_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    record = run(spec(), places(tmp_path))
    folder = tmp_path / "wandb"
    assert mirror_runs([record], "example", folder, "offline") == 1
    assert mirror_runs([record], "example", folder, "offline") == 0
    mirror_table(document(), folder, "offline")
    mirror_table(document(), folder, "offline")
    assert len(list(folder.rglob("*.wandb"))) == 2
    files = [path for path in folder.rglob("*.wandb") if record.data["key"][:32] in path.name]
    assert len(files) == 1
    written = files[0].read_bytes()
    for name in json.loads((record.folder / "metrics.jsonl").read_text().splitlines()[0]):
        assert name.encode() in written
    assert b"test-0" not in written  # an id of a test image
    assert str(tmp_path).encode() not in written


def test_disabled_writes_nothing(tmp_path: Path) -> None:
    assert mirror_runs([], "example", tmp_path / "wandb", "disabled") == 0
    mirror_table(document(), tmp_path / "wandb", "disabled")
    assert not (tmp_path / "wandb").exists()
