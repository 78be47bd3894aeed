"""`medtransfer weights overlap`: a list of training images against a dataset's splits, by counts that name nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from experiments.cli.command_line import main
from experiments.session.session import Session
from initializers.loading.contract import build
from initializers.publishing.training_lists import PUBLISHED, RAD_DINO, training_list
from initializers.publishing.variable import VARIABLE
from tests.experiments.drawn_folder import DATASET, draw_folder
from tests.experiments.smoke import paths_in

WEIGHTS = f'hf("microsoft/rad-dino", "backbone_compatible.safetensors", "{"0" * 40}", trained_on=("chestxray14",))'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a ward's images: 1 to 4 train, 5 and 6 validate, 7 to 9 are tested on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    draw_folder(tmp_path / "data" / "ward", {"train": [0, 1, 0, 1], "validation": [0, 1], "test": [0, 1, 0]})
    return tmp_path


def names(home: Path, *numbers: int) -> str:
    (home / "seen.txt").write_text("".join(f"archive/images/{number}.png\n" for number in numbers))
    return "seen.txt"


def plain(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = main(["weights", "overlap", *arguments, "--json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, told


def test_test_images_in_the_list_are_counted_and_the_status_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "overlap", names(home, 1, 7, 8), DATASET]) == 1
    printed = capsys.readouterr().out
    assert "3 names in seen.txt" in printed
    assert "2 of the 3 test images are in the list of training images, with images of 2 of the 3 test patients." in (
        " ".join(printed.split())
    )
    assert "7.png" not in printed
    assert main(["weights", "overlap", "seen.txt", DATASET, "--names"]) == 1
    assert "  images/7.png" in capsys.readouterr().out.splitlines()


def test_the_same_for_programs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = plain(capsys, names(home, 1, 2, 5), DATASET)
    assert (status, told["verdict"], told["weights"], told["mark"]) == (0, "none", None, None)
    assert {split: of["by_path"] for split, of in told["splits"].items()} == {"train": 2, "validation": 1, "test": 0}
    assert "test_images" not in told
    status, told = plain(capsys, names(home, 9), DATASET, "--names")
    assert (status, told["verdict"], told["test_images"]) == (1, "images", ["images/9.png"])
    status, told = plain(capsys, names(home, 77), DATASET)
    assert (status, told["verdict"]) == (0, "nothing")


def test_weights_of_ones_own_have_a_list_of_ones_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_file({"weight": torch.zeros(1)}, home / "mine.safetensors")
    listed = names(home, 1)
    assert main(["weights", "overlap", 'file("mine.safetensors")', DATASET]) == 2
    assert "no list of training images that is known here. Give one: --trained-on" in capsys.readouterr().err
    assert main(["weights", "overlap", 'file("mine.safetensors")', DATASET, "--trained-on", listed]) == 0
    assert "Their card names no collection of images that this dataset is from." in capsys.readouterr().out
    stated = f'file("mine.safetensors", trained_on=("folder",), training_images="{listed}")'
    assert main(["weights", "overlap", f"mean_var({stated})", DATASET]) == 0
    assert "1 names in seen.txt" in capsys.readouterr().out


def test_a_published_list_is_not_fetched_unasked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "overlap", WEIGHTS, DATASET]) == 4
    error = capsys.readouterr().err
    assert "rad-dino--training_images.csv is not in the weight store. --fetch gets it from huggingface.co" in error
    assert not (home / "weights").exists()
    (home / "weights").mkdir()
    (home / "weights" / "rad-dino--training_images.csv").write_text("dataset,path\nNIH,images/8.png\n")
    status, told = plain(capsys, WEIGHTS, DATASET)
    assert (status, told["verdict"], told["splits"]["test"]["by_path"]) == (1, "images", 1)


def test_a_published_list_is_fetched_when_it_is_asked_for(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(url: str, target: Path, report: Any, **_: Any) -> None:
        assert url == PUBLISHED[RAD_DINO].url
        report(0, 94_900_000)
        target.parent.mkdir(parents=True)
        target.write_text("dataset,path\nNIH,images/1.png\n")

    monkeypatch.setattr("initializers.publishing.fetching.fetch", fetch)
    assert main(["weights", "overlap", WEIGHTS, DATASET, "--fetch"]) == 0
    told = capsys.readouterr()
    assert "fetching rad-dino--training_images.csv from huggingface.co: 94.9 MB" in told.err
    assert "1 names in" in told.out


def test_every_file_of_weights_on_one_page_has_the_pages_list() -> None:
    assert training_list(build(WEIGHTS)) == PUBLISHED[RAD_DINO]
    assert training_list(build(WEIGHTS.replace("rad-dino", "other"))) is None
    assert training_list(build("random")) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["overlap", "random"], "give weights or a list of names, and a dataset"),
        (["overlap", "no/such.txt", DATASET], "no/such.txt does not exist. Name a folder or a file that does"),
        (["overlap", "imagnet", DATASET], 'Did you mean "imagenet"'),
        (["overlap", "seen.txt", DATASET, "--trained-on", "seen.txt"], "two lists are given, seen.txt and seen.txt"),
        (["overlap", "random", DATASET, "--trained-on", "none.csv"], "none.csv does not exist"),
        (["list", "--trained-on", "seen.txt"], "--trained-on is for `medtransfer weights overlap`"),
        (["verify", "--fetch"], "--fetch is for `medtransfer weights overlap`"),
    ],
)
def test_mistakes_are_told(arguments: list[str], message: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names(home, 1)
    assert main(["weights", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_same_in_python(home: Path) -> None:
    found = Session(paths_in(home)).leaks(None, DATASET, trained_on=names(home, 7))
    assert (found.listed.verdict, found.lists, found.mark) == ("images", (Path("seen.txt"),), None)
