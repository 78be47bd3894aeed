"""Finished runs that a user names: by the beginning of a key, or by the file of a table and one of its rows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.reporting.blocks.recommendation import decided_of
from experiments.reporting.decided import Decided
from experiments.reporting.formats.json_format import read_document
from experiments.run.store import Record, RunStore
from experiments.tables.document import RunLine, TableDocument
from specs.errors import RunError, UsageError
from specs.quoting import names, plain

SHOWN = 5
"""The most keys that a message lists."""


@dataclass(frozen=True)
class ChosenRuns:
    """Fine-tunings of one initialization on one dataset, which differ in their seeds, or in their folds too.

    Attributes:
        records: the records of the runs, in the order of their seeds.
        row: the label of the row of a table that they are of; None: a single run was named.
        table: the table that they are of; None: a single run was named.
    """

    records: tuple[Record, ...]
    row: str | None = None
    table: TableDocument | None = None


def chosen_runs(named: str, store: Path, row: str | None = None, column: str | None = None) -> ChosenRuns:
    """The fine-tunings that a user named.

    Args:
        named: the file of a table, which ends in ``.json``, or the beginning of a run's key.
        store: the folder of the run store.
        row: the label of a row of the table; None: the only one, or the one that a comparison advises to start from
            or, while it is undecided, that leads.
        column: the label of a column of the table; None: the only one.

    Raises:
        UsageError: if what is named is not there, is several things, or was not fine-tuned.
        DataError: if the file cannot be read as a table.
        RunError: if a run of the table is not in the run store, or its record is damaged.
    """
    if not named.endswith(".json"):
        if row is not None or column is not None:
            raise UsageError(f"a row or a column is of a table, and {plain(named)} is a run. Leave it out.")
        key = key_beginning(named, keys_in(store), store)
        return ChosenRuns((_finetuned(key, RunStore(store)),))
    path = Path(named)
    document = table_of_runs(path, "which could be used")
    row = _row(document, path) if row is None else _label("row", row, [label for label, _ in document.rows], path)
    columns = [label for label, _ in document.columns]
    if column is None and len(columns) > 1:
        raise UsageError(f"{plain(path)} has {len(columns)} columns: {names(columns)}. Name one with --column.")
    column = columns[0] if column is None else _label("column", column, columns, path)
    lines = [line for line in document.runs if (line.row, line.column) == (row, column)]
    if not lines:
        raise UsageError(f"{plain(path)} has no finished run of the row {plain(row)} on {plain(column)}. Name another.")
    found = RunStore(store)
    return ChosenRuns(tuple(_finetuned(line.key, found) for line in _in_order(lines)), row, document)


def table_of_runs(path: Path, what_for: str) -> TableDocument:
    """The table of runs that a file holds.

    Args:
        path: the path of the file of a finished table.
        what_for: half a sentence for messages that says what runs are wanted for, such as ``which could be used``.

    Raises:
        UsageError: if its table has no runs.
        DataError: if the file cannot be read as a table.
    """
    document = read_document(path)
    if not isinstance(document, TableDocument):
        raise UsageError(f"{plain(path)} is not a table of runs, {what_for}. Name keys of runs.")
    if not document.runs:
        raise UsageError(f"{plain(path)} has no finished runs. Make the table first.")
    return document


def keys_in(store: Path) -> list[str]:
    """The keys of the finished runs in a run store, sorted."""
    return sorted(path.parent.name for path in store.glob("*/record.json"))


def key_beginning(text: str, there: Sequence[str], store: Path) -> str:
    """The only key that begins with a text.

    Args:
        text: the beginning of a key, as a user gave it.
        there: the keys of the finished runs.
        store: the folder of the run store, for messages.

    Raises:
        UsageError: if none or several begin so.
    """
    found = [key for key in there if key.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        length = max(12, len(text) + 4)
        raise UsageError(
            f'{len(found)} runs begin with "{text}": {", ".join(key[:length] for key in found[:SHOWN])}{more}. '
            "Give more of the key."
        )
    heads = {key[: max(12, len(text))]: key for key in there}
    near = difflib.get_close_matches(text, heads, n=SHOWN, cutoff=0.5) or list(heads)[:SHOWN]
    hint = f"Among its {len(there)} runs are {', '.join(near)}." if near else "It holds no finished runs."
    raise UsageError(f'no run in {store} begins with "{text}". {hint} Another store: --runs.')


def _row(document: TableDocument, path: Path) -> str:
    """The row that is meant where none was named."""
    labels = [label for label, _ in document.rows]
    decided = decided_of(document)
    if (advised := _advised(decided)) is not None:
        return advised
    if len(labels) > 1:
        raise UsageError(
            f"{plain(path)} has {len(labels)} rows, and advises none: {names(labels)}. Name one with --row."
        )
    return labels[0]


def _advised(decided: Decided | None) -> str | None:
    """The row with the highest mean among those that a race says to start from, or else the leader of the race."""
    if decided is None:
        return None
    these = decided.reading("these images")
    means = {one.row: one.mean for one in decided.order}
    return max(these.start, key=lambda row: means[row] or 0.0, default=these.leader)


def _label(what: str, given: str, there: Sequence[str], path: Path) -> str:
    if given in there:
        return given
    near = difflib.get_close_matches(given, there, n=1)
    hint = f"Did you mean {plain(near[0])}? " if near else ""
    raise UsageError(f"{plain(path)} has no {what} {plain(given)}. {hint}It has {names(there)}.")


def _in_order(lines: Sequence[RunLine]) -> list[RunLine]:
    return sorted(lines, key=lambda line: line.seed)


def _finetuned(key: str, store: RunStore) -> Record:
    record = store.record(key)
    if record is None:
        raise RunError(f"the run {key[:12]} of the table is not in {store.root}. Name its store with --runs.")
    if record.data["spec"]["stage"] != "finetune":
        raise UsageError(f"the run {key[:12]} is a pretraining, which learned no task. Name a fine-tuning.")
    return record
