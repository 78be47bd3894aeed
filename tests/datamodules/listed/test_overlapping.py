"""How many images and patients of each split are in a list, and what that says of the test split."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.chestxray14 import HEADER, ChestXray14
from datamodules.chexpert import CheXpert
from datamodules.dataset.contract import Dataset, Index
from datamodules.dataset.sample import Sample
from datamodules.folder import Folder
from datamodules.listed.overlapping import Listed, listed_in
from datamodules.listed.patients import NAMINGS, finder_of


@pytest.fixture(scope="module")
def nih(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Label files of twelve x-rays of six patients, two of whom are tested on; no image is there."""
    root = tmp_path_factory.mktemp("nih")
    names = [(patient, f"{patient:08d}_{number:03d}.png") for patient in range(1, 7) for number in range(2)]
    rows = [f"{name},No Finding,0,{patient},50,F,PA,64,64,0.1,0.1" for patient, name in names]
    (root / "Data_Entry_2017_v2020.csv").write_text("\n".join([HEADER, *rows]))
    for file, tested in (("test_list.txt", True), ("train_val_list.txt", False)):
        (root / file).write_text("\n".join(name for patient, name in names if (patient % 3 == 0) is tested))
    return root


def against(root: Path, *names: str) -> Listed:
    return listed_in(ChestXray14(), ChestXray14().index(root), names)


def test_images_and_patients_of_every_split_are_counted(nih: Path) -> None:
    found = against(nih, "images_001/00000003_000.png", "00000003_001.png", "00000001_000.png", "other.png")
    test = found.splits["test"]
    assert (test.images, test.listed, test.by_path, test.by_file_name, test.ambiguous) == (4, 2, 0, 2, 0)
    assert (test.patients, test.patients_listed) == (2, 1)
    rest = [found.splits[split] for split in ("train", "validation")]
    assert sum(of.images for of in rest) == 8
    assert (sum(of.listed for of in rest), sum(of.patients_listed for of in rest)) == (1, 1)
    assert (found.names, found.verdict, found.test_images) == (4, "images", ("00000003_000.png", "00000003_001.png"))


def test_a_patient_is_told_by_the_name_of_an_image_that_the_dataset_does_not_have(nih: Path) -> None:
    found = against(nih, "00000006_007.png")
    assert (found.verdict, found.namings) == ("patients", ("ChestX-ray14",))
    assert (found.splits["test"].listed, found.splits["test"].patients_listed) == (0, 1)
    assert found.test_images == ()


def test_a_list_that_names_other_splits_alone_shows_that_the_test_split_is_not_in_it(nih: Path) -> None:
    assert against(nih, "00000001_000.png", "00000002_001.png").verdict == "none"


def test_a_list_that_names_nothing_of_the_dataset_shows_nothing(nih: Path) -> None:
    assert against(nih, "scan-1.png", "patient00003/study1/view1_frontal.jpg").verdict == "nothing"
    assert against(nih).verdict == "nothing"


def test_names_that_fit_several_leave_it_open(nih: Path) -> None:
    found = against(nih, "a/00000003_000.png", "b/00000003_000.png")
    assert found.splits["test"].ambiguous == 1
    assert found.verdict == "patients"  # the name tells the patient, whichever image is meant


def index_of(*names: str) -> Index:
    """The names as test images, each of a patient of its own, and one image of another name in each other split."""
    test, others = [[Sample(name, name, (1.0,), name) for name in of] for of in (names, ("t.png", "v.png"))]
    return Index(train=(others[0],), validation=(others[1],), test=tuple(test))


@pytest.mark.parametrize(
    ("dataset", "tested", "listed", "verdict"),
    [
        (Folder(), "ward/x.png", ["a/x.png", "b/x.png"], "unclear"),
        (Folder(patient_in_name=r"^([a-z]+)_"), "anna_1.png", ["anna_2.png"], "patients"),
        (Folder(), "anna_1.png", ["anna_2.png"], "nothing"),
        (CheXpert(), "valid/patient64541/study1/view1_frontal.jpg valid/patient64542/study1/view1_frontal.jpg",
         ["CheXpert-v1.0/train/patient64541/study3/view1_frontal.jpg"], "patients"),
        (Folder(), "files/p10/p10000032/s50414267/02aa804e.jpg", ["p10/p10000032/s53189527/174413ec.dcm"], "patients"),
        (ChestXray14(), "00000003_000.png", ["patient00000003/study1/view1_frontal.jpg"], "nothing"),
    ],
)  # fmt: skip
def test_patients_are_told_by_the_naming_of_their_collection(
    dataset: Dataset, tested: str, listed: list[str], verdict: str
) -> None:
    assert listed_in(dataset, index_of(*tested.split()), listed).verdict == verdict


@pytest.mark.parametrize(
    ("collection", "name", "patient"),
    [
        ("ChestX-ray14", "images_001/images/00000001_000.png", "00000001"),
        ("ChestX-ray14", "100000001_000.png", None),
        ("CheXpert", "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg", "00001"),
        ("MIMIC-CXR", "files/p10/p10000032/s50414267/02aa804e-bde0afdd.dcm", "10000032"),
        ("MIMIC-CXR", "p10000032.png", None),
    ],
)
def test_ids_are_those_of_the_published_names(collection: str, name: str, patient: str | None) -> None:
    (naming,) = (one for one in NAMINGS if one.collection == collection)
    assert finder_of(naming)(name) == patient
