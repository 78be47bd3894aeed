"""Each row's learning rate of a tuned table, by runs that are done first."""

from __future__ import annotations

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
    tried = candidates(table, context.resolver(), may_lack)
    work = _plan(tried, context)
    context.carry_out(work)
    if table.tried_again:
        tried = _once_more(table, tried, context, may_lack)
        work = _plan(tried, context)
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
    tried = candidates(table, context.resolver(), may_lack)
    work, then = _plan(tried, context), f"{_numbers(table)} runs with the rates that are best on the validation split"
    if work.waiting:
        again = f"the best {table.tried_again} rates of each row with a second seed, and " if table.tried_again else ""
        return Planned(plan=work, cells=ResolvedCells(), then=f"then {again}{then}")
    if table.tried_again:
        tried = _once_more(table, tried, context, may_lack)
        work = _plan(tried, context)
        if work.waiting:
            return Planned(plan=work, cells=ResolvedCells(), then=f"then {then}")
    return tuned(table, picked(tried, work, context.store))


def _once_more(table: Table, tried: Candidates, context: Context, may_lack: bool) -> Candidates:
    """The same with the second seed of each row's best rates."""
    return candidates(table, context.resolver(), may_lack, best_rates(tried, context.store, table.tried_again))


def _plan(tried: Candidates, context: Context) -> Plan:
    return plan((run for rates in tried.values() for runs in rates.values() for run in runs), context.store)


def _numbers(table: Table) -> str:
    """``2 x 5``, or the number of all runs where cells have different numbers of them."""
    cells = [specs for specs in table.cells().values() if not isinstance(specs, str)]
    if len(table.columns) == 1:
        return f"{len(cells)} x {table.seeds}"
    return str(len({spec for specs in cells for spec in specs}))
