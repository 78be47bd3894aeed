"""The answer that a table gives for one of its columns, in a sentence or two.

Of scores it is the decision that a race comes to, from a single look at the runs that all rows have. Of other numbers,
such as similarities, of which none is better, it is what the tests against the reference row show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analysis.decision import Rules, standing
from analysis.statistics import CellResult
from experiments.reporting.blocks.building.block import Block, Said
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.recommendation import decided_of
from experiments.reporting.decided import Reading, reading_of
from experiments.reporting.text.claims import Wording, missed, points, several, starting, worse
from experiments.reporting.text.layout import sides
from experiments.reporting.text.phrases import listed, p_stated
from experiments.tables.document import TableDocument

MARGIN = 0.01
"""The margin of answers, on the scale of scores in [0, 1]: a difference of up to one point does not matter."""

FEWEST = 2
"""The least number of runs that a row needs to take part in the decision."""


@dataclass(frozen=True)
class Answer:
    """The answer for one column: what the table's runs show.

    Attributes:
        verdict: the answer in one word. For scores it is ``start`` if there is a row to start from, else ``worse`` if a
            row is shown to be worse than another, else ``open``. For other numbers it is ``better`` if a row is shown
            to be higher than the reference row, else ``worse`` if one is shown to be lower, else ``open``. For both it
            is ``untested`` if nothing could be tested.
        text: the answer in a sentence or two.
    """

    verdict: Literal["start", "better", "worse", "open", "untested"]
    text: str


def answers() -> Kind:
    """The block of answers of tables that no race decided; for a race, its advice is the answer."""
    return Kind(order=16, tell=_tell)


def _tell(document: TableDocument) -> Iterator[Block]:
    if document.marks == "race":
        return
    columns: dict[Answer, list[str]] = {}
    for column, _ in document.columns:  # equal answers are given once, in the place of the first
        columns.setdefault(answer(document, column), []).append(column)
    said = [Said(given.text, given.verdict, ", ".join(of)) for given, of in columns.items()]
    if basis := how(document):
        said.append(Said(basis, "soft"))
    yield Block(place="first", said=tuple(said), detail=True)


def answer(document: TableDocument, column: str) -> Answer:
    """The answer for a column: what to start from on its task, or which rows differ from the reference row."""
    if column in document.measured:
        return _beside_reference(document, column)
    if (decided := decided_of(document)) is not None:
        return _told(decided.reading("these images"), Wording(decided.analysis.margin))
    return _decided(document, column)


def how(document: TableDocument) -> str:
    """A sentence on what the answers of a table rest on; empty where none of them is a decision."""
    scores = [column for column, _ in document.columns if column not in document.measured]
    if all(answer(document, column).verdict == "untested" for column in scores):
        return ""
    return (
        f"The answers are decisions about these test images, at a level of {100 * document.level:g}% for each task: "
        f"differences of up to {points(MARGIN)} do not matter, and undecided does not mean equal. They compare all "
        "with each other; the marks in the table compare with the reference alone."
    )


def _decided(document: TableDocument, column: str) -> Answer:
    """The answer for a column of scores: the decision of a race with a single look.

    The look takes as many runs of each row as all rows have. Rows with fewer than ``FEWEST`` are left out and named.
    """
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
    """The answer that puts a reading into words."""
    sentences = [starting(reading, wording)]
    if behind := worse(reading, wording.margin):
        sentences.append(f"Shown worse than another by more than {points(wording.margin)}: {behind}.")
    sentences.append(missed(reading))
    verdict: Literal["start", "worse", "open"] = "start" if reading.start else "worse" if reading.worse else "open"
    return Answer(verdict, " ".join(sentence for sentence in sentences if sentence))


def _beside_reference(document: TableDocument, column: str) -> Answer:
    """The answer for a column of measured numbers: which rows are shown to differ from the reference row."""
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
    """Rows as in ``A (+1.20 points, p = 0.01), B (...) and 3 more``, with p-values after Holm's correction."""
    return listed(
        [f"{row} ({100 * (result.difference or 0):+.2f} points, {p_stated(result.p_holm)})" for row, result in rows]
    )


def _escaped(rows: list[tuple[str, CellResult]], side: str) -> str:
    """A sentence on how large a difference the corrected tests of these runs could have missed."""
    sizes = [result.detectable for _, result in rows if result.detectable is not None]
    if not sizes:
        return ""
    runs = min(result.summary.n for _, result in rows)
    return (
        f"That is not equality: with {runs} runs a {side}, differences of less than {100 * max(sizes):.2f} points may "
        "go unseen after Holm's correction."
    )
