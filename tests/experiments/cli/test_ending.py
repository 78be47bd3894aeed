"""How commands end that something goes wrong with: one line, an exit status, and a file of what was our own fault."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from experiments.cli.command_line import EPILOG, main
from experiments.cli.commands import status
from specs.errors import DataError, MedtransferError
from tests.conftest import PROJECT

SECRET = "Jane Doe, 1970-01-01"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The exit status of a command that an error ends."""

    def execute(options: object) -> int:
        raise error

    monkeypatch.setattr(status, "execute", execute)
    return main(["status", "--json"])


@pytest.mark.parametrize("error", [KeyError(SECRET), RecursionError(SECRET), MemoryError(SECRET), OSError(5, SECRET)])
def test_an_error_that_nobody_expected_is_one_line_and_a_file(
    error: Exception, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, error) == 70
    told = capsys.readouterr()
    (file,) = (here / "temporary").iterdir()
    (line,) = told.err.splitlines()
    assert told.out == ""
    assert type(error).__name__ in line and str(file) in line and "report it" in line
    assert SECRET not in line and "Traceback" not in line
    text = file.read_text()
    assert SECRET in text and "Traceback" in text and "'status' '--json'" in text and "Python 3" in text


def test_its_file_is_in_the_run_store_where_there_is_one(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "runs").mkdir()
    assert failing(monkeypatch, ZeroDivisionError()) == 70
    (file,) = (here / "runs" / "errors").iterdir()
    assert str(file.relative_to(here)) in capsys.readouterr().err
    assert not list((here / "temporary").iterdir())


def test_without_a_place_for_the_file_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/nowhere")
    assert failing(monkeypatch, ZeroDivisionError()) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError" in line and "TMPDIR" in line


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "x.png: permission denied. Give yourself"),
        (errno.EISDIR, "x.png: it is a folder where a file is expected"),
        (errno.ELOOP, "symbolic links"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EROFS, "can only be read"),
    ],
)
def test_an_error_of_the_system_names_the_file_and_the_remedy(
    number: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, OSError(number, os.strerror(number), "x.png")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), 130), (DataError("no data"), 3), (OSError(errno.ENOSPC, "", "x"), 6)]
)
def test_every_other_end_has_its_status_and_one_line(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, error) == status
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_help_lists_the_status_of_every_kind_of_error() -> None:
    kinds = [MedtransferError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    listed = {int(word) for word in EPILOG.partition("environment")[0].split() if word.isdigit()}
    listed |= {int(word) for word in EPILOG.split("\n\n")[0].split() if word.isdigit()}
    assert {kind.exit_status for kind in kinds[1:] if kind.__module__ == "specs.errors"} | {0, 130, 141} <= listed


def in_shell(command: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A line of bash in which ``m`` is the command."""
    m = f'm() {{ "{sys.executable}" -m medtransfer "$@"; }}\n'
    environment = os.environ | {"PYTHONPATH": str(PROJECT)} | variables
    return subprocess.run(["bash", "-c", m + command], env=environment, capture_output=True, check=False)


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    done = in_shell("m list --json | true; exit ${PIPESTATUS[0]}", PYTHONUNBUFFERED="1")
    assert (done.returncode, done.stdout, done.stderr) == (141, b"", b"")


def test_an_output_on_a_full_disk_is_said_once() -> None:
    done = in_shell("m list > /dev/full")
    assert done.returncode == 6
    (line,) = done.stderr.decode().splitlines()
    assert "the output of this command, or a file, could not be written: its disk is full" in line


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_harm_nothing(closed: str) -> None:
    done = in_shell(f"m list {closed}")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_characters_that_a_terminal_cannot_show_are_shown_as_their_numbers() -> None:
    done = in_shell("m check 'folder(\"Röntgen\")'", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 3
    assert b"R\\xf6ntgen" in done.stderr


@pytest.mark.parametrize(
    ("number", "status", "told"),
    [(signal.SIGTERM, 143, "ended by SIGTERM"), (signal.SIGHUP, 129, "ended by SIGHUP"), (signal.SIGINT, 130, "inter")],
)
def test_a_signal_that_asks_for_the_end_is_obeyed_as_ctrl_c_is(
    number: signal.Signals, status: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)  # whoever started the tests may have it ignored

    def execute(options: object) -> int:
        signal.raise_signal(number)
        raise AssertionError("the command went on")

    monkeypatch.setattr("experiments.cli.commands.status.execute", execute)
    try:
        assert main(["status", "--json"]) == status
        assert signal.getsignal(number) is usual
    finally:
        signal.signal(number, before)
    assert told in (line := capsys.readouterr().err) and "the same command goes on" in line


def test_a_signal_that_is_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def execute(options: object) -> int:
        signal.raise_signal(signal.SIGHUP)
        return 0

    monkeypatch.setattr("experiments.cli.commands.status.execute", execute)
    try:
        assert main(["status", "--json"]) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
