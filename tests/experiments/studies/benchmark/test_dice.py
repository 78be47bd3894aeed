"""The Dice coefficient of the benchmark's segmentations: pooled in the paper's profile, beside the mean over images."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy import stats

from experiments.cli.command_line import main
from experiments.reporting.formats.json_format import read_table
from experiments.reporting.page.page import Illustrated, render
from experiments.run.resolve import Resolver
from experiments.studies.benchmark.tasks import CLASSIFICATION, SEGMENTATION, columns
from experiments.tables.named import table_named
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Row, Table
from specs.errors import UsageError
from specs.expression import parse
from specs.registry import TABLES
from tests.experiments.example_table import Page
from tests.experiments.smoke import paths_in, table_of_runs

RESAMPLES = 100

SMOKE = table_of_runs("benchmark-table-2", "smoke")
OWN = dataclasses.replace(
    SMOKE,
    rows=(Row("Scratch", "random"), Row("slower", "random")),
    rates={("slower", column.label): 1e-4 for column in SMOKE.columns},
    seeds=2,
    pretraining=None,
)
POOLED = dataclasses.replace(
    OWN, columns=tuple(dataclasses.replace(column, score="dice_pooled") for column in OWN.columns)
)


class Made(NamedTuple):
    """The same runs shown with the mean over images, and with the pooled coefficient."""

    folder: Path
    own: dict[str, Any]
    runs: tuple[set[Path], set[Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Made:
    """A folder in which the runs were made for a table of the mean, and then shown by a table of the other."""
    folder, found = tmp_path_factory.mktemp("dice"), []
    command = ["table", "benchmark-table-2", "--wandb", "disabled", *in_turn]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for table, options in ((OWN, []), (POOLED, ["--bootstrap", str(RESAMPLES)])):
            patch.setattr("experiments.session.make_tables.table_named", lambda name, profile, table=table: table)
            assert main([*command, *options]) == 0
            found.append(
                (json.loads(written(folder, "json").read_text()), set((folder / "runs").glob("*/record.json")))
            )
    (own, first), (_, second) = found
    return Made(folder, own, (first, second))


def written(folder: Path, ending: str) -> Path:
    return folder / "tables" / f"benchmark-table-2.{ending}"


def counted(folder: Path, row: str) -> list[tuple[NDArray[Any], ...]]:
    """True positives, false positives and false negatives of each test image of a row's runs, as they were stored."""
    document, found = json.loads(written(folder, "json").read_text()), []
    for run in sorted((run for run in document["runs"] if run["row"] == row), key=lambda run: run["seed"]):
        table = pq.read_table(folder / "runs" / run["key"] / "predictions.parquet")
        found.append(tuple(table[f"network_whole_{name}"].to_numpy() for name in ("tp", "fp", "fn")))
    return found


def pooled(tp: NDArray[Any], fp: NDArray[Any], fn: NDArray[Any]) -> float:
    return float(2 * tp.sum() / (2 * tp.sum() + fp.sum() + fn.sum()))


def test_runs_that_there_are_show_either_coefficient(made: Made) -> None:
    first, second = made.runs
    assert first == second
    assert len(first) == 4
    resolver = Resolver(paths_in(made.folder))
    keys = [
        [run.key for runs in resolve_cells(table, resolver).runs.values() for run in runs if not isinstance(run, str)]
        for table in (OWN, POOLED)
    ]
    assert keys[0] == keys[1]


def test_cells_and_their_statistics_are_of_all_pixels_together(made: Made) -> None:
    document = read_table(written(made.folder, "json"))
    by_row = {row: [pooled(*counts) for counts in counted(made.folder, row)] for row in ("Scratch", "slower")}
    assert document.columns == (("PXS", "dice_pooled"),)
    for row, values in by_row.items():
        assert document.cells[row, "PXS"].values == pytest.approx(values, abs=1e-12)
        assert [run.score for run in document.runs if run.row == row] == pytest.approx(values, abs=1e-12)
        assert {run.column for run in document.runs} == {"PXS"}
    result = document.result(("slower", "PXS"))
    assert result is not None
    assert result.p_value == pytest.approx(stats.ttest_ind(by_row["slower"], by_row["Scratch"]).pvalue)
    assert document.comparison.best["PXS"] == (max(by_row, key=lambda row: np.mean(by_row[row])),)
    own = {cell["row"]: cell["values"] for cell in made.own["cells"]}
    assert all(own[row] != pytest.approx(values, rel=0.01) for row, values in by_row.items()), "they must differ"


