"""Values of any type and texts of any kind, as somebody may write them into a file or on a command line."""

from __future__ import annotations

import copy
import random
from typing import Any

ODD_TEXTS = (
    "", " ", "\0", "\ud800", "é", "\n", "a" * 2000, "0", "1", "-1", "None", "nan", "inf", "1e999", "True", "*", "**x",
    "random", "imagenet", "drive", "ssl/moco_v2", "mean_var(random)", "(", "((((", ")", "[]", "{}", "x=1", "a.b",
    "lambda: 1", "f'{1}'", "b'1'", "1 if 2 else 3", "1_000", "1j", "...", "__import__('os')", "'", '"', "\\", "#",
)  # fmt: skip
"""Odd texts: not what is expected, or names and expressions of something else."""

NUMBERS = (
    0, 1, -1, 2, 3, 0.5, -0.0, 1e-308, 1e308, float("inf"), float("-inf"), float("nan"), 2**31, 2**63, 2**64, 10**400,
    -(2**63), True, False,
)  # fmt: skip


def deep(generator: random.Random) -> Any:
    """A list or an object that is nested many times."""
    value: Any = 1
    times = generator.choice((10, 100, 300))
    as_object = generator.random() < 0.5
    for _ in range(times):
        value = {"name": value} if as_object else [value]
    return value


def anything(generator: random.Random, depth: int = 2) -> Any:
    """Any value that JSON, or Python's reader of it, allows."""
    kind = generator.randrange(7 if depth else 4)
    if kind == 0:
        return None
    if kind == 1:
        return generator.choice(NUMBERS)
    if kind in (2, 3):
        return generator.choice(ODD_TEXTS)
    if kind == 4:
        return [anything(generator, depth - 1) for _ in range(generator.randrange(4))]
    if kind == 5:
        keys = ("name", "steps", "p", "count", "image_size", "augmentation", "learning_rate", *ODD_TEXTS[:6])
        return {generator.choice(keys): anything(generator, depth - 1) for _ in range(generator.randrange(4))}
    return deep(generator) if generator.random() < 0.1 else anything(generator, 0)


def altered(whole: Any, generator: random.Random) -> Any:
    """A copy of plain data in which one to three values are changed, removed or added."""
    changed = copy.deepcopy(whole)
    for _ in range(generator.randint(1, 3)):
        places = _places(changed)
        holder, key = generator.choice(places)
        how = generator.randrange(6)
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, dict):
            holder[generator.choice(ODD_TEXTS)] = anything(generator)
        elif how == 2 and isinstance(holder, list):
            holder.insert(key, anything(generator))
        elif how == 3:
            other, there = generator.choice(places)
            holder[key] = copy.deepcopy(other[there]) if _has(other, there) else None
        else:
            holder[key] = anything(generator)
        if not changed:
            return changed
    return changed


def _has(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)


def _places(whole: Any) -> list[tuple[Any, Any]]:
    """Every entry of the lists and objects in a value, as holder and key, from the outside in, eight levels deep."""
    places: list[tuple[Any, Any]] = []
    level = [whole]
    for _ in range(8):
        inner = []
        for holder in level:
            keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
            places += [(holder, key) for key in keys]
            inner += [holder[key] for key in keys]
        level = inner
    return places or [({"nothing": None}, "nothing")]


def damaged(text: str, generator: random.Random) -> str:
    """A text in which some characters are removed, repeated, moved or changed."""
    characters = list(text)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(characters) + 1)
        how = generator.randrange(4)
        if how == 0:
            del characters[at : at + generator.randint(1, 3)]
        elif how == 1:
            characters[at:at] = generator.choice(ODD_TEXTS)
        elif how == 2:
            characters[at:at] = characters[generator.randrange(len(characters) + 1) :][:20]
        else:
            characters[at:at] = generator.choice("()[]{},=.'\"\\0123456789-+*/ \t\n:;@#%&|<>!~`é\0\ud800")
    return "".join(characters)
