"""Tables whose recipes are changed on the command line, and rows that train their head alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.command_line import main
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.tables.build_document import remarks
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Column, Row, Table
from specs.errors import UsageError
from specs.recipe_parts import Adam
from tests.experiments.smoke import paths_in, table_of_runs

TABLE = Table(
    title="Heads",
    question="Which?",
    edition="phantom",
    protocol="paper",
    weights="drawn",
    backbone="tiny(width=4)",
    rows=(
        Row("all", "random"),
        Row("head", "random", adaptation="head"),
        Row("picked", "random"),
    ),
    columns=(
        Column("a", 'medmnist("pneumoniamnist")', recipe_named("phantom/smoke")),
        Column("b", "drive", recipe_named("phantom/segmentation")),
    ),
    reference="all",
    pretraining=recipe_named("phantom/pretraining"),
    seeds=1,
    rates={("picked", "a"): 0.5, ("picked", "b"): 0.5},
)


def planned(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    """The specs of a table's runs that would be done."""
    assert main(["table", *options, "--dry-run", "--json"]) == 0
    specs: list[dict[str, Any]] = [run["spec"] for run in json.loads(capsys.readouterr().out)["runs"]]
    return specs


@pytest.mark.parametrize("name", ["initializations", "transfusion-figure-4"])
def test_settings_change_every_fine_tuning_and_no_pretraining(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    plain = planned(capsys, name, "--profile", "smoke")
    changed = planned(capsys, name, "--profile", "smoke", "--set", "batch_size=3", "--set", "optimizer=adam(0.25)")
    assert {spec["stage"] for spec in plain} == {"finetune", "pretrain"}
    assert len(changed) == len(plain)
    for before, after in zip(plain, changed, strict=True):
        if before["stage"] == "finetune":
            adam = {"name": "adam", "learning_rate": 0.25, "weight_decay": 0.0}
            assert after["recipe"] == before["recipe"] | {"batch_size": 3, "optimizer": adam}
        else:
            assert after == before


def test_a_changed_table_says_so_and_is_of_no_papers_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_turn: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled"]
    assert main([*options, *in_turn, "--set", "batch_size=16", "--set", "epochs=1"]) == 0
    said = "every fine-tuning: batch_size=16, epochs=1."
    shown = " ".join(capsys.readouterr().out.split())
    assert said in shown
    assert "Protocol: changed." in shown
    document = json.loads((tmp_path / "tables" / "initializations.json").read_text())
    assert document["protocol"] == "changed"
    for ending in ("md", "txt", "tex"):
        path = tmp_path / "tables" / f"initializations.{ending}"
        assert not path.exists() or "every fine-tuning" in path.read_text(), ending
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/record.json")]
    epochs = {record["epochs"] for record in records if record["spec"]["stage"] == "finetune"}
    assert epochs == {1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["initializations", "--set", "batchsize=16"], 'Did you mean "batch_size"'),
        (["transfusion-figure-4", "--set", "batchsize=16"], 'Did you mean "batch_size"'),
        (["initializations", "--set", "batch_size"], "takes NAME=VALUE"),
        (["initializations", "--set", "method=byol"], "self-supervised method"),
        (["benchmark-table-1", "--set", "epochs=1"], "nothing is trained for it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_settings_that_do_not_fit_are_refused_before_anything_runs(
    options: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["table", *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "tables").exists()


def test_a_study_without_networks_has_no_recipe_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(*_: object) -> Any:
        raise AssertionError("looked for something")

    study = RunAnalysis(title="Data", question="Which?", edition="phantom", networks=None, analyze=find)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("experiments.session.make_tables.table_named", lambda *_: study)
    assert main(["table", "data", "--set", "epochs=1"]) == 2
    assert "nothing is trained for it" in capsys.readouterr().err


def test_a_changed_table_is_as_strict_about_overlaps_as_it_was() -> None:
    leak = dataclasses.replace(
        TABLE,
        edition="real",
        rows=(Row("all", "random"), Row("NIH", 'domain_adapted("chestxray14")')),
        columns=(Column("PXS", "siim_acr", recipe_named("phantom/segmentation")),),
    )
    for overlaps, protocol, expected in (
        (None, "paper", "refuse"), (None, "small", "mark"), ("dash", "paper", "dash"), ("mark", "paper", "mark"),
    ):  # fmt: skip
        table = dataclasses.replace(leak, overlaps=overlaps, protocol=protocol)  # type: ignore[arg-type]
        changed = table.changed(lambda recipe: dataclasses.replace(recipe, epochs=1))
        assert (changed.protocol, changed.overlap_policy) == ("changed", expected)
    with pytest.raises(UsageError, match="have seen images of ChestX-ray14"):
        leak.changed(lambda recipe: recipe).cells()


def test_what_a_row_says_of_itself_stays_in_a_changed_table() -> None:
    def change(recipe: Any) -> Any:
        return dataclasses.replace(recipe, optimizer=Adam(0.25), adaptation="full")

    cells = TABLE.changed(change).cells()
    found = {row: cells[row, "a"][0].recipe for row in ("all", "head", "picked")}  # type: ignore[union-attr]
    assert {row: recipe.adaptation for row, recipe in found.items()} == {
        "all": "full",
        "head": "head",
        "picked": "full",
    }
    assert [recipe.optimizer for recipe in found.values()] == [Adam(0.25), Adam(0.25), Adam(0.5)]


def test_a_row_may_train_its_head_alone_and_the_table_says_so(tmp_path: Path) -> None:
    (whole,), (head,) = TABLE.cells()["all", "a"], TABLE.cells()["head", "a"]
    assert dataclasses.replace(head.recipe, adaptation="full") == whole.recipe  # type: ignore[union-attr]
    resolver = Resolver(paths_in(tmp_path))
    runs = {spec.recipe.adaptation: resolver.resolve(spec) for spec in (whole, head)}  # type: ignore[union-attr]
    assert runs["full"].key != runs["head"].key
    assert remarks("all", (runs["full"],)) == []
    ((label, remark),) = remarks("head", (runs["head"],))
    assert label == "head"
    assert "head alone" in remark


def test_what_is_trained_is_a_setting_of_a_table_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    specs = planned(capsys, "initializations", "--profile", "smoke", "--set", "trained=head")
    assert {spec["stage"]: spec["recipe"]["trained"] for spec in specs} == {"finetune": "head", "pretrain": "all"}
    assert all(column.recipe.adaptation == "full" for column in table_of_runs("initializations", "smoke").columns)
