"""Tables on splits of a user's own: the columns that lists are given for, and the benchmark's real lists."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from experiments.session.own_splits import divided
from experiments.tables import build_document
from experiments.tables.named import table_named
from experiments.tables.table import Table
from specs.errors import DataError, UsageError
from specs.registry import DATASETS
from tests.experiments.smoke import spec


def table() -> Table:
    found = table_named("benchmark-table-2", "paper")
    assert isinstance(found, Table)
    return found


def lists(folder: Path, name: str = "shenzhen") -> Path:
    (folder / name).mkdir(parents=True)
    for split in ("train", "validation", "test"):
        (folder / name / f"{split}.txt").write_text("")
    return folder


def unpacked(source: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.name.removesuffix(".gz")
    with gzip.open(source, "rb") as packed, path.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return path


def test_columns_with_lists_are_divided_by_them_and_the_table_says_which(tmp_path: Path) -> None:
    whole = table()
    (tmp_path / "a folder" / ".git").mkdir(parents=True)  # of no meaning here
    found, remarks = divided(whole, lists(tmp_path / "a folder"))
    changed = {new.label: new.dataset for old, new in zip(whole.columns, found.columns, strict=True) if old != new}
    assert changed == {"TXC": f'shenzhen(splits="{tmp_path / "a folder" / "shenzhen"}")'}
    assert remarks == (
        ("splits", "TXC by the lists that were given"),
        ("splits", "DXC14, DXC5, PXS, LXS by this project's own division or the publisher's, not by lists"),
    )
    assert found.rows == whole.rows and found.protocol == whole.protocol


@pytest.mark.parametrize("splits", [None, "a folder of theirs"])
def test_a_finished_run_says_whether_lists_divide_its_images_and_names_no_folder(
    splits: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("public_load_report", "validation_scores", "validated_steps"):
        monkeypatch.setattr(build_document, name, lambda record: ())
    dataset = f'shenzhen(splits="{splits}")' if splits else "shenzhen"
    data: dict[str, Any] = {"seconds": 1.0, "epochs": 1, "outcome": {"scores": {}}, "environment": {}}
    run, record = SimpleNamespace(key="k" * 64, spec=spec(dataset=dataset)), SimpleNamespace(data=data)
    line = build_document._line(cast("Any", run), cast("Any", record), "random", "TXC", 0.5)
    assert line.by_lists is (splits is not None)
    assert "theirs" not in str(line)


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected folders of lists in .*, found no such folder"):
        divided(table(), tmp_path / "none")
    with pytest.raises(UsageError, match=r"such as chestxray14/train\.txt, found drive"):
        divided(table(), lists(tmp_path / "other", "drive"))
    with pytest.raises(UsageError, match=r'"shenzen"\. Did you mean "shenzhen"'):
        divided(table(), lists(tmp_path / "typo", "shenzen"))


def test_lists_are_found_by_the_split_that_their_names_say_unless_several_do(tmp_path: Path) -> None:
    images = tmp_path / "data" / "CXR_png"
    images.mkdir(parents=True)
    for number in range(1, 5):
        (images / f"CHNCXR_{number:04d}_{number % 2}.png").write_bytes(b"")
    folder = tmp_path / "lists"
    folder.mkdir()
    for number, split in enumerate(("train_data", "valid_data", "test_data"), 1):
        (folder / f"Shenzen_{split}.txt").write_text(f"CHNCXR_{number:04d}_{number % 2}.png,{number % 2}\n")
    dataset = DATASETS.build(f'shenzhen(splits="{folder}")')
    index = dataset.index(tmp_path / "data")
    assert [len(index.split(name)) for name in ("train", "validation", "test")] == [1, 1, 1]
    (folder / "another_test.txt").write_text("")
    with pytest.raises(DataError, match=r"no test\.txt, nor a single \*test\*\.txt; found .*another_test"):
        dataset.index(tmp_path / "data")


def test_the_benchmarks_own_lists_of_shenzhen_are_read(real_data: Path, tmp_path: Path) -> None:
    images = tmp_path / "data" / "CXR_png"
    images.mkdir(parents=True)
    for source in (real_data / "official_splits").glob("ShenzenCXR_*.gz"):
        for line in unpacked(source, tmp_path / "lists" / "shenzhen").read_text().split():
            (images / line.split(",")[0]).write_bytes(b"")
    found, _ = divided(table(), tmp_path / "lists")
    index = DATASETS.build(next(one.dataset for one in found.columns if one.label == "TXC")).index(tmp_path / "data")
    splits = [index.split(name) for name in ("train", "validation", "test")]
    assert [len(one) for one in splits] == [463, 65, 134]
    assert [sum(sample.target[0] for sample in one) for one in splits] == [235, 33, 68]


def test_the_benchmarks_own_lists_of_chestxray14_agree_with_published_labels(real_data: Path, tmp_path: Path) -> None:
    unpacked(real_data / "chestxray14" / "Data_Entry_2017_v2020.csv.gz", tmp_path / "data")
    for source in (real_data / "official_splits").glob("Xray14_*.gz"):
        unpacked(source, tmp_path / "lists" / "chestxray14")
    found, _ = divided(table(), tmp_path / "lists")
    index = DATASETS.build(found.columns[0].dataset).index(tmp_path / "data")
    assert [len(index.split(name)) for name in ("train", "validation", "test")] == [75_312, 11_212, 25_596]
