"""One run: the same numbers whatever stops it, whatever loads its data, and no record where it fails."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import roc_auc_score

from experiments.run.predictions import scores
from experiments.run.restored import restore
from experiments.run.runner import run
from experiments.run.store import Record
from initializers.loading.fingerprints import fingerprint
from lightning_modules.supervised import SupervisedModule
from specs.errors import DataError, RunError, UsageError
from specs.expression import parse
from specs.recipe_parts import SGD
from specs.run import RunSpec
from specs.task import Task
from tests.experiments.smoke import paths_in, spec


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def killed_after(epoch: int) -> object:
    def report(done: int, _: int, /) -> None:
        if done == epoch:
            raise Killed

    return report


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return run(spec(), paths_in(tmp_path_factory.mktemp("undisturbed")))


def metrics(record: Record) -> str:
    return (record.folder / "metrics.jsonl").read_text()


def test_the_smoke_run_uses_dropout_a_plateau_and_early_stopping(undisturbed: Record) -> None:
    recipe = undisturbed.data["spec"]["recipe"]
    assert recipe["dropout"] > 0
    assert recipe["schedule"]["name"] == "plateau"
    assert recipe["early_stopping"] is not None


@pytest.mark.parametrize("epochs", [(1,), (2,), (3,), (4,), (1, 2, 3)], ids=str)
def test_a_killed_run_goes_on_to_the_same_result(epochs: tuple[int, ...], undisturbed: Record, tmp_path: Path) -> None:
    for epoch in epochs:
        with pytest.raises(Killed):
            run(spec(), paths_in(tmp_path), report=killed_after(epoch))  # type: ignore[arg-type]
    resumed = run(spec(), paths_in(tmp_path))
    assert resumed.data["outcome"] == undisturbed.data["outcome"]
    assert metrics(resumed) == metrics(undisturbed)


def cut_short(content: bytes) -> bytes:
    return content[:1000]


def flipped(content: bytes) -> bytes:
    """One bit of a number in the middle is another."""
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "damage"), [("last.ckpt", cut_short), ("last.ckpt", flipped), ("best-*.safetensors", flipped)]
)
def test_a_damaged_checkpoint_is_noticed_said_and_an_earlier_one_is_gone_on_from(
    name: str, damage: Callable[[bytes], bytes], undisturbed: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two attempts, each ended by a kill, the one that came further is damaged; then both are."""
    for epoch in (1, 3):
        with pytest.raises(Killed):
            run(spec(), paths_in(tmp_path), report=killed_after(epoch))  # type: ignore[arg-type]

    def epochs(attempt: Path) -> int:
        return (attempt / "metrics.jsonl").read_text().count("\n")

    first, second = sorted((tmp_path / "runs" / "attempts").iterdir(), key=epochs)
    for attempt, said in ((second, "going on after epoch 1,"), (first, "training starts from the beginning")):
        (path,) = attempt.glob(name)
        path.write_bytes(damage(path.read_bytes()))
        capsys.readouterr()
        with pytest.raises(Killed):
            run(spec(), paths_in(tmp_path), report=killed_after(2 if attempt == second else 1))  # type: ignore[arg-type]
        output = capsys.readouterr().out
        assert f"the checkpoint of {attempt.name} cannot be used" in output
        assert said in output
        for newest in (tmp_path / "runs" / "attempts").iterdir():
            if newest not in (first, second):
                shutil.rmtree(newest)
    again = run(spec(), paths_in(tmp_path))
    assert again.data["outcome"] == undisturbed.data["outcome"]
    assert metrics(again) == metrics(undisturbed)
    assert again.data["files"]["best.safetensors"] == undisturbed.data["files"]["best.safetensors"]


def test_a_kill_before_superseded_weights_are_removed_leaves_none_in_the_finished_run(
    undisturbed: Record, tmp_path: Path
) -> None:
    """After the last epoch, whose end is not gone through again."""
    with pytest.raises(Killed):
        run(spec(), paths_in(tmp_path), report=killed_after(undisturbed.data["epochs"]))  # type: ignore[arg-type]
    (attempt,) = (tmp_path / "runs" / "attempts").iterdir()
    (attempt / "best-77.safetensors").write_bytes(b"superseded")
    again = run(spec(), paths_in(tmp_path))
    assert again.data["files"] == undisturbed.data["files"]
    assert {path.name for path in again.folder.iterdir()} == {path.name for path in undisturbed.folder.iterdir()}


def test_a_checkpoint_is_written_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning would write it to the folder for temporary files first, where a kill leaves it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "mkstemp", lambda *_, **__: pytest.fail("a temporary file was asked for"))
    with pytest.raises(Killed):
        run(spec(), paths_in(tmp_path), report=killed_after(1))  # type: ignore[arg-type]
    assert list(tmp_path.glob("runs/attempts/*/last.ckpt"))
    assert not list((tmp_path / "temporary").iterdir())


