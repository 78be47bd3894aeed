"""What a user does in Python alone: the calls of a session and what they return."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import medtransfer as mt
from experiments.reporting.formats.json_format import read_table
from specs.errors import RunError, UsageError
from specs.expression import parse
from tests.conftest import PROJECT
from tests.experiments.smoke import paths_in

SCRIPT = PROJECT / "docs" / "session.py"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> mt.Session:
    """A session on a store of its own, whose runs are done one after the other in this process."""
    folder = tmp_path_factory.mktemp("session")
    return mt.Session(paths_in(folder), executor=in_turn[1], wandb="disabled")


@pytest.fixture(scope="module")
def made(session: mt.Session) -> mt.Made:
    return session.make("initializations", profile="smoke", seeds=1, settings={"epochs": 1})


@pytest.mark.slow  # a table, two curves and a pretraining
def test_the_script_of_the_docs_makes_a_table_prints_a_comparison_and_plots_two_curves(tmp_path: Path) -> None:
    assert len(SCRIPT.read_text().splitlines()) <= 30
    process = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "Initializations on three phantom tasks" in process.stdout
    assert "How sure: at 95%" in process.stdout
    assert (tmp_path / "curves.png").stat().st_size > 5000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "runs"]  # no file that nobody asked for


def test_a_table_is_returned_with_its_records_as_a_table(made: mt.Made) -> None:
    assert isinstance(made.document, mt.TableDocument)
    records = made.records
    assert isinstance(records, pa.Table)
    assert records.num_rows == 4  # three fine-tunings and a pretraining
    finetuned = records.filter(pa.compute.field("stage") == "finetune")
    assert set(finetuned["initializer"].to_pylist()) == {"random", "mean_var(source=fractals)", "fractals"}
    by_row = {row: made.document.cells[row, "PneumoniaMNIST"].values for row, _ in made.document.rows}
    assert sorted(finetuned["score"].to_pylist()) == sorted(score for scores in by_row.values() for score in scores)
    assert finetuned["score"].to_pylist() == finetuned["score:auroc"].to_pylist()
    assert made.failures == () and made.files == ()


def test_an_added_row_costs_its_own_runs_alone_and_the_other_numbers_stay(session: mt.Session, made: mt.Made) -> None:
    selection = mt.Selection(added=("Mine = gabor",), columns=("PneumoniaMNIST",))
    asked = {"profile": "smoke", "seeds": 1, "settings": {"epochs": 1}, "selection": selection}
    planned = session.plan("initializations", **asked).plan  # type: ignore[arg-type]
    assert [run.spec.initializer.name for run in planned.waiting] == ["gabor"]
    more = session.make("initializations", **asked)  # type: ignore[arg-type]
    cells = more.document.cells
    assert {place: cells[place].values for place in made.document.cells} == {
        place: cell.values for place, cell in made.document.cells.items()
    }
    assert len(cells["Mine", "PneumoniaMNIST"].values) == 1
    assert ("a row was added", "Mine = gabor") in more.document.remarks
    with pytest.raises(UsageError, match="it is no grid of scores, so no rows can be added"):
        session.plan("benchmark-table-1", selection=selection)


def test_curves_have_a_row_per_run_and_epoch(made: mt.Made) -> None:
    curves = made.curves()
    assert curves.num_rows == made.records.num_rows + 1  # the pretraining has two epochs, the others one
    assert {"key", "initializer", "epoch", "train_loss", "validation_metric"} <= set(curves.column_names)


def test_what_is_done_is_not_done_again_and_progress_is_told(session: mt.Session, made: mt.Made) -> None:
    seen: list[int] = []
    again = mt.Session(
        session.paths, executor=session.context.executor, wandb="disabled", progress=lambda plan: seen.append(1)
    )
    assert again.plan("initializations", profile="smoke", seeds=1, settings={"epochs": 1}).plan.waiting == []
    repeated = again.make("initializations", profile="smoke", seeds=1, settings={"epochs": 1})
    assert repeated.records.equals(made.records) and not seen
    spec = again.spec(
        dataset='medmnist("pneumoniamnist")', backbone="tiny(width=4)", initializer="random",
        recipe="phantom/smoke", edition="phantom", settings={"epochs": 1},
    )  # fmt: skip
    result = again.run(spec)
    assert seen and result.scores["auroc"] == result.record.score
    assert result.predictions().num_rows == len(result.predictions()["id"].unique())
    assert result.curve().num_rows == 1


def test_a_table_is_written_in_every_format_where_a_folder_is_given(session: mt.Session, tmp_path: Path) -> None:
    made = session.make("initializations", profile="smoke", seeds=1, settings={"epochs": 1}, output=tmp_path)
    assert {path.suffix for path in made.files} == {".csv", ".tex", ".md", ".json", ".png", ".svg", ".pdf"}
    assert read_table(tmp_path / "initializations.json").cells == made.document.cells  # type: ignore[attr-defined]
    page = session.report(tables=tmp_path, images="none")
    assert page.tables == 1 and "Initializations on three phantom tasks" in page.html


def test_a_pretraining_is_exported_with_the_expression_that_loads_it(session: mt.Session, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    asked = 'supervised(on="fractals", labels="coarse", recipe="phantom/smoke_pretraining")'
    pretrained = session.pretrain(asked, "tiny(width=8)", edition="phantom", settings={"epochs": 1}, export=file)
    assert file.is_file() and parse(pretrained.expression).name == "file"
    with pytest.raises(RunError, match="predicts nothing"):
        pretrained.predictions()
    with pytest.raises(UsageError, match=r"ends in \.safetensors, found mine\.pth"):
        session.pretrain(asked, "tiny(width=8)", edition="phantom", export=Path("mine.pth"))


def test_the_status_of_every_run_is_returned(session: mt.Session, made: mt.Made) -> None:
    states = session.status()
    assert {state.state for state in states} == {"done"}
    assert {state.key for state in states} >= set(made.records["key"].to_pylist())


def test_a_folder_stands_for_its_data_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDTRANSFER_CACHE", raising=False)
    inside = mt.Paths(tmp_path / "data", tmp_path / "runs", tmp_path / "runs" / "prepared")
    assert mt.Session(str(tmp_path)).paths == mt.Session(tmp_path).paths == mt.Session(inside).paths == inside
    monkeypatch.chdir(tmp_path)
    for variable in ("MEDTRANSFER_DATA", "MEDTRANSFER_RUNS"):
        monkeypatch.delenv(variable, raising=False)
    assert mt.Session().paths == inside
    monkeypatch.setenv("MEDTRANSFER_RUNS", str(tmp_path / "elsewhere"))
    assert mt.Session().paths.runs == tmp_path / "elsewhere"


def test_an_unknown_table_executor_or_setting_is_refused_with_near_matches(session: mt.Session) -> None:
    with pytest.raises(UsageError, match="initializations"):
        session.make("initialisations")
    with pytest.raises(UsageError, match="local"):
        mt.Session(session.paths, executor="locall")
    with pytest.raises(UsageError, match="epochs"):
        session.plan("initializations", profile="smoke", settings={"epoch": 1})
    with pytest.raises(UsageError, match="needs dataset, backbone"):
        session.spec(initializer="random")
