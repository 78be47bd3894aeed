"""Results of long measurements survive a kill at any byte, and two processes that append."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.journal import append, entries
from tests.conftest import PROJECT

FIRST, SECOND, THIRD = {"name": "a: ä", "seconds": 1.5}, {"name": "b"}, {"name": "c"}


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "results.jsonl"
    assert entries(file) == []
    for entry in (FIRST, SECOND, FIRST):
        append(file, entry)
    assert entries(file) == [FIRST, SECOND, FIRST]


@pytest.mark.parametrize("left", range(len('{"name": "b"}\n') + 1))
def test_a_line_that_a_kill_cut_short_takes_no_other_with_it(left: int, tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    append(file, FIRST)
    before = file.read_bytes()
    append(file, SECOND)
    whole = file.read_bytes()[len(before) :]
    file.write_bytes(before + whole[:left])
    append(file, THIRD)
    kept = [SECOND] if left >= len(whole) - 1 else []  # without its line break it is still whole
    assert entries(file) == [FIRST, *kept, THIRD]


def test_two_processes_append_to_one_file(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    code = (
        "import sys; from pathlib import Path; from benchmarks.journal import append\n"
        "for n in range(200): append(Path(sys.argv[1]), {'who': sys.argv[2], 'n': n})"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(file), who], cwd=PROJECT) for who in "ab"]
    assert [process.wait() for process in started] == [0, 0]
    found = entries(file)
    assert {who: [one["n"] for one in found if one["who"] == who] for who in "ab"} == {
        who: [*range(200)] for who in "ab"
    }
