"""The pages of the site that say what each module of a package holds, from the files themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from specs.packages import HOME


def modules_markdown(package: str) -> str:
    """A table for each folder of a package: each module with its first line and its public names.

    Args:
        package: the name of an import package of this project, such as ``backbones``.
    """
    texts = []
    for folder in sorted({path.parent for path in (HOME / package).rglob("*.py")}):
        dotted = ".".join(folder.relative_to(HOME).parts)
        lines = [_line(path) for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
        if lines:
            head = _module(folder / "__init__.py")
            texts += [f"## {dotted}\n", f"{_cell(head)}\n", "| module | what it holds | names |", "| --- | --- | --- |"]
            texts += [*lines, ""]
    return "\n".join(texts)


def modules_autodoc(package: str) -> str:
    """The directives that document each module of a package with all its public names, from their docstrings.

    Args:
        package: the name of an import package of this project, such as ``analysis``.
    """
    texts = []
    for path in sorted((HOME / package).rglob("*.py")):
        if path.stem != "__init__":
            dotted = ".".join(path.relative_to(HOME).with_suffix("").parts)
            texts.append(f"## {dotted}\n\n```{{eval-rst}}\n.. automodule:: {dotted}\n   :members:\n```\n")
    return "\n".join(texts)


def _line(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = ", ".join(f"`{name}`" for name in _public(tree))
    return f"| `{path.stem}` | {_cell(ast.get_docstring(tree) or '')} | {names} |"


def _module(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def _public(tree: ast.Module) -> Iterator[str]:
    """The classes and functions that a module defines, without private ones."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name


def _cell(docstring: str) -> str:
    """The first line of a docstring as a cell of a table; literals become Markdown's."""
    first = docstring.strip().partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    return first.replace("|", "\\|").replace("<", "&lt;")
