"""Variables that our processes are started with belong to them alone."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from specs.errors import UsageError
from specs.isolation import environment, isolated, processes


def test_the_environment_is_as_before_after_a_block_and_after_an_error_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "relative")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = dict(os.environ)
    with pytest.raises(ValueError, match="of the block"), isolated():
        assert {name: os.environ.get(name) for name in environment()} == environment()
        assert os.environ["PYTHONSAFEPATH"] == "1"
        raise ValueError("of the block")
    assert dict(os.environ) == before


def test_two_threads_that_start_processes_at_once_leave_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = dict(os.environ)
    entered = (threading.Event(), threading.Event())
    may_leave = (threading.Event(), threading.Event())

    def starts(number: int) -> None:
        with isolated():
            entered[number].set()
            may_leave[number].wait(10)

    threads = [threading.Thread(target=starts, args=(number,)) for number in (0, 1)]
    threads[0].start()
    assert entered[0].wait(10)
    threads[1].start()
    entered[1].wait(0.2)  # which would take the variables of the first for those before
    for number in (0, 1):
        may_leave[number].set()
        threads[number].join()
    assert dict(os.environ) == before


def test_a_folder_for_temporary_files_without_room_for_sockets_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python would raise an OSError without a number, in the middle of what processes were to do."""
    if sys.platform != "linux":
        pytest.skip("paths of sockets have another length")
    for length in (75, 76):
        folder = Path("/tmp") / ("x" * (length - len("/tmp/")))
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        if length == 75:
            assert processes().get_start_method() == "forkserver"
            continue
        with pytest.raises(UsageError, match=r"of 76 bytes; expected at most 75, .*such as /tmp"):
            processes()
