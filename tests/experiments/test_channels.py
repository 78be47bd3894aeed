"""Images of several channels from the command line to the score: nothing but the dataset has to be said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.folder import Folder
from experiments.cli.command_line import main
from experiments.reporting.blocks.building.images import SIDE, colored, drawn_channel
from tests.initializers.test_imagenet import installed

SEQUENCES = ("_t1", "_t1ce", "_t2", "_flair")
FOUR = f"channel_suffixes={SEQUENCES}"
MASKS = f'folder(kind="segmentation", classes=("tumor",), {FOUR}, fraction=0.2)'
LABELS = f"folder({FOUR}, fraction=0.2)"
LITE = ["--backbone", "efficientnet_lite0", "--initializer", "imagenet"]
TINY = ["--backbone", "tiny(width=4)", "--initializer"]
MEAN = "mean of 3 input channels for each of 4, times 3/4"


def done(folder: Path, in_turn: list[str], dataset: str, *options: str) -> dict[str, Any]:
    """Do a run of one epoch by the command line, and give its record and the report of what was loaded, by stage."""
    places = ["--runs", "runs", "--cache", "cache", "--data-root", "data", "--wandb", "disabled"]
    places = [str(folder / one) if not one.startswith("-") and one != "disabled" else one for one in places]
    command = ["run", "--edition", "phantom", "--dataset", dataset, *options, "--set", "epochs=1", *places, *in_turn]
    assert main(command) == 0
    found = {}
    for path in (folder / "runs").glob("*/record.json"):
        record = json.loads(path.read_text())
        found[record["spec"]["stage"]] = record | {"report": json.loads((path.parent / "load_report.json").read_text())}
    return found


@pytest.mark.parametrize("dataset", [MASKS, LABELS])
@pytest.mark.parametrize("weights", [LITE, [*TINY, "random"]])
def test_four_sequences_are_learned_and_scored(
    weights: list[str], dataset: str, tmp_path: Path, in_turn: list[str]
) -> None:
    recipe = "phantom/smoke_segmentation" if dataset == MASKS else "phantom/smoke"
    if weights == LITE:
        installed("efficientnet_lite0")
    run = done(tmp_path, in_turn, dataset, *weights, "--recipe", recipe)["finetune"]
    assert "in_channels=4" in run["spec"]["backbone"]
    assert all(0 <= score <= 1 for score in run["outcome"]["scores"].values() if score is not None)
    transformed, statistics = ({"conv_stem.weight": MEAN}, 0.5) if weights == LITE else ({}, None)
    assert run["report"]["transformed"] == transformed
    assert statistics is None or set(run["normalization"]["mean"]) == {statistics}


def test_weights_of_color_images_that_were_trained_here_meet_two_channels(tmp_path: Path, in_turn: list[str]) -> None:
    source = "supervised(on='medmnist(\"bloodmnist\", fraction=0.2)')"
    runs = done(
        tmp_path, in_turn, 'folder(channel_suffixes=("_t1", "_t2"))', *TINY, source,
        "--recipe", "phantom/smoke", "--pretraining", "phantom/smoke_pretraining",
    )  # fmt: skip
    assert "in_channels=3" in runs["pretrain"]["spec"]["backbone"]
    assert "in_channels=2" in runs["finetune"]["spec"]["backbone"]
    assert list(runs["finetune"]["report"]["transformed"].values()) == [
        MEAN.replace("of 4", "of 2").replace("/4", "/2")
    ]


def test_of_several_channels_a_page_draws_the_first_and_says_so() -> None:
    image = np.stack([np.full((SIDE, SIDE), 10 * number, np.uint8) for number in range(1, 5)], axis=-1)
    assert set(np.unique(colored(image))) == {10}
    assert drawn_channel(Folder(channel_suffixes=SEQUENCES)) == (
        "Of 4 channels (t1, t1ce, t2, flair) the first one, t1, is drawn.",
    )
    assert drawn_channel(Folder()) == drawn_channel(Folder(channels=3)) == ()
