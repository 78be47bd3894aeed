"""A cache of what is measured of runs and networks: ``evaluations/NAME-VERSION/KEY.json`` in the run store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from experiments.run.progress import Report, silent
from experiments.run.store import Record, RunStore
from specs.errors import RunError
from specs.files import write_json
from specs.plugins import plugin_of
from specs.registry import MEASURES
from specs.short_names import file_stem

Measured = TypeVar("Measured")


def evaluated(
    name: str,
    version: int,
    records: Iterable[Record],
    store: RunStore,
    compute: Callable[[Record], Any],
    report: Report = silent,
) -> dict[str, Any]:
    """Compute something of each finished run, by key; results that were computed before are read from the store.

    Args:
        name: the name of the measurement, under which results are stored.
        version: the version of the measurement, raised on purpose when the same run gives another result than before.
        records: the records of the finished runs.
        store: the run store that holds these runs, and in which results are stored.
        compute: a function that computes a result, plain data that JSON can hold, of a record.
        report: a function that is told after each new result how many runs are done, and of how many.

    Raises:
        RunError: if a stored result is damaged.
    """
    return once(name, version, {record.data["key"]: record for record in records}, store, compute, report)


def once(
    name: str,
    version: int,
    waiting: Mapping[str, Measured],
    store: RunStore,
    compute: Callable[[Measured], Any],
    report: Report = silent,
) -> dict[str, Any]:
    """Compute something of each value in ``waiting``; results that were computed before are read from the store.

    Args:
        name: the name of the measurement, under which results are stored.
        version: the version of the measurement, raised on purpose when the same value gives another result.
        waiting: the values by key; a key must identify everything that the result depends on.
        store: the run store in which results are stored.
        compute: a function that computes a result, plain data that JSON can hold, of a value.
        report: a function that is told after each new result how many values are done, and of how many.

    Raises:
        RunError: if a stored result is damaged.
    """
    folder, results = store.root / "evaluations" / file_stem(f"{name}-{version}"), {}
    for number, (key, value) in enumerate(waiting.items(), 1):
        path = folder / f"{key}.json"
        try:
            results[key] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            results[key] = compute(value)
            write_json(path, results[key])
            report(number, len(waiting))
        except ValueError as error:
            raise RunError(
                f"{path} is damaged ({error}); expected JSON. Remove it and run the command again."
            ) from error
    return results


def measured_as(measure: str) -> str:
    """The name under which a measure's numbers are stored; the name of a plugin's measure changes with its sources.

    Args:
        measure: the name under which the measure is registered.
    """
    plugin = plugin_of(MEASURES, measure)
    return measure if plugin is None else f"{measure}-{plugin.sha256[:12]}"
