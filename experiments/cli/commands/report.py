"""Render finished tables as one HTML page, which can be read without a network or a server.

Without FILE, it takes all tables in the folder where `medtransfer table` puts them. Example images of phantom editions
are shown. Those of real editions are shown only with --with-images, because they are of patients, and pages are passed
on to others.
"""

from __future__ import annotations

import argparse

from experiments.cli.commands.options import add_images, add_paths, add_tables, images_of, paths_of
from experiments.cli.commands.showing import note
from experiments.cli.paths import FileToWrite, check_writable

LARGE = 5
"""The size of a page, in megabytes, above which a note says that it is large."""

HELP = "render finished tables as one self-contained HTML page"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer report``."""
    add_tables(parser)
    parser.add_argument(
        "--output",
        type=FileToWrite(".html", ".htm"),
        default="report.html",
        metavar="FILE",
        help="the page (default: %(default)s)",
    )
    parser.add_argument("--title", help="the title of the page")
    add_images(parser)
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Read the tables and write the page; returns the exit status."""
    from experiments.session.session import Session

    check_writable(options, "output")
    page = Session(paths_of(options)).report(
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
