"""What a docstring says of a parameter or an attribute says what its value means, to someone who sees nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

DONE = (
    "analysis", "backbones", "benchmarks", "datamodules", "experiments", "initializers", "lightning_modules",
    "medtransfer", "specs",
)  # fmt: skip
"""The packages that keep the rule. Add another one once all of its texts are whole."""

FEWEST_WORDS = 3

DANGLING = {
    "of", "that", "which", "whose", "who", "whom", "likewise", "theirs", "its", "their", "to", "with", "from", "on",
    "by", "in", "at", "than",
}  # fmt: skip
"""First words of a text that continues the name before it, as in "seed: of the draws", and does not say what it is."""

SECTION = re.compile(r"(Args|Attributes):\s*")
ENTRY = re.compile(r" {4}(\*{0,2}\w+): ?(.*)")


def texts(docstring: str) -> Iterator[tuple[str, str]]:
    """The name and the whole text of each parameter and attribute of a cleaned docstring."""
    inside, name, words = False, "", list[str]()
    for line in [*docstring.splitlines(), ""]:
        entry = ENTRY.fullmatch(line) if inside else None
        goes_on = inside and line.startswith(" " * 8)
        if name and not goes_on:
            yield name, " ".join(words)
            name, words = "", []
        if entry:
            name, words = entry[1], entry[2].split()
        elif goes_on:
            words += line.split()
        elif line and not line.startswith(" "):
            inside = SECTION.fullmatch(line) is not None


def is_fragment(text: str) -> bool:
    """Whether a text is too short to say anything, or hangs on the name before it."""
    words = text.split()
    return len(words) < FEWEST_WORDS or words[0].strip(".,;:").lower() in DANGLING


def fragments(source: str) -> list[str]:
    """The fragments in the docstrings of a source file, as ``OWNER: NAME: TEXT``."""
    return [
        f"{node.name}: {name}: {text}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for name, text in texts(ast.get_docstring(node) or "")
        if is_fragment(text)
    ]


@pytest.mark.parametrize("package", DONE)
def test_parameter_texts_are_no_fragments(package: str) -> None:
    files = sorted((PROJECT / package).rglob("*.py"))
    assert files
    by_file = {str(path.relative_to(PROJECT)): fragments(path.read_text(encoding="utf-8")) for path in files}
    assert {file: listed for file, listed in by_file.items() if listed} == {}


def untold(source: str) -> list[str]:
    """The fields that a dataclass's docstring leaves out although it tells others, as ``OWNER: NAME``."""
    return [
        f"{node.name}: {field.target.id}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(one) for one in node.decorator_list)
        if "Attributes:" in (told := ast.get_docstring(node) or "")
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if "ClassVar" not in ast.unparse(field.annotation) and not field.target.id.startswith("_")
        if field.target.id not in dict(texts(told))
    ]


@pytest.mark.parametrize("package", DONE)
def test_a_dataclass_that_tells_some_of_its_fields_tells_all(package: str) -> None:
    by_file = {str(path): untold(path.read_text(encoding="utf-8")) for path in (PROJECT / package).rglob("*.py")}
    assert {file: listed for file, listed in by_file.items() if listed} == {}


def test_a_field_that_is_left_out_is_found() -> None:
    told = '"""A.\n\n    Attributes:\n        one: the first number.\n    """'
    source = f"@dataclass\nclass A:\n    {told}\n\n    one: int\n    two: int\n"
    assert untold(source) == ["A: two"]


FRAGMENTS = (
    "of the run.", "Of the run that is done.", "likewise.", "its name.", "how many.", "(n, p).", "",
    "that both saw, in order.",
)  # fmt: skip


@pytest.mark.parametrize("text", FRAGMENTS)
def test_a_fragment_is_refused(text: str) -> None:
    docstring = f"A key.\n\n    Args:\n        seed: {text}\n    "
    assert fragments(f'def key(seed):\n    """{docstring}"""\n') == [f"key: seed: {text}"]


def test_a_whole_text_passes_however_it_is_wrapped() -> None:
    source = '''
class Run:
    """A run.

    Attributes:
        seed: the
            seed of the draws.
        keys: as in ``Store``, one per file; of these the
            first is the run's own.

    Raises:
        ValueError: of no kind.
    """
'''
    assert fragments(source) == []
    assert dict(texts(ast.get_docstring(ast.parse(source).body[0]) or "")) == {  # type: ignore[arg-type]
        "seed": "the seed of the draws.",
        "keys": "as in ``Store``, one per file; of these the first is the run's own.",
    }


def test_packages_that_are_done_are_there() -> None:
    assert [name for name in DONE if not Path(PROJECT, name).is_dir()] == []
