"""Several devices train one run: to the numbers of one, on exactly the same images, and no process is left behind."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from datamodules.batching import Share
from datamodules.lightning import ImageDataModule
from experiments.initialized import initialized
from experiments.resolve import Resolver
from experiments.restored import before_training
from experiments.runner import run
from experiments.store import Record
from specs.errors import RunError, UsageError
from specs.expression import parse
from specs.run import RunSpec
from specs.steps import SGD
from tests.experiments.distributed_runs import EPOCHS, specs
from tests.experiments.processes import descendants, gone, workers
from tests.experiments.smoke import places, spec

PROJECT = Path(__file__).parents[2]
PROGRAM = "tests.experiments.distributed_runs"
STARTED = [("by_torchrun", "classification"), ("by_torchrun", "pretraining"), ("by_slurm", "segmentation")]
TESTED = [one for one in STARTED if one[1] != "pretraining"]


def in_a_program(*command: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def folders(program: subprocess.Popen[str]) -> dict[str, Path]:
    """The folders of the runs that a program did, by task."""
    out, errors = program.communicate(timeout=120)
    assert program.returncode == 0, errors
    found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {one["task"]: Path(one["folder"]) for one in found}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The phantoms, and the runs by one process."""
    folder = tmp_path_factory.mktemp("alone")
    tasks = sorted(specs())
    return folder / "data", folders(in_a_program(PROGRAM, str(folder / "data"), str(folder / "runs"), *tasks))


