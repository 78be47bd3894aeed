"""Expressions: text and calls are one thing in two forms, and nothing is ever evaluated."""

from __future__ import annotations

import ast
import builtins
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specs.errors import UsageError
from specs.expression import Call, Value, parse

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: not _keyword(name))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64) + 1, 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
literals = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)


def _keyword(name: str) -> bool:
    try:
        return not isinstance(ast.parse(name, mode="eval").body, ast.Name)
    except SyntaxError:
        return True


def _calls(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Call]:
    arguments = st.lists(values, max_size=3).map(tuple)
    keywords = st.dictionaries(names, values, max_size=3).map(lambda found: tuple(found.items()))
    return st.builds(Call, names, arguments, keywords)


calls = _calls(st.recursive(literals, lambda inner: inner | _calls(inner), max_leaves=6))


def typed(value: Value) -> object:
    """The value with its types, since 1 == 1.0 == True in Python."""
    if isinstance(value, Call):
        return (
            value.name,
            [typed(inner) for inner in value.args],
            [(name, typed(inner)) for name, inner in value.kwargs],
        )
    if isinstance(value, tuple):
        return [typed(inner) for inner in value]
    return type(value), repr(value)


@unhurried
@given(calls)
def test_what_is_printed_reads_back_as_the_same_call(call: Call) -> None:
    assert typed(parse(str(call))) == typed(call)


@unhurried
@given(st.text(max_size=40) | st.from_regex(r"[a-z(),\"'=\[\]0-9.\-* ]{0,40}", fullmatch=True))
def test_any_text_is_an_expression_or_a_usage_error(text: str) -> None:
    try:
        call = parse(text)
    except UsageError as error:
        assert str(error).startswith("not an expression: ")
    else:
        assert typed(parse(str(call))) == typed(call)


def test_the_grammar_by_example() -> None:
    assert parse("random") == parse(" random() ") == Call("random")
    assert parse("mean_var(imagenet)") == Call("mean_var", (Call("imagenet"),))
    assert parse('continual(imagenet, on="chestxray14")') == Call(
        "continual", (Call("imagenet"),), (("on", "chestxray14"),)
    )
    assert parse("f(-1, 2.5e-3, True, None, 'text')").args == (-1, 0.0025, True, None, "text")
    assert parse("f([1, 2], (3,), ())").args == ((1, 2), (3,), ())


def test_one_canonical_print_of_many_spellings() -> None:
    spellings = ["f( 'a',\n x = [ 1,2 ] )", 'f("a", x=(1, 2,))', "f(r'a',x=(0x1,2))"]
    assert {str(parse(text)) for text in spellings} == {'f("a", x=(1, 2))'}


REFUSED = [
    "",
    "   ",
    "1",
    '"random"',
    "None",
    "f(",
    "f(x=1, 2)",
    "f(x=1, x=2)",
    "f(*x)",
    "f(**x)",
    "f[0]",
    "f.g",
    "f.g()",
    "f()()",
    "f; g",
    "f\ng",
    "f(+1)",
    "f(--1)",
    "f(-True)",
    "f(1 + 1)",
    "f(not x)",
    "f(x if y else z)",
    "f([x for x in y])",
    "f([g])",
    "f({})",
    "f(b'x')",
    "f(f'{x}')",
    "f(1j)",
    "f(...)",
    "f(x := 1)",
    "lambda: 1",
    "f(1e999)",
    "f(-1e999)",
    f"f({'9' * 30})",
    f"f(0x{'f' * 5000})",
    "f(" * 500 + ")" * 500,
    'f("\ud800")',
    "f(\0)",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:20]))
def test_everything_else_is_refused_with_an_example_of_what_is_meant(text: str) -> None:
    with pytest.raises(UsageError, match=r"not an expression: (?s:.*)such as random, mean_var\(fractals\)"):
        parse(text)


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    proof = tmp_path / "proof"

    def alarm(*arguments: object) -> None:
        raise AssertionError("something was evaluated")

    monkeypatch.setattr(builtins, "eval", alarm)
    monkeypatch.setattr(builtins, "exec", alarm)
    assert parse(f'open("{proof.as_posix()}", "w")') == Call("open", (proof.as_posix(), "w"))
    with pytest.raises(UsageError, match="neither a literal nor an expression"):
        parse(f'__import__("os").mkdir("{proof.as_posix()}")')
    assert not proof.exists()


def test_the_largest_and_the_smallest_numbers_survive() -> None:
    for number in (2**64 - 1, -(2**64) + 1, 5e-324, 1.7976931348623157e308, -0.0):
        (found,) = parse(str(Call("f", (number,)))).args
        assert (
            isinstance(found, int | float) and found == number and math.copysign(1, found) == math.copysign(1, number)
        )


@pytest.mark.parametrize("text", ["folder('a\udcffb')", r'folder("a\udcffb")', r'folder(classes=("\ud800",))'])
def test_halves_of_characters_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"not an expression: .*no (UTF-8|Unicode)\)"):
        parse(text)
