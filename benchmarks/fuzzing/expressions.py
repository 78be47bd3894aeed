"""Expressions and rows of tables as somebody may have written them: for every kind of entry, damaged, odd, or deep."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.fuzzing.values import NUMBERS, ODD_TEXTS, damaged
from specs.expression import parse, show
from specs.registry import KINDS, Registry
from specs.row import parse_row

NAME = "expressions"

DEEP = ("random(", "[", "(", "-", "not ", "a.", "~", "{", "1+", "lambda:", "f'{", "(1,", "await ")
"""Texts that are repeated many times to make an expression deep."""

ARGUMENTS = ("on", "labels", "residual", "width", "image_size", "fraction", "classes", "kind", "seed", "name", "x")


@cache
def _names() -> tuple[str, ...]:
    return tuple(name for registry in KINDS.values() for name in registry.entries)


def attempt(generator: random.Random, folder: Path) -> None:
    """Parse one expression, bind its arguments, and write it again.

    Raises:
        MedtransferError: if it is no expression, or names no entry, which is the right answer.
        AssertionError: if the text that is written again means something else.
    """
    text = _text(generator)
    if generator.random() < 0.3:
        row = parse_row(text)
        assert parse_row(str(row)) == row
        return
    call = parse(text)
    assert parse(str(call)) == call
    for registry in _registries(call.name, generator):
        bound = registry.bind(call)
        assert registry.bind(bound) == bound
        registry.short(bound)


def _registries(name: str, generator: random.Random) -> Sequence[Registry]:
    """The registries with an entry of a name; if there is none, a registry that refuses it."""
    light = [registry for kind, registry in KINDS.items() if kind not in ("tables", "recipes")]
    return [registry for registry in light if name in registry.entries] or [generator.choice(light)]


def written(generator: random.Random, names: Sequence[str], depth: int, arguments: Sequence[str] = ARGUMENTS) -> str:
    """A name, mostly with arguments of any type, which may be expressions themselves, as text."""
    name = generator.choice(names)
    if generator.random() < 0.2:
        return name
    given = []
    for _ in range(generator.randrange(4)):
        value = (
            written(generator, names, depth - 1, arguments)
            if depth and generator.random() < 0.4
            else _literal(generator)
        )
        given.append(f"{generator.choice(arguments)}={value}" if generator.random() < 0.4 else value)
    return f"{name}({', '.join(given)})"


def _literal(generator: random.Random) -> str:
    kind = generator.randrange(4)
    if kind == 0:
        return repr(generator.choice(NUMBERS[:15]))
    if kind == 1:
        return show(generator.choice((*ODD_TEXTS, *_names())))
    if kind == 2:
        return f"({', '.join(_literal(generator) for _ in range(generator.randrange(3)))})"
    return generator.choice(("None", "True", "False", "'x'", "b'x'", "1j", "...", "1_0", "0o7", "x if y else z", "{}"))


def _text(generator: random.Random) -> str:
    kind = generator.random()
    if kind < 0.05:
        return generator.choice(DEEP) * generator.choice((50, 150, 1000, 30_000)) + generator.choice(("", "1", "x"))
    if kind < 0.1:
        return " on ".join([written(generator, _names(), 1)] * generator.choice((2, 3, 200)))
    if kind < 0.15:
        return generator.choice(ODD_TEXTS)
    text = written(generator, _names(), generator.randint(0, 3))
    if kind < 0.5:
        text = damaged(text, generator)
    return f"{generator.choice(ODD_TEXTS)} = {text}" if kind > 0.9 else text
