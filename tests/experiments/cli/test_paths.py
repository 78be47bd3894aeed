"""Whatever an option names as a file or folder: the command says what is wrong with it before it does anything."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from datamodules.files.images import read_rgb
from datamodules.files.tables import header
from experiments.cli.command_line import COMMANDS, main, parser
from experiments.cli.paths import FileToRead, FileToWrite, PathOption
from initializers.publishing.variable import VARIABLE
from specs.errors import DataError, UsageError
from specs.files import write_text

NOBODY = 65534


def path_options() -> list[tuple[str, argparse.Action]]:
    """Every option and argument of every command that says of itself that it takes a file or a folder."""
    found = []
    for command in COMMANDS:
        (commands,) = (one for one in parser(command)._actions if isinstance(one, argparse._SubParsersAction))
        found += [(command, action) for action in commands.choices[command]._actions if _names_a_path(action)]
    return found


def _names_a_path(action: argparse.Action) -> bool:
    return isinstance(action.type, PathOption) or action.type is Path or str(action.metavar) in ("DIR", "FILE")


OPTIONS = path_options()
NAMES = [f"{command} {action.option_strings[0] if action.option_strings else 'FILE'}" for command, action in OPTIONS]


def odd(kind: str, folder: Path) -> str:
    """The name of something that no option takes."""
    path = folder / kind
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        case "loop":
            path.symlink_to(path)
        case "dangling":
            path.symlink_to(folder / "nowhere")
        case "below a file":
            (folder / "file").touch()
            path = folder / "file" / "inside"
        case "device":
            path = Path("/dev/null")
        case "long name":
            path = folder / ("x" * 300)
        case "long path":
            path = Path(*["x" * 200] * 30)
        case "line break":
            path = folder / "a\nb"
        case "not utf-8":
            path = folder / os.fsdecode(b"\xff\xfe")
        case "empty":
            return ""
        case "blank":
            return " "
        case "nul":
            return f"{folder}/a\0b"
    return str(path)


KINDS = (
    "pipe", "socket", "loop", "dangling", "below a file", "device", "long name", "long path", "line break", "not utf-8",
    "empty", "blank", "nul",
)  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))
    return tmp_path


def test_there_are_options_of_paths_and_each_is_looked_at_by_a_type_of_ours() -> None:
    assert {"run --runs", "run --spec", "report --output", "compare --report", "pretrain --export"} <= set(NAMES)
    assert [name for name, (_, action) in zip(NAMES, OPTIONS, strict=True) if action.type in (None, Path, str)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_takes_an_odd_path(kind: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = odd(kind, here)
    for command, action in OPTIONS:
        if command == "doctor" and kind in ("pipe", "socket", "device"):
            continue  # it finds so
        assert main([command, *action.option_strings[:1], named]) == 2, (command, action.option_strings)
        error = capsys.readouterr().err
        assert error.startswith(f"medtransfer: medtransfer {command}: argument ")
        assert "Traceback" not in error and len(error) < 1000
        assert len(error.splitlines()) == 1
    assert Path("/dev/null").is_char_device()
    assert {path.name for path in here.iterdir()} <= {kind, "file"}


def test_a_file_is_no_folder_and_a_folder_is_no_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "file").touch()
    (here / "folder").mkdir()
    for command, action in OPTIONS:
        if (isinstance(action.type, FileToWrite) and action.type.or_folder) or command == "doctor":
            continue
        wrong = "folder" if isinstance(action.type, FileToRead | FileToWrite) else "file"
        assert main([command, *action.option_strings[:1], wrong]) == 2, (command, action.option_strings)
        assert f"{wrong} is a {wrong}, where a " in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["verify"], ["weights", "add", "swav"]])
def test_an_argument_that_may_be_a_file_is_looked_at_too(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(here / "pipe.json")
    assert main([*arguments, "pipe.json"]) == 2
    assert "pipe.json is a pipe (FIFO), where a file is expected" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["MEDTRANSFER_RUNS", "MEDTRANSFER_DATA", "MEDTRANSFER_CACHE", VARIABLE])
def test_folders_that_the_environment_names_are_looked_at_too(
    variable: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "file").touch()
    monkeypatch.setenv(variable, "file")
    assert main(["list"]) == 2
    assert "file is a file, where a folder is expected" in capsys.readouterr().err


def test_what_a_shell_pipes_into_a_file_is_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"{}")
    os.close(writing)
    assert main(["run", "--spec", f"/dev/fd/{reading}"]) == 2
    os.close(reading)
    assert "not a run spec: missing" in capsys.readouterr().err


def test_a_current_folder_that_was_removed_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = here / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        for command in (["list"], ["status"], ["weights", "list"], ["report"]):
            assert main(command) in (0, 2)
            error = capsys.readouterr().err
            assert error == "" or "the current folder was removed" in error
    finally:
        os.chdir(here)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Act as a user for whom permissions count; the superuser may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may look into."""
    folder = Path(tempfile.mkdtemp(prefix="medtransfer-test-"))
    folder.chmod(0o777)
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)


