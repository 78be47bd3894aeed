"""Hours of a processor until a finished run's validation score was reached, as far as its record tells."""

from __future__ import annotations

from analysis.survival import Duration
from experiments.run.record_views import steps_to, validation_scores
from experiments.run.store import Record

HOUR = 3600.0
"""Seconds in an hour."""


def processor(record: Record) -> str:
    """The processor that a run was trained on: the model of a GPU, or of a CPU as in ``cpu Intel Xeon``."""
    environment = record.data["environment"]
    name, model = str(environment["device"]), str(environment.get("cpu") or "")
    return f"cpu {model}" if on_cpu(name) and model else name


def on_cpu(name: str) -> bool:
    """Whether the name of a processor is one of a CPU."""
    return name.startswith("cpu")


def times_epochs(record: Record) -> bool:
    """Whether a run's record says when each epoch ended; those of earlier versions do not."""
    return "epoch_seconds" in record.data


def hours_to(threshold: float, record: Record) -> Duration:
    """The hours until a run's validation score first was a threshold or more; else until the last validation.

    They are those of training and validation, without opening data and testing, by the clock of the machine, times the
    processors: devices that shared the run and, on a CPU, threads of its recipe. Where a run's record does not say when
    epochs ended (``times_epochs``), each has an equal share of the whole run's time, in which opening and testing are.

    Args:
        threshold: the validation score to reach, in [0, 1].
        record: the record of the finished run.
    """
    data, scores = record.data, validation_scores(record)
    seconds = data.get("epoch_seconds") or [data["seconds"] * (n + 1) / len(scores) for n in range(len(scores))]
    threads = data["spec"]["recipe"]["threads"] if on_cpu(processor(record)) else 1
    processors = data["environment"].get("devices", 1) * threads  # old records, of one device each, do not state it
    found = steps_to(threshold, scores, seconds)
    return Duration(found.time * processors / HOUR, found.reached)
