"""Faults of runs that no other test meets: each is one sentence with its cause and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import nn

from datamodules.medmnist import MedMNIST
from experiments.execution.planner import Plan
from experiments.measures.attention import attention_of
from experiments.reporting.formats.json_format import read_document, read_table
from experiments.reporting.wandb.panels import save
from experiments.run import participant, restored
from experiments.run.ddp import distributed
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.restored import restore
from experiments.run.runner import run
from experiments.run.store import BEST, Record, RunStore
from experiments.session.collecting import listed
from experiments.session.fetching import fetched
from experiments.session.single_run import exported
from experiments.tables.tuning import picked
from specs.errors import DataError, RunError
from tests.experiments.smoke import paths_in, spec
from tests.publisher import Server, serving


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(b"", monkeypatch) as address:
        yield address


def test_weights_that_are_of_another_network_than_the_run_says_are_named(
    record: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restored, "load_file", lambda _: {"head.weight": torch.zeros(1)})
    with pytest.raises(
        RunError, match=rf"(?s){BEST} cannot be used \(RuntimeError: .*; expected the weights of the run"
    ):
        restore(record, where)


def test_a_training_that_ends_early_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = SimpleNamespace(fit=lambda *_, **__: None)
    monkeypatch.setattr(participant, "lightning_trainer", lambda *_: ends)
    with pytest.raises(
        RunError, match=r"the training of random.* on .*pneumoniamnist.* was interrupted; start it again"
    ):
        run(spec(), paths_in(tmp_path))
    assert not list((tmp_path / "runs").rglob("record.json"))


def test_processes_that_start_from_other_weights_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "all_gather_objects", lambda mine: [mine, "other", mine, "another"])
    with pytest.raises(RunError, match=r"the initial weights of process 1, 3 are not those of process 0"):
        distributed.check_same_weights(nn.Linear(2, 2))


def test_a_fine_tuning_leaves_no_weights_to_start_from(record: Record) -> None:
    result = SimpleNamespace(record=record, key=record.data["key"])
    with pytest.raises(RunError, match=r"^the run [0-9a-f]{12} is no pretraining, so it left no weights to start from"):
        exported(cast(Any, result), None)


def test_a_row_without_any_validation_score_says_why_its_runs_ended(tmp_path: Path) -> None:
    resolved = Resolver(paths_in(tmp_path)).resolve(spec())
    plan = cast(Plan, SimpleNamespace(failed={resolved.key: SimpleNamespace(error="the loss is not finite")}))
    with pytest.raises(RunError, match=r"^random: no learning rate gave a validation score \(the loss is not finite\)"):
        picked({("random", "few"): {0.1: [resolved]}}, plan, RunStore(tmp_path / "runs"))


def test_findings_are_looked_for_where_some_are_known(
    record: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MedMNIST, "located", lambda *_: {})
    with pytest.raises(DataError, match=r"^MedMNIST: none of the \d+ test images has a finding whose place is known"):
        attention_of(record, where)


def test_a_workspace_that_wandb_refuses_says_what_to_look_at() -> None:
    def refuses() -> None:
        raise ValueError("no such entity")

    made = SimpleNamespace(entity="me", project="mine", save=refuses)
    told = r"^the report of tables could not be built \(ValueError: no such entity\).*check that me/mine exists"
    with pytest.raises(RunError, match=told):
        save(cast(Any, made), "the report of tables")


def test_a_page_that_lists_files_may_be_away(address: str) -> None:
    Server.files["/other.html"] = b""
    with pytest.raises(DataError, match=r"index\.html answered 404 .*Fetch the files by hand"):
        listed(f"{address}/set/index.html")
    with pytest.raises(DataError, match=r"there is no way from here to http://127\.0\.0\.1:9/index\.html"):
        listed("http://127.0.0.1:9/index.html")


def test_a_data_root_that_is_a_file_cannot_be_fetched_into(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataError, match=r"data.* cannot be written .*Give another --data-root"):
        fetched('medmnist("pneumoniamnist")', paths_in(tmp_path), cast(Any, lambda *_: None), lambda _: None)


def test_a_table_whose_file_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"table-1\.json is not there\. `medtransfer table NAME` writes such a file"):
        read_document(tmp_path / "table-1.json")


def test_texts_are_no_table_of_scores(tmp_path: Path) -> None:
    path = tmp_path / "table-1.json"
    path.write_text('{"header": ["a"], "rows": [{"a": "b"}], "notes": [], "title": "Texts"}')
    with pytest.raises(DataError, match=r"table-1\.json holds texts and cannot be read as a table of scores"):
        read_table(path)
