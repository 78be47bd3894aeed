"""`medtransfer verify`: a finished run is what its record says, or the difference is named."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file, save_file

from experiments.checks.verification import _largest
from experiments.cli.command_line import main
from experiments.cli.commands.verify import chosen
from experiments.run.recipes import recipe_named
from experiments.run.runner import run
from experiments.run.store import BEST, PREDICTIONS
from specs.errors import UsageError
from specs.task import Task
from tests.experiments.resealed import reseal
from tests.experiments.smoke import paths_in, spec

PRETRAINING = spec(
    dataset="fractals(classes=2, per_class=20, size=16)",
    stage="pretrain",
    recipe=dataclasses.replace(recipe_named("phantom/smoke_pretraining"), epochs=1, image_size=16),
)
SEGMENTATION = spec(
    dataset="drive", recipe=dataclasses.replace(recipe_named("phantom/segmentation"), epochs=1, image_size=32)
)


@dataclasses.dataclass
class Finished:
    """Copies of one store of finished runs, to be spoiled."""

    folder: Path
    keys: dict[str, str]

    def copy(self, to: Path) -> Finished:
        shutil.copytree(self.folder, to, dirs_exist_ok=True)
        return Finished(to, self.keys)

    def run(self, name: str) -> Path:
        return self.folder / "runs" / self.keys[name]

    def edit(self, name: str, change: Callable[[dict[str, Any]], object] = lambda record: None) -> None:
        """Spoil a run behind its record's back, so that no hash tells."""
        reseal(self.run(name), change)

    def verify(self, capsys: pytest.CaptureFixture[str], *names: str) -> tuple[int, list[dict[str, Any]]]:
        """Exit status and verdicts."""
        named = [self.keys.get(name, name) for name in names]
        capsys.readouterr()
        status = main(["verify", *named, "--json", "--data-root", str(self.folder / "data"),
                       "--runs", str(self.folder / "runs"), "--cache", str(self.folder / "prepared")])  # fmt: skip
        verdicts = json.loads(capsys.readouterr().out)
        assert (status == 0) == all(verdict["verified"] for verdict in verdicts)
        return status, verdicts

    def differences(self, capsys: pytest.CaptureFixture[str], name: str) -> dict[str, dict[str, str]]:
        """What differs in one run, by what it is."""
        status, (verdict,) = self.verify(capsys, name)
        assert status == 5
        return {one["what"]: one for one in verdict["differences"]}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("originals")
    wanted = {"classification": spec(), "segmentation": SEGMENTATION, "pretraining": PRETRAINING}
    return Finished(folder, {name: run(one, paths_in(folder)).data["key"] for name, one in wanted.items()})


@pytest.fixture
def finished(originals: Finished, tmp_path: Path) -> Finished:
    return originals.copy(tmp_path)


