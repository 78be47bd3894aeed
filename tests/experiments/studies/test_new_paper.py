"""A new paper is one new folder: a test adds one to a copy of the project, and touches no other file of it."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from specs.packages import PACKAGES
from specs.registry import RECIPES
from tests.conftest import PROJECT

FILES = {
    "__init__.py": '"""Toy: does anything help on drawn images? (Nobody 2026)."""\n',
    "recipes.py": '''"""Toy: its one task as the paper says."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.recipe_parts import Adam


def recipes() -> dict[str, Recipe]:
    """Recipes by task."""
    return {"chests": Recipe(image_size=28, batch_size=64, epochs=1, optimizer=Adam(2e-3))}
''',
    "sources.py": '''"""Toy: where its values are from.

It says everything.
"""

from __future__ import annotations

from specs.recipe import Recipe
from specs.sources import Difference, published
from specs.recipe_parts import Adam

ALL = Recipe(image_size=28, batch_size=64, epochs=1, optimizer=Adam(2e-3)).to_json()
SOURCES = {"chests": published(ALL, "Nobody 2026, section 2")}
DIFFERENCES = (Difference("images", "true", "drawn", "it is a toy"),)
''',
    "table_1.py": '''"""Toy, table 1: random and Gabor weights on chest x-rays."""

from __future__ import annotations

from experiments.run.recipes import recipe_named
from experiments.tables.preset import Preset, Profile
from experiments.tables.table import Column, Row, Table

PROFILES: dict[Profile, Preset] = {
    "smoke": Preset(
        edition="phantom",
        protocol="smoke",
        weights="a formula",
        backbone="tiny(width=4)",
        pretraining=None,
        seeds=1,
    ),
}


def table_1(profile: Profile = "smoke") -> Table:
    """Two rows and a column."""
    return Table(
        title="A toy",
        question="Does anything help?",
        rows=(Row("random", "random"), Row("Gabor", "gabor")),
        columns=(Column("Pneumonia", 'medmnist("pneumoniamnist")', recipe_named("toy/chests")),),
        reference="random",
        **PROFILES[profile].shared(),
    )
''',
    "figure_1.py": '''"""Toy, figure 1: nothing at all."""

from __future__ import annotations

from experiments.run.paths import Paths
from experiments.tables.run_analysis import AnalysisResult, Runs, RunAnalysis


def figure_1(profile: str = "smoke") -> RunAnalysis:
    """A figure of no data."""
    return RunAnalysis(title="Nothing", question="What is there?", edition="phantom", networks=None, analyze=_analyze)


def _analyze(runs: Runs, paths: Paths) -> AnalysisResult:
    raise NotImplementedError("nobody asks for it here")
