"""Planted worlds drawn many times: each drawing is a line of a file, and a later start goes on from there.

A drawing is a table like those of `make demo`, made in a run store of its own that is removed afterwards. Lines of
other code do not count: each says by a digest what was asked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.journal import append, entries
from experiments.session.results import Made
from experiments.session.session import Session
from experiments.tables.document import TableDocument
from specs.errors import UsageError, unknown

PREFIX = "demo-"

Line = dict[str, Any]
"""A line of the file: world, draw, asked, and what was drawn."""


def add_options(parser: argparse.ArgumentParser, worlds: Sequence[str], file: str) -> None:
    """Declare the options of a script that draws worlds.

    Args:
        parser: the parser that gets the options.
        worlds: the names of the worlds that can be drawn, all of which are by default.
        file: the name of the file that lines are kept in by default.
    """
    parser.add_argument("--draws", type=int, required=True, metavar="N", help="drawings of each world")
    parser.add_argument("--worlds", nargs="+", default=list(worlds), metavar="NAME", help="(default: all)")
    parser.add_argument("--first", type=int, default=1, metavar="K", help="number of the first drawing (default: 1)")
    parser.add_argument(
        "--file", type=Path, default=Path(file), help="the file that verdicts are kept in (default: %(default)s)"
    )
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no drawing after this time")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def redrawn(
    options: argparse.Namespace,
    worlds: Sequence[str],
    asked: Callable[[Session, str], str],
    drawn: Callable[[Session, str], Line],
) -> Iterator[Line]:
    """The line of each drawing that the options of ``add_options`` ask for, as ``counted`` gives them.

    Args:
        options: the parsed options.
        worlds: the names of the worlds that can be drawn.
        asked: a function as ``counted`` takes it.
        drawn: a function as ``counted`` takes it.

    Raises:
        UsageError: if a world is unknown, or a number of drawings does not fit.
    """
    if other := set(options.worlds) - set(worlds):
        raise unknown("planted world", min(other), list(worlds))
    if options.draws < 1 or options.first < 0:
        raise UsageError(f"expected --draws from 1 and --first from 0, found {options.draws} and {options.first}.")
    until = time.monotonic() + 60 * options.minutes if options.minutes else None
    numbers = range(options.first, options.first + options.draws)
    return counted(options.worlds, numbers, options.file, asked, drawn, until)


def counted(
    names: Sequence[str],
    draws: Sequence[int],
    file: Path,
    asked: Callable[[Session, str], str],
    drawn: Callable[[Session, str], Line],
    until: float | None = None,
) -> Iterator[Line]:
    """The line of each drawing, which is read from the file, or made and appended to it.

    Args:
        names: the names of the worlds.
        draws: the numbers of the drawings of each world.
        file: the file that lines are read from and appended to.
        asked: the digest of everything that a drawing's line depends on, for a session and the name of a table.
        drawn: a function that makes a table in a session, by its name with arguments, and says what was found.
        until: the moment of ``time.monotonic`` after which no drawing is begun; None: no limit.
    """
    known = {(line["world"], line["draw"], line["asked"]): line for line in entries(file)}
    for draw in draws:
        for world in names:
            with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
                session = Session(folder, wandb="disabled")
                name = f"{PREFIX}{world}(draw={draw})"
                digest = asked(session, name)
                if line := known.get((world, draw, digest)):
                    yield line
                    continue
                if until is not None and time.monotonic() > until:
                    continue
                line = {"world": world, "draw": draw, "asked": digest} | drawn(session, name)
            append(file, line)
            yield line


def finished(name: str, made: Made) -> TableDocument:
    """The table of a drawing, all of whose runs must have been done.

    Args:
        name: the name of the table with its arguments.
        made: what the session made of it.

    Raises:
        RuntimeError: if a run failed.
    """
    if made.failures:
        raise RuntimeError(f"{name}: {made.failures[0]}")
    assert isinstance(made.document, TableDocument)
    return made.document


def scores_of(document: TableDocument) -> dict[str, list[float]]:
    """The scores of each row's runs in [0, 1], in the one column of a world's table."""
    (column, _), *_ = document.columns
    return {row: [round(score, 6) for score in document.cells[row, column].values] for row, _ in document.rows}
