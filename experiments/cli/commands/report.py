"""Render finished tables as HTML, which can be read without a network or a server.

One table is one page. Of several, the file is an index that says what each answers, and a folder beside it, such as
report-pages beside report.html, holds a page for each. Without FILE, it takes all tables in the folder where
`medtransfer table` puts them. Every figure can be saved from its page as SVG, PDF and CSV.

Example images of phantom editions are shown. Those of real editions are shown only with --with-images, because they are
of patients, and pages are passed on to others.
"""

from __future__ import annotations

import argparse

from experiments.cli.commands.options import add_images, add_paths, add_tables, images_of, paths_of
from experiments.cli.commands.showing import note
from experiments.cli.paths import FileToWrite, check_writable

LARGE = 2
"""The size of a page, in megabytes, above which a note says that it is large."""

HELP = "render finished tables as self-contained HTML pages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer report``."""
    add_tables(parser)
    parser.add_argument(
        "--output",
        type=FileToWrite(".html", ".htm"),
        default="report.html",
        metavar="FILE",
        help="the page, or the index of several (default: %(default)s)",
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
    written = page.write(options.output)
    sizes = {path: path.stat().st_size / 1e6 for path in written}
    tables = f"{page.tables} table{'' if page.tables == 1 else 's'}"
    pages = f", each on a page of {written[1].parent}, of up to {max(sizes.values()):.1f} MB" if written[1:] else ""
    print(f"{options.output}: {tables}, {sizes[options.output]:.1f} MB{pages}")
    for path, size in sizes.items():
        if size > LARGE:
            note(f"{path} is larger than {LARGE} MB; leave out the images, or make a table of fewer columns.")
    for text in page.notes:
        note(text)
    return 0
