"""Binding an expression's arguments to a typed signature, so that one thing has one canonical form.

A parameter's annotation says what it takes: ``bool``, ``int``, ``float``, ``str``, ``None``, ``Literal[...]``,
``tuple[X, ...]`` and unions of them. A parameter that takes another expression is annotated
``Annotated[Call, "initializers"]`` (written without quotes) or ``Annotated[str, "datamodules"]`` (written as a
string); the second item names the package whose registry binds it.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from specs.errors import UsageError, unknown
from specs.expression import Call, Value, parse, show
from specs.quoting import EXPRESSION, plain, shown

BindNested = Callable[[str, Call], Call]
"""A function that binds an expression in the registry of a package, given the package's name and the expression."""


def bind(call: Call, target: Callable[..., Any], nested: BindNested) -> Call:
    """The call with every parameter given by name, in the signature's order, with defaults filled in.

    Args:
        call: the expression as written.
        target: the function or class whose signature it must fit.
        nested: the function that binds an expression inside it, given the package whose registry it is of.

    Raises:
        UsageError: if an argument is unknown, missing, given twice or of the wrong type.
        TypeError: if the target does not say the type of a parameter.
    """
    signature = inspect.signature(target)
    hints = _hints(target)
    if bare := [name for name in signature.parameters if name not in hints]:
        raise TypeError(f"its parameter {bare[0]} has no type; write it as in `{bare[0]}: str`")
    for name, _ in call.kwargs:
        if name not in signature.parameters:
            raise unknown(f"argument of {call.name}{_usage(signature)}:", name, signature.parameters)
    try:
        bound = signature.bind(*call.args, **call.arguments())
    except TypeError as error:
        raise UsageError(
            f"{shown(str(call), EXPRESSION)} does not fit {call.name}{_usage(signature)}: {error}."
        ) from error
    bound.apply_defaults()
    return Call(
        call.name,
        (),
        tuple(
            (name, _convert(value, hints[name], f"argument {name} of {call.name}", nested))
            for name, value in bound.arguments.items()
        ),
    )


@cache
def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    """The parameters' types; what a function returns is left alone, since its type may be imported for checks only."""
    function: Any = target.__init__ if inspect.isclass(target) else target
    hints: dict[str, Any] = {}
    for name, hint in function.__annotations__.items():
        if name != "return":
            alone = types.SimpleNamespace(__annotations__={name: hint})
            names = _defining_module(target, name) or function.__globals__
            hints |= typing.get_type_hints(alone, names, include_extras=True)
    return hints


def _defining_module(target: Callable[..., Any], field: str) -> dict[str, Any] | None:
    """The names of the module that defines a field of a dataclass, which may be the module of one of its base classes.

    None for whatever is no dataclass.
    """
    if not (inspect.isclass(target) and dataclasses.is_dataclass(target)):
        return None
    owner = next(base for base in target.__mro__ if field in vars(base).get("__annotations__", {}))
    return vars(sys.modules[owner.__module__])


def _usage(signature: inspect.Signature) -> str:
    names = [
        name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"
        for name, parameter in signature.parameters.items()
    ]
    return f"({', '.join(names)})"


def _convert(value: Value, hint: Any, what: str, nested: BindNested) -> Value:
    converted: Value = _as(value, hint, nested)
    if converted is not _MISFIT:
        return converted
    for option in _options(hint):
        if get_origin(option) is Literal and isinstance(value, str):
            raise unknown(f"value for {what}:", value, [str(choice) for choice in get_args(option)])
    raise UsageError(f"{what}: expected {_words(hint)}, found {_found(value)}.")


def _options(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows."""
    return get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _found(value: Value) -> str:
    """A value as it is shown in a message: on one line, and not too long."""
    return plain(show(value), EXPRESSION) if isinstance(value, str | tuple | Call) else shown(value)


_MISFIT: Any = object()


def _as(value: Value, hint: Any, nested: BindNested) -> Any:
    """The value as the hinted type, or ``_MISFIT``; an int where a float is expected becomes a float."""
    if len(options := _options(hint)) > 1:
        return next((fit for one in options if (fit := _as(value, one, nested)) is not _MISFIT), _MISFIT)
    if hint is None or hint is type(None):
        return None if value is None else _MISFIT
    if get_origin(hint) is Annotated:
        kind, package = get_args(hint)[:2]
        if type(value) is not kind:
            return _MISFIT
        return nested(package, value) if isinstance(value, Call) else str(nested(package, parse(str(value))))
    if get_origin(hint) is Literal:
        return value if any(value == choice and type(value) is type(choice) for choice in get_args(hint)) else _MISFIT
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            return _MISFIT
        items = [_as(item, get_args(hint)[0], nested) for item in value]
        return _MISFIT if any(item is _MISFIT for item in items) else tuple(items)
    if isinstance(value, int) and value.bit_length() > 64:  # expressions cannot hold such a number either
        return _MISFIT
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _MISFIT
    return value if type(value) is hint else _MISFIT


def _words(hint: Any) -> str:
    if len(options := _options(hint)) > 1:
        return " or ".join(_words(option) for option in options)
    if get_origin(hint) is tuple:
        return f"values in brackets, each {_words(get_args(hint)[0])}"
    if get_origin(hint) is Literal:
        return " or ".join(show(choice) for choice in get_args(hint))
    if get_origin(hint) is Annotated:
        return "an expression without quotes" if get_args(hint)[0] is Call else 'an expression in "quotes"'
    if hint is str:
        return 'text in "quotes"'
    if hint is type(None):
        return "None"
    return getattr(hint, "__name__", str(hint)) if get_origin(hint) is None else str(hint)
