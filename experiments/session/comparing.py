"""Comparing initializations on one dataset: picking a learning rate for each, then a race, then a recommendation.

Every row tries each learning rate once, in a run that sees no test image, and takes the one that is best on the
validation split. Then come runs with fresh seeds, wave by wave, and test scores are looked at by rules fixed before.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from analysis.decision import Rules
from datamodules.dataset.counts import Counts, counted, rarer, step_of
from datamodules.dataset.splits import Split
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from experiments.execution.planner import Plan, plan
from experiments.reporting.blocks.recommendation import Advice
from experiments.reporting.decided import READERS, Decided
from experiments.reporting.page.page import TITLE, render
from experiments.reporting.text.advice import advice
from experiments.run.analyses import Analysis, fix
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.session.contenders import Contenders
from experiments.session.context import Context
from experiments.session.deciding import control_row, controlled, decided
from experiments.session.documents import Statistics, finished_document
from experiments.session.make_tables import published
from experiments.session.pages import Images, illustrated
from experiments.session.permitting import licences_of_rows, permitted
from experiments.session.providing import provide, to_provide
from experiments.session.question import Asked, Question, asked, before_preparing, name_of
from experiments.session.racing import RESAMPLES, Entered, Raced, raced
from experiments.session.results import UNKNOWN, Compared, Planned
from experiments.tables.document import TableDocument
from experiments.tables.resolve_table import ResolvedCells
from experiments.tables.rows import described
from experiments.tables.table import Table
from experiments.tables.tuning import Candidates, candidates, picked, tuning_remarks
from specs.errors import UsageError
from specs.files import write_text
from specs.run import digest


def plan_comparison(question: Question, context: Context) -> Planned:
    """The plan of the runs by which learning rates are picked, or, once these are done, of the first runs of the race.

    Raises:
        MedtransferError: if the data or weights are not there, or parts do not fit.
    """
    question, _ = permitted(question, context.say)
    rules = rules_of(question)
    if lines := to_provide(before_preparing(question, context.paths).first_runs(), context).lines:
        return Planned(plan=Plan({}, context.store), cells=ResolvedCells(), then=UNKNOWN, first=lines)
    resolver = context.resolver()
    table = asked(question, resolver, context.say).table
    tried, work = _tuning(question, table, resolver, context)
    if work.waiting:
        context.warn(work.runs.values())
        then = f"then {_numbers(rules, question)}, with the rates that are best on the validation split"
        return Planned(plan=work, cells=ResolvedCells(), then=then)
    rows = Contenders(table, [picked(one, work, context.store) for one in tried], resolver, question.folds)
    cells = {(row.label, table.columns[0].label): rows.runs(row.label, rules.looks[0]) for row in table.rows}
    first = plan((run for runs in cells.values() for run in runs), context.store)
    return Planned(plan=first, cells=ResolvedCells({**cells}), then=f"in all {_numbers(rules, question)}")


def _tuning(question: Question, table: Table, resolver: Resolver, context: Context) -> tuple[list[Candidates], Plan]:
    """The candidate runs of each pick of the learning rates, and the plan of the runs of all picks."""
    tried = [
        candidates(table, resolver, may_lack=False, pick=number, fold=fold)
        for number, fold in enumerate(question.picks)
    ]
    runs = (run for one in tried for rates in one.values() for of in rates.values() for run in of)
    return tried, plan(runs, context.store)


def rules_of(question: Question) -> Rules:
    """The rules of the race that a question asks for.

    Raises:
        UsageError: if the budget does not suffice for the first look.
    """
    rows, rates, margin = len(question.initializers), len(set(question.learning_rates)), question.margin / 100
    each = question.folds or 1
    tuning, rules = rows * rates * len(question.picks), Rules(margin, question.level)
    if question.retune > 1:
        looks = tuple(look for look in rules.looks if look < question.retune)
        rules = dataclasses.replace(rules, looks=(*looks, question.retune))
    if question.budget is None:
        try:
            return rules if question.retune > 1 else Rules.of_grid(rows, rates, margin, question.level)
        except ValueError as error:
            raise UsageError(f"{error}. Name what may be spent: --budget.") from error
    if (runs := question.budget.runs) is None:
        return rules
    if runs < (least := tuning + rows * each * rules.looks[0]):
        raise UsageError(
            f"--budget: {runs} runs do not reach the first look. Expected {least} or more: {tuning} runs that tune "
            f"{rows} initializations, and {each * rules.looks[0]} of each that are tested."
        )
    return dataclasses.replace(rules, most=(runs - tuning) // each)


def _range(rules: Rules, question: Question) -> tuple[int, int]:
    """The smallest and the largest number of runs that a race may take."""
    rows, each = len(question.initializers), question.folds or 1
    most = rows * rules.looks[-1]
    return each * rows * rules.looks[0], each * (most if rules.most is None else min(rules.most, most))


def _numbers(rules: Rules, question: Question) -> str:
    """The number of runs of a race in words, such as ``4 to 12 runs of 2 initializations``."""
    least, most = _range(rules, question)
    most_runs = f" to {most}" if most > least else ""
    as_many = ", as many as it takes" if most > least else ""
    return f"{least}{most_runs} runs of {len(question.initializers)} initializations{as_many}"


def compared(question: Question, context: Context, output: Path | None, page: Path | None, images: Images) -> Compared:
    """Pick learning rates, do the race, and write its outcome.

    Args:
        question: the question, which says what is compared.
        context: the session's settings: where and how runs are done.
        output: the folder that the table's files are written to; None writes none.
        page: the HTML page to write: a file, or a folder in which it is named like the table's files; None writes none.
        images: the test images that the page shows.

    Raises:
        MedtransferError: if nothing can be compared; single runs that fail are in the result.
    """
    question, left_out = permitted(question, context.say)
    rules = rules_of(question)  # faults in the question are reported before the data are opened
    provide(before_preparing(question, context.paths).first_runs(), context)
    resolver = context.resolver()
    known = asked(question, resolver, context.say)
    rows, entered = _entered(known, rules, resolver, context)
    analysis = _fixed(known, rows, entered, context)
    context.say(f"analysis {analysis.digest}: fixed before the first look at test scores.")
    race = raced(entered, analysis, context)
    control, twins = controlled(rows, race, entered.rules, context) if question.control else (None, ())
    outcome = decided(rows, entered, race, analysis, str(question.budget or ""), control, context)
    document, done = _document(known, rows, race, twins, outcome, context)
    document = document.with_part(licences_of_rows(known.table, document, left_out))
    made = published(document, done, context, output)
    if page is not None:
        page = page / f"{document.name}.html" if page.is_dir() else page
        write_text(page, render(TITLE, [illustrated(document, images, context.paths)]))
    return Compared(
        document=document,
        runs=made.runs,
        failures=made.failures,
        files=made.files,
        recommendation=advice(outcome, question.edition),
        decided=outcome,
        learning_rates={label: rows.rates(label)[0] for label in entered.order},
        page=page,
    )


def _entered(known: Asked, rules: Rules, resolver: Resolver, context: Context) -> tuple[Contenders, Entered]:
    """Do the runs that tune learning rates, and enter the rows into the race."""
    question = known.question
    group = name_of(question, known.table, known.opened.index.identity())
    tried, work = _tuning(question, known.table, resolver, context)
    context.say(f"{len(work.runs)} runs that tune ({len(work.waiting)} to do), then {_numbers(rules, question)}.")
    context.carry_out(work, group)
    context.say(_price(work, rules, question, context))
    picks = [picked(one, work, context.store) for one in tried]
    rows = Contenders(known.table, picks, resolver, question.folds, group)
    tested = _tested(question, known.opened)
    entered = Entered(
        order=rows.order(),
        rules=dataclasses.replace(rules, step=math.hypot(*map(step_of, tested)) / len(tested)),
        runs_of=rows.runs,
        folds=question.folds or 1,
        ratio=_images("test", tested) / _images("train", tested),
        rarer=sum(map(rarer, tested)),
        tested=sum(one.splits["test"].whole.independent for one in tested),
        seconds=question.budget.seconds if question.budget else None,
        # Claims about new patients may need more patients and no number of runs may settle them, so the race goes on
        # for them only within a budget.
        driving=READERS if question.budget else READERS[:1],
        group=group,
        tuning=[key for key, run in work.runs.items() if run.spec.stage == "tune"],
    )
    return rows, entered


def _document(
    known: Asked, rows: Contenders, race: Raced, twins: Sequence[ResolvedRun], outcome: Decided, context: Context
) -> tuple[TableDocument, Plan]:
    """The finished table of a race, and the plan of its runs after they were done."""
    question, (column,) = known.question, known.table.columns
    cells = {(label, column.label): tuple(runs) for label, runs in race.runs.items()}
    shown = known.table.rows
    if twins:
        shown = (*shown, control_row(known.table))
        cells[shown[-1].label, column.label] = tuple(twins)
    table = dataclasses.replace(known.table, rows=shown, seeds=max(map(len, race.runs.values())))
    done = plan((run for runs in cells.values() for run in runs), context.store)
    done.failed.update(race.work.failed)
    name = name_of(question, known.table, known.opened.index.identity())
    # Each fold has other test patients, so in folds there are no intervals over test patients.
    statistics = Statistics(bootstrap=None if question.folds else RESAMPLES)
    document = finished_document(name, table, cells, done, context, statistics)
    document = dataclasses.replace(
        document,
        rows=tuple((row.label, described(row)) for row in shown),  # these contain no names of the user's folders
        remarks=(
            *known.remarks,
            *_remarks(question),
            *document.remarks,
            *((row, "takes no part in the race, since a run of it failed or has no score") for row in race.out),
            *(remark for pick in rows.picks for remark in tuning_remarks(table, pick)),
        ),
        marks="race",
    )
    return document.with_part(Advice(advice(outcome, question.edition), outcome)), done


def _tested(question: Question, opened: OpenDataset) -> list[Counts]:
    """The counts of the dataset's splits, or of the splits of each fold."""
    folds = [opened if fold is None else in_fold(opened, fold) for fold in dict.fromkeys(question.picks)]
    return [counted(one.index, one.dataset.task) for one in folds]


