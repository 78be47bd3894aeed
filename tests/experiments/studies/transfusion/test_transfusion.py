"""Transfusion's tables, figures and studies: what their profiles ask for, and that each can be made as a user would."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from experiments.cli.command_line import main
from experiments.measures.measuring.measure import measure_of
from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.profiles import PROFILES as PRESETS
from experiments.tables.named import table_named
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Column, Row, Table
from initializers.loading.contract import Initializer
from initializers.publishing.variable import VARIABLE
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.recipe_parts import SGD, Adam
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, TABLES
from specs.run import RunSpec
from tests.conftest import PROJECT
from tests.experiments.smoke import table_of_runs

PROFILES = ("phantom", "smoke", "paper")
NAMES = [name.replace("_", "-") for name in TABLES.entries if name.startswith("transfusion")]
STUDIES = [name for name in NAMES if isinstance(table_named(name, None), RunAnalysis)]
SCORED = [name for name in NAMES if name not in STUDIES]
MAKING = ["--profile", "smoke", "--wandb", "disabled"]


def asked(name: str, profile: str) -> Table | None:
    """The table whose runs a target needs; None: it needs none."""
    found = table_named(name, profile)
    if isinstance(found, RunAnalysis):
        return found.networks
    assert isinstance(found, Table)
    return found


def runs_of(table: Table) -> list[RunSpec]:
    """One of each cell that has any."""
    return [runs[0] for runs in table.cells().values() if not isinstance(runs, str)]


def first(cell: tuple[RunSpec, ...] | str) -> RunSpec:
    """The run of seed 0 of a cell that has runs."""
    assert not isinstance(cell, str), cell
    return cell[0]


def steps(recipe: Recipe) -> int:
    """Optimizer steps of a recipe whose epochs are intervals."""
    assert recipe.interval is not None
    return recipe.epochs * recipe.interval


def test_every_table_and_figure_of_the_paper_is_a_target() -> None:
    wanted = [f"transfusion-table-{number}" for number in range(1, 5)]
    wanted += [f"transfusion-figure-{number}" for number in range(1, 9)]
    assert set(wanted) <= set(NAMES)


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without data, weights or runs, where synthetic data are made once."""
    return tmp_path_factory.mktemp("planning")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", NAMES)
