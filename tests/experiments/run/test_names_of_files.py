"""Names of files, folders and metrics that are made of what a user wrote: as short as they must be, and told apart."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from experiments.measures.measuring.measurement_cache import once
from experiments.run.public_names import metric_prefix
from experiments.run.store import RunStore
from experiments.session.make_tables import Asked
from specs.files import write_text
from specs.short_names import LABEL


def dataset(classes: list[str]) -> str:
    return f"folder('ward', kind='multilabel', classes=({', '.join(map(repr, classes))},))"


@pytest.mark.parametrize("count", [1, 14, 16, 200])
@pytest.mark.parametrize("name", ["a finding of the chest", "肺炎", "é" * 90])
def test_a_dataset_of_many_classes_has_a_short_name(count: int, name: str, tmp_path: Path) -> None:
    prefix = metric_prefix(dataset([f"{name} {number}" for number in range(count)]))
    assert 0 < len(prefix.encode()) <= LABEL
    write_text(tmp_path / f"compare-{prefix}-12345678-differences.svg", "")
    others = metric_prefix(dataset([f"{name} {number}" for number in range(1, count + 1)]))
    assert others != prefix


def test_datasets_whose_classes_have_no_latin_letters_are_told_apart() -> None:
    assert metric_prefix(dataset(["肺炎"])) != metric_prefix(dataset(["結核"]))
    assert metric_prefix('medmnist("pneumoniamnist")') == "medmnist"


def test_what_is_measured_of_a_class_of_any_name_is_stored_and_read(tmp_path: Path) -> None:
    name = f"bootstrap-1000-{quote('auroc:' + '肺' * 100, safe='')}"
    for _ in range(2):
        assert once(name, 1, {"key": 0.5}, RunStore(tmp_path), lambda value: value) == {"key": 0.5}
    assert len(list((tmp_path / "evaluations").iterdir())) == 1


@pytest.mark.parametrize("name", ["initializations", "transfusion-figure-3"])
def test_files_of_a_table_are_named_as_ever(name: str) -> None:
    assert Asked(name=name).file_name == Asked(name=f"{name}(option=1)").file_name == name


@pytest.mark.parametrize("name", ["x" * 300, "../elsewhere", "a/b"])
def test_a_plugins_table_of_any_name_has_files_in_its_folder(name: str, tmp_path: Path) -> None:
    write_text(tmp_path / f"{Asked(name=name).file_name}-differences.svg", "")
    assert len(list(tmp_path.iterdir())) == 1
