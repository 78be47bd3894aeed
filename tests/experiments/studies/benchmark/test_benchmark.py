"""The benchmark's tasks, tables and figures: what their profiles ask for, and that each can be made as a user would."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import pytest
import torch

from experiments.cli.command_line import main
from experiments.run.resolve import Resolver
from experiments.studies.benchmark.tasks import DATASETS, columns
from experiments.tables.named import table_named
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Table
from initializers.publishing.variable import VARIABLE
from lightning_modules.decoder_choice import built_decoder
from specs.errors import DataError
from specs.expression import parse
from specs.registry import BACKBONES, TABLES
from tests.experiments.smoke import paths_in, table_of_runs


@pytest.fixture(autouse=True)
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))


def test_the_papers_table_2_is_planned_on_one_screen_and_says_what_it_lacks_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["table", "benchmark-table-2", "--profile", "paper", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 24  # the lines of a terminal of the usual size
    assert printed.count("lacks data") + printed.count("lacks both") == 26  # the paper's cells, of ten runs each
    header, *lines = printed[printed.index("  DXC14 ") :].splitlines()
    assert header.split() == ["DXC14", "DXC5", "TXC", "PXS", "LXS"]
    assert lines[0].split() == ["Scratch", *["lacks", "data"] * 5] and lines[1].split()[-1] == "both"
    assert (
        "DXC14 (chestxray14), DXC5 (chexpert), TXC (shenzhen): 224 pixels, 32 images a step, Adam at 0.0002" in printed
    )
    fetched, listed = printed.split("260 runs cannot be planned before the above is fetched and this is there:")
    for name in ("CXR_png of shenzhen", "MontgomerySet of montgomery", " resnet50-0676ba61.pth"):
        assert printed.count(name) == fetched.count(name) == 1
    assert sum(line.count(".pth.tar") for line in fetched.splitlines()) == 4
    for name in ("chestxray14", "chexpert", "siim_acr"):
        assert listed.count(f"medtransfer fetch {name} --data-root") == 1
    assert "would prepare shenzhen once, at 256-antialiased: 662 images, about 43.4 MB" in printed
    assert printed.count("the source is the target") == 1
    assert "ImageNet→CheXpert on DXC5" in printed
    assert main(["table", "benchmark-table-2", "--profile", "paper", "--dry-run", "--json"]) == 0
    assert sum(len(one["specs"]) for one in json.loads(capsys.readouterr().out)["lacking"]) == 260
    assert main(["table", "benchmark-table-2", "--profile", "paper", "--offline"]) == DataError.exit_status


def test_the_benchmarks_tasks_have_both_recipes() -> None:
    for profile in ("phantom", "paper"):
        made = columns(profile)  # type: ignore[arg-type]
        assert [column.label for column in made] == list(DATASETS)
    paper = {column.label: column.recipe for column in columns("paper")}
    assert (paper["DXC14"].optimizer.learning_rate, paper["PXS"].optimizer.learning_rate) == (2e-4, 1e-3)
    assert (paper["VFS"].image_size, paper["VFS"].batch_size, paper["VFS"].augmentation) == (512, 16, ())
    assert paper["TXC"].test_time_augmentation == "ten_crop"


def test_a_phantom_row_is_named_after_what_was_used() -> None:
    paper, phantom = (table_of_runs("benchmark-table-2", profile) for profile in ("paper", "phantom"))
    assert [row.label for row in paper.rows][1::3] == ["ImageNet", "ImageNet→ChestX-ray14"]
    assert [row.label for row in phantom.rows][1::3] == ["fractals", "fractals→ChestX-ray14"]
    assert (paper.seeds, paper.edition, phantom.edition) == (10, "real", "phantom")


def test_smaller_shares_of_the_data_are_parts_of_larger_ones_and_the_whole_is_the_task_itself(tmp_path: Path) -> None:
    table = table_of_runs("benchmark-data-efficiency", "phantom")
    assert [column.label for column in table.columns] == [f"DXC14 {share} %" for share in (1, 5, 10, 25, 50, 100)]
    opened = [paths_in(tmp_path).opened(parse(column.dataset), "phantom").index for column in table.columns]
    trained = [{sample.id for sample in index.train} for index in opened]
    assert all(small <= large for small, large in itertools.pairwise(trained))  # the smallest show every class
    assert len({str(index.test) for index in opened}) == 1
    resolver = Resolver(paths_in(tmp_path))
    whole = resolver.resolve(table.cells()["Scratch", "DXC14 100 %"][0])  # type: ignore[arg-type]
    same = resolver.resolve(table_of_runs("benchmark-table-2", "phantom").cells()["Scratch", "DXC14"][0])  # type: ignore[arg-type]
    assert whole.key == same.key


BENCHMARK = [
    name.replace("_", "-")
    for name in TABLES.entries
    if name.startswith("benchmark") and isinstance(table_named(name, None), Table)
]


@pytest.mark.slow  # makes five tables
def test_every_table_of_the_benchmark_is_made_in_the_smoke_profile_with_runs_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_turn: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in BENCHMARK:
        assert main(["table", name, "--profile", "smoke", "--seeds", "1", "--wandb", "disabled", *in_turn]) == 0
        assert "Synthetic (phantom) data" in capsys.readouterr().out
        document = json.loads((tmp_path / "tables" / f"{name}.json").read_text())
        assert all(cell["values"] or "the row is for" in cell["missing"] for cell in document["cells"])
        assert document["protocol"] == "smoke"
    assert main(["report"]) == 0
    page = (tmp_path / "report.html").read_text()
    assert all(json.loads(path.read_text())["title"] in page for path in (tmp_path / "tables").glob("*.json"))
    pages = list((tmp_path / "report-pages").iterdir())
    assert any("of the map in the box" in path.read_text() for path in pages)
    assert max(path.stat().st_size for path in pages) < 2_000_000
    wanted = sum(
        not isinstance(runs, str)
        for name in BENCHMARK
        for runs in dataclasses.replace(table_of_runs(name, "smoke"), seeds=1).cells().values()
    )
    done = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/record.json")]
    assert len([record for record in done if record["spec"]["stage"] == "finetune"]) < wanted


@pytest.mark.parametrize("name", BENCHMARK)
def test_every_table_of_the_benchmark_can_be_planned_in_each_profile(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for profile in ("smoke", "paper"):
        assert main(["table", name, "--profile", profile, "--dry-run"]) == 0
        assert "runs to do (a dry run does none)" in capsys.readouterr().out


def test_every_network_of_the_architectures_has_weights_of_its_own_and_a_decoder_where_it_segments() -> None:
    for profile in ("phantom", "paper"):
        table = table_of_runs("benchmark-architectures", profile)
        for column in table.columns:
            with torch.device("meta"):
                backbone = BACKBONES.build(column.backbone or "")
                if column.dataset in ("montgomery", "siim_acr"):
                    built_decoder(backbone, "unet", dropout=0.0, outputs=1)
            assert backbone.image_size in (None, column.recipe.image_size), column.label
        assert {cell[0].initializer.name for cell in table.cells().values()} <= {
            "random",
            "fractals",
            "imagenet",
            "timm",
        }  # type: ignore[union-attr]


def test_boxes_that_are_not_there_are_said_before_anything_runs(tmp_path: Path) -> None:
    table = dataclasses.replace(table_of_runs("benchmark-attention", "smoke"), seeds=1)
    where = paths_in(tmp_path)
    (where.open(parse("chestxray14"), "phantom")[1] / "BBox_List_2017.csv").unlink()
    with pytest.raises(DataError, match=r"found no BBox_List_2017\.csv"):
        resolve_cells(table, Resolver(where))
    found = resolve_cells(table, Resolver(where), everything_may_lack=True)
    assert set(found.lacking) == set(table.cells())
