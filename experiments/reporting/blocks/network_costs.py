"""What the networks of a table cost: parameters, multiply-adds of an image, and seconds an image on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.measures.measuring.costs import NetworkCost
from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.numbers import scaled
from experiments.tables.document import TableDocument

TITLES = ("parameters", "multiply-adds", "seconds an image")


@dataclass(frozen=True)
class CostsOfNetworks:
    """The costs of the networks of a table.

    Attributes:
        networks: the costs of each network, once for all columns that have it.
    """

    networks: tuple[NetworkCost, ...]


def network_costs() -> Kind:
    """The block of network costs, for tables that ask for it."""
    return Kind(order=28, tell=_tell, part=CostsOfNetworks, gather=_gather, check=_check)


def _gather(gathering: Gathering) -> CostsOfNetworks | None:
    if not gathering.table.costs:
        return None
    from experiments.measures.measuring import network_costs as measuring  # imported late, since it loads torch

    wanted = gathering.first_runs()
    columns = (
        measuring.Costed(column.label, column.dataset, column.backbone or gathering.table.backbone, column.recipe)
        for column in gathering.table.columns
        if column.label in wanted
    )
    told = gathering.told("timed networks")
    return CostsOfNetworks(measuring.network_costs(columns, gathering.table.edition, gathering.paths, told))


def _check(document: TableDocument) -> None:
    known = {column for column, _ in document.columns}
    part = document.part(CostsOfNetworks)
    for cost in part.networks if part else ():
        if unknown := set(cost.columns) - known:
            raise ValueError(f"costs of {', '.join(sorted(unknown))}, which no column is called")


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(CostsOfNetworks)
    if part is None or not part.networks:
        return
    costs = {column: cost for cost in part.networks for column in cost.columns}
    # Costs stand beside the scores where each line has a network of its own, as in a transposed table of several
    # networks on one task. With several tasks, the costs of each network would be repeated there.
    beside = document.transposed and len(costs) <= len(part.networks)
    if beside:
        lines = [Line(_named(column, costs[column]), _entries(costs[column]), column) for column in costs]
    else:
        backbones = [cost.backbone for cost in part.networks]
        lines = [
            # The network's name alone suffices where several columns share it and it has no second image size.
            Line(
                cost.backbone
                if len(cost.columns) > 1 and backbones.count(cost.backbone) == 1
                else _named("; ".join(cost.columns), cost),
                _entries(cost),
            )
            for cost in part.networks
        ]
    yield Block(
        title="Costs of the networks", corner="network", header=tuple(map(Heading, TITLES)), lines=tuple(lines),
        notes=(_note(part.networks),), beside=beside,
    )  # fmt: skip


def _named(columns: str, cost: NetworkCost) -> str:
    return f"{columns} ({cost.backbone})"


def _entries(cost: NetworkCost) -> tuple[Entry, ...]:
    """The entries of a network's line, such as ``23,518,277``, ``4.09 G`` and ``0.0213``."""
    return (
        Entry(f"{cost.parameters:,}", cost.parameters),
        Entry(scaled(cost.multiply_adds), cost.multiply_adds),
        Entry(f"{cost.seconds:.3g}", cost.seconds),
    )


def _note(costs: tuple[NetworkCost, ...]) -> str:
    """A note on how the costs were measured."""
    sizes: dict[int, list[str]] = {}
    for cost in costs:
        sizes.setdefault(cost.image_size, []).extend(cost.columns)
    images = " or ".join(
        f"{size} x {size} pixels" + (f" ({'; '.join(columns)})" if len(sizes) > 1 else "")
        for size, columns in sizes.items()
    )
    devices = ", ".join(dict.fromkeys(cost.device for cost in costs))
    return (
        "Costs are of the network with its classifier or decoder and of one image of "
        f"{images}. Multiply-adds: of convolutions, linear layers and attention. Seconds: median of repeated forward "
        f"passes after a warm-up, batch of 1, evaluation mode, float32, on {devices}; they are this machine's."
    )
