"""The ledger: claims as printed against a computation of its own, and as runs here say."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from analysis.survival import Duration
from experiments.cli.command_line import main
from experiments.ledger.claim import Claim, difference, less, mean_of, over_columns
from experiments.ledger.ledger import ledger
from experiments.ledger.words import effect, lacking
from experiments.reporting.blocks.hours import ConvergenceHours
from experiments.reporting.formats.json_format import to_json
from experiments.tables.document import Cell, TableDocument
from specs.errors import UsageError
from specs.registry import CLAIMS, Entry
from tests.conftest import PROJECT
from tests.experiments.example_table import document

ALL = {one.name: one for one in ledger(())}
TABLE_2 = PROJECT / "experiments/studies/benchmark/printed/table_2.csv"


def test_all_claims_of_both_papers_are_there_each_with_a_verdict_or_a_reason() -> None:
    papers = [one.paper for one in ALL.values()]
    assert (papers.count("benchmark"), papers.count("transfusion")) == (
        13,
        12,
    )  # one is two, and one is of the slides alone
    for one in ALL.values():
        printed = [finding for finding in one.findings if finding.kind == "as printed"]
        assert printed or one.claim.beyond, one.name
        for finding in printed:
            assert finding.verdict != "untested" or finding.evidence.lacking, one.name
        assert one.claim.sentence.endswith(".") and one.claim.where and one.claim.margin_from


@pytest.mark.parametrize("name", CLAIMS.entries)
@pytest.mark.parametrize("profile", ["paper", "phantom", "smoke"])
def test_cells_of_a_claim_are_those_of_its_table(name: str, profile: str) -> None:
    """In the paper's profile all are; a smaller profile may leave some out, but names none that is no label of it."""
    claim: Claim = CLAIMS.get(name)(profile)
    for reading in claim.readings:
        for one in (reading.whole, *reading.parts):
            assert sum(one.weights.values()) == pytest.approx(0.0), (name, one.name)


def printed() -> dict[tuple[str, str], tuple[float, float]]:
    """The means and standard deviations (ddof 1) of table 2, read by this test itself."""
    rows = csv.DictReader(line for line in TABLE_2.read_text().splitlines() if not line.startswith("#"))
    return {(row["row"], row["column"]): (float(row["mean"]), float(row["std"]) * (10 / 9) ** 0.5) for row in rows}


@pytest.mark.parametrize(
    ("name", "row", "than"),
    [
        ("benchmark_continual_beats_natural", "ImageNet→{}", "ImageNet"),
        ("benchmark_continual_beats_domain", "ImageNet→{}", "{}"),
        ("benchmark_domain_beats_natural", "{}", "ImageNet"),
    ],
)
def test_continual_pretraining_as_printed_is_recomputed_by_task(name: str, row: str, than: str) -> None:
    values = printed()
    (finding,) = (one for one in ALL[name].findings if one.kind == "as printed")
    assert len(finding.parts) == 8
    differences = []
    for part in finding.parts:
        task, chest = part.name.split(", ")
        own, other = values[row.format(chest), task], values[than.format(chest), task]
        theirs = stats.ttest_ind_from_stats(*own, 10, *other, 10, equal_var=False, alternative="greater")
        assert part.evidence.p_for == pytest.approx(theirs.pvalue, rel=1e-9)
        assert part.evidence.estimate == pytest.approx(own[0] - other[0])
        differences.append(own[0] - other[0])
    assert finding.evidence.estimate == pytest.approx(sum(differences) / 8)
    assert finding.verdict == "supported"


def test_what_the_numbers_do_not_show_of_two_tasks_is_said() -> None:
    (finding,) = ALL["benchmark_continual_beats_domain"].findings
    told = {part.name: part.verdict for part in finding.parts}
    assert told["DXC5, ChestX-ray14"] == "undecided"  # -0.31: the continual model is no better there
    assert told["LXS, ChestX-ray14"] == told["LXS, CheXpert"] == "negligible"  # a tenth of a point


def here(scores: Mapping[tuple[str, str], tuple[float, ...]], **changes: Any) -> TableDocument:
    rows, columns = (tuple(dict.fromkeys(key[place] for key in scores)) for place in (0, 1))
    return document(
        name="transfusion-table-1",
        rows=tuple((row, "random") for row in rows),
        columns=tuple((column, "auroc") for column in columns),
        cells={key: Cell(values) for key, values in scores.items()},
        reference=rows[0],
        parts=(),
        **({"edition": "real", "protocol": "paper"} | changes),
    )


def test_runs_here_are_a_source_of_their_own_and_those_on_drawn_images_are_named_as_such() -> None:
    networks = ("ResNet-50", "Inception-v3", "CBR-LargeT", "CBR-LargeW", "CBR-Small", "CBR-Tiny")
    scores = {
        (row, network): tuple(0.9 + shift + 0.001 * seed for seed in range(5))
        for row, shift in (("random", 0.0), ("transfer", 0.002))
        for network in networks
    }
    found = {one.name: one for one in ledger([here(scores)])}
    (printed_one, own) = found["transfusion_little_benefit"].findings
    assert (printed_one.kind, own.kind, own.edition) == ("as printed", "here", "real")
    assert own.verdict == "supported" and own.evidence.estimate == pytest.approx(0.2)
    large = scores | {("transfer", network): (0.95, 0.951, 0.949) for network in networks}
    (_, own) = {one.name: one for one in ledger([here(large)])}["transfusion_little_benefit"].findings
    assert own.verdict == "contradicted"
    phantom = here(scores, edition="phantom", protocol="changed")
    assert {one.name: one for one in ledger([phantom])}["transfusion_little_benefit"].findings[1].edition == "phantom"


