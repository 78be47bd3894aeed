"""What blocks are gathered from where a table has a single cell."""

from __future__ import annotations

from experiments.reporting.blocks.building.gathering import Gathering
from experiments.run.paths import Paths
from experiments.run.progress import silent
from experiments.run.resolve import Resolver
from experiments.run.store import Record
from experiments.tables.table import Column, Row, Table
from specs.run import RunSpec


def gathering_of(record: Record, where: Paths) -> Gathering:
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
