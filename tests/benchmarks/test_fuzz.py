"""The bench that fuzzes: it sees every way to fail, goes on behind it, and remembers."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks import fuzz
from benchmarks.fuzzing.finding import Kind, kinds
from benchmarks.fuzzing.trying import Batch, Limits, generator_of, tried
from benchmarks.journal import append, entries
from specs.errors import DataError, MedtransferError

NUMBERS = 6


def numbered(seed: int) -> dict[int, int]:
    """What each input of a batch of ``odd`` draws."""
    batch = Batch(Kind("odd", odd), seed, 0, NUMBERS)
    return {number: generator_of(batch, number).randrange(1000) for number in range(NUMBERS)}


def odd(generator: random.Random, folder: Path) -> None:
    """Does by the input's place what it must not; the place is that of its drawn number."""
    place = list(numbered(0).values()).index(generator.randrange(1000))
    (folder / "here").touch()
    if place == 1:
        raise KeyError("foreign")
    if place == 2:
        while True:
            time.process_time()
    if place == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if place == 4:
        try:
            bytearray(2**40)
        except MemoryError as error:
            raise DataError("memory ran out") from error
    if place == 5:
        raise DataError("in our own words")


def test_every_way_to_fail_is_found_and_what_comes_behind_is_tried(tmp_path: Path) -> None:
    journal, kind = tmp_path / "journal.jsonl", Kind("odd", odd)
    while (done := fuzz.tried_before(journal, "odd", 0)) < NUMBERS:
        fuzz.go_on(journal, Batch(kind, 0, done, NUMBERS - done), Limits(0.3, 2**28))
    found = {entry["number"]: entry["what"] for entry in entries(journal) if "what" in entry}
    assert found.pop(1).startswith("KeyError: 'foreign'")
    assert found.pop(2) == "took more than 0.3 s"
    assert found.pop(3) == "ended its process (SIGKILL)"
    assert found.pop(4) == "memory ran out: memory ran out"
    assert found == {}
    report = fuzz.report(journal, 0)
    assert "odd                      6         4" in report
    assert "odd --seed 0 --repeat 1 (1): KeyError" in report and "test_fuzz.py" in report


def test_a_later_start_goes_on_where_the_journal_ends(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    append(journal, {"kind": "odd", "seed": 0, "count": 4, "seconds": 1.0})
    append(journal, {"kind": "odd", "seed": 1, "count": 9, "seconds": 1.0})
    assert (fuzz.tried_before(journal, "odd", 0), fuzz.tried_before(journal, "other", 0)) == (4, 0)


def test_an_input_can_be_repeated_with_what_it_raises() -> None:
    with pytest.raises(KeyError):
        fuzz.repeat(Kind("odd", odd), 0, 1)


def test_a_batch_without_findings_tells_none() -> None:
    assert tried(Batch(Kind("calm", lambda generator, folder: None), 0, 5, 3), Limits()) == (3, [])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["checkpoints", "dicom", "pictures"])
def test_some_inputs_of_each_kind_raise_nothing_but_our_errors(name: str, tmp_path: Path) -> None:
    kind = kinds()[name]
    batch = Batch(kind, 7, 0, 60)
    for number in range(batch.number):
        folder = tmp_path / str(number)
        folder.mkdir()
        with suppress(MedtransferError):
            kind.attempt(generator_of(batch, number), folder)
