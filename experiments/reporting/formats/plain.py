"""A finished table as plain data and back: what NAME.json holds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from analysis.censored import Duration
from analysis.statistics import POWER
from analysis.truth import Claim, Kind
from experiments.reporting.formats.counts import counts_of
from experiments.reporting.formats.decisions import decided_from
from experiments.reporting.text.words import SIDES, TESTS
from experiments.tables.document import Cell, Effort, NetworkCost, Place, RunLine, TableDocument
from experiments.tables.figure import Figure
from experiments.tables.planted import Planted
from experiments.tables.stated import Stated
from specs.errors import DataError

SCHEMA = 1
"""Version of the files."""

KNOWN = {"edition": ("phantom", "real"), "marks": ("reference", "paper"), "test": TESTS, "alternative": SIDES}
"""What some fields may be."""


def to_plain(document: TableDocument) -> dict[str, Any]:
    """The table, its statistics and its runs."""
    plain = {"schema": SCHEMA} | dataclasses.asdict(document)
    plain["cells"] = [
        {
            "row": row,
            "column": column,
            "values": list(cell.values),
            "missing": cell.missing,
            "interval": cell.interval,
            "statistics": dataclasses.asdict(result) if (result := document.result((row, column))) else None,
            "best": document.is_best((row, column)),
            "paper_mark": document.paper_marks.get((row, column)),
        }
        for (row, column), cell in document.cells.items()
    ]
    tests = document.comparison.tests
    plain["correction"] = {
        "method": "holm",
        "tests": tests,
        "level": document.level,
        "level_of_first_step": document.level / tests if tests else None,
        "power_of_detectable": POWER,
    }
    plain["overlaps"] = [
        {"row": row, "column": column, "collections": list(names)} for (row, column), names in document.overlaps.items()
    ]
    plain["efforts"] = [
        {"row": row, "column": column, **dataclasses.asdict(effort)}
        for (row, column), effort in document.efforts.items()
    ]
    plain["secondary"] = {
        title: [{"row": row, "column": column, "values": list(cell.values)} for (row, column), cell in cells.items()]
        for title, cells in document.secondary.items()
    }
    return plain


def to_json(document: TableDocument) -> str:
    """The table as JSON text."""
    return json.dumps(to_plain(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def table_files(named: Sequence[Path], folder: Path) -> list[Path]:
    """The files that were named, or else all that a folder holds.

    Raises:
        DataError: if there are none.
    """
    files = list(named) or sorted(folder.glob("*.json"))
    if not files:
        raise DataError(f"{folder} holds no tables. Make one first, such as with `medtransfer table initializations`.")
    return files


def finished_tables(named: Sequence[Path], folder: Path) -> list[TableDocument]:
    """The tables of runs among them.

    Raises:
        DataError: if there are none, or one cannot be read.
    """
    return [read_table(path) for path in table_files(named, folder) if is_table(path)]


def is_table(path: Path) -> bool:
    """Whether a file is, or was meant to be, a table of runs, and not one of texts."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return True  # whoever reads it says what is wrong
    return not isinstance(data, dict) or "cells" in data or "schema" in data


