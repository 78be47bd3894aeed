"""`medtransfer predict`: a run's own test images get their stored predictions, and what is unlike them is told."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from datamodules.unseen.image_files import ImageFiles
from experiments.cli.command_line import main
from experiments.reporting.blocks.recommendation import Advice
from experiments.reporting.formats.json_format import to_json
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.runner import run
from experiments.run.store import PREDICTIONS, VALIDATION_PREDICTIONS, Record, RunStore
from experiments.tables.document import Cell, RunLine
from specs.errors import DataError, RunError, UsageError
from tests.experiments.example_race import around, raced
from tests.experiments.example_table import document
from tests.experiments.resealed import reseal
from tests.experiments.smoke import spec

FLAG = 'medmnist("pneumoniamnist")'


def options(where: Paths, folder: Path) -> list[str]:
    places = ["--data-root", str(where.data), "--runs", str(where.runs), "--cache", str(where.cache)]
    return [*places, "--output", str(folder)]


def exported(record: Record, where: Paths, folder: Path, split: str = "test") -> list[str]:
    """Write the images of a split as PNG files whose names are in the split's order; gives their names."""
    opened = where.data_of(spec())
    samples = opened.index.split(split)  # type: ignore[arg-type]
    folder.mkdir(parents=True)
    names = [f"{place:04d}.png" for place in range(len(samples))]
    for name, sample in zip(names, samples, strict=True):
        Image.fromarray(opened.dataset.read_image(opened.root, sample)).save(folder / name)
    return names


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def found(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "predictions.json").read_text())["found"]
    return data


@pytest.fixture(scope="module")
def second(where: Paths, record: Record) -> Record:
    """The same fine-tuning with another seed."""
    return run(spec(seed=1), where)


