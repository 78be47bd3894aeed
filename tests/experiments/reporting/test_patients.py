"""How cells vary with other test patients: against numpy's covariance of drawn scores, for each test set by itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.patients import HARD
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.patients import PatientsDrawnAnew, SamePatients, patients, patients_of
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.run.progress import silent
from experiments.run.resolve import Resolver
from experiments.run.store import Record
from experiments.tables.document import CellKey
from experiments.tables.table import Column, Row, Table
from tests.experiments.example_table import document
from tests.experiments.smoke import paths_in, spec

DATASETS = {
    "half": 'medmnist("pneumoniamnist", fraction=0.5)',
    "all": 'medmnist("pneumoniamnist")',
    "other": 'medmnist("breastmnist")',
}
ROWS = ("random", "fractals")
Runs = dict[CellKey, NDArray[np.float64]]


def gathering(folder: Path, scores: Runs) -> Gathering:
    """A table whose cells have these scores, (runs, resamples), on resamples of their test patients."""
    paths = paths_in(folder)
    resolver, cells, records, resampled = Resolver(paths), {}, {}, {}
    columns = {label: Column(label, text, spec().recipe) for label, text in DATASETS.items()}
    for (row, label), of_cell in scores.items():
        specs = [spec(row, DATASETS[label], seed=number) for number in range(len(of_cell))]
        runs = tuple(resolver.resolve(one) for one in specs)
        cells[row, label] = runs
        for run, values in zip(runs, of_cell, strict=True):
            records[run.key] = Record(folder, {"key": run.key, "spec": run.spec.to_json()})
            resampled[run.key] = [None if np.isnan(value) else float(value) for value in values]
    table = Table(
        title="T", question="?", edition="phantom", protocol="smoke", weights="none", backbone="tiny(width=4)",
        rows=tuple(Row(row, row) for row in ROWS), columns=tuple(columns.values()), reference="random",
        pretraining=spec().pretraining, seeds=2,
    )  # fmt: skip
    return Gathering(
        table=table, cells=cells, records=records, resolver=resolver, paths=paths, told=lambda _: silent,
        resampled={None: resampled},
    )  # fmt: skip


def drawn(*labels: str, runs: int = 2, resamples: int = 400) -> Runs:
    generator = np.random.default_rng(3)
    return {(row, label): generator.normal(0.8, 0.03, (runs, resamples)) for row in ROWS for label in labels}


def found(folder: Path, scores: Runs) -> PatientsDrawnAnew:
    told = patients().gather(gathering(folder, scores))
    assert isinstance(told, PatientsDrawnAnew)
    return told


def test_columns_that_are_tested_on_the_same_patients_vary_together_and_others_apart(tmp_path: Path) -> None:
    scores = drawn("half", "all", "other")
    told = found(tmp_path, scores)
    assert {frozenset(cell[1] for cell in of.cells) for of in told.sets} == {
        frozenset({"half", "all"}),
        frozenset({"other"}),
    }
    assert not told.refused
    for of in told.sets:
        rarer = of.freedom + 1
        means = np.stack([scores[cell].mean(axis=0) for cell in of.cells])
        expected = np.cov(means) * rarer / (rarer - 1) + np.eye(len(means)) * (HARD / rarer) ** 2
        assert np.array(of.covariance) == pytest.approx(expected)


def test_the_variance_of_a_difference_takes_off_what_both_cells_share() -> None:
    of = SamePatients((("a", "X"), ("b", "X")), ((4.0, 3.0), (3.0, 5.0)), 9.0)
    assert of.variance({("a", "X"): 1.0, ("b", "X"): -1.0}) == pytest.approx(4 + 5 - 2 * 3)
    assert of.variance({("a", "X"): 1.0, ("c", "Y"): -1.0}) == pytest.approx(4)


def test_a_resample_without_a_score_is_left_out_for_all_cells(tmp_path: Path) -> None:
    scores = drawn("all")
    scores["random", "all"][0, :4] = np.nan
    (of,) = found(tmp_path, scores).sets
    whole = drawn("all")
    (cut,) = found(tmp_path, {cell: values[:, 4:] for cell, values in whole.items()}).sets
    assert np.array(of.covariance) == pytest.approx(np.array(cut.covariance))


def test_too_few_resamples_say_nothing_of_new_patients_and_why(tmp_path: Path) -> None:
    told = found(tmp_path, drawn("all", resamples=100))
    assert told.sets == ()
    assert told.refused == {"all": "100 resamples are too few; 200 or more are needed"}


def test_too_many_resamples_without_a_score_are_told(tmp_path: Path) -> None:
    scores = drawn("all")
    scores["random", "all"][0, :100] = np.nan
    told = found(tmp_path, scores)
    assert told.sets == () and "100 of 400 resamples of the test patients have no score" in told.refused["all"]


def test_nothing_is_gathered_where_scores_were_not_resampled(tmp_path: Path) -> None:
    asked = gathering(tmp_path, drawn("all"))
    assert patients().gather(dataclasses.replace(asked, resampled={})) is None


def test_test_sets_survive_the_tables_file(tmp_path: Path) -> None:
    part = PatientsDrawnAnew((SamePatients((("random", "B"),), ((0.01,),), 8.0),), {"B": "why"})
    made = document(parts=(part,))
    (tmp_path / "example.json").write_text(to_json(made))
    assert patients_of(read_table(tmp_path / "example.json")) == part


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"cells": (("random", "no"),)}, "no cell of the table"),
        ({"cells": ()}, "covariance of each pair"),
        ({"cells": (("random", "B"),) * 2, "covariance": ((0.1, 0.1), (0.1, 0.1))}, "found one twice"),
        ({"covariance": ((-0.01,),)}, "variances of 0 or more"),
        ({"covariance": ((float("nan"),),)}, "that are numbers"),
        ({"freedom": 0.0}, "1 or more, found 0.0"),
        ({"freedom": float("nan")}, "1 or more, found nan"),
    ],
)
def test_a_file_whose_test_sets_cannot_be_is_refused(changes: dict[str, Any], what: str) -> None:
    fine = SamePatients((("random", "B"),), ((0.01,),), 8.0)
    part = PatientsDrawnAnew((dataclasses.replace(fine, **changes),), {})
    with pytest.raises(ValueError, match=what):
        patients().check(document(parts=(part,)))
