"""What a table's document says of the weights behind it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from experiments.assemble import remarks
from experiments.command_line import main
from experiments.resolve import ResolvedRun
from specs.expression import parse
from tests.experiments.smoke import spec


def found(initializer: str, normalization: str = "card") -> list[str]:
    made = spec()
    recipe = dataclasses.replace(made.recipe, normalization=normalization)  # type: ignore[arg-type]
    run = ResolvedRun(dataclasses.replace(made, initializer=parse(initializer), recipe=recipe), {}, ())
    return [remark for _, remark in remarks("a row", (run,))]


def test_differences_of_the_network_and_its_input_are_said() -> None:
    assert found("imagenet") == found("random") == found("random", "none") == []
    (padding,) = found("byol")
    assert "TensorFlow's SAME" in padding
    assert found('transfuse(byol, "layer2")') == [padding]
    assert found("mean_var(byol)") == []  # its features are gone
    assert found("imagenet", "imagenet") == []
    assert found("imagenet", "none") == ['the weights expect another input normalization than the recipe\'s "none"']
    assert len(found("simclr_v1")) == 2
    assert len(found("simclr_v1", "imagenet")) == 3  # as the benchmark's paper did
    assert remarks("a row", "the source is the target") == []


def test_a_report_names_what_was_loaded_and_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status = main(["table", "initializations", "--profile", "smoke", "--wandb", "disabled", "--json", "--runs", "runs"])
    assert status == 0
    table = json.loads(capsys.readouterr().out)
    loads = [run["load"] for run in table["runs"]]
    assert all("source" not in load and load["input normalization"]["std"] for load in loads)
    fractals = next(load for load in loads if load["initializer"] == "fractals")
    assert fractals["card"]["training_data"] == ["fractals"]
    assert str(tmp_path) not in json.dumps(table)
