"""A document as plain data and back: what NAME.json holds."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.statistics import POWER
from experiments.reporting.blocks.building.block import Block, Entry, Line
from experiments.reporting.blocks.building.kind import blocks_of, kinds
from experiments.reporting.formats.schema_1 import as_now
from experiments.reporting.formats.typed import plain_of, read_as
from experiments.tables.document import Document, RunLine, TableDocument, TextDocument
from specs.errors import DataError

SCHEMA = 2
"""The version of the files' format. Version 1 had fields for what is now in parts; ``schema_1`` still reads it."""


def to_plain(document: Document) -> dict[str, Any]:
    """A document as plain data for JSON.

    A table of scores comes with the statistics of its cells, the parts that were gathered from its runs, and its blocks
    as the other formats show them.
    """
    if isinstance(document, TextDocument):
        return _texts(document)
    assert isinstance(document, TableDocument)
    names = {kind.part: name for name, kind in kinds().items() if kind.part is not None}
    plain = {"schema": SCHEMA, **plain_of(document)}
    plain["parts"] = {names[type(part)]: plain_of(part) for part in document.parts}
    for cell in plain["cells"]:
        cell_key = cell["row"], cell["column"]
        cell["statistics"] = plain_of(result) if (result := document.result(cell_key)) else None
        cell["best"] = document.is_best(cell_key)
        cell["paper_mark"] = document.paper_marks.get(cell_key)
    tests = document.comparison.tests
    plain["correction"] = {
        "method": "holm",
        "tests": tests,
        "level": document.level,
        "level_of_first_step": document.level / tests if tests else None,
        "power_of_detectable": POWER,
    }
    plain["blocks"] = [_block(block) for block in blocks_of(document)]
    return plain


def _texts(document: TextDocument) -> dict[str, Any]:
    plain = plain_of(document)
    return {
        **{name: plain[name] for name in ("name", "title", "question", "edition", "header", "ending")},
        "rows": [dict(zip(document.header, texts, strict=True)) for texts in document.texts],
        "notes": plain["notes"],
    }


def _block(block: Block) -> dict[str, Any]:
    """A block as plain data without its pictures; empty fields are left out."""
    lines = [_line(block, line) for line in block.lines]
    judged = [
        {name: value for name, value in plain_of(one).items() if name != "pictures" and value} for one in block.judged
    ]
    told = {
        "kind": block.kind,
        "title": block.title,
        "said": [one.text if not one.about else f"{one.about}: {one.text}" for one in block.said],
        "judged": judged,
        "header": [heading.text for heading in block.header],
        "lines": lines,
        "notes": list(block.notes),
    }
    return {name: value for name, value in told.items() if value}


def _line(block: Block, line: Line) -> dict[str, Any]:
    cells = [_entry(entry) for entry in line.entries]
    return {"name": line.run or line.name, "texts": [entry.text for entry in line.entries], "values": cells}


def _entry(entry: Entry) -> float | str | None:
    """The number or text of an entry for programs; None for an infinite number, which JSON does not have."""
    value = entry.value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(document: Document) -> str:
    """The document as JSON text."""
    return json.dumps(to_plain(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def table_files(named: Sequence[Path], folder: Path) -> list[Path]:
    """The files that were named, each once, or, if none were, all tables in a folder.

    Raises:
        DataError: if there are no files.
    """
    files = list({path.absolute(): path for path in named}.values()) or sorted(folder.glob("*.json"))
    if not files:
        raise DataError(f"{folder} holds no tables. Make one first, such as with `medtransfer table initializations`.")
    return files


def finished_tables(named: Sequence[Path], folder: Path) -> list[TableDocument]:
    """The tables of scores in the files that were named or, if none were, in a folder; other tables are left out.

    Raises:
        DataError: if there are no files, or one cannot be read.
    """
    documents = (read_document(path) for path in table_files(named, folder))
    return [document for document in documents if isinstance(document, TableDocument)]


def read_document(path: Path) -> Document:
    """Read the document of any kind that a file holds.

    Raises:
        DataError: if the file is not there, is damaged, or holds no document.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and "header" in data and "cells" not in data:
            return _text_document(data, path)
        if not isinstance(data, dict) or "schema" not in data:
            raise DataError(
                f"{path} is no table: it states no schema, which each file of `medtransfer table NAME` does. Name one "
                "of those."
            )
        return _table(data)
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there. `medtransfer table NAME` writes such a file.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path} cannot be read as a table ({type(error).__name__}: {error}); expected a file that this version's "
            "`medtransfer table` wrote. Make the table again; its runs are kept."
        ) from error


def read_table(path: Path) -> TableDocument:
    """Read the table of scores that a file holds.

    Raises:
        DataError: if the file is not there, is damaged, or holds no table of scores.
    """
    document = read_document(path)
    if not isinstance(document, TableDocument):
        raise DataError(f"{path} holds texts and cannot be read as a table of scores. Name another file.")
    return document


def _text_document(data: Mapping[str, Any], path: Path) -> TextDocument:
    """A table of texts from its plain data; older files lack its name, question and edition."""
    header = tuple(data["header"])
    plain = {"name": path.stem, "question": "", "edition": "real", **data}
    if not header:
        raise ValueError("there are no columns")
    texts = [[row[name] for name in header] for row in data["rows"]]
    for text in (*header, *(text for line in texts for text in line), *data["notes"], data["title"]):
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no text")
    return TextDocument(
        name=str(plain["name"]),
        title=data["title"],
        question=str(plain["question"]),
        edition="phantom" if plain["edition"] == "phantom" else "real",
        header=header,
        texts=tuple(map(tuple, texts)),
        notes=tuple(data["notes"]),
        ending=str(plain.get("ending", "")),
    )


def _table(data: Mapping[str, Any]) -> TableDocument:
    if data["schema"] not in (1, SCHEMA):
        raise ValueError(f"expected the schema 1 or {SCHEMA}, found {data['schema']}")
    plain = as_now(data) if data["schema"] == 1 else data
    document = read_as(TableDocument, {**plain, "parts": []})
    _check(document)
    parts = tuple(_part(name, part) for name, part in dict(plain["parts"]).items())
    document = dataclasses.replace(document, parts=parts)
    for kind in kinds().values():
        kind.check(document)
    return document


def _part(name: str, plain: Any) -> object:
    kind = kinds().get(name)
    if kind is None or kind.part is None:
        raise ValueError(f'it holds a part for the kind of block "{name}", which is not installed here')
    return read_as(kind.part, plain)


def _check(document: TableDocument) -> None:
    """Refuse a table whose fields contradict each other.

    Raises:
        ValueError: says which fields do, and how.
    """
    wanted = {(row, column) for row, _ in document.rows for column, _ in document.columns}
    if set(document.cells) != wanted:
        raise ValueError(f"expected {len(wanted)} cells, one for each row and column; found other ones")
    if document.reference not in dict(document.rows):
        raise ValueError(f'the reference row is "{document.reference}"; expected a row of the table')
    if not 0 < document.level < 1:
        raise ValueError(f"level {document.level} is not in (0, 1)")
    grouped = {column for _, columns in (document.figure.groups if document.figure else ()) for column in columns}
    if unknown := grouped - set(dict(document.columns)):
        raise ValueError(f"its figure names {', '.join(sorted(unknown))}; expected columns of the table")
    for run in document.runs:
        _check_run(run)


def _check_run(run: RunLine) -> None:
    if run.steps and len(run.steps) != len(run.validation):
        raise ValueError(f"expected a step of each of {len(run.validation)} validations, found {len(run.steps)}")
