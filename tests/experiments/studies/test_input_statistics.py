"""All initializations of a column of a paper see images in the same statistics, since the papers had one for each."""

from __future__ import annotations

import pytest

from experiments.run.participant import normalization_of
from experiments.tables.named import table_named
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Table
from specs.card import IMAGENET, INCEPTION
from specs.registry import TABLES

PAPERS = ("benchmark", "transfusion")


def papers_tables() -> dict[str, Table]:
    """The tables of runs of both papers, in the papers' own protocol; of studies those whose runs they look at."""
    found = {}
    for name in TABLES.entries:
        made = table_named(name, "paper") if name.startswith(PAPERS) else None
        table = made.networks if isinstance(made, RunAnalysis) else made
        if isinstance(table, Table):
            found[name] = table
    return found


TABLES_OF_RUNS = papers_tables()


def test_both_papers_are_looked_at() -> None:
    for paper in PAPERS:
        assert len([name for name in TABLES_OF_RUNS if name.startswith(paper)]) >= 6


@pytest.mark.parametrize("name", TABLES_OF_RUNS)
def test_all_rows_of_a_column_see_images_in_the_same_statistics(name: str) -> None:
    table = TABLES_OF_RUNS[name]
    cells = table.cells()
    for column in table.columns:
        runs = [cell[0] for row in table.rows if not isinstance(cell := cells[row.label, column.label], str)]
        assert len({normalization_of(run) for run in runs}) == 1, column.label
        assert "card" not in {run.recipe.normalization for run in runs}, "the next weights may expect others"


@pytest.mark.parametrize("name", [name for name in TABLES_OF_RUNS if name.startswith("transfusion")])
def test_transfusions_are_those_of_the_network_whatever_the_weights(name: str) -> None:
    for runs in TABLES_OF_RUNS[name].cells().values():
        if not isinstance(runs, str):
            wanted = INCEPTION if runs[0].backbone.name == "inception_v3" else IMAGENET
            assert {normalization_of(run) for run in runs} == {wanted}
