"""``import medtransfer as mt``: the names, their types in an installed package, and other projects' packages."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import medtransfer
from specs.packages import PACKAGES
from tests.conftest import PROJECT

PROGRAM = """
import medtransfer as mt

session = mt.Session(executor="local", devices=1)
made = session.make("initializations", profile="smoke")
reveal_type(made)
reveal_type(session.compare)
reveal_type(session.run)
reveal_type(session.status())
reveal_type(mt.Recipe.override)
reveal_type(mt.BACKBONES)
print(made.failures[0].error, mt.parse("random").name)
session.make(3)
"""

CONFIG = """[mypy]
strict = true
ignore_missing_imports = true
"""


def declared() -> dict[str, str]:
    """The names that type checkers see, with the modules that they come from."""
    tree = ast.parse(Path(medtransfer.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        name.asname or name.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_every_public_name_is_found_and_type_checkers_see_the_same_ones() -> None:
    assert sorted(declared()) == medtransfer.__all__
    for name, module in declared().items():
        assert getattr(medtransfer, name) is getattr(sys.modules[module], name)
    with pytest.raises(AttributeError, match="no attribute 'sesion'"):
        medtransfer.sesion  # noqa: B018


def test_the_names_are_imported_when_they_are_first_used() -> None:
    code = "import sys, medtransfer; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment into which the wheel alone is installed, without anything that it needs."""
    missing = [tool for tool in ("pip", "setuptools", "mypy") if importlib.util.find_spec(tool) is None]
    if missing:
        pytest.skip(f"checking types of the installed package needs {' and '.join(missing)} in this environment")
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"  # building writes beside the source
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source / name)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    venv.create(folder / "venv", symlinks=True)
    (wheel,) = folder.glob("*.whl")
    (site,) = (folder / "venv" / "lib").glob("*/site-packages")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(site)
    return folder / "venv"


def test_the_wheel_holds_every_package_with_its_types_and_the_files_that_it_reads(installed: Path) -> None:
    (site,) = (installed / "lib").glob("*/site-packages")
    for package in PACKAGES:
        assert (site / package / "py.typed").is_file()
    ours = {path.relative_to(PROJECT) for package in PACKAGES for path in (PROJECT / package).rglob("*")}
    wanted = {path for path in ours if path.suffix in (".py", ".csv", ".j2", ".css", ".js")}
    assert {path for path in wanted if not (site / path).is_file()} == set()


def test_a_users_program_is_checked_against_real_types(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "mypy.ini").write_text(CONFIG)
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", "cache"]
    command += ["--python-executable", str(installed / "bin" / "python"), "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    revealed = [line.partition('Revealed type is "')[2] for line in done.stdout.splitlines() if "Revealed" in line]
    assert len(revealed) == 6, done.stdout + done.stderr
    assert not any(text.startswith("Any") for text in revealed), revealed
    made, compare, run, status, override, backbones = revealed
    assert made.startswith("experiments.session.results.Made")
    assert "experiments.session.results.Compared" in compare
    assert "experiments.session.results.RunResult" in run
    assert status.startswith("builtins.list[experiments.execution.run_status.RunState") or "RunState" in status
    assert "specs.recipe.Recipe" in override
    assert backbones.startswith("specs.registry.Registry")
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(errors) == 1 and "program.py:13" in errors[0] and "incompatible type" in errors[0], errors
