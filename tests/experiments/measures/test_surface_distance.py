"""Surface distances of runs: those of the volumes that slices are put back to, and what is undefined is counted."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from analysis.bootstrap import draw_counts, interval
from datamodules.pipeline.lightning import ImageDataModule
from datamodules.volumes import Volumes
from experiments.measures.surface_distance import surface_distance, surface_distance_numbers, units_of
from experiments.reporting.blocks.surface_distance import SurfaceDistances
from experiments.reporting.blocks.surface_distance import surface_distance as block
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.restored import Restored, restore
from experiments.run.runner import run
from experiments.run.store import BEST, PREDICTIONS, Record
from experiments.tables.document import Cell
from lightning_modules.segmentation import SegmentationModule
from lightning_modules.task_module import supervised_module
from specs.card import UNIT
from specs.errors import UsageError
from specs.registry import BACKBONES
from tests.experiments.example_table import blocks, document
from tests.experiments.gathered import gathering
from tests.experiments.measures.test_surfaces import by_transforms
from tests.experiments.smoke import spec

FIRST = "A_1 <50%> & more"
VOLUMES = 'volumes(classes=("kidney", "tumour"), table="who.csv", patient="who", spacing=5.0)'
RECIPE = recipe_named("phantom/smoke_segmentation")


@pytest.fixture(scope="module")
def segmented(where: Paths) -> Record:
    return run(spec(dataset=VOLUMES, recipe=RECIPE), where)


def by_brightness(module: SegmentationModule, image: Tensor) -> Tensor:
    """As if a network told the classes by brightness, so that it sees, misses and invents some."""
    limits = torch.tensor([200, 225] if module.task.outputs == 3 else [128])
    told = torch.bucketize(image[:, 0].float().contiguous(), limits.float())
    return F.one_hot(told, 3).permute(0, 3, 1, 2).float() if module.task.outputs == 3 else told[:, None].float()


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SegmentationModule, "probabilities", by_brightness)


def untrained(dataset: str, where: Paths) -> Restored:
    """A run's network as it would be without training."""
    made = spec(dataset=dataset, recipe=RECIPE)
    data = ImageDataModule(where.data_of(made), RECIPE, 0)
    return Restored(made, supervised_module(BACKBONES.build(made.backbone), data.task, RECIPE, UNIT).eval(), data)


def test_the_masks_are_those_that_the_test_counted(segmented: Record, where: Paths) -> None:
    counted = pq.read_table(segmented.file(PREDICTIONS))
    pixels = {"tp": 0, "fp": 0, "fn": 0}
    for unit in units_of(restore(segmented, where)):
        found, truth = unit.found == 1, unit.truth == 1
        for name, both in (("tp", found & truth), ("fp", found & ~truth), ("fn", ~found & truth)):
            pixels[name] += int(both.sum())
    assert pixels == {name: sum(counted[f"kidney:native_whole_{name}"].to_pylist()) for name in pixels}


def test_distances_are_those_of_the_masks_that_the_slices_are_put_back_to(
    segmented: Record, where: Paths, planted: None, tmp_path: Path
) -> None:
    """Without ``spacing``, so that slices are put back voxel by voxel; nibabel reads masks and sides of voxels."""
    network = untrained(VOLUMES.replace(", spacing=5.0", ""), where)
    dataset, root, samples = network.data.opened.dataset, network.data.opened.root, network.data.index_of("test")
    assert isinstance(dataset, Volumes)
    expected: dict[str, list[tuple[float, float]]] = {"kidney": [], "tumour": []}
    outcomes = {"missed": 0, "false_alarms": 0, "absent": 0}
    for unit in units_of(network):
        case = dataset.volume_of(samples[unit.first])
        slices = sorted(sample.id for sample in samples if dataset.volume_of(sample) == case)
        dataset.put_back(root, dict(zip(slices, unit.found, strict=True)), tmp_path / "told.nii")
        image, truth = nibabel.load(tmp_path / "told.nii"), nibabel.load(root / case / "segmentation.nii.gz")
        sides = tuple(float(side) for side in image.header.get_zooms())
        assert sorted(sides) == pytest.approx(sorted(unit.sides or ()))
        for number, name in enumerate(expected, 1):
            pair = [np.asanyarray(one.dataobj) == number for one in (image, truth)]
            if all(mask.any() for mask in pair):
                expected[name].append(by_transforms(pair[0], pair[1], sides))
            else:
                outcomes["absent" if not pair[0].any() and not pair[1].any() else
                         "missed" if pair[1].any() else "false_alarms"] += 1  # fmt: skip
    found = numbers_of(network, where)
    assert {name: found[name] for name in outcomes} == outcomes
    assert found["measured"] == sum(map(len, expected.values())) > 1
    means = {name: np.mean(each, axis=0) for name, each in expected.items() if each}
    for place, number in enumerate(("hd95_mm", "assd_mm")):
        for name, mean in means.items():
            assert found[f"{number}:{name}"] == pytest.approx(mean[place], rel=1e-5)
        assert found[number] == pytest.approx(np.mean([mean[place] for mean in means.values()]), rel=1e-5)


