"""Titles: what people call what an expression names, such as ``PneumoniaMNIST, 5 % of the training images``.

An entry's own file says it. The name is what stands before the colon in the file's first line, where that is the
entry's name but for case, spaces and signs, as ``MoCo-v2: ...`` in ``moco_v2.py``. Where people call it otherwise, or
its arguments are part of the name, a class says so in ``title``; in ``words`` it says, by argument, what is added where
the argument is not the default. The module of a function has ``TITLE`` and ``WORDS`` instead.

All of these are patterns with arguments in braces: ``Mean Var of {source:initializers}``. Behind a colon stands how an
argument is said: a kind of entries says the title of the expression in it, ``percent`` a share of 1, ``file`` the last
part of a path; whatever else is Python's own format. Instead of a pattern, ``words`` may have one for each value. An
argument that stands in the words of another one is not said again, and one whose words are empty is not said.

An argument that has no words follows in brackets, and an entry without a title is its expression. Where readers may not
see what stands in its title, a class says in ``unnamed`` what is said instead.
"""

from __future__ import annotations

import inspect
import string
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from specs.errors import UsageError
from specs.expression import Call, Value, parse, show
from specs.registry import KINDS, Registry

Words = Mapping[str, str | Mapping[Any, str]]
"""How arguments are said, by name: a pattern, or one for each value."""

KINDS_IN_WORDS: Mapping[str, str] = {
    "binary": "whether {classes}", "multiclass": "which of {classes}", "multilabel": "findings {classes}",
    "segmentation": "segmentation of {classes}",
}  # fmt: skip
"""How the kind of a task and its classes are said together, of a user's own data."""

Shorten = Callable[[Registry, Call], Call]
"""Gives the shortest form of an expression that readers may see; it leaves out arguments that they may not see."""


def unsaid(*arguments: str) -> dict[str, str]:
    """The words for arguments of which a title says nothing, such as where files lie."""
    return dict.fromkeys(arguments, "")


def shortest(registry: Registry, expression: Call) -> Call:
    """The expression with all arguments that are not their default, for readers who may see everything."""
    return registry.short(expression)


def title(registry: Registry, expression: Call | str, shorten: Shorten = shortest) -> str:
    """The title of what an expression names, as people say it.

    Args:
        registry: the registry that the expression names an entry of.
        expression: the expression whose title is wanted, as text or as a call.
        shorten: the function that gives what readers may see of an expression; of the arguments that it leaves out,
            only words that hold no value are said.

    Raises:
        UsageError: if the expression names nothing, or its entry's title names an argument that there is not.
    """
    return _said(registry, parse(expression) if isinstance(expression, str) else expression, shorten).text


def title_of_text(registry: Registry, text: str, shorten: Shorten = shortest) -> str:
    """The title of a text that may be an expression of a registry; the text itself where it cannot be read as one."""
    return _said_text(registry, text, shorten).text


