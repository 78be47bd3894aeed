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
from dataclasses import dataclass
from typing import Union

from specs.errors import UsageError

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
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refusal(text, "it cannot be read") from error
    value = _value(tree.body, text)
    if not isinstance(value, Call):
        raise _refusal(text, "a bare value stands where a name was expected")
    return value


def _refusal(text: str, why: str) -> UsageError:
    return UsageError(
        f"not an expression: {text!r} ({why}). Expected a name, or a name with arguments that are literals or "
        'expressions, such as random, mean_var(fractals) or file("weights.pth"). On a shell, quote the whole of it.'
    )


def _value(node: ast.expr, text: str) -> Value:
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
                tuple(_value(arg, text) for arg in args),
                tuple((str(keyword.arg), _value(keyword.value, text)) for keyword in keywords),
            )
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            return _number(value, text) if isinstance(value, int | float) else value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
            number, bool
        ):
            return -_number(number, text)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return tuple(_literal(item, text) for item in items)
    raise _refusal(text, f"{ast.unparse(node)!r} is neither a literal nor an expression")


def _number(value: int | float, text: str) -> int | float:
    if not math.isfinite(value) if isinstance(value, float) else value.bit_length() > 64:
        raise _refusal(text, "numbers must be finite, and whole ones fit in 64 bits")
    return value


def _literal(node: ast.expr, text: str) -> Literal:
    value = _value(node, text)
    if isinstance(value, Call):
        raise _refusal(text, "lists hold literals only")
    return value
