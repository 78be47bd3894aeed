"""Expressions: a name, or a name with arguments, the same in Python, on the command line and in tables.

Grammar::

    expression := NAME | NAME "(" [argument ("," argument)*] ")"
    argument   := [NAME "="] value
    value      := expression | literal
    literal    := string | integer | float | True | False | None | "[" literal, ... "]" | "(" literal, ... ")"

Python's own parser reads the text, so strings and numbers are written as in Python;
the tree is walked and nothing is ever evaluated.
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from dataclasses import dataclass
from typing import Union

from specs.errors import UsageError
from specs.quoting import EXPRESSION, shown

LONGEST = 100_000
"""How many characters an expression may have."""

DEEPEST = 30
"""How many levels of parentheses an expression may have; Python's own parser would fail only far beyond that."""

Literal = Union[None, bool, int, float, str, tuple["Literal", ...]]  # noqa: UP007 - | does not take a string
Value = Union[Literal, "Call"]


@dataclass(frozen=True)
class Call:
    """A named thing with its arguments: ``mean_var(imagenet)`` is ``Call("mean_var", (Call("imagenet"),))``."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        """The expression's text; ``parse(str(call)) == call``."""
        parts = [show(value) for value in self.args]
        parts += [f"{name}={show(value)}" for name, value in self.kwargs]
        return f"{self.name}({', '.join(parts)})" if parts else self.name

    def arguments(self) -> dict[str, Value]:
        """The keyword arguments as a dictionary (all arguments, once the call has been bound)."""
        return dict(self.kwargs)


def show(value: Value) -> str:
    """The text of a literal or of an expression, with strings in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return "(" + ", ".join(show(item) for item in value) + ("," if len(value) == 1 else "") + ")"
    return str(value) if isinstance(value, Call) else repr(value)


def parse(text: str) -> Call:
    """Read an expression.

    Raises:
        UsageError: if the text is not an expression of the grammar above.
    """
    if not isinstance(text, str):
        raise UsageError(f"an expression is text, such as 'mean_var(fractals)', found {shown(text)}.")
    if len(text) > LONGEST:
        raise _refusal(text, f"it has {len(text)} characters, and {LONGEST} are the most")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's warnings are about texts that are refused here anyway
            tree = ast.parse(text.strip(), mode="eval")
            if _commented(text.strip(), tree.body):
                raise _refusal(text, "it has a comment")
    except UnicodeEncodeError as error:
        raise _refusal(text, "a name in it is no UTF-8") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refusal(text, "it cannot be read") from error
    value = _value(tree.body, text, 1)
    if not isinstance(value, Call):
        raise _refusal(text, "a bare value stands where a name was expected")
    return value


def _commented(text: str, body: ast.expr) -> bool:
    """Whether a comment stands before or behind an expression, where Python leaves out what may be a name's end."""
    assert body.end_lineno is not None and body.end_col_offset is not None
    lines = text.encode().splitlines()
    before = [*lines[: body.lineno - 1], lines[body.lineno - 1][: body.col_offset]]
    behind = [lines[body.end_lineno - 1][body.end_col_offset :], *lines[body.end_lineno :]]
    return any(b"#" in line for line in (*before, *behind))


def _refusal(text: str, why: str) -> UsageError:
    return UsageError(
        f"not an expression: {shown(text, EXPRESSION)} ({why}). Expected a name, or a name with arguments that are "
        'literals or expressions, such as random, mean_var(fractals) or file("weights.pth"). On a shell, quote the '
        "whole of it."
    )


def _value(node: ast.expr, text: str, level: int) -> Value:
    if level > DEEPEST:
        raise _refusal(text, f"more than {DEEPEST} levels of parentheses lie in each other")
    match node:
        case ast.Name(id=name):
            return Call(name)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            names = [keyword.arg for keyword in keywords]
            if None in names or any(isinstance(arg, ast.Starred) for arg in args):
                raise _refusal(text, "* and ** are not part of the grammar")
            if len(set(names)) != len(names):
                raise _refusal(text, "an argument is given twice")
            return Call(
                name,
                tuple(_value(arg, text, level + 1) for arg in args),
                tuple((str(keyword.arg), _value(keyword.value, text, level + 1)) for keyword in keywords),
            )
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            return _constant(value, text)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
            number, bool
        ):
            return -_number(number, text)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return tuple(_literal(item, text, level + 1) for item in items)
    raise _refusal(text, f"{_piece(node, text)} is neither a literal nor an expression")


def _constant(value: Literal, text: str) -> Literal:
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise _refusal(text, "a text in it is no Unicode")
    return _number(value, text) if isinstance(value, int | float) else value


def _number(value: int | float, text: str) -> int | float:
    if not math.isfinite(value) if isinstance(value, float) else value.bit_length() > 64:
        raise _refusal(text, "numbers must be finite, and whole ones fit in 64 bits")
    return value


def _piece(node: ast.expr, text: str) -> str:
    """The part of the expression's text that a node of its syntax tree stands for, as it is written there."""
    return shown(ast.get_source_segment(text.strip(), node) or "a part of it", EXPRESSION)


def _literal(node: ast.expr, text: str, level: int) -> Literal:
    value = _value(node, text, level)
    if isinstance(value, Call):
        raise _refusal(text, "lists hold literals only")
    return value
