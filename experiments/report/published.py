"""The numbers that the papers printed, to stand beside those of the same protocol on the same data."""

from __future__ import annotations

import csv
from importlib.resources import files

from experiments.rendering.document import Place, TableDocument

SOURCES = {
    "benchmark-table-2": "Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930, table 2",
    "benchmark-figure-1": "Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930, figure 1 and table 2",
    "benchmark-figure-2": "Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930, figure 2",
}
"""Of ``printed/NAME.csv``, by the table's name."""


def published_cells(document: TableDocument) -> dict[Place, str]:
    """What the paper gives for each cell, as text in percent; nothing for tables of another protocol or edition.

    Values that were measured off a printed figure are marked with ``~``.
    """
    found = dict.fromkeys(document.cells, "")
    if document.protocol != "paper" or document.edition != "real" or document.name not in SOURCES:
        return found
    text = files("experiments.report").joinpath("printed", f"{document.name}.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        place = line["row"], line["column"]
        if place in found:
            spread = f" ± {float(line['std']):.2f}" if line["std"] else ""
            found[place] = f"{'~' if line['trust'] == 'digitized' else ''}{float(line['mean']):.2f}{spread}"
    return found


def published_note(document: TableDocument) -> str | None:
    """Where the published values are from; None if the report shows none."""
    if not any(published_cells(document).values()):
        return None
    return (
        f"Published: {SOURCES[document.name]}; standard deviations with ddof 0, and values with ~ were read off the "
        "figure."
    )
