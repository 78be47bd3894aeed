"""Reading a file's text: the same as Python's own parser finds, on every file of this project and on awkward ones."""

from __future__ import annotations

import ast

import pytest

from specs.outline import Definition, definition, first_line
from tests.conftest import PROJECT

FOLDERS = ("backbones", "datamodules", "initializers", "lightning_modules", "experiments", "specs", "analysis")


def parsed(text: str) -> dict[str, Definition]:
    """The first definition of each name, without underscores and case, as Python's parser has it."""
    found: dict[str, Definition] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            returns = getattr(node, "returns", None)
            shown = "" if returns is None else ast.unparse(returns)
            found.setdefault(node.name.replace("_", "").lower(), Definition(node.name, shown))
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_this_project_is_read_as_pythons_parser_reads_it(folder: str) -> None:
    paths = sorted((PROJECT / folder).rglob("*.py"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert first_line(text) == (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0], path
        expected = parsed(text)
        for name, one in expected.items():
            found = definition(text, name)
            assert found is not None, (path, name)
            assert found.name == one.name
            if "Literal" not in one.returns:  # the texts in it are left out
                assert found.returns == one.returns, (path, name)
        assert (definition(text, path.stem) is None) == (path.stem.replace("_", "").lower() not in expected), path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def mean_var():\n    pass\n", Definition("mean_var", "")),
        ("class MeanVar(Base):\n    def mean_var(self) -> Table: ...\n", Definition("MeanVar", "")),
        ("def mean_var(a: str = '):', b=(1, {2: 3})) -> Table:\n    pass\n", Definition("mean_var", "Table")),
        (
            "def mean_var(\n    a: int,  # a ): in a comment\n) -> dict[str, int]:\n    pass\n",
            Definition("mean_var", "dict[str, int]"),
        ),
        ('"""Text.\n\ndef mean_var(): is shown here\n"""\n', None),
        ("    def mean_var(): ...\n", None),
        ("def mean_variance(): ...\n", None),
        ("mean_var = 3\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_awkward_files(text: str, expected: Definition | None) -> None:
    assert definition(text, "mean_var") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""One line."""\n', "One line."),
        ('r"""Raw \\d.\n\nMore."""\n', "Raw \\d."),
        ("'''Single.'''", "Single."),
        ("import os\n", ""),
        ("", ""),
    ],
)
def test_the_first_line_of_a_docstring(text: str, expected: str) -> None:
    assert first_line(text) == expected
