"""The mutation runner's own parts, and a trial of a small project from beginning to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.mutating.mutants import all_mutants, mutants_of, sample
from benchmarks.mutating.relevance import DIRECT, MIRRORED, Trace, chosen, seconds_of
from benchmarks.mutation import words
from tests.conftest import PROJECT

SOURCE = b'''"""Prices."""


def cost(number: int, price: float) -> float:
    """In all."""
    if number < 0:
        raise ValueError(f"{number} is below 0")
    return number * price


def unused() -> int:
    return -1
'''

TESTS = """import pytest
from analysis.prices import cost


def test_a_price() -> None:
    assert cost(2, 3.0) == 6.0 and cost(1, 3.0) == 3.0


def test_it_refuses() -> None:
    with pytest.raises(ValueError):
        cost(-1, 1.0)
"""


def changed(source: str) -> set[str]:
    """Every mutant of a function's only line."""
    whole = f"def f(a, b, c=None):\n    return {source}\n".encode()
    mutants = [one for one in mutants_of("analysis/f.py", "analysis", whole) if one.kind != "returned"]
    return {one.of(whole).decode().splitlines()[1].strip().removeprefix("return ") for one in mutants}


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a <= b", {"(a < b)", "(a > b)"}),
        ("a + b", {"(a - b)"}),
        ("a and b", {"(a or b)", "b", "a"}),
        ("not a", {"a"}),
        ("a if b else c", {"(c if b else a)"}),
        ("a[0]", {"a[1]"}),
        ("a[:b]", {"a[b:]"}),
        ("b + 'x'", set()),
        ("f(a, b)", {"f(b, a)", "f(a, a)"}),
        ("a.sum(dim=1)", {"a.mean(dim=1)", "a.sum(dim=0)", "a.sum()"}),
        ("[x for x in b if c]", {"[x for x in b if True]"}),
        ("f'{a + 1}'", set()),
        ("max(a, b)", {"min(a, b)", "max(b, a)", "max(a, a)"}),
    ],
)
def test_each_kind_of_change(source: str, mutants: set[str]) -> None:
    assert changed(source) == mutants


@pytest.mark.parametrize(
    ("kind", "mutants"),
    [
        ("Task", {"None", "a"}),
        ("float", {"0 * (a + 1)", "a"}),
        ("NDArray[np.float64]", {"0 * (a + 1)", "(a + 1)[::-1]", "a"}),
        ("list[str] | None", {"0 * (a + 1)", "(a + 1)[::-1]", "a"}),
    ],
)
def test_what_a_function_returns_instead(kind: str, mutants: set[str]) -> None:
    source = f"def f(a) -> {kind}:\n    return a + 1\n".encode()
    found = [one for one in mutants_of("analysis/f.py", "analysis", source) if one.kind == "returned"]
    assert {one.text.removeprefix("return ") for one in found} == mutants


def test_types_documents_and_texts_are_left_alone() -> None:
    text = b'"""A 1."""\nfrom x import y\n\ndef f(a: "x[1]") -> "x[0]":\n    """B 2."""\n    raise ValueError(1 + 2)\n'
    assert [one.kind for one in mutants_of("analysis/f.py", "analysis", text)] == ["raise dropped"]


def test_a_sample_is_drawn_of_each_stratum_in_proportion(tmp_path: Path) -> None:
    for package, lines in (("analysis", 30), ("initializers", 10)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "m.py").write_text("".join(f"A{line} = {line}\n" for line in range(lines)))
    mutants = all_mutants(tmp_path)
    drawn = sample(mutants, 20, seed=3)
    assert [one.name for one in drawn] == [one.name for one in sample(mutants, 20, seed=3)]
    assert [one.name for one in drawn] != [one.name for one in sample(mutants, 20, seed=4)]
    strata = [one.stratum for one in drawn]
    assert (strata.count("analysis"), strata.count("initializers"), len({one.name for one in drawn})) == (15, 5, 20)


def test_the_tests_that_call_a_function_come_first_and_failing_ones_never() -> None:
    mutant = next(one for one in mutants_of("analysis/prices.py", "analysis", SOURCE) if one.function == "cost")
    calls = frozenset({f"analysis/prices.py:{mutant.line}"})
    traces = {
        "near.py": {
            "near.py::broken": Trace(0.1, False, calls),
            "near.py::other": Trace(0.1, True, frozenset({"analysis/prices.py:10"})),
            "near.py::caller": Trace(1.0, True, calls),
        },
        "far.py": {"far.py::caller": Trace(1.0, True, calls), "far.py::stranger": Trace(0.1, True, frozenset())},
        "dear.py": {"dear.py::caller": Trace(50.0, True, calls)},
    }
    nearness = {"near.py": MIRRORED, "far.py": DIRECT, "dear.py": MIRRORED}
    assert chosen(mutant, nearness, traces, 30.0) == ["near.py::caller", "far.py::caller", "near.py::other"]


