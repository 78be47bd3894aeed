"""What printed numbers and finished tables say of a claim's sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analysis.contrast import contrast
from analysis.hypothesis import Evidence, Hypothesis, Mean, evidence
from analysis.reproduction import auroc_error
from analysis.statistics import summary
from analysis.survival import Duration, log_rank_scores, permuted_log_rank
from experiments.ledger.claim import Sum, Unit
from experiments.reporting.blocks.convergence import steps_of
from experiments.reporting.blocks.hours import hours_of
from experiments.reporting.page.published import PrintedNumbers
from experiments.tables.document import CellKey, TableDocument

POINTS = 100.0

READING = 0.05
"""The standard error, in points, with which a value is read off a figure: the digits of such values end at 0.01, and
axes of these figures have a tick every point or two. *Ours*: no error of reading is published."""

Judge = Callable[[Sum, Hypothesis], Evidence]
"""What a source says of a sum of cells."""


def of_printed(numbers: PrintedNumbers) -> Judge:
    """What printed means, standard deviations and numbers of runs say.

    Standard deviations with ddof 0 are turned into those of ddof 1; where neither is stated, ddof 1 is taken.
    """
    means = {}
    for cell, value in numbers.values.items():
        std, runs = value.std, numbers.runs
        if std is not None and runs and runs > 1 and numbers.ddof == 0:
            std *= (runs / (runs - 1)) ** 0.5
        means[cell] = Mean(value.mean, std, runs, READING if value.trust == "digitized" else 0.0)
    return of_means(means)


def test_set_error(numbers: PrintedNumbers, asked: Sum) -> float | None:
    """The standard error, in points, of the smallest area under the curve in a sum by its test images alone.

    By Hanley and McNeil 1982 (``analysis.reproduction.auroc_error``); None if the cells are of several columns, or the
    test images of theirs are not known.
    """
    columns = {column for _, column in asked.weights}
    if len(columns) != 1 or not columns <= numbers.tested.keys():
        return None
    (column,) = columns
    areas = [numbers.values[cell].mean / POINTS for cell in asked.weights if cell in numbers.values]
    return POINTS * auroc_error(min(areas), *numbers.tested[column]) if areas else None


def of_document(document: TableDocument, unit: Unit = "scores") -> Judge:
    """What the runs of a finished table say.

    Args:
        document: the finished table.
        unit: what is asked about: its scores, or the steps or hours to its threshold.
    """
    if unit != "scores":
        counted = steps_of if unit == "steps" else hours_of
        return of_durations({cell: counted(document, cell) for cell in document.cells}, unit)
    means = {}
    for cell, scores in document.cells.items():
        if scores.values:
            found = summary([POINTS * value for value in scores.values])
            means[cell] = Mean(found.mean, found.std, found.n)
    return of_means(means)


def of_means(means: Mapping[CellKey, Mean]) -> Judge:
    """What the means of cells say of sums of them."""

    def judge(asked: Sum, hypothesis: Hypothesis) -> Evidence:
        lacking = [" on ".join(cell) for cell in asked.weights if cell not in means]
        if lacking or not asked.weights:
            return Evidence(float("nan"), lacking=f"no numbers of {', '.join(lacking[:3]) or 'any cell'}")
        return evidence([means[cell] for cell in asked.weights], list(asked.weights.values()), hypothesis)

    return judge


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
