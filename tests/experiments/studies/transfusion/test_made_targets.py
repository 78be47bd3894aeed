"""Transfusion's tables, figures and studies, each made as a user would in the smoke profile."""

from __future__ import annotations

import csv
import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from experiments.cli.command_line import main
from experiments.reporting.page.page import TITLE
from experiments.tables.table import Table
from specs.registry import BACKBONES
from tests.experiments.example_table import Page
from tests.experiments.smoke import table_of_runs
from tests.experiments.studies.transfusion.test_transfusion import NAMES, SCORED, STUDIES, asked, first

pytestmark = pytest.mark.slow  # over three minutes of runs

MAKING = ["--profile", "smoke", "--wandb", "disabled"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, in_turn: list[str]) -> Path:
    """A folder where every target was made in the smoke profile, with one store, and then the report."""
    folder = tmp_path_factory.mktemp("transfusion")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("experiments.measures.measuring.network_costs.REPEATED", 0.05)
        for name in NAMES:
            command = ["table", name, *MAKING, *in_turn]
            assert main([*command, *(["--seeds", "1"] if name in SCORED else [])]) == 0, name
        assert main(["report"]) == 0
    return folder


def plain(made: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((made / "tables" / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_target_writes_its_numbers_and_its_pictures(name: str, made: Path) -> None:
    files = {path.name.removeprefix(name) for path in (made / "tables").glob(f"{name}*")}
    drawn = name in STUDIES or table_of_runs(name, "smoke").figure is not None
    counted = name in SCORED and table_of_runs(name, "smoke").threshold is not None
    wanted = {".csv", ".md", ".json"} | {ending for ending in (".png", ".svg") if drawn}
    wanted |= {".tex"} if name in SCORED else set()
    wanted |= {"-steps.png", "-steps.svg"} if counted else set()
    assert wanted <= files
    for picture in (made / "tables").glob(f"{name}*.png"):
        with Image.open(picture) as image:
            assert len(image.convert("L").getcolors() or []) > 20, picture.name
    for vectors in (made / "tables").glob(f"{name}*.svg"):
        ElementTree.parse(vectors)


@pytest.mark.parametrize("name", SCORED)
def test_no_cell_is_missing_but_those_that_the_table_leaves_out(name: str, made: Path) -> None:
    table, document = table_of_runs(name, "smoke"), plain(made, name)
    assert document["protocol"] == "smoke"
    left_out = {place: why for place, why in table.cells().items() if isinstance(why, str)}
    for cell in document["cells"]:
        place = cell["row"], cell["column"]
        assert cell["missing"] == left_out.get(place)
        assert len(cell["values"]) == (0 if place in left_out else 1)
    only = sum(len(table.columns) - 1 for row in table.rows if row.only)
    assert len(left_out) == only, "a row is left out of other columns than those of other networks"


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_finds_something_of_every_network(name: str, made: Path) -> None:
    with (made / "tables" / f"{name}.csv").open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    table = asked(name, "smoke")
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    for column in table.columns if table and len(table.columns) > 1 else ():
        assert any(row[0].startswith(column.label) for row in rows), column.label
    synthetic = any("Synthetic (phantom) data" in note for note in plain(made, name)["notes"])
    assert synthetic is (name != "transfusion-gabor")


def test_runs_are_shared_between_targets(made: Path) -> None:
    records = [json.loads(path.read_text()) for path in (made / "runs").glob("*/record.json")]
    done = {record["key"] for record in records if record["spec"]["stage"] == "finetune"}
    tables = [
        dataclasses.replace(table, seeds=1) if name in SCORED else table
        for name in NAMES
        if (table := asked(name, "smoke"))
    ]
    wanted = [spec for table in tables for of in table.cells().values() if not isinstance(of, str) for spec in of]
    assert len(done) == len(set(wanted)) < len(wanted) / 2


def test_the_report_shows_every_target_once(made: Path) -> None:
    page = Page((made / "report.html").read_text())
    titles = [plain(made, name)["title"] for name in NAMES]
    assert TITLE in page.text
    assert all(title in page.text for title in titles)
    assert len(set(titles)) == len(titles)


def test_a_row_of_figure_7_begins_with_the_sources_tensors_through_its_stage_and_others_after_it(made: Path) -> None:
    table = table_of_runs("transfusion-figure-7", "smoke")
    (row,) = (row for row in table.rows if row.label.startswith("through "))
    stage = row.label.removeprefix("through ")
    backbone = BACKBONES.build(table.backbone)
    records = [json.loads(path.read_text()) for path in (made / "runs").glob("*/record.json")]
    of_row = [record for record in records if f'through="{stage}"' in record["spec"]["initializer"]]
    of_row = [record for record in of_row if record["spec"]["backbone"] == str(BACKBONES.bind(table.backbone))]
    assert len(of_row) == 1
    for record in of_row:
        report = json.loads((made / "runs" / record["key"] / "load_report.json").read_text())
        stages = {name: backbone.stage_of(name) for name in backbone.weights()}
        assert set(report["drawn"]) == {name for name, of in stages.items() if of != stage}
    before, source = (_before(made, table, label) for label in (row.label, "transfer"))
    same = {name for name, tensor in before.weights().items() if torch.equal(tensor, source.weights()[name])}
    assert {name for name in backbone.weights() if backbone.stage_of(name) == stage} <= same
    kernels = {name for name, tensor in before.weights().items() if tensor.ndim == 4 and name not in same}
    assert {backbone.stage_of(name) for name in kernels} == {one.name for one in backbone.stages} - {stage}


def _before(made: Path, table: Table, row: str) -> Any:
    """The backbone of a row's first run as it began."""
    from experiments.run.paths import Paths
    from experiments.run.resolve import Resolver
    from experiments.run.restored import before_training
    from experiments.run.store import RunStore

    where = Paths(made / "data", made / "runs", made / "prepared")
    spec = first(table.cells()[row, table.columns[0].label])
    record = RunStore(where.runs).record(Resolver(where).resolve(spec).key)
    assert record is not None
    return before_training(record, where)


def strength(kernel: torch.Tensor) -> float:
    """The root mean square of a convolution."""
    return kernel.double().square().mean().sqrt().item()


def test_figure_8s_gabor_filters_are_as_strong_as_learned_ones_and_as_the_random_ones_beside_them(made: Path) -> None:
    table = table_of_runs("transfusion-figure-8", "smoke")
    rows = ("random", "Gabor filters", "Gabor filters, random scale", "transfer")
    start = {row: _before(made, table, row).weights() for row in rows}
    name = next(iter(start["random"]))
    random, learned, as_random, transfer = (strength(start[row][name]) for row in rows)
    assert learned == pytest.approx(transfer, rel=1e-6)
    assert as_random == pytest.approx(random, rel=1e-6)
    assert learned != pytest.approx(random, rel=1e-4), "the two scales must differ for this to say anything"
    one, other = (start[row][name].double() for row in rows[1:3])
    assert torch.allclose(one / learned, other / as_random, atol=1e-6)
    changed = {of for of, tensor in start["random"].items() if not torch.equal(tensor, start["Gabor filters"][of])}
    assert changed == {name}


def test_files_are_named_without_a_tables_arguments_and_say_them(made: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        plain = ["table", "transfusion-gabor", *MAKING, "--output", str(tmp_path)]
        assert main(plain) == 0
        assert {path.stem for path in tmp_path.iterdir()} == {"transfusion-gabor"}
        command = [
            "table",
            'transfusion-table-2(uncertain="ignore")',
            *MAKING,
            "--seeds",
            "1",
            "--output",
            str(tmp_path),
        ]
        assert main([*command, "--output", str(tmp_path)]) == 0
    names = ("transfusion-gabor", "transfusion-table-2")
    assert {path.stem for path in tmp_path.glob("*.json")} == set(names)
    assert all(path.name.startswith(names) and "(" not in path.name for path in tmp_path.iterdir())
    remarks = json.loads((tmp_path / "transfusion-table-2.json").read_text())["remarks"]
    assert ["the table", 'uncertain="ignore"'] in remarks
    assert 'the table: uncertain="ignore"' in (tmp_path / "transfusion-table-2.md").read_text()
