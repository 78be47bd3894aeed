"""Verdicts on claims in redrawn worlds: the ledger's own, counted where claims are true and where they are false."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.shares import wilson
from benchmarks import planted_claims
from benchmarks.journal import append, entries
from experiments.session.session import Session
from specs.errors import UsageError

IMPROVES, LITTLE = "benchmark_transfer_improves", "transfusion_little_benefit"


def verdict(claim: str, holds: bool, said: str) -> dict[str, Any]:
    """What a line of the file says of a claim."""
    return {"claim": claim, "holds": holds, "verdict": said, "right": (said == "supported") == holds}


def line(world: str, draw: int, *told: dict[str, Any]) -> dict[str, Any]:
    return {"world": world, "draw": draw, "claims": list(told), "seconds": 2.0 + draw, "runs": 9}


LINES = [
    line("features", 1, verdict(IMPROVES, True, "supported"), verdict(LITTLE, False, "contradicted")),
    line("plenty", 1, verdict(IMPROVES, False, "undecided"), verdict(LITTLE, True, "undecided")),
    line("features", 2, verdict(IMPROVES, True, "supported"), verdict(LITTLE, False, "contradicted")),
    line("plenty", 2, verdict(IMPROVES, False, "supported"), verdict(LITTLE, True, "supported")),
]


def test_claims_are_counted_where_they_are_true_and_where_they_are_false() -> None:
    told = {one["name"]: one for one in planted_claims.summary(LINES)}
    assert len(told) >= 6
    improves = told[IMPROVES]
    assert improves["true"] == {
        "world": "features", "draws": 2, "supported": 2, "interval": wilson(2, 2), "verdicts": {"supported": 2},
    }  # fmt: skip
    assert (improves["false"]["world"], improves["false"]["supported"], improves["both"]) == ("plenty", 1, 1)
    assert (told[LITTLE]["true"]["supported"], told[LITTLE]["false"]["supported"], told[LITTLE]["both"]) == (1, 0, 1)
    text = planted_claims.as_text(LINES)
    assert "features: 3.5 s a drawing (median of 2), 9 runs, 2 verdicts" in text
    assert "right in both worlds: 1" in text


@pytest.mark.parametrize(
    ("world", "rows", "runs"),
    [
        ("features", ("Source", "Random"), 2 * 3),
        ("domain", ("Natural, then domain", "Natural source", "Domain source"), (3 + 1) * 3),  # and the random row
        ("scale", ("Random", "Source", "Random, at a good scale", "Mean Var of the source"), 4 * 4),
    ],
)
def test_only_rows_that_claims_name_are_trained(world: str, rows: tuple[str, ...], runs: int, tmp_path: Path) -> None:
    name = f"demo-{world}(draw=1)"
    assert planted_claims.rows_of(name).rows == rows
    planned = Session(tmp_path, wandb="disabled").plan(name, **planted_claims.plan_of(name)).plan
    assert [run.spec.stage for run in planned.runs.values()].count("finetune") == runs


def test_a_later_start_counts_what_the_file_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, names = tmp_path / "lines.jsonl", []

    def drawn(session: Session, name: str) -> dict[str, Any]:
        names.append(name)
        return {key: value for key, value in LINES[0].items() if key not in ("world", "draw")}

    monkeypatch.setattr(planted_claims, "drawn", drawn)
    options = ["--draws", "1", "--worlds", "features", "--file", str(file)]
    assert planted_claims.main(options) == 0
    assert planted_claims.main(options) == 0
    assert names == ["demo-features(draw=1)"]
    assert capsys.readouterr().out.count("supported 1") == 2
    (made,) = entries(file)
    file.unlink()
    append(file, made | {"asked": "of other code"})
    assert planted_claims.main([*options, "--json"]) == 0
    assert len(names) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--draws", "0"], "expected --draws from 1 and --first from 0, found 0 and 1"),
        (["--draws", "1", "--first", "-1"], "found 1 and -1"),
        (["--draws", "1", "--worlds", "feature"], 'unknown planted world "feature".*features'),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        planted_claims.main([*options, "--file", str(tmp_path / "lines.jsonl")])


@pytest.mark.slow
def test_the_ledger_is_right_about_a_world_that_is_drawn_and_trained(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    assert planted_claims.main(["--draws", "1", "--worlds", "features", "--file", str(file)]) == 0
    (made,) = entries(file)
    assert {one["claim"]: one["verdict"] for one in made["claims"]} == {IMPROVES: "supported", LITTLE: "contradicted"}
    assert all(one["right"] for one in made["claims"])
