"""Facts from the files of a finished run, in a form that reports and dashboards may publish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.survival import Duration
from experiments.run.public_names import public_initializer, public_text
from experiments.run.store import AGAIN, VALIDATION_PREDICTIONS, Record
from specs.errors import RunError
from specs.run import RunSpec

if TYPE_CHECKING:
    import pyarrow as pa  # plans do not need it

CONVERGED = 0.95
"""The share of the best validation score from which a run counts as converged."""


def public_load_report(record: Record) -> dict[str, Any]:
    """The load report without names of the user's folders, which stay in the run's own files."""
    load: dict[str, Any] = json.loads(record.file("load_report.json").read_text(encoding="utf-8"))
    for name in ("loaded", "drawn", "transformed", "converted"):
        load[name] = f"{len(load[name])} tensors"
    load["initializer"] = public_initializer(RunSpec.from_json(record.data["spec"]).initializer)
    load["card"]["training_data"] = [public_text(text) for text in load["card"]["training_data"]]
    if not str(load["card"]["source"] or "").startswith(("http://", "https://")):  # a card may come with a user's file
        load["card"]["source"] = None
    load["input normalization"] = record.data["normalization"]
    del load["source"]
    return load


def validation_predictions(record: Record) -> pa.Table:
    """The stored predictions of a classification on its validation split, on which thresholds are chosen.

    Raises:
        RunError: if the run is of an earlier version, which kept none, or the file is damaged.
    """
    import pyarrow.parquet as pq

    if not record.has(VALIDATION_PREDICTIONS):
        raise RunError(
            f"{record.folder} was written by an earlier version, which kept no predictions of the validation split, "
            f"and thresholds are chosen there. {AGAIN}"
        )
    return pq.read_table(record.file(VALIDATION_PREDICTIONS))


def validation_scores(record: Record) -> tuple[float | None, ...]:
    """The validation score after each epoch, in [0, 1]; None where it is undefined."""
    return tuple(row["validation_metric"] for row in metrics(record))


def validated_steps(record: Record) -> tuple[int, ...]:
    """The number of optimizer steps done at each validation."""
    return tuple(row["step"] for row in metrics(record))


def metrics(record: Record) -> list[dict[str, Any]]:
    """The metrics of each epoch, as they were logged."""
    return [json.loads(line) for line in record.file("metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def epochs_to_converge(validation: Sequence[float | None]) -> int | None:
    """The number of epochs until the validation score first was 95 % of its best; None if it never had a score."""
    scores = {epoch: score for epoch, score in enumerate(validation, 1) if score is not None}
    if not scores:
        return None
    return min(epoch for epoch, score in scores.items() if score >= CONVERGED * max(scores.values()))


def steps_to(threshold: float, validation: Sequence[float | None], steps: Sequence[float]) -> Duration:
    """The optimizer steps until a run's validation score first was a threshold or more; else until the last validation.

    Args:
        threshold: the validation score to reach, in [0, 1].
        validation: the score at each validation, None where it is undefined.
        steps: the number of optimizer steps done at each validation, or another time of it, in rising order.
    """
    reached = (step for step, score in zip(steps, validation, strict=True) if score is not None and score >= threshold)
    first = next(reached, None)
    return Duration(steps[-1], False) if first is None else Duration(first, True)
