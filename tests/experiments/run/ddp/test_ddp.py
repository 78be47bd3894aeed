"""Several devices train one run: to the numbers of one, on exactly the same images, and no process is left behind."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import socket
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from torch.multiprocessing import start_processes

from datamodules.pipeline.batching import Share
from datamodules.pipeline.lightning import ImageDataModule
from experiments.checks.verification import verify
from experiments.execution.executor import Conditions
from experiments.execution.local import LocalDispatcher
from experiments.run.initialized import initialized
from experiments.run.machine.processes import fresh_processes
from experiments.run.paths import Paths
from experiments.run.progress import Finished
from experiments.run.resolve import Resolver
from experiments.run.restored import before_training
from experiments.run.runner import run
from experiments.run.store import VALIDATION_PREDICTIONS, Record
from specs.errors import RunError, UsageError
from specs.expression import parse
from specs.recipe_parts import SGD
from specs.run import RunSpec
from tests.experiments.processes import descendants, gone, workers
from tests.experiments.run.ddp import distributed_runs
from tests.experiments.run.ddp.distributed_runs import EPOCHS, emptied, sparse, specs
from tests.experiments.smoke import NO_RUNS, paths_in, spec

STARTED = [
    ("by_torchrun", "classification"),
    ("by_torchrun", "pretraining"),
    ("by_srun", "segmentation"),
    ("by_srun", "transformer"),
]
TESTED = [one for one in STARTED if one[1] != "pretraining"]


class Runs(NamedTuple):
    """A store, and the folders of its runs by task."""

    root: Path
    folders: dict[str, Path]


@pytest.fixture(scope="module", autouse=True)
def server() -> None:
    """Begin to import what the processes need, once for all of them, while this one works."""
    fresh_processes()
    forkserver.ensure_running()


@pytest.fixture(scope="module")
def alone(server: None, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The runs by one process; the phantoms lie beside the store."""
    runs = tmp_path_factory.mktemp("alone") / "runs"
    runs.mkdir()
    return Runs(runs, distributed_runs.do(runs.parent / "data", runs, sorted(specs())))


def data_of(alone: Runs) -> Path:
    return alone.root.parent / "data"


@pytest.fixture(scope="module")
def by_torchrun(alone: Runs, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The runs by two processes that torchrun's agent starts."""
    runs, tasks = tmp_path_factory.mktemp("torchrun"), ["classification", "pretraining"]
    torchrun = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=1,
        start_method="forkserver",
        signals_to_handle="SIGHUP",  # the others stay pytest's
    )
    elastic_launch(torchrun, distributed_runs.as_torchrun_starts_it)(data_of(alone), runs, tasks)
    return done(data_of(alone), runs, tasks)


