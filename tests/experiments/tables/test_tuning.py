"""Tables whose rows pick their learning rates on one column, and columns with seeds and thresholds of their own."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.truth import Claim
from experiments.execution.planner import Plan
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.run.store import RunStore
from experiments.session import make_tables
from experiments.session.context import Context
from experiments.session.session import Session
from experiments.tables.document import TableDocument
from experiments.tables.stated import Stated
from experiments.tables.table import CONTROL_SEED, Column, Row, Table, control
from experiments.tables.tuning import (
    TUNING_SEED,
    Candidates,
    Picked,
    best_rates,
    candidates,
    picked,
    tuned,
    tuning_remarks,
)
from specs.errors import UsageError
from specs.run import RunSpec
from tests.experiments.smoke import paths_in

RECIPE = dataclasses.replace(recipe_named("phantom/smoke"), epochs=1, image_size=12)
FEW, MANY, OTHER = "few", "many", "other"


def column(label: str, fraction: float, **settings: Any) -> Column:
    return Column(label, f'medmnist("pneumoniamnist", fraction={fraction})', RECIPE, **settings)


TABLE = Table(
    title="Tuned",
    question="Which?",
    edition="phantom",
    protocol="tuned",
    weights="drawn",
    backbone="tiny(width=4)",
    rows=(Row("random", "random"), Row("gabor", "gabor"), Row("few alone", "gabor", adaptation="head", only=FEW)),
    columns=(
        column(FEW, 0.5, seeds=3, tuned_on=FEW),
        column(MANY, 0.9, tuned_on=FEW, threshold=0.5),
        column(OTHER, 0.8),
    ),
    reference="random",
    pretraining=None,
    seeds=1,
    threshold=0.7,
    tried=(0.001, 0.1),
)
RATES = {("random", FEW): Picked(0.1, {}), ("gabor", FEW): Picked(0.001, {}), ("few alone", FEW): Picked(0.1, {})}


def specs(table: Table, row: str, label: str) -> tuple[RunSpec, ...]:
    found = table.cells()[row, label]
    assert not isinstance(found, str)
    return found


def rates(table: Table, row: str, label: str) -> set[float]:
    return {spec.recipe.optimizer.learning_rate for spec in specs(table, row, label)}


def test_a_columns_rates_are_those_that_were_picked_on_the_column_that_it_names() -> None:
    table = tuned(TABLE, RATES)
    assert rates(table, "random", FEW) == rates(table, "random", MANY) == {0.1}
    assert rates(table, "gabor", FEW) == rates(table, "gabor", MANY) == {0.001}
    assert rates(table, "random", OTHER) == {RECIPE.optimizer.learning_rate}
    assert table.cells()["few alone", MANY] == f"the row is for {FEW} alone"


def test_a_control_has_the_rate_of_its_row_and_other_seeds() -> None:
    table = dataclasses.replace(TABLE, rows=(*TABLE.rows, control(TABLE.rows[0])))
    again = specs(tuned(table, RATES), "random, other seeds", FEW)
    assert {spec.recipe.optimizer.learning_rate for spec in again} == {0.1}
    assert [spec.seed for spec in again] == [CONTROL_SEED + seed for seed in range(3)]
    others = specs(tuned(table, RATES), "random", FEW)
    assert [dataclasses.replace(spec, seed=0) for spec in again] == [
        dataclasses.replace(spec, seed=0) for spec in others
    ]


def test_a_control_is_not_tuned(tmp_path: Path) -> None:
    table = dataclasses.replace(TABLE, rows=(*TABLE.rows, control(TABLE.rows[0])))
    tried = candidates(table, Resolver(paths_in(tmp_path)), may_lack=False)
    assert {row for row, _ in tried} == {row.label for row in TABLE.rows}


def test_a_control_of_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match='has no row "nobody", whose control "again" is to be'):
        dataclasses.replace(TABLE, rows=(*TABLE.rows, Row("again", "random", control_of="nobody")))


def test_rates_that_a_table_has_already_stay() -> None:
    own = dataclasses.replace(TABLE, rates={("gabor", OTHER): 0.5})
    assert rates(tuned(own, RATES), "gabor", OTHER) == {0.5}
    assert rates(tuned(own, {}), "gabor", OTHER) == {0.5}


def test_a_column_may_have_more_runs_than_the_others() -> None:
    assert [len(specs(TABLE, "random", label)) for label in (FEW, MANY, OTHER)] == [3, 1, 1]


def test_remarks_say_where_a_rate_was_picked_and_what_it_was_kept_for() -> None:
    remarks = dict(tuning_remarks(TABLE, RATES))
    assert remarks["random"].startswith("on few, kept for many: learning rate 0.1, ")
    assert remarks["few alone"].startswith("on few: learning rate 0.1, ")
    (alone,) = tuning_remarks(dataclasses.replace(TABLE, columns=TABLE.columns[:1]), {("gabor", FEW): Picked(1, {})})
    assert alone[1].startswith("learning rate 1, ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": (column(FEW, 0.5, tuned_on="nowhere"),)}, 'speaks of rates on "nowhere"'),
        (
            {"stated": (Stated("So.", "A paper", (("nowhere", Claim("gabor", "better", "random")),)),)},
            'speaks of gabor, random on "nowhere"',
        ),
        (
            {"stated": (Stated("So.", "A paper", ((FEW, Claim("nobody", "better", "random")),)),)},
            "speaks of nobody, random",
        ),
        ({"columns": (column(FEW, 0.5, threshold=70),)}, "has the threshold 70"),
    ],
)
def test_a_table_that_speaks_of_what_it_has_not_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        dataclasses.replace(TABLE, **change)


def test_every_row_tries_every_rate_once_and_no_rate_is_picked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    """Planned, then made: the runs with picked rates come second, and the document says what was tried."""
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: TABLE)
    session = Session(tmp_path, wandb="disabled", executor=in_turn[1])
    first = session.plan("tuned")
    tried = [(run.spec.initializer.name, run.spec.recipe) for run in first.plan.runs.values()]
    assert len(tried) == 3 * 2
    assert {recipe.optimizer.learning_rate for _, recipe in tried} == {0.001, 0.1}
    assert {(run.spec.stage, run.spec.seed) for run in first.plan.runs.values()} == {("tune", TUNING_SEED)}
    assert first.then == "then 13 runs with the rates that are best on the validation split"
    made = session.make("tuned")
    assert not made.failures
    scores: dict[tuple[str, str], dict[float, float]] = {}
    for key, run in first.plan.runs.items():
        record = session.context.store.record(key)
        assert record is not None
        of = (run.spec.initializer.name, run.spec.recipe.adaptation)
        scores.setdefault(of, {})[run.spec.recipe.optimizer.learning_rate] = record.data["validation"]["metric"]
    best = {of: max(tried, key=lambda rate: tried[rate]) for of, tried in scores.items()}
    own = [RunSpec.from_json(record.data["spec"]) for record in made.runs]
    for spec in own:
        if "0.8" not in str(spec.dataset):  # the columns whose rates are picked
            assert spec.recipe.optimizer.learning_rate == best[spec.initializer.name, spec.recipe.adaptation]
    assert {spec.stage for spec in own} == {"finetune"}  # no run that tuned is one of the row's own
    assert sum("by the validation score of one run each" in text for _, text in made.document.remarks) == 3  # type: ignore[union-attr]
    again = session.plan("tuned")
    assert not again.plan.waiting
    assert len(again.plan.runs) == 13


def tried_runs(scores: dict[float, list[float | None]]) -> tuple[Candidates, Plan, RunStore]:
    """Runs of one row that ended with these validation scores; None: without one."""
    values = {f"{rate} {number}": value for rate, of in scores.items() for number, value in enumerate(of)}
    records = {key: SimpleNamespace(data={"validation": {"metric": value}}) for key, value in values.items()}
    runs = {rate: [SimpleNamespace(key=f"{rate} {number}") for number in range(len(of))] for rate, of in scores.items()}
    store = SimpleNamespace(record=records.get)
    return cast("Candidates", {("row", FEW): runs}), Plan({}, cast("RunStore", store)), cast("RunStore", store)


def test_the_best_rates_go_on_to_a_second_run_and_of_equal_ones_the_lowest() -> None:
    tried, _, store = tried_runs({0.001: [0.8], 0.01: [None], 0.1: [0.9], 1.0: [0.8]})
    assert best_rates(tried, store, 2) == {("row", FEW): [0.1, 0.001]}


def test_a_lucky_first_run_does_not_decide_where_the_best_are_tried_again() -> None:
    found = picked(*tried_runs({0.001: [0.84], 0.01: [0.85, 0.81], 0.1: [0.9, 0.5]}))["row", FEW]
    assert found.rate == 0.01
    assert found.remark == (
        "learning rate 0.01, by the validation score of one run each, and of a second one of the best: 0.001 (84.00), "
        "0.01 (85.00, 81.00), 0.1 (90.00, 50.00)"
    )


def test_a_rate_whose_second_run_fails_is_not_picked() -> None:
    found = picked(*tried_runs({0.001: [0.7], 0.01: [0.8, 0.7], 0.1: [0.9, None]}))["row", FEW]
    assert found.rate == 0.01


def test_the_best_rates_are_run_again_before_one_is_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    table = dataclasses.replace(TABLE, rows=TABLE.rows[:2], columns=TABLE.columns[:1], tried_again=2)
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: table)
    session = Session(tmp_path, wandb="disabled", executor=in_turn[1])
    first = session.plan("tuned")
    assert len(first.plan.runs) == 2 * 2
    assert first.then == (
        "then each row's best 2 rates once more, and 2 x 1 runs with the rates that are best on the validation split"
    )
    session.context.carry_out(first.plan)
    second = session.plan("tuned")
    assert [run.spec.seed for run in second.plan.waiting] == [TUNING_SEED + 1] * 4
    made = session.make("tuned")
    assert not made.failures
    assert sum("and of a second one of the best" in text for _, text in made.document.remarks) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("again", [0, 1])
def test_several_tables_are_planned_again_once_their_rates_are_picked(
    again: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    """Both tables' runs are done before either is rendered, those with picked rates too."""
    table = dataclasses.replace(TABLE, tried_again=again)
    tables = {"first": dataclasses.replace(table, columns=TABLE.columns[:1]), "second": table}
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: tables[name])
    session = Session(tmp_path, wandb="disabled", executor=in_turn[1])
    done: list[int] = []
    carry_out = type(session.context).carry_out
    monkeypatch.setattr(
        type(session.context),
        "carry_out",
        lambda self, plan, group="": (done.append(len(plan.waiting)), carry_out(self, plan, group))[1],
    )
    first, second = session.make_several(["first", "second"])
    assert not first.failures
    assert not second.failures
    assert done[0] == 3 * 2  # each rate of each row once, for both tables together
    assert not again or done[1] == 3  # the best rate of each row once more
    assert not any(done[2 + again :])  # nothing is left when they are rendered