def test_loader_workers_do_not_change_the_result(undisturbed: Record, tmp_path: Path) -> None:
    assert run(spec(), paths_in(tmp_path), workers=2).data["outcome"] == undisturbed.data["outcome"]


def test_a_plateau_and_early_stopping_survive_a_kill(tmp_path: Path) -> None:
    # So high a learning rate that the validation loss does not improve for long.
    recipe = dataclasses.replace(spec().recipe, epochs=8, early_stopping=2, optimizer=SGD(0.5))
    whole = run(spec(recipe=recipe), paths_in(tmp_path / "whole"))
    rates = [json.loads(line)["learning_rate"] for line in metrics(whole).splitlines()]
    assert len(rates) < 8, "early stopping was expected to stop this run"
    with pytest.raises(Killed):
        run(spec(recipe=recipe), paths_in(tmp_path / "killed"), report=killed_after(len(rates) - 1))  # type: ignore[arg-type]
    assert metrics(run(spec(recipe=recipe), paths_in(tmp_path / "killed"))) == metrics(whole)


IN_STEPS = dataclasses.replace(spec().recipe, interval=3, epochs=5)


def test_a_run_with_an_interval_validates_after_so_many_steps_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    whole = run(spec(recipe=IN_STEPS), paths_in(tmp_path / "whole"))
    assert [json.loads(line)["step"] for line in metrics(whole).splitlines()] == [3, 6, 9, 12, 15]
    for epoch in (1, 3):
        with pytest.raises(Killed):
            run(spec(recipe=IN_STEPS), paths_in(tmp_path / "killed"), report=killed_after(epoch))  # type: ignore[arg-type]
    told: list[tuple[int, int]] = []
    resumed = run(spec(recipe=IN_STEPS), paths_in(tmp_path / "killed"), workers=2, report=lambda *far: told.append(far))
    assert resumed.data["outcome"] == whole.data["outcome"]
    assert metrics(resumed) == metrics(whole)
    assert told == [(3, 5), (4, 5), (5, 5)], "where it goes on, then each epoch"


def test_without_an_interval_steps_are_batches_of_whole_passes(undisturbed: Record) -> None:
    steps = [json.loads(line)["step"] for line in metrics(undisturbed).splitlines()]
    assert steps == [5, 10, 15, 20]  # 160 images in batches of 32


def test_an_interval_as_long_as_a_pass_trains_to_the_same_numbers(undisturbed: Record, tmp_path: Path) -> None:
    same = dataclasses.replace(spec().recipe, interval=5)
    assert run(spec(recipe=same), paths_in(tmp_path)).data["outcome"] == undisturbed.data["outcome"]


@pytest.mark.parametrize("dataset", ['medmnist("pneumoniamnist")', "drive"])
def test_a_run_of_the_head_alone_keeps_the_backbone_it_began_with_through_a_kill(dataset: str, tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, adaptation="head", epochs=3, early_stopping=None)
    if dataset == "drive":
        recipe = dataclasses.replace(recipe, batch_size=4)
    made = spec("random", dataset, recipe=recipe)
    whole = run(made, paths_in(tmp_path / "whole"))
    with pytest.raises(Killed):
        run(made, paths_in(tmp_path / "killed"), report=killed_after(1))  # type: ignore[arg-type]
    resumed = run(made, paths_in(tmp_path / "killed"))
    assert resumed.data["outcome"] == whole.data["outcome"]
    assert metrics(resumed) == metrics(whole)
    losses = [json.loads(line)["train_loss"] for line in metrics(whole).splitlines()]
    assert len(set(losses)) == 3
    for record, folder in ((whole, "whole"), (resumed, "killed")):
        restored = restore(record, paths_in(tmp_path / folder)).module.backbone
        began = json.loads((record.folder / "load_report.json").read_text())["after"]
        assert fingerprint(restored.weights()) == began
        assert all(parameter.requires_grad for parameter in restored.parameters())  # for those who explain it later


def test_an_interval_longer_than_a_pass_is_refused_before_any_training(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, interval=6)
    failing(spec(recipe=recipe), tmp_path, UsageError, "interval=6 .* 5 full batches of 32")
    assert not list(tmp_path.rglob("*.ckpt"))


def test_the_stored_score_follows_from_the_stored_predictions(undisturbed: Record) -> None:
    table = pq.read_table(undisturbed.folder / "predictions.parquet")
    assert table.num_rows == 120
    truth, probability = (table[f"{what}:pneumonia"].to_numpy() for what in ("target", "probability"))
    assert probability.dtype == np.float64
    assert undisturbed.score == pytest.approx(roc_auc_score(truth, probability), abs=1e-12)


