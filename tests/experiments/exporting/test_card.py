"""What a model card tells of a table: the chosen row alone, with its intervals, calibration and groups."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from experiments.exporting.card import model_card
from experiments.exporting.facts import Facts
from experiments.reporting.blocks.calibration import CalibrationErrors
from experiments.reporting.blocks.groups import AllGroups, GapOfRow, ScoresOfGroups
from experiments.run.store import Record
from experiments.tables.document import Cell, RunLine, TableDocument
from specs.task import Task
from tests.experiments.example_race import ALARM, SETTLED, UNDECIDED, UNRACED, race

COLUMN, ROW = "PneumoniaMNIST", "ImageNet"


def card(record: Record, table: TableDocument | None = None, **changes: object) -> str:
    """The card of a run that stands in the table under ``ROW``."""
    line = RunLine(record.data["key"], ROW, COLUMN, 0, record.score, 1.0, 1)
    table = dataclasses.replace(table, runs=(line,), **changes) if table is not None else None  # type: ignore[arg-type]
    facts = Facts(record, Task("binary", ("pneumonia",)), table)
    return model_card(facts, {"network.safetensors": "0" * 64}, "How to use it.", "pytorch")


def section(text: str, title: str) -> str:
    """What stands under a title of the second order."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("decided", [SETTLED, UNDECIDED, ALARM], ids=["settled", "undecided", "alarm"])
def test_the_comparison_is_told_in_its_own_sentences(decided: object, record: Record) -> None:
    table = race(decided)  # type: ignore[arg-type]
    told = section(card(record, dataclasses.replace(table, rows=((ROW, "random"), *table.rows[1:]), cells={
        (ROW, COLUMN): Cell((0.9, 0.8)), **table.cells})), "How this start was chosen")  # fmt: skip
    lines = told.strip().splitlines()
    advice = table.parts[0].sentences  # type: ignore[attr-defined]
    assert [line.removeprefix("- ").replace("\\", "") for line in lines[2 : 2 + len(advice)]] == list(advice)


def test_a_table_without_a_race_is_told_by_its_answer(record: Record) -> None:
    told = section(card(record, race(SETTLED), **UNRACED), "How this start was chosen")
    assert "ImageNet" in told and "How sure" not in told and "Data: synthetic (phantom) data." in told


def test_a_run_that_was_named_by_its_key_tells_of_no_comparison(record: Record) -> None:
    assert "no comparison is told of here" in section(card(record), "How this start was chosen")


def test_scores_of_the_row_come_with_their_intervals_and_groups_and_without_other_rows(record: Record) -> None:
    raced, key, other = race(SETTLED), (ROW, COLUMN), ("Random", COLUMN)
    cells = raced.cells | {key: Cell((0.90, 0.92), interval=(0.885, 0.934))}
    of_sex = ScoresOfGroups(
        COLUMN, "sex", {"f": 40, "m": 51}, False,
        {"f": {key: Cell((0.95,), interval=(0.91, 0.99)), other: Cell((0.111,))}, "m": {key: Cell((0.85,))}},
        {key: GapOfRow("f", "m", 0.10, (-0.02, 0.2))},
    )  # fmt: skip
    parts = (*raced.parts, CalibrationErrors({key: Cell((0.07, 0.09)), other: Cell((0.222,))}), AllGroups((of_sex,)))
    told = section(card(record, raced, cells=cells, parts=parts), "Evaluation")
    assert "trained 2 networks from ImageNet on PneumoniaMNIST" in told
    assert "| ImageNet | 91.00 ± 1.41 (88.50 to 93.40) |" in told
    assert "| ImageNet | 95.00 (91.00 to 99.00) | 85.00 | 10.00 (-2.00 to 20.00) (f - m) |" in told
    assert "| ImageNet | 8.00 ± 1.41 |" in told
    assert "11.10" not in told and "22.20" not in told


def test_of_several_columns_only_that_of_the_run_is_told(record: Record) -> None:
    raced, key, beside = race(SETTLED), (ROW, COLUMN), (ROW, "DRIVE")
    cells = raced.cells | {(row, "DRIVE"): Cell((0.333,)) for row, _ in raced.rows}
    columns = (*raced.columns, ("DRIVE", "dice"))
    of_drive = ScoresOfGroups("DRIVE", "age", {"old": 40}, False, {"old": {beside: Cell((0.444,))}}, {})
    parts = (*raced.parts, CalibrationErrors({key: Cell((0.07,)), beside: Cell((0.555,))}), AllGroups((of_drive,)))
    told = section(card(record, raced, cells=cells, columns=columns, parts=parts), "Evaluation")
    assert "| ImageNet | 7.00 |" in told
    assert not [number for number in ("33.30", "44.40", "55.50") if number in told]


def test_weights_that_have_seen_test_images_are_a_limit(record: Record) -> None:
    told = section(
        card(record, race(SETTLED), overlaps={(ROW, COLUMN): ("ChestX-ray14",)}), "Bias, risks and limitations"
    )
    assert "have seen images of ChestX-ray14, which the test set is from" in told


def test_the_counts_of_weights_and_arithmetic_are_those_of_the_record(record: Record) -> None:
    told = card(record)
    assert f"{record.data['parameters']:,} parameters" in told
    assert "bf16" not in section(told, "Bias, risks and limitations")
    half = dataclasses.replace(record, data=record.data | {
        "spec": record.data["spec"] | {"recipe": record.data["spec"]["recipe"] | {"precision": "bf16"}}
    })  # fmt: skip
    assert "trained and tested with bf16 arithmetic" in section(card(half), "Bias, risks and limitations")


def test_the_metadata_is_what_the_hub_reads(record: Record, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    (tmp_path / "README.md").write_text(card(record))
    data = ModelCard.load(tmp_path / "README.md").data
    assert (data.license, data.library_name, data.pipeline_tag) == ("other", "pytorch", "image-classification")
    assert data.tags == ["medical", "research-only", "medtransfer"]
