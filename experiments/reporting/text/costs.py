"""The costs of a table's networks as texts, beside its lines or in a table of their own."""

from __future__ import annotations

from experiments.tables.document import NetworkCost, TableDocument

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
    """By column label, the costs to print at the right of a table's lines; empty where they have a table of their own.

    They stand beside lines that have a network each, as in a transposed table of several networks on one task; of
    several tasks, each network's would stand there several times.
    """
    found = {column: cost for cost in document.costs for column in cost.columns}
    if not document.transposed or not found or len(found) > len(document.costs):
        return {}
    return {column: found.get(column) for column, _ in document.columns}


def cost_lines(document: TableDocument) -> list[tuple[str, NetworkCost]]:
    """The network and its costs for each line of a table of their own; a network is named by its columns where needed.

    Its own name alone names a network that several columns share and that has no second image size or classifier.
    """
    backbones = [cost.backbone for cost in document.costs]
    return [
        (
            cost.backbone
            if len(cost.columns) > 1 and backbones.count(cost.backbone) == 1
            else f"{'; '.join(cost.columns)} ({cost.backbone})",
            cost,
        )
        for cost in document.costs
    ]


def cost_note(document: TableDocument) -> list[str]:
    """How the costs were found; empty if there are none."""
    if not document.costs:
        return []
    sizes: dict[int, list[str]] = {}
    for cost in document.costs:
        sizes.setdefault(cost.image_size, []).extend(cost.columns)
    images = " or ".join(
        f"{size} x {size} pixels" + (f" ({'; '.join(columns)})" if len(sizes) > 1 else "")
        for size, columns in sizes.items()
    )
    devices = ", ".join(dict.fromkeys(cost.device for cost in document.costs))
    return [
        "Costs are of the network with its classifier or decoder and of one image of "
        f"{images}. Multiply-adds: of convolutions, linear layers and attention. Seconds: median of repeated forward "
        f"passes after a warm-up, batch of 1, evaluation mode, float32, on {devices}; they are this machine's."
    ]
