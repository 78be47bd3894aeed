"""The numbers that a measure gives for finished runs; each run is measured once."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.measures.measuring.measure import Found, measure_of
from experiments.measures.measuring.measurement_cache import evaluated, measured_as
from experiments.run.paths import Paths
from experiments.run.progress import Report, silent
from experiments.run.store import Record, RunStore


def measured(name: str, records: Iterable[Record], paths: Paths, report: Report = silent) -> dict[str, Found]:
    """The numbers that a measure gives for each run, by key; numbers measured before are read from the run store.

    Args:
        name: the name under which the measure is registered.
        records: the records of the finished runs.
        paths: where the runs and their data are.
        report: a function that is told after each newly measured run how many are done, and of how many.
    """
    from experiments.run.machine.threads import threads  # imports torch, which showing a plan does not need

    _, measure, _ = measure_of(name)

    def numbers(record: Record) -> Found:
        with threads(record.data["spec"]["recipe"]["threads"]):  # the same numbers on any number of cores
            return measure.compute(record, paths)

    return evaluated(measured_as(name), measure.version, records, RunStore(paths.runs), numbers, report)
