"""What every dataset promises; a new dataset inherits these tests by naming its expression."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.splits import Split, classes_of
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from specs.errors import DataError
from specs.expression import parse
from specs.fold import folds_of
from specs.registry import DATASETS
from specs.task import IGNORED
from tests.conftest import PROJECT


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@contextlib.contextmanager
def listed_backwards(folder: Any = ".") -> Iterator[Iterator[os.DirEntry[str]]]:
    """``os.scandir`` of a file system that lists the last name first."""
    with SCANDIR(folder) as entries:
        yield iter(sorted(entries, key=lambda entry: entry.name, reverse=True))


SCANDIR = os.scandir


class DatasetContract:
    """Inherit and set ``expression``; and ``drawn``, where the publishers split or there are no patients."""

    expression: ClassVar[str]
    drawn: ClassVar[tuple[Split, ...]] = SPLITS
    """The splits that are drawn by patient, of the images that its publishers do not give to another one."""

    @pytest.fixture
    def dataset(self, root: Path) -> Dataset:
        """As it is opened: with what only its files say."""
        built: Dataset = DATASETS.build(self.expression)
        assert built.at(root).kind == built.kind
        return built.at(root)

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The phantom edition's folder, which no test changes."""
        return ensure_phantom(parse(cls.expression), tmp_path_factory.mktemp("phantom"))

    def test_arguments_that_only_choose_samples_are_its_own(self, dataset: Dataset) -> None:
        names = {field.name for field in dataclasses.fields(dataset)}
        assert {"splits", "fraction"} <= dataset.membership <= names
        assert set(dataset.pixel_arguments) <= names

    def test_its_phantom_edition_is_read_by_the_real_reader(self, dataset: Dataset, root: Path) -> None:
        index = dataset.index(root)
        index.check(self.expression)
        assert dataset.channels >= 1
        assert len(set(dataset.channel_names)) == len(dataset.channel_names) == dataset.channels
        for split in SPLITS:
            for sample in index.split(split):
                image = dataset.read_image(root, sample)
                assert image.dtype == np.uint8
                assert image.shape[2:] == (() if dataset.channels == 1 else (dataset.channels,))
                if dataset.task.kind == "segmentation":
                    mask, view = dataset.read_mask(root, sample), dataset.read_field_of_view(root, sample)
                    assert mask.shape == image.shape[:2]
                    assert set(np.unique(mask)) <= {*range(len(dataset.task.classes) + 1), IGNORED}
                    assert not sample.target or mask.any() == sample.target[0]
                    assert view is None or (view.shape == mask.shape and set(np.unique(view)) <= {0, 1})

    def test_its_targets_fit_its_task(self, dataset: Dataset, root: Path) -> None:
        task, index = dataset.task, dataset.index(root)
        for split in SPLITS:
            for sample in index.split(split):
                if task.kind == "segmentation":
                    assert sample.target in ((), (0.0,), (1.0,))
                elif task.kind == "multiclass":
                    assert len(sample.target) == 1
                    assert sample.target[0] in range(len(task.classes))
                else:
                    assert len(sample.target) == len(task.classes)
                    assert all(value in (0, 1) or math.isnan(value) for value in sample.target if split != "train")
                    trained = dataset.training_target(sample, seed=0)
                    assert all(0 <= value <= 1 or math.isnan(value) for value in trained)
                    assert dataset.training_target(sample, seed=0) == pytest.approx(trained, abs=0, nan_ok=True)

    def test_every_scored_class_can_be_scored_in_validation_and_test(self, dataset: Dataset, root: Path) -> None:
        task, index = dataset.task, dataset.index(root)
        for split in ("validation", "test"):
            targets = [sample.target for sample in index.split(split)]
            for number, name in enumerate(task.classes):
                if task.kind == "segmentation":
                    continue
                found = {t[0] == number if task.kind == "multiclass" else t[number] == 1 for t in targets}
                assert found == {True, False} or name not in task.scored, (split, name)

    def test_two_splits_never_share_a_patient(self, dataset: Dataset, root: Path) -> None:
        index = dataset.index(root)
        patients = [{sample.patient for sample in index.split(split)} for split in SPLITS]
        assert sum(map(len, patients)) == len(set.union(*patients))

    def test_images_of_a_patient_stay_together_whatever_the_images_are(self, dataset: Dataset, root: Path) -> None:
        """Pairs of images become a patient's, so that images could be drawn where patients should be."""
        if not self.drawn:
            pytest.skip("its publishers' split, or images without patients")
        samples = dataset.read_labels(root).samples
        own = dataset.own_split(root, samples)
        among = sorted((one for split in self.drawn for one in own[split]), key=lambda one: one.id[::-1])
        joined = {one.id: one._replace(patient=f"pair {place // 2}") for place, one in enumerate(among)}
        found = dataset.own_split(root, tuple(joined.get(sample.id, sample) for sample in samples))
        patients = {split: {sample.patient for sample in found[split]} for split in self.drawn}
        assert all(patients.values())
        assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == (len(among) + 1) // 2
        assert sum(map(len, found.values())) == sum(map(len, own.values()))

    def test_its_samples_name_the_files_that_are_there(self, dataset: Dataset, root: Path) -> None:
        index = dataset.index(root)
        for split in SPLITS:
            paths = [path for sample in index.split(split) for path in dataset.files(root, sample)]
            assert all(path.is_file() and path.is_relative_to(root) for path in paths)
            assert bool(paths) != dataset.generated

    def test_fractions_of_its_training_patients_are_nested_and_show_every_class(
        self, dataset: Dataset, root: Path
    ) -> None:
        whole = dataset.index(root)
        smaller: set[str] = set()
        for fraction in (0.01, 0.1, 0.5, 0.9):
            part = dataclasses.replace(dataset, fraction=fraction).index(root)
            assert str((part.validation, part.test)) == str((whole.validation, whole.test))
            chosen = {sample.id for sample in part.train}
            assert smaller <= chosen <= {sample.id for sample in whole.train}
            patients = {sample.patient for sample in part.train}
            assert chosen == {sample.id for sample in whole.train if sample.patient in patients}
            shown = {n for s in part.train for n in classes_of(s.target, dataset.task)}
            assert shown == {n for s in whole.train for n in classes_of(s.target, dataset.task)}
            smaller = chosen
        share = len({sample.patient for sample in part.train}) / len({sample.patient for sample in whole.train})
        assert share == pytest.approx(0.9, abs=0.06)

    def test_another_order_takes_other_patients_of_the_same_training_split(self, dataset: Dataset, root: Path) -> None:
        first, other = (dataclasses.replace(dataset, fraction=0.5, order=order).index(root) for order in (0, 1))
        assert str((first.validation, first.test)) == str((other.validation, other.test))
        taken, drawn = ({sample.patient for sample in index.train} for index in (first, other))
        assert taken != drawn and len(taken) == pytest.approx(len(drawn), abs=3)
        assert dataclasses.replace(dataset, order=1).index(root) == dataset.index(root)

    def test_in_folds_every_patient_is_tested_once_and_by_no_split_twice(self, dataset: Dataset, root: Path) -> None:
        index = dataset.index(root)
        folds = [in_fold(OpenDataset(dataset, root, index), fold).index for fold in folds_of(3)]
        everyone = sorted(sample.id for split in SPLITS for sample in index.split(split))
        assert sorted(sample.id for fold in folds for sample in fold.test) == everyone
        for fold in folds:
            fold.check(self.expression)
            for split in SPLITS:
                used = [dataset.used_in(split, sample) for sample in index.pool]
                assert {repr(sample) for sample in fold.split(split)} <= {repr(sample) for sample in used}

    def test_it_takes_a_users_split_lists(self, dataset: Dataset, root: Path, tmp_path: Path) -> None:
        own = dataset.index(root)
        lists = tmp_path / "lists"
        lists.mkdir()
        for name, samples in (("train", own.test), ("validation", own.validation), ("test", own.train)):
            (lists / f"{name}.txt").write_text("".join(f"{sample.id}\n" for sample in samples))
        swapped = dataclasses.replace(dataset, splits=str(lists)).index(root)
        assert [sample.id for sample in swapped.train] == [sample.id for sample in own.test]
        assert [sample.id for sample in swapped.test] == [sample.id for sample in own.train]

    def test_its_phantom_edition_is_always_the_same_and_says_what_it_is(
        self, dataset: Dataset, root: Path, tmp_path: Path
    ) -> None:
        if dataset.generated:
            pytest.skip("a formula makes its images; there are no files")
        again = ensure_phantom(parse(self.expression), tmp_path)
        assert again.name == root.name
        assert contents(again) == contents(root)
        assert "synthetic" in (again / "SYNTHETIC.txt").read_text()

    def test_its_identity_is_stable_and_sees_every_label_and_patient(self, dataset: Dataset, root: Path) -> None:
        index = dataset.index(root)
        assert dataset.index(root).identity() == index.identity()
        first = index.test[0]
        relabelled = first._replace(target=tuple(1 - value for value in first.target) or (1.0,))
        for changed in (relabelled, first._replace(patient="someone else"), first._replace(id="another")):
            other: Index = dataclasses.replace(index, test=(changed, *index.test[1:]))
            assert other.identity() != index.identity()

    def test_the_order_in_which_a_file_system_lists_files_changes_nothing(
        self, dataset: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = dataset.index(root)
        monkeypatch.setattr(os, "scandir", listed_backwards)
        assert dataset.index(root) == before

    def test_a_digest_of_its_files_changes_with_any_byte_of_one(
        self, dataset: Dataset, root: Path, tmp_path: Path
    ) -> None:
        index = dataset.index(root)
        assert dataset.generated or dataset.needs_preparing == (not index.content)
        if not index.content:
            pytest.skip("its files are too many to be read at each start, or it has none")
        changed = tmp_path / root.name
        shutil.copytree(root, changed)
        assert dataset.index(changed).content == index.content
        for file in (dataset.files(changed, index.train[0])[0], dataset.files(changed, index.test[-1])[-1]):
            before, content = dataset.index(changed).content, bytearray(file.read_bytes())
            content[-1] ^= 1
            file.write_bytes(content)
            samples = (*index.train, *index.validation, *index.test)
            assert dataset.content(changed, samples) != before

    def test_a_wrong_folder_is_answered_with_the_layout_and_the_source(self, dataset: Dataset, tmp_path: Path) -> None:
        if dataset.generated:
            pytest.skip("a formula makes its images; there are no files")
        (tmp_path / "holiday.jpg").write_bytes(b"")
        with pytest.raises(DataError) as caught:
            dataset.index(tmp_path)
        message = str(caught.value)
        assert dataset.layout in message
        assert "holiday.jpg" in message
        assert (dataset.homepage if dataset.homepage.startswith("http") else "Put your files there") in message

    def test_it_says_how_its_files_are_got(self, dataset: Dataset) -> None:
        ways = bool(dataset.open_files), bool(dataset.by_hand), dataset.generated
        assert sum(ways) == 1, "open files, a sentence on getting them by hand, or a formula"
        assert len({file.becomes for file in dataset.open_files}) == len(dataset.open_files)
        for file in dataset.open_files:
            assert file.url.startswith("https://")
            assert file.licence in dataset.licence
            assert Path(file.name).name == file.name
            assert file.md5 is None or (len(file.md5) == 32 and set(file.md5) <= set("0123456789abcdef"))
            assert file.folder is None or file.folder in dataset.layout
        assert not dataset.by_hand or dataset.by_hand.endswith(".")

    def test_naming_it_imports_nothing_heavy(self) -> None:
        name = parse(self.expression).name
        code = (
            f"import sys; from specs.registry import DATASETS; DATASETS.get({name!r})\n"
            "assert not {'torch', 'numpy', 'cv2', 'PIL'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
