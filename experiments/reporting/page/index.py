"""The index of several tables: what each of them answers, in words, with a link to its page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from experiments.reporting.blocks.building.block import Said
from experiments.reporting.blocks.building.kind import leading
from experiments.reporting.page.page import heads_of, own, template
from experiments.reporting.text.phrases import PHANTOM_WARNING
from experiments.tables.document import Document

MOST_ANSWERS = 4
"""The largest number of answers of a table that the index gives; its page has all."""


@dataclass(frozen=True)
class Listed:
    """A table as the index lists it.

    Attributes:
        document: the document of the table.
        address: the address of its page, beside the index.
        answers: what the table answers, in the words of its page.
        more: how many further answers its page has.
    """

    document: Document
    address: str
    answers: tuple[Said, ...]
    more: int


def page_names(documents: Sequence[Document]) -> list[str]:
    """The name of each document's page, without its ending: that of the document, with a number where it is taken."""
    names: list[str] = []
    for document in documents:
        name = re.sub(r"[^\w.-]", "_", document.name).strip("._") or "table"
        alike = sum(re.sub(r"~\d+$", "", taken).lower() == name.lower() for taken in names)
        names.append(f"{name}~{alike + 1}" if alike else name)
    return names


def render_index(title: str, documents: Sequence[Document], folder: str) -> str:
    """The HTML of the index; the same documents give the same bytes.

    Args:
        title: the title of the index.
        documents: the documents of the tables, in order.
        folder: the name of the folder beside the index that holds the tables' pages.
    """
    names = page_names(documents)
    listed = [
        _listed(document, f"{quote(folder)}/{quote(name)}.html")
        for document, name in zip(documents, names, strict=True)
    ]
    heads = heads_of(documents)
    return template("index.html.j2").render(
        title=title,
        css=own("page.css"),
        listed=listed,
        heads=heads,
        addresses={one.document.name: one.address for one in listed},
        drawn=all(document.edition == "phantom" for document in documents),
        warning=PHANTOM_WARNING,
    )


def _listed(document: Document, address: str) -> Listed:
    said = leading(document)
    return Listed(document, address, said[:MOST_ANSWERS], len(said[MOST_ANSWERS:]))
