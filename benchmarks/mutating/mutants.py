"""Mutants: single changes of the product's source files, and a sample of them."""

from __future__ import annotations

import ast
import difflib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutating.operators import (
    MODES,
    UNTOUCHED_CALLS,
    Around,
    FunctionNode,
    alternatives,
    conditions,
    literal_members,
    name_of,
)

STRATA: Mapping[str, tuple[str, ...]] = {
    "analysis": ("analysis/**/*.py",),
    "initializers": ("initializers/**/*.py",),
    "lightning_modules": ("lightning_modules/**/*.py",),
    "datamodules": ("datamodules/*.py", "datamodules/dataset/*.py", "datamodules/labels/*.py"),
    "recipes": ("experiments/studies/*/recipes.py", "experiments/studies/recipes/*.py"),
}
"""The files of each package whose faults make wrong science; of the datasets, the code of labels and splits."""

LEFT_ALONE = re.compile(r"phantom|__repr__|__str__|_words$|_message$")
"""The names of functions that are not changed, since they write synthetic data or texts."""


@dataclass(frozen=True)
class Mutant:
    """A change at one position of one file.

    Attributes:
        name: the name, which says what the change is, and stays the same while its function does.
        stratum: the name of the package that the file belongs to.
        path: the path of the file, from the project's root, with slashes.
        function: the qualified name of the innermost function; empty outside of functions.
        line: the line where that function begins, decorators included; 0 outside of functions.
        kind: the kind of the change.
        start: the index of the first byte that is replaced.
        end: the index of the byte after the last one that is replaced.
        text: the text that takes their place.
    """

    name: str
    stratum: str
    path: str
    function: str
    line: int
    kind: str
    start: int
    end: int
    text: str

    def of(self, source: bytes) -> bytes:
        """The content of the changed file, from that of the original."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def difference(self, source: bytes) -> str:
        """The changed lines before and after, with two lines of context, as a unified diff."""
        before, after = (text.decode().splitlines() for text in (source, self.of(source)))
        return "\n".join(list(difflib.unified_diff(before, after, self.path, self.kind, lineterm="", n=2))[1:])


def mutants_of(path: str, stratum: str, source: bytes) -> list[Mutant]:
    """All mutants of one file that Python can compile.

    Args:
        path: the path of the file, from the project's root.
        stratum: the name of the package that the file belongs to.
        source: the bytes of the file.
    """
    tree = ast.parse(source)
    starts = [0]
    for row in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    literals = _literals(tree)
    mutants, seen, counts = list[Mutant](), set[tuple[int, int, str]](), Counter[str]()
    for node, kind, text, parents in _changes(tree, literals):
        start = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        if (start, end, text) in seen or source[start:end].decode() == text:
            continue
        seen.add((start, end, text))
        function, line = _function(parents)
        name = f"{path}:{function}:{kind}:{' '.join(source[start:end].decode().split())[:60]} -> {text[:60]}"
        counts[name] += 1
        mutant = Mutant(f"{name}#{counts[name]}", stratum, path, function, line, kind, start, end, text)
        if _is_read(mutant.of(source)):
            mutants.append(mutant)
    return mutants


def all_mutants(project: Path, strata: Mapping[str, Sequence[str]] = STRATA) -> list[Mutant]:
    """All mutants of every file of the strata."""
    mutants = []
    for stratum, patterns in strata.items():
        for path in sorted({path for pattern in patterns for path in project.glob(pattern)}):
            if path.name != "__init__.py":
                mutants += mutants_of(path.relative_to(project).as_posix(), stratum, path.read_bytes())
    return mutants


def sample(mutants: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """A random sample in random order, with each stratum in proportion to its number (by largest remainders)."""
    strata: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        strata.setdefault(mutant.stratum, []).append(mutant)
    size = min(size, len(mutants))
    shares = {name: size * len(members) / len(mutants) for name, members in strata.items()}
    numbers = {name: int(share) for name, share in shares.items()}
    for name in sorted(shares, key=lambda name: numbers[name] - shares[name])[: size - sum(numbers.values())]:
        numbers[name] += 1
    generator = random.Random(seed)
    drawn = [member for name, members in strata.items() for member in generator.sample(members, numbers[name])]
    generator.shuffle(drawn)
    return drawn


def _is_read(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _literals(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """The strings of the module's own ``Literal`` types, by name."""
    literals = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            literals[node.targets[0].id] = literal_members(node.value, {})
    return {name: members for name, members in literals.items() if members}


def _function(parents: Iterable[ast.AST]) -> tuple[str, int]:
    """The qualified name and first line of the innermost function among nodes, which are ordered from the outside."""
    names, function, line = list[str](), "", 0
    for node in parents:
        if isinstance(node, FunctionNode | ast.ClassDef):
            names.append(node.name)
        if isinstance(node, FunctionNode):
            function = ".".join(names)
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return function, line


def _changes(
    tree: ast.Module, literals: dict[str, tuple[str, ...]]
) -> Iterator[tuple[ast.AST, str, str, tuple[ast.AST, ...]]]:
    """All changes, each as the node, its kind, the text that replaces the node, and the nodes around it."""

    def walk(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, str, str, tuple[ast.AST, ...]]]:
        around = (*parents, node)
        if isinstance(node, ast.If) and (name_of(node.test) == "TYPE_CHECKING" or "__name__" in ast.dump(node.test)):
            return
        for part, kind, text in conditions(node):
            yield part, kind, text, around
        if parents:
            for kind, text in alternatives(node, Around(parents, literals)):
                yield node, kind, text, parents
        for child in _concerned(node):
            yield from walk(child, around)

    return walk(tree, ())


def _concerned(node: ast.AST) -> list[ast.AST]:
    """The children of a node that affect results: no annotations, docstrings, messages, imports or decorators."""
    if isinstance(node, FunctionNode):
        return [] if LEFT_ALONE.search(node.name) else [node.args, *node.body]
    if isinstance(node, ast.arguments):
        return [default for default in [*node.defaults, *node.kw_defaults] if default is not None]
    if isinstance(node, ast.ClassDef):
        return list(node.body)
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value else []
    if isinstance(node, ast.Assign):
        # A type, or a name that Python itself reads, affects no result.
        own = isinstance(node.targets[0], ast.Name) and node.targets[0].id.startswith("__")
        typed = isinstance(node.value, ast.Subscript) and name_of(node.value.value) in ("Literal", "Callable")
        return [] if own or typed else [node.value]
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        if name in UNTOUCHED_CALLS or name.endswith(("Error", "Warning")) or name in MODES:
            return []
        return [node.func, *node.args, *node.keywords]
    silent = ast.Raise | ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Global | ast.Delete
    return [] if isinstance(node, silent) else list(ast.iter_child_nodes(node))
