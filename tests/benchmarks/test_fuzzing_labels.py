"""The fuzzer of label files and run-length codes, in short: whatever is damaged, errors are the product's own."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.fuzzing import labels, rle
from specs.errors import MedtransferError

FEW = ("folder(patient='patient', split='split')", "medmnist('pneumoniamnist')", "siim_acr")
"""Tables, arrays and run-length codes, of datasets that are drawn soon."""


def test_damaged_label_files_give_errors_that_users_understand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "EXPRESSIONS", FEW)
    found: Counter[str] = Counter()
    for seed in range(100):
        try:
            labels.attempt(random.Random(seed), tmp_path / "inputs")
            found["read"] += 1
        except MedtransferError as error:
            found["refused"] += 1
            assert len(str(error)) < 3000
            assert all(line.isprintable() for line in str(error).splitlines())
    assert min(found["read"], found["refused"]) > 10


def test_a_damaged_file_is_put_right_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "EXPRESSIONS", FEW[:1])
    for seed in range(20):
        with suppress(MedtransferError):
            labels.attempt(random.Random(seed), tmp_path / "inputs")
    (first,), (second,) = (sorted((tmp_path / name).glob("*/labels.csv")) for name in ("pristine", "damaged"))
    assert first.read_bytes() == second.read_bytes()


def test_damaged_run_length_codes_give_masks_or_errors(tmp_path: Path) -> None:
    found: Counter[str] = Counter()
    for seed in range(600):
        try:
            rle.attempt(random.Random(seed), tmp_path)
            found["read"] += 1
        except MedtransferError:
            found["refused"] += 1
    assert min(found["read"], found["refused"]) > 50
