"""ImageNet and iNat2021: the contract, both layouts, the taxonomy, coarser labels on the same images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.imagenet import PHANTOM, Imagenet
from datamodules.inat2021 import LEVELS, Inat2021
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS
from tests.datamodules.contract import DatasetContract


class TestImagenet(DatasetContract):
    expression = "imagenet"
    drawn = ()


class TestCoarseImagenet(DatasetContract):
    expression = 'imagenet(labels="coarse.csv")'
    drawn = ()


class TestInat2021(DatasetContract):
    expression = 'inat2021("species")'
    drawn = ()


class TestGenera(DatasetContract):
    expression = 'inat2021("genus", subset="mini")'
    drawn = ()


@pytest.fixture
def imagenet(tmp_path: Path) -> Path:
    return ensure_phantom(parse("imagenet"), tmp_path)


@pytest.fixture
def inat(tmp_path: Path) -> Path:
    return ensure_phantom(parse("inat2021"), tmp_path)


def opened(dataset: Dataset, root: Path) -> tuple[Dataset, Index]:
    known = dataset.at(root)
    return known, known.index(root)


def same_images(one: Index, other: Index) -> bool:
    return all([a.id for a in one.split(name)] == [b.id for b in other.split(name)] for name in SPLITS)


def test_the_official_validation_images_test_and_some_of_each_class_validate(imagenet: Path) -> None:
    _, index = opened(Imagenet(), imagenet)
    assert {sample.source.split("/")[0] for sample in index.test} == {"val"}
    assert {sample.source.split("/")[0] for sample in (*index.train, *index.validation)} == {"train"}
    assert [len(index.split(name)) for name in SPLITS] == [6 * 29, 6, 6 * 10]


def test_a_mapping_joins_classes_on_the_same_images(imagenet: Path, tmp_path: Path) -> None:
    fine, index = opened(Imagenet(), imagenet)
    assert fine.task.classes == tuple(PHANTOM)
    for labels in ("coarse.csv", str(shutil.copy(imagenet / "coarse.csv", tmp_path / "mine.csv"))):
        coarse, joined = opened(Imagenet(labels=labels), imagenet)
        assert coarse.task.classes == ("fish", "bird")
        assert same_images(index, joined)
        for name in SPLITS:
            for one, other in zip(index.split(name), joined.split(name), strict=True):
                assert PHANTOM[fine.task.classes[int(one.target[0])]] == coarse.task.classes[int(other.target[0])]


def test_some_classes_can_be_kept_in_an_order_of_ones_own(imagenet: Path) -> None:
    chosen, index = opened(Imagenet(classes=("n01532829", "n01440764")), imagenet)
    assert chosen.task.classes == ("n01532829", "n01440764")
    assert {(s.id.split("/")[1], s.target[0]) for s in index.test} == {("n01532829", 0.0), ("n01440764", 1.0)}
    with pytest.raises(DataError, match=r"no folder in .* has the label n0; there are n01440764"):
        opened(Imagenet(classes=("n01440764", "n0")), imagenet)


def test_a_class_without_images_is_refused_and_an_only_image_trains(imagenet: Path) -> None:
    images = sorted((imagenet / "train" / "n01440764").iterdir())
    for path in images[1:]:
        path.unlink()
    _, index = opened(Imagenet(), imagenet)
    assert [s.source for s in index.train if "n01440764" in s.id] == [f"train/n01440764/{images[0].name}"]
    images[0].unlink()
    with pytest.raises(DataError, match=r"n01440764 holds no images .* Complete or remove the folder"):
        opened(Imagenet(), imagenet)


def test_kaggles_layout_is_read_alike(imagenet: Path, tmp_path: Path) -> None:
    kaggle = tmp_path / "kaggle"
    base = kaggle / "Data" / "CLS-LOC"
    shutil.copytree(imagenet / "train", base / "train")
    (base / "val").mkdir()
    rows = ["ImageId,PredictionString"]
    for path in sorted((imagenet / "val").rglob("*.JPEG")):
        shutil.copy(path, base / "val")
        rows.append(f"{path.stem},{path.parent.name} 85 1 499 272 {path.parent.name} 3 4 5 6 ")
    table = kaggle / "LOC_val_solution.csv"
    table.write_text("\n".join(rows) + "\n")
    dataset, index = opened(Imagenet(), kaggle)
    assert index.identity() == opened(Imagenet(), imagenet)[1].identity()
    assert all(path.is_file() for sample in index.test for path in dataset.files(kaggle, sample))
    for text, message in [
        ("../x,n01440764 1 2 3 4", r"\.\./x is no name of an image"),
        (f"{path.stem},n01440764", "stands there twice"),
        ("x,n00", "n00 has no folder"),
        ("x,", "PredictionString is empty"),
    ]:
        table.write_text("\n".join([*rows, text]) + "\n")
        with pytest.raises(DataError, match=message):
            opened(Imagenet(), kaggle)
    table.unlink()
    with pytest.raises(DataError, match=r"nor val with LOC_val_solution\.csv"):
        opened(Imagenet(), kaggle)


def test_a_mapping_that_does_not_name_every_class_once_is_refused(imagenet: Path) -> None:
    mapping = imagenet / "coarse.csv"
    text = mapping.read_text()
    for changed, message in [
        (text.replace("n01440764,fish\n", ""), "no label for 1 classes, such as n01440764"),
        (text + "n01440764,bird\n", "n01440764 stands there twice"),
        (text.replace("n01440764,fish", "n01440764,"), "label is empty"),
        (text.replace("bird", "fish"), "found 1 classes, expected two or more"),
    ]:
        mapping.write_text(changed)
        with pytest.raises(DataError, match=message):
            Imagenet(labels="coarse.csv").at(imagenet)
    with pytest.raises(DataError, match=r"mine\.csv is missing"):
        Imagenet(labels="mine.csv").at(imagenet)


def test_classes_are_known_once_the_files_are(imagenet: Path) -> None:
    unopened: Dataset = DATASETS.build("imagenet")
    assert unopened.kind == "multiclass"
    with pytest.raises(UsageError, match="its classes are in its files"):
        _ = unopened.task
    assert unopened.index(imagenet) == opened(unopened, imagenet)[1]


@pytest.mark.parametrize(("level", "classes"), list(zip(LEVELS, [2, 3, 4, 4, 6, 6, 8], strict=True)))
def test_every_level_of_the_taxonomy_labels_the_same_images(inat: Path, level: str, classes: int) -> None:
    _, species = opened(Inat2021(), inat)
    dataset, index = opened(Inat2021(level), inat)  # type: ignore[arg-type]
    assert len(dataset.task.classes) == classes
    assert same_images(species, index)
    depth = LEVELS.index(level) + 1
    for sample in index.train:
        path = sample.id.split("/")[1].split("_")[1:]
        assert dataset.task.classes[int(sample.target[0])] == "_".join(path[:depth])


def test_the_taxonomy_of_the_json_goes_before_the_names(inat: Path) -> None:
    published = json.loads((inat / "val.json").read_text())
    by_name = opened(Inat2021("order"), inat)[0].task.classes
    published["categories"][0]["order"] = "Of another opinion"
    (inat / "val.json").write_text(json.dumps(published))
    assert "Animalia_Chordata_Aves_Of-another-opinion" in opened(Inat2021("order"), inat)[0].task.classes
    (inat / "val.json").unlink()
    assert opened(Inat2021("order"), inat)[0].task.classes == by_name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("{}", "KeyError"),
        ('{"categories": [{"id": 3}]}', "image_dir_name"),
        ("[]", "TypeError"),
        ("[" * 100_000, "RecursionError"),
    ],
)
def test_a_damaged_json_is_refused(inat: Path, text: str, message: str) -> None:
    (inat / "val.json").write_text(text)
    with pytest.raises(DataError, match=message):
        Inat2021().at(inat)


def test_a_folder_that_is_no_species_is_refused(inat: Path) -> None:
    (inat / "train" / "holiday").mkdir()
    with pytest.raises(DataError, match=r"holiday: val\.json has no such category"):
        Inat2021().at(inat)
    (inat / "val.json").unlink()
    with pytest.raises(DataError, match="holiday: the name is no taxonomy"):
        Inat2021().at(inat)


def test_names_that_repeat_in_the_taxonomy_stay_apart(inat: Path) -> None:
    """Genera of animals and of plants share names."""
    (inat / "val.json").unlink()
    for folder in ("train", "val"):
        for path in sorted((inat / folder).iterdir()):
            path.rename(path.parent / path.name.replace("Rana", "Quercus"))
    assert len(opened(Inat2021("genus"), inat)[0].task.classes) == 6
