"""What to start from, in plain words, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.reporting.text.words import listed, mean_std, p_stated
from experiments.tables.document import TableDocument

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
    best = document.comparison.best.get(column, ())
    if not best or len(first) < 2:
        return ("Nothing can be recommended: fewer than two initializations have scores.",)
    reference = document.reference
    leader = max(first, key=lambda row: first[row])
    share = first[leader]
    how = "that is as good as sure" if share >= SURE else "likely, not sure" if share >= LIKELY else "far from sure"
    sentences = [
        _advised(document, column, best),
        f"When runs and test patients are drawn anew, {leader} comes first in {share:.0%} of the draws: {how}.",
    ]
    others = [f"{row} {part:.0%}" for row, part in sorted(first.items(), key=lambda one: -one[1]) if part > NAMED]
    worse = [row for row, _ in document.rows if (of := document.result((row, column))) and of.mark == "worse"]
    if worse and reference not in best:
        sentences.append(f"Shown to be worse than {reference}: {', '.join(worse)}.")
    if len(others) > 1:
        sentences.append(f"What comes first how often: {', '.join(others)}.")
    if share < SURE:
        sentences.append("More seeds and more test patients would make this surer.")
    return tuple(sentences)


def _advised(document: TableDocument, column: str, best: Sequence[str]) -> str:
    """What to start from, by the rows with the highest mean."""
    reference = document.reference
    reached = {row: mean_std(document.cells[row, column]) for row, _ in document.rows}
    if reference in best:
        equal = _equal([row for row in best if row != reference])
        return f'Stay with "{reference}": its mean is the highest, {reached[reference]}.{equal}'
    results = {row: result for row in best if (result := document.result((row, column))) is not None}
    better = next((row for row, result in results.items() if result.mark == "better"), None)
    if better is not None:
        result = results[better]
        return (
            f"Start from {better}: {reached[better]} against {reached[reference]} from {reference}, a difference of "
            f"{100 * (result.difference or 0):+.2f} points ({p_stated(result.p_holm)} after Holm's correction)."
            f"{_equal([row for row in best if row != better])}"
        )
    if len(best) == 1:
        return (
            f"{best[0]} has the highest mean, {reached[best[0]]}, but is not shown to be better than {reference} "
            f"({reached[reference]}); by these runs either will do."
        )
    return (
        f"{listed([f'{row} ({reached[row]})' for row in best])} have the highest mean, but are not shown to be better "
        f"than {reference} ({reached[reference]}); by these runs any of them will do."
    )


def _equal(others: Sequence[str]) -> str:
    """A further sentence on rows that have the same mean, if there are any."""
    return f" {listed(others)} {'has' if len(others) == 1 else 'have'} the same mean." if others else ""
