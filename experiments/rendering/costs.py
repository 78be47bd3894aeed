"""The costs of a table's networks as texts: beside the lines of a transposed table, else in a table of their own."""

from __future__ import annotations

from experiments.rendering.document import NetworkCost, TableDocument

COST_TITLES = ("parameters", "multiply-adds", "seconds an image")


def cost_texts(cost: NetworkCost | None) -> tuple[str, ...]:
    """As many texts as there are titles, such as ``23,518,277``, ``4.09 G`` and ``0.0213``; dashes for None."""
    if cost is None:
        return ("-",) * len(COST_TITLES)
    scaled = cost.multiply_adds / 1e6
    count = f"{scaled / 1e3:.2f} G" if scaled >= 1e3 else f"{scaled:.2f} M"
    return f"{cost.parameters:,}", count, f"{cost.seconds:.3g}"


def cost_numbers(cost: NetworkCost | None) -> tuple[float | None, ...]:
    """The same as numbers, to sort by."""
    return (cost.parameters, cost.multiply_adds, cost.seconds) if cost else (None,) * len(COST_TITLES)


def costs_beside(document: TableDocument) -> dict[str, NetworkCost | None]:
    """By column label, the costs that stand at the right of a transposed table's lines; empty if none do."""
    if not document.transposed or not document.costs:
        return {}
    found = {column: cost for cost in document.costs for column in cost.columns}
    return {column: found.get(column) for column, _ in document.columns}


def costs_below(document: TableDocument) -> list[tuple[str, NetworkCost]]:
    """The network and its costs for each line of a table of their own; empty if there is none.

    Where columns differ in them, the network comes with the labels of its columns.
    """
    if document.transposed:
        return []
    alone = len(document.costs) == 1 and len(document.costs[0].columns) == len(document.columns)
    return [
        (cost.backbone if alone else f"{', '.join(cost.columns)} ({cost.backbone})", cost) for cost in document.costs
    ]


def cost_note(document: TableDocument) -> list[str]:
    """How the costs were found; empty if there are none."""
    if not document.costs:
        return []
    sizes: dict[int, list[str]] = {}
    for cost in document.costs:
        sizes.setdefault(cost.image_size, []).extend(cost.columns)
    images = " or ".join(
        f"{size} x {size} pixels" + (f" ({', '.join(columns)})" if len(sizes) > 1 else "")
        for size, columns in sizes.items()
    )
    devices = ", ".join(dict.fromkeys(cost.device for cost in document.costs))
    return [
        "Costs are of the network with its classifier or decoder and of one image of "
        f"{images}. Multiply-adds: of convolutions, linear layers and attention. Seconds: median of repeated forward "
        f"passes after a warm-up, batch of 1, evaluation mode, float32, on {devices}; they are this machine's."
    ]
