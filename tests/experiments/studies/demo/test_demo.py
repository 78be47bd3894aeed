"""The planted worlds of the demo: their plans, what they claim, and one world made in small form."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from analysis.truth import OF_STEPS, overall
from experiments.cli.command_line import main
from experiments.reporting.blocks.planted import judgements
from experiments.session.session import Session
from experiments.studies.demo.shared import AGAIN, RANDOM
from experiments.tables.document import TableDocument
from experiments.tables.named import planted_worlds
from experiments.tables.table import Table
from specs.expression import parse
from specs.registry import DATASETS
from tests.experiments.smoke import table_of_runs

WORLDS = [name.removeprefix("demo-") for name in planted_worlds()]


@pytest.fixture(params=WORLDS)
def table(request: pytest.FixtureRequest) -> Table:
    return table_of_runs(f"demo-{request.param}")


def test_the_four_worlds_are_there() -> None:
    assert WORLDS == ["domain", "features", "plenty", "scale"]


def test_a_world_says_what_is_true_about_its_rows_and_shows_itself(table: Table) -> None:
    planted = table.planted
    assert planted is not None
    assert planted.sentence.endswith(".")
    named = {row for claim in planted.claims for row in (claim.row, claim.than)}
    assert named <= {row.label for row in table.rows}
    assert (table.threshold is not None) == any(claim.kind in OF_STEPS for claim in planted.claims)
    for _, dataset in planted.pictures:
        assert DATASETS.build(dataset).generated
    assert planted.pictures[-1][1].replace(', "target"', "") == table.columns[0].dataset.replace(', "target"', "")


def test_rows_are_under_names_that_people_use(table: Table) -> None:
    for row in table.rows:
        assert "(" not in row.label
        assert row.label[0].isupper()


def test_the_second_random_row_has_runs_of_its_own_and_a_claim(table: Table) -> None:
    first, again = (table.cell(row, table.columns[0]) for row in (RANDOM, AGAIN))
    assert not isinstance(first, str)
    assert not isinstance(again, str)
    assert len(first) == len(again) == table.seeds
    assert not {one.seed for one in first} & {one.seed for one in again}
    assert {dataclasses.replace(one, seed=0) for one in first} == {dataclasses.replace(one, seed=0) for one in again}
    assert table.planted is not None
    assert any((one.row, one.than) == (AGAIN.label, RANDOM.label) for one in table.planted.claims)


def test_its_sources_are_trained_here_and_a_draw_changes_every_run(table: Table, tmp_path: Path) -> None:
    name = table.columns[0].dataset.split('"')[1]
    session = Session(tmp_path, wandb="disabled")
    one, other = (session.plan(f"demo-{name}(draw={draw})").plan for draw in (0, 1))
    assert not set(one.runs) & set(other.runs)
    stages = [run.spec.stage for run in one.runs.values()]
    assert stages.count("finetune") == len(table.rows) * table.seeds
    sources = {str(run.spec.dataset) for run in one.runs.values() if run.spec.stage == "pretrain"}
    assert sources
    seeds, others = (
        {run.spec.seed for run in made.runs.values() if run.spec.stage == "finetune"} for made in (one, other)
    )
    assert not seeds & others
    assert all(parse(text).name == "planted" for text in sources)


def test_the_profile_for_tests_is_the_same_world_with_two_runs_a_row(table: Table) -> None:
    name = table.columns[0].dataset.split('"')[1]
    smoke = table_of_runs(f"demo-{name}", "smoke")
    assert smoke.seeds == 2
    assert dataclasses.replace(smoke, seeds=table.seeds) == table


def test_the_command_plans_all_worlds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--profile", "smoke", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert all(f"Planted world {name}" in shown for name in WORLDS)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_world_in_small_form_is_made_judged_and_shown(tmp_path: Path) -> None:
    session = Session(tmp_path, wandb="disabled", jobs=2)
    made = session.make("demo-features", profile="smoke", output=tmp_path / "tables")
    assert not made.failures
    assert isinstance(made.document, TableDocument)
    means = {row: result.summary.mean for (row, _), result in made.document.comparison.cells.items()}
    assert means["Source"] > max(mean for row, mean in means.items() if row != "Source") + 0.1
    verdict = overall(judgements(made.document))
    assert verdict != "wrong"
    assert f"{made.document.title}: {verdict}." in str(made)
    page = session.report([tmp_path / "tables" / "demo-features.json"])
    assert "What was planted, and what was found" in page.html
