"""Render finished tables as one HTML page that needs nothing else: no network, no server.

Without FILE, all tables in the folder where `medtransfer table` puts them. Example images of phantom editions are
shown; those of real ones only with --with-images, since they are patients' and pages are passed on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.commands.illustrating import add_images, illustrated
from experiments.commands.options import add_places, add_tables

if TYPE_CHECKING:
    from experiments.report.page import Illustrated

NAME = "report"
LARGE = 5
"""Megabytes that a page may have before that is said."""

HELP = "render finished tables as one self-contained HTML page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_tables(parser)
    parser.add_argument(
        "--output", type=Path, default=Path("report.html"), metavar="FILE", help="the page (default: %(default)s)"
    )
    parser.add_argument("--title", help="of the page")
    add_images(parser)
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Read the tables, draw the page."""
    from experiments.rendering.grid import read_grid
    from experiments.rendering.pictures import OF_PATIENTS
    from experiments.rendering.plain import is_table, read_table, table_files
    from experiments.report.page import TITLE, Study, render
    from specs.files import write_text

    files = table_files(options.files, options.tables)
    tables: list[Illustrated] = []
    studies: list[Study] = []
    for path in files:
        if is_table(path):
            tables.append(illustrated(read_table(path), options))
        else:
            endings = ("", OF_PATIENTS) if options.with_images else ("",)
            pictures = [path.with_name(f"{path.stem}{ending}.svg") for ending in endings]
            shown = next((picture.read_bytes() for picture in pictures if picture.is_file()), None)
            studies.append(Study(read_grid(path), shown))
    page = render(options.title or TITLE, tables, studies)
    write_text(options.output, page)
    size = len(page.encode()) / 1e6
    print(f"{options.output}: {len(files)} tables, {size:.1f} MB")
    if size > LARGE:
        print(f"The page is larger than {LARGE} MB; name fewer tables, or leave out the images.", file=sys.stderr)
    for table in tables:
        if table.no_examples:
            print(f"{table.document.name}: {table.no_examples}", file=sys.stderr)
    return 0
