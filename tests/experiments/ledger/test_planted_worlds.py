"""Claims in planted worlds: the verdicts must be right there, and no number of a world is evidence about medicine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scipy import stats

from analysis.survival import Duration
from experiments.cli.command_line import main
from experiments.ledger.claim import Claim, PlantedReading, over_columns
from experiments.ledger.ledger import Finding, LedgerEntry, ledger
from experiments.ledger.page import claims_latex, render_claims
from experiments.ledger.words import by_worlds, lacking
from experiments.reporting.blocks.convergence import ConvergenceSteps
from experiments.reporting.formats.json_format import to_json
from experiments.tables.document import Cell, TableDocument
from experiments.tables.named import table_named
from experiments.tables.table import Table
from specs.errors import UsageError
from tests.experiments.example_table import document

READ = [one for one in ledger(()) if one.claim.worlds]

LOW, HIGH = (0.55, 0.61, 0.52, 0.57), (0.928, 0.926, 0.929, 0.927)
ALIKE, TOO = (0.974, 0.971, 0.976, 0.973), (0.974, 0.973, 0.976, 0.975)


def world(
    name: str, scores: dict[str, tuple[float, ...]], steps: dict[str, tuple[Duration, ...]] | None = None
) -> TableDocument:
    """A finished table of a planted world, with the scores of its rows; rows whose steps alone are given score high."""
    column = f"Drawn target ({name})"
    by_row = scores | dict.fromkeys(steps or {}, HIGH)
    return document(
        name=f"demo-{name}",
        rows=tuple((row, "random") for row in by_row),
        columns=((column, "auroc"),),
        cells={(row, column): Cell(values) for row, values in by_row.items()},
        reference=next(iter(by_row)),
        parts=(ConvergenceSteps({(row, column): of for row, of in steps.items()}, 0.85),) if steps else (),
        seeds=4,
    )


FEATURES, PLENTY = world("features", {"Random": LOW, "Source": HIGH}), world("plenty", {"Random": ALIKE, "Source": TOO})
SCALE = world(
    "scale",
    {},
    {
        "Random": (Duration(120, False),) * 4,
        "Mean Var of the source": tuple(Duration(time, True) for time in (30, 30, 40, 20)),
        "Source": tuple(Duration(time, True) for time in (20, 20, 30, 20)),
        "Random, at a good scale": tuple(Duration(time, True) for time in (30, 20, 40, 20)),
    },
)


def judged(name: str, *documents: TableDocument) -> LedgerEntry:
    """What the ledger says of a claim."""
    (entry,) = [one for one in ledger(documents) if one.name == name]
    return entry


def findings(name: str, *documents: TableDocument) -> dict[bool, Finding]:
    """What planted worlds say of a claim, where it is true and where it is false."""
    found = [one for one in judged(name, *documents).findings if one.kind == "planted worlds"]
    told = {bool(one.holds): one for one in found}
    assert len(told) == len(found)
    return told


def test_six_claims_are_read_where_they_are_true_and_where_they_are_false() -> None:
    assert len(READ) >= 6
    for entry in READ:
        assert sorted(one.holds for one in entry.claim.worlds) == [False, True], entry.name


@pytest.mark.parametrize("entry", READ, ids=lambda one: one.name)
def test_the_cells_that_are_read_are_those_of_the_worlds_tables(entry: LedgerEntry) -> None:
    for one in entry.claim.worlds:
        table = table_named(one.reading.table, None)
        assert isinstance(table, Table) and table.planted is not None
        assert (one.reading.unit == "steps") == (table.threshold is not None)
        cells = {(row.label, column.label) for row in table.rows for column in table.columns}
        assert one.reading.whole.weights.keys() <= cells
        assert sorted(one.reading.whole.weights.values()) == [-1.0, 1.0]


def test_a_difference_of_scores_is_judged_as_everywhere() -> None:
    found = findings("benchmark_transfer_improves", FEATURES, PLENTY)
    theirs = stats.ttest_ind(HIGH, LOW, equal_var=False, alternative="greater")
    assert found[True].evidence.p_for == pytest.approx(theirs.pvalue)
    assert (found[True].verdict, found[False].verdict) == ("supported", "negligible")
    assert found[True].right and found[False].right
    equal = findings("transfusion_little_benefit", FEATURES, PLENTY)
    assert (equal[True].verdict, equal[False].verdict) == ("supported", "contradicted")
    assert equal[True].source == "demo-plenty, Source less Random"
    assert equal[False].source == "demo-features, Source less Random"


@pytest.mark.parametrize("name", ["benchmark_transfer_converges_sooner", "transfusion_scale_alone_converges_sooner"])
def test_steps_are_judged_by_the_permutation_test(name: str) -> None:
    found = findings(name, SCALE)
    assert found[True].evidence.p_for == pytest.approx(1 / 70)  # of the ways to divide eight runs, one is as far apart
    assert (found[True].verdict, found[False].verdict) == ("supported", "undecided")


def test_claims_are_corrected_over_those_of_a_paper_that_are_read_in_the_same_world() -> None:
    weak = (0.61, 0.60, 0.63, 0.60)  # better than LOW with a p-value of 0.03
    name = "benchmark_domain_beats_natural"
    alone = world("domain", {"Natural source": LOW, "Domain source": weak})
    assert 0.025 < (findings(name, alone)[True].evidence.p_for or 0) < 0.05
    assert findings(name, alone)[True].verdict == "supported"
    assert findings(name, alone, FEATURES, PLENTY, SCALE)[True].verdict == "supported"
    both = world("domain", {"Natural source": LOW, "Domain source": weak, "Natural, then domain": weak})
    assert (findings(name, both)[True].verdict, findings(name, both)[True].alone) == ("undecided", "supported")


def test_a_world_is_never_evidence_about_medicine() -> None:
    for entry in ledger([FEATURES, PLENTY, SCALE]):
        assert {one.kind for one in entry.findings} <= {"as printed", "elsewhere", "planted worlds"}, entry.name
    with pytest.raises(UsageError, match="reads the table demo_plenty both as evidence and as a planted world"):
        reading = over_columns("demo_plenty", "Source", "Random", ("Drawn target (plenty)",))
        Claim(
            sentence="It helps.", where="here", kind="more", margin=1.0, margin_from="ours",
            readings=(reading,), worlds=(PlantedReading(reading, False),),
        )  # fmt: skip


def test_it_is_said_whether_the_verdicts_are_right_and_what_is_missing() -> None:
    name = "benchmark_transfer_improves"
    right = judged(name, FEATURES, PLENTY)
    assert by_worlds(right) == "supported where it is true, shown negligible where it is false: right in both"
    missed = judged(name, world("features", {"Random": LOW, "Source": (0.9, 0.4, 0.5, 0.6)}), PLENTY)
    assert by_worlds(missed) == "undecided where it is true, shown negligible where it is false: right in 1 of 2"
    wrong = judged(name, FEATURES, world("plenty", {"Random": LOW, "Source": HIGH}))
    assert by_worlds(wrong) == "supported where it is true, supported where it is false: right in 1 of 2"
    untested = judged(name, FEATURES, world("plenty", {"Random": LOW}))
    assert by_worlds(untested) == "supported where it is true, not tested where it is false: right in 1 of 2"
    assert by_worlds(judged(name)) == ""
    one = judged(name, FEATURES)
    assert by_worlds(one) == "supported where it is true: right in 1 of 1"
    assert lacking(one)[-1] == (
        "planted worlds: not tested in demo-plenty; medtransfer table demo-plenty makes the runs"
    )
    assert lacking(judged(name))[-1].startswith("planted worlds: not tested in demo-features and demo-plenty; ")
    assert not any("planted" in line for line in lacking(right))


def test_the_command_shows_them_beside_the_other_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for made in (FEATURES, PLENTY, SCALE):
        (tmp_path / f"{made.name}.json").write_text(to_json(made), encoding="utf-8")
    asked = ["claims", "--paper", "benchmark", "--tables", str(tmp_path)]
    assert main(asked) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "planted worlds, which test the verdicts and not medicine: supported where it is true, shown negligible where "
        "it is false: right in both where it is true: supported; +36.50 ("
    ) in text
    assert "where it is false: shown negligible; +0.10 (" in text and "[demo-plenty, Source less Random]" in text
    assert main([*asked, "--json"]) == 0
    (entry,) = [one for one in json.loads(capsys.readouterr().out) if one["name"] == "benchmark_transfer_improves"]
    told = [(one["kind"], one["holds"], one["verdict"]) for one in entry["findings"] if one["holds"] is not None]
    assert told == [("planted worlds", True, "supported"), ("planted worlds", False, "negligible")]
    (weight, _) = entry["claim"]["worlds"][0]["reading"]["whole"]["weights"]
    assert weight == {"row": "Source", "column": "Drawn target (features)", "weight": 1.0}


def test_the_page_and_the_latex_have_them_where_worlds_are_there() -> None:
    entries = ledger([PLENTY, FEATURES])
    page = render_claims(entries)
    tile = page.split('<li id="benchmark_transfer_improves">')[1].split("</li>")[0]
    true, false = (tile.index(f"planted world in which it is {word}") for word in ("true", "false"))
    assert true < false < tile.index("Planted worlds: supported where it is true")
    assert "right in both" in tile and "On drawn images" not in tile
    latex = claims_latex(entries)
    assert "planted worlds" in latex and "right in both" in latex
    assert "planted worlds" not in claims_latex(ledger(()))
