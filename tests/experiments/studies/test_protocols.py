"""What is built from every sourced recipe is what its sources say: optimizer, rates, length, selection, views.

The sources are the golden values; formulas are written here. The benchmark's own protocol is in
``benchmark/test_protocol.py``, against torchvision and the official loops.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.prepared.opening import OpenDataset, open_dataset
from experiments.checks.sources import publications
from experiments.run.participant import lightning_trainer, normalization_of
from experiments.run.training import EpochEnd
from experiments.studies.transfusion.networks import PAPER
from experiments.studies.transfusion.tasks import chest_recipe, retina_recipe
from lightning_modules.layer_adaptation import Larc, Lars
from lightning_modules.self_supervision.method import Method
from specs.expression import parse
from specs.recipe import Recipe
from specs.registry import DATASETS, METHODS
from specs.run import RunSpec
from specs.sources import AllOurs
from tests.experiments.studies.protocol import Scripted, carried_out, rates

Golden = Mapping[str, Any]

SOURCED: dict[str, tuple[Recipe, Golden]] = {
    one.name: (one.recipe, {path: source.value for path, source in one.declared.items()})
    for publication in publications()
    for one in publication.recipes
    if not isinstance(one.declared, AllOurs)
}
"""Recipes with the values that their sources vouch for."""

every = pytest.mark.parametrize("name", SOURCED)


def of_each_parameter(optimizer: torch.optim.Optimizer, module: Scripted) -> dict[str, dict[str, Any]]:
    """The settings that the optimizer has for the layer's weight and for its bias."""
    names = {parameter: name for name, parameter in module.layer.named_parameters()}
    found = [(names[parameter], group) for group in optimizer.param_groups for parameter in group["params"]]
    assert sorted(name for name, _ in found) == ["bias", "weight"]  # each once
    return dict(found)


@every
def test_the_optimizer_is_the_one_that_is_vouched_for(name: str) -> None:
    recipe, golden = SOURCED[name]
    module = Scripted(recipe, [])
    optimizer = module.configure_optimizers()
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD, "lars": Lars, "larc": Larc}
    kind = golden["optimizer.name"]
    assert type(optimizer) is kinds[kind]
    first = 1.0
    if golden["schedule.name"] == "cosine" and (warmup := golden["schedule.warmup_epochs"]):
        first = 1 / (warmup + 1)
    expected = {"lr": first * golden["optimizer.learning_rate"], "weight_decay": golden["optimizer.weight_decay"]}
    if kind in ("adam", "adamw"):
        expected |= {"eps": 1e-8, "amsgrad": False, "maximize": False}
        assert optimizer.param_groups[0]["betas"] == (0.9, golden.get("optimizer.beta2", 0.999))
    else:
        expected |= {"momentum": golden["optimizer.momentum"]}
    expected |= {"nesterov": False, "dampening": 0} if kind == "sgd" else {}
    expected |= {"trust": golden["optimizer.trust"], "adapted": True} if kind in ("lars", "larc") else {}
    expected |= {"classic": golden["optimizer.classic_momentum"]} if kind == "lars" else {}
    of_bias = dict(expected)
    if kind == "lars":  # neither adapted nor decayed
        rate = golden["optimizer.bias_learning_rate"] or golden["optimizer.learning_rate"]
        of_bias |= {"lr": first * rate, "adapted": False}
        del of_bias["weight_decay"]
    if kind in ("sgd", "adamw") and golden.get("optimizer.decayed") == "weights":
        of_bias |= {"weight_decay": 0.0}
    found = of_each_parameter(optimizer, module)
    for parameter, settings in (("weight", expected), ("bias", of_bias)):
        assert {setting: found[parameter][setting] for setting in settings} == pytest.approx(settings)


