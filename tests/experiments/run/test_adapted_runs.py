"""Runs whose networks are adapted: they resume, end as plain networks, and solved heads use features that are kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.averaging import average
from experiments.run.predictions import rows_of
from experiments.run.resolve import Resolver
from experiments.run.restored import restore, trained_network
from experiments.run.runner import run
from experiments.run.store import Record
from lightning_modules.adaptation.probe import Probe
from lightning_modules.classification import ClassificationModule
from specs.errors import RunError, UsageError
from specs.expression import parse
from specs.run import RunSpec
from tests.experiments.run.test_runner import Killed, killed_after
from tests.experiments.smoke import paths_in, spec


def adapted(adaptation: str, **changes: Any) -> RunSpec:
    return spec("random", recipe=dataclasses.replace(spec().recipe, adaptation=adaptation, **changes))


def predicted_again(record: Record, folder: Path) -> bool:
    """Whether the stored network gives the stored predictions of the test split, to the bit."""
    restored = restore(record, paths_in(folder))
    data: ImageDataModule = restored.data
    with torch.inference_mode():
        found = torch.cat([restored.module.probabilities(batch["image"]) for batch in data.test_dataloader()])
    stored = rows_of(data.task, pq.read_table(record.file("predictions.parquet")))["probabilities"]
    return np.array_equal(found.numpy(), stored)


@pytest.mark.parametrize("adaptation", ["lora(rank=2)", "wise_ft", 'freeze("layer1")', "layer_decay(0.5)"])
def test_an_adapted_run_goes_on_after_a_kill_and_ends_as_a_plain_network(adaptation: str, tmp_path: Path) -> None:
    made = adapted(adaptation, epochs=3, early_stopping=None)
    whole = run(made, paths_in(tmp_path / "whole"))
    with pytest.raises(Killed):
        run(made, paths_in(tmp_path / "killed"), report=killed_after(1))  # type: ignore[arg-type]
    resumed = run(made, paths_in(tmp_path / "killed"))
    assert resumed.data["outcome"] == whole.data["outcome"]
    kept = [load_file(record.folder / "best.safetensors") for record in (whole, resumed)]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    assert set(kept[0]) == set(restore(whole, paths_in(tmp_path / "whole")).module.state_dict())
    assert not list(whole.folder.glob("best-*"))
    assert predicted_again(whole, tmp_path / "whole")


def test_a_run_says_how_many_parameters_it_trained(tmp_path: Path) -> None:
    full, head = (run(adapted(one, epochs=1), paths_in(tmp_path)).data for one in ("full", "head"))
    assert full["trained_parameters"] == full["parameters"]
    assert head["trained_parameters"] == full["parameters"] - sum(
        tensor.numel()
        for name, tensor in load_file(paths_in(tmp_path).runs / head["key"] / "best.safetensors").items()
        if name.startswith("backbone.") and not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    )
    assert head["peak_memory"] > 2**20


@pytest.mark.parametrize("adaptation", ["probe", "knn"])
@pytest.mark.parametrize("changes", [{}, {"test_time_augmentation": "flip"}], ids=["plain", "flip"])
def test_a_solved_head_is_a_run_like_any_other(adaptation: str, changes: dict[str, Any], tmp_path: Path) -> None:
    record = run(adapted(adaptation, selection="metric", **changes), paths_in(tmp_path))
    assert predicted_again(record, tmp_path)
    tried = record.data["tried"]
    best = max(one["validation"] for one in tried)
    assert [one["validation"] for one in tried if one["chosen"]] == [best]
    assert record.data["validation"]["metric"] == best
    (row,) = [json.loads(line) for line in (record.folder / "metrics.jsonl").read_text().splitlines()]
    assert row["validation_metric"] == best and row["step"] == 0
    assert record.score is not None and record.score > 0.5


def test_the_learning_rate_and_all_that_is_about_epochs_leave_a_solved_head_alone(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))

    def key(**changes: Any) -> str:
        return resolver.resolve(adapted(**({"adaptation": "probe"} | changes))).key

    assert key(epochs=7) == key(augmentation=()) == key(dropout=0.0) == key(adaptation="probe()") == key()
    assert len({key(), key(image_size=30), key(adaptation="knn"), key(selection="metric"), key(threads=2)}) == 5
    other = dataclasses.replace(adapted("probe"), seed=1)
    assert resolver.resolve(other).key != key()
    for changes in ({"class_weights": "balanced"}, {"sampling": "balanced"}):
        with pytest.raises(UsageError, match="takes every training image once and alike"):
            key(**changes)


def test_features_are_computed_once_for_runs_that_share_them_and_anew_if_they_are_damaged(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    first = run(adapted("probe"), paths)
    files = sorted((paths.cache / "features").iterdir())
    assert len(files) == 3
    before = {path: path.stat().st_mtime_ns for path in files}
    run(adapted("knn"), paths)
    run(dataclasses.replace(adapted("probe(penalties=[1.0])"), stage="tune"), paths)
    assert {path: path.stat().st_mtime_ns for path in sorted((paths.cache / "features").iterdir())} == before
    kept = load_file(files[0])
    save_file({**kept, "features": kept["features"] + 1}, files[0])
    files[1].write_bytes(b"no features")
    again = run(adapted("probe", epochs=9), dataclasses.replace(paths, runs=tmp_path / "others"))
    assert again.data["outcome"] == first.data["outcome"]
    assert torch.equal(load_file(files[0])["features"], kept["features"])
    assert len(load_file(files[1])) == 2


def test_seeds_that_change_nothing_share_a_probe_that_is_solved_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, solved = paths_in(tmp_path), list[int]()
    solve = Probe.solve

    def counted(self: Probe, *others: Any) -> list[dict[str, Any]]:
        solved.append(1)
        return solve(self, *others)

    monkeypatch.setattr(Probe, "solve", counted)
    made = dataclasses.replace(adapted("probe"), initializer=parse("fractals"))
    for needed in list(Resolver(paths).resolve(made).closure().values())[:-1]:
        run(needed.spec, paths)
    first, second = (run(dataclasses.replace(made, seed=seed), paths) for seed in (0, 1))
    assert len(solved) == 1 and first.folder != second.folder
    assert second.data["outcome"] == first.data["outcome"] and second.data["tried"] == first.data["tried"]
    (kept,) = (paths.cache / "heads").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    run(dataclasses.replace(made, seed=2), paths)
    run(dataclasses.replace(made, recipe=adapted("probe(penalties=[1.0])").recipe), paths)
    assert len(solved) == 3


def test_two_runs_that_solve_the_same_head_at_once_end_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, solve, inner = paths_in(tmp_path), Probe.solve, list[Record]()
    made = dataclasses.replace(adapted("probe"), initializer=parse("fractals"))
    for needed in list(Resolver(paths).resolve(made).closure().values())[:-1]:
        run(needed.spec, paths)

    def overtaken(self: Probe, *others: Any) -> list[dict[str, Any]]:
        monkeypatch.setattr(Probe, "solve", solve)
        inner.append(run(dataclasses.replace(made, seed=1), paths))  # it writes features and head meanwhile
        return solve(self, *others)

    monkeypatch.setattr(Probe, "solve", overtaken)
    outer = run(made, paths)
    assert outer.data["outcome"] == inner[0].data["outcome"] and outer.data["tried"] == inner[0].data["tried"]
    assert len(list((paths.cache / "heads").iterdir())) == 1
    assert predicted_again(outer, tmp_path)


def test_other_weights_have_other_features(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    scores = {run(dataclasses.replace(adapted("probe"), seed=seed), paths).score for seed in (0, 1)}
    assert len(scores) == 2
    assert len(list((paths.cache / "features").iterdir())) == 6


def test_a_soup_is_the_mean_of_full_fine_tunings_that_are_runs_of_their_own(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    made = dataclasses.replace(adapted("soup(2)", epochs=1), initializer=parse("fractals"))
    resolved = Resolver(paths).resolve(made)
    for needed in list(resolved.closure().values())[:-1]:
        run(needed.spec, paths)
    record = run(made, paths)
    members = [paths.runs / key / "best.safetensors" for key in resolved.identity["members"]]
    first, second = (load_file(path) for path in members)
    for name, tensor in load_file(record.folder / "best.safetensors").items():
        expected = ((first[name].double() + second[name].double()) / 2).to(tensor.dtype)
        torch.testing.assert_close(tensor, expected if tensor.is_floating_point() else first[name], rtol=0, atol=1e-7)
    full = Resolver(paths).resolve(dataclasses.replace(adapted("full", epochs=1), initializer=parse("fractals")))
    assert full.key == resolved.identity["members"][0]
    assert predicted_again(record, tmp_path)
    assert record.data["validation"]["metric"] is not None


def test_networks_that_start_apart_make_no_soup(tmp_path: Path) -> None:
    paths, made = paths_in(tmp_path), adapted("soup(2)", epochs=1)
    told = r"soup\(members=2\) averages networks that start from the same weights, and random is drawn anew"
    with pytest.raises(UsageError, match=told):
        Resolver(paths).resolve(made)
    # What is not known before, such as of a plugin, is seen by the fingerprints of the weights that they started from.
    full = adapted("full", epochs=1)
    members = [run(dataclasses.replace(full, seed=seed), paths) for seed in (0, 1)]
    with pytest.raises(RunError, match="these 2 start from different ones"):
        average(trained_network(members[0]), members)


@pytest.mark.parametrize("moment", ["targets", "probabilities_of"])
def test_a_solved_run_that_is_killed_leaves_no_record_and_ends_alike(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(adapted("probe"), paths_in(tmp_path / "whole"))
    paths = paths_in(tmp_path / "killed")

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(ClassificationModule, moment, die)
        run(adapted("probe"), paths)
    assert not list(paths.runs.glob("*/record.json"))
    assert run(adapted("probe"), paths).data["outcome"] == whole.data["outcome"]
