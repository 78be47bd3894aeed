"""How runs are named where others read it: short, and without what a user's folder is called."""

from __future__ import annotations

import re
from typing import Any

from datamodules.dataset.contract import Dataset
from specs.errors import UsageError
from specs.expression import Call, Value, parse
from specs.registry import DATASETS, INITIALIZERS
from specs.run import RunSpec


def public_dataset(expression: Call | str) -> str:
    """A dataset's expression for reports and dashboards: no paths, no names of files and columns."""
    dataset: Dataset = DATASETS.build(expression)
    return str(DATASETS.short(expression, dataset.membership - {"fraction"}))


def metric_prefix(expression: Call | str) -> str:
    """A dataset as the first part of a metric's name on a dashboard: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", public_dataset(expression)).strip("_")


def public_initializer(expression: Call) -> str:
    """An initializer's expression for reports and dashboards; datasets inside it are named as ``public_dataset``."""

    def public(value: Value) -> Value:
        if isinstance(value, Call):
            return parse(public_initializer(value))
        return public_text(value) if isinstance(value, str) else value

    short = INITIALIZERS.short(expression)
    return str(Call(short.name, (), tuple((name, public(value)) for name, value in short.kwargs)))


def public_spec(spec: RunSpec) -> dict[str, Any]:
    """A run's spec as plain data for reports and dashboards."""
    named = {"dataset": public_dataset(spec.dataset), "initializer": public_initializer(spec.initializer)}
    return spec.to_json() | named


def public_text(text: str) -> str:
    """A text that may be a dataset's expression, for reports and dashboards."""
    try:
        return public_dataset(text) if parse(text).name in DATASETS.entries else text
    except UsageError:  # text of another kind, such as a file's name
        return text
