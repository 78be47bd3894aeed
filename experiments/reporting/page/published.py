"""The numbers that the papers printed, to stand beside those of the same protocol, on the same data where they can."""

from __future__ import annotations

import csv
from importlib.resources import files

from experiments.tables.document import Place, TableDocument

BENCHMARK = "Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930"
TRANSFUSION = "Raghu et al. 2019, https://arxiv.org/abs/1902.07208"

SOURCES = {
    "benchmark-table-2": f"{BENCHMARK}, table 2",
    "benchmark-figure-1": f"{BENCHMARK}, figure 1 and table 2",
    "benchmark-figure-2": f"{BENCHMARK}, figure 2",
    "transfusion-table-1": f"{TRANSFUSION}, table 1",
    "transfusion-table-2": f"{TRANSFUSION}, table 2",
    "transfusion-table-3": f"{TRANSFUSION}, table 3",
}
"""Of ``printed/NAME.csv``, by the table's name."""

DDOF = "standard deviations with ddof 0"
RETINA = "the paper's photographs are not EyePACS', so its numbers are for orientation, not to be reached"

REMARKS = {
    "benchmark-table-2": DDOF,
    "benchmark-figure-1": DDOF,
    "benchmark-figure-2": DDOF,
    "transfusion-table-1": f"what its ± is of, it does not say; {RETINA}",
    "transfusion-table-2": "the paper does not say its division of CheXpert, so its test images are others",
    "transfusion-table-3": RETINA,
}
"""What must be known of a paper's numbers beside ours, by the table's name."""

TRUST = {
    "printed": "",
    "digitized": "values with ~ were read off the figure",
    "second source": "values as a second source quotes them, and none that it does not",
}
"""What is said of values, by the column ``trust``: as printed; measured off a figure; as somebody else read them."""


def published_cells(document: TableDocument) -> dict[Place, str]:
    """What the paper gives for each cell, as text in percent; nothing for tables of another protocol or edition.

    Values that were measured off a printed figure are marked with ``~``.
    """
    found = dict.fromkeys(document.cells, "")
    for line in _lines(document):
        spread = f" ± {float(line['std']):.2f}" if line["std"] else ""
        mark = "~" if line["trust"] == "digitized" else ""
        found[line["row"], line["column"]] = f"{mark}{float(line['mean']):.2f}{spread}"
    return found


def published_note(document: TableDocument) -> str | None:
    """Where the published values are from and what they are; None if the report shows none."""
    lines = _lines(document)
    if not lines:
        return None
    trusts = {line["trust"] for line in lines}
    told = [words for trust, words in TRUST.items() if words and trust in trusts]
    return f"Published: {'; '.join([SOURCES[document.name], REMARKS[document.name], *told])}."


def _lines(document: TableDocument) -> list[dict[str, str]]:
    """What is known of the document's cells."""
    if document.protocol != "paper" or document.edition != "real" or document.name not in SOURCES:
        return []
    text = files("experiments.reporting.page").joinpath("printed", f"{document.name}.csv").read_text(encoding="utf-8")
    return [line for line in csv.DictReader(text.splitlines()) if (line["row"], line["column"]) in document.cells]
