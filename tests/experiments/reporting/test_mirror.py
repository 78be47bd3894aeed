"""wandb mirrors what is done and is no master: each run once, whatever it does, and nowhere but in its folder."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.reporting.wandb import mirror as mirroring
from experiments.reporting.wandb.mirror import mirror
from experiments.reporting.wandb.modes import Mode, asked_mode
from experiments.reporting.wandb.parcels import Contents, Parcel, of_table
from experiments.session.mirroring import Mirroring
from experiments.tables.figure import Figure
from specs.errors import RunError
from specs.short_names import LABEL, TITLE, short_name
from tests.conftest import PROJECT
from tests.experiments.example_table import document
from tests.experiments.processes import descendants, gone

Writes = Callable[[str], None]

CONTENTS = Contents(name="run", group="group", job_type="finetune", tags=("tag",), date="2026-02-03")


def parcels(*names: str, contents: Contents = CONTENTS) -> list[Parcel]:
    return [Parcel(f"{name}-note", name, lambda: contents) for name in names]


def runs_in(folder: Path) -> list[str]:
    """The ids of wandb's runs wherever they are, each as often as it is there."""
    return sorted(path.stem.removeprefix("run-") for path in folder.rglob("*.wandb"))


@pytest.fixture
def standing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writes:
    """Writes a module that stands in for wandb."""

    def write(text: str) -> None:
        (tmp_path / "modules").mkdir(exist_ok=True)
        (tmp_path / "modules" / "wandb.py").write_text(textwrap.dedent(text))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))

    return write


RUN = """
import contextlib, os, pathlib
class Settings:
    model_fields = {}
class Run:
    summary = {}
    def log(self, row, step=None): pass
@contextlib.contextmanager
def init(*, id, dir, mode, **others):
    folder = pathlib.Path(dir, "wandb", f"offline-run-20000101_010101-{id}")
    (folder / "logs").mkdir(parents=True)
    (folder / f"run-{id}.wandb").write_text(dir)
    yield Run()
class Table:
    def __init__(self, **_): pass
    def bind_to_run(self, *_): pass
Image = str
def teardown(): pass
"""


def test_a_run_is_written_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    assert mirror(parcels("a", "b"), tmp_path, "offline") == 2
    assert mirror(parcels("a", "b", "c"), tmp_path, "offline") == 1
    assert runs_in(tmp_path) == ["a", "b", "c"]
    names = [path.name for path in (tmp_path / "wandb").iterdir()]
    assert sorted(names) == [f"offline-run-20260203_000000-{name}" for name in "abc"]
    assert not (tmp_path / "staging").exists()


def test_a_kill_between_writing_and_noting_makes_no_second_run(tmp_path: Path) -> None:
    mirror(parcels("a"), tmp_path, "offline")
    (tmp_path / "mirrored-offline" / "a-note").unlink()
    assert mirror(parcels("a"), tmp_path, "offline") == 0
    assert (tmp_path / "mirrored-offline" / "a-note").exists()
    assert runs_in(tmp_path) == ["a"]