@pytest.fixture(scope="module")
def by_torchrun(alone: tuple[Path, dict[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The runs by two processes that torchrun starts."""
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", PROGRAM)
    where = (str(alone[0]), str(tmp_path_factory.mktemp("torchrun")))
    return folders(in_a_program(*torchrun, *where, "classification", "pretraining"))


@pytest.fixture(scope="module")
def by_slurm(alone: tuple[Path, dict[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The runs by two processes with the environment that srun sets."""
    runs = str(tmp_path_factory.mktemp("slurm"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    common = {"SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NODEID": "0"}
    common |= {"SLURM_JOB_ID": "7", "SLURM_NODELIST": "127.0.0.1", "MASTER_PORT": port}
    programs = [
        in_a_program(PROGRAM, str(alone[0]), runs, "segmentation", SLURM_PROCID=number, SLURM_LOCALID=number, **common)
        for number in ("0", "1")
    ]
    first, second = (folders(program) for program in programs)
    assert first == second
    return first


@pytest.fixture
def together(started: str, request: pytest.FixtureRequest) -> dict[str, Path]:
    found: dict[str, Path] = request.getfixturevalue(started)
    return found


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("started", "task"), STARTED)
def test_two_processes_train_to_the_weights_of_one(
    task: str, alone: tuple[Path, dict[str, Path]], together: dict[str, Path]
) -> None:
    """Float64, no batch norm; with labels that are missing unevenly and with masks of uneven size."""
    one, two = (load_file(folder / "best.safetensors") for folder in (alone[1][task], together[task]))
    assert {str(tensor.dtype) for tensor in one.values()} >= {"torch.float64"}
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-9) for name in one)
    steps = [row["step"] for row in rows(together[task])]
    assert len(steps) == EPOCHS
    assert steps[-1] <= 50


@pytest.mark.parametrize(("started", "task"), STARTED)
def test_two_processes_log_and_select_as_one(
    task: str, alone: tuple[Path, dict[str, Path]], together: dict[str, Path]
) -> None:
    one, two = rows(alone[1][task]), rows(together[task])
    assert [row.keys() for row in one] == [row.keys() for row in two]
    for before, after in zip(one, two, strict=True):
        undefined = {name for name, value in before.items() if value is None}
        assert undefined == {name for name, value in after.items() if value is None}
        defined = before.keys() - undefined
        assert {name: after[name] for name in defined} == pytest.approx(
            {name: before[name] for name in defined}, rel=1e-6
        )
    stated = [json.loads((folder / "record.json").read_text()) for folder in (alone[1][task], together[task])]
    assert stated[0]["best_epoch"] == stated[1]["best_epoch"]


@pytest.mark.parametrize(("started", "task"), TESTED)
def test_two_processes_test_every_image_once_and_predict_as_one(
    task: str, alone: tuple[Path, dict[str, Path]], together: dict[str, Path]
) -> None:
    one, two = (pq.read_table(folder / "predictions.parquet") for folder in (alone[1][task], together[task]))
    assert one["id"].to_pylist() == two["id"].to_pylist()
    assert len(set(two["id"].to_pylist())) == two.num_rows == {"classification": 35, "segmentation": 6}[task]
    for name in one.column_names[1:]:
        np.testing.assert_allclose(two[name].to_numpy(), one[name].to_numpy(), rtol=0, atol=1e-6)


def test_labels_are_missing_and_masks_are_filled_unevenly(alone: tuple[Path, dict[str, Path]]) -> None:
    """So that a mean of the processes' losses would be another loss."""
    from datamodules.chexpert import CheXpert
    from tests.experiments.distributed_runs import sparse

    made = specs()["classification"]
    opened = places(alone[0].parent).opened(made.dataset, made.edition)
    assert isinstance(opened.dataset, CheXpert)
    known = [np.isfinite(sparse(opened.dataset, one, 0)).sum() for one in opened.index.train]
    assert min(known) <= 1
    assert max(known) >= 12


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    """The smoke run, with batch norm by device, by two processes that the run itself starts."""
    folder = tmp_path_factory.mktemp("launched")
    return folder, run(spec(), places(folder), devices=2)


def test_a_run_starts_its_own_processes_and_tests_every_image(launched: tuple[Path, Record]) -> None:
    record = launched[1]
    assert record.data["environment"]["devices"] == 2
    assert pq.read_table(record.folder / "predictions.parquet").num_rows == 120
    assert [row["step"] for row in rows(record.folder)] == [5, 10, 15, 20]  # 160 images in batches of 32 over both
    assert record.score is not None
    assert record.score > 0.8


def test_with_batch_norm_by_device_their_number_is_part_of_the_run(launched: tuple[Path, Record]) -> None:
    where, record = places(launched[0]), launched[1]
    assert record.data["identity"]["devices"] == 2
    assert record.data["key"] == Resolver(where, 2).resolve(spec()).key != Resolver(where).resolve(spec()).key
    backbone = before_training(record, where)
    assert backbone is not None


def without_effect(made: RunSpec, folder: Path) -> bool:
    """Whether the number of devices leaves the run what it is."""
    keys = {Resolver(places(folder), devices).resolve(made).key for devices in (1, 2, 4)}
    return len(keys) == 1


def test_without_statistics_of_a_device_their_number_is_no_part_of_the_run(tmp_path: Path) -> None:
    synchronized = dataclasses.replace(spec().recipe, batch_norm="sync")
    head = dataclasses.replace(spec().recipe, trained="head")
    assert without_effect(spec(recipe=synchronized), tmp_path)
    assert without_effect(spec(recipe=head), tmp_path)
    assert not without_effect(spec(), tmp_path)
    # The decoder's batch norm is trained whatever the backbone is.
    small = dataclasses.replace(head, image_size=32, batch_size=16)
    assert not without_effect(spec(dataset="drive", recipe=small), tmp_path)
    transformer = dataclasses.replace(spec(), backbone=parse('timm("vit_tiny_patch16_224", image_size=224)'))
    assert without_effect(
        dataclasses.replace(transformer, recipe=dataclasses.replace(spec().recipe, image_size=224)), tmp_path
    )


def test_the_same_weights_begin_whatever_the_number_of_devices(launched: tuple[Path, Record]) -> None:
    where, record = places(launched[0]), launched[1]
    stated = json.loads((record.folder / "load_report.json").read_text())["after"]
    assert initialized(spec(), where)[1].after == stated


def test_a_batch_that_the_devices_cannot_share_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch_size=32 is over all devices together and cannot be divided among 3"):
        run(spec(), places(tmp_path), devices=3)
    assert not list(tmp_path.rglob("attempts"))


@pytest.mark.parametrize(
    ("expression", "batch_size", "devices", "message"),
    [
        ('medmnist("pneumoniamnist")', 78, 6, "a training batch has 4 images, and each of 6 devices needs at least 1"),
        ("siim_acr", 8, 8, "the validation split has 6 images for 8 devices"),
    ],
)
def test_too_many_devices_for_the_images_are_refused(
    expression: str, batch_size: int, devices: int, message: str, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(spec().recipe, batch_size=batch_size)
    made = spec(dataset=expression, recipe=recipe)
    opened = places(tmp_path).opened(made.dataset, made.edition)
    with pytest.raises(UsageError, match=message):
        ImageDataModule(opened, recipe, 0, share=Share(0, devices))


def test_a_device_that_estimates_statistics_gets_no_single_image(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, batch_size=2)
    opened = places(tmp_path).opened(spec().dataset, "phantom")
    with pytest.raises(UsageError, match="each of 2 devices needs at least 2; batch norm"):
        ImageDataModule(opened, recipe, 0, share=Share(0, 2, 2))


def test_a_killed_process_ends_the_others_and_the_run_goes_on_later(
    launched: tuple[Path, Record], tmp_path: Path
) -> None:
    seen: list[int] = []

    def kill_one(done: int, _: int, /) -> None:
        if done == 2:
            seen.extend(workers())
            os.kill(seen[-1], signal.SIGKILL)

    with pytest.raises(RunError, match=r"process \d of 2 ended with signal SIGKILL"):
        run(spec(), places(tmp_path), devices=2, report=kill_one)
    assert len(seen) == 2
    assert gone(seen)
    resumed = run(spec(), places(tmp_path), devices=2)
    assert resumed.data["outcome"] == launched[1].data["outcome"]
    assert rows(resumed.folder) == rows(launched[1].folder)


def test_what_goes_wrong_in_a_process_is_said_as_of_one(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, optimizer=SGD(1e30))
    with pytest.raises(RunError, match=r"epoch 0.*lower the learning rate.*\(in process \d of 2\)"):
        run(spec(recipe=recipe), places(tmp_path), devices=2)
    assert not workers()


def test_no_process_outlives_a_killed_command(tmp_path: Path) -> None:
    program = in_a_program(
        "medtransfer", "run", "--dataset", "medmnist", "--edition", "phantom", "--initializer", "random",
        "--backbone", "tiny(width=4)", "--recipe", "phantom/smoke", "--set", "epochs=1000", "--set",
        "early_stopping=None", "--devices", "2", "--runs", str(tmp_path / "runs"), "--wandb", "disabled",
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not list(tmp_path.glob("runs/attempts/*/last.ckpt")) and time.monotonic() < end:
            time.sleep(0.1)
        left = descendants(program.pid)
    finally:
        program.kill()
        program.wait()
    assert len(left) >= 5  # two servers of processes, the worker, and two that train
    assert gone(left)
