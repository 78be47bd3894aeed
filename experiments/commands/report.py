"""Render finished tables as one HTML page that needs nothing else: no network, no server.

Without FILE, all tables in the folder where `medtransfer table` puts them. Example images of phantom editions are
shown; those of real ones only with --with-images, since they are patients' and pages are passed on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.commands.options import add_places, places

if TYPE_CHECKING:
    from experiments.rendering.document import TableDocument
    from experiments.report.page import Illustrated

NAME = "report"
HELP = "render finished tables as one self-contained HTML page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="of a table, such as tables/NAME.json")
    parser.add_argument(
        "--tables", type=Path, default=Path("tables"), metavar="DIR",
        help="where the tables are if no FILE is given (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("report.html"), metavar="FILE", help="the page (default: %(default)s)"
    )
    parser.add_argument("--title", default="medtransfer: which initialization?", help="of the page")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--with-images", action="store_true", help="show example images of real test sets too")
    images.add_argument("--without-images", action="store_true", help="show no example images at all")
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Read the tables, draw the page."""
    from experiments.rendering.grid import Grid, read_grid
    from experiments.rendering.plain import is_table, read_table, table_files
    from experiments.report.page import render
    from specs.files import write_text

    files = table_files(options.files, options.tables)
    tables: list[Illustrated] = []
    grids: list[Grid] = []
    for path in files:
        if is_table(path):
            tables.append(_illustrated(read_table(path), options))
        else:
            grids.append(read_grid(path))
    page = render(options.title, tables, grids)
    write_text(options.output, page)
    print(f"{options.output}: {len(files)} tables, {len(page.encode()) / 2**20:.1f} MiB")
    for table in tables:
        if table.no_examples:
            print(f"{table.document.name}: {table.no_examples}", file=sys.stderr)
    return 0


def _illustrated(document: TableDocument, options: argparse.Namespace) -> Illustrated:
    from experiments.report.examples import examples
    from experiments.report.page import Illustrated
    from specs.errors import DataError, RunError

    if options.without_images:
        return Illustrated(document)
    if document.edition == "real" and not options.with_images:
        return Illustrated(document, (), "Test images are shown to whoever asks for them (--with-images).")
    try:
        found = [examples(document, column, places(options)) for column, _ in document.columns]
    except (DataError, RunError) as error:
        if options.with_images:
            raise
        kind = "data" if isinstance(error, DataError) else "runs"
        return Illustrated(document, (), f"No test images are shown: the {kind} are not at hand.")
    return Illustrated(document, tuple(one for one in found if one is not None))
