"""The outcome of a race that has ended, as plain data."""

from __future__ import annotations

from analysis.control import differ
from analysis.decision import Rules, Standing, full_grid
from analysis.patients import FEWEST
from analysis.settling import settling
from experiments.execution.planner import plan
from experiments.reporting.decided import READERS, Contender, Control, Decided, Reader, Reading, reading_of, refused
from experiments.reporting.decided import Analysis as Fixed
from experiments.reporting.text.settling import settled_by
from experiments.run.analyses import Analysis
from experiments.run.resolve import ResolvedRun
from experiments.session.contenders import Contenders
from experiments.session.context import Context
from experiments.session.racing import Entered, Raced, patients_of, scores_of
from experiments.tables.table import Row, Table, control


def decided(
    rows: Contenders,
    entered: Entered,
    race: Raced,
    analysis: Analysis,
    budget: str,
    control: Control | None,
    context: Context,
) -> Decided:
    """The outcome of a race, as plain data for reports.

    Args:
        rows: the rows that were compared.
        entered: the race as it was set up, with its rules.
        race: the race at its end.
        analysis: the analysis, as it was fixed before the first look.
        budget: the budget in words; empty if there was none.
        control: the result of the control, which runs the reference again; None if there was none.
        context: the session's settings, which say where the runs are.
    """
    looked = max((one.looks for one in race.standings.values()), default=0)
    rules = entered.rules
    most = rules.looks[max(looked, 1) - 1]
    contenders = tuple(
        Contender(
            row,
            rows.rates(row),
            race.scores[row],
            len(race.scores[row]) if row not in race.out and len(race.scores[row]) < most else None,
        )
        for row in entered.order
    )
    # Runs that a look would have needed are planned, and not made once the budget is spent.
    made = sum(context.store.record(run.key) is not None for runs in race.runs.values() for run in runs)
    spent = budget if not made else ""
    return Decided(
        analysis=Fixed(
            digest=analysis.digest,
            margin=rules.margin,
            level=rules.level,
            looks=rules.looks,
            budget=budget,
            looked=looked,
            others=analysis.before,
        ),
        order=contenders,
        readings=tuple(
            _reading(reader, race.standings.get(reader), bool(race.standings), entered, spent) for reader in READERS
        ),
        runs=len(entered.tuning) + made,
        grid=entered.folds * full_grid(len(entered.order), len(set(rows.table.tried))),
        control=control,
        settling=_settling(rows, entered, race, context),
    )


def _settling(rows: Contenders, entered: Entered, race: Raced, context: Context) -> tuple[str, ...]:
    """For each reader, what would settle a race that is undecided, in sentences: more runs or more patients."""
    found = {}
    order = [row for row in entered.order if row not in race.out]
    scores = {row: race.scores[row] for row in order}
    retuned = rows.folds is None and len(rows.picks) > 1
    picks = (
        {row: [run.spec.recipe.optimizer.learning_rate for run in race.runs[row]] for row in order} if retuned else None
    )
    for reader, now in race.standings.items():
        patients = patients_of(entered, context) if reader == "new patients" else None
        one = settling(scores, order, entered.rules, now, patients, entered.tested, picks)
        if one is not None:
            found[reader] = one
    return settled_by(found)


def _reading(reader: Reader, found: Standing | None, looked: bool, entered: Entered, spent: str) -> Reading:
    """The conclusions that a reader may draw from the race, or why there are none.

    Args:
        reader: the reader, for these test images or for new patients.
        found: what is known at the last look; None without a look.
        looked: whether there was a look.
        entered: the race as it was set up.
        spent: the budget in words, if tuning spent it so that no run was tested; else empty.
    """
    if reader not in entered.readers:
        return refused(
            reader, f"the test split shows {entered.rarer} patients of its rarer class, and {FEWEST} or more are needed"
        )
    if found is None or found.leader is None:
        few = reader == "new patients" and looked
        why = "too many resamples of the test patients have no score" if few else "fewer than two rows have scores"
        why = f"tuning has spent the budget of {spent}, so no run was tested: give a larger --budget" if spent else why
        return refused(reader, why)
    return reading_of(reader, found)


def controlled(
    rows: Contenders, race: Raced, rules: Rules, context: Context
) -> tuple[Control | None, tuple[ResolvedRun, ...]]:
    """Run the reference as often as it ran in the race, with other seeds, and test whether the two differ.

    Args:
        rows: the rows that were compared.
        race: the race at its end.
        rules: the rules of the race, which state the level.
        context: the session's settings: where and how runs are done.

    Returns:
        The result of the control, None if the reference or its control has failed; and the control's runs.
    """
    reference = rows.table.reference
    if reference in race.out:
        return None, ()
    again = control_row(rows.table)
    twins = rows.runs(reference, max(len(race.scores[reference]), 2), again.first_seed)
    context.carry_out(plan(twins, context.store), rows.group)
    scores = scores_of(twins, rows.folds or 1, context.store)
    if len(scores) < len(race.scores[reference]):
        return None, twins
    difference, p, alarm = differ(race.scores[reference], scores, rules.level, rules.step)
    return Control(again.label, difference, p, alarm), twins


def control_row(table: Table) -> Row:
    """The control: the reference row of a table once more, with other seeds."""
    (reference,) = (row for row in table.rows if row.label == table.reference)
    return control(reference)
