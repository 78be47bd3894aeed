"""CheXpert: its contract, the real label file, and what becomes of uncertain labels."""

from __future__ import annotations

import gzip
import math
import shutil
from pathlib import Path

import pytest

from datamodules.chexpert import CLASSES, SCORED, CheXpert
from datamodules.phantoms.phantom import ensure_phantom
from experiments.run.public_names import metric_prefix, public_dataset
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS
from tests.datamodules.contract import DatasetContract


class TestCheXpert(DatasetContract):
    expression = "chexpert"
    drawn = ("train", "validation")


class TestCheXpertOfOneObservation(DatasetContract):
    expression = 'chexpert(scored=("Consolidation",))'
    drawn = ("train", "validation")


class TestFrontalCheXpert(DatasetContract):
    expression = 'chexpert(frontal_only=True, uncertain="ignore", test="test")'
    drawn = ()


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A phantom CheXpert that a test may damage."""
    return ensure_phantom(parse("chexpert"), tmp_path)


def test_the_real_label_file_gives_the_published_counts(real_data: Path, tmp_path: Path) -> None:
    base = tmp_path / "CheXpert-v1.0-small"
    base.mkdir()
    text = gzip.decompress((real_data / "chexpert" / "train.csv.gz").read_bytes())
    (base / "train.csv").write_bytes(text)
    lines = text.decode().splitlines()
    valid = [lines[0], *(line.replace("/train/", "/valid/").replace("patient0", "patient9") for line in lines[1:50])]
    (base / "valid.csv").write_text("\n".join(valid))  # the published one is not at hand
    labels = CheXpert().read_labels(tmp_path)
    train = [sample for sample in labels.samples if sample.source.startswith("train/")]
    assert len(train) == 223_414
    assert len({sample.patient for sample in train}) == 64_540
    # Irvin et al. 2019, table 1: positive and uncertain studies' images of two of the classes.
    place = CLASSES.index("Pleural Effusion")
    counted = [sum(sample.target[place] == value for sample in train) for value in (1.0, -1.0)]
    cells = [line.split(",")[5 + place] for line in lines[1:]]
    assert counted == [cells.count("1.0"), cells.count("-1.0")] == [86_187, 11_628]
    index = CheXpert().index(tmp_path)
    index.check("chexpert")
    assert 0.045 < len({sample.patient for sample in index.validation}) / 64_540 < 0.055
    frontal = CheXpert(frontal_only=True).read_labels(tmp_path).samples
    assert sum(sample.source.startswith("train/") for sample in frontal) == 191_027


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("ignore", lambda value: math.isnan(value)),
        ("zeros", lambda value: value == 0),
        ("ones", lambda value: value == 1),
        ("lsr_ones", lambda value: 0.55 <= value <= 0.85),
        ("lsr_zeros", lambda value: 0 <= value <= 0.3),
    ],
)
def test_uncertain_labels_follow_the_policy_in_training_and_are_masked_elsewhere(
    policy: str, allowed: object, films: Path
) -> None:
    dataset: CheXpert = DATASETS.build(f'chexpert(uncertain="{policy}")')
    raw = {sample.id: sample.target for sample in dataset.read_labels(films).samples}
    index, seen = dataset.index(films), 0
    for split in ("train", "validation", "test"):
        for sample in index.split(split):  # type: ignore[arg-type]
            target = dataset.training_target(sample, seed=5) if split == "train" else sample.target
            for before, after in zip(raw[sample.id], target, strict=True):
                if before != -1:
                    assert before == after
                elif split == "train":
                    assert allowed(after)  # type: ignore[operator]
                    seen += 1
                else:
                    assert math.isnan(after)
    assert seen > 50


def test_five_of_fourteen_classes_are_scored() -> None:
    task = CheXpert().task
    assert (len(task.classes), task.scored) == (14, SCORED)
    assert len(SCORED) == 5


def test_the_later_test_set_is_chosen_by_an_argument(films: Path) -> None:
    index = CheXpert(test="test").index(films)
    assert {sample.source.split("/")[0] for sample in index.test} == {"test"}
    assert {sample.source.split("/")[0] for sample in index.validation} == {"valid"}
    (films / "CheXpert-v1.0-small" / "test.csv").unlink()
    CheXpert().index(films)
    with pytest.raises(DataError, match=r"found no .*test\.csv"):
        CheXpert(test="test").index(films)


def test_frontal_only_leaves_lateral_views_out(films: Path) -> None:
    every, frontal = (CheXpert(frontal_only=only).read_labels(films).samples for only in (False, True))
    assert {sample.id for sample in every} - {sample.id for sample in frontal} == {
        sample.id for sample in every if "lateral" in sample.id
    }


def test_both_releases_are_read_and_not_both_at_once(films: Path) -> None:
    small = films / "CheXpert-v1.0-small"
    before = CheXpert().index(films)
    text = (small / "train.csv").read_text().replace("CheXpert-v1.0-small/", "CheXpert-v1.0/")
    full = films / "CheXpert-v1.0"
    shutil.copytree(small, full)
    (full / "train.csv").write_text(text)
    with pytest.raises(DataError, match="expected one release"):
        CheXpert().index(films)
    shutil.rmtree(small)
    assert CheXpert().index(films).train == before.train


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",1.0", ",2.0", r'train\.csv, line .* is "2\.0", expected one of -1, 0, 1'),
        (",1.0", ",yes", r'is "yes", expected one of -1, 0, 1'),
        ("Edema", "Oedema", r'no column "Edema"; found Path, Sex'),
        ("train/patient00002/", "train/patient00001/", r"patient00001/study1/view1_\w+\.jpg stands there twice"),
        ("CheXpert-v1.0-small/train/patient00002", "CheXpert-v1.0-small/../../patient00002", "leaves the dataset"),
        ("train/patient00002/study1/", "train/patient00002/", "is not of the form"),
    ],
)
def test_a_damaged_label_file_is_refused_with_line_and_column(old: str, new: str, message: str, films: Path) -> None:
    path = films / "CheXpert-v1.0-small" / "train.csv"
    path.write_text(path.read_text().replace(old, new, 1).replace("view1_lateral", "view1_frontal"))
    with pytest.raises(DataError, match=rf"(?s)train\.csv.*{message}|{message}"):
        CheXpert().index(films)


def test_an_unknown_policy_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="lsr_ones"):
        DATASETS.build('chexpert(uncertain="lsr_one")')


def test_the_scored_observations_are_chosen_and_all_are_trained_on(films: Path) -> None:
    one: CheXpert = DATASETS.build('chexpert(scored=("Pleural Effusion", "Consolidation"))')
    assert one.task.scored == ("Consolidation", "Pleural Effusion")  # in the order of the classes
    assert one.task.classes == CheXpert().task.classes
    assert one.index(films) == CheXpert().index(films)
    name = public_dataset('chexpert(scored=("Consolidation",))')
    assert name == 'chexpert(scored=("Consolidation",))'
    assert metric_prefix(name) == "chexpert_scored_Consolidation"


@pytest.mark.parametrize(
    ("scored", "message"),
    [
        ('("Consolidatoin",)', 'Did you mean "Consolidation"'),
        ("()", "one or more different observations"),
        ('("Edema", "Edema")', "one or more different observations"),
        ('"Edema"', "expected values in brackets"),
    ],
)
def test_observations_that_cannot_be_scored_are_refused(scored: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DATASETS.build(f"chexpert(scored={scored})")
