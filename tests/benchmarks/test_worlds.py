"""Counting verdicts: what is there is not drawn again, other code's lines do not count, and shares have intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.shares import wilson
from benchmarks import worlds
from experiments.session.session import Session


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were made; the first one is wrong, the others recovered, and none is trained."""
    names: list[str] = []

    def drawn(session: Session, name: str) -> dict[str, Any]:
        names.append(name)
        verdict = "wrong" if len(names) == 1 else "recovered"
        return {"verdict": verdict, "claims": [], "rows": {"Random": 50.0, "Source": 80.0 + len(names)}, "seconds": 2.0}

    monkeypatch.setattr(worlds, "drawn", drawn)
    return names


def test_a_later_start_goes_on_from_the_file(made: list[str], tmp_path: Path) -> None:
    file = tmp_path / "counts" / "worlds.jsonl"
    first = list(worlds.counted(["plenty", "scale"], [1, 2], file))
    assert made == [f"demo-{world}(draw={draw})" for draw in (1, 2) for world in ("plenty", "scale")]
    with file.open("a", encoding="utf-8") as cut_short:
        cut_short.write('{"world": "plenty", "dr')
    again = list(worlds.counted(["plenty", "scale"], [1, 2], file))
    assert again == first
    assert len(made) == 4


def test_lines_of_other_code_are_drawn_again(made: list[str], tmp_path: Path) -> None:
    file = tmp_path / "worlds.jsonl"
    list(worlds.counted(["plenty"], [1], file))
    line = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(line | {"asked": "of before"}) + "\n", encoding="utf-8")
    (found,) = worlds.counted(["plenty"], [1], file)
    assert found["asked"] == line["asked"]
    assert len(made) == 2


def test_nothing_is_begun_when_the_time_is_over(made: list[str], tmp_path: Path) -> None:
    assert list(worlds.counted(["plenty"], [1], tmp_path / "worlds.jsonl", until=0.0)) == []
    assert made == []


def test_counts_have_wilsons_intervals(made: list[str], tmp_path: Path) -> None:
    lines = list(worlds.counted(["plenty", "scale"], [1, 2], tmp_path / "worlds.jsonl"))
    plenty, scale, together = worlds.summary(lines)
    assert (plenty["recovered"], plenty["wrong"], scale["recovered"]) == (1, 1, 2)
    assert (together["draws"], together["recovered"], together["undecided"]) == (4, 3, 0)
    assert together["recovered_interval"] == wilson(3, 4)
    assert (plenty["highest"], together["highest"], together["seconds"]) == (83.0, 84.0, 2.0)
    assert "all            4          3          0      1" in worlds.as_text(lines)


def line(kind: str, **scores: list[float]) -> dict[str, Any]:
    """A drawing in which A is claimed to be something beside B."""
    return {"scores": scores, "claims": [{"row": "A", "than": "B", "kind": kind, "margin": 0.0}]}


HIGH, LOW = [0.9, 0.901, 0.902], [0.7, 0.701, 0.702]


@pytest.mark.parametrize(
    ("drawing", "found"),
    [
        (line("better", A=HIGH, B=LOW), (True, False)),
        (line("better", A=LOW, B=HIGH), (True, True)),
        (line("better", A=HIGH, B=HIGH), (True, True)),  # shown equal, and one is better
        (line("better", A=[0.5, 0.9, 0.7], B=[0.6, 0.8, 0.7]), (False, False)),
        (line("equal", A=HIGH, B=HIGH), (True, False)),
        (line("not different", A=LOW, B=HIGH), (True, True)),
        (line("sooner", A=LOW, B=HIGH), (True, False)),  # of scores nothing was planted
    ],
)
def test_a_decision_is_held_to_what_was_planted(drawing: dict[str, Any], found: tuple[bool, bool]) -> None:
    assert worlds.decision(drawing) == found
