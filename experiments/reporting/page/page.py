"""The report: one HTML page that needs nothing else and fetches nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from experiments.reporting.drawings.drawings import drawings
from experiments.reporting.drawings.pictures import drawn
from experiments.reporting.formats.grid import Grid
from experiments.reporting.page.illustrations import Examples
from experiments.reporting.page.published import published_cells, published_note
from experiments.reporting.page.race import Race, race_of
from experiments.reporting.page.worlds import planted_worlds
from experiments.reporting.text.answer import Answer, answer, how
from experiments.reporting.text.costs import COST_TITLES, cost_lines, cost_numbers, cost_texts, costs_beside
from experiments.reporting.text.counts import count_lines, count_note, every_count
from experiments.reporting.text.layout import Layout, capital, further_layout, score_layout
from experiments.reporting.text.provenance import provenance
from experiments.reporting.text.statements import Found, found_of, lead, method
from experiments.reporting.text.words import (
    PHANTOM_WARNING,
    effort_titles,
    efforts_by_row,
    mean_std,
    missing,
    notes,
    over_columns,
    p_stated,
    p_text,
    steps_by_row,
)
from experiments.tables.document import Cell, NetworkCost, Place, TableDocument

PACKAGE = "experiments.reporting.page"
TITLE = "medtransfer: which initialization?"
"""Of a page for which nobody gave one."""

TITLES = {
    "-race": "The race",
    "": "The table drawn",
    "-ranks": "Mean ranks",
    "-differences": "Differences from the reference row",
    "-curves": "Learning curves",
    "-steps": "Steps to the threshold",
}
UNESCAPED = " !$()*+,-./:;=?@[]^_`{|}~"
"""What may stand in a data URL inside double quotes."""

SHARED = ("loading", "spec", "environment")
"""Details of runs that many have in common; the page holds each once."""


@dataclass(frozen=True)
class Illustrated:
    """A table, and what a report shows of its test images.

    Attributes:
        document: the table.
        examples: by column, as far as there are any.
        no_examples: why some or all are not shown.
    """

    document: TableDocument
    examples: tuple[Examples, ...] = ()
    no_examples: str | None = None


@dataclass(frozen=True)
class Picture:
    """A drawing with its heading, as an SVG in percent-encoding, which is smaller than base64."""

    title: str
    data: str


@dataclass(frozen=True)
class Study:
    """What a study found: texts, and an SVG; None where it has no picture."""

    grid: Grid
    picture: bytes | None = None


@dataclass(frozen=True)
class Extra:
    """Columns beside the scores, or a table of their own.

    Attributes:
        corner: above the labels, where it is a table of its own.
        titles: of the columns.
        lines: by label, a text and what it is sorted by for each column.
    """

    corner: str
    titles: tuple[str, ...] = ()
    lines: Mapping[str, tuple[tuple[str, str | float | None], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """What the template shows of one table."""

    document: TableDocument
    provenance: str
    cost: str
    race: Race | None
    race_drawings: tuple[Picture, ...]
    answers: tuple[tuple[str, Answer], ...]
    answers_how: str
    overall: tuple[str, ...]
    notes: tuple[str, ...]
    layout: Layout
    beside: Extra
    below: tuple[Extra, ...]
    drawings: tuple[Picture, ...]
    classes: tuple[tuple[str, list[str], list[tuple[str, list[Cell]]]], ...]
    further: Layout | None
    steps: tuple[tuple[str, ...], ...]
    counts: tuple[tuple[str, ...], ...]
    every_count: tuple[tuple[str, ...], ...]
    examples: tuple[Examples, ...]
    no_examples: str | None
    published: dict[Place, str] = field(default_factory=dict)


def render(title: str, tables: Sequence[Illustrated], studies: Sequence[Study] = ()) -> str:
    """The page; the same tables give the same bytes.

    Args:
        title: of the page.
        tables: in order.
        studies: which come last.
    """
    environment = Environment(
        loader=PackageLoader(PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        title=title,
        css=_own("page.css"),
        js=_own("page.js"),
        sections=[_section(table) for table in tables],
        studies=[(study.grid, study.picture and _quoted(study.picture)) for study in studies],
        facts=_facts([table.document for table in tables]),
        warning=PHANTOM_WARNING,
        worlds=planted_worlds([table.document for table in tables]),
        statements=[_statements(table.document) for table in tables if table.document.stated],
        mean_std=mean_std,
        mean=lambda cell: f"{np.mean(cell.values):.6f}" if cell.values else "",
        number=lambda value: "" if value is None else f"{value:.6g}",
        p_text=p_text,
        p_stated=p_stated,
        points=lambda value: "-" if value is None else f"{100 * value:+.2f}",
        percent=lambda value: f"{100 * value:.2f}",
        capital=capital,
    )


def _quoted(svg: bytes) -> str:
    """An SVG for a data URL."""
    return quote(svg.replace(b"\n", b" "), safe=UNESCAPED)


def _own(name: str) -> Any:
    """A file of this package, which the template takes as it is."""
    from markupsafe import Markup

    return Markup(files(PACKAGE).joinpath(name).read_text(encoding="utf-8"))


def _section(table: Illustrated) -> Section:
    document = table.document
    efforts, beside = _efforts(document), costs_beside(document)
    costs = _costs({} if beside else dict(cost_lines(document)))
    counts, every = count_lines(document), every_count(document)
    overall, published = over_columns(document), published_note(document)
    pictures = {
        name: Picture(TITLES[name], _quoted(drawn(drawing, "svg"))) for name, drawing in drawings(document).items()
    }
    asked = () if document.decided else document.columns  # the advice is the answer
    return Section(
        document=document,
        provenance=provenance(document),
        cost=cost(document),
        race=race_of(document),
        race_drawings=tuple(picture for name, picture in pictures.items() if name == "-race"),
        answers=tuple((column, answer(document, column)) for column, _ in asked),
        answers_how=how(document),
        overall=tuple(overall),
        notes=(
            *(note for note in notes(document) if note not in overall),
            *count_note(document),
            *((published,) if published else ()),
            *missing(document),
        ),
        layout=score_layout(document),
        beside=_costs(beside) if document.transposed else efforts,
        below=tuple(extra for extra in (efforts if document.transposed else None, costs) if extra and extra.lines),
        drawings=tuple(picture for name, picture in pictures.items() if name != "-race"),
        classes=tuple(_classes(document)),
        further=further_layout(document),
        steps=tuple(steps_by_row(document)),
        counts=tuple(counts),
        every_count=tuple(every if every != counts else ()),
        examples=table.examples,
        no_examples=table.no_examples,
        published=published_cells(document),
    )


@dataclass(frozen=True)
class Statements:
    """What the page says first of a table that a paper's statements were examined by.

    Attributes:
        name: of its section on the page.
        title: of the table.
        lead: how many statements are what.
        provenance: of its numbers.
        found: of each statement.
        method: how they are examined.
    """

    name: str
    title: str
    lead: str
    provenance: str
    found: tuple[Found, ...]
    method: str


def _statements(document: TableDocument) -> Statements:
    return Statements(
        document.name,
        document.title,
        lead(document),
        provenance(document),
        tuple(found_of(document)),
        method(document),
    )


def _efforts(document: TableDocument) -> Extra:
    lines = {row: tuple((text, text) for text in texts) for row, *texts in efforts_by_row(document)}
    return Extra("effort, mean over tasks", effort_titles(document) if lines else (), lines)


def _costs(costs: Mapping[str, NetworkCost | None]) -> Extra:
    lines = {label: tuple(zip(cost_texts(one), cost_numbers(one), strict=True)) for label, one in costs.items()}
    return Extra("network", COST_TITLES if lines else (), lines)


def cost(document: TableDocument) -> str:
    """How many runs there are, and how long they took one after the other."""
    total = sum(run.seconds for run in document.runs)
    minutes, seconds = divmod(round(total), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
    count = len(document.runs)
    return f"{count} run{'s' if count > 1 else ''} of {text}{' together' if count > 1 else ''}." if count else ""


def _classes(document: TableDocument) -> list[tuple[str, list[str], list[tuple[str, list[Cell]]]]]:
    """Each class's AUROC: column, names of classes, and each row's cells."""
    found = []
    for column, _ in document.columns:
        of_column = [run for run in document.runs if run.column == column and run.row in dict(document.rows)]
        names = list(dict.fromkeys(name for run in of_column for name in run.scores if name.startswith("auroc:")))
        if len(names) < 2:
            continue
        rows = []
        for row, _ in document.rows:
            values = [[run.scores.get(name) for run in of_column if run.row == row] for name in names]
            rows.append((row, [Cell(tuple(value for value in of if value is not None)) for of in values]))
        found.append((column, [name.removeprefix("auroc:") for name in names], rows))
    return found


def _facts(documents: Sequence[TableDocument]) -> dict[str, Any]:
    """The details of all runs by key; what several share is held once."""
    shared: list[Any] = []
    numbers: dict[str, int] = {}

    def number(part: Any) -> int:
        text = json.dumps(part, sort_keys=True)
        if text not in numbers:
            numbers[text] = len(shared)
            shared.append(part)
        return numbers[text]

    runs = {
        run.key: {"scores": run.scores}
        | {name: number(part) for name, part in zip(SHARED, (run.load, run.spec, run.environment), strict=True)}
        for document in documents
        for run in document.runs
    }
    return {"parts": SHARED, "shared": shared, "runs": runs}
