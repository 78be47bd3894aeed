"""What a race decided, from the plain data of NAME.json."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from experiments.tables.decided import (
    READERS,
    Ahead,
    Analysis,
    Contender,
    Control,
    Decided,
    Reading,
)


def decided_from(one: Mapping[str, Any] | None, rows: Collection[str]) -> Decided | None:
    """The outcome that was written as plain data.

    Args:
        one: what ``dataclasses.asdict`` made of it; None: there was no race.
        rows: labels of the table's rows.

    Raises:
        ValueError: if it is of other rows, of readers that nobody knows, or a number is none.
        KeyError: if a part is missing.
        TypeError: if a part is of another kind.
    """
    if one is None:
        return None
    order = tuple(_contender(each) for each in one["order"])
    readings = tuple(_reading(each) for each in one["readings"])
    named = {each.row for each in order}.union(*(_named(each) for each in readings))
    if unknown := named - set(rows):
        raise ValueError(f"a race of {', '.join(sorted(unknown))}, which no row is called")
    if unraced := named - {each.row for each in order}:
        raise ValueError(f"something is concluded of {', '.join(sorted(unraced))}, which had no part in the race")
    return Decided(
        analysis=_analysis(one["analysis"]),
        order=order,
        readings=readings,
        runs=int(one["runs"]),
        grid=int(one["grid"]),
        control=None if one["control"] is None else _control(one["control"]),
        settling=_texts(one["settling"]),
    )


def _named(reading: Reading) -> set[str]:
    leader = () if reading.leader is None else (reading.leader,)
    return {*reading.start, *reading.worse, *reading.threats, *reading.ahead, *leader}


def _reading(one: Mapping[str, Any]) -> Reading:
    if one["reader"] not in READERS:
        raise ValueError(f"the reader is {one['reader']}, expected one of {', '.join(READERS)}")
    return Reading(
        reader=one["reader"],
        start=_texts(one["start"]),
        worse=_texts(one["worse"]),
        leader=None if one["leader"] is None else str(one["leader"]),
        threats=_texts(one["threats"]),
        ahead={
            str(row): Ahead(_bound(of["low"]), _number(of["estimate"]), _bound(of["high"]))
            for row, of in one["ahead"].items()
        },
        refused=str(one["refused"]),
    )


def _contender(one: Mapping[str, Any]) -> Contender:
    rested = None if one["rested"] is None else int(one["rested"])
    return Contender(str(one["row"]), tuple(map(_number, one["rates"])), tuple(map(_number, one["scores"])), rested)


def _control(one: Mapping[str, Any]) -> Control:
    if not isinstance(one["alarm"], bool):
        raise TypeError(f"alarm is {one['alarm']!r}, expected true or false")
    return Control(str(one["row"]), _number(one["difference"]), _number(one["p"]), one["alarm"])


def _analysis(one: Mapping[str, Any]) -> Analysis:
    if not 0 < (level := _number(one["level"])) < 1:
        raise ValueError(f"level {level} is not in (0, 1)")
    return Analysis(
        digest=str(one["digest"]),
        margin=_number(one["margin"]),
        level=level,
        looks=tuple(map(int, one["looks"])),
        budget=str(one["budget"]),
        looked=int(one["looked"]),
        others={str(digest): int(looks) for digest, looks in one["others"].items()},
    )


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError(f"expected texts, found the text {values!r}")
    return tuple(map(str, values))


def _number(value: Any) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value} is no finite number")
    return number


def _bound(value: Any) -> float | None:
    return None if value is None else _number(value)
