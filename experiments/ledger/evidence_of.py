"""What printed numbers, finished tables and others' finished work say of a claim's sums."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from analysis.contrast import contrast
from analysis.hypothesis import Evidence, Hypothesis, Mean, Variance, evidence
from analysis.statistics import summary
from analysis.survival import Duration, log_rank_scores, permuted_log_rank
from experiments.ledger.claim import Judge, Sum, Unit
from experiments.reporting.page.published import PrintedNumbers
from experiments.tables.document import CellKey, TableDocument

POINTS = 100.0

READING = 0.05
"""The standard error, in points, with which a value is read off a figure: the digits of such values end at 0.01, and
axes of these figures have a tick every point or two. *Ours*: no error of reading is published."""

OfPatients = Callable[[Sum], Sequence[Variance] | None]
"""The variances, in squared points, of a sum by the choice of test patients, one for each set of them; None where these
are not known."""

ALONE = "a single task has no verdict, since its runs are no repeated seeds"
"""Why others' scores of one task are not tested."""


def of_printed(numbers: PrintedNumbers, of_patients: OfPatients | None = None) -> Judge:
    """What printed means, standard deviations and numbers of runs say.

    Standard deviations with ddof 0 are turned into those of ddof 1; where neither is stated, ddof 1 is taken.

    Args:
        numbers: the printed numbers.
        of_patients: a function that gives the variances over test patients, if new patients are asked about; None: the
            question is about the paper's.
    """
    means = {}
    for cell, value in numbers.values.items():
        std, runs = value.std, numbers.runs
        if std is not None and runs and runs > 1 and numbers.ddof == 0:
            std *= (runs / (runs - 1)) ** 0.5
        means[cell] = Mean(value.mean, std, runs, READING if value.trust == "digitized" else 0.0)
    return of_means(means, of_patients)


def of_document(document: TableDocument, unit: Unit = "scores", of_patients: OfPatients | None = None) -> Judge:
    """What the runs of a finished table say.

    Args:
        document: the finished table.
        unit: what is asked about: its scores, or the steps or hours to its threshold.
        of_patients: a function that gives the variances of scores over test patients, if new patients are asked about;
            None: the question is about the table's own.
    """
    if unit != "scores":
        # These take long to import, and few tables need them.
        if unit == "steps":
            from experiments.reporting.blocks.convergence import steps_of as counted
        else:
            from experiments.reporting.blocks.hours import hours_of as counted

        return of_durations({cell: counted(document, cell) for cell in document.cells}, unit)
    means = {}
    for cell, scores in document.cells.items():
        if scores.values:
            found = summary([POINTS * value for value in scores.values])
            means[cell] = Mean(found.mean, found.std, found.n)
    return of_means(means, of_patients)


def of_means(means: Mapping[CellKey, Mean], of_patients: OfPatients | None = None) -> Judge:
    """What the means of cells say of sums of them; ``of_patients`` as in ``of_printed``."""

    def judge(asked: Sum, hypothesis: Hypothesis) -> Evidence:
        if lacking := _lacking(asked, means):
            return lacking
        variances = of_patients(asked) if of_patients else ()
        if variances is None:
            return Evidence(float("nan"), lacking="the test patients are not known")
        return evidence([means[cell] for cell in asked.weights], list(asked.weights.values()), hypothesis, variances)

    return judge


def of_tasks(scores: Mapping[CellKey, float]) -> Judge:
    """What scores without repeated seeds say: the columns, each a task, are what is repeated.

    A sum over several tasks is tested by Student's t-test of what each task adds to it, so that the verdict is about
    tasks like these. A sum over one task is an effect without a verdict.

    Args:
        scores: the score of each cell in points, by source or network and task.
    """

    def judge(asked: Sum, hypothesis: Hypothesis) -> Evidence:
        if lacking := _lacking(asked, scores):
            return lacking
        by_task: dict[str, float] = {}
        for (row, task), weight in asked.weights.items():
            by_task[task] = by_task.get(task, 0.0) + weight * scores[row, task]
        found = summary([len(by_task) * effect for effect in by_task.values()])  # whose mean is the sum
        if found.n == 1:
            return Evidence(found.mean, lacking=ALONE)
        return evidence([Mean(found.mean, found.std, found.n)], [1.0], hypothesis)

    return judge


def _lacking(asked: Sum, known: Collection[CellKey]) -> Evidence | None:
    """What is said of a sum of cells some of which have no numbers; None where all have."""
    lacking = [" on ".join(cell) for cell in asked.weights if cell not in known]
    if lacking or not asked.weights:
        return Evidence(float("nan"), lacking=f"no numbers of {', '.join(lacking[:3]) or 'any cell'}")
    return None


def of_durations(durations: Mapping[CellKey, tuple[Duration, ...]], unit: Unit) -> Judge:
    """What the durations of cells to a threshold say of differences of two cells.

    Args:
        durations: the duration of each run of a cell, by row and column label.
        unit: what durations are counted in: ``steps`` or ``hours``.
    """
    return lambda asked, hypothesis: _of_durations(durations, asked, unit)


def _of_durations(durations: Mapping[CellKey, tuple[Duration, ...]], asked: Sum, unit: Unit) -> Evidence:
    """The log-rank test of a difference of two rows; of a mean of such differences nothing is tested."""
    if len(asked.weights) != 2:
        return Evidence(float("nan"), lacking=f"{unit} of several columns are compared column by column")
    (slow, _), (fast, _) = sorted(asked.weights.items(), key=lambda one: -one[1])
    later, sooner = durations.get(slow, ()), durations.get(fast, ())
    if not later or not sooner:
        return Evidence(float("nan"), lacking=f"no {unit} to a threshold are counted")
    found = contrast([[one.time for one in later], [one.time for one in sooner]], (1, -1))
    p_value = permuted_log_rank(sooner, later)
    if p_value is None:
        return Evidence(found.estimate, found.interval, lacking=f"too few runs for a test of {unit}")
    ahead = log_rank_scores([*sooner, *later])[: len(sooner)].sum() > 0
    p_for, p_against = (p_value / 2, 1 - p_value / 2) if ahead else (1 - p_value / 2, p_value / 2)
    return Evidence(found.estimate, found.interval, p_for, p_against)