def read_table(path: Path) -> TableDocument:
    """The table that a file holds.

    Raises:
        DataError: if it is not there, damaged, or no table.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        return _from_plain(data)
    except FileNotFoundError as error:
        raise DataError(f"{path} is not there. `medtransfer table NAME` writes such a file.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path} cannot be read as a table ({type(error).__name__}: {error}); expected a file that this version's "
            "`medtransfer table` wrote. Make the table again; its runs are kept."
        ) from error


def _from_plain(data: Mapping[str, Any]) -> TableDocument:
    names = {one.name for one in dataclasses.fields(TableDocument)}
    plain = {name: value for name, value in data.items() if name in names}
    rows, columns = (tuple((str(label), str(what)) for label, what in data[name]) for name in ("rows", "columns"))
    cells = {_place(one): Cell(_numbers(one["values"]), one["missing"], _interval(one)) for one in data["cells"]}
    wanted = {(row, column) for row, _ in rows for column, _ in columns}
    if set(cells) != wanted:
        raise ValueError(f"expected {len(wanted)} cells by row and column, found others")
    for name in ("name", "title", "question", "reference", "weights", "protocol"):
        if not isinstance(plain[name], str):
            raise TypeError(f"{name} is no text")
    for name, known in KNOWN.items():
        if plain[name] not in known:
            raise ValueError(f"{name} is {plain[name]}, expected one of {', '.join(known)}")
    if plain["reference"] not in dict(rows):
        raise ValueError(f"no row is called {plain['reference']}, the reference")
    return TableDocument(
        **plain
        | {
            "seeds": int(plain["seeds"]),
            "transposed": _truth(plain, "transposed"),
            "threshold": None if plain["threshold"] is None else _threshold(plain["threshold"]),
            "level": _level(plain["level"]),
            "planted": _planted(plain["planted"], dict(rows)),
            "stated": tuple(_stated(one, dict(rows), dict(columns)) for one in plain["stated"]),
            "controls": {str(row): str(of) for row, of in plain.get("controls", {}).items()},
            "column_thresholds": {
                str(column): _threshold(value) for column, value in plain["column_thresholds"].items()
            },
            "counts": {
                str(column): counts_of(one) for column, one in _of_columns(plain.get("counts", {}), dict(columns))
            },
            "column_seeds": {str(column): int(count) for column, count in plain["column_seeds"].items()},
            "margin": None if plain["margin"] is None else float(plain["margin"]),
            "rows": rows,
            "columns": columns,
            "cells": cells,
            "secondary": {
                str(title): {_place(one): Cell(_numbers(one["values"])) for one in found}
                for title, found in data["secondary"].items()
            },
            "runs": tuple(_run(one) for one in data["runs"]),
            "efforts": {
                _place(one): Effort(
                    _numbers(one["epochs"]),
                    _numbers(one["seconds"]),
                    float(one["gpu_hours"]),
                    tuple(Duration(float(of["time"]), _truth(of, "reached")) for of in one["steps"]),
                )
                for one in data["efforts"]
            },
            "overlaps": {_place(one): tuple(map(str, one["collections"])) for one in data["overlaps"]},
            "remarks": tuple((str(row), str(text)) for row, text in data["remarks"]),
            "costs": tuple(_cost(one, dict(columns)) for one in data["costs"]),
            "figure": _figure(data["figure"], dict(columns)),
            "directions": _pair(data["directions"]),
            "bounds": {str(column): (float(low), float(high)) for column, (low, high) in data["bounds"].items()},
            "recommendation": tuple(map(str, data["recommendation"])),
            "decided": decided_from(data.get("decided"), dict(rows)),  # files of before there were races lack it
            "levels": {
                str(words): {str(column): float(value) for column, value in of.items()}
                for words, of in data["levels"].items()
            },
        }
    )


def _of_columns(of: Mapping[str, Any], columns: Mapping[str, str]) -> Iterable[tuple[str, Any]]:
    """What is said of columns, each of which there must be."""
    if unknown := set(of) - set(columns):
        raise ValueError(f"counts of {', '.join(sorted(unknown))}, which no column is called")
    return of.items()


def _pair(values: Any) -> tuple[str, str]:
    first, second = values
    return str(first), str(second)


def _place(one: Mapping[str, Any]) -> Place:
    return str(one["row"]), str(one["column"])


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values))


def _threshold(value: Any) -> float:
    if not 0 <= (share := float(value)) <= 1:
        raise ValueError(f"threshold {share} is not in [0, 1]")
    return share


def _level(value: Any) -> float:
    if not 0 < (level := float(value)) < 1:
        raise ValueError(f"level {level} is not in (0, 1)")
    return level


def _planted(one: Mapping[str, Any] | None, rows: Mapping[str, str]) -> Planted | None:
    if one is None:
        return None
    claims = tuple(_claim(claim, rows) for claim in one["claims"])
    pictures = tuple((str(caption), str(dataset)) for caption, dataset in one["pictures"])
    return Planted(str(one["sentence"]), claims, pictures)


def _stated(one: Mapping[str, Any], rows: Mapping[str, str], columns: Mapping[str, str]) -> Stated:
    contrasts = tuple((str(column), _claim(claim, rows)) for column, claim in one["contrasts"])
    if unknown := {column for column, _ in contrasts} - set(columns):
        raise ValueError(f"a statement is about {', '.join(sorted(unknown))}, which no column is called")
    return Stated(str(one["sentence"]), str(one["source"]), contrasts)


def _claim(one: Mapping[str, Any], rows: Mapping[str, str]) -> Claim:
    if one["kind"] not in get_args(Kind) or not {one["row"], one["than"]} <= set(rows):
        raise ValueError(f"the claim {one} is of no known kind, or of no row")
    return Claim(str(one["row"]), one["kind"], str(one["than"]), float(one["margin"]))


def _truth(one: Mapping[str, Any], name: str) -> bool:
    value = one[name]
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, expected true or false")
    return value


def _interval(one: Mapping[str, Any]) -> tuple[float, float] | None:
    if one["interval"] is None:
        return None
    low, high = _numbers(one["interval"])
    return low, high


def _run(one: Mapping[str, Any]) -> RunLine:
    """A run whose numbers are numbers; what is shown as it stands may be anything."""
    steps = tuple(map(int, one["steps"]))
    if steps and len(steps) != len(one["validation"]):
        raise ValueError(f"expected a step of each of {len(one['validation'])} validations, found {len(steps)}")
    checked = {
        "steps": steps,
        "validation": tuple(None if value is None else float(value) for value in one["validation"]),
        "scores": {str(name): None if value is None else float(value) for name, value in one["scores"].items()},
        "score": None if one["score"] is None else float(one["score"]),
        "seconds": float(one["seconds"]),
        "seed": int(one["seed"]),
        "key": str(one["key"]),
        "spec": dict(one["spec"]),
        "environment": dict(one["environment"]),
    }
    return RunLine(**dict(one) | checked)


def _cost(one: Mapping[str, Any], columns: Mapping[str, str]) -> NetworkCost:
    found = NetworkCost(
        columns=tuple(map(str, one["columns"])),
        backbone=str(one["backbone"]),
        image_size=int(one["image_size"]),
        parameters=int(one["parameters"]),
        multiply_adds=int(one["multiply_adds"]),
        seconds=float(one["seconds"]),
        device=str(one["device"]),
    )
    if unknown := set(found.columns) - set(columns):
        raise ValueError(f"costs of {', '.join(sorted(unknown))}, which no column is called")
    return found


def _figure(one: Mapping[str, Any] | None, columns: Mapping[str, str]) -> Figure | None:
    if one is None:
        return None
    interaction = one["interaction"]
    groups = tuple((str(name), tuple(map(str, of))) for name, of in one["groups"])
    if unknown := {column for _, of in groups for column in of} - set(columns):
        raise ValueError(f"a figure of {', '.join(sorted(unknown))}, which no column is called")
    return Figure(
        families=tuple((str(row), str(family)) for row, family in one["families"]),
        groups=groups,
        interaction=None if interaction is None else (str(interaction[0]), str(interaction[1])),
        ranks=_truth(one, "ranks"),
        along=_truth(one, "along"),
    )
