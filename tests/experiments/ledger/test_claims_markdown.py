"""The ledger in Markdown: every claim with the verdict of each source, and text that Markdown does not take apart."""

from __future__ import annotations

import re

from experiments.ledger.ledger import ledger
from experiments.ledger.markdown import claims_markdown, plain
from experiments.ledger.words import WORDS

ALL = ledger(())


def test_each_claim_has_a_heading_and_a_line_for_each_source() -> None:
    text = claims_markdown(ALL)
    assert text == claims_markdown(ALL)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in headings if line.startswith("## ")] == ["## Benchmark", "## Transfusion"]
    assert len(headings) == len(ALL) + 2
    for entry in ALL:
        _, found, after = text.partition(f"`{entry.name}`")
        tile = after.partition("\n#")[0]
        assert found
        for finding in entry.findings:
            assert f"**{finding.kind.capitalize()}: {WORDS[finding.verdict]}" in tile


def test_a_verdict_has_its_effect_and_interval() -> None:
    (entry,) = (one for one in ALL if one.name == "benchmark_continual_beats_natural")
    assert "**As printed: supported, +1.04 (+0.75 to +1.33).**" in claims_markdown([entry])


def test_what_new_patients_would_move_stands_beside_a_part() -> None:
    assert re.search(
        r"\| TXC \| \S+ \(\S+ to \S+\) \| supported; for new patients undecided: they alone move a score by up to \d\.",
        claims_markdown(ALL),
    )


def test_what_markdown_would_read_as_more_is_escaped() -> None:
    assert plain("a_b *c* [d](e) | f\n g") == r"a\_b \*c\* \[d\](e) \| f g"
