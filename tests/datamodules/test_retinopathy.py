"""EyePACS, APTOS 2019 and Messidor-2: their contracts, and what is particular about each."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.aptos2019 import Aptos2019
from datamodules.eyepacs import EyePacs
from datamodules.messidor2 import Messidor2
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from specs.registry import DATASETS
from tests.datamodules.contract import DatasetContract


class TestEyePacs(DatasetContract):
    expression = "eyepacs"
    drawn = ("train", "validation")


class TestAptos2019(DatasetContract):
    expression = "aptos2019"


class TestMessidor2(DatasetContract):
    expression = "messidor2"


@pytest.mark.parametrize("name", ["eyepacs", "aptos2019", "messidor2"])
def test_five_grades_are_scored_by_the_auc_of_referable_retinopathy(name: str) -> None:
    task = DATASETS.build(name).task
    assert (task.kind, len(task.classes)) == ("multiclass", 5)
    assert task.positives == task.classes[2:]


def test_both_eyes_of_a_patient_stay_together(tmp_path: Path) -> None:
    roots = {name: ensure_phantom(parse(name), tmp_path) for name in ("eyepacs", "messidor2")}
    pairs = [line.split(";") for line in (roots["messidor2"] / "messidor-2.csv").read_text().split()[1:]]
    eyes = [f"{number}_{side}" for number in range(1, 121) for side in ("left", "right")]
    expected = {
        "eyepacs": {frozenset(eyes[place : place + 2]) for place in range(0, 240, 2)},
        "messidor2": {frozenset(Path(name).stem for name in pair) for pair in pairs[2:]},  # four eyes are ungradable
    }
    for name, dataset in (("eyepacs", EyePacs()), ("messidor2", Messidor2())):
        index, patients = dataset.index(roots[name]), dict[str, set[str]]()
        for sample in index.train + index.validation + index.test:
            patients.setdefault(sample.patient, set()).add(Path(sample.id).stem)
        assert set(map(frozenset, patients.values())) == expected[name]


def test_eyepacs_tests_on_the_competitions_test_table(tmp_path: Path) -> None:
    root = ensure_phantom(parse("eyepacs"), tmp_path)
    index = EyePacs().index(root)
    assert {sample.source.split("/")[0] for sample in index.test} == {"test"}
    assert {sample.source.split("/")[0] for sample in index.train + index.validation} == {"train"}


def test_messidor_without_pairs_counts_every_image_as_a_patient_and_leaves_ungradable_ones_out(tmp_path: Path) -> None:
    root = ensure_phantom(parse("messidor2"), tmp_path)
    labels = Messidor2().read_labels(root)
    assert set(labels.excluded.values()) == {"ungradable"}
    assert len(labels.excluded) == 4
    (root / "messidor-2.csv").unlink()
    alone = Messidor2().read_labels(root).samples
    assert len({sample.patient for sample in alone}) == len(alone) == len(labels.samples)


def test_messidors_files_are_found_whatever_the_case_of_their_ending(tmp_path: Path) -> None:
    root = ensure_phantom(parse("messidor2"), tmp_path)
    old = next(sample for sample in Messidor2().read_labels(root).samples if sample.id.endswith(".jpg"))
    assert Messidor2().files(root, old)[0].name.endswith(".JPG")
    assert Messidor2().read_image(root, old).shape == (48, 48, 3)


@pytest.mark.parametrize(
    ("name", "table", "cell"),
    [("eyepacs", "trainLabels.csv", "level"), ("aptos2019", "train.csv", "diagnosis")],
)
def test_a_grade_outside_the_scale_is_refused_with_its_line(name: str, table: str, cell: str, tmp_path: Path) -> None:
    root = ensure_phantom(parse(name), tmp_path)
    lines = (root / table).read_text().splitlines()
    image = lines[3].split(",")[0]
    for wrong in ("5", "severe", ""):
        (root / table).write_text("\n".join([*lines[:3], f"{image},{wrong}", *lines[4:]]))
        with pytest.raises(DataError, match=rf'{table}, line 4: {cell} is "{wrong}", expected one of 0, 1, 2, 3, 4'):
            DATASETS.build(name).index(root)


@pytest.mark.parametrize(
    ("name", "table"),
    [("eyepacs", "trainLabels.csv"), ("aptos2019", "train.csv"), ("messidor2", "messidor_data.csv")],
)
def test_an_image_that_is_listed_twice_is_refused(name: str, table: str, tmp_path: Path) -> None:
    root = ensure_phantom(parse(name), tmp_path)
    lines = (root / table).read_text().splitlines()
    (root / table).write_text("\n".join([*lines, lines[2]]))
    with pytest.raises(DataError, match=rf"{table}, line {len(lines) + 1}: .* stands there twice"):
        DATASETS.build(name).index(root)


def test_aptos_has_no_folder_that_leaves_the_root(tmp_path: Path) -> None:
    root = ensure_phantom(parse("aptos2019"), tmp_path)
    (root / "train.csv").write_text("id_code,diagnosis\n../../secret,1\n")
    with pytest.raises(DataError, match=r"train\.csv, line 2: .* leaves the dataset"):
        Aptos2019().index(root)
