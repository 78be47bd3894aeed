"""The words that every format shares: numbers as texts, and what a reader must know to read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.censored import TimeResult, least_p_value
from analysis.statistics import POWER, summary
from experiments.reporting.text.costs import cost_note
from experiments.reporting.text.layout import sides
from experiments.tables.document import Cell, Effort, TableDocument

MOST_NAMED = 3
"""Rows that a sentence names before it counts the others."""


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C`` or ``A, B, C and 3 more``."""
    rest = len(names) - MOST_NAMED
    parts = [*names[:MOST_NAMED], *([f"{rest} more"] if rest > 0 else [])]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def mean_std(cell: Cell, ascii_only: bool = False) -> str:
    """``71.23 ± 0.45`` in percent; a single score has no spread, a missing one is a dash."""
    if not cell.values:
        return "-"
    of = summary(cell.values)
    sign = "+/-" if ascii_only else "±"
    return f"{100 * of.mean:.2f}" + (f" {sign} {100 * of.std:.2f}" if of.std is not None else "")


def p_text(p: float | None) -> str:
    """A p-value with two significant digits; never shown as 0."""
    if p is None:
        return "-"
    return "<1e-4" if p < 1e-4 else f"{p:.2g}"


def p_stated(p: float | None, name: str = "p") -> str:
    """``p = 0.031``, or ``p < 1e-4``."""
    text = p_text(p)
    return f"{name} < {text[1:]}" if text.startswith("<") else f"{name} = {text}"


TESTS = {
    "student": "independent t-test with pooled variance",
    "welch": "Welch's independent t-test",
    "paired": "t-test of the differences over seeds",
}
SIDES = {"two-sided": "two-sided", "greater": "one-sided for better rows", "less": "one-sided for worse rows"}
EFFORTS = ("epochs to 95% of the best validation score", "seconds a run")
GPU_HOURS = "GPU-hours of all runs"


def effort_titles(document: TableDocument) -> tuple[str, ...]:
    """What ``efforts_by_row`` gives of each row."""
    return (*EFFORTS, GPU_HOURS) if any(effort.gpu_hours for effort in document.efforts.values()) else EFFORTS


def efforts_by_row(document: TableDocument) -> list[tuple[str, ...]]:
    """Label, epochs and seconds of each row, as means over the columns that all rows have runs in.

    Then, if any run was on a GPU, the hours of all runs of these columns together.
    """
    columns = [
        column
        for column, _ in document.columns
        if all(document.efforts.get((row, column), Effort()).epochs for row, _ in document.rows)
    ]
    if not columns:
        return []
    found = []
    for row, _ in document.rows:
        cells = [document.efforts[row, column] for column in columns]
        epochs, seconds = (
            float(np.mean([np.mean(values) for values in all_of]))
            for all_of in ([cell.epochs for cell in cells], [cell.seconds for cell in cells])
        )
        texts = [row, f"{epochs:.1f}", f"{seconds:.1f}"]
        if len(effort_titles(document)) > len(EFFORTS):
            texts.append(f"{sum(cell.gpu_hours for cell in cells):.2f}")
        found.append(tuple(texts))
    return found


PHANTOM_WARNING = "Synthetic (phantom) data: this shows the instrument, not the papers' findings."