def test_a_rate_whose_run_fails_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = dataclasses.replace(TABLE, rows=TABLE.rows[:1], columns=TABLE.columns[:1], tried=(0.001, 1e30))
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: table)
    made = Session(tmp_path, wandb="disabled", jobs=1).make("diverges")
    assert isinstance(made.document, TableDocument)
    assert len(made.document.cells["random", FEW].values) == 3
    (remark,) = (text for _, text in made.document.remarks if "by the validation score" in text)
    assert remark.startswith("learning rate 0.001, ")
    assert remark.endswith("; without a score: 1e+30")


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_table_that_is_killed_between_two_steps_goes_on_with_the_same_rates(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    table = dataclasses.replace(TABLE, rows=TABLE.rows[:1], columns=TABLE.columns[:1], tried_again=1)
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: table)
    carry_out = Context.carry_out
    done: list[str] = []

    def killed(self: Context, work: Plan, group: str = "") -> None:
        if len(done) == steps:
            raise KeyboardInterrupt
        carry_out(self, work, group)
        done.append("step")

    def made(folder: str) -> TableDocument:
        document = Session(tmp_path / folder, wandb="disabled", executor=in_turn[1]).make("tuned").document
        assert isinstance(document, TableDocument)
        return document

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(Context, "carry_out", killed)
        made("killed")
    assert len(done) == steps
    went_on, undisturbed = made("killed"), made("undisturbed")
    assert went_on.cells["random", FEW].values == undisturbed.cells["random", FEW].values
    assert [text for _, text in went_on.remarks] == [text for _, text in undisturbed.remarks]


def test_a_rate_that_fails_is_not_run_again_with_the_best_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = dataclasses.replace(
        TABLE, rows=TABLE.rows[:1], columns=TABLE.columns[:1], tried=(0.001, 1e30), tried_again=2
    )
    monkeypatch.setattr(make_tables, "table_named", lambda name, profile: table)
    carry_out = Context.carry_out
    waiting: list[int] = []

    def counted(self: Context, work: Plan, group: str = "") -> None:
        waiting.append(len(work.waiting))
        carry_out(self, work, group)

    monkeypatch.setattr(Context, "carry_out", counted)
    made = Session(tmp_path, wandb="disabled", jobs=1).make("diverges")
    assert not made.failures
    assert waiting == [2, 1, 3]  # both rates, the one that ended well once more, and the row's own runs


def test_asking_for_a_number_of_seeds_is_about_every_column() -> None:
    asked = make_tables.Asked(name="tuned", seeds=2)
    assert {len(one) for one in asked.applied(TABLE).cells().values() if not isinstance(one, str)} == {2}
