"""The answer that a table gives for one of its columns, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.statistics import CellResult
from experiments.reporting.text.layout import sides
from experiments.reporting.text.words import listed, p_stated
from experiments.tables.document import TableDocument


@dataclass(frozen=True)
class Answer:
    """What is shown of a column.

    Attributes:
        verdict: ``better`` if a row is shown to score higher than the reference row, ``worse`` if none is and one is
            shown to score lower, ``open`` if no difference is shown, ``untested`` if none could be.
        text: a sentence or two.
    """

    verdict: Literal["better", "worse", "open", "untested"]
    text: str


def answer(document: TableDocument, column: str) -> Answer:
    """Whether the initialization matters on a task, as far as the table shows it."""
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