def notes(document: TableDocument, ascii_only: bool = False) -> list[str]:
    """What a reader must know to read the numbers."""
    better, worse = ("+", "-") if ascii_only else ("▲", "▼")
    sign = "+/-" if ascii_only else "±"
    row, column = sides(document)
    best = "best" if document.directions[0] == "better" else "highest"
    found = [
        f"Mean {sign} sample standard deviation (ddof 1) in percent over {_seeds(document)}; the {best} of a "
        f"{column} is bold (in plain text: *){_ties(document)}.",
    ]
    if document.decided is not None:
        found.append(
            "No mark stands beside a score: rows that were raced are not tested one by one, and what is claimed of "
            "them is said above."
        )
    elif document.marks == "reference":
        found.append(
            f"{better} {document.directions[0]}, {worse} {document.directions[1]} than the {row} "
            f'"{document.reference}": {TESTS[document.test]}, '
            f"{SIDES[document.alternative]}, Holm over the table, {_level(document)} level. No mark: no difference "
            "shown, which does not mean equal."
        )
    else:
        mark = "=" if ascii_only else "†"
        found.append(
            f"{mark} not significantly different from the best of its {column}: two-sided independent t-test, "
            f"uncorrected, as the papers mark; testing against a best {row} that was found afterwards marks too many."
        )
    found += _pooled(document)
    if any(cell.interval for cell in document.cells.values()):
        found.append(
            "Intervals hold the mean over the seeds in 95% of resamples of the test patients (percentile bootstrap): "
            "what another test set of this kind might have shown of these very networks."
        )
    found += _detectable(document)
    found += _controls(document)
    if document.margin is not None:
        shown = "; ".join(" on ".join(place) for place in document.equivalent) or "none"
        found.append(
            f'Shown to be equivalent to the {row} "{document.reference}" within {sign} {document.margin:g} points (two '
            f"one-sided t-tests, uncorrected): {shown}."
        )
    if document.bounds:
        limits = ((column, 100 * low, 100 * high) for column, (low, high) in document.bounds.items())
        bounds = "; ".join(f"{column} {low:.0f} and {high:.0f}" for column, low, high in limits)
        found.append(
            "A floor and a ceiling, for orientation: about what this network reaches after training on random labels, "
            f"and on the training and test images together for three times as long: {bounds}."
        )
    for words, of in document.levels.items():
        found.append(f"{words}: " + "; ".join(f"{column} {100 * value:.1f}" for column, value in of.items()) + ".")
    found += _steps(document)
    found += over_columns(document)
    for place, names in document.overlaps.items():
        found.append(
            f"{'#' if ascii_only else '‡'} {' on '.join(place)}: the weights have seen images of {', '.join(names)}, "
            "which the test set is from, so the score may be too high."
        )
    found += [f"{label}: {remark}." for label, remark in document.remarks]
    found += cost_note(document)
    if any(run.spec.get("stage") == "pretrain" for run in document.runs):
        found.append("Every pretraining ran once, with seed 0: the spread over seeds is that of fine-tuning.")
    return found


def _controls(document: TableDocument) -> list[str]:
    """Rows that are another one once more, and where they are told apart all the same."""
    found = []
    for row, of in document.controls.items():
        marked = [
            column
            for column, _ in document.columns
            if of == document.reference
            and (result := document.result((row, column)))
            and result.mark in ("better", "worse")
        ]
        told = f"Alarm: they are told apart on {listed(marked)}. Take no other mark there on trust." if marked else ""
        found.append(f'"{row}" is "{of}" once more: a mark on it is chance, as others may be. {told}'.rstrip())
    return found


def _seeds(document: TableDocument) -> str:
    """``3 seeds``, ``3 seeds (6 on DRIVE)`` where columns have numbers of their own, or ``2 to 9 seeds`` of a race."""
    if document.decided is not None:
        least, most = (end(len(one.scores) for one in document.decided.order) for end in (min, max))
        return f"{most} seeds" if least == most else f"{least} to {most} seeds"
    others = [f"{count} on {column}" for column, count in document.column_seeds.items() if count != document.seeds]
    return f"{document.seeds} seeds" + (f" ({', '.join(others)})" if others else "")


def _level(document: TableDocument) -> str:
    return f"{100 * document.level:g}%"


def _pooled(document: TableDocument) -> list[str]:
    """What the scores are of columns that show a Dice coefficient of all pixels together."""
    columns = [column for column, metric in document.columns if metric == "dice_pooled"]
    if not columns:
        return []
    return [
        f"dice_pooled ({'; '.join(columns)}): one Dice coefficient of all pixels of the test images together, in which "
        "an image weighs by how much it shows and how much is found in it; every statistic of such a column is of it. "
        "The mean over images, of which one without a finding counts 1 where none is found, is a further score."
    ]


def _ties(document: TableDocument) -> str:
    """Said of several bold cells side by side."""
    tied = any(len(rows) > 1 for rows in document.comparison.best.values())
    return ", several where their means are equal" if tied else ""


def over_columns(document: TableDocument) -> list[str]:
    """What is tested over several columns."""
    found, (row, column) = [], sides(document)
    if (ranks := document.ranks) is not None:
        best = ", ".join(f"{label} {rank:.2f}" for label, rank in list(ranks.mean_ranks.items())[:3])
        found.append(
            f"Mean ranks over {ranks.tasks} {column}s: Friedman's test in Iman and Davenport's form, "
            f"{p_stated(ranks.p_value)}; two {row}s differ if their mean ranks do by more than "
            f"{ranks.critical_difference:.2f} (Nemenyi, {ranks.alpha:.0%}). Best: {best}."
        )
    if (interaction := document.interaction) is not None and document.figure and document.figure.interaction:
        before, after = document.figure.interaction
        (first, _), (second, _) = document.figure.groups[:2]
        found.append(
            f'The gain of "{after}" over "{before}" is {100 * interaction.estimate:+.2f} points larger in {second} '
            f"than in {first} (contrast of means, {p_stated(interaction.p_value)})."
        )
    return found


