"""Names that a user can make long: cut between characters, told apart, and taken by a real file system."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from specs.files import write_text
from specs.short_names import FILE_NAME, STEM, file_stem, short_name


@pytest.mark.parametrize("text", ["", "a", "x" * 64, "肺炎" * 10])
def test_a_name_that_is_short_enough_stays_as_it_is(text: str) -> None:
    assert short_name(text, 64) == text


@pytest.mark.parametrize("character", ["x", "é", "肺", "🫁", "e\u0301"])
@pytest.mark.parametrize("most", [10, 11, 12, 13, 64, 255])
def test_a_long_name_has_as_many_bytes_at_most_and_ends_in_the_digest_of_all_of_it(character: str, most: int) -> None:
    text = character * 300
    short = short_name(text, most)
    assert len(short.encode()) <= most
    assert short.endswith("-" + hashlib.sha256(text.encode()).hexdigest()[:8])
    assert text.startswith(short.rpartition("-")[0])


def test_names_that_differ_only_at_their_ends_stay_different() -> None:
    assert len({short_name("x" * 300 + str(number), 64) for number in range(100)}) == 100


@pytest.mark.parametrize(
    "text", ["a/b", "..", ".", "", " ", ".hidden", "a\\b", "C:\\x", "a\nb", "a\0b", "x" * 999, "🫁" * 200, "\ud800"]
)
def test_any_text_makes_a_file_of_one_folder(text: str, tmp_path: Path) -> None:
    stem = file_stem(text)
    assert len(stem.encode()) <= STEM
    for ending in (".csv", "-curves.svg"):
        write_text(tmp_path / f"{stem}{ending}", "text")
    assert len(list(tmp_path.iterdir())) == 2
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_different_texts_make_different_files() -> None:
    texts = ["a/b", "a_b", "a\\b", "a:b", ".a_b", "a_b "]
    assert len({file_stem(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("name", ["x" * (FILE_NAME - 4) + ".csv", "é" * 120 + ".csv"])
def test_a_file_of_the_longest_name_that_there_is_can_be_written_whole(name: str, tmp_path: Path) -> None:
    write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == [name]
