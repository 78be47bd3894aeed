"""A study: what is found by looking at finished runs, or at data, that no table of scores can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.run.places import Places
from experiments.run.store import Record
from experiments.tables.document import Place
from experiments.tables.table import Table
from specs.run import Edition

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Runs = Mapping[Place, tuple[Record, ...]]
"""The finished runs of a study's table, by row and column label, in the order of their seeds."""


@dataclass(frozen=True)
class Finding:
    """What a study found.

    Attributes:
        header: names of the columns.
        rows: texts, as many each.
        notes: what a reader must know.
        draw: makes the picture.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    draw: Callable[[], Drawing]


@dataclass(frozen=True, kw_only=True)
class Study:
    """A figure, or a table that is not one of scores.

    Attributes:
        title: one line.
        question: what it answers.
        edition: of the datasets: real or phantom.
        networks: the table whose runs are looked at; None: no network is.
        find: looks at them.
        of_patients: whether the picture shows real images, which reports show to whoever asks for them only.
    """

    title: str
    question: str
    edition: Edition
    networks: Table | None
    find: Callable[[Runs, Places], Finding]
    of_patients: bool = False
