"""The numbers that a measure gives for finished runs; each run is measured once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datamodules.dataset.sample import Sample
from experiments.measures.measuring.measure import Found, measure_of
from experiments.measures.measuring.measurement_cache import evaluated, measured_as
from experiments.run.paths import Paths
from experiments.run.progress import Report, silent
from experiments.run.store import Record, RunStore
from specs.run import RunSpec

RESAMPLES = 1000
"""The number of resamples of the test patients for a percentile interval (Efron and Tibshirani 1993, chapter 13.3)."""


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


def measured_on_resamples(
    name: str, records: Sequence[Record], spec: RunSpec, samples: Sequence[Sample], paths: Paths
) -> list[dict[str, list[float | None]]]:
    """The numbers that a measure gives for runs of one cell on resamples of their test patients, in the runs' order.

    Numbers that were computed before are read from the run store; a run's key identifies its test patients.

    Args:
        name: the name under which the measure is registered; it has numbers of resamples.
        records: the records of the finished runs, all with the same test images.
        spec: the spec of one of the runs.
        samples: the test images in order, which say which patient each is of.
        paths: where the runs and their data are.
    """
    from experiments.measures.measuring.resampling import numbers_of_resamples  # imports pyarrow, unneeded by a plan

    _, measure, _ = measure_of(name)

    own = measured(name, records, paths)

    def numbers(record: Record) -> dict[str, list[float | None]]:
        return numbers_of_resamples(measure, record, own[record.data["key"]], spec, samples, RESAMPLES)

    stored_as = f"{measured_as(name)}-bootstrap-{RESAMPLES}"
    return list(evaluated(stored_as, measure.version, records, RunStore(paths.runs), numbers).values())
