"""Volumes as slices: the contract for segmentation and classification, and which slices a dataset has."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from datamodules.dataset.contract import Index
from datamodules.dataset.sample import Sample
from datamodules.files.volume_files import read_volume
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.preparation import prepare
from datamodules.prepared.problems import find_problems
from datamodules.volumes import Volumes
from specs.errors import DataError, UsageError
from specs.fold import folds_of
from specs.recipe import Form
from tests.datamodules.contract import DatasetContract
from tests.datamodules.slicing.geometry import rotation

AFFINE = np.diag([1.0, 1.0, 3.0, 1.0])


class TestMasksOfSeveralClasses(DatasetContract):
    expression = 'volumes(classes=("kidney", "tumour"), values=(2, (1, 7)))'


class TestMasksBesideImagesAcrossPatients(DatasetContract):
    expression = (
        'volumes(classes=("kidney",), images="all/*.mha", masks="all/*_seg.nrrd", axis="coronal", every=3, '
        'spacing=4.0, window=(40, 400), neighbours=1, table="who.csv", patient="who", split="part")'
    )
    drawn = ()


class TestClassesOfSeries(DatasetContract):
    expression = 'volumes(kind="binary", classes=("ill",), images="*/ct", axis="acquired", patient="who")'


class TestClassFoldersOfSeries(DatasetContract):
    expression = 'volumes(kind="binary", classes=("ill",), labels="folders", negative=("well",), images="*/*/ct")'


class TestClassFoldersOfFiles(DatasetContract):
    expression = 'volumes(kind="multiclass", classes=("a", "b", "c"), labels="folders", images="*/*.nii.gz")'


def write_case(folder: Path, values: Any, mask: Any = None, affine: Any = AFFINE, mask_affine: Any = None) -> None:
    """A case as ``imaging.nii.gz`` and ``segmentation.nii.gz``, by nibabel."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = {"imaging": (values, affine), "segmentation": (mask, affine if mask_affine is None else mask_affine)}
    for name, (voxels, matrix) in pairs.items():
        if voxels is not None:
            nibabel.save(nibabel.Nifti1Image(voxels, matrix), folder / f"{name}.nii.gz")


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Twenty cases of 6 x 5 x 4 voxels of noise; of the n-th one the slice n % 4 has class 1, and every fifth none."""
    for number in range(20):
        generator = np.random.default_rng(number)
        mask = np.zeros((6, 5, 4), np.uint8)
        if number % 5:
            mask[1:3, 2:4, number % 4] = 1
        write_case(tmp_path / f"case {number:02d}", generator.integers(-99, 99, (6, 5, 4)).astype(np.int16), mask)
    return tmp_path


def everyone(index: Index) -> list[Sample]:
    return [*index.train, *index.validation, *index.test]


def test_ids_are_the_case_and_the_number_of_the_slice_from_the_foot_up(cases: Path) -> None:
    found = sorted(sample.id for sample in everyone(Volumes().index(cases)))
    assert found[:5] == ["case 00/axial-000", "case 00/axial-001", "case 00/axial-002", "case 00/axial-003",
                         "case 01/axial-000"]  # fmt: skip
    assert len(found) == 80
    second = [one.id for one in everyone(Volumes(axis="coronal", every=2).index(cases)) if one.patient == "case 07"]
    assert sorted(second) == ["case 07/coronal-000", "case 07/coronal-002", "case 07/coronal-004"]


def test_an_axial_slice_has_the_front_above_and_the_patients_right_at_the_left(cases: Path) -> None:
    values = np.full((6, 5, 4), 0, np.int16)
    values[5, 4, 2], values[0, 0, 2] = 100, 50  # in RAS: right and front; left and back
    write_case(cases / "case 00", values, np.zeros((6, 5, 4), np.uint8), np.diag([1.0, 1.0, 1.0, 1.0]))
    dataset = Volumes(window=(50, 100))
    sample = next(one for one in everyone(dataset.index(cases)) if one.id == "case 00/axial-002")
    image = dataset.read_image(cases, sample)
    assert image.shape == (5, 6)
    assert (image[0, 0], image[4, 5], int(image.sum(dtype=int))) == (255, 128, 383)


def test_test_patients_are_the_same_whatever_slices_are_taken_and_are_tested_on_all_of_them(cases: Path) -> None:
    whole, found = Volumes().index(cases), Volumes(slices="with finding").index(cases)
    assert [sample.id for sample in found.test] == [sample.id for sample in whole.test]
    assert {sample.patient for sample in Volumes(axis="sagittal", every=3).index(cases).test} == {
        sample.patient for sample in whole.test
    }
    shown = {f"case {number:02d}/axial-{number % 4:03d}" for number in range(20) if number % 5}
    for split in ("train", "validation"):
        expected = {sample.id for sample in whole.split(split)} & shown  # type: ignore[arg-type]
        assert {sample.id for sample in found.split(split)} == expected  # type: ignore[arg-type]


def test_in_folds_slices_with_a_finding_train_and_all_are_tested(cases: Path) -> None:
    dataset = Volumes(slices="with finding")
    index = dataset.index(cases)
    folds = [in_fold(OpenDataset(dataset, cases, index), fold).index for fold in folds_of(4)]
    assert sorted(sample.id for fold in folds for sample in fold.test) == sorted(
        sample.id for sample in everyone(Volumes().index(cases))
    )
    assert all(any(sample.target) for fold in folds for sample in (*fold.train, *fold.validation))


def test_neighbours_are_the_slices_before_and_after_and_the_ends_repeat_themselves(cases: Path) -> None:
    one, three = Volumes(), Volumes(neighbours=1)
    samples = [sample for sample in everyone(one.index(cases)) if sample.patient == "case 03"]
    alone = [one.read_image(cases, sample) for sample in samples]
    together = [three.read_image(cases, sample) for sample in samples]
    for number, image in enumerate(together):
        for channel, place in enumerate((number - 1, number, number + 1)):
            assert np.array_equal(image[..., channel], alone[min(max(place, 0), 3)])


def test_spacing_gives_square_pixels_and_without_it_pixels_are_as_stored(cases: Path) -> None:
    expected = {None: (4, 6), 1.0: (12, 6), 0.5: (24, 12)}
    for spacing, size in expected.items():
        dataset = Volumes(axis="coronal", spacing=spacing)
        sample = dataset.index(cases).train[0]
        assert dataset.read_image(cases, sample).shape == dataset.read_mask(cases, sample).shape == size


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.int32])
def test_without_a_window_the_percentiles_of_the_whole_volume_become_black_and_white(kind: Any, cases: Path) -> None:
    values = np.random.default_rng(3).gamma(2, 20, (6, 5, 4)).clip(0, 250).astype(kind)
    write_case(cases / "case 00", values)
    low, high = np.percentile(values.astype(np.float64), (0.5, 99.5))
    expected = np.rint(np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255)
    dataset = Volumes(axis="acquired")
    for number, sample in enumerate(one for one in everyone(dataset.index(cases)) if one.patient == "case 00"):
        difference = dataset.read_image(cases, sample).astype(int) - expected[..., number].T
        assert np.abs(difference).max() <= 1  # what lies at half a step may be rounded up or down


def test_what_is_not_a_number_is_black_and_infinite_values_are_refused(cases: Path) -> None:
    values = np.random.default_rng(3).normal(0, 1, (6, 5, 4)).astype(np.float32)
    values[2, 2, 1] = np.nan
    write_case(cases / "case 00", values)
    dataset = Volumes(axis="acquired")
    sample = next(one for one in everyone(dataset.index(cases)) if one.id == "case 00/acquired-001")
    assert dataset.read_image(cases, sample)[2, 2] == 0
    values[2, 2, 1] = np.inf
    write_case(cases / "case 00", values)
    with pytest.raises(DataError, match="infinite values"):
        dataset.read_image(cases, sample)


OTHER_GRIDS = {
    "moved": (np.zeros((6, 5, 4), np.uint8), np.diag([1.0, 1.0, 3.0, 1.0]) + np.eye(4, k=3), "corners lie up to 1 mm"),
    "flipped": (np.zeros((6, 5, 4), np.uint8), np.diag([-1.0, 1.0, 3.0, 1.0]), "corners lie up to 10 mm apart"),
    "smaller": (np.zeros((6, 5, 3), np.uint8), AFFINE, "other numbers of voxels"),
}


@pytest.mark.parametrize("how", OTHER_GRIDS)
def test_a_mask_on_another_grid_is_refused_with_both(how: str, cases: Path) -> None:
    mask, affine, message = OTHER_GRIDS[how]
    write_case(cases / "case 00", np.zeros((6, 5, 4), np.int16), mask, mask_affine=affine)
    dataset = Volumes()
    sample = next(one for one in everyone(dataset.index(cases)) if one.patient == "case 00")
    with pytest.raises(DataError, match=message) as refused:
        dataset.read_mask(cases, sample)
    assert "6 x 5 x 4 voxels, matrix [1 0 0 0; 0 1 0 0; 0 0 3 0]" in str(refused.value)
    assert "segmentation.nii.gz" in str(refused.value) and "imaging.nii.gz" in str(refused.value)


def test_matrices_that_differ_by_rounding_are_the_same_grid(cases: Path) -> None:
    mask = np.ones((6, 5, 4), np.uint8)
    write_case(cases / "case 00", np.zeros((6, 5, 4), np.int16), mask, mask_affine=AFFINE + 1e-3 * np.eye(4, k=3))
    dataset = Volumes()
    sample = next(one for one in everyone(dataset.index(cases)) if one.patient == "case 00")
    assert dataset.read_mask(cases, sample).all()


def test_values_of_masks_are_classes_and_others_are_refused(cases: Path) -> None:
    mask = np.zeros((6, 5, 4), np.float64)
    mask[0, 0, 1], mask[1, 0, 1], mask[2, 0, 1], mask[3, 0, 1] = 4, 2, 3, 9
    write_case(cases / "case 00", np.zeros((6, 5, 4), np.int16), mask)
    dataset = Volumes(classes=("kidney", "tumour"), values=(4, (2, 3)), ignored=(9,), axis="acquired")
    sample = Sample("case 00/acquired-001", "case 00", (), "case 00/imaging.nii.gz#1")
    assert dataset.read_mask(cases, sample)[0].tolist() == [1, 2, 2, 255, 0, 0]
    with pytest.raises(DataError, match="has the values 3, 4, 9; expected 0, 1, 2"):
        Volumes(classes=("kidney", "tumour"), axis="acquired").read_mask(cases, sample)
    with pytest.raises(DataError, match="has the values 0, 2, 3, 4, 9; expected 0 and one other"):
        Volumes(axis="acquired").read_mask(cases, sample)
    write_case(cases / "case 00", None, mask / 2)
    with pytest.raises(DataError, match="no whole numbers"):
        dataset.read_mask(cases, sample)


def test_a_volume_is_decoded_once_for_all_of_its_slices(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[Path]()

    def counted(path: Path, channels: int = 1) -> Any:
        read.append(path)
        return read_volume(path, channels)

    monkeypatch.setattr("datamodules.slicing.kept.read_volume", counted)
    prepare(Volumes(), cases, cases.with_name("store"), [Form(8)], jobs=1)
    assert len(read) == len(set(read)) == 40


def test_a_table_names_cases_and_their_patients_and_splits(cases: Path) -> None:
    rows = [f"case {n:02d},{'ab'[n % 2]},p{n // 2},{('train', 'val', 'test')[n // 2 % 3]}" for n in range(20)]
    rows[3] = rows[3].replace("case 03", "case 03/imaging.nii.gz")
    (cases / "labels.csv").write_text("\n".join(["case,label,who,part", *rows]) + "\n")
    dataset = Volumes(kind="multiclass", classes=("a", "b"), patient="who", split="part")
    index = dataset.index(cases)
    assert {sample.patient for sample in index.test} == {"p2", "p5", "p8"}
    assert {(one.target, one.id[:7]) for one in everyone(index)} == {
        ((float(n % 2),), f"case {n:02d}") for n in range(20)
    }
    (cases / "labels.csv").write_text("\n".join(["case,label,who,part", *rows, "case 99,a,p0,train"]) + "\n")
    with pytest.raises(DataError, match=r"line 22: case 99 is no case of \*/imaging\.nii\.gz; found case 00"):
        dataset.index(cases)
    partly = dataclasses.replace(dataset, missing="leave out").index(cases)
    assert (partly.test, partly.excluded) == (index.test, {"case 99": "without a file"})


def test_a_case_without_a_mask_is_named_or_left_out(cases: Path) -> None:
    (cases / "case 04" / "segmentation.nii.gz").unlink()
    with pytest.raises(DataError, match=r"1 cases have no mask \*/segmentation\.nii\.gz, such as case 04"):
        Volumes().index(cases)
    index = Volumes(missing="leave out").index(cases)
    assert len(everyone(index)) == 76
    assert index.excluded == {"case 04": "without a file"}


def test_patients_may_be_in_the_names_of_cases(cases: Path) -> None:
    patients = {sample.patient for sample in everyone(Volumes(patient_in_name=r"case (\d)").index(cases))}
    assert patients == {"0", "1"}


def test_oblique_volumes_are_counted(cases: Path) -> None:
    assert Volumes().remarks(cases) == []
    affine = np.eye(4)
    affine[:3, :3] = rotation((20, 0, 0))
    write_case(cases / "case 07", np.zeros((6, 5, 4), np.int16), np.zeros((6, 5, 4), np.uint8), affine)
    (remark,) = Volumes().remarks(cases)
    assert remark.startswith("1 of 20 volumes are oblique, case 07 by 20 degrees")
    assert Volumes(axis="acquired").remarks(cases) == []


def test_doubles_are_whole_volumes_and_not_blank_slices(cases: Path, tmp_path: Path) -> None:
    def problems() -> list[tuple[str, str, str]]:
        prepared = prepare(dataset, cases, tmp_path / "store", [Form(8)], jobs=1)
        found = find_problems(dataset, cases, dataset.index(cases), prepared)
        return [(problem.id, problem.kind, problem.other) for problem in found]

    dataset = Volumes()
    for folder in sorted(cases.iterdir()):
        image = nibabel.load(folder / "imaging.nii.gz")
        values = np.asanyarray(image.dataobj).copy()
        values[..., 0] = 0
        nibabel.save(nibabel.Nifti1Image(values, image.affine), folder / "imaging.nii.gz")
    assert problems() == []
    names = [folder.name for folder in sorted(cases.iterdir())]
    first, second = names[1], names[6]
    for file in ("imaging.nii.gz", "segmentation.nii.gz"):
        shutil.copy(cases / first / file, cases / second / file)
    doubles = problems()
    assert len(doubles) == 4 and {kind for _, kind, _ in doubles} == {"duplicate"}
    assert {one.rpartition("/")[0] for one, _, _ in doubles} < {first, second}
    assert all(one.rpartition("/")[2] == other.rpartition("/")[2] and one != other for one, _, other in doubles)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "argument every"),
        ({"spacing": 0.0}, "argument spacing"),
        ({"window": (40, 0)}, "argument window"),
        ({"images": "imaging.nii.gz"}, "argument images"),
        ({"images": "../*.nii"}, "argument images"),
        ({"masks": "/etc/*.nii"}, "argument masks"),
        ({"masks": "*/*.nii"}, "the same number of stars"),
        ({"masks": "*/imaging.nii.gz"}, "the same number of stars"),
        ({"foreground": (0, 1)}, "argument foreground"),
        ({"values": (1,)}, "they are for several classes"),
        ({"classes": ("a", "b"), "values": (1,)}, "what marks each of 2 classes, found 1"),
        ({"classes": ("a", "b"), "values": (1, (2, 1))}, "expected different values"),
        ({"classes": ("a", "b"), "ignored": (2,)}, "expected different values"),
        ({"kind": "binary", "slices": "with finding"}, 'they are for kind="segmentation"'),
        ({"patient": "who", "patient_in_name": "a"}, "of volumes: both say the patients"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Volumes(**arguments)


def test_a_spacing_that_gives_huge_slices_is_refused(cases: Path) -> None:
    dataset = Volumes(spacing=2e-4)
    sample = everyone(dataset.index(cases))[0]
    with pytest.raises(DataError, match=r"slices of 25,000 x 30,000 pixels.* Give a larger spacing"):
        dataset.read_image(cases, sample)


def test_masks_of_no_case_or_of_several_are_not_put_back(cases: Path, tmp_path: Path) -> None:
    mask = np.zeros((5, 6), np.uint8)
    for named in ({"case 77/axial-000": mask}, {"case 01/axial-000": mask, "case 02/axial-000": mask}, {}):
        with pytest.raises(DataError, match="expected masks of the slices of one case"):
            Volumes().put_back(cases, named, tmp_path / "mask.nii.gz")
    assert not (tmp_path / "mask.nii.gz").exists()


def test_a_folder_that_the_system_does_not_show_is_told(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(folder: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("datamodules.slicing.cases.os.scandir", scandir)
    with pytest.raises(DataError, match=r"cannot be looked into: Permission denied\. Make it readable"):
        Volumes().read_labels(cases)


def lists(folder: Path, train: str, validation: str, test: str) -> str:
    """The folder of split lists with these lines."""
    for name, lines in {"train": train, "validation": validation, "test": test}.items():
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.txt").write_text(lines, encoding="utf-8")
    return str(folder)


def test_split_lists_name_cases_their_files_patients_or_slices(
    cases: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    people = "case ([0-9]+)"
    given = lists(folder, "case 00\ncase 01/imaging.nii.gz\n", "case 02/axial-001\n", "07\n08\n")
    index = Volumes(splits=given, patient_in_name=people).index(cases)
    assert [sample.id for sample in index.train] == [
        f"case {case}/axial-{number:03d}" for case in ("00", "01") for number in range(4)
    ]
    assert [sample.id for sample in index.validation] == ["case 02/axial-001"]
    assert sorted({sample.patient for sample in index.test}) == ["07", "08"]
    assert len(index.test) == 8
    with_finding = Volumes(splits=given, patient_in_name=people, slices="with finding").index(cases)
    assert [sample.id for sample in with_finding.train] == ["case 01/axial-001"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("case 99", "case.* is not among the dataset's slices, cases or patients. Name a case, a patient, or a slice"),
        ("axial-001", "axial-001 names more than one image"),
        ("both", "both names more than one image"),
    ],
)
def test_lines_of_split_lists_that_name_nothing_or_several_things_are_refused(
    line: str, why: str, cases: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if line == "both":
        (cases / "case 00").rename(cases / "both")
        (cases / "case 01").rename(cases / "xboth")
    given = lists(tmp_path_factory.mktemp("lists"), f"{line}\n", "case 02\n", "case 03\n")
    with pytest.raises(DataError, match=why):
        Volumes(splits=given, patient_in_name="(?<=x)both|(?<=b)oth|case [0-9]+" if line == "both" else None).index(
            cases
        )


def test_a_case_in_no_class_folder_and_a_class_without_cases_are_refused(tmp_path: Path) -> None:
    for name in ("well/1", "well/2", "ill/3"):
        write_case(tmp_path / name, np.zeros((4, 4, 2), np.int16))
    asked: dict[str, Any] = {"kind": "binary", "labels": "folders", "images": "*/*/imaging.nii.gz"}
    with pytest.raises(
        DataError, match=r"ill/3/imaging.nii.gz lies in ill, which is none of the classes \(well, sick\)"
    ):
        Volumes(classes=("sick",), negative=("well",), **asked).index(tmp_path)
    with pytest.raises(UsageError, match=r"no case .* lies in a class folder gone; found ill, well\."):
        Volumes(classes=("ill",), negative=("well", "gone"), **asked).index(tmp_path)


def test_class_folders_need_a_folder_and_no_table() -> None:
    asked: dict[str, Any] = {"kind": "binary", "labels": "folders", "negative": ("a",)}
    for images in ("*.nii.gz", "*_*.nii.gz"):
        with pytest.raises(UsageError, match=r"the first star is the class folder .*, found"):
            Volumes(images=images, **asked)
    with pytest.raises(UsageError, match='argument labels of volumes: "folders" reads no table'):
        Volumes(images="*/*.nii", table="x.csv", **asked)
    with pytest.raises(UsageError, match='argument negative of volumes: with labels="folders" it names the folders'):
        Volumes(images="*/*.nii", kind="binary", labels="folders")
    with pytest.raises(UsageError, match='argument labels of volumes: "folders" is for kind="binary" or'):
        Volumes(labels="folders")
