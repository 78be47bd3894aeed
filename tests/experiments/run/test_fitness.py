"""Runs that could not teach or test anything are refused before they train, with what to do; others are warned of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.run.batch_statistics import trains_on_one
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.session.preparing import prepared_dataset
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.recipe import Form
from specs.run import RunSpec
from specs.task import Task

SEGMENTED = 'folder("s", kind="segmentation", classes=("lesion",), table="labels.csv", split="split")'
CLASSIFIED = 'folder("c", split="split")'


def written(folder: Path, shown: dict[str, int], images: int = 2) -> Path:
    """Images of each split, of which some show a lesion and are positive."""
    rows = ["image,positive,split"]
    for split in ("train", "val", "test"):
        for number in range(images):
            marked = number < shown[split]
            pixels = np.full((8, 8), 40 + len(rows), np.uint8)
            for kind, picture in (("images", pixels), ("masks", np.full((8, 8), 255 * marked, np.uint8))):
                path = folder / kind / f"{split}{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(path)
            rows.append(f"images/{split}{number}.png,{int(marked)},{split}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def resolved(home: Path, dataset: str, recipe: str, backbone: str = "tiny", **settings: str) -> ResolvedRun:
    """A run on a dataset that is prepared first."""
    paths, expression = Paths.given(home, home / "runs"), parse(dataset)
    prepared_dataset(expression, "real", [Form(8)], paths, 1, lambda done, total: None)
    chosen = recipe_named(recipe).override(settings)
    spec = RunSpec(
        stage="finetune", dataset=expression, edition="real", backbone=parse(backbone), initializer=parse("random"),
        recipe=chosen,
    )  # fmt: skip
    return Resolver(paths).resolve(spec)


@pytest.mark.parametrize(
    ("split", "selection", "refused"),
    [("train", "loss", True), ("test", "loss", True), ("val", "metric", True), ("val", "loss", False)],
)
def test_masks_without_foreground_teach_and_test_nothing(
    split: str, selection: str, refused: bool, tmp_path: Path
) -> None:
    written(tmp_path / "s", {"train": 2, "val": 1, "test": 1} | {split: 0})
    name = {"val": "validation"}.get(split, split)
    if refused:
        with pytest.raises(DataError, match=rf"the {name} split shows no foreground in any of its masks \(2\)"):
            resolved(tmp_path, SEGMENTED, "phantom/smoke_segmentation", selection=selection)
    else:
        found = resolved(tmp_path, SEGMENTED, "phantom/smoke_segmentation", selection=selection)
        (warning,) = found.warnings
        assert warning.startswith(f"the {name} split shows no foreground")


def test_a_class_that_a_split_lacks_is_told_and_no_part_of_what_a_run_is(tmp_path: Path) -> None:
    written(tmp_path / "c", {"train": 1, "val": 1, "test": 0})
    found = resolved(tmp_path, CLASSIFIED, "phantom/smoke")
    assert found.warnings == ("the test split has no image with positive (0 of 2): that has no score",)
    assert "warnings" not in str(found.identity)
    assert "counts" not in str(found.identity)


@pytest.mark.parametrize(
    ("images", "settings", "error", "message"),
    [
        (2, {"batch_size": "1"}, UsageError, r"batch_size=1 .* batch norm of resnet18 .* --set batch_size=2 or more"),
        (1, {}, DataError, r"the train split has one image, .* Add images"),
    ],
)
def test_a_batch_of_one_image_is_refused_where_batch_norm_has_one_value(
    images: int, settings: dict[str, str], error: type[Exception], message: str, tmp_path: Path
) -> None:
    written(tmp_path / "c", dict.fromkeys(("train", "val", "test"), 1), images)
    with pytest.raises(error, match=message):
        resolved(tmp_path, CLASSIFIED, "phantom/smoke", "resnet18", image_size="32", **settings)


def test_whether_one_image_is_enough_depends_on_network_and_size() -> None:
    recipe, task = recipe_named("phantom/smoke"), Task("binary", ("ill",))

    def enough(backbone: str, size: int, **settings: str) -> bool:
        changed = recipe.override({"image_size": str(size), **settings})
        return trains_on_one(parse(backbone), task, 1, changed)

    assert [enough("resnet18", size) for size in (32, 64)] == [False, True]  # 1 x 1 and 2 x 2 places at the end
    assert enough("resnet18", 32, adaptation="head")  # its statistics stay as they are
