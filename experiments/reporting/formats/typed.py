"""Dataclasses as plain data for JSON and back, checked field by field against their annotations.

What is kept by row and column, ``dict[CellKey, X]``, becomes a list of objects with ``row`` and ``column``, since JSON
knows no keys but texts. The fields of an ``X`` that is a dataclass stand beside them, and any other one is ``value``.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from experiments.tables.document import CellKey

Read = TypeVar("Read")


def plain_of(value: Any) -> Any:
    """A value as plain data: lists, dictionaries with text keys, texts, numbers, truth values and None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _field(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        if any(isinstance(key, tuple) for key in value):
            return [_with_labels(cell_key, plain_of(of)) for cell_key, of in value.items()]
        return {str(key): plain_of(of) for key, of in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain_of(one) for one in value]
    return value


def _field(value: Any, name: str) -> Any:
    """A field of a dataclass as plain data; a field that is kept by row and column is a list even if it is empty."""
    of = getattr(value, name)
    kind: Any = type(value)
    return [] if of == {} and get_args(_hints(kind)[name])[:1] == (CellKey,) else plain_of(of)


def _with_labels(cell_key: CellKey, of: Any) -> dict[str, Any]:
    row, column = cell_key
    return {"row": row, "column": column} | (of if isinstance(of, dict) else {"value": of})


def read_as(kind: type[Read], plain: Any) -> Read:
    """Read plain data as an object of a dataclass.

    Args:
        kind: the dataclass. Data that are no field of it are passed over, and fields with a default may be missing.
        plain: the plain data, as read from JSON.

    Raises:
        ValueError: if a field is missing, or a value is not among those that are allowed.
        TypeError: if a value has another type than its field.
    """
    found: Read = _dataclass(kind, plain, kind.__name__)
    return found


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _dataclass(kind: Any, plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        raise TypeError(f"{where} is {_shown(plain)}, expected an object")
    given = {}
    for field in dataclasses.fields(kind):
        if field.name in plain:
            given[field.name] = _read(_hints(kind)[field.name], plain[field.name], field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where} lacks {field.name}")
    return kind(**given)


def _read(kind: Any, plain: Any, where: str) -> Any:
    """Read a value of any annotation; ``where`` names it in errors."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return plain
    if origin in (Union, types.UnionType):
        return _one_of(inner, plain, where)
    if origin is Literal:
        if plain not in inner or isinstance(plain, bool) is not any(isinstance(one, bool) for one in inner):
            raise ValueError(f"{where} is {_shown(plain)}, expected one of {', '.join(map(str, inner))}")
        return plain
    if origin in (tuple, list):
        return _several(inner, plain, where)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(inner, plain, where)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, plain, where)
    return _simple(kind, plain, where)


def _one_of(kinds: tuple[Any, ...], plain: Any, where: str) -> Any:
    """Read a value that is None or of one other annotation."""
    if plain is None and type(None) in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not type(None))
    return _read(kind, plain, where)


def _several(kinds: tuple[Any, ...], plain: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise TypeError(f"{where} is {_shown(plain)}, expected a list")
    if kinds[-1] is Ellipsis:
        return tuple(_read(kinds[0], one, where) for one in plain)
    if len(plain) != len(kinds):
        raise ValueError(f"{where} has {len(plain)} entries, expected {len(kinds)}")
    return tuple(_read(kind, one, where) for kind, one in zip(kinds, plain, strict=True))


def _mapping(kinds: tuple[Any, Any], plain: Any, where: str) -> dict[Any, Any]:
    key, value = kinds
    if key == CellKey:
        if not isinstance(plain, list) or not all(isinstance(one, dict) for one in plain):
            raise TypeError(f"{where} is {_shown(plain)}, expected a list of objects with row and column")
        single = not dataclasses.is_dataclass(value)
        return {
            (_text(one, "row", where), _text(one, "column", where)): _read(
                value, one["value"] if single else one, where
            )
            for one in plain
        }
    if not isinstance(plain, dict):
        raise TypeError(f"{where} is {_shown(plain)}, expected an object")
    return {_read(key, name, where): _read(value, of, where) for name, of in plain.items()}


def _text(one: Mapping[str, Any], name: str, where: str) -> str:
    found: str = _simple(str, one[name], f"{name} of {where}")
    return found


def _simple(kind: Any, plain: Any, where: str) -> Any:
    """Read a text, a truth value or a finite number."""
    if kind is bool:
        if not isinstance(plain, bool):
            raise TypeError(f"{where} is {_shown(plain)}, expected true or false")
        return plain
    if kind is float:
        if isinstance(plain, bool) or not isinstance(plain, (int, float)) or not math.isfinite(plain):
            raise TypeError(f"{where} is {_shown(plain)}, expected a finite number")
        return float(plain)
    if not isinstance(plain, kind) or (kind is int and isinstance(plain, bool)):
        expected = {int: "a whole number", str: "a text"}.get(kind, f"a value of {kind.__name__}")
        raise TypeError(f"{where} is {_shown(plain)}, expected {expected}")
    return plain


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