''',
    "printed/table_1.csv": """# source: Nobody 2026, table 1
# remark: its images are others
row,column,mean,std,trust
random,Pneumonia,61.5,0.25,printed
""",
}

SHOW = """
import dataclasses, json
from pathlib import Path
from experiments.reporting.formats.json_format import read_table
from experiments.reporting.page.published import published_cells, published_note
from experiments.tables.named import table_named
made = read_table(Path("tables/toy-table-1.json"))
as_printed = dataclasses.replace(made, edition="real", protocol="paper")
shown = {
    "figure": table_named("toy-figure-1", None).title,
    "note": published_note(as_printed),
    "cells": {row: text for (row, _), text in published_cells(as_printed).items()},
    "note of another protocol": published_note(made),
}
print(json.dumps(shown))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the paper's folder in it."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "setup.cfg", "pyproject.toml", "constraints.txt"):
        shutil.copy(PROJECT / name, folder / name)
    for name, text in FILES.items():
        path = folder / "experiments" / "studies" / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def asked(project: Path, *command: str) -> str:
    """What a command prints in the copy, whose packages stand first on Python's path."""
    done = subprocess.run(command, cwd=project, env=_environment(project), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(project: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MEDTRANSFER_"))}
    return kept | {"PYTHONPATH": str(project)}


def medtransfer(project: Path, *arguments: str) -> str:
    return asked(project, sys.executable, "-m", "medtransfer", *arguments)


@pytest.fixture(scope="module")
def made(project: Path) -> Path:
    """The folder of the paper's table, which the command made."""
    settings = ["--profile", "smoke", "--jobs", "1", "--wandb", "disabled"]
    medtransfer(project, "table", "toy-table-1", *settings)
    return project / "tables"


def test_its_tables_figures_and_recipes_are_listed(project: Path) -> None:
    found = json.loads(medtransfer(project, "list", "tables", "--json"))["tables"]
    lines = {entry["name"]: entry["description"] for entry in found if entry["name"].startswith("toy")}
    assert lines == {
        "toy-figure-1": "Toy, figure 1: nothing at all.",
        "toy-table-1": "Toy, table 1: random and Gabor weights on chest x-rays.",
    }
    assert "toy/chests" in medtransfer(project, "list", "recipes")


def test_the_command_makes_its_table(made: Path) -> None:
    document = json.loads((made / "toy-table-1.json").read_text())
    assert [row for row, _ in document["rows"]] == ["random", "Gabor"]
    assert len(list((made.parent / "runs").glob("*/record.json"))) == 2


def test_the_printed_numbers_stand_beside_its_own(project: Path, made: Path) -> None:
    shown = json.loads(asked(project, sys.executable, "-c", SHOW))
    assert shown == {
        "figure": "Nothing",
        "note": "Published: Nobody 2026, table 1; its images are others.",
        "cells": {"random": "61.50 ± 0.25", "Gabor": ""},
        "note of another protocol": None,
    }


def test_its_values_need_sources_and_have_a_page(project: Path) -> None:
    check = (sys.executable, "-m", "experiments.checks.sources")
    assert asked(project, *check) == ""
    shown = "from experiments.checks.fidelity_page import pages; print(pages()['fidelity/toy.md'])"
    text = asked(project, sys.executable, "-c", shown)
    assert text.startswith("# Toy: its one task as the paper says\n")
    assert "\nIt says everything.\n" in text
    assert "| `batch_size` | chests | 64 | the same | published | Nobody 2026, section 2 |" in text
    assert "| images | true | drawn | it is a toy |" in text
    sources = project / "experiments" / "studies" / "toy" / "sources.py"
    kept = sources.read_text()
    try:
        sources.unlink()
        done = subprocess.run(
            check, cwd=project, env=_environment(project), capture_output=True, text=True, timeout=120
        )
    finally:
        sources.write_text(kept)
    assert done.returncode == 1
    assert "toy/chests: batch_size = 64 has no source. Say in experiments/studies/toy/sources.py" in done.stderr


def test_make_knows_its_targets(project: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make is installed")
    settings = [f"PYTHON={sys.executable}", f"VENV={project / 'none'}"]
    one = asked(project, make, "--dry-run", *settings, "PROFILE=smoke", "toy-table-1")
    assert "medtransfer table toy-table-1 --profile smoke" in one
    for target in ("toy", "tables"):
        planned = asked(project, make, "--dry-run", *settings, target)
        assert "medtransfer table toy-table-1" in planned
        assert "medtransfer table toy-figure-1" in planned
    told = asked(project, make, *settings, "help")
    assert "make toy " in told
    assert "Toy: does anything help on drawn images? (Nobody 2026)." in told
    assert "figure-1 table-1\n" in told


PAPERS = [name for name, entry in RECIPES.entries.items() if entry.module == f"experiments.studies.{name}.recipes"]


def words_of_code(path: Path) -> list[str]:
    """The texts in a file of Python that are no docstrings or comments, and the modules that it imports."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str) and not isinstance(node, ast.Expr):
                found.append(child.value)
    return found


@pytest.mark.parametrize("paper", [paper for paper in PAPERS if paper != "demo"])  # which is a command, too
def test_nothing_outside_a_papers_folder_names_the_paper(paper: str) -> None:
    folder = PROJECT / "experiments" / "studies" / paper
    named = re.compile(rf"(^|[^a-z.]|studies\.){paper}([-_/.]|$)")
    texts = {path: path.read_text().splitlines() for path in (PROJECT / "Makefile", PROJECT / "setup.cfg")}
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*.py"):
            of_another_paper = path.parent.name == "claims"  # a claim may be judged by the runs of other studies too
            if folder not in path.parents and not of_another_paper:
                texts[path] = words_of_code(path)
    assert len(texts) > 200
    assert {path: text for path, of in texts.items() for text in of if named.search(text)} == {}


def test_there_are_papers_to_look_for() -> None:
    assert PAPERS == ["benchmark", "demo", "real_images", "transfusion"]
    assert any("benchmark/" in text for text in words_of_code(PROJECT / "experiments/studies/benchmark/tasks.py"))
