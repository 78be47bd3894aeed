"""What the rows of a table cost, where they differ in network or adaptation: parameters, arithmetic, time, memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.numbers import scaled
from experiments.run.resolve import ResolvedRun
from experiments.run.store import Record
from experiments.tables.document import CellKey, TableDocument

TITLES = ("trained parameters", "parameters", "multiply-adds", "image size", "seconds a run", "peak memory")


@dataclass(frozen=True)
class RowCost:
    """What the runs of a cell cost.

    Attributes:
        row: the label of the row.
        column: the label of the column.
        trained: the number of parameters that were trained or solved; None where runs of earlier versions do not say
            it.
        parameters: the number of parameters of the network with its head or decoder.
        multiply_adds: the number of multiply-adds in a forward pass of one image.
        image_size: the height and width of the images, in pixels.
        seconds: the median time of a run from its start to its record, in seconds.
        memory: the median of the most memory that a run took, in bytes; None where runs do not say it.
        device: the name of the device of the runs.
    """

    row: str
    column: str
    trained: int | None
    parameters: int
    multiply_adds: int
    image_size: int
    seconds: float
    memory: float | None
    device: str


@dataclass(frozen=True)
class CostsOfRows:
    """The costs of each cell of a table.

    Attributes:
        cells: the costs, row by row.
    """

    cells: tuple[RowCost, ...]


def row_costs() -> Kind:
    """The block of the rows' costs, for tables whose rows have networks or adaptations of their own."""
    return Kind(order=29, tell=_tell, part=CostsOfRows, gather=_gather)


def _gather(gathering: Gathering) -> CostsOfRows | None:
    if all(row.backbone is None and row.adaptation is None for row in gathering.table.rows):
        return None
    cells = (
        _cost(gathering, cell_key, runs[0], records)
        for cell_key, runs in gathering.cells.items()
        if (records := gathering.records_of(cell_key))
    )
    return CostsOfRows(tuple(cells))


def _cost(gathering: Gathering, cell_key: CellKey, run: ResolvedRun, records: list[Record]) -> RowCost:
    from experiments.measures.measuring import network_costs as measuring  # imported late, since it loads torch

    spec, dataset = run.spec, gathering.paths.open(run.spec.dataset, run.spec.edition)[0]
    # A head that is solved costs next to nothing beside the backbone, so that of full fine-tuning is counted.
    recipe = dataclasses.replace(spec.recipe, adaptation="full")
    _, multiply_adds = measuring.counted(measuring.Network(spec.backbone, dataset.task, recipe, dataset.channels))
    trained = [record.data.get("trained_parameters") for record in records]
    memory = [record.data["peak_memory"] for record in records if "peak_memory" in record.data]
    return RowCost(
        *cell_key,
        trained=trained[0],
        parameters=records[0].data["parameters"],
        multiply_adds=multiply_adds,
        image_size=spec.recipe.image_size,
        seconds=median(record.data["seconds"] for record in records),
        memory=median(memory) if memory else None,
        device=str(records[0].data["environment"]["device"]),
    )


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(CostsOfRows)
    if part is None or not part.cells:
        return
    several = len(document.columns) > 1
    lines = (Line(f"{one.row}, {one.column}" if several else one.row, _entries(one), one.row) for one in part.cells)
    devices = ", ".join(dict.fromkeys(one.device for one in part.cells))
    yield Block(
        title="Costs of the rows", corner="initialization", header=tuple(map(Heading, TITLES)), lines=tuple(lines),
        notes=(
            "Costs of the rows: trained parameters are those that fine-tuning changes or a probe solves, the head or "
            "decoder included; k-NN keeps the features of its training images instead. Multiply-adds are of one image "
            "in a forward pass of the network with its head or decoder. Seconds and memory are medians over the runs "
            f"of a row, on {devices}: this machine's, shared with other runs. Memory on a CPU is that of the process "
            "with all its libraries.",
        ),
    )  # fmt: skip


def _entries(cost: RowCost) -> tuple[Entry, ...]:
    """The entries of a row's line, such as ``1,281``, ``3,371,681``, ``8.51 M``, ``32``, ``61`` and ``1.24 GiB``."""
    return (
        Entry("-") if cost.trained is None else Entry(f"{cost.trained:,}", cost.trained),
        Entry(f"{cost.parameters:,}", cost.parameters),
        Entry(scaled(cost.multiply_adds), cost.multiply_adds),
        Entry(str(cost.image_size), cost.image_size),
        Entry(f"{cost.seconds:.3g}", cost.seconds),
        Entry("-") if cost.memory is None else Entry(f"{cost.memory / 2**30:.2f} GiB", cost.memory),
    )
