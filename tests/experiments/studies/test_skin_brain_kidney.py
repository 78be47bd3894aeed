"""The table of skin lesions, brain tumours and kidneys: three tasks, one network, weights that fit all of them."""

from __future__ import annotations

import pytest

from datamodules.dataset.contract import Dataset
from lightning_modules.scoring import task_score
from specs.registry import BACKBONES, DATASETS
from tests.experiments.smoke import table_of_runs

DATA = {
    "phantom": ("isic2018", "brats2020", "kits19"),
    "smoke": ("brats2020",),
    "real": ("isic2018", "brats2020(every=5)", "kits19(every=5)"),
}


@pytest.mark.parametrize("profile", DATA)
def test_every_task_is_a_segmentation_that_all_rows_do_with_one_network(profile: str) -> None:
    table = table_of_runs("skin-brain-kidney", profile)
    assert tuple(column.dataset for column in table.columns) == DATA[profile]
    source = "imagenet" if profile == "real" else "fractals"
    assert [row.initializer for row in table.rows] == ["random", f"mean_var({source})", source]
    assert table.edition == ("real" if profile == "real" else "phantom")
    for column in table.columns:
        dataset: Dataset = DATASETS.build(column.dataset)
        assert dataset.kind == "segmentation"
        assert (column.score or "dice") in task_score(dataset.task).names()
        specs = table.cell(table.rows[-1], column)
        assert not isinstance(specs, str) and len(specs) == table.seeds
    assert BACKBONES.bind(table.backbone)


def test_slices_of_volumes_are_scored_by_all_of_their_pixels_together() -> None:
    assert [column.score for column in table_of_runs("skin-brain-kidney").columns] == [
        None,
        "dice_pooled",
        "dice_pooled",
    ]


def test_on_real_images_each_row_has_a_learning_rate_of_its_own() -> None:
    table = table_of_runs("skin-brain-kidney", "real")
    assert [column.tuned_on for column in table.columns] == [column.label for column in table.columns]
    assert len(table.tried) > 1