def distinct(titles: Sequence[str], expressions: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Labels of one table: the titles, with the expressions added where titles of different things are alike.

    Args:
        titles: the title of each thing, in order.
        expressions: the expression of each thing, in the order of the titles.
        taken: labels that are in use already, which none of the new ones may be.
    """
    pairs = list(zip(titles, expressions, strict=True))
    added: set[tuple[str, str]] = set()
    while True:
        labels = {pair: f"{pair[0]} ({pair[1]})" if pair in added else pair[0] for pair in pairs}
        shown = [*labels.values(), *taken]
        alike = {pair for pair, label in labels.items() if shown.count(label) > 1} - added
        if not alike:
            return [labels[pair] for pair in pairs]
        added |= alike


@dataclass(frozen=True)
class _Said:
    """A title, and whether it is made of several parts, so that it stands in brackets inside another one."""

    text: str
    has_parts: bool = False


@dataclass(frozen=True)
class _Arguments:
    """What is known of an expression's arguments.

    Attributes:
        of: the entry in words, such as ``dataset "folder"``, for errors.
        values: the values of all arguments by name, defaults filled in.
        shown: the values that readers may see, of arguments that are not the default.
        hidden: names of arguments that are not the default and whose values readers may not see.
        words: how arguments are said, by name, as the entry declares it.
        shorten: the function that gives what readers may see of an expression, as in ``title``.
    """

    of: str
    values: Mapping[str, Value]
    shown: Mapping[str, Value]
    hidden: frozenset[str]
    words: Words
    shorten: Shorten


def _said(registry: Registry, call: Call, shorten: Shorten) -> _Said:
    full, shown = registry.short(call), shorten(registry, call)
    name, (pattern, words, unnamed) = _name_of(registry, call.name), _declared(registry, call.name)
    pattern = pattern or name
    arguments = _Arguments(
        of=f'{registry.noun} "{call.name}"',
        values=registry.bind(call).arguments(),
        shown=shown.arguments(),
        hidden=frozenset(full.arguments().keys() - shown.arguments().keys()),
        words=words,
        shorten=shorten,
    )
    if pattern and arguments.hidden & set(_fields(pattern)):
        pattern = unnamed or name
    if not pattern:
        return _Said(str(shown), bool(shown.kwargs))
    said = _filled(pattern, arguments)
    others = [other for other in full.arguments() if other not in set(_fields(pattern))]
    within = {field for other in others for field in _fields(_words(other, arguments) or "") if field != other}
    added = [(other, _added(other, arguments)) for other in others if other not in within]
    further = [text for _, text in added if text]
    rest = [
        f"{other}={show(arguments.shown[other])}" for other, text in added if text is None and other in arguments.shown
    ]
    text = ", ".join([said.text, *further]) + (f" ({', '.join(rest)})" if rest else "")
    return _Said(text, said.has_parts or bool(further or rest))


def _added(name: str, arguments: _Arguments) -> str | None:
    """What a title adds for an argument that is not its default; None if no words say it, or none that may be seen."""
    words = _words(name, arguments)
    return None if words is None else _filled(words, arguments).text


def _words(name: str, arguments: _Arguments) -> str | None:
    """The pattern that says an argument's value; None if there is none, or readers may not see what stands in it."""
    words = arguments.words.get(name)
    if isinstance(words, Mapping):
        words = None if name in arguments.hidden else words.get(arguments.values[name])
    return None if words is None or arguments.hidden & set(_fields(words)) else words


def _filled(pattern: str, arguments: _Arguments) -> _Said:
    """A pattern with the arguments in their places."""
    text, has_parts = "", False
    for literal, name, form, _ in string.Formatter().parse(pattern):
        text += literal
        if name is None:
            continue
        if name not in arguments.values:
            raise UsageError(
                f'the {arguments.of} is titled "{pattern}", and has no argument "{name}". Expected one of '
                f"{', '.join(arguments.values) or 'none'}; mend the title in its file."
            )
        said = _value(name, form or "", arguments)
        text += f"({said.text})" if said.has_parts and text else said.text
        has_parts = has_parts or form in KINDS or said.has_parts
    return _Said(text, has_parts)


def _value(name: str, form: str, arguments: _Arguments) -> _Said:
    """The value of an argument, in the form that a pattern asks for."""
    value, words = arguments.values[name], arguments.words.get(name)
    if isinstance(words, Mapping) and value in words and not list(_fields(words[value])):
        return _Said(words[value])
    if form in KINDS:
        registry, shorten = KINDS[form], arguments.shorten
        parts = value if isinstance(value, tuple) else (value,)
        said = [
            _said(registry, part, shorten) if isinstance(part, Call) else _said_text(registry, str(part), shorten)
            for part in parts
        ]
        return said[0] if len(said) == 1 else _Said(", ".join(one.text for one in said))
    value = arguments.shown.get(name, value)
    return _Said(", ".join(_formed(part, form) for part in (value if isinstance(value, tuple) else (value,))))


def _formed(value: Value, form: str) -> str:
    if form == "percent":
        return f"{100 * float(value):.6g} %"  # type: ignore[arg-type]
    if form == "file":
        return PurePath(str(value)).name or str(value)
    return format(value, form)


def _said_text(registry: Registry, text: str, shorten: Shorten) -> _Said:
    try:
        call = registry.bind(text)
    except UsageError:  # not an expression, or of an entry that is missing or has other arguments
        return _Said(text)
    return _said(registry, call, shorten)


def _fields(pattern: str) -> Iterator[str]:
    """The arguments that a pattern names."""
    return (name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None)


def _declared(registry: Registry, entry: str) -> tuple[str | None, Words, str | None]:
    """The title, the words and what is said unnamed, of an entry's class and those above it, or a function's module."""
    target = registry.get(entry)
    if not inspect.isclass(target):
        module = sys.modules[registry.entries[entry].module]
        return getattr(module, "TITLE", None), getattr(module, "WORDS", {}), None
    arguments = inspect.signature(target).parameters  # an argument may have the name title or words
    words: dict[str, str | Mapping[Any, str]] = {}
    for base in () if "words" in arguments else reversed(target.__mro__):
        words |= vars(base).get("words", {})
    own = None if "title" in arguments else getattr(target, "title", None)
    return own, words, getattr(target, "unnamed", None)


def _name_of(registry: Registry, entry: str) -> str | None:
    """What stands before the colon in the first line of an entry's file, if that is its name; else None."""
    registry.get(entry)  # imports the entry's module
    first, _, _ = (sys.modules[registry.entries[entry].module].__doc__ or "").strip().partition("\n")
    name, colon, _ = first.partition(":")
    return name if colon and _letters(name) == _letters(entry) else None


def _letters(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