def _closed(path: Path) -> None:
    path.chmod(0)


def _read_only(path: Path) -> None:
    path.chmod(0o555)


def test_what_may_not_be_read_is_said_before_any_work(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shared / "folder").mkdir(mode=0)
    (shared / "file").touch(mode=0)
    for command, action in OPTIONS:
        if isinstance(action.type, FileToWrite) or command == "doctor":
            continue
        closed = "file" if isinstance(action.type, FileToRead) else "folder"
        with unprivileged():
            status = main([command, *action.option_strings[:1], closed])
        assert status == 2
        assert f"{closed} may not be read by you (permission denied). Give" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--runs", "folder"],
        ["table", "initializations", "--cache", "folder/new/one"],
        ["table", "initializations", "--output", "folder"],
        ["compare", "fractals", "--report", "folder"],
        ["compare", "fractals", "--report", "folder/page.html"],
        ["pretrain", "random", "--export", "folder/w.safetensors"],
        ["report", "--output", "folder/page.html"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("close", [_closed, _read_only])
def test_what_may_not_be_written_is_said_before_any_work(
    arguments: list[str], close: Callable[[Path], None], shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("cli.display", "cli.progress_bars", "session.session", "session.question", "session.single_run"):
        import_module(f"experiments.{module}")  # which the other user may not read
    (shared / "folder").mkdir()
    close(shared / "folder")
    with unprivileged():
        status = main(arguments)
    assert status == 2
    error = capsys.readouterr().err
    assert "folder" in error and ("may not be" in error or "cannot be looked at" in error), error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "socket"])
def test_weights_that_are_no_file_are_refused_and_not_waited_for(
    place: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = place if place.startswith("/") else odd(place, here)
    run = ["run", "--dataset", "fractals", "--backbone", "tiny", "--recipe", "phantom/smoke"]
    assert main([*run, "--initializer", f'file("{named}")']) == 4
    assert "not a weight file. Name a file." in capsys.readouterr().err


def test_labels_and_images_that_are_no_files_are_refused_and_not_waited_for(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = here / "data" / "ward"
    ward.mkdir(parents=True)
    os.mkfifo(ward / "labels.csv")
    assert main(["check", 'folder("ward")']) == 3
    assert "labels.csv is a pipe (FIFO), and a label file is expected there" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"labels\.csv is a pipe \(FIFO\), and a label file is expected there"):
        header(ward / "labels.csv")
    os.mkfifo(ward / "1.png")
    with pytest.raises(DataError, match="it is a pipe"):
        read_rgb(ward / "1.png")


def test_a_file_takes_the_place_of_no_device_or_folder_and_of_what_a_link_leads_to(here: Path) -> None:
    (here / "folder").mkdir()
    for place in (Path("/dev/null"), here / "folder"):
        with pytest.raises(UsageError, match="is no file, and a file is to be written there"):
            write_text(place, "x")
    assert Path("/dev/null").is_char_device()
    (here / "site").mkdir()
    (here / "page.html").symlink_to(here / "site" / "page.html")
    write_text(here / "page.html", "x")
    assert (here / "page.html").is_symlink() and (here / "site" / "page.html").read_text() == "x"
    write_text(here / f"{'é' * 127}", "x")  # 254 bytes, of 255 that a name may have
    assert len(list(here.glob("é*"))) == 1


@pytest.mark.parametrize(
    ("command", "file", "named"),
    [
        (["report", "--output"], "scan.png", r"no \.html file that could be replaced.* such as scan\.html"),
        (["compare", "ward", "--report"], "scan.png", r"no \.html file"),
        (["demo", "--report"], "scan.png", r"no \.html file"),
        (["pretrain", "--export"], "page.html", r"no \.safetensors file"),
    ],
)
def test_a_file_of_another_kind_is_not_replaced(
    command: list[str], file: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(b"mine")
    assert main([*command, file]) == 2
    assert re.search(named, capsys.readouterr().err)
    assert Path(file).read_bytes() == b"mine"
