"""A dataset that is not found says the whole command that fetches it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from datamodules.dataset.expression_of import expression_of
from experiments.cli.command_line import main
from specs.errors import DataError
from specs.registry import DATASETS


@pytest.mark.parametrize(
    "text", ['medmnist(flag="breastmnist", size=64)', "shenzhen", 'folder(path="my ward", classes=("a b",))', "drive"]
)
def test_the_expression_of_a_dataset_is_the_shortest_one_that_makes_it(text: str) -> None:
    assert expression_of(DATASETS.build(text)) == str(DATASETS.short(text))


@pytest.mark.parametrize("text", ['medmnist("breastmnist", size=64)', "montgomery"])
def test_the_command_that_is_suggested_fetches_what_is_missing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "my data" / text.partition("(")[0]
    with pytest.raises(DataError) as refused:
        DATASETS.build(text).read_labels(root)
    words = shlex.split(str(refused.value).partition("medtransfer ")[2])
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--dry-run"]) == 0
    assert str(root) in capsys.readouterr().out
