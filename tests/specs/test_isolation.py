"""Variables that our processes are started with belong to them alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from subprocess import PIPE

import pytest

from specs.errors import UsageError
from specs.isolation import _deaf_to_interrupts, environment, isolated, processes
from tests.conftest import PROJECT


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_comes_once_a_process_is_started(number: signal.Signals) -> None:
    seen: list[int] = []
    before = signal.signal(number, lambda came, _: seen.append(came))
    try:
        with _deaf_to_interrupts():
            signal.raise_signal(number)
            assert seen == []
        assert seen == [number]
    finally:
        signal.signal(number, before)


SLOW = """
import time
from specs.isolation import processes
if __name__ == "__main__":
    context = processes(["slow_to_import"])
    context.Process(target=print, args=("done",)).start()
"""


def test_ctrl_c_does_not_wait_for_what_the_server_of_processes_imports(tmp_path: Path) -> None:
    began = tmp_path / "began"
    (tmp_path / "slow_to_import.py").write_text(f"import time\nopen({str(began)!r}, 'w')\ntime.sleep(60)\n")
    (tmp_path / "starting.py").write_text(SLOW)
    variables = dict(os.environ) | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{tmp_path}"}
    command = [sys.executable, str(tmp_path / "starting.py")]
    with subprocess.Popen(command, env=variables, stdout=PIPE, stderr=PIPE, text=True, cwd="/") as process:
        while not began.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert "slow_to_import" not in told


def test_an_error_of_the_server_of_processes_is_raised_where_a_process_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("specs.isolation._SERVER", threading.Event())
    monkeypatch.setattr("multiprocessing.forkserver.connect_to_new_process", lambda fds: {}["no server"])
    with pytest.raises(KeyError, match="no server"):
        processes().Process(target=print).start()
