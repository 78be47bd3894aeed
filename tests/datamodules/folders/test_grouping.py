"""Groups of patients in tables: what a cell says, which columns hold ages, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.folder import Folder
from datamodules.folders.grouping import AGES, group_of, of_ages
from experiments.run.resolve import Resolver
from specs.errors import DataError, UsageError
from tests.experiments.smoke import paths_in, spec

TABLE = Path("labels.csv")


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("cell", "bin"),
    [
        ("0", "0 to 17"), ("17", "0 to 17"), ("17.9", "0 to 17"), ("18", "18 to 39"), ("39", "18 to 39"),
        ("40", "40 to 64"), ("64,5", "40 to 64"), ("65", "65 to 79"), ("79", "65 to 79"), ("80", "80 and more"),
        ("130", "80 and more"), ("058Y", "40 to 64"), ("006M", "0 to 17"), ("216M", "18 to 39"), ("010D", "0 to 17"),
        ("051w", "0 to 17"), ("60 y", "40 to 64"),
    ],
)  # fmt: skip
def test_ages_are_put_into_bins_by_their_whole_years(cell: str, bin: str) -> None:
    assert group_of(cell, "age", TABLE, 2) == bin
    assert bin in AGES


@pytest.mark.parametrize("cell", ["131", "-3", "old", "414", "20-30", "Y", "9999999"])
def test_what_is_no_age_is_refused_with_file_line_and_remedy(cell: str) -> None:
    with pytest.raises(DataError, match=r'labels.csv, line 2: Age is ".*", expected an age in years.*without the word'):
        group_of(cell, "Age", TABLE, 2)


@pytest.mark.parametrize("cell", ["", "NA", "nan", "n/a"])
def test_a_cell_that_says_nothing_is_in_no_group(cell: str) -> None:
    assert group_of(cell, "sex", TABLE, 2) == group_of(cell, "age", TABLE, 2) == ""


def test_columns_of_ages_have_the_word_in_their_name() -> None:
    assert all(map(of_ages, ("age", "Age", "Patient Age", "age_years", "patientAge", "AGE", "age-at-scan")))
    assert not any(map(of_ages, ("sex", "image", "stage", "Agency", "language", "dosage")))


def test_a_folder_tells_the_groups_of_its_images(tmp_path: Path) -> None:
    root = written(tmp_path / "f", "image,ill,sex,age\na.png,1, F ,30\nb.png,0,M,\nc.png,1,not  said,81\nd.png,0,,17\n")
    found = Folder("f", label="ill", groups=("sex", "age")).grouped(root)
    assert found == {
        "sex": {"a.png": "F", "b.png": "M", "c.png": "not said"},
        "age": {"a.png": "18 to 39", "c.png": "80 and more", "d.png": "0 to 17"},
    }
    assert Folder("f", label="ill").grouped(root) == {}


def test_columns_that_hold_no_groups_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    rows = "".join(f"{number}.png,1,name{number}\n" for number in range(21))
    with pytest.raises(DataError, match="who tells 21 groups apart; expected 20 at most"):
        Folder("f", label="ill", groups=("who",)).read_labels(written(tmp_path / "f", "image,ill,who\n" + rows))
    with pytest.raises(UsageError, match="sex"):
        Folder("f", label="ill", groups=("sex",)).read_labels(tmp_path / "f")
    with pytest.raises(DataError, match="too long for the name of a group"):
        Folder("f", label="ill", groups=("who",)).read_labels(
            written(tmp_path / "g", f"image,ill,who\na.png,1,{'x' * 41}\n")
        )
    with pytest.raises(UsageError, match="leave out table and the names of columns"):
        Folder("f", classes=("ill",), labels="folders", negative=("well",), groups=("sex",))


def test_rows_of_one_image_are_of_one_group(tmp_path: Path) -> None:
    root = written(tmp_path / "f", "image,ill,sex\na.png,1,F\na.png,0,M\n")
    dataset = Folder("f", label="ill", labels="rows", readers="any", groups=("sex",))
    with pytest.raises(DataError, match=r"line 3: .* is of another group of sex than in a line before"):
        dataset.grouped(root)


def test_a_phantom_edition_has_groups(tmp_path: Path) -> None:
    where = paths_in(tmp_path)
    run = spec(dataset='folder(groups=("sex", "age"))')
    opened = where.opened(run.dataset, "phantom")
    found = opened.dataset.grouped(opened.root)
    assert {column: len(groups) for column, groups in found.items()} == {"sex": 120, "age": 120}
    assert set(found["sex"].values()) == {"F", "M"}
    assert set(found["age"].values()) == {"18 to 39", "40 to 64", "65 to 79"}
    assert Resolver(where).resolve(run).key
