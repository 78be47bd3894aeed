"""`medtransfer prepare` and `medtransfer check`, and a run on what they prepared, as a user drives them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from datamodules.phantoms.phantom import ensure_phantom
from experiments.cli.command_line import main
from experiments.reporting.wandb.mirror import mirror
from experiments.reporting.wandb.parcels import of_runs
from experiments.run.public_names import public_dataset, public_initializer
from experiments.run.store import RunStore
from specs.expression import parse

RUN = (
    "run", "--dataset", "shenzhen", "--backbone", "tiny(width=4)", "--initializer", "random", "--recipe",
    "phantom/smoke", "--set", "image_size=16", "--set", "stored_size=24", "--set", "crop_from=20", "--set",
    "pipeline=fast", "--set", "augmentation=random_resized_crop(0.5),horizontal_flip", "--set",
    "test_time_augmentation=ten_crop", "--set", "epochs=1", "--wandb", "disabled", "--workers", "2",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a real-layout Shenzhen set under ``data``."""
    shutil.copytree(ensure_phantom(parse("shenzhen"), tmp_path / "phantoms"), tmp_path / "data" / "shenzhen")
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "RUNS", "CACHE"):
        monkeypatch.delenv(f"MEDTRANSFER_{name}", raising=False)
    return tmp_path


def images(home: Path) -> list[Path]:
    return sorted((home / "data").rglob("*.png"))


def test_a_dataset_is_prepared_then_trained_on_and_its_problems_are_part_of_the_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, "--dry-run"]) == 0
    assert "would prepare shenzhen once, at 24-antialiased and 20-antialiased" in capsys.readouterr().out
    assert not (home / "runs" / "prepared").exists()
    assert main([*RUN, "--offline"]) == 0
    printed = capsys.readouterr()
    assert "auroc" in printed.out
    line = "preparing shenzhen once, at 24-antialiased and 20-antialiased: 120 images, about 117.1 kB in"
    assert printed.err.count(line) == 1
    assert main(["prepare", "shenzhen", "--size", "24", "--size", "20", "--jobs", "1"]) == 0
    output = capsys.readouterr().out
    assert "120 images in" in output
    assert "24-antialiased" in output
    assert "20-antialiased" in output
    assert main(RUN) == 0
    assert "preparing" not in capsys.readouterr().err
    images(home)[0].write_bytes(b"")
    assert main(["prepare", "shenzhen", "--size", "24", "--jobs", "1"]) == 3
    output = capsys.readouterr().out
    assert "1 unreadable, left out" in output
    assert str(images(home)[0]) in output
    assert "medtransfer prepare shenzhen --size 24 --accept" in output
    assert main(RUN) == 3
    assert "unreadable or mislabelled" in capsys.readouterr().err
    assert main(["prepare", "shenzhen", "--size", "24", "--jobs", "1", "--accept"]) == 0
    assert main(RUN) == 0
    records = [json.loads(path.read_text()) for path in (home / "runs").glob("*/record.json")]
    assert len({record["key"] for record in records}) == 2
    assert len({record["identity"]["dataset"]["excluded"] for record in records}) == 2


def test_another_folder_for_prepared_images_can_be_given(home: Path) -> None:
    assert main(["prepare", "shenzhen", "--size", "8", "--cache", str(home / "fast-disk"), "--jobs", "1"]) == 0
    assert list((home / "fast-disk").glob("shenzhen-*/manifest.npz"))
    assert not (home / "runs").exists()


def test_plain_data_for_programs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "shenzhen", "--size", "8", "--jobs", "1", "--json"]) == 0
    prepared = json.loads(capsys.readouterr().out)
    assert prepared["images"] == 120
    assert prepared["forms"] == {"8-antialiased": 120 * 64}
    assert main(["check", "shenzhen", "--json", "--fractions", "0.5,0.1,0.499"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert sum(counts["counts"]["tuberculosis"].values()) == 58
    assert counts["published"]["images"] == {"all": 662}
    assert [of["fractions"] for of in counts["fractions"]] == [[0.1], [0.499, 0.5]]


def test_counts_are_compared_with_the_published_ones(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "shenzhen", "--fractions", "0.5,0.499"]) == 0
    output = capsys.readouterr().out
    assert "120 (662)" in output
    assert "3 of 3 published counts differ" in output
    assert "0.499 = 0.5 of the training patients" in output
    assert "not prepared" in output
    assert main(["check", "shenzhen", "--edition", "phantom"]) == 0
    output = capsys.readouterr().out
    assert "synthetic" in output
    assert "published" not in output


def test_a_patient_in_two_splits_is_reported_with_every_other_fault(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [path.name for path in images(home)]
    lists = home / "lists"
    lists.mkdir()
    for split, chosen in (("train", names[:60]), ("validation", []), ("test", names[59:80])):
        (lists / f"{split}.txt").write_text("\n".join(chosen))
    assert main(["check", f'shenzhen(splits="{lists}")']) == 3
    output = capsys.readouterr().out
    assert "wrong: the validation split is empty" in output
    assert "wrong: 1 images are listed twice" in output
    assert "wrong: 1 patients are in both train and test" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "fractals"], "made by a formula"),
        (["prepare", "shenzhen", "--size", "0"], "expected a whole number from 1"),
        (["check", "shenzhen", "--fractions", "2"], r"shares in (0, 1]"),
        (["check", "shenzen"], "shenzhen"),
        (["check", "montgomery"], "montgomery"),
    ],
)
def test_a_mistake_is_answered_with_what_was_expected(
    arguments: list[str], message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in (2, 3)
    assert message in capsys.readouterr().err


def test_a_users_folder_is_trained_on_and_leaves_no_name_in_a_dashboard(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expression = 'folder("ward-7", patient="secret_number")'
    root = home / "data" / "ward-7"
    shutil.copytree(ensure_phantom(parse(expression), home / "phantoms"), root)
    assert main(["prepare", expression, "--size", "12", "--jobs", "1"]) == 0
    run = [*RUN[:1], "--dataset", expression, *RUN[3:9], "--set", "image_size=12", "--set", "epochs=1"]
    assert main([*run, "--wandb", "disabled"]) == 0
    capsys.readouterr()
    store = RunStore(home / "runs")
    records = [record for path in (home / "runs").glob("*/record.json") if (record := store.record(path.parent.name))]
    assert mirror(of_runs(records, "example"), home / "wandb", "offline") == 1
    (written,) = (home / "wandb").rglob("*.wandb")
    for private in (b"ward-7", b"secret_number", str(home).encode(), b"images/0"):
        assert private not in written.read_bytes()


def test_public_names_keep_what_matters_and_drop_what_is_private() -> None:
    private = 'folder("ward-7", kind="segmentation", classes=("lesion",), masks="drawn", fraction=0.5)'
    assert parse(public_dataset(private)) == parse("folder(kind='segmentation', classes=('lesion',), fraction=0.5)")
    assert parse(public_dataset('chexpert(splits="/home/me", uncertain="ones")')) == parse("chexpert(uncertain='ones')")
    nested = public_initializer(parse("continual(random, on='folder(\"ward-7\")')"))
    assert "ward-7" not in nested
    assert "folder" in nested
    assert public_initializer(parse("random")) == "random"
