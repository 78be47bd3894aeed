"""What to start from, in plain words, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.rendering.document import TableDocument
from experiments.rendering.words import mean_std, p_text

SURE, LIKELY = 0.95, 0.8
"""Shares of the resamples in which a row comes first that count as sure and as likely."""

NAMED = 0.05
"""Rows that come first more often than this are named."""


def recommendation(document: TableDocument, column: str, first: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences: the row to start from, how sure that is, and what would make it surer.

    Args:
        document: a finished table.
        column: of the task.
        first: how often each row came first when runs and test patients were drawn anew; empty: nobody drew.
    """
    best = document.comparison.best.get(column)
    if best is None or len(first) < 2:
        return ("Nothing can be recommended: fewer than two initializations have scores.",)
    reference, result = document.reference, document.result((best, column))
    assert result is not None
    reached = mean_std(document.cells[best, column])
    if best == reference:
        said = f'Stay with "{reference}": its mean is the highest, {reached}.'
    elif result.mark == "better":
        other = mean_std(document.cells[reference, column])
        said = (
            f"Start from {best}: {reached} against {other} from {reference}, a difference of "
            f"{100 * (result.difference or 0):+.2f} points (p = {p_text(result.p_holm)} after Holm's correction)."
        )
    else:
        said = (
            f"{best} has the highest mean, {reached}, but is not shown to be better than {reference} "
            f"({mean_std(document.cells[reference, column])}); by these runs either will do."
        )
    leader = max(first, key=lambda row: first[row])
    share = first[leader]
    how = "that is as good as sure" if share >= SURE else "likely, not sure" if share >= LIKELY else "far from sure"
    sentences = [
        said,
        f"When runs and test patients are drawn anew, {leader} comes first in {share:.0%} of the draws: {how}.",
    ]
    others = [f"{row} {part:.0%}" for row, part in sorted(first.items(), key=lambda one: -one[1]) if part > NAMED]
    worse = [row for row, _ in document.rows if (of := document.result((row, column))) and of.mark == "worse"]
    if worse and best != reference:
        sentences.append(f"Shown to be worse than {reference}: {', '.join(worse)}.")
    if len(others) > 1:
        sentences.append(f"What comes first how often: {', '.join(others)}.")
    if share < SURE:
        sentences.append("More seeds and more test patients would make this surer.")
    return tuple(sentences)
