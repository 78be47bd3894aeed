"""The Dice of whole volumes: sums over stored slices are what whole arrays give."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from datamodules.volumes import Volumes
from experiments.measures.volume_dice import scores_of, volume_dice, volume_dice_scores
from experiments.reporting.blocks.volume_dice import VolumeScores
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.restored import restore
from experiments.run.runner import run
from experiments.tables.document import Cell
from specs.errors import RunError
from specs.task import Task
from tests.experiments.example_table import document, terminal
from tests.experiments.smoke import spec

FIRST = "A_1 <50%> & more"
DATASET = 'volumes(classes=("kidney", "tumour"), table="who.csv", patient="who")'


def dice(found: NDArray[Any], truth: NDArray[Any]) -> float:
    size = found.sum() + truth.sum()
    return 2 * (found & truth).sum() / size if size else 1.0


def test_it_is_the_dice_of_the_volumes_that_the_slices_are_put_back_to(
    where: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network of one epoch segments slices; its masks as files are compared by nibabel, voxel by voxel."""
    record = run(spec(dataset=DATASET, recipe=recipe_named("phantom/smoke_segmentation")), where)
    restored = restore(record, where)
    dataset, root, samples = restored.data.opened.dataset, restored.data.opened.root, restored.data.index_of("test")
    assert isinstance(dataset, Volumes)
    masks: dict[str, NDArray[np.uint8]] = {}
    with torch.inference_mode():
        for batch in restored.data.test_dataloader():
            maps = restored.module.probabilities(batch["image"])  # type: ignore[operator]
            for place, one, mask in zip(batch["index"].tolist(), maps, batch["native_mask"], strict=True):
                native = F.interpolate(one[None], mask.shape, mode="bilinear", align_corners=False)
                masks[samples[place].id] = native.argmax(dim=1)[0].numpy().astype(np.uint8)
    by_patient: dict[str, list[tuple[NDArray[Any], NDArray[Any]]]] = {}
    for case in {dataset.volume_of(sample) for sample in samples}:
        dataset.put_back(root, {name: one for name, one in masks.items() if name.startswith(case)}, tmp_path / "a.nii")
        patient = next(sample.patient for sample in samples if dataset.volume_of(sample) == case)
        pair = tuple(np.asanyarray(nibabel.load(path).dataobj) for path in (
            tmp_path / "a.nii", root / case / "segmentation.nii.gz"))  # fmt: skip
        by_patient.setdefault(patient, []).append((pair[0], pair[1]))
    found = volume_dice_scores(record, where)
    for number, name in enumerate(("kidney", "tumour"), 1):
        volumes = [dice(one == number, truth == number) for pairs in by_patient.values() for one, truth in pairs]
        patients = [
            dice(np.stack([one == number for one, _ in pairs]), np.stack([truth == number for _, truth in pairs]))
            for pairs in by_patient.values()
        ]
        assert found[f"dice_native:{name}"] == pytest.approx(np.mean(volumes))
        assert found[f"patients_dice_native:{name}"] == pytest.approx(np.mean(patients))
    kept = restored.data.opened.index.test[1:]
    fewer = dataclasses.replace(restored.data.opened, index=dataclasses.replace(restored.data.opened.index, test=kept))
    monkeypatch.setattr(Paths, "data_of", lambda self, spec: fewer)
    with pytest.raises(
        RunError, match=r"was tested on \d+ slices, of which \d+ are in the test split now\. Do the run"
    ):
        volume_dice_scores(record, where)
    assert set(volume_dice().numbers(record_spec := spec(dataset=DATASET))) == set(found)
    assert record_spec.dataset.name == "volumes"


def test_slices_of_a_volume_count_together_at_both_sizes() -> None:
    generator = np.random.default_rng(3)
    groups = ["b", "a", "b", "c", "a"]
    rows = {
        f"{size}_{region}_{count}": generator.integers(0, 50, 5)
        for size in ("network", "native")
        for region in ("whole", "fov")
        for count in ("tp", "fp", "fn", "tn")
    }
    found = scores_of(Task("segmentation", ("kidney",)), rows, groups)
    for name, size in (("dice", "network"), ("dice_native", "native")):
        each = []
        for group in "abc":
            tp, fp, fn = (
                sum(int(rows[f"{size}_whole_{count}"][place]) for place in range(5) if groups[place] == group)
                for count in ("tp", "fp", "fn")
            )
            each.append(2 * tp / (2 * tp + fp + fn))
        assert found[name] == pytest.approx(sum(each) / 3)


@pytest.mark.parametrize("dataset", ["drive", 'volumes(kind="binary", classes=("ill",))'])
def test_images_that_are_no_slices_and_classifications_have_none(dataset: str) -> None:
    assert volume_dice().numbers(spec(dataset=dataset)) == ()


def test_formats_show_it(tmp_path: Path) -> None:
    made = document(parts=(VolumeScores({"dice": {("random", FIRST): Cell((0.5, 0.75))}}),))
    assert "62.50" in terminal(made)
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