def expected_rates(golden: Golden, epochs: int) -> list[float]:
    """The learning rate of each epoch, by the formulas; every score is the same as the one before."""
    rate, last = golden["optimizer.learning_rate"], golden["epochs"]

    def share(epoch: int) -> float:
        match golden["schedule.name"]:
            case "constant":
                return 1.0
            case "multi_step":
                passed = [milestone for milestone in golden["schedule.milestones"] if milestone <= epoch]
                return float(golden["schedule.factor"] ** len(passed))
            case "plateau":  # the first of equal scores is the best; the next ones wait
                return float(golden["schedule.factor"] ** max(0, (epoch - 1) // (golden["schedule.patience"] + 1)))
        warmup, final = golden["schedule.warmup_epochs"], golden["schedule.final"]
        if epoch < warmup:
            return float((epoch + 1) / (warmup + 1))
        return float(final + (1 - final) * (1 + math.cos(math.pi * (epoch - warmup) / (last - warmup))) / 2)

    return [rate * share(epoch) for epoch in range(epochs)]


@every
def test_the_rate_of_every_epoch_is_that_of_the_schedule(name: str) -> None:
    recipe, golden = SOURCED[name]
    epochs = 60 if golden["schedule.name"] == "plateau" else golden["epochs"]
    assert rates(recipe, epochs) == pytest.approx(expected_rates(golden, epochs))


def test_the_published_rates_at_their_turning_points() -> None:
    def found(name: str) -> list[float]:
        return rates(SOURCED[name][0], SOURCED[name][1]["epochs"])

    moco = found("ssl/moco_v1")
    assert (moco[119], moco[120], moco[159], moco[160]) == pytest.approx((0.03, 0.003, 0.003, 0.0003))
    swav = found("ssl/swav")
    assert (max(swav), swav.index(max(swav)), len(swav)) == (4.8, 10, 800)
    assert 0.0048 < swav[-1] < 0.0049
    assert found("supervised/imagenet")[29::30] == pytest.approx([0.1, 0.01, 0.001])
    assert set(found("transfusion/retina")) == {1e-3}


@every
def test_as_many_epochs_are_trained_as_are_vouched_for_in_full_precision(name: str, tmp_path: Path) -> None:
    recipe, golden = SOURCED[name]
    trainer = lightning_trainer(recipe, EpochEnd(recipe, 0, tmp_path, lambda done, of: None), tmp_path)
    assert (trainer.max_epochs, trainer.precision) == (golden["epochs"], "32-true")
    assert (trainer.check_val_every_n_epoch, trainer.accumulate_grad_batches, trainer.gradient_clip_val) == (1, 1, None)


ENDINGS = sorted({(golden["selection"], golden["early_stopping"]) for _, golden in SOURCED.values()}, key=str)
ELSEWHERE = [("loss", 11), ("loss", 21)]
"""Those of the benchmark, which its own file tests."""


@pytest.mark.parametrize(("selection", "patience"), [ending for ending in ENDINGS if ending not in ELSEWHERE])
def test_the_best_epoch_is_kept_and_patience_ends_at_its_last_epoch(
    selection: str, patience: int | None, tmp_path: Path
) -> None:
    """An equal score is no better one; the score improves once more at the last moment."""
    recipe = next(
        recipe
        for recipe, golden in SOURCED.values()
        if (golden["selection"], golden["early_stopping"]) == (selection, patience)
    )
    waiting = (patience or 4) - 1
    losses = [0.5, *[0.5] * waiting, 0.4, *[0.4] * ((patience or 4) + 5)]
    scores = [1 - loss for loss in losses] if selection == "metric" else losses
    if patience is None:
        recipe = dataclasses.replace(recipe, epochs=len(scores))
    end = carried_out(recipe, scores, tmp_path / "run")
    best, trained = waiting + 1, len(scores) if patience is None else waiting + 2 + patience
    assert len(end.rows) == trained
    assert end.best_epoch == (trained - 1 if selection == "last" else best)


def test_all_ways_to_end_are_among_them() -> None:
    assert [("last", None), *ELSEWHERE, ("metric", 10), ("metric", None)] == ENDINGS


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> OpenDataset:
    folder = tmp_path_factory.mktemp("phantoms")
    root = ensure_phantom(parse("fractals"), folder)
    return open_dataset(DATASETS.build("fractals"), "fractals", root, folder / "prepared", root.name)


@pytest.mark.parametrize("name", [name for name in SOURCED if name.startswith("ssl/")])
def test_a_batch_has_the_views_that_are_vouched_for(name: str, drawn: OpenDataset) -> None:
    recipe, golden = SOURCED[name]
    method: Method = METHODS.build(name.partition("/")[2])
    data = ImageDataModule(drawn, dataclasses.replace(recipe, batch_size=2, stored_size=64), 0, views=method.views)
    batch = next(iter(data.train_dataloader()))
    sizes = [view.shape[2] for view in batch["views"]]
    if "views.0.count" not in golden:
        assert sizes == [golden["image_size"]] * method.views
    else:
        kinds = [path.removesuffix(".count") for path in golden if path.endswith(".count")]
        assert sizes == [golden[f"{kind}.image_size"] for kind in kinds for _ in range(golden[f"{kind}.count"])]
    assert all(view.shape[0] == 2 for view in batch["views"])


def test_transfusion_trains_as_many_steps_as_its_figures_show_and_validates_every_thousand() -> None:
    steps = {
        name: golden["epochs"] * golden["interval"]
        for name, (_, golden) in SOURCED.items()
        if name in ("transfusion/retina", "transfusion/chest")
    }
    assert steps == {"transfusion/retina": 150_000, "transfusion/chest": 100_000}
    small = SOURCED["transfusion/retina_small"][1]
    assert small["epochs"] * (5000 // small["batch_size"]) == 62_500
    assert small["interval"] is None


@pytest.mark.parametrize("network", PAPER, ids=lambda network: network.label)
def test_every_initialization_of_a_network_of_transfusion_sees_the_same_input(network: Any) -> None:
    halves, photographs = ((0.5,) * 3, (0.5,) * 3), ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    for recipe in (retina_recipe("paper"), retina_recipe("paper", few=True), chest_recipe("paper")):
        column = network.column("any", "eyepacs", recipe)
        for initializer in ("random", network.source, f"mean_var({network.source})"):
            made = RunSpec(
                stage="finetune",
                dataset=parse("eyepacs"),
                edition="real",
                backbone=parse(network.backbone),
                initializer=parse(initializer),
                recipe=column.recipe,
            )
            found = normalization_of(made)
            assert (found.mean, found.std) == (halves if network.label == "Inception-v3" else photographs)