def files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_untouched_runs_are_verified_bit_for_bit_and_nothing_is_written(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(finished.folder)
    status, verdicts = finished.verify(capsys, *finished.keys)
    assert status == 0
    assert [verdict["largest"] for verdict in verdicts] == [0.0, 0.0, None]
    assert [verdict["alike"] for verdict in verdicts] == [True, True, None]
    assert files(finished.folder) == before
    assert main(["verify", finished.keys["classification"][:9], "--runs", str(finished.folder / "runs")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(": verified, bit-identical predictions")


def test_a_run_in_bfloat16_is_tested_again_in_bfloat16(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = spec(recipe=dataclasses.replace(spec().recipe, precision="bf16", epochs=1))
    finished = Finished(tmp_path, {"bf16": run(made, paths_in(tmp_path)).data["key"]})
    status, (verdict,) = finished.verify(capsys, "bf16")
    assert (status, verdict["largest"]) == (0, 0.0)


def test_one_flipped_byte_of_the_predictions_is_found(finished: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    path = finished.run("classification") / PREDICTIONS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = finished.differences(capsys, "classification")[PREDICTIONS]
    stated = json.loads((path.parent / "record.json").read_text())["outcome"]["predictions_sha256"]
    assert found["expected"] == f"sha256 {stated}"
    assert re.fullmatch("(sha256 [0-9a-f]{64}|it cannot be used .*)", found["found"])


def test_predictions_that_are_no_parquet_file_are_a_difference_and_no_crash(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished.run("classification") / PREDICTIONS).write_bytes(b"nothing of the kind")
    assert set(finished.differences(capsys, "classification")) == {PREDICTIONS}


@pytest.mark.parametrize("name", ["classification", "segmentation"])
def test_a_changed_weight_shows_in_the_predictions_alone(
    name: str, finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    path = finished.run(name) / BEST
    weights = load_file(path)
    first = next(key for key, tensor in weights.items() if tensor.ndim == 4)
    weights[first] = weights[first].flip(0).contiguous() * 2
    save_file(weights, path)
    assert list(finished.differences(capsys, name)) == [BEST]
    finished.edit(name)
    found = finished.differences(capsys, name)
    assert list(found) == ["predictions of the restored network"]
    assert found["predictions of the restored network"]["expected"].startswith("the very same")


def test_elsewhere_predictions_may_differ_a_little_and_no_more(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    finished.edit("classification", lambda record: record["environment"].update(device="a GPU", host={}))
    path = finished.run("classification") / BEST
    weights = load_file(path)
    bias = next(key for key in weights if key.startswith("head") and key.endswith("bias"))
    for shift, status in ((1e-5, 0), (1e-2, 5)):
        save_file(weights | {bias: weights[bias] + shift * torch.arange(1, len(weights[bias]) + 1)}, path)
        finished.edit("classification")
        found, (verdict,) = finished.verify(capsys, "classification")
        assert (found, verdict["alike"], verdict["unlike"]) == (status, False, ["device"])
        assert 0 < verdict["largest"] < shift
    expected = verdict["differences"][0]["expected"]
    assert expected == "at most 0.0001 of a probability of difference, with other device than recorded"


def test_a_record_that_was_edited_by_hand_is_refused(finished: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    path = finished.run("classification") / "record.json"
    path.write_text(path.read_text().replace('"seconds": ', '"seconds": 1'))
    found = finished.differences(capsys, "classification")
    assert list(found) == ["record"]
    assert "its bytes are not those that were written" in found["record"]["found"]


def test_an_edited_score_is_found(finished: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    finished.edit("classification", lambda record: record["outcome"]["scores"].update(auroc=0.5))
    finished.edit("segmentation", lambda record: record.update(score=record["score"] + 1e-9))
    found = finished.differences(capsys, "classification")
    assert list(found) == ["auroc"]
    assert found["auroc"]["expected"] == "0.5"
    assert list(finished.differences(capsys, "segmentation")) == ["score"]


def test_changed_data_are_named_and_nothing_is_compared_with_them(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    (image,) = list((finished.folder / "runs" / "phantoms").glob("drive-*/training/images/*"))[:1]
    image.write_bytes(image.read_bytes() + b"more")
    status, (verdict,) = finished.verify(capsys, "segmentation")
    assert status == 5
    assert [one["what"] for one in verdict["differences"]] == ["data"]
    assert "content" in verdict["differences"][0]["expected"]
    assert verdict["largest"] is None


def test_a_phantom_edition_that_is_gone_is_missed_and_not_drawn(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(finished.folder / "runs" / "phantoms")
    found = finished.differences(capsys, "classification")
    assert "medtransfer check medmnist --edition phantom" in found["data"]["found"]
    assert not (finished.folder / "runs" / "phantoms").exists()


@pytest.mark.parametrize("damage", [None, b"cut"])
def test_a_missing_or_damaged_checkpoint_is_named(
    damage: bytes | None, finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    path = finished.run("classification") / BEST
    path.unlink()
    if damage:
        path.write_bytes(damage)
    found = finished.differences(capsys, "classification")
    assert list(found) == [BEST]
    assert ("sha256" if damage else f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'") in found[BEST][
        "found"
    ]
    assert "make its table again" in found[BEST]["remedy"]


def test_other_weights_at_the_start_are_found(finished: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    path = finished.run("classification") / "load_report.json"
    report = json.loads(path.read_text())
    path.write_text(json.dumps(report | {"after": "0" * 32}))
    assert list(finished.differences(capsys, "classification")) == ["load_report.json"]
    finished.edit("classification")
    found = finished.differences(capsys, "classification")
    assert list(found) == ["initial weights"]
    assert "0" * 32 in found["initial weights"]["found"]


def test_an_edited_spec_is_not_what_the_key_was_made_of(finished: Finished, capsys: pytest.CaptureFixture[str]) -> None:
    finished.edit("classification", lambda record: record["spec"].update(seed=7))
    found = finished.differences(capsys, "classification")
    assert (found["seed"]["expected"], found["seed"]["found"]) == ("0", "7")
    finished.edit("segmentation", lambda record: record["identity"].update(training=1))
    assert {"identity", "training"} <= set(finished.differences(capsys, "segmentation"))


def test_of_a_pretraining_the_bytes_and_the_names_of_the_weights_count(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    path = finished.run("pretraining") / "weights.safetensors"
    weights = load_file(path)
    first = next(name for name, tensor in weights.items() if tensor.ndim == 4)
    save_file({name: tensor for name, tensor in weights.items() if name != first}, path)
    found = finished.differences(capsys, "pretraining")
    assert set(found) == {"weights.safetensors", "weights"}
    assert finished.verify(capsys, "pretraining")[1][0]["run"].startswith("pretraining on Fractals, ")
    assert f"1 missing: {first}" in found["weights"]["found"]


@pytest.mark.parametrize("content", ["{", json.dumps({"schema": 99})])
def test_a_damaged_record_keeps_no_other_run_from_its_turn(
    content: str, finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished.run("classification") / "record.json").write_text(content)
    _, verdicts = finished.verify(capsys, "classification", "pretraining")
    assert [verdict["verified"] for verdict in verdicts] == [False, True]
    assert verdicts[0]["differences"][0]["what"] == "record"


def test_a_record_without_its_outcome_says_what_is_lacking(
    finished: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    finished.edit("classification", lambda record: record.pop("outcome"))
    assert finished.differences(capsys, "classification")["record"]["found"] == "no outcome"


def store_of(folder: Path, *keys: str) -> Path:
    for key in keys:
        (folder / key).mkdir(parents=True)
        (folder / key / "record.json").write_text("{}")
    return folder


def test_a_beginning_of_a_key_must_be_of_one_run(tmp_path: Path) -> None:
    store = store_of(tmp_path, "ab12" + "0" * 60, "ab34" + "0" * 60, "cd56" + "0" * 60)
    assert chosen(["cd", "ab1", "cd56"], store) == ["cd56" + "0" * 60, "ab12" + "0" * 60]
    with pytest.raises(UsageError, match=r'2 runs begin with "ab": ab1200000000, ab3400000000\. Give more'):
        chosen(["ab"], store)
    with pytest.raises(UsageError, match=r'begins with "cd6600000000".* cd5600000000'):
        chosen(["cd66" + "0" * 8], store)
    with pytest.raises(UsageError, match="holds no finished runs"):
        chosen(["ab"], tmp_path / "empty")


def test_a_table_stands_for_all_its_runs_and_a_lost_one_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, in_turn: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["table", "initializations", "--profile", "smoke", "--seeds", "1", "--wandb", "disabled"]
    assert main([*options, "--set", "epochs=1", *in_turn]) == 0
    capsys.readouterr()
    assert main(["verify", "tables/initializations.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list((tmp_path / "runs").glob("*/record.json"))) == 4
    assert all(": verified" in line for line in lines)
    lost = lines[0].split()[0]
    (folder,) = (tmp_path / "runs").glob(f"{lost}*")
    shutil.rmtree(folder)
    assert main(["verify", "tables/initializations.json"]) == 5
    assert f"{lost}: differs: record: expected a finished run in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (None, 3, "is not there"),
        ('{"rows": []}', 3, "table.json is no table: it states no schema"),
        ("[1]", 3, "table.json is no table: it states no schema"),
        ('{"schema": 1}', 3, "cannot be read"),
        ("[" * 10_000, 3, "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    content: str | None, status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.json"
    if content:
        path.write_text(content)
    assert main(["verify", str(path), "--runs", str(tmp_path)]) == status
    assert message in capsys.readouterr().err


def test_a_difference_of_counts_is_a_share_of_the_images_pixels() -> None:
    task = Task("segmentation", ("vessel",))
    counts = {"tp": [10, 20], "fp": [0, 10], "fn": [0, 10], "tn": [90, 160]}
    stored = pa.table({"id": ["a", "b"]} | {f"network_whole_{kind}": values for kind, values in counts.items()})
    moved = counts | {"tp": [10, 21], "fn": [0, 9]}
    again = pa.table({"id": ["a", "b"]} | {f"network_whole_{kind}": values for kind, values in moved.items()})
    assert _largest(task, stored, stored) == 0
    assert _largest(task, stored, again) == 1 / 200


def test_a_prediction_that_became_nan_is_infinitely_far() -> None:
    task = Task("binary", ("ill",))
    stored, again = (pa.table({"id": ["a"], "probability:ill": [value]}) for value in (0.5, float("nan")))
    assert _largest(task, stored, again) == float("inf")
    assert _largest(task, again, again) == 0