def numbers_of(network: Restored, where: Paths) -> dict[str, Any]:
    """What the measure gives for a run whose network is this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.run.restored.restore", lambda *_: network)
        return dict(surface_distance_numbers(Record(Path(), {"spec": network.spec.to_json()}), where))


def test_images_are_measured_in_pixels_of_their_files(where: Paths, planted: None) -> None:
    network = untrained("drive", where)
    opened, samples = network.data.opened, network.data.index_of("test")
    expected = []
    for place in range(2):
        batch = network.data.test_batch([place])
        truth = opened.dataset.read_mask(opened.root, samples[place]) == 1
        large = F.interpolate(by_brightness(network.module, batch["image"]), truth.shape, mode="bilinear")  # type: ignore[arg-type]
        expected.append(by_transforms((large > 0.5)[0, 0].numpy(), truth, None))
    found = numbers_of(network, where)
    distances = found["details"]["distances"]
    assert found["details"]["first"] == list(range(len(samples)))
    assert [distances[one]["vessel"][:2] for one in ("hd95", "assd")] == pytest.approx(np.transpose(expected), rel=1e-5)
    assert found["hd95_pixels"] == pytest.approx(np.mean(distances["hd95"]["vessel"]))
    assert set(found) == {*surface_distance().numbers(network.spec), "details"}


def with_test(kept: Callable[[str], bool], where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test on the slices alone whose id is kept."""
    data_of = Paths.data_of

    def fewer(self: Paths, run: Any) -> Any:
        opened = data_of(self, run)
        test = tuple(sample for sample in opened.index.test if kept(sample.id))
        return dataclasses.replace(opened, index=dataclasses.replace(opened.index, test=test))

    monkeypatch.setattr(Paths, "data_of", fewer)


def test_steps_between_slices_count_and_unequal_ones_are_no_volume(
    where: Paths, planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {unit.first: unit.sides for unit in units_of(untrained(VOLUMES, where))}
    with_test(lambda name: name.endswith(("-000", "-002", "-004")), where, monkeypatch)
    for unit in units_of(untrained(VOLUMES, where)):
        assert unit.found.shape[0] == 3
        assert unit.sides == pytest.approx((20, 5, 96 / 19)), "80 x 96 mm in 16 x 19 pixels, slices 10 mm apart"
    assert set(whole.values()) == {(10.0, 5.0, 96 / 19)}
    monkeypatch.undo()
    monkeypatch.setattr(SegmentationModule, "probabilities", by_brightness)
    with_test(lambda name: not name.endswith("-001"), where, monkeypatch)
    found = numbers_of(untrained(VOLUMES, where), where)
    assert (found["measured"], found["hd95_mm"], found["assd_mm:kidney"]) == (0, None, None)
    assert found["uneven"] > 0


def test_the_interval_is_over_patients_and_runs_without_weights_are_counted(
    segmented: Record, where: Paths, planted: None, copies: Path
) -> None:
    part = block().gather(gathering(segmented, where))
    assert isinstance(part, SurfaceDistances)
    cell = part.by_number["hd95_mm:kidney"]["r", "A"]
    found = surface_distance_numbers(segmented, where)
    values = np.array(found["details"]["distances"]["hd95"]["kidney"], float)
    assert cell.values == (found["hd95_mm:kidney"],)
    patients = [sample.patient for sample in restore(segmented, where).data.index_of("test")]
    drawn = []
    for counts in draw_counts(patients, 1000, 0):
        chosen = np.repeat(values, counts[found["details"]["first"]])
        drawn.append(np.nanmean(chosen) if np.isfinite(chosen).any() else np.nan)
    expected = interval(0, drawn)

    overall = part.by_number["hd95_mm"]["r", "A"].interval
    assert overall is not None and overall[0] <= found["hd95_mm"] <= overall[1]
    assert cell.interval == pytest.approx((expected.low, expected.high))
    shutil.copytree(segmented.folder, copies, ignore=shutil.ignore_patterns(BEST))
    gone = block().gather(gathering(dataclasses.replace(segmented, folder=copies), where))
    assert gone == SurfaceDistances({}, 1)
    assert "The weights of 1 runs are gone" in json.dumps(to_json(document(parts=(gone,))))


def test_without_monai_a_column_is_refused_before_anything_runs_and_tables_tell_nothing(
    segmented: Record, where: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "monai", None)
    assert block().gather(gathering(segmented, where)) is None
    with pytest.raises(UsageError, match=r"Run `pip install 'medtransfer\[surface\]'`"):
        surface_distance().check(Volumes(), where.data)
    with pytest.raises(UsageError, match="needs MONAI"):
        surface_distance_numbers(segmented, where)


def test_classifications_have_none() -> None:
    assert surface_distance().numbers(spec()) == ()


def test_pages_show_mm_and_pixels_and_files_have_them(tmp_path: Path) -> None:
    cells = {("random", FIRST): Cell((4.0, 5.0), interval=(3.5, 6.25))}
    counts = {("random", FIRST): Cell((2.0, 3.0))}
    none = {("random", FIRST): Cell((0.0, 0.0))}
    by_number = {"hd95_mm": cells, "hd95_mm:a": cells, "missed:a": none, "missed:b": counts, "missed": counts}
    made = document(parts=(SurfaceDistances(by_number | {"absent": none}, 0),))
    distances, missed = (block for block in blocks(made, "surface_distance") if "of each class" in block.title)
    assert [heading.title for heading in distances.header] == ["a", "b"], "a class that is always missed is shown too"
    assert [entry.text for entry in distances.lines[0].entries] == ["4.50 ± 0.71", "-"]
    assert [entry.text for entry in missed.lines[0].entries] == ["0.00 ± 0.00", "2.50 ± 0.71"]
    page = render("A report", [Illustrated(made)])
    assert "4.50 ± 0.71<small>3.50 to 6.25</small>" in page
    assert "2.50 ± 0.71" in page and "HD95 of volumes in mm of each class of" in page
    assert "in neither mask</small>" not in page, "a count that is 0 everywhere needs no column"
    assert "HD95" not in to_markdown(made)
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
