"""What blocks are gathered from, of a table with one run, and records of runs whose predictions a test writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.reporting.blocks.building.gathering import Gathering
from experiments.run.paths import Paths
from experiments.run.progress import silent
from experiments.run.resolve import Resolver
from experiments.run.store import PREDICTIONS, VALIDATION_PREDICTIONS, Record
from experiments.tables.table import Column, Row, Table
from specs.run import RunSpec
from tests.experiments.smoke import spec


def gathering(record: Record, where: Paths) -> Gathering:
    """What blocks are gathered from where a table shows one run."""
    run = Resolver(where).resolve(RunSpec.from_json(record.data["spec"]))
    column = Column("A", str(run.spec.dataset), run.spec.recipe)
    table = Table(
        title="T", question="?", edition="phantom", protocol="smoke", weights="none", backbone=str(run.spec.backbone),
        rows=(Row("r", "random"),), columns=(column,), reference="r", pretraining=None, seeds=1,
    )  # fmt: skip
    return Gathering(
        table=table, cells={("r", "A"): (run,)}, records={run.key: record}, resolver=Resolver(where), paths=where,
        told=lambda _: silent,
    )  # fmt: skip


def predicted(
    folder: Path, dataset: str, tested: Mapping[str, Any], validated: Mapping[str, Any] | None = None
) -> Record:
    """The record of a run with these columns of predictions of the test split and, if given, the validation split."""
    files = {PREDICTIONS: tested} | ({VALIDATION_PREDICTIONS: validated} if validated else {})
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in files.items():
        count = len(next(iter(columns.values())))
        pq.write_table(pa.table({"id": [str(number) for number in range(count)], **columns}), folder / name)
    run = spec(dataset=dataset)
    metric = "dice" if "network_whole_tp" in tested else "auroc"
    return Record(folder, {"spec": run.to_json(), "files": dict.fromkeys(files), "metric": metric, "score": 0.5})
