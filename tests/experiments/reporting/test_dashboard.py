"""wandb mirrors records offline, once each, and nothing that identifies a patient."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.reporting.formats.json_format import to_json
from experiments.reporting.wandb.mirror import mirror
from experiments.reporting.wandb.panels import spec_of
from experiments.reporting.wandb.parcels import of_runs, of_table
from experiments.reporting.wandb.report import report
from experiments.reporting.wandb.workspace import workspace
from experiments.run.record_views import metrics
from experiments.run.runner import run
from experiments.tables.figure import Figure
from specs.errors import UsageError
from tests.experiments.example_race import SETTLED, race
from tests.experiments.example_table import document
from tests.experiments.reporting.wandb_files import history_in
from tests.experiments.smoke import paths_in, spec


def test_each_record_is_mirrored_once_without_account_or_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    record = run(spec(), paths_in(tmp_path))
    folder = tmp_path / "wandb"
    parcels = [*of_runs([record], "example"), of_table(document())]
    assert mirror(parcels, folder, "offline") == 2
    assert mirror(parcels, folder, "offline") == 0
    assert len(list(folder.rglob("*.wandb"))) == 2
    files = [path for path in folder.rglob("*.wandb") if record.data["key"][:32] in path.name]
    assert len(files) == 1
    written = files[0].read_bytes()
    for name in json.loads((record.folder / "metrics.jsonl").read_text().splitlines()[0]):
        assert name.encode() in written
    for told in ("score", "epochs_to_95_percent", "seconds"):  # the same for all datasets, and each dataset's own
        assert f"medmnist/{told}".encode() in written, told
        assert told.encode() in written.replace(f"medmnist/{told}".encode(), b""), told
    logged = [(row["epoch"], row["validation_metric"]) for row in history_in(files[0]) if "epoch" in row]
    assert logged == [(row["epoch"], row["validation_metric"]) for row in metrics(record)]
    for told in (
        b"predictions",
        b"loading",
        b"phantom",
        b"finetune",
        b"example",
    ):  # the load report, a tag, the job type, the group
        assert told in written, told
    (predictions,) = {path.name: path for path in folder.rglob("*predictions*.table.json")}.values()
    table = json.loads(predictions.read_text())
    assert set(table["columns"]) == {"target:pneumonia", "probability:pneumonia"}
    assert len(table["data"]) == 120
    assert b"test-0" not in written  # an id of a test image
    assert str(tmp_path).encode() not in written


def test_a_table_comes_with_its_figures(tmp_path: Path) -> None:
    figure = dataclasses.replace(document(), figure=Figure())
    mirror([of_table(figure)], tmp_path, "offline")
    pictures = [path.name for path in tmp_path.rglob("*.png")]  # the table, and the differences
    assert [name.startswith("figure") for name in pictures] == [True, True]


def test_a_workspace_has_a_section_for_each_task_and_is_always_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec_of_run = {"dataset": 'medmnist("pneumoniamnist")'}
    runs = tuple(dataclasses.replace(run, spec=spec_of_run) for run in document().runs)
    (tmp_path / "example.json").write_text(to_json(document(runs=runs)))
    printed = []
    for _ in range(2):
        assert main(["dashboard", str(tmp_path / "example.json"), "--entity", "team"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    (made,) = json.loads(printed[0])
    view = made["workspace"]
    assert (view["entity"], view["project"], view["name"]) == ("team", "medtransfer", "example")
    assert "'example'" in view["runset_settings"]["filters"]
    (section,) = view["sections"]
    score, curves, convergence = section["panels"]
    assert section["name"] == "B"
    assert score["metrics"] == ["medmnist/score"]
    assert curves["y"] == ["medmnist/validation_metric"]
    assert convergence["metrics"] == ["medmnist/epochs_to_95_percent"]
    assert all(panel["groupby"] == {"name": "initializer"} for panel in section["panels"])


def test_a_workspace_shows_the_score_that_the_table_shows() -> None:
    (run,) = document().runs
    scores = {"dice": 0.9, "dice_pooled": 0.7}
    for metric, shown in (("dice", "score"), ("dice_pooled", "dice_pooled")):
        runs = (dataclasses.replace(run, scores=scores, spec={"dataset": "siim_acr"}),)
        made = workspace(document(columns=(("A_1 <50%> & more", "auroc"), ("B", metric)), runs=runs), "team", "project")
        panel = spec_of(made)["sections"][0]["panels"][0]
        assert panel["metrics"] == [f"siim_acr/{shown}"]


def test_a_workspace_online_must_be_somebodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WANDB_ENTITY", raising=False)
    (tmp_path / "example.json").write_text(to_json(document()))
    assert main(["dashboard", str(tmp_path / "example.json"), "--wandb", "online"]) == UsageError.exit_status
    assert "Give --entity or set WANDB_ENTITY" in capsys.readouterr().err


def test_disabled_writes_nothing(tmp_path: Path) -> None:
    assert mirror([of_table(document())], tmp_path / "wandb", "disabled") == 0
    assert not (tmp_path / "wandb").exists()


def test_a_report_answers_first_then_shows_each_task_and_ends_with_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tuple(dataclasses.replace(run, spec={"dataset": "siim_acr"}) for run in document().runs)
    (tmp_path / "example.json").write_text(to_json(document(runs=runs)))
    assert main(["dashboard", str(tmp_path / "example.json"), "--entity", "team"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    told = made["report"]
    assert (told["entity"], told["project"], told["title"]) == ("team", "medtransfer", "An example")
    assert told["description"] == "Which one?" and made["table"] == "example"
    warning, answers, listed, task, grid, last, whole = told["blocks"]
    assert warning["text"].startswith("Synthetic (phantom) data")
    assert (answers["text"], task["text"], last["text"]) == ("What it answers", "B", "The finished table")
    assert len(listed["items"]) == 2 and listed["items"][1].startswith("B: ")  # an answer for each column
    (shown,) = grid["runsets"]
    assert (shown["entity"], shown["project"], shown["groupby"]) == ("team", "medtransfer", ["config.initializer"])
    assert shown["filters"] == made["workspace"]["runset_settings"]["filters"]
    (section,) = made["workspace"]["sections"]
    assert [panel["title"] for panel in grid["panels"]] == [panel["title"] for panel in section["panels"]]
    assert [panel["layout"]["x"] for panel in grid["panels"]] == [0, 8, 16]  # beside each other
    assert "good \\| \\*best\\*" in whole["text"]


def test_the_summary_of_a_comparison_is_its_recommendation() -> None:
    _, answers, listed, *_ = spec_of(report(race(SETTLED), "team", "project"))["blocks"]
    assert answers["text"] == "What it answers"
    assert listed["items"][0].startswith("Start from ImageNet")


def test_wandb_would_take_the_report() -> None:
    """Made into what wandb's server is sent: of a report without an owner, so that no server is asked for a project."""
    runs = tuple(dataclasses.replace(run, spec={"dataset": "siim_acr"}) for run in document().runs)
    sent = report(document(runs=runs), "", "project")._to_model().model_dump(by_alias=True, exclude_none=True)
    blocks = sent["spec"]["blocks"]
    (grid,) = [block for block in blocks if block["type"] == "panel-grid"]
    (shown,) = grid["metadata"]["runSets"]
    assert shown["grouping"] == [{"section": "config", "name": "initializer.value"}]
    assert "finetune" in json.dumps(shown["filters"])
    views = [panel["viewType"] for panel in grid["metadata"]["panelBankSectionConfig"]["panels"]]
    assert views == ["Bar Chart", "Run History Line Plot", "Bar Chart"]