@pytest.fixture(scope="module")
def images(where: Paths, record: Record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test images of the run as files."""
    folder = tmp_path_factory.mktemp("new") / "images"
    exported(record, where, folder)
    return folder


def table_file(records: list[Record], folder: Path, parts: tuple[object, ...] = ()) -> Path:
    """The file of a table with two rows, of which ``mine`` has the runs."""
    lines = tuple(
        RunLine(one.data["key"], "mine", "B", one.data["spec"]["seed"], 0.9, 1.0, 1) for one in reversed(records)
    )
    made = document(
        rows=(("mine", "random"), ("other", "random")),
        columns=(("B", "auroc"),),
        cells={("mine", "B"): Cell((0.9,)), ("other", "B"): Cell(())},
        runs=lines,
        reference="mine",
        parts=parts,
    )
    path = folder / "table.json"
    path.write_text(to_json(made))
    return path


def test_a_runs_own_test_images_get_their_stored_predictions_to_the_bit(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", record.data["key"][:12], str(images), *options(where, tmp_path / "out")]) == 0
    stored = pq.read_table(record.folder / PREDICTIONS)["probability:pneumonia"].to_pylist()
    assert [float(row["probability:pneumonia"]) for row in rows(tmp_path / "out")] == stored
    said = capsys.readouterr().out
    assert f"{len(stored)} images" in said
    assert "not a medical device" in said
    assert found(tmp_path / "out")["notice"] == "For research; not a medical device."


def test_the_decision_is_made_at_the_threshold_that_validation_gives_by_the_stated_rule(
    record: Record, where: Paths, images: Path, tmp_path: Path
) -> None:
    table = pq.read_table(record.folder / VALIDATION_PREDICTIONS)
    truth, told = (np.array(table[f"{what}:pneumonia"]) for what in ("target", "probability"))
    for rule in ("youden", "specificity=0.9", "sensitivity=0.95", "0.25"):
        out = tmp_path / rule
        assert main(["predict", record.data["key"], str(images), *options(where, out), "--threshold", rule]) == 0
        cut = found(out)["thresholds"]["pneumonia"]
        decided = [
            (float(row["probability:pneumonia"]) > cut) == (row["decision:pneumonia"] == "1") for row in rows(out)
        ]
        assert all(decided)
        above = told > cut
        sensitivity, specificity = above[truth == 1].mean(), 1 - above[truth == 0].mean()
        match rule:
            case "youden":
                gains = [(told > one)[truth == 1].mean() - (told > one)[truth == 0].mean() for one in told]
                assert sensitivity + specificity - 1 == pytest.approx(max(gains))
            case "specificity=0.9":
                assert specificity >= 0.9
            case "sensitivity=0.95":
                assert sensitivity >= 0.95
            case _:
                assert cut == 0.25


def test_the_networks_of_a_row_predict_together_and_their_gain_is_told(
    record: Record, second: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = table_file([record, second], tmp_path)
    command = ["predict", str(table), str(images), *options(where, tmp_path / "out")]
    assert main([*command, "--row", "mine"]) == 0
    each = [pq.read_table(one.folder / PREDICTIONS)["probability:pneumonia"].to_pylist() for one in (record, second)]
    wanted = np.mean(each, axis=0)
    told = [float(row["probability:pneumonia"]) for row in rows(tmp_path / "out")]
    assert told == pytest.approx(wanted, abs=1e-15)
    gain = found(tmp_path / "out")["gain"]
    assert gain["alone"] == pytest.approx((record.data["score"] + second.data["score"]) / 2)
    assert gain["images"] == len(told)
    assert "the mean of 2 networks" in capsys.readouterr().out
    assert found(tmp_path / "out")["runs"] == [record.data["key"], second.data["key"]], "in the order of their seeds"


def test_without_a_row_the_one_that_a_comparison_advises_is_taken_and_else_named_ones_are_asked_for(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = table_file([record], tmp_path)
    command = ["predict", str(plain), str(images), *options(where, tmp_path / "out")]
    assert main(command) == UsageError.exit_status
    assert "--row" in capsys.readouterr().err
    assert main([*command, "--row", "min"]) == UsageError.exit_status
    assert "Did you mean mine?" in capsys.readouterr().err
    assert main([*command, "--row", "other"]) == UsageError.exit_status
    assert "no finished run of the row other" in capsys.readouterr().err
    decided = raced({"mine": around(0.9), "other": around(0.5)})
    table_file([record], tmp_path, parts=(Advice(("Start from mine.",), decided),))
    assert main(command) == 0
    assert found(tmp_path / "out")["row"] == "mine"


def test_an_interrupted_prediction_goes_on_with_the_batch_that_is_missing(
    record: Record, where: Paths, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    command = ["predict", record.data["key"], str(images)]
    assert main([*command, *options(where, whole)]) == 0
    read, count = ImageFiles.read, [0]

    def stop(self: ImageFiles, folder: Path, name: str) -> Any:
        count[0] += 1
        if count[0] == 70:  # in the third batch of 32
            raise KeyboardInterrupt
        return read(self, folder, name)

    with monkeypatch.context() as patch:
        patch.setattr(ImageFiles, "read", stop)
        main([*command, *options(where, stopped)])
    part = stopped / "predictions.csv.part"
    assert not (stopped / "predictions.csv").exists()
    with part.open("a") as file:
        file.write('0064.png,0.5,"a row that was not fin')
    count[0] = -10_000
    with monkeypatch.context() as patch:
        patch.setattr(ImageFiles, "read", stop)
        assert main([*command, *options(where, stopped)]) == 0
    assert 10_000 + count[0] == len(rows(whole)) - 64, "batches that were done are not read again"
    assert (stopped / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
    assert not part.exists()


def test_two_predictions_of_the_same_at_once_leave_what_one_does(
    record: Record, where: Paths, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one runs from beginning to end while the first one is in its third batch."""
    alone, both = tmp_path / "alone", tmp_path / "both"
    command = ["predict", record.data["key"], str(images)]
    assert main([*command, *options(where, alone)]) == 0
    read, count = ImageFiles.read, [0]

    def meanwhile(self: ImageFiles, folder: Path, name: str) -> Any:
        count[0] += 1
        if count[0] == 70:
            assert main([*command, *options(where, both)]) == 0
        return read(self, folder, name)

    with monkeypatch.context() as patch:
        patch.setattr(ImageFiles, "read", meanwhile)
        assert main([*command, *options(where, both)]) == 0
    assert {path.name: path.read_bytes() for path in both.iterdir() if path.suffix == ".csv"} == {
        "predictions.csv": (alone / "predictions.csv").read_bytes()
    }


def test_predictions_among_the_images_are_refused(
    record: Record, where: Paths, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", record.data["key"], str(images), *options(where, images / "predictions")]
    assert main(command) == UsageError.exit_status
    assert "among the images" in capsys.readouterr().err
    assert not (images / "predictions").exists()


def test_finished_predictions_are_told_again_and_never_overwritten_by_others(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", record.data["key"], str(images), *options(where, tmp_path / "out")]
    assert main(command) == 0
    first, before = capsys.readouterr().out, (tmp_path / "out" / "predictions.csv").stat().st_mtime_ns
    assert main(command) == 0
    assert capsys.readouterr().out == first
    assert (tmp_path / "out" / "predictions.csv").stat().st_mtime_ns == before
    assert main([*command, "--threshold", "0.5"]) == UsageError.exit_status
    assert "other predictions: they differ in rule, thresholds" in capsys.readouterr().err
    (tmp_path / "out" / "predictions.json").unlink()
    assert main(command) == UsageError.exit_status
    assert "no predictions.json" in capsys.readouterr().err
    (tmp_path / "out" / "predictions.json").write_text("{")
    assert main(command) != 0
    assert "is damaged" in capsys.readouterr().err


def test_an_image_that_cannot_be_read_has_its_error_in_the_table_and_the_others_their_predictions(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (mixed / "a.png").write_bytes((images / "0000.png").read_bytes())
    (mixed / "b.png").write_bytes(b"\x89PNG broken")
    (mixed / "note.txt").write_text("no image")
    command = ["predict", record.data["key"], str(mixed), *options(where, tmp_path / "out"), "--any-image"]
    assert main(command) == DataError.exit_status
    good, bad = rows(tmp_path / "out")
    assert (good["image"], good["error"]) == ("a.png", "")
    assert float(good["probability:pneumonia"]) >= 0
    assert bad["probability:pneumonia"] == bad["decision:pneumonia"] == ""
    assert "b.png" in bad["error"]
    assert "unlike" not in good
    assert "1 could not be read" in capsys.readouterr().out


def test_images_in_color_of_another_range_inverted_and_noise_are_told_from_those_that_were_learned(
    record: Record, where: Paths, images: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "odd"
    odd.mkdir()
    generator = np.random.default_rng(0)
    for place in range(20):
        pixels = np.asarray(Image.open(images / f"{place:04d}.png"))
        colors = np.stack([pixels, pixels // 2, 255 - pixels], axis=2)
        Image.fromarray(colors).save(odd / f"color-{place:02d}.png")
        Image.fromarray(255 - pixels).save(odd / f"inverted-{place:02d}.png")
        Image.fromarray(pixels // 16).save(odd / f"range-{place:02d}.png")  # as 12 bits in 16 are, read as 16
        Image.fromarray((pixels > 0).astype(np.uint8)).save(odd / f"unit-{place:02d}.png")  # values from 0 to 1
        Image.fromarray(generator.integers(0, 256, pixels.shape, np.uint8)).save(odd / f"noise-{place:02d}.png")
    assert main(["predict", record.data["key"], str(odd), *options(where, tmp_path / "out")]) == 0
    told: dict[str, list[bool]] = {name: [] for name in ("color", "inverted", "noise", "range", "unit")}
    for row in rows(tmp_path / "out"):
        told[row["image"].partition("-")[0]].append(bool(row["unlike"]))
        assert float(row["probability:pneumonia"]) >= 0, "a flagged image is predicted all the same"
    assert {name: sum(each) for name, each in told.items()} == dict.fromkeys(told, 20)
    assert "it is in color" in rows(tmp_path / "out")[0]["unlike"]


def test_few_validation_images_are_told_as_unlike(record: Record, where: Paths, tmp_path: Path) -> None:
    exported(record, where, tmp_path / "validation", "validation")
    out = tmp_path / "out"
    assert main(["predict", record.data["key"], str(tmp_path / "validation"), *options(where, out)]) == 0
    told = [bool(row["unlike"]) for row in rows(out)]
    assert np.mean(told) <= 0.05
    assert found(out)["unlike"] == sum(told)
    assert 0 <= found(out)["false_alarms_held_out"] <= 0.1


def test_without_the_runs_own_images_nothing_can_tell_what_is_unlike(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = spec(dataset='folder("ward", classes=("pneumonia",))', edition="real")
    other = dataclasses.replace(record, folder=tmp_path / "runs" / record.data["key"])
    _copy(record, other.folder, lambda data: data["spec"].update(ward.to_json() | {"stage": "finetune"}))
    places = Paths(tmp_path / "none", tmp_path / "runs", tmp_path / "cache")
    command = ["predict", record.data["key"], str(images), *options(places, tmp_path / "out")]
    assert main(command) == DataError.exit_status
    assert "--any-image" in capsys.readouterr().err


def _copy(record: Record, folder: Path, change: Any = lambda data: None) -> None:
    shutil.copytree(record.folder, folder)
    reseal(folder, change)


def test_a_run_of_an_earlier_version_needs_a_threshold(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "runs" / record.data["key"]
    _copy(record, old, lambda data: data["files"].pop(VALIDATION_PREDICTIONS))
    (old / VALIDATION_PREDICTIONS).unlink()
    places = Paths(where.data, tmp_path / "runs", where.cache)
    command = ["predict", record.data["key"], str(images), *options(places, tmp_path / "out"), "--any-image"]
    assert main(command) == RunError.exit_status
    assert "kept no predictions of the validation split" in capsys.readouterr().err
    assert main([*command, "--threshold", "0.5"]) == 0


def test_validation_images_that_all_show_a_class_give_no_threshold(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "runs" / record.data["key"]
    shutil.copytree(record.folder, copy)
    table = pq.read_table(copy / VALIDATION_PREDICTIONS)
    place = table.column_names.index("target:pneumonia")
    pq.write_table(
        table.set_column(place, "target:pneumonia", [np.ones(table.num_rows)]), copy / VALIDATION_PREDICTIONS
    )
    reseal(copy)
    places = Paths(where.data, tmp_path / "runs", where.cache)
    command = ["predict", record.data["key"], str(images), *options(places, tmp_path / "out"), "--any-image"]
    assert main(command) == DataError.exit_status
    assert "no threshold can be chosen for pneumonia" in capsys.readouterr().err


def test_what_was_kept_of_the_training_images_may_be_damaged(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _copy(record, tmp_path / "runs" / record.data["key"])
    places = Paths(where.data, tmp_path / "runs", where.cache)
    command = ["predict", record.data["key"], str(images), *options(places, tmp_path / "out")]
    (tmp_path / "runs" / "familiarity").mkdir()
    (tmp_path / "runs" / "familiarity" / f"1-{record.data['key']}.npz").write_bytes(b"PK damaged")
    assert main(command) == RunError.exit_status
    assert "Remove it; it is made anew" in capsys.readouterr().err


def test_a_run_of_a_table_that_is_not_in_the_store_is_named(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = table_file([record], tmp_path)
    places = Paths(where.data, tmp_path / "elsewhere", where.cache)
    assert main(["predict", str(table), str(images), "--row", "mine", *options(places, tmp_path / "out")]) == 5
    assert "Name its store with --runs" in capsys.readouterr().err


@pytest.mark.parametrize("rule", ["best", "specificity=0", "1.5", "sensitivity=", "-0.1"])
def test_rules_that_there_are_not_are_refused(rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "0", str(tmp_path), "--output", str(tmp_path / "out"), f"--threshold={rule}"]) != 0
    assert "a threshold is youden" in capsys.readouterr().err


def test_what_is_no_folder_of_images_is_refused(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for odd, why in (("nowhere", "does not exist"), ("pipe", "is a pipe"), ("", "an empty name")):
        named = str(tmp_path / odd) if odd else odd
        assert main(["predict", "0", named, *options(where, tmp_path / "out")]) == UsageError.exit_status
        assert why in capsys.readouterr().err
    start = ["predict", record.data["key"]]
    assert main([*start, str(tmp_path / "empty"), *options(where, tmp_path / "out")]) == DataError.exit_status
    assert "holds no images" in capsys.readouterr().err
    other = tmp_path / "other.png"
    other.write_bytes((images / "0000.png").read_bytes())
    command = [*start, str(other), str(images / "0000.png"), *options(where, tmp_path / "out")]
    assert main(command) == DataError.exit_status
    assert "lie in 2 folders" in capsys.readouterr().err
    assert main([*start, str(other), *options(where, tmp_path / "out"), "--any-image"]) == 0
    assert [row["image"] for row in rows(tmp_path / "out")] == ["other.png"]


def test_runs_of_different_tasks_do_not_predict_together(
    record: Record, where: Paths, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _copy(record, tmp_path / "runs" / record.data["key"])
    larger = "f" * 64

    def change(data: dict[str, Any]) -> None:
        data["key"] = larger
        data["spec"]["recipe"]["image_size"] = 64

    _copy(record, tmp_path / "runs" / larger, change)
    places = Paths(where.data, tmp_path / "runs", where.cache)
    both = [RunStore(places.runs).record(key) for key in (record.data["key"], larger)]
    table = table_file([one for one in both if one is not None], tmp_path)
    assert main(["predict", str(table), str(images), "--row", "mine", *options(places, tmp_path / "out")]) != 0
    assert "2 sizes of images" in capsys.readouterr().err


def test_masks_are_written_at_the_size_of_the_images(where: Paths, tmp_path: Path) -> None:
    recipe = dataclasses.replace(recipe_named("phantom/segmentation"), epochs=1, image_size=32)
    record = run(spec(dataset="drive", recipe=recipe), where)
    opened = where.data_of(spec(dataset="drive"))
    new = tmp_path / "new"
    new.mkdir()
    for sample in opened.index.test:
        Image.fromarray(opened.dataset.read_image(opened.root, sample)).save(new / f"{sample.source}.png")
    out = tmp_path / "out"
    assert main(["predict", record.data["key"], str(new), *options(where, out), "--any-image"]) == 0
    stored = pq.read_table(record.folder / PREDICTIONS).to_pydict()
    for place, row in enumerate(rows(out)):
        mask = np.asarray(Image.open(out / row["mask"]))
        assert mask.shape == np.asarray(Image.open(new / row["image"])).shape[:2]
        assert set(np.unique(mask)) <= {0, 255}
        counted = stored["native_whole_tp"][place] + stored["native_whole_fp"][place]
        assert int(row["pixels:vessel"]) == (mask > 0).sum() == counted
