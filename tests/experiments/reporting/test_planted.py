"""Planted truths in every format: the sentence, each claim with its verdict, and the worlds first on the page."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.survival import Duration
from analysis.truth import Claim
from experiments.reporting.blocks.building.block import Judged
from experiments.reporting.blocks.convergence import ConvergenceSteps
from experiments.reporting.blocks.planted import judgements, strip, verdict_of
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.reporting.text.asked import claim_text
from experiments.tables.document import Cell, TableDocument
from experiments.tables.planted import Planted
from specs.errors import DataError
from tests.experiments.example_table import Page, blocks, document, terminal

SENTENCE = "The source is better, by <construction>."
SCORES = {
    "Random": (0.50, 0.51, 0.49, 0.50),
    "Random, other seeds": (0.51, 0.50, 0.50, 0.49),
    "Source": (0.90, 0.91, 0.89, 0.90),
}
CLAIMS = (Claim("Source", "better", "Random"), Claim("Random, other seeds", "not different", "Random"))


def planted(claims: tuple[Claim, ...] = CLAIMS, **changes: object) -> TableDocument:
    rows = tuple((row, row.lower()) for row in SCORES)
    given: dict[str, object] = {
        "name": "world",
        "title": "World",
        "rows": rows,
        "columns": (("Target", "auroc"),),
        "cells": {(row, "Target"): Cell(values) for row, values in SCORES.items()},
        "reference": "Random",
        "parts": (Planted(SENTENCE, claims, (("Source: which?", 'planted("features", "source")'),)),),
        "level": 0.005,
    }
    return document(**given | changes)


def world_of(made: TableDocument) -> Judged:
    """What its block says of what was planted."""
    (block,) = blocks(made, "planted")
    (world,) = block.judged
    return world


def words(html: str) -> str:
    return re.sub(r"\s+", " ", Page(html).text)


def test_verdicts_follow_from_the_scores() -> None:
    assert verdict_of(planted()) == "recovered"
    assert verdict_of(planted((Claim("Random", "better", "Source"),))) == "wrong"
    assert verdict_of(planted((*CLAIMS, Claim("Random, other seeds", "better", "Random")))) == "undecided"
    assert verdict_of(document()) is None


def test_a_claims_evidence_is_told() -> None:
    first, second = world_of(planted()).evidence
    assert first.asked == "Source is better than Random"
    assert first.found == "90.00 beside 50.00, p < 1e-4"
    assert second.asked == "Random, other seeds is Random once more, with other seeds"
    assert second.found.startswith("50.00 beside 50.00, p = ")


def test_steps_are_told_as_steps() -> None:
    steps = {
        ("Source", "Target"): tuple(Duration(step, True) for step in (10, 20, 20, 30)),
        ("Random", "Target"): (Duration(200, False),) * 4,
    }
    made = planted((Claim("Source", "sooner", "Random"),), level=0.05).with_part(ConvergenceSteps(steps, 0.8))
    (found,) = world_of(made).evidence
    assert found.verdict == "recovered"
    assert found.found == "20 beside more than 200 steps, p = 0.029"  # 2 of the 70 ways to share out 8 runs


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (Claim("A", "better", "B", 1), "A is better than B by more than 1 point"),
        (Claim("A", "no worse", "B", 2), "A is at most 2 points worse than B"),
        (Claim("A", "equal", "B", 1), "A equals B within 1 point"),
        (Claim("A", "sooner", "B"), "A is there before B"),
        (Claim("A", "no later", "B", 50), "A is there at most 50 steps after B"),
    ],
)
def test_claims_in_words(claim: Claim, text: str) -> None:
    assert claim_text(claim) == text


def test_the_page_begins_with_the_worlds() -> None:
    html = render("Demo", [Illustrated(planted()), Illustrated(document())])
    text = words(html)
    assert text.index("What was planted, and what was found") < text.index("Scores")
    assert SENTENCE in text
    assert "all images are synthetic" in text
    assert "Source is better than Random" in text
    assert '<li class="recovered">' in html
    assert 'href="#world"' in html
    assert "<construction>" not in html
    assert html.count("data:image/png;base64,") == 1


def test_a_page_without_worlds_says_nothing_of_them() -> None:
    assert "planted" not in words(render("Report", [Illustrated(document())]))


def test_a_picture_shows_test_images_as_they_are() -> None:
    from datamodules.planted import Planted as Drawn

    (shown,) = world_of(planted()).pictures
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.data()))))
    dataset = Drawn("features", "source")
    first = dataset.read_image(Path(), dataset.index(Path()).test[0])
    assert shown.lines == ("Source: which?",)
    assert np.array_equal(picture[: 3 * first.shape[0] : 3, : 3 * first.shape[1] : 3], first)


def test_images_of_patients_are_never_shown_as_a_world() -> None:
    with pytest.raises(ValueError, match="drive is not made by a formula"):
        strip("drive")


def test_the_terminal_and_markdown_say_the_same() -> None:
    for text in (terminal(planted(), width=300), to_markdown(planted()).replace("\\", "")):
        assert "Source is better than Random" in text
        assert "recovered" in text
        assert "0.005 level" in text
    assert "World: recovered." in terminal(planted(), width=300)
    assert "0.5% level" in terminal(planted(), width=300)


def test_a_table_is_read_back_with_what_was_planted(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    file.write_text(to_json(planted()), encoding="utf-8")
    found = read_table(file)
    assert (found.parts, found.level) == (planted().parts, 0.005)
    assert judgements(found) == judgements(planted())


@pytest.mark.parametrize(
    "change", [{"kind": "nicer"}, {"row": "Nobody"}, {"margin": "much"}, {"kind": "equal", "margin": 0}]
)
def test_a_damaged_claim_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    data = json.loads(to_json(planted()))
    data["parts"]["planted"]["claims"][0] |= change
    file = tmp_path / "world.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_table(file)


def test_marks_are_at_the_tables_level() -> None:
    loose, strict = planted(level=0.05), planted(level=1e-9)
    assert loose.comparison.cells["Source", "Target"].mark == "better"
    assert strict.comparison.cells["Source", "Target"].mark == "no difference shown"
    assert judgements(dataclasses.replace(loose, parts=())) == ()
