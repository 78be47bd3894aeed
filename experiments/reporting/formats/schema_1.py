"""Converts files of tables of the older format, version 1, whose fields are now in the document and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specs.task import METRICS

MOVED = {
    "costs": ("network_costs", "networks"),
    "counts": ("counts", "by_column"),
    "secondary": ("further_scores", "by_title"),
}
"""The new place of fields that make up a whole part now: the kind of block and the part's field, by the old name."""

MEASURES = {
    "CCA": "similarity",
    "fall of the score": "reinitialization",
    "k-NN score": "neighbors",
    "relative l2": "distance",
    "share": "attention",
}
"""The names of the measures that such files can hold, by the unit of their numbers."""


def as_now(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a file of version 1 as version 2 holds them.

    Args:
        data: the data of a file with ``"schema": 1``.

    Raises:
        KeyError: if a field that such files have is missing.
        TypeError: if a field has another type than in such files.
    """
    parts: dict[str, Any] = {}
    for name, (kind, field) in MOVED.items():
        if data.get(name):
            parts[kind] = {field: data[name]}
    if data["efforts"]:
        parts["effort"] = {"cells": data["efforts"]}
    if data["threshold"] is not None or data["column_thresholds"]:
        steps = [{"row": one["row"], "column": one["column"], "value": one["steps"]} for one in data["efforts"]]
        parts["convergence"] = {name: data[name] for name in ("threshold", "column_thresholds")} | {"steps": steps}
    if data["bounds"] or data["levels"]:
        parts["held_against"] = {"bounds": data["bounds"], "levels": data["levels"]}
    if data["margin"] is not None:
        parts["equivalence"] = {"margin": data["margin"]}
    if data["planted"] is not None:
        parts["planted"] = data["planted"]
    if data["stated"]:
        parts["statements"] = {"stated": data["stated"]}
    decided = data.get("decided")  # files from before there were races lack it
    if data["recommendation"] or decided:
        parts["recommendation"] = {"sentences": data["recommendation"], "decided": decided}
    overlaps = [{"row": one["row"], "column": one["column"], "value": one["collections"]} for one in data["overlaps"]]
    # Such files do not say which columns hold numbers of a measure instead of test scores: their units tell it.
    scores = {*METRICS.values()}
    measured = {
        column: MEASURES.get(unit, unit) for column, unit in data["columns"] if unit.partition("_")[0] not in scores
    }
    marks = data["marks"] if decided is None else "race"
    return {**data, "schema": 2, "parts": parts, "overlaps": overlaps, "measured": measured, "marks": marks}
