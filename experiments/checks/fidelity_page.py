"""The pages ``docs/fidelity/*.md``: what each publication does, what is done here instead, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from experiments.checks.sources import Publication, Sourced, publications, settings, written_out
from specs.recipe import Recipe
from specs.sources import AllOurs, Source, leaves

HEAD = """# {title}

This page is made from the sources beside the recipes, which `make check` holds against the recipes: `make pages`.
{about}
## Values of the recipes

*Published*: the value is the paper's or its code's. *Assumed*: neither says it. *Ours*: it is another one on purpose.
Recipes that share a value and its source share a row; so do the parts of a setting, such as an optimizer's, that have
one source.

"""

COLUMNS = """| setting | recipes of `{name}/` | here | published | kind | source or reason |
| --- | --- | --- | --- | --- | --- |
"""

MANY = 8
"""The most recipes in one table. If there are more, the values that only one recipe has are in a section of its own."""

DIFFERENCES = """
## What no setting says

| subject | published | here | because |
| --- | --- | --- | --- |
"""

ALL_OURS = """
## Recipes of our own

| recipe | because |
| --- | --- |
"""

FIELDS = [field.name for field in dataclasses.fields(Recipe)]


class Row(NamedTuple):
    """A row of a page's table, without the names of the recipes that it holds for.

    Attributes:
        setting: the path of the setting in the recipe, such as ``optimizer.momentum``.
        here: the value of this project, in words.
        published: the published value in words, ``the same`` or ``not said``.
        kind: the kind of the source, such as ``assumed``.
        text: the source of a published value, or the reason for another one.
    """

    setting: str
    here: str
    published: str
    kind: str
    text: str


def pages() -> dict[str, str]:
    """The text of each page by its file's name; a publication whose values are all ours has none."""
    return {
        f"fidelity/{one.name}.md": page(one)
        for one in publications()
        if not all(isinstance(sourced.declared, AllOurs) for sourced in one.recipes)
    }


def page(publication: Publication) -> str:
    """The text of a publication's page; a setting without a source says ``no source``."""
    rows: dict[Row, list[str]] = {}
    sourced = [one for one in publication.recipes if not isinstance(one.declared, AllOurs)]
    for one in sourced:
        for row in rows_of(one):
            rows.setdefault(row, []).append(_part(one.name))
    about = f"\n{publication.about}\n" if publication.about else ""
    parts = [HEAD.format(title=publication.title, about=about)]
    columns = COLUMNS.format(name=publication.name)
    lines = [
        (
            names,
            _line(f"`{row.setting}`", "all" if len(names) == len(sourced) > 1 else ", ".join(names), *row[1:]),
        )
        for row, names in sorted(rows.items(), key=lambda item: _order(item[0].setting))
    ]
    alone = [_part(one.name) for one in sourced] if len(sourced) > MANY else []
    parts += [columns, *(line for names, line in lines if len(names) > 1 or not alone)]
    for name in alone:
        own = [line for names, line in lines if names == [name]]
        parts += [f"\n### `{name}`\n\n", columns, *own] if own else []
    differences = [(name, one) for name, of in publication.differences.items() for one in of]
    if differences:
        parts.append(DIFFERENCES)
    for name, difference in differences:
        subject = f"{_part(name)}: {difference.subject}" if name else difference.subject
        parts.append(_line(subject, difference.published, difference.ours, difference.because))
    ours = [(one.name, one.declared) for one in publication.recipes if isinstance(one.declared, AllOurs)]
    parts += [ALL_OURS] if ours else []
    parts += [_line(f"`{name}`", declared.because) for name, declared in ours]
    return "".join(parts)


def rows_of(sourced: Sourced) -> list[Row]:
    """The rows of one recipe; the parts of a setting share a row if they have the same source."""
    declared = {path: Source("ours", None, "no source", "no source") for path in settings(sourced.recipe)}
    declared |= {} if isinstance(sourced.declared, AllOurs) else sourced.declared
    return [row for name, value in written_out(sourced.recipe).items() for row in _rows(name, value, declared)]


def _rows(path: str, value: Any, declared: Mapping[str, Source]) -> list[Row]:
    sources = [declared[leaf] for leaf in leaves(value, path)]
    kinds = {(source.kind, source.published, source.text) for source in sources}
    if len(kinds) == 1:
        ((kind, published, text),) = kinds
        here = shown(value)
        instead = {"published": "the same", "assumed": "not said", "ours": published}[kind]
        return [Row(path, here, instead, kind, text)]
    parts = value.items() if isinstance(value, Mapping) else enumerate(value)
    return [row for name, part in parts for row in _rows(f"{path}.{name}", part, declared)]


def shown(value: Any) -> str:
    """A value in the words of expressions: ``adam(learning_rate=0.001, weight_decay=0.0)``."""
    match value:
        case {"name": str(name), "steps": [*steps], "p": p}:
            return f"{name}({', '.join(map(shown, steps))}, p={shown(p)})"
        case {"name": str(name), **arguments}:
            return f"{name}({', '.join(f'{key}={shown(one)}' for key, one in arguments.items())})"
        case {"count": count, "image_size": size, "augmentation": steps}:
            return f"views({count}, {size}, {shown(steps)})"
        case None:
            return "none"
        case str():
            return value
        case []:
            return "none"
        case [{}, *_]:
            return ", ".join(map(shown, value))
        case [*numbers]:
            return f"({', '.join(map(shown, numbers))})"
    return json.dumps(value)


def _order(setting: str) -> tuple[int, list[tuple[int, str]]]:
    """The key by which settings are sorted: in the order of a recipe's fields, parts of lists by their number."""
    first, *rest = setting.split(".")
    return FIELDS.index(first), [(int(part), "") if part.isdigit() else (-1, part) for part in rest]


def _part(name: str) -> str:
    return name.partition("/")[2]


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
