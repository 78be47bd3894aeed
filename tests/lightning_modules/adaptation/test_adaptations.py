"""Every adaptation: what it trains, what it leaves alone to the bit, and that it ends as a network like any other."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from backbones.networks.contract import Backbone
from lightning_modules.adapting.contract import Adaptation
from lightning_modules.adapting.norm_layers import parameters_of_norms
from lightning_modules.supervised import SupervisedModule
from lightning_modules.task_module import supervised_module
from specs.card import UNIT
from specs.errors import UsageError
from specs.recipe import Recipe
from specs.recipe_parts import SGD, Adam, MultiStep
from specs.registry import ADAPTATIONS, BACKBONES
from specs.task import Task

FINDINGS = Task("multilabel", ("a", "b"))
VESSEL = Task("segmentation", ("vessel",))

CONVOLUTIONAL, TRANSFORMER = "tiny(width=4)", 'timm("vit_tiny_patch16_224", image_size=16, patch_size=8)'

EXAMPLES = {"freeze": {CONVOLUTIONAL: 'freeze("layer1")', TRANSFORMER: 'freeze("blocks.9")'}}
"""The expressions of adaptations that cannot be made without arguments, by backbone."""

NOT_BY_STEPS = ("knn", "probe", "soup")
TRAINED = [name for name in ADAPTATIONS.entries if name not in NOT_BY_STEPS]


def expression(name: str, backbone: str) -> str:
    return EXAMPLES.get(name, {}).get(backbone, name)


def module(adaptation: str, backbone: str = CONVOLUTIONAL, task: Task = FINDINGS, **changes: Any) -> SupervisedModule:
    torch.manual_seed(0)
    settings: dict[str, Any] = {"image_size": 16, "batch_size": 8, "epochs": 2, "optimizer": Adam(1e-2)} | changes
    return supervised_module(BACKBONES.build(backbone), task, Recipe(**settings, adaptation=adaptation), UNIT)


def batch(task: Task = FINDINGS) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    image = torch.from_numpy(generator.integers(0, 256, (8, 1, 16, 16), dtype=np.uint8))
    made: dict[str, Any] = {"image": image, "index": torch.arange(8)}
    if task.kind == "segmentation":
        return made | {"mask": (image > 150).byte()}
    return made | {"target": torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(4, 1)}


def fitted(learner: SupervisedModule, task: Task = FINDINGS) -> None:
    data: Any = DataLoader([batch(task)] * 2, batch_size=None)  # type: ignore[arg-type]
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    pl.Trainer(**quiet, accelerator="cpu", max_epochs=2, enable_model_summary=False, num_sanity_val_steps=0).fit(
        learner, data, data
    )


def may_change(adaptation: Adaptation, backbone: Backbone, name: str) -> bool:
    """Whether a tensor of the backbone belongs to what the adaptation says that it changes, by its documentation."""
    parameter = name in dict(backbone.network.named_parameters())
    match type(adaptation).__name__:
        case "Full" | "LayerDecay" | "WiseFt":
            return True
        case "Head":
            return False
        case "Lora":
            return name.endswith(".weight") and backbone.weights()[name].ndim > 1
        case "Norms":
            return name in parameters_of_norms(backbone.network) or not parameter
        case "Freeze":
            stages = [stage.name for stage in backbone.stages]
            return stages.index(backbone.stage_of(name)) > stages.index(adaptation.through)  # type: ignore[attr-defined]
    raise AssertionError(f"say here what {adaptation} changes")


@pytest.mark.parametrize("backbone", [CONVOLUTIONAL, TRANSFORMER])
@pytest.mark.parametrize("name", TRAINED)
def test_what_is_not_trained_stays_as_it_is_to_the_bit(name: str, backbone: str) -> None:
    learner = module(expression(name, backbone), backbone)
    before = {key: tensor.clone() for key, tensor in learner.backbone.weights().items()}
    head = copy.deepcopy(learner.head.state_dict())  # type: ignore[union-attr]
    fitted(learner)
    learner.finish()
    after = learner.backbone.weights()
    assert list(after) == list(before)
    changed = {key for key in after if not torch.equal(after[key], before[key])}
    allowed = {key for key in after if may_change(learner.adaptation, learner.backbone, key)}
    assert changed <= allowed
    weights = {key for key in allowed if key in dict(learner.backbone.network.named_parameters())}
    assert len(changed & weights) >= len(weights) / 2  # keys' biases in attention, for one, have no gradient
    assert not torch.equal(head["1.weight"], learner.head[1].weight)  # type: ignore[index, union-attr]


@pytest.mark.parametrize("name", TRAINED)
def test_a_finished_network_loads_into_one_that_was_never_adapted(name: str) -> None:
    learner = module(expression(name, CONVOLUTIONAL))
    fitted(learner)
    learner.finish()
    fresh = module("full")
    fresh.load_state_dict(learner.state_dict())
    with torch.no_grad():
        image = batch()["image"]
        assert torch.equal(learner.eval()(image), fresh.eval()(image))


@pytest.mark.parametrize("name", TRAINED)
def test_beginning_changes_no_output(name: str) -> None:
    learner = module(expression(name, TRANSFORMER), TRANSFORMER).eval()
    with torch.no_grad():
        before = learner(batch()["image"])
        learner.adapt()
        assert torch.equal(learner(batch()["image"]), before)


@pytest.mark.parametrize("name", TRAINED)
def test_segmentation_is_adapted_too(name: str) -> None:
    learner = module(expression(name, CONVOLUTIONAL), task=VESSEL)
    decoder = copy.deepcopy(learner.decoder.state_dict())  # type: ignore[union-attr]
    fitted(learner, VESSEL)
    assert any(not torch.equal(decoder[key], tensor) for key, tensor in learner.decoder.state_dict().items())  # type: ignore[union-attr]


def test_merged_updates_compute_what_they_did_apart() -> None:
    learner = module("lora(rank=2)", TRANSFORMER).double()
    learner.adapt()
    for name, parameter in learner.backbone.named_parameters():
        if name.endswith(".up"):
            torch.nn.init.normal_(parameter)
    image = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        apart = learner.eval().backbone(image)
        assert learner.finish()
        merged = learner.backbone(image)
    torch.testing.assert_close(merged, apart, rtol=1e-12, atol=1e-12)
    assert not any("parametrizations" in name for name in learner.state_dict())


@pytest.mark.parametrize(("layer", "rank"), [(torch.nn.Linear(6, 4), 2), (torch.nn.Conv2d(4, 8, 3, groups=2), 3)])
def test_an_update_has_its_rank_and_its_formula(layer: torch.nn.Module, rank: int) -> None:
    from lightning_modules.adapting.low_rank import add_updates, merge_updates

    weight: Tensor = layer.weight.detach().clone()  # type: ignore[operator, union-attr]
    add_updates(layer, rank, alpha=6.0)
    update = layer.parametrizations.weight[0]  # type: ignore[union-attr, index]
    torch.nn.init.normal_(update.up)  # type: ignore[arg-type, union-attr]
    up, down = update.up.detach(), update.down.detach()  # type: ignore[operator, union-attr]
    merge_updates(layer)
    difference = (layer.weight.detach() - weight).flatten(1)  # type: ignore[operator, union-attr]
    torch.testing.assert_close(difference, 6.0 / rank * up @ down, atol=1e-6, rtol=1e-4)
    assert int(torch.linalg.matrix_rank(difference.double(), atol=1e-5)) == rank


def test_a_depthwise_layers_update_is_no_larger_than_its_kernel() -> None:
    from lightning_modules.adapting.low_rank import LowRankUpdate

    update = LowRankUpdate(torch.zeros(32, 1, 3, 3), rank=64, alpha=1.0)
    assert update.up.shape == (32, 9) and update.down.shape == (9, 9)


def test_the_ends_of_wise_ft_are_its_ends() -> None:
    ends = {share: module(f"wise_ft({share})") for share in (0.0, 0.5, 1.0)}
    start = {name: tensor.clone() for name, tensor in ends[0.0].backbone.weights().items()}
    full = module("full")
    for learner in (*ends.values(), full):
        fitted(learner)
        learner.finish()
    for name, tensor in full.backbone.weights().items():
        found = {share: learner.backbone.weights()[name] for share, learner in ends.items()}
        assert torch.equal(found[1.0], tensor)
        if tensor.is_floating_point():
            assert torch.equal(found[0.0], start[name])
            torch.testing.assert_close(found[0.5], (start[name] + tensor) / 2)


@pytest.mark.parametrize(("backbone", "stages"), [(CONVOLUTIONAL, None), (TRANSFORMER, 12)])
def test_layer_decay_gives_each_parameter_the_rate_by_the_formula(backbone: str, stages: int | None) -> None:
    learner = module("layer_decay(0.5)", backbone, optimizer=SGD(0.8, 0.9, 1e-4, "weights"))
    groups = learner.configure_optimizers().param_groups
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    names = [stage.name for stage in learner.backbone.stages]
    assert stages in (None, len(names))
    for name, parameter in learner.backbone.network.named_parameters():
        depth = len(names) - names.index(learner.backbone.stage_of(name))
        assert rates[id(parameter)] == pytest.approx(0.8 * 0.5**depth)
    assert all(rates[id(parameter)] == 0.8 for parameter in learner.head.parameters())  # type: ignore[union-attr]
    assert sum(len(group["params"]) for group in groups) == len(list(learner.parameters()))
    assert groups[0]["lr"] == 0.8
    assert {group["weight_decay"] for group in groups} == {0.0, 1e-4}


def test_a_schedule_lowers_all_rates_alike() -> None:
    learner = module("layer_decay(0.5)", schedule=MultiStep((1,), 0.1))
    optimizer = learner.configure_optimizers()
    before = [group["lr"] for group in optimizer.param_groups]
    optimizer.step()
    learner.schedule.step(0.0)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1 * rate for rate in before])


@pytest.mark.parametrize(
    ("adaptation", "message"),
    [
        ('freeze("layer9")', 'unknown stage of this network: "layer9"'),
        ('freeze("layer3")', "layer3 is the last stage"),
        ("lora(rank=0)", "a rank of at least 1 and an alpha above 0, found 0"),
        ("layer_decay(1.5)", r"the factor must be in \(0, 1\], found 1.5"),
        ("wise_ft(2)", r"the share must be in \[0, 1\], found 2"),
        ("soup(1)", "expected 2 or more members, found 1"),
        ("probe(penalties=[])", r"one or more penalties above 0, found \[\]"),
        ("knn(neighbours=[0])", r"one or more numbers of neighbours, found \[0\]"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(adaptation: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        module(adaptation).adapt()


def test_a_network_without_norms_or_layers_is_refused() -> None:
    for adaptation, message in (("norms", "no normalization layer"), ("lora", "neither linear nor convolutional")):
        bare = module("full")
        bare.backbone.network = torch.nn.ReLU()
        bare.adaptation = ADAPTATIONS.build(adaptation)
        with pytest.raises(UsageError, match=message):
            bare.adapt()


@pytest.mark.parametrize("name", ["probe", "knn"])
def test_a_solved_head_is_for_images_and_not_for_pixels(name: str) -> None:
    with pytest.raises(UsageError, match="finds one answer for each image"):
        module(name, task=VESSEL)


@pytest.mark.parametrize("name", NOT_BY_STEPS)
def test_what_no_step_of_a_trainer_does_is_refused_there(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is not done by a trainer's steps"):
        fitted(module(name))