def test_every_target_can_be_planned_in_each_profile(
    name: str, profile: str, planning: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(planning)
    monkeypatch.setenv(VARIABLE, "weights")
    assert main(["table", name, "--profile", profile, "--dry-run"]) == 0
    assert "runs to do (a dry run does none)" in capsys.readouterr().out


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", NAMES)
def test_every_part_of_every_table_exists(name: str, profile: str) -> None:
    if (table := asked(name, profile)) is None:
        return
    for spec in runs_of(table):
        initializer: Initializer = INITIALIZERS.build(spec.initializer)
        assert initializer.card().method
        DATASETS.build(spec.dataset)
        BACKBONES.bind(spec.backbone)
    for column in table.columns:
        if column.measure:
            assert measure_of(column.measure)[1].unit
    if table.figure and table.figure.groups:
        grouped = [column for _, of in table.figure.groups for column in of]
        assert grouped == [column.label for column in table.columns]


@pytest.mark.parametrize("profile", PROFILES)
def test_stages_that_columns_and_rows_name_are_stages_of_their_networks(profile: str) -> None:
    built: dict[str, Any] = {}
    slim_or_whole: dict[str, Any] = {}
    for network in networks(profile):  # type: ignore[arg-type]
        with torch.device("meta"):
            built[network.backbone] = BACKBONES.build(network.backbone)
            slim = BACKBONES.build(network.slim) if network.slim else None
        slim_or_whole[str(BACKBONES.bind(network.backbone))] = built[network.backbone]
        names = [stage.name for stage in built[network.backbone].stages]
        assert [name for name in names if name in network.stages] == list(network.stages)
        if slim is not None:
            slim_or_whole[str(BACKBONES.bind(network.slim or ""))] = slim
            channels = {stage.name: stage.channels for stage in built[network.backbone].stages}
            halved = [stage.name for stage in slim.stages if 2 * stage.channels == channels[stage.name]]
            assert halved == list(network.stages[-2:])
    for name in NAMES:
        if (table := asked(name, profile)) is None:
            continue
        for column in table.columns:
            if column.measure:
                stages = {stage.name for stage in built[column.backbone or table.backbone].stages}
                assert column.measure.partition(":")[2] in stages, (name, column.label)
        for spec in runs_of(table):
            if spec.initializer.name == "transfuse":
                through = dict(INITIALIZERS.bind(spec.initializer).kwargs)["through"]
                names = [stage.name for stage in slim_or_whole[str(spec.backbone)].stages]
                assert through in names[:-1], (name, str(spec.initializer))


@pytest.mark.parametrize("profile", PROFILES)
def test_networks_take_images_of_the_size_that_they_are_trained_on(profile: str) -> None:
    runs = [spec for name in NAMES if (table := asked(name, profile)) for spec in runs_of(table)]
    for expression, size in {(spec.backbone, spec.recipe.image_size) for spec in runs}:
        with torch.device("meta"):
            backbone = BACKBONES.build(expression)
        assert backbone.image_size in (None, size)


def test_the_papers_settings_are_those_that_are_known() -> None:
    tables = {name: table for name in NAMES if (table := asked(name, "paper"))}
    for name, table in tables.items():
        assert (table.edition, table.protocol) == ("real", "paper")
        for spec in runs_of(table):
            recipe = spec.recipe
            assert (recipe.epochs, recipe.optimizer.learning_rate) >= (100, 1e-3), name
            if spec.dataset.name == "eyepacs":
                assert (recipe.image_size, recipe.batch_size, recipe.optimizer) == (587, 8, Adam(1e-3))
                whole = dict(DATASETS.bind(spec.dataset).kwargs)["fraction"] == 1
                assert whole is (recipe.interval is not None)
                assert steps(recipe) >= 150_000 if whole else recipe.early_stopping
            else:
                assert spec.dataset.name == "chexpert"
                assert (recipe.image_size, recipe.batch_size) == (224, 32)
                assert recipe.optimizer == SGD(1e-3, 0.9)
                assert steps(recipe) >= 100_000
    assert tables["transfusion-table-1"].seeds == 3
    assert PRESETS["paper"].threshold == 0.91


def test_the_papers_networks_are_the_six_with_their_slim_forms() -> None:
    labels = ["ResNet-50", "Inception-v3", "CBR-LargeT", "CBR-LargeW", "CBR-Small", "CBR-Tiny"]
    assert [network.label for network in networks("paper")] == labels
    counts = {}
    for network in networks("paper"):
        with torch.device("meta"):
            backbone = BACKBONES.build(network.backbone)
        counts[network.label] = sum(parameter.numel() for parameter in backbone.parameters())
    # Convolutions and batch norm, without a classifier: torchvision's two, and the CBR networks as they are written.
    assert counts["ResNet-50"] == 23_508_032
    assert counts["Inception-v3"] == 21_785_568
    assert 8.5e6 < counts["CBR-LargeT"] < 8.6e6
    assert counts["CBR-Tiny"] < counts["CBR-Small"] < counts["CBR-LargeW"] < counts["CBR-LargeT"]


@pytest.mark.parametrize("profile", PROFILES)
def test_rows_whose_steps_are_compared_are_validated_equally_often(profile: str) -> None:
    counted = [table for name in SCORED if (table := asked(name, profile)) and table.threshold is not None]
    assert len(counted) == 5
    for table in counted:
        for column in table.columns:
            cells = [table.cell(row, column) for row in table.rows]
            recipes = {cell[0].recipe for cell in cells if not isinstance(cell, str)}
            assert {recipe.interval for recipe in recipes} == {column.recipe.interval}
            assert column.recipe.interval is not None
            assert len(recipes) == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_figure_8_has_a_slim_row_for_each_network_alone(profile: str) -> None:
    table = table_of_runs("transfusion-figure-8", profile)
    cells = table.cells()
    for column in table.columns:
        slim = [row for row in table.rows if row.label.startswith("slim") and row.only == column.label]
        assert len(slim) == 1
        assert first(cells[slim[0].label, column.label]).backbone == BACKBONES.bind(column.slim or "")
        others = [one.label for one in table.columns if one is not column]
        assert {cells[slim[0].label, other] for other in others} == {f"the row is for {column.label} alone"}
        assert first(cells["transfer", column.label]).backbone == BACKBONES.bind(column.backbone or "")


@pytest.mark.parametrize("profile", PROFILES)
def test_figure_8_takes_the_learned_scale_from_the_rows_that_transfer(profile: str) -> None:
    table = table_of_runs("transfusion-figure-8", profile)
    cells = table.cells()
    for column in table.columns:
        gabor = first(cells["Gabor filters", column.label]).initializer.arguments()
        assert gabor["scale_of"] == first(cells["transfer", column.label]).initializer
        assert gabor["source"] == first(cells["random", column.label]).initializer


def test_a_row_with_a_slim_network_is_left_out_where_there_is_none() -> None:
    table = table_of_runs("transfusion-figure-8", "smoke")
    row = Row("slim", "random", backbone="{slim}")
    without = dataclasses.replace(table.columns[0], slim=None)
    assert table.cell(row, without) == "no slim form of this network"
    assert first(table.cell(row, table.columns[0])).backbone == BACKBONES.bind(table.columns[0].slim or "")
    fixed = table.cell(Row("other", "random", backbone="tiny(width=4)"), without)
    assert first(fixed).backbone == BACKBONES.bind("tiny(width=4)")


def test_a_row_that_trains_its_head_alone_changes_nothing_else() -> None:
    table = table_of_runs("transfusion-table-4", "paper")
    cells = table.cells()
    for column in table.columns:
        whole, head = (first(cells[row, column.label]) for row in ("transfer", "transfer, fixed"))
        assert head == dataclasses.replace(whole, recipe=dataclasses.replace(whole.recipe, adaptation="head"))
        assert head != whole


def test_all_images_of_table_4_are_the_runs_of_table_1() -> None:
    (largest,) = (one for one in table_of_runs("transfusion-table-4", "paper").columns if "all" in one.label)
    of_table_1 = table_of_runs("transfusion-table-1", "paper").columns[0]
    assert DATASETS.bind(largest.dataset) == DATASETS.bind(of_table_1.dataset)
    kept = ("recipe", "backbone", "source")
    assert [getattr(largest, name) for name in kept] == [getattr(of_table_1, name) for name in kept]


def planned(name: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["table", name, "--profile", "smoke", "--dry-run", "--json"]) == 0
    return [run["spec"] for run in json.loads(capsys.readouterr().out)["runs"] if run["spec"]["stage"] == "finetune"]


def test_arguments_of_a_table_change_its_runs(
    planning: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(planning)
    for name in ("transfusion-table-2", "transfusion_table_2"):
        as_it_is, changed = (planned(f"{name}{arguments}", capsys) for arguments in ("", '(uncertain="zeros")'))
        assert {'uncertain="ignore"' in spec["dataset"] for spec in as_it_is} == {True}
        assert {'uncertain="zeros"' in spec["dataset"] for spec in changed} == {True}
        assert [spec | {"dataset": ""} for spec in as_it_is] == [spec | {"dataset": ""} for spec in changed]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ('transfusion-table-2(uncertan="zeros")', "uncertain"),
        ('transfusion-table-2(uncertain="maybe")', "uncertain"),
        ('transfusion-table-1(uncertain="zeros")', "uncertain"),
        ('transfusion-table-2(uncertain="zeros"', "not an expression"),
        ('transfusion-table-2(profile="paper")', "profile"),
    ],
)
def test_arguments_that_a_table_has_not_are_refused(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["table", name, "--profile", "smoke", "--dry-run"]) == UsageError.exit_status
    assert message in capsys.readouterr().err


def test_make_makes_every_table_of_both_papers(tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make is installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [make, "--dry-run", f"VENV={tmp_path / 'none'}", "PROFILE=smoke", "tables"]
    printed = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True).stdout
    benchmark = [name.replace("_", "-") for name in TABLES.entries if name.startswith("benchmark")]
    for name in [*benchmark, *NAMES]:
        assert printed.count(f"medtransfer table {name} --profile smoke") == 1, name


def test_a_column_is_named_after_its_network() -> None:
    for name in NAMES:
        for profile in PROFILES:
            table = asked(name, profile)
            columns: tuple[Column, ...] = table.columns if table else ()
            known = {network.backbone: network.label for network in networks(profile)}  # type: ignore[arg-type]
            for column in columns:
                assert column.label.startswith(known[column.backbone or ""])
