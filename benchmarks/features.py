"""Extracting features against a bare forward loop, and a probe on kept features against the forward pass it needs.

    python -m benchmarks.features [--dataset EXPR] [--data-root DIR] [--size PIXELS] [--backbone EXPR]
                                  [--rounds N] [--json]

Ours reads the training images of a prepared dataset and computes the backbone's features as a run does whose head is
solved. The peer is a bare loop over batches of tensors that are in memory already. Both use the same network, batches
and threads, and take turns. The probe is solved for ten penalties on the training features once for each of five
seeds, as five runs do; beside it stands the one forward pass over the training images that they share.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.interleaved import rates, ratio
from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.feature_store import FeatureStore
from experiments.run.initialized import initialized
from experiments.run.machine.cores import cores
from experiments.run.participant import normalization_of
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from lightning_modules.adapting.solved import Known, SolvedHead
from lightning_modules.classification import ClassificationModule
from specs.expression import parse
from specs.run import Edition, RunSpec

TARGETS = {"features": 0.95, "probe": 1.2}
"""The least share of the bare loop's speed, and the most times the forward pass, by issue 26 of this project."""

SEEDS = 5
DATASET = 'medmnist("pneumoniamnist")'


def main() -> None:
    """Measure both, and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--dataset", default='medmnist("pneumoniamnist")', metavar="EXPR", help="(default: %(default)s)"
    )
    parser.add_argument("--data-root", type=Path, help="the folder of real datasets; without it images are drawn")
    parser.add_argument("--size", type=int, default=224, metavar="PIXELS", help="(default: %(default)s)")
    parser.add_argument("--backbone", default="efficientnet_lite0", metavar="EXPR", help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args()
    found = measure(options.dataset, options.data_root, options.size, options.backbone, options.rounds)
    print(json.dumps(found, indent=1) if options.json else "\n".join(_words(one) for one in found))


def measure(dataset: str, data: Path | None, size: int, backbone: str, rounds: int) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        dataset: the expression of a classification.
        data: the folder of real datasets; None draws images.
        size: the height and width of the images, in pixels.
        backbone: the expression of the network, whose weights are random.
        rounds: the number of rounds, in each of which both contenders take their turns.
    """
    recipe = dataclasses.replace(recipe_named("compare/classification"), image_size=size, adaptation="probe")
    edition: Edition = "phantom" if data is None else "real"
    spec = RunSpec(
        stage="finetune", dataset=parse(dataset), edition=edition, backbone=parse(backbone),
        initializer=parse("random"), recipe=recipe,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        paths = Paths(data or Path(folder, "data"), Path(folder, "runs"), Path(folder, "prepared"))
        resolved = Resolver(paths).resolve(spec)
        served = ImageDataModule(paths.data_of(spec), recipe, 0)
        network, report = initialized(spec, paths, resolved.needs.__getitem__)
        module = ClassificationModule(network, served.task, recipe, normalization_of(spec)).eval()
        store = FeatureStore(paths.cache, resolved, report.after, torch.device("cpu"))
        torch.set_num_threads(recipe.threads)
        batches = [batch["image"] for batch in served.training_images()]

        def ours() -> int:
            return store.computed(module, served.training_images(), views=False).shape[1]

        def peer() -> int:
            with torch.inference_mode():
                return sum(len(module.backbone(module.normalize(batch))) for batch in batches)

        speeds = rates({"ours": ours, "peer": peer}, rounds)
        features = store.features("train", module, served.training_images(), views=False)[0]
        targets = torch.tensor(served.targets_of("train"), dtype=torch.float32)
        adaptation = module.adaptation
        assert isinstance(adaptation, SolvedHead)
        began = time.perf_counter()
        for _ in range(SEEDS):
            known = Known(store.features("train", module, served.training_images(), views=False)[0], targets)
            solve = partial(adaptation.solve, module.head, known, served.task, lambda _: 0.0)
            store.solution(module, known, known, solve)
        solving = time.perf_counter() - began
    machine = f"{cores()} cores, {recipe.threads} thread a run"
    forward = len(features) / statistics.median(speeds["ours"])
    what = f"{backbone} at {size} pixels, {len(features)} images"
    return [
        {
            "name": f"features of {what}",
            **{who: statistics.median(speed) for who, speed in speeds.items()},
            "unit": "images a second",
            "ratio": ratio(speeds, "ours", "peer"),
            "target": TARGETS["features"],
            "machine": machine,
        },
        {
            "name": f"forward pass and {SEEDS} probes of {len(adaptation.penalties)} penalties, {what}",  # type: ignore[attr-defined]
            "ours": forward + solving,
            "peer": forward,
            "unit": "seconds",
            "ratio": (forward + solving) / forward,
            "target": TARGETS["probe"],
            "machine": machine,
        },
    ]


def _words(found: dict[str, Any]) -> str:
    bound = "at least" if found["unit"] == "images a second" else "at most"
    return (
        f"{found['name']}: ours {found['ours']:.2f}, peer {found['peer']:.2f} {found['unit']}, ratio "
        f"{found['ratio']:.3f} ({bound} {found['target']}); {found['machine']}"
    )


if __name__ == "__main__":
    main()
