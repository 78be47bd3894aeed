"""How much of the score hangs on each stage's training, where that is known."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from backbones.networks.contract import Backbone
from experiments.measures import reinitialization
from experiments.measures.reinitialization import sensitivity
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.restored import restore
from experiments.run.runner import run
from experiments.run.store import Record
from tests.experiments.finished import (
    NETWORK,
    PRETRAINED,
    STAGES,
    stage_of,
    start_of,
    weights_of,
    with_weights,
)
from tests.experiments.smoke import spec


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_nothing_hangs_on_stages_that_are_where_they_began(record: Record, where: Paths, copies: Path) -> None:
    untrained = with_weights(record, start_of(record, where), copies)
    found = sensitivity(untrained, where)
    assert found["intact"] is not None
    assert {stage: found[stage] for stage in STAGES} == dict.fromkeys(STAGES, 0)


@pytest.mark.parametrize("only", ["conv1", "layer3"])
def test_where_one_stage_was_trained_the_score_falls_to_that_of_the_untrained_network(
    only: str, record: Record, where: Paths, copies: Path
) -> None:
    start = start_of(record, where)
    others = {name: tensor for name, tensor in start.items() if stage_of(name) != only}
    trained = sensitivity(with_weights(record, others, copies / "one"), where)
    untrained = sensitivity(with_weights(record, start, copies / "none"), where)
    assert trained[only] == trained["intact"] - untrained["intact"] != 0
    assert {trained[stage] for stage in STAGES if stage != only} == {0}


def test_a_trained_network_falls_when_a_stage_goes_back_to_weights_that_the_others_do_not_know(
    record: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The score by scikit-learn, of the network put together and its statistics averaged by hand."""
    other = restore(record, where).module.backbone
    other.network.load_state_dict(other.draw(torch.Generator().manual_seed(7)))
    monkeypatch.setattr(reinitialization, "before_training", lambda *_: other)
    found = sensitivity(record, where)
    assert found["intact"] == pytest.approx(by_hand(record, where, other, None), abs=1e-6)
    assert min(found[stage] for stage in STAGES) > 0.02
    for stage in ("conv1", "layer2"):
        assert found["intact"] - found[stage] == pytest.approx(by_hand(record, where, other, stage), abs=1e-6)


def by_hand(record: Record, where: Paths, other: Backbone, stage: str | None) -> float:
    """The AUROC after one stage's parameters were replaced: means of the batches' statistics, layer by layer."""
    network = restore(record, where)
    module = network.module
    for (name, own), given in zip(module.backbone.network.named_parameters(), other.network.parameters(), strict=True):
        if stage_of(NETWORK + name) == stage:
            own.data = given.data
    seen: dict[nn.BatchNorm2d, list[tuple[Tensor, Tensor]]] = {}

    def see(layer: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        seen.setdefault(layer, []).append((inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))))

    layers = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(see) for layer in layers]
    module.train()
    with torch.no_grad():
        for batch in network.data.training_images():
            module(batch["image"])
    for hook in hooks:
        hook.remove()
    for layer, batches in seen.items():
        for name, values in zip(("running_mean", "running_var"), zip(*batches, strict=True), strict=True):
            setattr(layer, name, torch.stack(values).mean(dim=0))
    module.eval()
    with torch.no_grad():
        tested = [(module(batch["image"]), batch["target"]) for batch in network.data.test_dataloader()]
    logits, targets = (torch.cat(parts) for parts in zip(*tested, strict=True))
    return float(roc_auc_score(targets, logits))


def test_a_run_on_disk_stays_as_it_was(record: Record, where: Paths) -> None:
    before = digests(record.folder)
    sensitivity(record, where)
    assert digests(record.folder) == before


def other_statistics(record: Record) -> dict[str, Tensor]:
    return {name: torch.full_like(tensor, 3) for name, tensor in weights_of(record).items() if "running" in name}


def test_the_runs_own_statistics_of_batch_norm_do_not_matter(record: Record, where: Paths, copies: Path) -> None:
    other = with_weights(record, other_statistics(record), copies)
    assert sensitivity(other, where) == sensitivity(record, where)


def test_neither_do_those_of_a_decoder(where: Paths, copies: Path) -> None:
    recipe = dataclasses.replace(recipe_named("phantom/smoke_segmentation"), epochs=1)
    record = run(spec(dataset="drive", recipe=recipe), where)
    other = other_statistics(record)
    assert any(name.startswith("decoder.") for name in other)
    found = sensitivity(with_weights(record, other, copies), where)
    assert found == sensitivity(record, where)
    assert found["intact"] > 0


@pytest.mark.usefixtures("transferred")
def test_a_network_whose_head_alone_was_trained_keeps_its_score_and_hangs_on_no_stage(where: Paths) -> None:
    record = run(spec(PRETRAINED, recipe=dataclasses.replace(spec().recipe, adaptation="head", epochs=2)), where)
    assert sensitivity(record, where) == {**dict.fromkeys(STAGES, 0), "intact": record.score}