def test_a_fixture_that_tests_share_is_paid_once() -> None:
    mutant = next(one for one in mutants_of("analysis/prices.py", "analysis", SOURCE) if one.function == "cost")
    calls = frozenset({f"analysis/prices.py:{mutant.line}"})
    traces = {
        "a.py": {f"a.py::{name}": Trace(1.0, True, calls, {"table": 20.0}) for name in "xyz"},
        "b.py": {"b.py::dear": Trace(1.0, True, calls, {"other": 28.0})},
    }
    assert seconds_of(traces["a.py"].values()) == 23.0
    nearness = dict.fromkeys(traces, MIRRORED)
    assert chosen(mutant, nearness, traces, 24.0) == ["a.py::x", "a.py::y", "a.py::z"]
    assert chosen(mutant, nearness, traces, 22.5) == ["a.py::x", "a.py::y"]


FIXTURES = """
import time
import pytest

def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

@pytest.fixture(scope="module")
def table():
    busy(0.3)

@pytest.fixture(scope="module", params=[0.1, 0.2])
def each(request):
    busy(request.param)

def test_first(table):
    busy(0.1)

def test_second(table):
    pass

def test_each(each):
    pass
"""


def test_the_seconds_of_a_shared_fixture_are_noted_for_each_test_that_uses_it_and_apart(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\nmarkers =\n    slow: takes long\n")
    (tmp_path / "test_it.py").write_text(FIXTURES)
    code = (
        "import json\nfrom pathlib import Path\nfrom benchmarks.mutating.session import watched\n"
        f"found = watched(Path({str(tmp_path)!r}), 'test_it.py', Path({str(tmp_path / 'scratch')!r}))\n"
        f"Path({str(tmp_path / 'found.json')!r}).write_text(json.dumps(found['tests']))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    found = json.loads((tmp_path / "found.json").read_text())
    seconds = {name.partition("::")[2]: (one["seconds"], sum(one["shared"].values())) for name, one in found.items()}
    assert seconds == {
        "test_first": (pytest.approx(0.1, abs=0.08), pytest.approx(0.3, abs=0.08)),
        "test_second": (pytest.approx(0.0, abs=0.08), pytest.approx(0.3, abs=0.08)),
        "test_each[0.1]": (pytest.approx(0.0, abs=0.08), pytest.approx(0.1, abs=0.08)),
        "test_each[0.2]": (pytest.approx(0.0, abs=0.08), pytest.approx(0.2, abs=0.08)),
    }


def test_a_trial_tells_what_is_noticed_from_what_is_not_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    project, folder = tmp_path / "project", tmp_path / "trial"
    for name, text in {
        "analysis/__init__.py": "",
        "analysis/prices.py": SOURCE.decode(),
        "tests/analysis/test_prices.py": TESTS,
        "setup.cfg": "[tool:pytest]\npythonpath = .\nmarkers =\n    slow: takes long\n",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    code = (
        "from pathlib import Path\nfrom benchmarks.mutation import *\n"
        f"trial = Trial(Path({str(project)!r}), Path({str(folder)!r}), 2, controls=2)\n"
        "trial.run(sample(all_mutants(trial.state()), 3, 0))\n"
        "trial.run(sample(all_mutants(trial.state()), 99, 0))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    results = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    mutants = all_mutants(project)
    assert sorted(one["name"] for one in results) == sorted(one.name for one in mutants)
    alive = {one["name"].partition(":")[2] for one in results if one["outcome"] in ("survived", "untested")}
    boundary = "cost:comparison:number < 0 -> (number <= 0)#1"
    assert alive == {boundary, "unused:returned:return -1 -> return 0 * (-1)#1", "unused:sign or not:-1 -> 1#1"} | {
        "unused:constant:1 -> 2#1",
        "cost:constant:0 -> 1#1",
    }
    assert "-    if number < 0:\n+    if (number <= 0):" in words(results)
    assert words(results, [one["name"] for one in results if one["outcome"] != "killed"]).count(" 100.0% ") == 2
