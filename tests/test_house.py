"""The house's own rules: how long a file and a function may be, and which packages carry types."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from specs.packages import PACKAGES
from tests.conftest import PROJECT

FILE, FUNCTION = 350, 70
"""Lines at most, unless a comment gives the reason."""

SOURCES = sorted(path for package in (*PACKAGES, "benchmarks") for path in (PROJECT / package).rglob("*.py"))


def long_functions(text: str) -> list[str]:
    """Functions that are too long and have no comment that begins with ``# Long:`` above them."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            above = lines[first - 2].strip() if first > 1 else ""
            if node.end_lineno - node.lineno + 1 > FUNCTION and not above.startswith("# Long: "):
                found.append(node.name)
    return found


@pytest.mark.parametrize("package", [*PACKAGES, "benchmarks"])
def test_no_file_or_function_is_long_without_a_reason(package: str) -> None:
    sources = [path for path in SOURCES if path.relative_to(PROJECT).parts[0] == package]
    assert sources
    for path in sources:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= FILE or "\n# Long file: " in text, path
        assert long_functions(text) == [], path


def test_a_long_function_is_found_and_a_reason_excuses_it() -> None:
    long = "def f():\n" + "    x = 1\n" * FUNCTION
    assert long_functions(long) == ["f"]
    assert long_functions("# Long: it is a test.\n" + long) == []


def test_only_rooms_lie_in_experiments() -> None:
    assert [path.name for path in (PROJECT / "experiments").glob("*.py")] == ["__init__.py"]


def test_options_of_the_command_line_go_no_further_than_the_command_line() -> None:
    product = [path for path in SOURCES if path.relative_to(PROJECT).parts[0] in PACKAGES]
    parsing = {path for path in product if re.search(r"\bargparse\b", path.read_text(encoding="utf-8"))}
    assert parsing and {path for path in parsing if PROJECT / "experiments" / "cli" not in path.parents} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_ships_its_types(package: str) -> None:
    assert (PROJECT / package / "py.typed").is_file()


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in SOURCES if PROJECT / "benchmarks" not in path.parents}
    assert [folder for folder in folders if not Path(folder, "__init__.py").is_file()] == []
