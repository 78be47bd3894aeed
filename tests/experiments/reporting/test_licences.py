"""The licence of each row's weights stands beside its scores in every format, with the rows that were left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.reporting.blocks.licences import LicencesOfRows
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.tables.document import TableDocument
from experiments.tables.licences import LicencesOfWeights, Link
from specs.errors import DataError
from tests.experiments.example_race import SETTLED, race
from tests.experiments.example_table import lines, notes, terminal

OPEN = LicencesOfWeights((Link("ImageNet", "BSD-3-Clause", "weights"),))
BARRED = LicencesOfWeights((Link("MoCo-v2", "CC-BY-NC-4.0", "weights"),))


def compared(**rows: LicencesOfWeights) -> TableDocument:
    found = {"ImageNet": OPEN, "Random": LicencesOfWeights(), **rows}
    return race(SETTLED).with_part(LicencesOfRows(found, {"MoCo-v2": BARRED}))


def test_each_row_has_the_licence_of_its_weights() -> None:
    assert lines(compared(), "licences") == [
        ("Licences", "licence of the weights", "commercial use"),
        ("ImageNet", "BSD-3-Clause", "yes"),
        ("Random", "none needed", "yes"),
    ]


def page(made: TableDocument) -> str:
    return render("A report", [Illustrated(made)])


@pytest.mark.parametrize("shown", [terminal, to_markdown, to_latex, page])
def test_every_format_shows_them_and_what_was_left_out(shown: object) -> None:
    text = " ".join(shown(compared()).split())  # type: ignore[operator]
    assert "BSD-3-Clause" in text and "none needed" in text
    assert "MoCo-v2 is left out by --licence commercial: CC-BY-NC-4.0" in text.replace("\\", "").replace("-{}-", "--")


def test_a_file_for_programs_holds_them_and_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "race.json").write_text(to_json(compared()))
    plain = json.loads((tmp_path / "race.json").read_text())
    (block,) = (block for block in plain["blocks"] if block["kind"] == "licences")
    assert block["lines"][0]["values"] == ["BSD-3-Clause", "yes"]
    assert read_table(tmp_path / "race.json").part(LicencesOfRows) == compared().part(LicencesOfRows)
    plain["parts"]["licences"]["rows"]["Another"] = {"links": []}
    (tmp_path / "race.json").write_text(json.dumps(plain))
    with pytest.raises(DataError, match="licences of Another, which no row is called"):
        read_table(tmp_path / "race.json")


def test_it_is_said_that_this_is_no_legal_advice() -> None:
    assert any("no legal advice, and terms of images are not looked at" in note for note in notes(compared()))
