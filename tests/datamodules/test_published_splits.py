"""What publishers and papers say of their datasets: counts, and the shares that validate and test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datamodules.chestxray14 import CLASSES
from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from specs.registry import DATASETS

COUNTS: dict[str, dict[str, int]] = {
    # Wang et al. 2017, https://arxiv.org/abs/1705.02315, and the official test list.
    "chestxray14": {"images": 112_120, "patients": 30_805, "test images": 25_596, "test patients": 2_797},
    # Irvin et al. 2019, https://arxiv.org/abs/1901.07031: 223,414 images of 64,540 patients train, 234 of 200 validate.
    "chexpert": {"images": 223_648, "patients": 64_740, "test images": 234, "test patients": 200},
    "chexpert(frontal_only=True)": {},
    'chexpert(test="test")': {},
    # Staal et al. 2004.
    "drive": {"images": 40, "test images": 20},
    # Jaeger et al. 2014, https://doi.org/10.3978/j.issn.2223-4292.2014.11.20.
    "shenzhen": {"images": 662, "patients": 662, "tuberculosis": 336},
    "montgomery": {"images": 138, "patients": 138},
    # The competitions' tables at kaggle.com.
    "eyepacs": {"images": 88_702, "test images": 53_576},
    "aptos2019": {"images": 3_662},
    "rsna_pneumonia": {"images": 26_684, "patients": 26_684, "pneumonia": 6_012},
    "siim_acr": {"images": 12_047, "pneumothorax": 2_669},
    "rsna_pe": {"images": 1_790_594, "patients": 7_279},
    # The challenges' pages: 369 cases of 155 slices; 210 of 300 cases with masks.
    "brats2020": {"images": 57_195, "patients": 369},
    "brats2020(every=5)": {"patients": 369},
    'brats2020(slices="with finding")': {"patients": 369},
    "kits19": {"patients": 210},
    # Abramoff et al. 2013 have 1,748 images; the adjudicated table calls 4 of them ungradable.
    "messidor2": {"images": 1_744},
    # Russakovsky et al. 2015, table 2; Van Horn et al. 2021, section 3.
    "imagenet": {"images": 1_331_167, "test images": 50_000},
    f"imagenet(classes={tuple(f'n{number:08d}' for number in range(999))})": {},
    f"imagenet(classes={tuple(f'n{number:08d}' for number in range(1000))})": {
        "images": 1_331_167,
        "test images": 50_000,
    },
    'inat2021(subset="full")': {"images": 2_786_843, "test images": 100_000},
    'inat2021(subset="mini")': {"images": 600_000, "test images": 100_000},
}

FINDINGS = {
    "Atelectasis": (11559, 3279), "Cardiomegaly": (2776, 1069), "Effusion": (13317, 4658),
    "Infiltration": (19894, 6112), "Mass": (5782, 1748), "Nodule": (6331, 1623), "Pneumonia": (1431, 555),
    "Pneumothorax": (5302, 2665), "Consolidation": (4667, 1815), "Edema": (2303, 925), "Emphysema": (2516, 1093),
    "Fibrosis": (1686, 435), "Pleural_Thickening": (3385, 1143), "Hernia": (227, 86),
}  # fmt: skip
"""Images of ChestX-ray14 that show each finding, all and those of the official test list, counted in its files."""


@pytest.mark.parametrize("expression", COUNTS, ids=lambda expression: expression[:40])
def test_the_stated_counts_are_the_published_ones(expression: str) -> None:
    published = dict(DATASETS.build(expression).published)
    if expression == "chestxray14":
        assert {name: (published.pop(name), published.pop(f"test {name}")) for name in CLASSES} == FINDINGS
    assert published == COUNTS[expression]


def one_image_a_patient(dataset: Dataset, count: int, part: str = "") -> tuple[Sample, ...]:
    """So many patients of one label, in a published part of the dataset."""
    task: Any = dataset.task
    target = (0.0,) if task.kind == "multiclass" else () if task.kind == "segmentation" else (0.0,) * len(task.classes)
    return tuple(Sample(f"i{n}", f"p{n}", target, f"{part}i{n}") for n in range(count))


@pytest.mark.parametrize(
    ("expression", "patients", "validation", "test"),
    [
        ("shenzhen", 662, 65, 134),  # BenchmarkTransferLearning, dataset/ShenzhenCXR: 463, 65 and 134 images
        ("montgomery", 138, 15, 31),  # Hosseinzadeh Taher et al. 2021: 92, 15 and 31 images
        ("rsna_pe", 7279, 728, 1000),  # Islam et al. 2021: 1,000 test studies
        ("siim_acr", 12_000, 1200, 1200),
        ("rsna_pneumonia", 1000, 100, 100),
        ("aptos2019", 1000, 100, 100),
        ("messidor2", 1000, 100, 100),
        ("folder", 1000, 100, 100),
    ],
)
def test_a_division_of_our_own_has_the_stated_sizes(expression: str, patients: int, validation: int, test: int) -> None:
    dataset = DATASETS.build(expression)
    splits = dataset.own_split(Path(), one_image_a_patient(dataset, patients))
    found = [len(splits[name]) for name in ("train", "validation", "test")]
    assert found == [patients - validation - test, validation, test]


@pytest.mark.parametrize(
    ("expression", "part", "share"),
    [("chexpert", "train/", 0.05), ("eyepacs", "train/", 0.1), ("chestxray14", "", 0.125)],
)
def test_a_share_of_the_published_training_patients_validates(
    expression: str, part: str, share: float, tmp_path: Path
) -> None:
    """A draw of each patient: within four standard deviations."""
    dataset, count = DATASETS.build(expression), 20_000
    samples = one_image_a_patient(dataset, count, part)
    (tmp_path / "train_val_list.txt").write_text("\n".join(sample.id for sample in samples))
    (tmp_path / "test_list.txt").write_text("")
    splits = dataset.own_split(tmp_path, samples)
    assert (len(splits["test"]), len(splits["train"]) + len(splits["validation"])) == (0, count)
    assert abs(len(splits["validation"]) - share * count) < 4 * (count * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("expression", ["imagenet", "inat2021"])
def test_two_percent_of_each_classs_training_images_validate_and_one_image_trains(expression: str) -> None:
    dataset = DATASETS.build(expression)
    numbers = {"a": 1000, "b": 100, "c": 2, "d": 1}
    names = [f"train/{name}/{n}" for name, count in numbers.items() for n in range(count)]
    splits = dataset.own_split(Path(), tuple(Sample(name, name, (0.0,), name) for name in [*names, "test/a/0"]))
    held = [sample.id.split("/")[1] for sample in splits["validation"]]
    assert {name: held.count(name) for name in numbers} == {"a": 20, "b": 2, "c": 1, "d": 0}
    assert [sample.id for sample in splits["test"]] == ["test/a/0"]
    assert len(splits["train"]) == len(names) - len(held)