def test_what_was_uploaded_and_cleared_away_is_not_written_again(tmp_path: Path) -> None:
    mirror(parcels("a"), tmp_path, "offline")
    for path in sorted((tmp_path / "wandb").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert mirror(parcels("a"), tmp_path, "offline") == 0
    assert runs_in(tmp_path) == []


def test_of_two_commands_at_once_one_run_stays(tmp_path: Path, standing_in: Writes) -> None:
    standing_in(RUN)
    other = tmp_path / "wandb" / "offline-run-20260203_000000-a"

    def contents() -> Contents:  # while the other one is at work
        other.mkdir(parents=True)
        (other / "run-a.wandb").write_text("the other one's")
        return CONTENTS

    assert mirror([Parcel("a-note", "a", contents)], tmp_path, "offline") == 1
    assert runs_in(tmp_path) == ["a"]
    assert (other / "run-a.wandb").read_text() == "the other one's"


KILLED = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.experiments.reporting.test_mirror import parcels
from experiments.reporting.wandb.mirror import mirror
mirror(parcels("a", "b", "c"), Path(sys.argv[1]), "offline")
"""


@pytest.mark.parametrize("moment", ["before the first", "after the first"])
def test_a_killed_command_leaves_each_run_once_and_no_process(moment: str, tmp_path: Path, standing_in: Writes) -> None:
    wait = "if id == 'a' else None" if moment == "before the first" else "if id == 'b' else None"
    slow = RUN.replace("    yield Run()", f"    import time; time.sleep(99) {wait}\n    yield Run()")
    standing_in(slow)
    folder = tmp_path / "folder"
    command = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(PROJECT)], stdout=subprocess.PIPE)
    waited = "a" if moment == "before the first" else "b"
    end = time.monotonic() + 60
    while not list(folder.glob(f"staging/*/wandb/*-{waited}/*.wandb")):
        assert command.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    children = descendants(command.pid)
    command.send_signal(signal.SIGKILL)
    command.communicate()
    assert children and gone(children)
    standing_in(RUN)
    assert mirror(parcels("a", "b", "c"), folder, "offline") == (3 if waited == "a" else 2)
    assert runs_in(folder) == ["a", "b", "c"]
    assert not (folder / "staging").exists(), "what was half written is gone"


@pytest.mark.parametrize(
    ("module", "cause"),
    [
        ("raise ImportError('no wandb here')", "ImportError: no wandb here"),
        (RUN + "def init(**_): raise OSError(28, 'No space left on device')", "No space left on device"),
        (RUN + "def init(**_): raise SystemExit(3)", "SystemExit: 3"),
        (RUN + "def init(**_): os.kill(os.getpid(), 11)", "status -11"),
        (RUN + "def init(**_): import time; time.sleep(99)", "did not answer for 1 s"),
    ],
)
def test_whatever_goes_wrong_is_said_in_one_line(
    module: str, cause: str, tmp_path: Path, standing_in: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_in(module)
    if "sleep" in module:
        monkeypatch.setitem(mirroring.PATIENCE, "offline", 1.0)
    said: list[str] = []
    session = Mirroring(tmp_path / "folder", "offline", said.append)
    with session.afterwards():
        session.note([], "group", document())
    (warning,) = said
    assert cause in warning
    assert warning.startswith("warning: 1 of 1 runs were not mirrored into wandb")
    assert "\n" not in warning
    assert not (tmp_path / "folder" / "staging").exists()


def test_what_can_be_written_is_written_though_another_run_cannot(tmp_path: Path, standing_in: Writes) -> None:
    standing_in(RUN.replace("    folder =", "    if id == 'b': raise ValueError('a name')\n    folder ="))
    with pytest.raises(RunError, match=r"1 of 3 runs were not mirrored into wandb \(ValueError: a name\)"):
        mirror(parcels("a", "b", "c"), tmp_path, "offline")
    assert runs_in(tmp_path) == ["a", "c"]


def test_a_wandb_that_hangs_at_its_end_harms_nothing(
    tmp_path: Path, standing_in: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_in(RUN.replace("def teardown(): pass", "def teardown():\n    import time; time.sleep(99)"))
    monkeypatch.setattr(mirroring, "AFTERWARDS", 0.5)
    before = set(descendants(os.getpid()))
    begin = time.monotonic()
    assert mirror(parcels("a"), tmp_path, "offline") == 1
    assert time.monotonic() - begin < 30
    assert gone([pid for pid in descendants(os.getpid()) if pid not in before])


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "wandb").write_text("in the way")
    said: list[str] = []
    session = Mirroring(tmp_path / "wandb", "offline", said.append)
    with session.afterwards():
        session.note([], "group", document())
    assert len(said) == 1
    assert said[0].startswith("warning: ")


def test_nothing_is_mirrored_before_the_outermost_block_has_ended_well(tmp_path: Path, standing_in: Writes) -> None:
    standing_in(RUN)
    session = Mirroring(tmp_path / "folder", "offline", print)
    with pytest.raises(KeyError), session.afterwards():
        session.note([], "group", document())
        raise KeyError
    with session.afterwards():
        with session.afterwards():
            session.note([], "group", document())
        assert not runs_in(tmp_path)
    assert len(runs_in(tmp_path)) == 1


def test_all_that_wandb_keeps_goes_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the home, the caches and the key of nobody, or of somebody else's run."""
    home = tmp_path / "home"
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home / name))
        if name != "HOME":  # which is not there
            (home / name).mkdir(parents=True)
    others = {"API_KEY": "short", "MODE": "online", "DISABLED": "true", "RUN_ID": "theirs", "TAGS": "secret,secret"}
    for name, value in (others | {"DIR": "/nowhere", "NOTES": "secret", "RUN_GROUP": "secret"}).items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    made = dataclasses.replace(document(), figure=Figure())
    folder = tmp_path / "a secret folder"
    assert mirror([of_table(made)], folder, "offline") == 1
    assert [path for path in home.rglob("*") if path.is_file()] == []
    (written,) = folder.rglob("*.wandb")
    assert "theirs" not in written.name
    for path in written.parent.rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("given", "environment", "mode"),
    [
        (None, {}, "offline"),
        (None, {"WANDB_MODE": "disabled"}, "disabled"),
        (None, {"WANDB_DISABLED": "True"}, "disabled"),
        (None, {"WANDB_DISABLED": "false"}, "offline"),
        (None, {"WANDB_MODE": "online"}, "offline"),
        (None, {"WANDB_MODE": "dryrun"}, "offline"),
        ("offline", {"WANDB_MODE": "disabled", "WANDB_DISABLED": "true"}, "offline"),
        ("online", {"WANDB_MODE": "offline"}, "online"),
        ("disabled", {"WANDB_MODE": "online"}, "disabled"),
    ],
)
def test_what_is_asked_for_goes_before_the_environment_which_can_only_switch_off(
    given: Mode | None, environment: dict[str, str], mode: str
) -> None:
    assert asked_mode(given, environment) == mode


