"""The contract of every self-supervised method; a new one inherits it by being registered with a phantom recipe."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from safetensors.torch import save_file
from torch import Tensor

from datamodules.pipeline.lightning import ImageDataModule
from experiments.run.recipes import recipe_named
from lightning_modules.self_supervised import SelfSupervisedModule, nearest_neighbours, spread
from lightning_modules.self_supervision.learner import Learner
from lightning_modules.self_supervision.method import Method
from specs.card import UNIT
from specs.expression import parse
from specs.recipe import Recipe
from specs.registry import BACKBONES, METHODS
from specs.task import Task
from tests.experiments.smoke import paths_in
from tests.lightning_modules.distributed_methods import networks_of, view_sizes

FAMILIES = {
    "instance discrimination", "jigsaw", "clustering", "clustering with contrastive learning",
    "mutual information reduction", "redundancy reduction", "self-distillation", "masked autoencoding",
}  # fmt: skip
SAMPLES = 40
every_method = pytest.mark.parametrize("name", list(METHODS.entries))


def method(name: str) -> Method:
    settings = recipe_named(f"phantom_ssl/{name}").method
    assert settings is not None
    built: Method = METHODS.build(settings)
    return built


def ready(name: str, backbone: str | None = None) -> Learner:
    """A learner at the start of its sixth epoch, when all of its parts are at work."""
    torch.manual_seed(1)
    made = method(name).learner(BACKBONES.build(backbone or networks_of(name)[0]), SAMPLES)
    images = torch.randn(SAMPLES, 3, 16, 16)

    def every_image(rows_of: object) -> Tensor:
        with torch.no_grad():
            rows: Tensor = rows_of(images)  # type: ignore[operator]
            return rows

    for epoch in (0, 5):
        made.before_epoch(epoch, every_image, torch.Generator().manual_seed(epoch))
    return made


def batch(name: str, rows: int = 12) -> tuple[list[Tensor], Tensor]:
    views = [torch.randn(rows, 3, size, size) for size in view_sizes(name)]
    return views, torch.randperm(SAMPLES)[:rows]


def test_there_are_the_fourteen_of_the_benchmark_and_four_more() -> None:
    assert set(METHODS.entries) == {
        "insdis", "moco_v1", "moco_v2", "simclr_v1", "simclr_v2", "byol", "pirl", "deepcluster_v2", "sela_v2", "pcl_v1",
        "pcl_v2", "swav", "infomin", "barlow_twins", "simsiam", "vicreg", "dino", "mae",
    }  # fmt: skip


@every_method
def test_it_has_a_family_a_paper_and_a_phantom_recipe_of_its_own(name: str) -> None:
    made = method(name)
    assert made.family in FAMILIES
    assert "https://" in made.paper
    recipe = recipe_named(f"phantom_ssl/{name}")
    assert recipe.selection == "last"
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert isinstance(METHODS.build(name), Method)  # the paper's settings


def test_a_methods_file_with_its_recipes_is_read_without_torch() -> None:
    code = (
        "import sys\n"
        "from specs.registry import METHODS\n"
        "made = {name: METHODS.build(name) for name in METHODS.entries}\n"
        "assert all(method.published and method.phantom for method in made.values())\n"
        "assert 'torch' not in sys.modules"
    )
    project = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True, timeout=60)


@pytest.mark.parametrize(("name", "backbone"), [(name, one) for name in METHODS.entries for one in networks_of(name)])
def test_a_step_lowers_the_loss_of_its_batch_and_trains_the_whole_backbone(name: str, backbone: str) -> None:
    made = ready(name, backbone)
    views, index = batch(name)
    optimizer = torch.optim.Adam(made.parameters(), 3e-3)
    losses = []
    for _ in range(8):
        torch.manual_seed(9)  # the same negatives and puzzles
        loss = made.loss(views, index)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    idle = [key for key, one in made.backbone.named_parameters() if one.grad is None or not one.grad.any()]
    # A bias before a batch normalization has a gradient of rounding errors only.
    assert [key for key in idle if not key.endswith("bias")] == []


@every_method
def test_nothing_flows_into_what_follows_or_is_assigned(name: str) -> None:
    made = ready(name)
    made.loss(*batch(name)).backward()
    for key, one in made.named_parameters():
        if key.startswith(("slow.", "target.", "target_outputs.")):
            assert one.grad is None
            assert not one.requires_grad
    assert all(not buffer.requires_grad for buffer in made.buffers())


@pytest.mark.parametrize("name", ["moco_v1", "moco_v2", "infomin", "pcl_v1", "pcl_v2", "byol", "dino"])
def test_the_slow_network_moves_by_exactly_its_share(name: str) -> None:
    made = ready(name)
    slow = made.target if name in ("byol", "dino") else made.slow
    before = {key: one.clone() for key, one in slow.network.named_parameters()}  # type: ignore[union-attr, operator]
    with torch.no_grad():
        for one in made.online.parameters():
            one.add_(torch.randn_like(one))
    made.after_step(0.25)
    momentum: float = made.momentum  # type: ignore[assignment]
    if name in ("byol", "dino"):  # 1 - (1 - m) (cos(pi k / K) + 1) / 2
        momentum = 1 - (1 - momentum) * (2**-0.5 + 1) / 2
    online = dict(made.online.named_parameters())
    for key, one in slow.network.named_parameters():  # type: ignore[union-attr, operator]
        expected = momentum * before[key].double() + (1 - momentum) * online[key].double()
        assert torch.allclose(one.double(), expected, rtol=0, atol=1e-6)


@every_method
def test_all_that_training_changes_is_in_the_state(name: str, tmp_path: Path) -> None:
    """So a checkpoint holds it, and safetensors can, which takes no tensors that share memory."""
    made, twin = ready(name), ready(name)
    for step in range(3):
        torch.manual_seed(step)
        made.loss(*batch(name)).backward()
        made.after_step(0.1)
    save_file({key: value.contiguous() for key, value in made.state_dict().items()}, tmp_path / "state.safetensors")
    twin.load_state_dict(made.state_dict())
    assert {key for key in made.state_dict() if key.startswith("online.backbone.")}
    torch.manual_seed(7)
    arguments = batch(name)
    losses = []
    for one in (made, twin):
        torch.manual_seed(8)
        losses.append(one.loss(*arguments).item())
    assert losses[0] == losses[1]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Tensor]], ...]:
    """What one process and two found on the same global batch."""
    folder, found = tmp_path_factory.mktemp("worlds"), []
    project = Path(__file__).resolve().parents[2]
    for world in (1, 2):
        command = [sys.executable, "-m", "tests.lightning_modules.distributed_methods", str(folder)]
        ranks = [
            subprocess.Popen([*command, str(rank), str(world)], cwd=project, stderr=subprocess.PIPE, text=True)
            for rank in range(world)
        ]
        errors = [rank.communicate(timeout=300)[1] for rank in ranks]
        assert all(rank.returncode == 0 for rank in ranks), errors
        found.append(torch.load(folder / f"world-{world}.pt", weights_only=True))
    return tuple(found)


@every_method
def test_two_processes_have_the_loss_gradients_and_state_of_one(
    name: str, worlds: tuple[dict[str, dict[str, Tensor]], ...]
) -> None:
    one, two = (world[name] for world in worlds)
    assert set(one) == set(two)
    assert any(key.startswith("online.backbone") for key in one)
    for key, value in one.items():
        assert torch.allclose(value.double(), two[key].double(), rtol=1e-9, atol=1e-11), key


def test_groups_have_the_same_statistics_in_one_process_and_in_two(
    worlds: tuple[dict[str, dict[str, Tensor]], ...],
) -> None:
    """He et al. 2020, section 3.3: queries and shuffled keys, with batch normalization at work."""
    one, two = (world["in groups"] for world in worlds)
    statistics = ("running_mean", "running_var", "num_batches_tracked")  # which each process has of its own groups
    compared = [key for key in one if not key.endswith(statistics)]
    assert {"loss", "after step: queue.keys"} < set(compared)
    for key in compared:
        assert torch.allclose(one[key].double(), two[key].double(), rtol=1e-9, atol=1e-11), key


def test_keys_are_computed_among_strangers_and_come_back(worlds: tuple[dict[str, dict[str, Tensor]], ...]) -> None:
    """Shuffling BN (He et al. 2020, section 3.3): each row's result returns, some of them from the other process."""
    one, two = (world["shuffling"]["results"] for world in worlds)
    assert one.tolist() == [[float(row), 0.0] for row in range(8)]
    assert two[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert set(two[:, 1].tolist()) == {0.0, 1.0}


def test_spread_and_collapse_are_told() -> None:
    generator = torch.Generator().manual_seed(0)
    wide = torch.nn.functional.normalize(torch.randn(2000, 16, generator=generator), dim=1)
    std, rank = spread(wide)
    assert std == pytest.approx(1, abs=0.02)
    assert rank == pytest.approx(16, abs=0.2)
    point = torch.nn.functional.normalize(torch.ones(50, 16) + 1e-4 * torch.randn(50, 16, generator=generator), dim=1)
    assert spread(point)[0] < 1e-3
    line = torch.outer(torch.linspace(-1, 1, 50).sign(), torch.ones(16)) / 4
    assert spread(line)[1] == pytest.approx(1, abs=1e-3)


def test_a_collapsed_network_is_warned_of(tmp_path: Path) -> None:
    opened = paths_in(tmp_path).opened(parse("fractals(classes=3, per_class=20, size=16)"), "phantom")
    recipe = recipe_named("phantom_ssl/simclr_v1").override({"image_size": "16"})
    data = ImageDataModule(opened, recipe, seed=0, views=2)
    made = method("simclr_v1").learner(BACKBONES.build("tiny(width=4)"), 48)
    module = SelfSupervisedModule(made, opened.dataset.task, recipe, UNIT, 0)
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, default_root_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*collapsed")
        trainer.validate(module, data, verbose=False)
    with torch.no_grad():
        for one in made.backbone.parameters():
            one.zero_()
    with pytest.warns(UserWarning, match=r"the embeddings have collapsed \(effective rank 1\.00"):
        trainer.validate(module, data, verbose=False)
    assert trainer.callback_metrics["embedding_std"] < 1e-3


def test_the_neighbours_score_is_scikit_learns() -> None:
    from sklearn.neighbors import KNeighborsClassifier

    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (200,), generator=generator)
    bank = torch.eye(3)[labels] + 0.8 * torch.randn(200, 3, generator=generator)
    targets = torch.randint(3, (60,), generator=generator)
    features = torch.eye(3)[targets] + 0.8 * torch.randn(60, 3, generator=generator)

    def weights(distances: object) -> object:
        import numpy as np

        return np.exp((1 - distances) / 0.07)  # type: ignore[operator]

    peer = KNeighborsClassifier(20, metric="cosine", weights=weights).fit(bank.numpy(), labels.numpy())
    task = Task("multiclass", ("a", "b", "c"))
    found = nearest_neighbours(features, targets, bank, labels, task)
    assert found == pytest.approx(peer.score(features.numpy(), targets.numpy()))
    findings = torch.nn.functional.one_hot(targets, 3).float()
    known = torch.nn.functional.one_hot(labels, 3).float()
    known[::3] = torch.nan
    assert 0.5 < nearest_neighbours(features, findings, bank, known, Task("multilabel", ("a", "b", "c"))) < 1


