"""What is measured of runs and networks, each once: ``evaluations/NAME-VERSION/KEY.json`` in the run store."""

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

Measured = TypeVar("Measured")


def evaluated(
    name: str,
    version: int,
    records: Iterable[Record],
    store: RunStore,
    compute: Callable[[Record], Any],
    report: Report = silent,
) -> dict[str, Any]:
    """What a function gives for each run, by key; what was computed before is read.

    Args:
        name: of the measurement.
        version: raised on purpose when the same run gives another result than before.
        records: of finished runs.
        store: that they are in.
        compute: makes plain data of a record.
        report: told after each new one how many are done.

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
    """The same for whatever has a key, which must say all that the result depends on."""
    folder, found = store.root / "evaluations" / f"{name}-{version}", {}
    for number, (key, one) in enumerate(waiting.items(), 1):
        path = folder / f"{key}.json"
        try:
            found[key] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            found[key] = compute(one)
            write_json(path, found[key])
            report(number, len(waiting))
        except ValueError as error:
            raise RunError(
                f"{path} is damaged ({error}); expected JSON. Remove it and run the command again."
            ) from error
    return found


def measured_as(measure: str) -> str:
    """The name under which a measure's numbers are kept; that of a plugin's changes with its sources.

    Args:
        measure: registry name.
    """
    plugin = plugin_of(MEASURES, measure)
    return measure if plugin is None else f"{measure}-{plugin.sha256[:12]}"