def _detectable(document: TableDocument) -> list[str]:
    """How large a difference must be for the corrected test to find it."""
    lines = []
    for column, _ in document.columns:
        sizes = [
            result.detectable
            for (_, other), result in document.comparison.cells.items()
            if other == column and result.detectable is not None
        ]
        if sizes:
            low, high = f"{100 * min(sizes):.2f}", f"{100 * max(sizes):.2f}"
            lines.append(f"{column} {low}" if low == high else f"{column} {low} to {high}")
    if not lines:
        return []
    tests, row = document.comparison.tests, sides(document)[0]
    return [
        f'Smallest difference from the {row} "{document.reference}" that this number of runs would show with '
        f"{POWER:.0%} power or more after Holm's correction, in points: {'; '.join(lines)}. It is found at the level "
        f"of the correction's first step, {_level(document)} / {tests} test{'s' if tests > 1 else ''} = "
        f"{document.level / tests:.2g}"
        f"{', below those of later steps' if tests > 1 else ''}, and holds for runs that vary as these do."
    ]


def missing(document: TableDocument) -> list[str]:
    """Why cells have no or fewer scores; cells of one row and reason together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for (row, column), cell in document.cells.items():
        if cell.missing:
            alike.setdefault((row, cell.missing), []).append(column)
    return [f"{row} on {'; '.join(columns)}: {reason}" for (row, reason), columns in alike.items()]


def steps_by_row(document: TableDocument) -> list[tuple[str, ...]]:
    """The steps to the threshold: a heading with the columns that have some, then each row's label and cells.

    A cell is ``1,200 (3 of 3)``, or ``> 4,000 (1 of 3)`` where fewer than half of the runs reached the threshold.
    Empty where nobody asked.
    """
    if not (of := document.convergence):
        return []
    columns = [column for column, _ in document.columns if any(place[1] == column for place in of)]
    title = f"Steps to a validation score of {_threshold(document, columns)}"
    lines = [[row, *(_duration(of.get((row, column))) for column in columns)] for row, _ in document.rows]
    return [(title, *columns), *map(tuple, lines)]


def _threshold(document: TableDocument, columns: Sequence[str]) -> str:
    """``80%``, or ``80% (DRIVE: 50%)`` where a column has another one."""
    first, others = document.threshold_of(columns[0]) or 0, []
    for column in columns[1:]:
        if (own := document.threshold_of(column)) not in (None, first):
            others.append(f"{column}: {100 * (own or 0):g}%")
    return f"{100 * first:g}%" + (f" ({'; '.join(others)})" if others else "")


def _duration(of: TimeResult | None) -> str:
    if of is None:
        return "-"
    return f"{'' if of.median.reached else '> '}{of.median.time:,.0f} ({of.reached} of {of.runs})"


def _steps(document: TableDocument) -> list[str]:
    """What must be known of the steps to the threshold, and which rows differ in them."""
    lines = steps_by_row(document)
    if not lines:
        return []
    title, *columns = lines[0]
    rows = dict(document.rows)
    first = {run.column: f"{run.steps[0]:,}" for run in document.runs if run.row in rows and run.steps}
    each = "; ".join(f"{column} {first[column]}" for column in columns if column in first)
    found = [
        f"{title}: optimizer steps until it was first reached, the median over runs and how many of them reached it. "
        "> N: fewer than half did, and by step N fewer than half could have. A run that ended without it counts as one "
        "that never reaches it."
    ]
    if each:
        found.append(
            f"Steps from one validation to the next, the same for all rows of a column: {each}. The score was reached "
            "up to that many steps earlier."
        )
    results = document.convergence.items()
    if any(of.p_holm is not None for _, of in results):
        said = {
            mark: ", ".join(
                f"{row} on {column} ({p_stated(of.p_holm)})" for (row, column), of in results if of.mark == mark
            )
            for mark in ("sooner", "later")
        }
        counts = sorted({document.column_seeds.get(column, document.seeds) for column in columns})
        least = " and ".join(f"{p_text(least_p_value(count))} at least with {count} runs a row" for count in counts)
        found.append(
            f'Steps beside those of the row "{document.reference}" (two-sided permutation test of the log-rank '
            f"statistic, whose p is {least}; Holm over the table, "
            f"{_level(document)} level): "
            f"sooner: {said['sooner'] or 'none'}; later: {said['later'] or 'none'}."
        )
    return found
