"""Two processes that add their numbers, and two that cannot."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from experiments.checks.diagnosis.ddp import gloo, nccl


def test_two_processes_of_this_machine_add_their_numbers() -> None:
    found = gloo()
    assert (found.check, found.state) == ("DDP", "ok"), found


def test_the_last_words_of_processes_that_fail_are_passed_on() -> None:
    found = gloo("raise SystemExit('no route to host')")
    assert (found.state, found.found) == ("warning", "no route to host")
    assert "/etc/hosts" in found.remedy
    assert gloo("raise SystemExit(3)").found == "they ended without a word"


def test_processes_that_do_not_meet_are_ended(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    program = f"import os, time\nopen({str(note)!r}, 'a').write(f'{{os.getpid()}} ')\ntime.sleep(60)"
    began = time.monotonic()
    found = gloo(program, timeout=2)
    assert time.monotonic() - began < 20
    assert (found.state, found.found) == ("warning", "two processes did not meet in 2 s")
    for process in note.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)


@pytest.mark.parametrize(("gpus", "available", "states"), [(0, False, []), (1, False, []), (2, True, ["ok"]),
                                                          (2, False, ["warning"])])  # fmt: skip
def test_nccl_matters_with_two_gpus(gpus: int, available: bool, states: list[str]) -> None:
    assert [found.state for found in nccl(gpus, available)] == states
