"""The page and the LaTeX of the ledger, and how often its verdicts err on drawn scores."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from analysis.hypothesis import Evidence
from benchmarks.claims import counted
from experiments.cli.command_line import main
from experiments.ledger.ledger import ledger
from experiments.ledger.page import WIDTH, claims_latex, picture, render_claims
from experiments.ledger.words import WORDS, effect
from tests.experiments.reporting.test_latex import compiled

ALL = ledger(())


def test_each_claim_has_a_tile_with_an_anchor_and_the_verdict_of_each_source() -> None:
    page = render_claims(ALL)
    assert page == render_claims(ALL)
    ids = re.findall(r'<li id="([^"]+)">', page)
    assert ids == [one.name for one in ALL] and len(set(ids)) == len(ids)
    tiles = dict(zip(ids, page.split('<li id="')[1:], strict=True))
    for one in ALL:
        tile = tiles[one.name]
        assert tile.count('class="source"') == len(one.findings)
        for finding in one.findings:
            assert f'<b class="verdict {finding.verdict}">{WORDS[finding.verdict]}</b>' in tile
        assert ("<svg" in tile) == any(finding.evidence.interval for finding in one.findings)


def test_an_effect_is_drawn_where_it_is_between_two_margins() -> None:
    drawn = picture(Evidence(1.0, (0.5, 2.0)), margin=1.0)
    assert drawn is not None
    unit = WIDTH / 2 / 2.2  # the farthest mark is at ten elevenths of half the width
    assert drawn.zero == WIDTH / 2
    places = (drawn.low, drawn.point, drawn.high)
    assert places == pytest.approx([WIDTH / 2 + unit * value for value in (0.5, 1.0, 2.0)], abs=0.1)
    assert drawn.band == pytest.approx((WIDTH / 2 - unit, 2 * unit), abs=0.15)
    assert picture(Evidence(1.0), margin=1.0) is None


def test_effects_in_words_have_intervals_or_reasons() -> None:
    assert effect(Evidence(1.04, (0.75, 1.33))) == "+1.04 (+0.75 to +1.33)"
    assert effect(Evidence(-0.5, lacking="a mean is of a single run")) == "-0.50, a mean is of a single run"
    assert effect(Evidence(float("nan"), lacking="no numbers of a on b")) == "no numbers of a on b"


def test_the_latex_has_a_line_for_each_claim() -> None:
    text = claims_latex(ALL)
    assert text.count(r"\label{tab:claims}") == 1
    assert all(one.name.removeprefix(f"{one.paper}_").replace("_", " ") in text for one in ALL)
    assert "supported: +1.04 (+0.75 to +1.33)" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_the_latex_compiles(tmp_path: Path) -> None:
    assert "Overfull" not in compiled(claims_latex(ALL), tmp_path)


def test_the_command_writes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "--paper", "benchmark", "--report", "c.html", "--latex", "c.tex"]) == 0
    assert Path("c.html").read_text().startswith("<!doctype html>")
    assert r"\begin{threeparttable}" in Path("c.tex").read_text()


def test_false_claims_are_rarely_called_supported_and_true_ones_mostly() -> None:
    claims = {one.name: one.claim for one in ALL if one.paper == "benchmark"}
    found = counted(claims, 20)
    assert found.erring <= 5  # of 20 where one in twenty is meant: more have a probability of 0.0003
    assert sum(found.seen.values()) >= 0.8 * 20 * len(claims)
