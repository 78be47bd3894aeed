"""The segmentation module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from lightning_modules.segmentation import SegmentationModule
from specs.card import UNIT
from specs.errors import RunError, UsageError
from specs.task import Task
from tests.lightning_modules.contract import Batch, TaskModuleContract, batches, loader, pyramid, recipe, trainer

TASK = Task("segmentation", ("square",))
NATIVE = [(16, 16), (31, 40), (9, 12), (64, 20), (16, 17), (33, 33), (8, 8), (50, 47)]


def build(first_stride: int = 1, **settings: Any) -> SegmentationModule:
    torch.manual_seed(0)
    return SegmentationModule(pyramid(first_stride=first_stride), TASK, recipe(**settings), UNIT)


def sample_batch() -> Batch:
    """Eight images of a bright square on noise, the last without one."""
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(0, 80, (8, 1, 16, 16), dtype=torch.uint8, generator=generator)
    mask = torch.zeros(8, 1, 16, 16, dtype=torch.uint8)
    for number in range(7):
        mask[number, :, number : number + 6, 2 + number : 9 + number] = 1
    field = torch.zeros_like(mask)
    field[..., 2:14, 3:15] = 1
    image[mask > 0] = 220
    native_mask = [torch.randint(2, size, dtype=torch.uint8, generator=generator) for size in NATIVE]
    native_field = [torch.randint(2, size, dtype=torch.uint8, generator=generator) for size in NATIVE]
    return {
        "image": image,
        "index": torch.arange(8),
        "mask": mask,
        "field_of_view": field,
        "native_mask": native_mask,
        "native_field_of_view": native_field,
    }


class SegmentationContract(TaskModuleContract):
    """The contract for a backbone whose first stage has the given stride."""

    first_stride: int

    def module(self, **settings: Any) -> SegmentationModule:
        return build(self.first_stride, **settings)

    def samples(self) -> Batch:
        return sample_batch()


class TestFirstStageOfStrideOne(SegmentationContract):
    first_stride = 1


class TestFirstStageOfStrideTwo(SegmentationContract):
    first_stride = 2


def after_test(folder: Path, **settings: Any) -> SegmentationModule:
    module = build(**settings)
    cut = batches(sample_batch(), [3, 3, 2])
    trainer(folder).test(module, loader([cut[2], cut[0], cut[1], cut[0]]), verbose=False)
    return module.eval()


def counts(predicted: Any, mask: Any, inside: Any) -> list[int]:
    predicted, mask, inside = (np.asarray(one) > 0 for one in (predicted, mask, inside))
    pairs = [(True, True), (True, False), (False, True), (False, False)]
    return [int(np.sum((predicted == guess) & (mask == truth) & inside)) for guess, truth in pairs]


def row(rows: dict[str, Any], name: str, number: int) -> list[int]:
    return [int(rows[f"{name}_{cell}"][number]) for cell in ("tp", "fp", "fn", "tn")]


@pytest.mark.parametrize("augmentation", ["none", "flip"])
def test_counts_are_those_of_numpy_and_opencv_at_network_and_native_size(augmentation: str, tmp_path: Path) -> None:
    module, batch = after_test(tmp_path, test_time_augmentation=augmentation), sample_batch()
    rows = module.test_rows()
    assert rows["index"].tolist() == list(range(8))
    with torch.no_grad():
        probability = module(batch["image"]).sigmoid()
        if augmentation == "flip":
            mirrored = module(batch["image"].flip(-1)).sigmoid().flip(-1)
            assert not torch.equal(probability > 0.5, mirrored > 0.5)
            probability = (probability + mirrored) / 2
    assert 0.1 < float((probability > 0.5).float().mean()) < 0.9
    for number, one in enumerate(probability[:, 0].numpy()):
        mask, field = batch["mask"][number, 0], batch["field_of_view"][number, 0]
        assert row(rows, "network_whole", number) == counts(one > 0.5, mask, np.ones_like(mask))
        assert row(rows, "network_fov", number) == counts(one > 0.5, mask, field)
        mask, field = batch["native_mask"][number], batch["native_field_of_view"][number]
        resized = cv2.resize(one, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
        assert row(rows, "native_whole", number) == counts(resized > 0.5, mask, np.ones_like(mask))
        assert row(rows, "native_fov", number) == counts(resized > 0.5, mask, field)


def test_the_rows_are_whole_numbers_for_both_sizes_and_both_regions(tmp_path: Path) -> None:
    rows = after_test(tmp_path).test_rows()
    names = {f"{s}_{r}_{c}" for s in ("network", "native") for r in ("whole", "fov") for c in ("tp", "fp", "fn", "tn")}
    assert set(rows) == {"index"} | names
    assert {(column.dtype, column.shape) for column in rows.values()} == {(np.dtype(np.int64), (8,))}


def test_examples_show_the_first_images_with_their_probability_maps(tmp_path: Path) -> None:
    module, batch = after_test(tmp_path), sample_batch()
    examples = module.test_examples(3)
    assert list(examples) == [0, 1, 2]
    with torch.no_grad():
        probability = module(batch["image"]).sigmoid().numpy()
    for number, example in examples.items():
        np.testing.assert_array_equal(example["image"], batch["image"][number])
        np.testing.assert_array_equal(example["mask"], batch["mask"][number, 0])
        assert example["probability"].dtype == np.uint8
        np.testing.assert_allclose(example["probability"], probability[number, 0] * 255, atol=0.51)


def test_more_examples_than_are_kept_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keeps 16 examples"):
        after_test(tmp_path).test_examples(17)
    with pytest.raises(RunError, match="has not been tested"):
        build().test_examples()


def test_the_validation_metric_is_the_mean_dice_over_images_with_rightly_empty_ones_as_one(tmp_path: Path) -> None:
    module, batch = build(), sample_batch()
    torch.nn.init.zeros_(module.head.weight)
    torch.nn.init.constant_(module.head.bias, -1.0)  # nothing is ever predicted
    found = trainer(tmp_path).validate(module, loader([batch]), verbose=False)[0]
    assert found["validation_metric"] == pytest.approx(1 / 8)
    torch.nn.init.constant_(module.head.bias, 1.0)  # everything is
    found = trainer(tmp_path).validate(module, loader([batch]), verbose=False)[0]
    sizes = batch["mask"].flatten(1).sum(1).double().numpy()
    assert found["validation_metric"] == pytest.approx(np.mean(2 * sizes / (sizes + 256)), rel=1e-6)


def test_the_validation_loss_is_one_soft_dice_of_the_whole_split(tmp_path: Path) -> None:
    module, batch = build().eval(), sample_batch()
    found = trainer(tmp_path).validate(module, loader(batches(batch, [5, 1, 2])), verbose=False)[0]
    with torch.no_grad():
        p, mask = module(batch["image"]).sigmoid().double().numpy(), batch["mask"].numpy()
    expected = 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
    assert found["validation_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["bce", "bce_dice"])
def test_the_other_losses_train_too(loss: str, tmp_path: Path) -> None:
    fitted = trainer(tmp_path, max_epochs=15, check_val_every_n_epoch=15)
    module = build(loss=loss, epochs=15)
    before = trainer(tmp_path).validate(module, loader([sample_batch()]), verbose=False)[0]
    fitted.fit(module, loader([sample_batch()]), loader([sample_batch()]))
    assert float(fitted.callback_metrics["validation_loss"]) < before["validation_loss"]


def test_a_backbone_without_a_decoder_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"no segmentation decoder fits the backbone Sequential.*resnet50"):
        SegmentationModule(pyramid(decoder=None), TASK, recipe(), UNIT)


def test_a_classification_task_is_refused() -> None:
    with pytest.raises(UsageError, match="use ClassificationModule"):
        SegmentationModule(pyramid(), Task("binary", ("tuberculosis",)), recipe(), UNIT)


@pytest.mark.parametrize("size", [16, 28, 33])
@pytest.mark.parametrize("first_stride", [1, 2])
def test_logits_have_the_size_of_the_image(first_stride: int, size: int) -> None:
    image = torch.zeros(2, 1, size, size, dtype=torch.uint8)
    assert build(first_stride)(image).shape == (2, 1, size, size)