def test_the_command_prints_each_claim_and_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys, medtransfer\n"
        "try: medtransfer.main()\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'scipy.stats', 'scipy.optimize', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "claims"], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(PROJECT), "PATH": ""},
    )  # fmt: skip
    assert done.stderr.strip().endswith("[]")  # of which each takes longer than all that is needed
    text = " ".join(done.stdout.split())
    assert "continual_beats_natural: Pretraining on natural images and then on chest x-rays is better" in text
    assert "here: not tested; medtransfer table benchmark-table-2 makes the runs" in text
    assert re.search(r"as printed: supported; \+1\.04 \(\+0\.75 to \+1\.33\); DXC5, ChestX-ray14 -0\.01", text)


def test_the_ledger_is_plain_data_and_reads_finished_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tables").mkdir()  # a folder without tables is like none
    scores = {(row, "ResNet-50"): (0.7, 0.71, 0.72) for row in ("random", "transfer")}
    (tmp_path / "table.json").write_text(to_json(here(scores, edition="phantom", protocol="paper")))
    assert main(["claims", "--paper", "transfusion", "--tables", str(tmp_path), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert len(plain) == 12
    (benefit,) = [one for one in plain if one["name"] == "transfusion_little_benefit"]
    assert [finding["kind"] for finding in benefit["findings"]] == ["as printed", "here"]
    assert benefit["findings"][1]["evidence"]["estimate"] is None  # five networks lack
    assert main(["claims", "--paper", "transfuson"]) == UsageError.exit_status
    assert 'unknown paper with claims "transfuson". Did you mean "transfusion"?' in capsys.readouterr().err


def test_a_plugins_claim_is_in_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_claim.py").write_text(
        "from experiments.ledger.claim import Claim, over_columns\n"
        "def ours(profile: str = 'paper') -> Claim:\n"
        "    return Claim(sentence='Ours.', where='here', kind='more', margin=1.0, margin_from='us',\n"
        "                 readings=(over_columns('benchmark_table_2', 'ImageNet', 'Scratch', ('TXC',)),))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    entry = Entry("ours", "Ours.", "their_claim", "ours", "their-distribution")
    monkeypatch.setattr(CLAIMS, "entries", CLAIMS.entries | {"ours": entry})
    (own,) = [one for one in ledger(()) if one.name == "ours"]
    assert (own.paper, own.findings[0].verdict) == ("their-distribution", "supported")


def test_sums_of_cells_are_what_their_names_say() -> None:
    one, other = difference("a", "b", "x"), difference("a", "b", "y")
    assert mean_of("mean", [one, other]).weights == {
        ("a", "x"): 0.5, ("b", "x"): -0.5, ("a", "y"): 0.5, ("b", "y"): -0.5,
    }  # fmt: skip
    assert less("interaction", one, other).weights == {
        ("a", "x"): 1.0, ("b", "x"): -1.0, ("a", "y"): -1.0, ("b", "y"): 1.0,
    }  # fmt: skip
    assert [part.name for part in over_columns("t", "a", "b", ("x", "y")).parts] == ["x", "y"]


def test_hours_to_a_score_are_judged_here_by_the_log_rank_test() -> None:
    """The slim hybrid is sooner in all of six runs: 2 of 924 assignments are as extreme, on both sides."""
    slow, fast = (tuple(Duration(start * (1 + 0.01 * seed), True) for seed in range(6)) for start in (0.002, 0.001))
    rows = ("random", "slim ResNet-50", "slim CBR-LargeW", "Gabor filters")
    columns = ("ResNet-50", "CBR-LargeW")
    hours = {("random", one): slow for one in columns} | {(f"slim {one}", one): fast for one in columns}
    part = ConvergenceHours(hours, dict.fromkeys(columns, ("NVIDIA H200",)))
    made = dataclasses.replace(
        here({(row, column): (0.9, 0.9) for row in rows for column in columns}),
        name="transfusion-figure-8",
        parts=(part,),
    )
    claim = {one.name: one for one in ledger([made])}["transfusion_efficient_exploration"]
    (own,) = claim.findings
    assert (own.kind, own.verdict, own.alone) == ("here", "supported", "supported")
    assert own.evidence.p_for == pytest.approx(1 / 924)
    assert own.evidence.estimate == pytest.approx(0.001 * 1.025)
    assert effect(own.evidence).startswith("+0.001 (")
    told = {part.name: part.verdict for part in own.parts}
    assert told == {
        "slim ResNet-50": "supported", "Gabor filters, ResNet-50": "untested",
        "slim CBR-LargeW": "supported", "Gabor filters, CBR-LargeW": "untested",
    }  # fmt: skip
    assert "no hours to a threshold are counted" in own.parts[1].evidence.lacking


def test_without_runs_the_claim_of_hours_says_which_table_makes_them() -> None:
    entry = ALL["transfusion_efficient_exploration"]
    assert entry.findings == ()
    assert lacking(entry) == [
        "as printed: not tested, since no hours are printed",
        "here: not tested; medtransfer table transfusion-figure-8 makes the runs",
    ]
