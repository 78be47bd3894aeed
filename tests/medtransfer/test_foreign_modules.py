"""Files and folders of a user's own that are called like modules: none is imported in place of the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from specs.packages import PACKAGES
from tests.conftest import PROJECT

OTHERS = ("torch", "numpy", "json", "typing", "pathlib", "socket", "signal", "selectors", "pickle", "pandas", "rich")
"""Modules of others that the command, a server of processes or a worker imports."""

RUN = ["run", "--dataset", 'medmnist("pneumoniamnist")', "--edition", "phantom", "--backbone", "tiny(width=4)"]
RUN += ["--initializer", "random", "--recipe", "phantom/smoke", "--set", "epochs=1", "--wandb", "disabled"]

SERVED = """
from specs.isolation import processes

def told(pipe):
    import signal, sys
    deaf = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    pipe.send((sys.path, deaf and not hasattr(sys.modules["__main__"], "__file__"), sorted(sys.modules)))

def ask():
    context = processes()
    ours, theirs = context.Pipe()
    process = context.Process(target=told, args=(theirs,))
    process.start()
    answer = ours.recv()
    process.join()
    return answer
"""


def python(folder: Path, *command: str, path: str = str(PROJECT)) -> subprocess.CompletedProcess[str]:
    """Python with a folder as the current one and another ``PYTHONPATH``, and what it printed.

    Whoever sets ``PYTHONSAFEPATH`` has no folder on the path that could be in the way.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=kept | {"PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a file of the name of each module, which leaves a mark when it is imported, and does not work."""
    folder = tmp_path / "project"
    for name in PACKAGES:
        if name != "medtransfer":  # `python -m medtransfer` is asked to run that of the current folder
            (folder / name).mkdir(parents=True)
            (folder / name / "__init__.py").write_text(f"open({str(tmp_path / f'imported-{name}')!r}, 'w')")
    for name in OTHERS:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / f'imported-{name}')!r}, 'w')\n1 / 0")
    return folder


def imported(folder: Path) -> list[str]:
    """The user's modules that left a mark."""
    return sorted(path.name for path in folder.parent.glob("imported-*"))


@pytest.mark.slow
def test_a_run_of_several_devices_takes_nothing_from_the_current_folder(hostile: Path) -> None:
    done = python(hostile, "-m", "medtransfer", *RUN, "--runs", str(hostile.parent / "runs"), "--devices", "2")
    assert done.returncode == 0, done.stderr
    assert imported(hostile) == []


@pytest.mark.parametrize("name", ["medtransfer", "medtransfer.exe"])
def test_the_script_that_pip_makes_takes_nothing_from_the_current_folder_nor_from_its_own(
    hostile: Path, name: str
) -> None:
    script = hostile.parent / "bin" / name
    script.parent.mkdir()
    script.write_text("import sys\nfrom medtransfer import main\nsys.exit(main())\n")
    (script.parent / "typing.py").write_text("1 / 0")
    done = python(hostile, str(script), "list")
    assert done.returncode == 0, done.stderr
    assert imported(hostile) == []


@pytest.mark.parametrize("named", ["", ".", "{folder}"])
def test_a_current_folder_on_pythonpath_comes_last_and_plugins_in_it_are_found(tmp_path: Path, named: str) -> None:
    info = tmp_path / "own-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\nSummary: My own.\n")
    (info / "entry_points.txt").write_text("[medtransfer.datamodules]\nmine = mine:Mine\n")
    (tmp_path / "datamodules").mkdir()
    (tmp_path / "datamodules" / "__init__.py").write_text("1 / 0")
    (tmp_path / "difflib.py").write_text("1 / 0")
    path = os.pathsep.join([named.format(folder=tmp_path), str(PROJECT)])
    done = python(tmp_path, "-m", "medtransfer", "list", path=path)
    assert done.returncode == 0, done.stderr
    assert ("(from own)" in done.stdout) == bool(named)


def test_a_process_of_ours_is_alone_without_the_current_folder_the_users_script_and_interrupts(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "project"
    site.mkdir()
    folder.mkdir()
    (site / "served.py").write_text(SERVED)
    (folder / "selectors.py").write_text("1 / 0")
    # No `if __name__ == "__main__"`: a process that ran it again would start processes for ever.
    code = "import sys, os; sys.path.append(sys.argv[1]); import served; path, alone, modules = served.ask()\n"
    code += "print(path); print(alone, 'specs' in modules, os.environ.get('PYTHONSAFEPATH'), __spec__)"
    (site / "script.py").write_text(code)
    done = python(folder, str(site / "script.py"), str(site), path=str(PROJECT))
    assert done.returncode == 0, done.stderr
    path, facts = done.stdout.splitlines()
    assert facts == "True True None None"
    assert str(site) in path


def test_an_other_package_on_pythonpath_is_named_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "project" / "datamodules").mkdir(parents=True)
    (tmp_path / "project" / "datamodules" / "__init__.py").write_text("")
    path = os.pathsep.join([str(tmp_path / "project"), str(PROJECT)])
    done = python(tmp_path, "-m", "medtransfer", "list", path=path)
    assert done.returncode == 2
    assert f"datamodules from {tmp_path / 'project'}" in done.stderr and "Traceback" not in done.stderr
    assert "take its folder off PYTHONPATH" in done.stderr


@pytest.mark.parametrize("name", [*PACKAGES[:-2], "specs"])
def test_a_module_beside_a_users_script_is_named_when_medtransfer_is_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the module of the user was run')\n")
    (tmp_path / "train.py").write_text("import medtransfer as mt\nprint(mt.DATASETS.entries['folder'])\n")
    done = python(tmp_path, "train.py")
    assert done.returncode == 1
    assert f"ImportError: Python would import {name} from {tmp_path / name}.py, expected it from" in done.stderr
    assert "was run" not in done.stderr


def test_one_that_the_script_has_imported_before_is_named_too(tmp_path: Path) -> None:
    code = "import sys, types; sys.modules['specs'] = types.ModuleType('specs'); import medtransfer"
    done = python(tmp_path, "-c", code)
    assert "ImportError: Python would import specs from a module that was made by hand" in done.stderr


def test_plain_folders_of_results_beside_a_script_stand_in_for_nothing(tmp_path: Path) -> None:
    for name in PACKAGES[:-2]:
        (tmp_path / name).mkdir()
    (tmp_path / "train.py").write_text("import medtransfer as mt\nprint(mt.DATASETS.build('folder(\"x\")'))\n")
    done = python(tmp_path, "train.py")
    assert done.returncode == 0, done.stderr


def test_what_a_script_puts_on_its_path_later_stands_in_for_nothing(tmp_path: Path) -> None:
    for name in PACKAGES[:-2]:
        (tmp_path / "late" / name).mkdir(parents=True)
        (tmp_path / "late" / name / "__init__.py").write_text("1 / 0")
    code = "import sys, medtransfer as mt; sys.path.insert(0, 'late'); print(mt.DATASETS.build('folder(\"x\")'))"
    done = python(tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
