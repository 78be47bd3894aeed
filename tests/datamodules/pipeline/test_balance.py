"""Classes of unequal frequency: weights held against scikit-learn, and draws against their closed form."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from sklearn.utils.class_weight import compute_class_weight

from datamodules.pipeline.balance import UNLABELLED, check_balance, class_weights, drawn_classes
from datamodules.pipeline.batching import BatchLoader, EpochSampler, Share
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.prepared.opening import OpenDataset
from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.errors import DataError, UsageError
from specs.recipe import Recipe
from specs.registry import BACKBONES
from specs.task import Task
from tests.experiments.smoke import paths_in, spec

THREE = Task("multiclass", ("a", "b", "c"))
SMOKE = recipe_named("phantom/smoke")
CLASSES = [0] * 70 + [1] * 25 + [2] * 5


def with_(**settings: Any) -> Recipe:
    return dataclasses.replace(SMOKE, **settings)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> OpenDataset:
    """Drawn images of five grades."""
    return paths_in(tmp_path_factory.mktemp("eyes")).opened(spec(dataset="eyepacs").dataset, "phantom")


def test_weights_of_exclusive_classes_are_those_of_scikit_learn() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=np.array(CLASSES))
    assert class_weights(THREE, [(float(one),) for one in CLASSES]) == pytest.approx(tuple(expected))


def test_the_weight_of_positives_is_negatives_over_positives_of_known_labels() -> None:
    task = Task("multilabel", ("a", "b"))
    targets = [(1.0, 0.25), (0.0, 1.0), (0.0, math.nan), (0.0, 0.0)]
    assert class_weights(task, targets) == pytest.approx((3 / 1, 1.75 / 1.25))
    assert class_weights(Task("binary", ("ill",)), [(1.0,), (0.0,), (0.0,), (math.nan,)]) == (2.0,)


@pytest.mark.parametrize(
    ("task", "targets", "absent"),
    [
        (THREE, [(0.0,), (2.0,)], "b"),
        (Task("binary", ("ill",)), [(0.0,), (math.nan,)], "ill"),
        (Task("binary", ("ill",)), [(1.0,)], "the absence of ill"),
    ],
)
def test_a_class_that_no_training_image_shows_is_refused_by_name(task: Task, targets: Any, absent: str) -> None:
    for refused in (class_weights, drawn_classes):
        with pytest.raises(DataError, match=f"no training image shows {absent}"):
            refused(task, targets)


def test_draws_are_as_many_and_follow_seed_and_epoch() -> None:
    def draws(seed: int, epoch: int) -> list[int]:
        order = EpochSampler(100, seed, classes=CLASSES)
        order.set_epoch(epoch)
        return order.numbers()

    assert len(draws(0, 0)) == 100
    assert draws(0, 0) == draws(0, 0)
    assert len({tuple(draws(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_each_class_is_equally_likely_and_so_is_each_image_of_a_class() -> None:
    order, seen = EpochSampler(100, 1, classes=CLASSES), Counter[int]()
    for epoch in range(300):
        order.set_epoch(epoch)
        seen.update(number % 100 for number in order.numbers())
    counts = np.array([seen[place] for place in range(100)])
    sizes = np.bincount(CLASSES)
    expected = 100 * 300 / 3 / sizes[CLASSES]  # n draws, each of K classes, each of its n_c images
    assert chisquare(np.bincount(CLASSES, counts)).pvalue > 0.01
    assert chisquare(counts, expected).pvalue > 0.01


def test_images_without_a_label_are_never_drawn() -> None:
    classes = drawn_classes(Task("binary", ("ill",)), [(1.0,), (math.nan,), (0.0,), (0.0,)])
    assert classes == [1, UNLABELLED, 0, 0]
    order = EpochSampler(4, 0, classes=classes)
    for epoch in range(50):
        order.set_epoch(epoch)
        assert {number % 4 for number in order.numbers()} <= {0, 2, 3}


def test_an_image_that_is_drawn_again_has_another_number_each_time() -> None:
    numbers = EpochSampler(100, 3, classes=CLASSES).numbers()
    assert len(set(numbers)) == 100
    assert max(numbers) >= 200, "some image of the rarest class is drawn three times"
    for place, times in Counter(number % 100 for number in numbers).items():
        assert {place + 100 * again for again in range(times)} <= set(numbers)


def test_processes_put_together_draw_what_one_does() -> None:
    def batches(rank: int, processes: int) -> list[list[int]]:
        order = EpochSampler(100, 3, classes=CLASSES)
        order.set_epoch(7)
        loader = BatchLoader(
            lambda _, places: {"places": places}, order, 16, False, 0, share=Share(rank, processes)
        )  # fmt: skip
        return [batch["places"] for batch in loader]

    first, second = batches(0, 2), batches(1, 2)
    assert [one + other for one, other in zip(first, second, strict=True)] == batches(0, 1)


@pytest.mark.parametrize("pipeline", ["albumentations", "fast", "exact"])
def test_an_image_is_augmented_anew_each_time_that_an_epoch_draws_it(pipeline: Any, eyes: OpenDataset) -> None:
    recipe = with_(sampling="balanced", pipeline=pipeline, augmentation=(), epochs=1).override(
        {"augmentation": "random_resized_crop(0.2)"}
    )
    data = ImageDataModule(eyes, recipe, 0)
    labels = [int(target[0]) for target in data.targets_of("train")]
    pixels: dict[int, set[bytes]] = {}
    times, shown = Counter[int](), Counter[int]()
    for batch in data.train_dataloader():
        for index, image, target in zip(batch["index"].tolist(), batch["image"], batch["target"], strict=True):
            assert int(target) == labels[index]
            times[index] += 1
            shown[labels[index]] += 1
            pixels.setdefault(index, set()).add(image.numpy().tobytes())
    again = [index for index, count in times.items() if count > 1]
    assert again
    assert all(len(pixels[index]) == times[index] for index in again)
    assert set(shown) == set(labels)


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"class_weights": "balanced"}, "segmentation", 'class_weights="balanced" weights the classes of images'),
        ({"sampling": "balanced"}, "segmentation", "shows all of its classes at once"),
        ({"sampling": "balanced"}, "multilabel", 'no way to draw .* or take class_weights="balanced"'),
    ],
)
def test_what_has_no_such_balance_is_refused(settings: dict[str, Any], kind: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_balance(with_(**settings), kind)


def test_a_run_is_refused_before_anything_is_trained(tmp_path: Any) -> None:
    with pytest.raises(UsageError, match="classes of pixels"):
        Resolver(paths_in(tmp_path)).resolve(spec(dataset="drive", recipe=with_(class_weights="balanced")))


def test_both_at_once_and_either_with_a_method_are_refused() -> None:
    with pytest.raises(UsageError, match="would do it twice"):
        with_(class_weights="balanced", sampling="balanced")
    for settings in ({"class_weights": "balanced"}, {"sampling": "balanced"}):
        with pytest.raises(UsageError, match="about labels, which the method"):
            with_(method="moco_v2", **settings)


def test_recipes_say_these_settings_only_where_they_change_something() -> None:
    assert not SMOKE.to_json().keys() & {"class_weights", "sampling"}
    for settings in ({"class_weights": "balanced"}, {"sampling": "balanced"}):
        plain = with_(**settings).to_json()
        assert plain == SMOKE.to_json() | settings
        assert Recipe.from_json(plain) == with_(**settings) == SMOKE.override(settings)
    check_balance(SMOKE, "segmentation")


def test_a_balanced_run_is_another_run(tmp_path: Any) -> None:
    resolver = Resolver(paths_in(tmp_path))
    recipes = (SMOKE, with_(class_weights="balanced"), with_(sampling="balanced"))
    assert len({resolver.resolve(spec(recipe=recipe)).key for recipe in recipes}) == 3


@pytest.mark.parametrize("kind", ["multiclass", "multilabel", "binary"])
def test_the_loss_of_a_module_is_torchs_own_weighted_mean_however_batches_are_cut(kind: Any) -> None:
    generator = torch.Generator().manual_seed(2)
    classes = ("a",) if kind == "binary" else ("a", "b", "c")
    weights = torch.tensor([0.2, 3.0, 1.5][: len(classes)])
    module = supervised_module(
        BACKBONES.build("tiny(width=4)"), Task(kind, classes), with_(class_weights="balanced"), IMAGENET,
        weights.tolist(),
    )  # fmt: skip
    logits = torch.randn(9, len(classes), generator=generator)
    if kind == "multiclass":
        targets = torch.randint(3, (9,), generator=generator)
        expected = torch.nn.CrossEntropyLoss(weights)(logits, targets)
        by_hand = -(weights[targets] * logits.log_softmax(1)[torch.arange(9), targets]).sum() / weights[targets].sum()
    else:
        targets = torch.randint(2, (9, len(classes)), generator=generator).float()
        expected = torch.nn.BCEWithLogitsLoss(pos_weight=weights)(logits, targets)
        told = logits.sigmoid()
        by_hand = -(weights * targets * told.log() + (1 - targets) * (1 - told).log()).mean()
    parts = [module.loss_sums(logits[part], {"target": targets[part]}) for part in (slice(0, 1), slice(1, 9))]
    assert module.loss(parts[0] + parts[1]) == pytest.approx(expected.item())
    assert expected.item() == pytest.approx(by_hand.item())
    assert "_class_weights" not in module.state_dict()


def test_entries_without_a_label_are_in_no_weighted_loss() -> None:
    module = supervised_module(
        BACKBONES.build("tiny(width=4)"), Task("multilabel", ("a", "b")), with_(class_weights="balanced"), IMAGENET,
        (2.0, 5.0),
    )  # fmt: skip
    logits = torch.tensor([[0.3, -1.0], [0.7, 2.0]])
    targets = torch.tensor([[1.0, math.nan], [math.nan, 1.0]])
    found = module.loss(module.loss_sums(logits, {"target": targets}))
    assert found.item() == pytest.approx((2 * math.log1p(math.exp(-0.3)) + 5 * math.log1p(math.exp(-2))) / 2)


@pytest.mark.parametrize(("asked", "given"), [("balanced", None), ("none", (1.0,))])
def test_a_module_whose_weights_are_not_those_of_its_recipe_does_not_train(asked: Any, given: Any) -> None:
    task, recipe = Task("binary", ("ill",)), with_(class_weights=asked)
    module = supervised_module(BACKBONES.build("tiny(width=4)"), task, recipe, IMAGENET, given)
    with pytest.raises(UsageError, match=r"Make it with class_weights=data.class_weights"):
        module.loss_sums(torch.zeros(1, 1), {"target": torch.zeros(1, 1)})
