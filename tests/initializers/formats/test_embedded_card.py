"""Weight files that carry their card."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from initializers.formats.embedded_card import ENTRY, card_in, description
from initializers.loading.contract import build
from specs.card import UNIT, Card, Normalization
from specs.errors import WeightsError
from tests.initializers.contract import seeded, tiny

CARD = Card(
    method="moco_v2, self-supervised",
    licence="MIT",
    training_data=("chestxray14", 'medmnist("chestmnist")'),
    normalization=Normalization((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)),
    warnings=("a warning",),
    unseen=("the file",),
)


def written(folder: Path, metadata: dict[str, str] | None) -> Path:
    path = folder / "weights.safetensors"
    save_file(tiny().draw(seeded(3)), path, metadata)
    return path


@pytest.mark.parametrize("card", [CARD, Card(method="supervised"), dataclasses.replace(CARD, normalization=UNIT)])
def test_a_card_survives_the_file(card: Card, tmp_path: Path) -> None:
    assert card_in(written(tmp_path, description(card, "tiny", "ab12"))) == card


def test_file_takes_the_card_and_what_the_user_adds(tmp_path: Path) -> None:
    path = written(tmp_path, description(CARD, "tiny", "ab12"))
    plain = build(f'file("{path.as_posix()}")').card()
    assert dataclasses.replace(plain, sha256=None) == CARD
    more = build(f'file("{path.as_posix()}", trained_on=("chexpert", "chestxray14"))').card()
    assert more.training_data == (*CARD.training_data, "chexpert")


def test_a_card_of_before_there_was_word_of_what_was_not_seen_is_read(tmp_path: Path) -> None:
    told = json.loads(description(CARD, "tiny", "ab12")[ENTRY])
    del told["card"]["unseen"]
    assert card_in(written(tmp_path, {ENTRY: json.dumps(told)})) == dataclasses.replace(CARD, unseen=())


def test_files_of_others_have_none(tmp_path: Path) -> None:
    assert card_in(written(tmp_path, None)) is None
    assert card_in(written(tmp_path, {"format": "pt"})) is None
    torch.save(tiny().weights(), tmp_path / "weights.pth")
    assert card_in(tmp_path / "weights.pth") is None
    assert build(f'file("{(tmp_path / "weights.pth").as_posix()}")').card().method == "file"


@given(st.binary(max_size=200))
def test_any_bytes_have_a_card_or_none(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(content)
        assert card_in(path) is None


def altered(**changes: object) -> str:
    told = json.loads(description(CARD, "tiny", "ab12")[ENTRY])
    return json.dumps(told | {"card": told["card"] | changes})


@pytest.mark.parametrize(
    "entry",
    [
        "{", "[]", "{}", '{"card": 3}', altered(method=3), altered(colour="red"),
        altered(training_data="xxx"), altered(method=[]), altered(unseen=7),
        altered(normalization={"mean": [0.5, 0.5], "std": [1, 1]}), altered(normalization={"mean": [0.5], "std": [0]}),
        altered(normalization={"mean": ["a"], "std": [1]}), altered(training_data=[1]),
        altered(normalization={"mean": [float("nan")], "std": [1]}),
        altered(normalization={"mean": [10**400], "std": [1]}),
        altered(normalization={"mean": [0], "std": [float("inf")]}), "[" * 100_000,
    ],
)  # fmt: skip
def test_an_entry_that_is_no_card_is_refused(entry: str, tmp_path: Path) -> None:
    path = written(tmp_path, {ENTRY: entry})
    with pytest.raises(WeightsError, match=r"the card in its header cannot be read .* Export it again"):
        card_in(path)
