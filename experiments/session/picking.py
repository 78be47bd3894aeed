"""Picking the learning rate of each row of a tuned table, by runs that are done before those of the table."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.execution.planner import Plan, plan
from experiments.session.context import Context
from experiments.session.results import Planned
from experiments.tables.document import CellKey
from experiments.tables.resolve_table import ResolvedCells
from experiments.tables.table import Table
from experiments.tables.tuning import Candidates, Picked, best_rates, candidates, picked, tuned


def with_rates(table: Table, context: Context, may_lack: bool) -> tuple[Table, dict[CellKey, Picked]]:
    """Do the missing tuning runs of a table, and return it with its rows' learning rates, and what was picked.

    Args:
        table: the table; one that is not tuned is returned unchanged.
        context: the session's settings: where and how runs are done.
        may_lack: whether rows whose data or weights are not there are left out, instead of raising an error.

    Raises:
        MedtransferError: if data or weights are not there and may not lack, or no run of a row ended well.
    """
    rates: dict[CellKey, Picked] = {}
    for tried, work in _steps(table, context, may_lack):
        context.carry_out(work)
        rates = picked(tried, work, context.store)
    return tuned(table, rates), rates


def before_rates(table: Table, context: Context, may_lack: bool) -> Planned | Table:
    """The plan of the missing tuning runs of a table, or, if all are done, the table with its learning rates.

    Args:
        table: the table; one that is not tuned is returned unchanged.
        context: the session's settings: where and how runs are done.
        may_lack: whether rows whose data or weights are not there are left out, instead of raising an error.

    Raises:
        MedtransferError: if data or weights are not there and may not lack.
    """
    rates: dict[CellKey, Picked] = {}
    again = f"each row's best {table.tried_again} rates once more, and " if table.tried_again else ""
    for tried, work in _steps(table, context, may_lack):
        if work.waiting:
            then = f"then {again}{_numbers(table)} runs with the rates that are best on the validation split"
            return Planned(plan=work, cells=ResolvedCells(), then=then)
        rates, again = picked(tried, work, context.store), ""
    return tuned(table, rates)


def _steps(table: Table, context: Context, may_lack: bool) -> Iterator[tuple[Candidates, Plan]]:
    """The steps of the tuning: all candidates so far, and the plan of the runs that the step adds.

    The first step tries every rate once. The second one, if the table asks for it, tries the best rates again.
    """
    tried = candidates(table, context.resolver(), may_lack)
    yield tried, _plan(tried, 0, context)
    if table.tried_again:
        best = best_rates(tried, context.store, table.tried_again)
        tried = candidates(table, context.resolver(), may_lack, best)
        yield tried, _plan(tried, 1, context)


def _plan(tried: Candidates, first: int, context: Context) -> Plan:
    """The plan of the runs of each rate, from the run with the number ``first`` on."""
    return plan((run for rates in tried.values() for runs in rates.values() for run in runs[first:]), context.store)


def _numbers(table: Table) -> str:
    """The number of a table's runs in words: ``CELLS x SEEDS`` for one column, else the number of all runs."""
    cells = [specs for specs in table.cells().values() if not isinstance(specs, str)]
    if len(table.columns) == 1:
        return f"{len(cells)} x {table.seeds}"
    return str(len({spec for specs in cells for spec in specs}))
