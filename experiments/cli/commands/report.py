"""Render finished tables as one HTML page that needs nothing else: no network, no server.

Without FILE, all tables in the folder where `medtransfer table` puts them. Example images of phantom editions are
shown; those of real ones only with --with-images, since they are patients' and pages are passed on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.cli.commands.options import add_images, add_places, add_tables, images_of, places
from experiments.cli.commands.showing import note

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
    from experiments.session.session import Session

    page = Session(places(options)).report(
        options.files, tables=options.tables, title=options.title, images=images_of(options)
    )
    page.write(options.output)
    size = len(page.html.encode()) / 1e6
    print(f"{options.output}: {page.tables} table{'' if page.tables == 1 else 's'}, {size:.1f} MB")
    if size > LARGE:
        note(f"The page is larger than {LARGE} MB; name fewer tables, or leave out the images.")
    for text in page.notes:
        note(text)
    return 0