def test_intervals_resample_all_pixels_of_the_drawn_patients(made: Made) -> None:
    index = paths_in(made.folder).opened(parse(SMOKE.columns[0].dataset), "phantom").index
    patients = np.unique([sample.patient for sample in index.test], return_inverse=True)[1]
    generator, means = np.random.default_rng(0), []
    count = int(patients.max()) + 1
    runs = counted(made.folder, "slower")
    for _ in range(RESAMPLES):
        drawn = np.bincount(generator.integers(count, size=count), minlength=count)[patients]
        rows = np.repeat(np.arange(len(patients)), drawn)
        means.append(np.mean([pooled(*(of[rows] for of in run)) for run in runs]))
    interval = read_table(written(made.folder, "json")).cells["slower", "PXS"].interval
    assert interval == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=1e-12)


def test_the_mean_over_images_stands_beside_it_in_every_format(made: Made) -> None:
    title = "Dice, mean over images"
    own = {cell["row"]: cell["values"] for cell in made.own["cells"]}
    assert title not in made.own["parts"].get("further_scores", {}).get("by_title", {})
    plain = json.loads(written(made.folder, "json").read_text())
    assert {one["row"]: one["values"] for one in plain["parts"]["further_scores"]["by_title"][title]} == own
    assert list(plain["parts"]["further_scores"]["by_title"]) == [
        title,
        "Dice at native size",
        "Dice over images with a finding",
    ]
    with written(made.folder, "csv").open() as file:
        lines = {line["row"]: line for line in csv.DictReader(file)}
    for row, values in own.items():
        assert lines[row]["metric"] == "dice_pooled"
        assert float(lines[row][f"{title}: mean"]) == pytest.approx(np.mean(values))
        assert float(lines[row][f"{title}: std"]) == pytest.approx(np.std(values, ddof=1))
    page = render("A report", [Illustrated(read_table(written(made.folder, "json")))])
    (further,) = [table for table in Page(page).tables if table[0][0].strip() == "Further scores"]
    beside = next(at for at, heading in enumerate(further[0]) if title in heading)
    shown = {line[0].strip(): line[beside].strip() for line in further[1:]}
    assert shown == {
        row: f"{100 * np.mean(values):.2f} ± {100 * np.std(values, ddof=1):.2f}" for row, values in own.items()
    }
    for text in (page, written(made.folder, "md").read_text(), written(made.folder, "tex").read_text()):
        said = re.sub(r"\s+", " ", text.replace(r"\\", " ").replace("\\", ""))  # two break a heading of LaTeX
        assert all(words in said for words in (title, "one Dice coefficient of all pixels of the test images together"))
        assert all(f"{100 * np.mean(values):.2f}" in said for values in own.values())


def test_the_papers_segmentations_are_scored_by_it_and_nothing_else_is() -> None:
    assert {column.label: column.score for column in columns("paper")} == dict.fromkeys(CLASSIFICATION) | dict.fromkeys(
        SEGMENTATION, "dice_pooled"
    )
    for profile in ("phantom", "smoke"):
        assert {column.score for column in columns(profile)} == {None}  # type: ignore[arg-type]
    for name in TABLES.entries:
        made = table_named(name, "paper") if name.startswith("benchmark") else None
        for column in made.columns if isinstance(made, Table) else ():
            segments = column.dataset.partition("(")[0] in ("siim_acr", "montgomery", "drive")
            assert column.score == ("dice_pooled" if segments else None), (name, column.label)
            assert column.recipe.selection == "loss"


def test_a_score_that_runs_do_not_have_is_refused_before_anything_runs(tmp_path: Path) -> None:
    columns = tuple(dataclasses.replace(column, score="dice_poled") for column in POOLED.columns)
    with pytest.raises(UsageError, match=r'unknown score of siim_acr.* "dice_poled"\. Did you mean.*"dice_pooled"'):
        resolve_cells(dataclasses.replace(POOLED, columns=columns), Resolver(paths_in(tmp_path)))