@pytest.fixture(scope="module")
def by_srun(alone: Runs, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The runs by two processes with the environment that srun sets."""
    runs, tasks = tmp_path_factory.mktemp("srun"), ["segmentation", "transformer"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = (port, data_of(alone), runs, tasks)
    start_processes(distributed_runs.as_srun_starts_it, given, nprocs=2, start_method="forkserver")
    return done(data_of(alone), runs, tasks)


def done(data: Path, runs: Path, tasks: list[str]) -> Runs:
    """What two processes left in a store."""
    resolver = Resolver(Paths(data, runs, runs / "prepared"), devices=2)
    return Runs(runs, {task: runs / resolver.resolve(specs()[task]).key for task in tasks})


@pytest.fixture
def together(started: str, request: pytest.FixtureRequest) -> Runs:
    found: Runs = request.getfixturevalue(started)
    return found


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("started", "task"), STARTED)
def test_two_processes_train_to_the_weights_of_one(task: str, alone: Runs, together: Runs) -> None:
    """Float64, no batch norm; with labels that are missing unevenly and with masks of uneven size."""
    one, two = (load_file(folder / "best.safetensors") for folder in (alone.folders[task], together.folders[task]))
    assert {str(tensor.dtype) for tensor in one.values()} >= {"torch.float64"}
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-9) for name in one)
    if task != "pretraining":
        assert two["idle"] == 1  # there is a weight that the loss does not need
    steps = [row["step"] for row in rows(together.folders[task])]
    assert len(steps) == EPOCHS
    assert steps[-1] <= 50


@pytest.mark.parametrize(("started", "task"), STARTED)
def test_two_processes_log_and_select_as_one(task: str, alone: Runs, together: Runs) -> None:
    one, two = rows(alone.folders[task]), rows(together.folders[task])
    assert [row.keys() for row in one] == [row.keys() for row in two]
    for before, after in zip(one, two, strict=True):
        undefined = {name for name, value in before.items() if value is None}
        assert undefined == {name for name, value in after.items() if value is None}
        defined = before.keys() - undefined
        assert {name: after[name] for name in defined} == pytest.approx(
            {name: before[name] for name in defined}, rel=1e-6
        )
    stated = [
        json.loads((folder / "record.json").read_text()) for folder in (alone.folders[task], together.folders[task])
    ]
    assert stated[0]["best_epoch"] == stated[1]["best_epoch"]


@pytest.mark.parametrize(("started", "task"), TESTED)
def test_two_processes_test_every_image_once_and_predict_as_one(task: str, alone: Runs, together: Runs) -> None:
    one, two = (pq.read_table(runs.folders[task] / "predictions.parquet") for runs in (alone, together))
    assert one["id"].to_pylist() == two["id"].to_pylist()
    assert len(set(two["id"].to_pylist())) == two.num_rows == {"classification": 35}.get(task, 13)
    tables = [(one, two)]
    if task == "classification":
        one, two = (pq.read_table(runs.folders[task] / VALIDATION_PREDICTIONS) for runs in (alone, together))
        tables.append((one, two))
    for one, two in tables:
        assert one["id"].to_pylist() == two["id"].to_pylist()
        for name in one.column_names[1:]:
            np.testing.assert_allclose(two[name].to_numpy(), one[name].to_numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("started", "task"), STARTED)
def test_all_processes_begin_with_the_weights_of_one(started: str, task: str, alone: Runs, together: Runs) -> None:
    begun = [(together.root / f"initial-{number}.jsonl").read_text().splitlines() for number in (0, 1)]
    assert begun[0] == begun[1]
    assert len(begun[0]) == len(together.folders)
    assert (
        begun[0][list(together.folders).index(task)]
        == ((alone.root / "initial-0.jsonl").read_text().splitlines()[sorted(specs()).index(task)])
    )


def test_a_process_that_begins_with_other_weights_is_named_by_all(by_torchrun: Runs) -> None:
    said = [(by_torchrun.root / f"refused-{number}.txt").read_text() for number in (0, 1)]
    assert said[0] == said[1]
    assert said[0].startswith("the initial weights of process 1 are not those of process 0.")


def test_labels_are_missing_and_masks_are_filled_unevenly(alone: Runs) -> None:
    """So that a mean of the processes' losses would be another loss."""
    where = paths_in(alone.root.parent)
    chexpert, montgomery = (
        where.opened(specs()[task].dataset, "phantom") for task in ("classification", "segmentation")
    )
    known = [np.isfinite(sparse(chexpert.dataset, one, 0)).sum() for one in chexpert.index.train]  # type: ignore[arg-type]
    assert min(known) <= 1
    assert max(known) >= 12
    filled = [emptied(montgomery.dataset, montgomery.root, one).any() for one in montgomery.index.train]  # type: ignore[arg-type]
    assert 0 < sum(filled) < len(filled)


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    """The smoke run, with batch norm by device, by two processes that the run itself starts."""
    folder = tmp_path_factory.mktemp("launched")
    return folder, run(spec(), paths_in(folder), devices=2)


def test_a_run_starts_its_own_processes_and_tests_every_image(launched: tuple[Path, Record]) -> None:
    record = launched[1]
    assert record.data["environment"]["devices"] == 2
    assert pq.read_table(record.folder / "predictions.parquet").num_rows == 120
    assert [row["step"] for row in rows(record.folder)] == [5, 10, 15, 20]  # 160 images in batches of 32 over both
    assert record.score is not None
    assert record.score > 0.8


def test_with_batch_norm_by_device_their_number_is_part_of_the_run(launched: tuple[Path, Record]) -> None:
    where, record = paths_in(launched[0]), launched[1]
    assert record.data["identity"]["devices"] == 2
    assert record.data["key"] == Resolver(where, 2).resolve(spec()).key != Resolver(where).resolve(spec()).key
    backbone = before_training(record, where)
    assert backbone is not None


def test_a_run_of_several_devices_is_verified_by_one_process(launched: tuple[Path, Record]) -> None:
    """Its identity and initial weights are those of two devices, and its network predicts what it predicted."""
    verdict = verify(launched[1].data["key"], paths_in(launched[0]))
    assert verdict.differences == []
    assert verdict.largest is not None
    assert verdict.alike is False  # two processes cut the test split into other batches


def without_effect(made: RunSpec, folder: Path) -> bool:
    """Whether the number of devices leaves the run what it is."""
    keys = {Resolver(paths_in(folder), devices).resolve(made).key for devices in (1, 2, 4)}
    return len(keys) == 1


def test_without_statistics_of_a_device_their_number_is_no_part_of_the_run(tmp_path: Path) -> None:
    synchronized = dataclasses.replace(spec().recipe, batch_norm="sync")
    head = dataclasses.replace(spec().recipe, adaptation="head")
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
    where, record = paths_in(launched[0]), launched[1]
    stated = json.loads((record.folder / "load_report.json").read_text())["after"]
    assert initialized(spec(), where, NO_RUNS)[1].after == stated


@pytest.mark.parametrize(("devices", "remedy"), [(3, "Use 2 or 4;"), (20, "Use 16 or 32;"), (33, "Use 32;")])
def test_a_batch_that_the_devices_cannot_share_equally_is_refused(devices: int, remedy: str, tmp_path: Path) -> None:
    message = f"batch_size=32 is over all devices together and cannot be divided among {devices} devices. {remedy}"
    with pytest.raises(UsageError, match=re.escape(message)):
        run(spec(), paths_in(tmp_path), devices=devices)
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
    opened = paths_in(tmp_path).opened(made.dataset, made.edition)
    with pytest.raises(UsageError, match=message):
        ImageDataModule(opened, recipe, 0, share=Share(0, devices))


def test_a_device_that_estimates_statistics_gets_no_single_image(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, batch_size=2)
    opened = paths_in(tmp_path).opened(spec().dataset, "phantom")
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
        run(spec(), paths_in(tmp_path), devices=2, report=kill_one)
    assert len(seen) == 2
    assert gone(seen)
    resumed = run(spec(), paths_in(tmp_path), devices=2)
    assert resumed.data["outcome"] == launched[1].data["outcome"]
    assert rows(resumed.folder) == rows(launched[1].folder)


def test_what_goes_wrong_in_a_process_is_said_as_of_one(tmp_path: Path) -> None:
    recipe = dataclasses.replace(spec().recipe, optimizer=SGD(1e30))
    with pytest.raises(RunError, match=r"epoch 0.*lower the learning rate.*\(in process \d of 2\)"):
        run(spec(recipe=recipe), paths_in(tmp_path), devices=2)
    assert not workers()


def test_no_process_outlives_the_worker_that_started_it(alone: Runs, tmp_path: Path) -> None:
    where = Paths(data_of(alone), tmp_path, tmp_path / "prepared")
    recipe = dataclasses.replace(spec().recipe, epochs=100_000, early_stopping=None)
    session = LocalDispatcher(Conditions(where, tmp_path / "notes", devices=2), cores=1)
    session.submit([Resolver(where, 2).resolve(spec(recipe=recipe))], {})
    try:
        end = time.monotonic() + 60
        while not list(tmp_path.glob("attempts/*/last.ckpt")) and time.monotonic() < end:
            time.sleep(0.1)
        (worker,) = workers()
        left = descendants(worker)
        os.kill(worker, signal.SIGKILL)
        assert len(left) >= 3  # its server of processes, and two that train
        assert gone(left)
        while not isinstance(event := next(session.events(60)), Finished):
            pass
        assert "signal SIGKILL" in str(event.error)
    finally:
        session.close()
