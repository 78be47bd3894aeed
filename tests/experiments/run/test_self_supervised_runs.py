"""One run of a self-supervised method: the same weights whatever stops it, and those that the method keeps."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from experiments.run.recipes import recipe_named
from experiments.run.runner import run
from experiments.run.store import BEST, WEIGHTS
from specs.errors import UsageError
from specs.expression import parse
from specs.run import RunSpec
from tests.experiments.run.test_runner import Killed, killed_after, metrics
from tests.experiments.smoke import paths_in, spec
from tests.lightning_modules.distributed_methods import networks_of


def pretraining(method: str, interval: int | None) -> RunSpec:
    recipe = recipe_named(f"phantom_ssl/{method}")
    recipe = dataclasses.replace(recipe, epochs=4, image_size=16, batch_size=32, interval=interval)
    if method.startswith("pcl"):
        recipe = dataclasses.replace(recipe, method=str(recipe.method).replace("warmup=3", "warmup=1"))
    return spec(
        dataset="fractals(classes=3, per_class=30, size=16)",
        stage="pretrain",
        recipe=recipe,
        backbone=parse(networks_of(method)[0]),
    )


RESUMED = ("moco_v2", "insdis", "pcl_v1", "deepcluster_v2", "byol", "simsiam", "dino", "mae")
WAYS: list[tuple[str, int | None]] = [(method, None) for method in RESUMED]
WAYS += [(method, 1) for method in ("moco_v2", "deepcluster_v2", "byol")]


@pytest.mark.parametrize(("method", "interval"), WAYS)
def test_a_killed_self_supervised_pretraining_goes_on_to_the_same_weights(
    method: str, interval: int | None, tmp_path: Path
) -> None:
    """With a queue, a memory bank, clusters, a momentum encoder, a center, masks or a held learning rate."""
    made = pretraining(method, interval)
    undisturbed = run(made, paths_in(tmp_path / "undisturbed"))
    with pytest.raises(Killed):
        run(made, paths_in(tmp_path / "killed"), report=killed_after(2))  # type: ignore[arg-type]
    resumed = run(made, paths_in(tmp_path / "killed"), workers=2)
    assert resumed.data["outcome"] == undisturbed.data["outcome"]
    assert metrics(resumed) == metrics(undisturbed)
    rows = [json.loads(line) for line in metrics(resumed).splitlines()]
    assert interval is None or [row["step"] for row in rows] == [interval * done for done in (1, 2, 3, 4)]
    assert all(row["embedding_rank"] > 1 and 0 <= row["validation_metric"] <= 1 for row in rows)
    assert resumed.data["outcome"]["scores"]["embedding_rank"] == rows[-1]["embedding_rank"]
    assert resumed.data["collapsed"] == (rows[-1]["embedding_rank"] < 1.5)


@pytest.mark.parametrize(("method", "kept"), [("simsiam", "online"), ("dino", "target.network")])
def test_the_weights_that_a_method_keeps_are_written(method: str, kept: str, tmp_path: Path) -> None:
    """Of DINO these are the teacher's."""
    record = run(pretraining(method, None), paths_in(tmp_path))
    weights, state = load_file(record.file(WEIGHTS)), load_file(record.file(BEST))
    prefix = f"learner.{kept}.backbone.network."
    assert set(weights) == {name.removeprefix(prefix) for name in state if name.startswith(prefix)}
    assert all(torch.equal(tensor, state[prefix + name]) for name, tensor in weights.items())


def test_masked_autoencoding_of_a_convolutional_network_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    made = dataclasses.replace(pretraining("mae", None), backbone=parse("tiny(width=4)"))
    with pytest.raises(UsageError, match="mae needs the patches of a plain vision transformer"):
        run(made, paths_in(tmp_path))
    assert not list(tmp_path.rglob("record.json"))