@every_method
def test_its_published_recipe_is_for_the_papers_settings_and_its_number_of_views(name: str) -> None:
    recipe = recipe_named(f"ssl/{name}")
    assert recipe.method == name
    METHODS.build(name).check_views(recipe.views)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert bool(recipe.views) != bool(recipe.augmentation)


def test_published_learning_rates_are_those_of_their_batches() -> None:
    """SimCLR: 0.3 x batch / 256; SimCLR-v2: 0.1 x root of the batch; BYOL, Barlow Twins, VICReg: 0.2 x batch / 256."""
    rate = {name: recipe_named(f"ssl/{name}").optimizer.learning_rate for name in METHODS.entries}
    batch = {name: recipe_named(f"ssl/{name}").batch_size for name in METHODS.entries}
    assert rate["simclr_v1"] == pytest.approx(0.3 * batch["simclr_v1"] / 256)
    assert rate["simclr_v2"] == pytest.approx(0.1 * batch["simclr_v2"] ** 0.5)
    assert rate["byol"] == pytest.approx(0.2 * batch["byol"] / 256)
    assert rate["barlow_twins"] == pytest.approx(0.2 * batch["barlow_twins"] / 256)
    assert rate["vicreg"] == pytest.approx(0.2 * batch["vicreg"] / 256)
    assert rate["simsiam"] == pytest.approx(0.05 * batch["simsiam"] / 256)
    assert rate["dino"] == pytest.approx(0.03 * batch["dino"] / 256)
    assert rate["mae"] == pytest.approx(1.5e-4 * batch["mae"] / 256)
    assert rate["pirl"] == pytest.approx(0.03 * batch["pirl"] / 256)