def _images(split: Split, counts: Sequence[Counts]) -> int:
    """The number of images of a split in all folds together."""
    return sum(one.splits[split].whole.images for one in counts)


def _fixed(known: Asked, rows: Contenders, entered: Entered, context: Context) -> Analysis:
    """Store the analysis, that is which scores are looked at and how, before the first look.

    The budget is not part of it: each look spends the same part of the level whatever the budget, so that the same
    analysis goes on with a larger one.
    """
    identity = known.opened.index.identity()
    fixed = {
        "first runs": {row: [run.key for run in rows.runs(row, 1)] for row in entered.order},
        "order": list(entered.order),
        "learning rates": {row: rows.rates(row) for row in entered.order},
        "margin": entered.rules.margin,
        "level": entered.rules.level,
        "looks": entered.rules.looks,
        "step": entered.rules.step,
        "readers": entered.readers,
    }
    return fix(context.store, digest([identity["test"], identity["content"]]), fixed)


def _remarks(question: Question) -> tuple[tuple[str, str], ...]:
    """A remark on how to read a comparison in folds; none without folds."""
    if question.folds is None:
        return ()
    told = (
        f"{question.folds} of equal size, by patient and class; with each seed there is a run for each, which is its "
        "test split, and the counts are those of the first one. The spread beside a mean is that over folds and seeds. "
        "The bounds of what is claimed respect that the training sets overlap (Nadeau and Bengio 2003)"
    )
    return (("folds", told),)


def _price(work: Plan, rules: Rules, question: Question, context: Context) -> str:
    """An estimate of how long the race takes, in words, from the time of the tuning runs."""
    seconds = [record.data["seconds"] for record in context.records_of(work)]
    mean = sum(seconds) / max(len(seconds), 1)
    least, most = _range(rules, question)
    shortest, longest = (math.ceil(runs * mean / 60) for runs in (least, most))
    minutes = f"{shortest} to {longest}" if longest > shortest else f"at most {longest}"
    return (
        f"A run took {mean:.0f} s: the race takes {minutes} minutes one run after the other, less with several at once."
    )
