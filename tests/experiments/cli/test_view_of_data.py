"""`check`, `prepare` and runs tell the same of a dataset: what is there, what is left out, and what to type next."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.run.paths import Paths
from specs.errors import DataError
from specs.expression import parse

WARD = 'folder("ward 7", patient="patient")'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder, with 30 images of 30 patients in a folder of a store elsewhere."""
    root = tmp_path / "my data" / "ward 7"
    (root / "scans").mkdir(parents=True)
    rows = ["image,positive,patient"]
    for number in range(30):
        Image.fromarray(np.full((8, 8), 8 * number, np.uint8)).save(root / "scans" / f"{number}.png")
        rows.append(f"scans/{number}.png,{number % 2},p{number}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "RUNS", "CACHE"):
        monkeypatch.delenv(f"MEDTRANSFER_{name}", raising=False)
    return tmp_path


def counted(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, int], list[str]]:
    """The exit status of `check`, images per split, and what is wrong."""
    status = main(["check", WARD, "--json", *arguments])
    found = json.loads(capsys.readouterr().out)
    return status, found["counts"]["images"], found["faults"]


def suggested(output: str) -> list[str]:
    """The last command that an output suggests, as a shell takes it apart."""
    (*_, line) = [line for line in output.splitlines() if "medtransfer prepare" in line]
    return shlex.split(line[line.index("medtransfer prepare") :])[1:]


def test_images_without_a_file_are_not_counted_before_nor_after_they_are_accepted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data-root", str(home / "my data"), "--runs", "my runs"]
    assert counted(capsys, *where) == (0, {"train": 24, "validation": 4, "test": 2}, [])
    for number in (3, 8):
        (home / "my data" / "ward 7" / "scans" / f"{number}.png").unlink()
    status, images, (fault,) = counted(capsys, *where)
    assert (status, sum(images.values())) == (3, 28)
    assert fault.startswith("2 of 30 images have no file, the first ")
    assert main(["prepare", WARD, *where, "--size", "8", "--resampling", "bilinear", "--jobs", "1"]) == 3
    command = suggested(capsys.readouterr().out)
    assert command == [
        "prepare", WARD, "--size", "8", "--resampling", "bilinear", "--data-root", str(home / "my data"), "--runs",
        str(home / "my runs"), "--accept",
    ]  # fmt: skip
    with pytest.raises(DataError, match="2 images are unreadable") as refused:
        Paths.given(home / "my data", home / "my runs").opened(parse(WARD), "real")
    assert main(suggested(str(refused.value))) == 0
    assert "part of the identity of runs" in capsys.readouterr().out
    assert main(["prepare", WARD, *where, "--size", "8", "--jobs", "1"]) == 0, "accepted once is accepted"
    opened = Paths.given(home / "my data", home / "my runs").opened(parse(WARD), "real")
    capsys.readouterr()
    assert counted(capsys, *where) == (0, images, [])
    assert images == {split: len(opened.index.split(split)) for split in images}  # type: ignore[arg-type]
    assert main(["check", WARD, *where]) == 0
    assert "2 images are left out: 2 unreadable" in capsys.readouterr().out


def test_a_folder_that_is_spelled_otherwise_is_prepared_all_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "link").symlink_to(home / "my data")
    monkeypatch.setenv("HOME", str(home))
    assert main(["prepare", WARD, "--data-root", "my data", "--size", "8", "--jobs", "1"]) == 0
    capsys.readouterr()
    for root in ("my data/", f"{home}/my data", "link", "./link/../my data", "~/my data"):
        assert main(["check", WARD, "--json", "--data-root", root]) == 0
        assert json.loads(capsys.readouterr().out)["prepared"] == ["8-antialiased"], root
    for path in ("~/my data/ward 7", str(home / "link" / "ward 7")):
        assert main(["check", WARD.replace("ward 7", path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["prepared"] == ["8-antialiased"], path
    assert len(list((home / "runs" / "prepared").iterdir())) == 1


def test_files_that_are_trained_on_as_they_are_ask_for_nothing_unless_one_cannot_be_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = 'medmnist("breastmnist")'
    path = home / "data" / "medmnist" / "breastmnist.npz"
    path.parent.mkdir(parents=True)
    with np.load(next(ensure_phantom(parse(flag), home / "phantoms").glob("*.npz"))) as file:
        arrays = dict(file)
    arrays["test_images"][1] = arrays["train_images"][0]
    np.savez(path, **arrays)
    for options in ([], ["--accept"]):
        assert main(["prepare", flag, "--size", "8", "--jobs", "1", *options]) == 0
        output = capsys.readouterr().out
        assert "1 duplicate, kept" in output or "mislabelled, kept" in output
        assert "nothing is to be accepted" in output
        assert "refuses" not in output
        assert "--accept" not in output
    assert not list((home / "runs").rglob("accepted.csv"))
    assert main(["check", flag]) == 0
    assert "of files that are trained on as they are" in capsys.readouterr().out


def test_the_share_of_foreground_is_told_by_split(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = home / "data" / "lesions"
    for number in range(30):
        for kind in ("images", "masks"):
            (root / kind).mkdir(parents=True, exist_ok=True)
            pixels = np.full((8, 8), 7 * number + 1, np.uint8)
            if kind == "masks":
                pixels = np.full((8, 8), 255, np.uint8)
                pixels[:, 0] = 0
            Image.fromarray(pixels).save(root / kind / f"{number}.png")
    dataset = 'folder("lesions", kind="segmentation", classes=("lesion",))'
    assert main(["check", dataset, "--json"]) == 0
    (shares,) = json.loads(capsys.readouterr().out)["foreground"].values()
    assert set(shares.values()) == {None}
    assert main(["prepare", dataset, "--size", "8", "--jobs", "1"]) == 0
    assert "87.5%" in capsys.readouterr().out
    assert main(["check", dataset, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["foreground"] == {
        "lesion": dict.fromkeys(("train", "validation", "test"), 7 / 8)
    }


def test_a_suggested_command_has_the_folders_that_differ_from_the_usual_ones(home: Path) -> None:
    usual = Paths.given()
    assert usual.suggested("prepare", "drive") == "medtransfer prepare drive"
    assert usual.suggested("check", 'medmnist("x")', edition="phantom") == (
        "medtransfer check 'medmnist(\"x\")' --edition phantom"
    )
    other = Paths.given(home / "a b", home / "c", home / "d")
    assert other.suggested("prepare", "drive") == (
        f"medtransfer prepare drive --data-root '{home}/a b' --runs {home}/c --cache {home}/d"
    )
    assert "--cache" not in Paths.given(runs=home / "c").suggested("prepare", "drive")
