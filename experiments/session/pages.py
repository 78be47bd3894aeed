"""The HTML pages of finished tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from experiments.reporting.blocks.building.kind import illustrations
from experiments.reporting.drawings.pictures import OF_PATIENTS
from experiments.reporting.formats.json_format import read_document
from experiments.reporting.page.index import page_names, render_index
from experiments.reporting.page.page import TITLE, Illustrated, render
from experiments.run.paths import Paths
from experiments.session.results import Page
from experiments.tables.document import TableDocument
from specs.errors import DataError, RunError

Images = Literal["phantom", "all", "none"]
"""Which test images a page shows: those of phantom editions only, all including those of real patients, or none."""


def page_of(files: Sequence[Path], paths: Paths, images: Images, title: str | None = None) -> Page:
    """Make the HTML page of one finished table, or an index of several with a page for each.

    Args:
        files: the file ``NAME.json`` of each table.
        paths: the folders of runs and data, which test images are read from.
        images: the test images that the page shows.
        title: the title of the page; None takes the usual one.

    Raises:
        DataError: if a file is no table, or images were asked for and the data are not there.
        RunError: if images were asked for and a run is not in the store.
    """
    tables = [_table(path, paths, images) for path in files]
    notes = tuple(f"{table.document.name}: {table.lacking}" for table in tables if table.lacking)
    named = title or TITLE
    if len(tables) == 1:
        return Page(lambda _: render(named, tables), {}, notes)
    documents = [table.document for table in tables]
    names = page_names(documents)

    def page(table: Illustrated, index: str) -> str:
        return render(named, [table], f"../{quote(index)}")

    pages = {name: partial(page, table) for name, table in zip(names, tables, strict=True)}
    return Page(lambda folder: render_index(named, documents, folder), pages, notes)


def _table(path: Path, paths: Paths, images: Images) -> Illustrated:
    document = read_document(path)
    if isinstance(document, TableDocument):
        return illustrated(document, images, paths)
    endings = ("", OF_PATIENTS) if images == "all" else ("",)
    pictures = [path.with_name(f"{path.stem}{ending}.svg") for ending in endings]
    shown = next((picture for picture in pictures if picture.is_file()), None)
    if shown is None:
        return Illustrated(document)
    pdf = shown.with_suffix(".pdf")
    return Illustrated(document, picture=shown.read_bytes(), pdf=pdf.read_bytes() if pdf.is_file() else None)


def illustrated(document: TableDocument, images: Images, paths: Paths) -> Illustrated:
    """A table with those of its test images that a page may show.

    Args:
        document: the document of the table.
        images: the test images that the page shows.
        paths: the folders of runs and data.

    Raises:
        RunError: if all images were asked for and a run is not in the store.
        DataError: if all images were asked for and the data are not there.
    """
    if images == "none":
        return Illustrated(document)
    if document.edition == "real" and images != "all":
        return Illustrated(document, lacking="Images of real test sets are left out; --with-images shows some.")
    try:
        return Illustrated(document, illustrations(document, paths))
    except (DataError, RunError) as error:
        if images == "all":
            raise
        kind = "data" if isinstance(error, DataError) else "runs"
        return Illustrated(document, lacking=f"No test images are shown: the {kind} are not at hand.")
