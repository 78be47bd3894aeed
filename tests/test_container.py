"""The file that containers are built from is right as far as one can tell without building: no image is built here."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
from fnmatch import fnmatch

import pytest

from specs.packages import PACKAGES
from tests.conftest import PROJECT

TEXT = (PROJECT / "Containerfile").read_text(encoding="utf-8")
SETUP = configparser.ConfigParser(inline_comment_prefixes=("#",))
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")
KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "LABEL", "RUN", "USER", "WORKDIR"}
"""The instructions that the file uses (https://docs.docker.com/reference/dockerfile/)."""

BUILT_FROM = [*PACKAGES, "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"]


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its text, in which lines that go on are joined."""
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined]


def of(name: str) -> list[str]:
    return [text for instruction, text in instructions() if instruction == name]


def ignored(path: str) -> bool:
    """Whether a file or folder at the top is no part of what an image is built from; the last rule decides."""
    rules = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    found = False
    for rule in rules:
        if rule and not rule.startswith("#") and fnmatch(path, rule.lstrip("!")):
            found = not rule.startswith("!")
    return found


def test_every_instruction_is_one_and_versions_are_chosen_before_the_first_image() -> None:
    names = [name for name, _ in instructions()]
    assert set(names) == KNOWN and names[:2] == ["ARG", "FROM"]
    assert all(re.fullmatch(r"python:\$\{PYTHON\}-slim-\w+( AS \w+)?", text) for text in of("FROM"))
    supported = re.findall(r"Python :: (3\.\d+)$", SETUP["metadata"]["classifiers"], re.MULTILINE)
    assert of("ARG")[0].removeprefix("PYTHON=") in supported
    tested = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()[0]
    assert f"(Python {of('ARG')[0].removeprefix('PYTHON=')})" in tested


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder() -> None:
    assert of("COPY") == [". .", "constraints.txt /install/", "--from=wheel /wheels/ /install/"]
    assert [path for path in BUILT_FROM if ignored(path) or not (PROJECT / path).exists()] == []
    for private in (".git", ".venv", "data", "runs", "weights", "tables", "tests", "docs", "mine.csv"):
        assert ignored(private), private


@pytest.mark.parametrize(("device", "status", "asked"), [
    ("cpu", 0, "--index-url https://download.pytorch.org/whl/cpu torch torchvision"),
    ("cuda", 0, "constraints.txt torch torchvision"),
    ("mps", 2, ""),
])  # fmt: skip
def test_the_device_decides_which_torch_is_installed_and_others_are_refused(
    device: str, status: int, asked: str
) -> None:
    """The shell's own part of the instruction is run, with functions in the place of the programs that it calls."""
    (_, install) = of("RUN")
    stubs = 'python() { echo python "$@"; }; rm() { :; }; '
    done = subprocess.run(
        ["sh", "-c", stubs + install], env={"DEVICE": device}, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    lines = done.stdout.splitlines()
    assert bool(lines) == (status == 0)
    if lines:
        assert lines[0].endswith(asked) and "--constraint /install/constraints.txt" in lines[0]
    else:
        assert "DEVICE is cpu or cuda, found mps" in done.stderr


def test_the_extras_and_the_version_are_the_distributions() -> None:
    (extras,) = re.findall(r"\$\{wheel\}\[([\w,]+)\]", TEXT)
    assert set(extras.split(",")) <= set(SETUP["options.extras_require"])
    (labels,) = of("LABEL")
    assert f'image.version="{SETUP["metadata"]["version"]}"' in labels
    assert f'image.licenses="{SETUP["metadata"]["license"]}"' in labels


def test_it_is_the_command_without_the_rights_of_root() -> None:
    assert json.loads(of("ENTRYPOINT")[0]) == ["medtransfer"] and json.loads(of("CMD")[0]) == ["--help"]
    assert (
        of("USER")[-1] not in ("root", "0", "0:0")
        and [name for name, _ in instructions()].index("USER") > len(instructions()) - 4
    )
    assert SETUP["options.entry_points"]["console_scripts"].strip().startswith("medtransfer = ")


def test_the_page_says_that_it_was_not_built() -> None:
    page = (PROJECT / "docs" / "containers.md").read_text(encoding="utf-8")
    assert "has not been built" in page and "has been built from this file" in TEXT
    for argument in re.findall(r"^ARG (\w+)=", TEXT, re.MULTILINE):
        assert f"| `{argument}` |" in page
