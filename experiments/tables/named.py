"""Finds registered tables of every kind by their names."""

from __future__ import annotations

from experiments.tables.dataset_table import DatasetTable
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Table
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.registry import TABLES


def table_named(name: str, profile: str | None) -> Table | DatasetTable | RunAnalysis:
    """A registered table of any kind in one of its profiles, or in its default one.

    Args:
        name: the name of the table, with arguments where others than the defaults are meant, such as
            ``NAME(uncertain="zeros")``; dashes may stand for underscores.
        profile: the name of one of the table's profiles; None: its default one.

    Raises:
        UsageError: lists the near matches if the table or profile does not exist; if the profile is named twice.
    """
    entry, bracket, arguments = name.partition("(")
    given = parse(entry.replace("-", "_") + bracket + arguments)
    if profile and "profile" in dict(given.kwargs):
        raise UsageError(f"the profile of {name} is named twice, there and as {profile}. Name it once.")
    call = Call(given.name, given.args, (*given.kwargs, *([("profile", profile)] if profile else [])))
    table: Table | DatasetTable | RunAnalysis = TABLES.build(call)
    return table


def planted_worlds() -> list[str]:
    """The names of the tables of planted worlds, which are those of the folder ``experiments/studies/demo``."""
    return [name.replace("_", "-") for name in TABLES.entries if name.startswith("demo_")]
