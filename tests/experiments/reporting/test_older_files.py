"""Files of before there were blocks, as the version wrote them that had a field for each thing: all of it is read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from analysis.survival import Duration
from analysis.truth import Claim
from datamodules.dataset.counts import ClassCounts, Count, Counts, SplitCounts
from experiments.measures.measuring.costs import NetworkCost
from experiments.reporting.blocks.answers import answer
from experiments.reporting.blocks.building.kind import blocks_of
from experiments.reporting.blocks.convergence import ConvergenceSteps
from experiments.reporting.blocks.counts import DatasetCounts
from experiments.reporting.blocks.effort import CellEffort, RunEfforts
from experiments.reporting.blocks.equivalence import EquivalenceMargin
from experiments.reporting.blocks.further_scores import FurtherCells
from experiments.reporting.blocks.held_against import ReferenceLevels
from experiments.reporting.blocks.network_costs import CostsOfNetworks
from experiments.reporting.blocks.recommendation import Advice
from experiments.reporting.blocks.statements import PaperStatements
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.tables.document import Cell
from experiments.tables.figure import Figure
from experiments.tables.planted import Planted
from experiments.tables.stated import Stated
from specs.errors import DataError
from tests.experiments.example_race import SETTLED, race

FILES = Path(__file__).parent / "schema_1"
PLACES = (("random", "B"), ("ImageNet", "B"))
CLAIM = Claim("ImageNet", "better", "random")
SPLIT = SplitCounts(Count(6, 3), (ClassCounts("sick", Count(4, 2), Count(2, 1)),))
STEPS = (Duration(5.0, True), Duration(10.0, False))


def test_every_field_is_a_part_now() -> None:
    found = read_table(FILES / "everything.json")
    assert found.cells == {PLACES[0]: Cell((0.5, 0.6), None, (0.4, 0.7)), PLACES[1]: Cell((0.7, 0.8))}
    assert (found.overlaps, found.remarks) == ({PLACES[1]: ("chexpert",)}, (("random", "a remark"),))
    assert (found.figure, found.column_seeds, found.marks, found.measured) == (Figure(), {"B": 2}, "reference", {})
    (run,) = found.runs
    assert (run.validation, run.steps, run.environment) == ((0.4, None), (5, 10), {"device": "cpu"})
    for part in (
        RunEfforts(dict.fromkeys(PLACES, CellEffort((2.0,), (9.0,), 0.0))),
        ConvergenceSteps(dict.fromkeys(PLACES, STEPS), 0.8, {"B": 0.7}),
        FurtherCells({"Dice at native size": {PLACES[0]: Cell((0.5,)), PLACES[1]: Cell((0.7,))}}),
        CostsOfNetworks((NetworkCost(("B",), "resnet50", 224, 23518277, 4089000000, 0.02134, "cpu"),)),
        ReferenceLevels({"B": (0.4, 0.9)}, {"Floor": {"B": 0.25}}),
        EquivalenceMargin(2.0),
        Planted("So it is.", (CLAIM,), (("Source", "fractals"),)),
        PaperStatements((Stated("It helps.", "A paper", (("B", CLAIM),)),)),
        DatasetCounts({"B": Counts("binary", ("sick",), {"train": SPLIT, "validation": SPLIT, "test": SPLIT})}),
    ):
        assert found.part(type(part)) == part
    assert {"planted", "statements", "counts", "convergence", "effort"} <= {one.kind for one in blocks_of(found)}


def test_what_is_no_score_was_to_be_seen_by_its_unit_alone() -> None:
    found = read_table(FILES / "measured.json")
    assert found.measured == {"B": "similarity"}
    assert 'differ from "random"' in answer(found, "B").text  # and not what to start from


def test_a_race_is_one_still_in_the_words_that_it_was_told_in() -> None:
    found, now = read_table(FILES / "race.json"), race(SETTLED)
    told, tells = found.part(Advice), now.part(Advice)
    assert told and tells
    words = ", for each of the two readers;", ", for these images and for new patients each;"
    assert tuple(sentence.replace(*words) for sentence in told.sentences) == tells.sentences
    others = tuple(tells if part == told else part for part in found.parts)
    assert dataclasses.replace(found, parts=others) == now


def test_what_is_read_is_written_in_todays_form(tmp_path: Path) -> None:
    for file in FILES.glob("*.json"):
        found = read_table(file)
        (tmp_path / file.name).write_text(to_json(found))
        assert json.loads((tmp_path / file.name).read_text())["schema"] == 2
        assert read_table(tmp_path / file.name) == found


@pytest.mark.parametrize("lacks", ["efforts", "recommendation", "bounds", "cells"])
def test_an_older_file_that_lacks_something_is_refused(lacks: str, tmp_path: Path) -> None:
    data = json.loads((FILES / "everything.json").read_text())
    del data[lacks]
    (tmp_path / "damaged.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match=r"cannot be read as a table .* Make the table again"):
        read_table(tmp_path / "damaged.json")
