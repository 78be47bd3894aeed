"""Hours to a validation score: beside the steps, of one processor a column, and never of several."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.survival import Duration
from experiments.reporting.blocks import hours
from experiments.reporting.blocks.convergence import ConvergenceSteps
from experiments.reporting.blocks.hours import ConvergenceHours, hours_of
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.tables.document import TableDocument
from tests.experiments.example_table import blocks, document, lines, notes, terminal

GOOD, FIRST = "good | *best*", "A_1 <50%> & more"


def durations(*times: float, reached: bool = True) -> tuple[Duration, ...]:
    return tuple(Duration(time, reached) for time in times)


FAST, SLOW = durations(0.1, 0.11, 0.12, 0.13, 0.14, 0.15), durations(1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


def counted(**changes: Any) -> TableDocument:
    part = ConvergenceHours(
        {("random", "B"): SLOW, (GOOD, "B"): FAST, ("gone", "B"): durations(2.0, 2.0, reached=False)},
        {"B": ("NVIDIA H200",)},
    )
    return document(parts=(ConvergenceSteps({}, 0.91), changes.pop("part", part)), **changes)


def test_a_cell_says_the_median_and_how_many_runs_reached_it() -> None:
    head, *rows = lines(counted(), "hours")
    assert head == ("GPU hours to a validation score of 91%", "B")
    assert rows == [("random", "1.2 (6 of 6)"), (GOOD, "0.12 (6 of 6)"), ("gone", "> 2 (0 of 2)")]


def test_the_test_is_that_of_steps_and_the_processor_is_named() -> None:
    """6 of 12 runs are sooner than the others in 2 of 924 ways; twice for two tests."""
    told = notes(counted())
    assert any("on NVIDIA H200, by the clock" in note and note.startswith("GPU hours:") for note in told)
    (said,) = [note for note in told if note.startswith("GPU hours beside")]
    assert f"sooner: {GOOD} on B (p = 0.0043)" in said
    assert "GPU hours to a validation score of 91%" in re.sub(r"\s+", " ", terminal(counted(), 160))


def test_hours_of_a_cpu_are_called_so_and_older_runs_are_counted() -> None:
    part = ConvergenceHours({("random", "B"): SLOW, (GOOD, "B"): FAST}, {"B": ("cpu Intel Xeon",)}, untimed=3)
    made = counted(part=part)
    assert lines(made, "hours")[0][0] == "CPU hours to a validation score of 91%"
    assert any(note.startswith("CPU hours: 3 runs of an earlier version do not say") for note in notes(made))


def test_of_columns_on_different_processors_each_is_named() -> None:
    part = ConvergenceHours(
        {("random", "B"): SLOW, (GOOD, "B"): FAST, ("random", FIRST): SLOW, (GOOD, FIRST): FAST},
        {FIRST: ("cpu Intel Xeon",), "B": ("NVIDIA H200",)},
    )
    made = counted(part=part)
    assert lines(made, "hours")[0][0] == "Hours to a validation score of 91%"
    assert any(f"on {FIRST}: cpu Intel Xeon; B: NVIDIA H200, by the clock" in note for note in notes(made))


def test_csv_holds_the_median_and_the_test() -> None:
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(counted())))}
    assert [rows[row, "B"]["hours_to_threshold"] for row in ("random", GOOD, "gone")] == ["1.2", "0.12", ""]
    assert float(rows[GOOD, "B"]["hours_p_holm"]) == pytest.approx(4 / 924, rel=1e-3)
    assert rows["random", FIRST]["hours_to_threshold"] == ""


def test_hours_survive_the_tables_file(tmp_path: Path) -> None:
    made = counted()
    (tmp_path / "example.json").write_text(to_json(made))
    assert read_table(tmp_path / "example.json") == made


def gathered(monkeypatch: pytest.MonkeyPatch, devices: dict[str, str]) -> ConvergenceHours | None:
    """What is gathered of one column whose rows were trained on these devices, in one epoch of an hour."""

    def record(row: str) -> Any:
        environment = {"device": devices[row]}
        recipe = {"recipe": {"threads": 1}}
        data = {"key": row, "seconds": 3700.0, "epoch_seconds": [3600.0], "spec": recipe, "environment": environment}
        return SimpleNamespace(data=data)

    monkeypatch.setattr("experiments.run.processor_time.validation_scores", lambda record: (0.8,))
    column = SimpleNamespace(label="B", threshold=None, measure=None)
    gathering = SimpleNamespace(
        cells={(row, "B"): () for row in devices},
        columns={"B": column},
        table=SimpleNamespace(threshold=0.7),
        records_of=lambda cell_key: [record(cell_key[0])],
    )
    found = hours._gather(gathering)  # type: ignore[arg-type]
    assert found is None or isinstance(found, ConvergenceHours)
    return found


def test_hours_of_a_column_are_of_one_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    found = gathered(monkeypatch, {"random": "NVIDIA H200", GOOD: "NVIDIA H200"})
    assert found == ConvergenceHours(
        {("random", "B"): durations(1.0), (GOOD, "B"): durations(1.0)}, {"B": ("NVIDIA H200",)}
    )


def test_hours_of_different_processors_are_never_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    found = gathered(monkeypatch, {"random": "NVIDIA H200", GOOD: "Tesla T4"})
    assert found is not None and found.hours == {}
    made = counted(part=found)
    assert lines(made, "hours") == []
    (block,) = blocks(made, "hours")
    assert block.notes == (
        "Hours to a validation score are not told of runs on different processors: B on NVIDIA H200, Tesla T4.",
    )


def test_a_table_without_a_threshold_says_nothing_of_hours() -> None:
    made = document()
    assert blocks(made, "hours") == []
    assert hours_of(made, ("random", "B")) == ()
