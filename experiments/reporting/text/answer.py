"""The answer that a table gives for one of its columns, in a sentence or two.

Of scores it is the decision that a race comes to, from a single look at the runs that all rows have. Of other numbers,
such as similarities, of which none is better, it is what the tests against the reference row show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.decision import Rules, standing
from analysis.statistics import CellResult
from experiments.reporting.text.claims import Wording, missed, points, several, starting, worse
from experiments.reporting.text.layout import sides
from experiments.reporting.text.words import listed, p_stated
from experiments.tables.decided import Reading, reading_of
from experiments.tables.document import TableDocument
from specs.task import METRICS

MARGIN = 0.01
"""Of answers, on the scale of scores: a difference of a point does not matter."""

FEWEST = 2
"""Runs of a row that a look needs."""


@dataclass(frozen=True)
class Answer:
    """What is shown of a column.

    Attributes:
        verdict: of scores, ``start`` if there is something to start from, else ``worse`` if a row is shown to be worse
            than another, else ``open``. Of other numbers, ``better`` if a row is shown to be higher than the reference
            row, ``worse`` if none is and one is shown to be lower, ``open`` if no difference is shown. ``untested`` if
            nothing could be.
        text: a sentence or two.
    """

    verdict: Literal["start", "better", "worse", "open", "untested"]
    text: str


def answer(document: TableDocument, column: str) -> Answer:
    """What to start from on a task, or whether the initialization matters, as far as the table shows it."""
    if not is_score(dict(document.columns)[column]):
        return _beside_reference(document, column)
    if document.decided is not None:
        return _told(document.decided.reading("these images"), Wording(document.decided.analysis.margin))
    return _decided(document, column)


def is_score(metric: str) -> bool:
    """Whether the numbers of a column are scores of tasks, of which points can be compared with a margin."""
    return metric.partition("_")[0] in METRICS.values()


def how(document: TableDocument) -> str:
    """On what the answers of a table rest, in words; empty where none is a decision."""
    if document.decided is not None or not any(is_score(metric) for _, metric in document.columns):
        return ""
    return (
        f"The answers are decisions about these test images, at a level of {100 * document.level:g}% for each task: "
        f"differences of up to {points(MARGIN)} do not matter, and who is undecided is not equal. They compare all "
        "with each other; the marks in the table compare with the reference alone."
    )


def _decided(document: TableDocument, column: str) -> Answer:
    """By the decision, from as many runs of each row as all have; rows with fewer than two are left out and named."""
    side, _ = sides(document)
    cells = {row: document.cells[row, column].values for row, _ in document.rows}
    order = [row for row, values in cells.items() if len(values) >= FEWEST]
    few = [row for row in cells if row not in order]
    left = f" Left out, with fewer than {FEWEST} runs: {several(few)}." if few else ""
    if len(order) < 2:
        return Answer("untested", f"Nothing can be said: fewer than two {side}s have {FEWEST} runs or more.{left}")
    runs = min(len(cells[row]) for row in order)
    rules = Rules(margin=MARGIN, level=document.level, looks=(runs,), steepness=0)
    reading = reading_of("these images", standing({row: cells[row] for row in order}, order, rules))
    found = _told(reading, Wording(MARGIN, side))
    more = " each, the first ones" if any(len(cells[row]) > runs for row in order) else f" a {side}"
    return Answer(found.verdict, f"{found.text} By {runs} runs{more}.{left}")


def _told(reading: Reading, wording: Wording) -> Answer:
    """A reading in words."""
    sentences = [starting(reading, wording)]
    if behind := worse(reading, wording.margin):
        sentences.append(f"Shown worse than another by more than {points(wording.margin)}: {behind}.")
    sentences.append(missed(reading))
    verdict: Literal["start", "worse", "open"] = "start" if reading.start else "worse" if reading.worse else "open"
    return Answer(verdict, " ".join(sentence for sentence in sentences if sentence))


def _beside_reference(document: TableDocument, column: str) -> Answer:
    """Whether a row is shown to differ from the reference row."""
    found = [
        (row, result)
        for row, _ in document.rows
        if row != document.reference and (result := document.result((row, column))) is not None
    ]
    tested = [(row, result) for row, result in found if result.p_holm is not None]
    if not tested:
        why = next((result.reason for _, result in found if result.reason), "there are no scores to compare")
        return Answer("untested", f'Nothing can be said beside "{document.reference}": {why}.')
    up, down = document.directions
    side, _ = sides(document)
    better = sorted((pair for pair in tested if pair[1].mark == "better"), key=lambda pair: -(pair[1].difference or 0))
    worse = sorted((pair for pair in tested if pair[1].mark == "worse"), key=lambda pair: pair[1].difference or 0)
    if not better and not worse:
        return Answer(
            "open", f'No {side} is shown to differ from "{document.reference}". {_escaped(tested, side)}'.rstrip()
        )
    sentences = []
    if not better:
        sentences.append(f'No {side} is shown to be {up} than "{document.reference}".')
    if better:
        sentences.append(f'{_listed(better)} {_verb(better)} {up} than "{document.reference}".')
    if worse:
        sentences.append(f"{_listed(worse)} {_verb(worse)} {down}.")
    best = document.comparison.best.get(column, ())
    unshown = [row for row in best if row not in [row for row, _ in better]]
    if unshown and document.reference not in best:
        also = "also " if len(unshown) < len(best) else ""
        verb = "is" if len(unshown) == 1 else "are"
        sentences.append(f"The highest mean is {also}that of {listed(unshown)}, which {verb} not shown to differ.")
    return Answer("better" if better else "worse", " ".join(sentences))


def _verb(rows: list[tuple[str, CellResult]]) -> str:
    return "is" if len(rows) == 1 else "are"


def _listed(rows: list[tuple[str, CellResult]]) -> str:
    """``A (+1.20 points, p = 0.01), B (...) and 3 more``; the p-values are Holm's."""
    return listed(
        [f"{row} ({100 * (result.difference or 0):+.2f} points, {p_stated(result.p_holm)})" for row, result in rows]
    )


def _escaped(rows: list[tuple[str, CellResult]], side: str) -> str:
    """How large a difference the corrected tests of these runs could have missed."""
    sizes = [result.detectable for _, result in rows if result.detectable is not None]
    if not sizes:
        return ""
    runs = min(result.summary.n for _, result in rows)
    return (
        f"That is not equality: with {runs} runs a {side}, differences of less than {100 * max(sizes):.2f} points may "
        "go unseen after Holm's correction."
    )
