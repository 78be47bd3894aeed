"""`medtransfer pretrain` as a user drives it: do, export, load elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.run.store import WEIGHTS

SHORT = ["--backbone", "tiny(width=4)", "--edition", "phantom", "--wandb", "disabled"]
ON = "fractals(classes=6, per_class=20, size=16)"


def pretrain(expression: str, *more: str) -> int:
    return main(["pretrain", expression, *SHORT, *more])


def test_weights_are_exported_with_their_card_and_fine_tuned_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = ["--recipe", "phantom/smoke_pretraining", "--set", "image_size=16", "--set", "normalization=none"]
    expression = f'supervised(on="{ON}", labels="coarse")'
    assert pretrain(expression, *recipe, "--export", "out/mine.safetensors") == 0
    printed = capsys.readouterr().out
    assert 'load them: file("out/mine.safetensors")' in printed
    assert "validation_auroc: " in printed
    (folder,) = (path.parent for path in (tmp_path / "runs").glob("*/record.json"))
    exported = tmp_path / "out" / "mine.safetensors"
    assert exported.read_bytes() == (folder / WEIGHTS).read_bytes()

    run = ["run", "--dataset", 'medmnist("pneumoniamnist")', "--recipe", "phantom/smoke", *SHORT, "--json"]
    assert main([*run, "--initializer", f'file("{exported.as_posix()}")', "--set", "epochs=1"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["normalization"] == {"mean": [0.0], "std": [1.0]}  # as they were trained
    load = json.loads((tmp_path / "runs" / record["key"] / "load_report.json").read_text())
    assert load["card"]["method"] == "supervised"
    assert load["card"]["training_data"] == ['fractals(labels="coarse", classes=6, per_class=20, size=16)']

    assert main(["inspect", str(exported), "--backbone", "tiny(width=4)"]) == 0
    assert "its card: supervised; has seen fractals(labels=" in capsys.readouterr().out

    pretrain(expression, *recipe)  # done already
    assert len(list((tmp_path / "runs").glob("*/record.json"))) == 2


def test_a_self_supervised_method_has_its_own_recipe_and_a_dry_run_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pretrain(f'ssl("byol", on="{ON}")', "--dry-run", "--json", "--seed", "3", "--set", "epochs=2") == 0
    spec = json.loads(capsys.readouterr().out)
    assert (spec["stage"], spec["seed"], spec["recipe"]["epochs"]) == ("pretrain", 3, 2)
    assert spec["recipe"]["method"].startswith("byol(")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["random"], "random is no pretraining. Name one: supervised(on=...), ssl(METHOD, on=...)"),
        ([f'supervised(on="{ON}")'], "no recipe is given for it. Name one"),
        ([f'ssl("byol", on="{ON}")', "--export", "mine.pth"], "takes a name that ends in .safetensors, found mine.pth"),
        ([f'ssl("byol", on="{ON}")', "--set", "epochs"], "--set takes NAME=VALUE, found epochs"),
    ],
)
def test_a_mistake_is_answered_with_the_remedy(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pretrain(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "mine.pth").exists()
