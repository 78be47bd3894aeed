"""Phantom editions appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.medmnist import MedMNIST
from datamodules.phantoms.phantom import ensure_phantom
from specs.expression import parse


def test_a_second_writer_of_a_phantom_edition_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = MedMNIST.write_phantom

    def slow(self: MedMNIST, root: Path) -> None:
        monkeypatch.setattr(MedMNIST, "write_phantom", write)
        other.append(ensure_phantom(parse("medmnist"), tmp_path))  # someone else finishes meanwhile
        write(self, root)

    other: list[Path] = []
    monkeypatch.setattr(MedMNIST, "write_phantom", slow)
    assert ensure_phantom(parse("medmnist"), tmp_path) == other[0]
    assert [path.name for path in tmp_path.iterdir()] == [other[0].name]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: MedMNIST, root: Path) -> None:
        (root / "half").write_text("")
        raise KeyboardInterrupt

    monkeypatch.setattr(MedMNIST, "write_phantom", broken)
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom(parse("medmnist"), tmp_path)
    assert list(tmp_path.iterdir()) == []
