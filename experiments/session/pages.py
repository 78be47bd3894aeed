"""Finished tables as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from experiments.reporting.drawings.pictures import OF_PATIENTS
from experiments.reporting.formats.grid import read_grid
from experiments.reporting.formats.plain import is_table, read_table
from experiments.reporting.page.page import TITLE, Illustrated, Study, render
from experiments.run.places import Places
from experiments.session.results import Page
from experiments.tables.document import TableDocument
from specs.errors import DataError, RunError

Images = Literal["phantom", "all", "none"]
"""Which test images a page shows: those of phantom editions, real patients' too, or none."""


def page_of(files: Sequence[Path], paths: Places, images: Images, title: str | None = None) -> Page:
    """The page of finished tables.

    Args:
        files: ``NAME.json`` of each table.
        paths: where runs and data are, for test images.
        images: which test images are shown.
        title: of the page.

    Raises:
        DataError: if a file is no table, or images were asked for and the data are not there.
        RunError: if images were asked for and a run is not in the store.
    """
    tables: list[Illustrated] = []
    studies: list[Study] = []
    for path in files:
        if is_table(path):
            tables.append(illustrated(read_table(path), images, paths))
        else:
            endings = ("", OF_PATIENTS) if images == "all" else ("",)
            pictures = [path.with_name(f"{path.stem}{ending}.svg") for ending in endings]
            shown = next((picture.read_bytes() for picture in pictures if picture.is_file()), None)
            studies.append(Study(read_grid(path), shown))
    notes = tuple(f"{table.document.name}: {table.no_examples}" for table in tables if table.no_examples)
    return Page(render(title or TITLE, tables, studies), len(files), notes)


def illustrated(document: TableDocument, images: Images, paths: Places) -> Illustrated:
    """A table with its test images, as far as they are to be shown.

    Args:
        document: the table.
        images: which test images are shown.
        paths: where runs and data are.

    Raises:
        RunError: if all images were asked for and a run is not in the store.
        DataError: if all images were asked for and the data are not there.
    """
    if images == "none":
        return Illustrated(document)
    if document.edition == "real" and images != "all":
        return Illustrated(document, (), "Test images are shown to whoever asks for them (--with-images).")
    from experiments.reporting.page.examples import examples
    from experiments.reporting.page.heat_maps import heat_maps

    try:
        if all(metric == "share" for _, metric in document.columns):
            found = [heat_maps(document, paths)]
        else:
            found = [examples(document, column, paths) for column, _ in document.columns]
    except (DataError, RunError) as error:
        if images == "all":
            raise
        kind = "data" if isinstance(error, DataError) else "runs"
        return Illustrated(document, (), f"No test images are shown: the {kind} are not at hand.")
    return Illustrated(document, tuple(one for one in found if one is not None))
