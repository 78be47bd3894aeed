"""Test whether medtransfer finds the truth: pretrain and fine-tune networks in drawn worlds with a known right answer.

Each world is a table, whose tests say whether the known answer is found. All images are drawn, and nothing is fetched.
"""

from __future__ import annotations

import argparse

from experiments.cli.commands.options import FOLDER, add_execution, add_executor, add_paths, session_of
from experiments.cli.commands.showing import show_all_made, show_plan
from experiments.cli.paths import FileToWrite

HELP = "pretrain and fine-tune in drawn worlds whose right answer is known, and say what is found"

TITLE = "medtransfer: does it find what is true?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer demo``."""
    parser.add_argument("--profile", choices=("phantom", "smoke"), help="smoke has two runs a row (default: phantom)")
    parser.add_argument(
        "--output", type=FOLDER, default="tables", metavar="DIR",
        help="where the rendered files go (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--report",
        type=FileToWrite(".html", ".htm"),
        default="report.html",
        metavar="FILE",
        help="the index of the worlds (default: %(default)s)",
    )
    add_executor(parser)
    add_paths(parser)
    add_execution(parser)


def execute(options: argparse.Namespace) -> int:
    """Make the tables of all planted worlds and write the page, or show the plans; returns the exit status."""
    from experiments.tables.named import planted_worlds

    names = planted_worlds()
    with session_of(options) as session:
        if options.dry_run:
            for name in names:
                show_plan(session.plan(name, profile=options.profile), options)
            return 0
        made = session.make_several(names, profile=options.profile, output=options.output)
        status = show_all_made(made, options.json)
        files = [path for one in made for path in one.files if path.suffix == ".json"]
        page = session.report(files, title=TITLE)
        page.write(options.report)
    if not options.json:
        print(f"report: {options.report}")
    return status