def test_a_damaged_record_keeps_no_other_run_back(tmp_path: Path, standing_in: Writes) -> None:
    standing_in(RUN)

    def damaged() -> Contents:
        raise RunError("its file is damaged. Move it away.")

    with pytest.raises(RunError, match=r"1 of 2 runs .* \(its file is damaged. Move it away\)"):
        mirror([Parcel("x-note", "x", damaged), *parcels("a")], tmp_path, "offline")
    assert runs_in(tmp_path) == ["a"]


def test_wandb_itself_takes_names_as_long_as_they_may_be(tmp_path: Path) -> None:
    prefix, title = short_name("é" * 999, LABEL), short_name("肺" * 999, TITLE)
    contents = Contents(
        name=title,
        group=title,
        job_type="finetune",
        tags=(prefix,),
        date="2026-02-03",
        history=((1, {f"{prefix}/{title}": 0.5}),),
        summary={f"{prefix}/{title}": 0.5},
        tables={"predictions": (1, [title], [[0.5]])},
    )
    assert mirror(parcels("a", contents=contents), tmp_path, "offline") == 1
    (written,) = tmp_path.rglob("*.wandb")
    assert title.encode() in written.read_bytes()
    assert len(list(tmp_path.rglob("predictions*.table.json"))) == 1


@pytest.mark.parametrize("text", ["x" * 1000, "é" * 300, "🫁" * 300])
def test_names_of_any_length_are_made_short(text: str) -> None:
    contents = of_table(dataclasses.replace(document(), name=text)).contents()
    for name in (contents.name, contents.group):
        assert 0 < len(name.encode()) <= 128
