"""The table of supervised sources: pretrained on photographs, exported and fine-tuned by one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.cli.command_line import main
from experiments.run.store import WEIGHTS
from initializers.formats.embedded_card import card_in
from tests.experiments.smoke import table_of_runs


def test_both_networks_start_from_pretrainings_of_their_own() -> None:
    cells = table_of_runs("sources", "phantom").cells()
    assert {str(run.backbone).partition("(")[0] for runs in cells.values() for run in runs} == {"resnet50", "cbr"}  # type: ignore[union-attr]
    assert all(run.backbone == runs[0].backbone for runs in cells.values() for run in runs)  # type: ignore[union-attr]


def test_one_command_pretrains_exports_and_fine_tunes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["table", "sources", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled", "--jobs", "2", "--json"]
    assert main(command) == 0
    document = json.loads(capfd.readouterr().out)
    found = {cell["row"]: cell["values"] for cell in document["cells"]}
    assert set(found) == {"random", "drawn ImageNet"}
    assert all(0.5 < value[0] <= 1 for value in found.values())  # the drawn pneumonias are easy to find
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/record.json")]
    (pretrained,) = [record for record in records if record["spec"]["stage"] == "pretrain"]
    card = card_in(tmp_path / "runs" / pretrained["key"] / WEIGHTS)
    assert card is not None
    assert card.training_data == ("imagenet",)
