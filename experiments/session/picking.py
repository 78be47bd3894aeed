"""Each row's learning rate of a tuned table, by runs that are done first."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.execution.planner import Plan, plan
from experiments.session.context import Context
from experiments.session.results import Planned
from experiments.tables.cells import ResolvedCells
from experiments.tables.document import Place
from experiments.tables.table import Table
from experiments.tables.tuning import Candidates, Picked, best_rates, candidates, picked, tuned


def with_rates(table: Table, context: Context, may_lack: bool) -> tuple[Table, dict[Place, Picked]]:
    """The table with its rows' learning rates, and what was tried for them; runs that are missing are done.

    Args:
        table: any; one that is not tuned is given back as it is.
        context: where and how runs are done.
        may_lack: whether rows whose data or weights are not there are left as they are.

    Raises:
        MedtransferError: if data or weights are not there and may not lack, or no run of a row ended well.
    """
    rates: dict[Place, Picked] = {}
    for tried, work in _steps(table, context, may_lack):
        context.carry_out(work)
        rates = picked(tried, work, context.store)
    return tuned(table, rates), rates


def before_rates(table: Table, context: Context, may_lack: bool) -> Planned | Table:
    """The plan of the runs that a table's learning rates are picked by, or, where they are done, the table with them.

    Args:
        table: any; one that is not tuned is given back as it is.
        context: where and how runs are done.
        may_lack: whether rows whose data or weights are not there are left as they are.

    Raises:
        MedtransferError: if data or weights are not there and may not lack.
    """
    rates: dict[Place, Picked] = {}
    again = f"each row's best {table.tried_again} rates once more, and " if table.tried_again else ""
    for tried, work in _steps(table, context, may_lack):
        if work.waiting:
            then = f"then {again}{_numbers(table)} runs with the rates that are best on the validation split"
            return Planned(plan=work, cells=ResolvedCells(), then=then)
        rates, again = picked(tried, work, context.store), ""
    return tuned(table, rates)


def _steps(table: Table, context: Context, may_lack: bool) -> Iterator[tuple[Candidates, Plan]]:
    """What has been tried after each step, and the runs that the step adds; the second follows from the first's."""
    tried = candidates(table, context.resolver(), may_lack)
    yield tried, _plan(tried, 0, context)
    if table.tried_again:
        best = best_rates(tried, context.store, table.tried_again)
        tried = candidates(table, context.resolver(), may_lack, best)
        yield tried, _plan(tried, 1, context)


def _plan(tried: Candidates, first: int, context: Context) -> Plan:
    """The runs of each rate from the first one, 0, or the second one, 1, on."""
    return plan((run for rates in tried.values() for runs in rates.values() for run in runs[first:]), context.store)


def _numbers(table: Table) -> str:
    """``2 x 5``, or the number of all runs where cells have different numbers of them."""
    cells = [specs for specs in table.cells().values() if not isinstance(specs, str)]
    if len(table.columns) == 1:
        return f"{len(cells)} x {table.seeds}"
    return str(len({spec for specs in cells for spec in specs}))