def test_a_segmentation_run_stores_pixel_counts_at_both_sizes(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, image_size=32, batch_size=8, epochs=1, selection="metric")
    record = run(spec(dataset="drive", recipe=recipe), paths_in(tmp_path))
    table = pq.read_table(record.folder / "predictions.parquet").to_pydict()
    assert len(table["id"]) == 20
    for size, pixels in (("network", 32 * 32), ("native", 96 * 96)):
        for row in range(20):
            assert sum(table[f"{size}_whole_{count}"][row] for count in ("tp", "fp", "fn", "tn")) == pixels
            assert sum(table[f"{size}_fov_{count}"][row] for count in ("tp", "fp", "fn", "tn")) < pixels
    dice = [
        2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0
        for tp, fp, fn in zip(*(table[f"network_whole_{count}"] for count in ("tp", "fp", "fn")), strict=True)
    ]
    assert record.score == pytest.approx(np.mean(dice))


def test_the_dice_over_images_with_a_finding_leaves_out_empty_masks() -> None:
    columns = {"tp": [4, 0, 0], "fp": [2, 0, 3], "fn": [2, 0, 0], "tn": [0, 8, 5]}
    regions = [f"{size}_{region}" for size in ("network", "native") for region in ("whole", "fov")]
    task = Task("segmentation", ("lesion",))
    table = pa.table({f"{region}_{name}": values for region in regions for name, values in columns.items()})
    found = scores(task, table)
    assert found["dice"] == pytest.approx((8 / 12 + 1 + 0) / 3)
    assert found["dice_findings"] == pytest.approx(8 / 12)
    assert found["dice_pooled"] == pytest.approx(8 / 15)
    empty = table.slice(1, 1)
    assert scores(task, empty)["dice_findings"] is None


def failing(made: RunSpec, folder: Path, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        run(made, paths_in(folder))
    assert not list((folder / "runs").glob("*/record.json"))


def test_a_diverging_run_is_refused_and_leaves_no_record(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, optimizer=SGD(1e30))
    said = r"the loss is (nan|inf) in epoch 0, step 1, at the learning rate 1e\+30\. .*lower the learning rate"
    failing(spec(recipe=recipe), tmp_path, RunError, said)


def test_a_last_step_that_breaks_the_weights_is_noticed_before_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of the step was finite, and there is no further step that would show it."""
    step = SupervisedModule.optimizer_step

    def last_one_breaks(self: SupervisedModule, epoch: int, batch_idx: int, *others: Any) -> None:
        step(self, epoch, batch_idx, *others)
        if batch_idx == 4:
            next(self.parameters()).data.fill_(math.inf)

    monkeypatch.setattr(SupervisedModule, "optimizer_step", last_one_breaks)
    failing(spec(), tmp_path, RunError, "are not finite after epoch 0, at the learning rate")
    assert not list(tmp_path.rglob("last.ckpt"))


GPU_MESSAGE = "CUDA out of memory. Tried to allocate 20.00 MiB."
CPU_MESSAGE = "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError(GPU_MESSAGE), RuntimeError(CPU_MESSAGE), MemoryError()],
    ids=["GPU", "CPU", "Python"],
)
def test_memory_that_runs_out_is_explained_with_what_stays_the_same_run(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: Any) -> None:
        raise error

    monkeypatch.setattr(SupervisedModule, "training_step", exhausted)
    same, other = "--devices; each accumulates", "--set batch_size=16.* is another run"
    failing(spec(), tmp_path, RunError, f"memory ran out while tiny.* batch_size=32 .*{same}.*{other}")


def test_another_error_is_not_taken_for_missing_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(SupervisedModule, "training_step", broken)
    failing(spec(), tmp_path, RuntimeError, "^shapes do not fit$")


def test_an_unreadable_image_is_named_and_leaves_no_record(tmp_path: Path) -> None:
    root = paths_in(tmp_path).open(spec(dataset="drive").dataset, "phantom")[1]
    image = root / "training" / "images" / "23_training.tif"
    image.write_bytes(image.read_bytes()[:300])
    recipe = dataclasses.replace(spec().recipe, image_size=32, epochs=1)
    failing(spec(dataset="drive", recipe=recipe), tmp_path, DataError, r"23_training\.tif")


def test_a_run_whose_pretraining_is_missing_says_which(tmp_path: Path) -> None:
    failing(spec("fractals"), tmp_path, RunError, "starts from the run")


def test_a_transformer_of_another_image_size_is_refused_with_what_to_write(tmp_path: Path) -> None:
    vit = dataclasses.replace(spec(), backbone=parse('timm("vit_tiny_patch16_224")'))
    with pytest.raises(UsageError, match=r"takes images of 224 pixels only, and the recipe's have \d+\. Build it with"):
        run(vit, paths_in(tmp_path))
    assert not list(tmp_path.rglob("record.json"))
