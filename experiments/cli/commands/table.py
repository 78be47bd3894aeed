"""Make tables: plan their runs, do those that are missing, and render them.

A finished run is never repeated; a killed command goes on where it stopped when it is given again.
"""

from __future__ import annotations

import argparse

from experiments.cli.commands.options import (
    FOLDER,
    add_execution,
    add_executor,
    add_paths,
    add_statistics,
    count_from,
    session_of,
    settings_of,
    statistics_of,
)
from experiments.cli.commands.showing import show_all_made, show_plan

HELP = "plan a table or several, do the runs that are missing, and render them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer table``."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="see `medtransfer list tables`; or 'NAME(option=1)'")
    parser.add_argument("--profile", help="phantom, smoke or paper, if the table has it (default: the table's own)")
    parser.add_argument("--seeds", type=count_from(1), metavar="N", help="runs per cell (default: the table's own)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="override a setting of the recipe of every fine-tuning; settings that a row states itself stay",
    )  # fmt: skip
    parser.add_argument(
        "--add-row", action="append", default=[], metavar="ROW",
        help="a row to add, 'NAME = WEIGHTS on BACKBONE by ADAPTATION', where all but the weights may be left out; the "
        "other rows, their runs and printed numbers stay as they are (several: once for each)",
    )  # fmt: skip
    parser.add_argument(
        "--only-rows", nargs="+", default=[], metavar="ROW",
        help="make these rows of the table, with the reference row and those that are added",
    )  # fmt: skip
    parser.add_argument("--columns", nargs="+", default=[], metavar="COLUMN", help="make these columns of the table")
    parser.add_argument(
        "--splits", type=FOLDER, metavar="DIR",
        help="divide datasets by lists: DIR/NAME/ with train.txt, validation.txt and test.txt, or with the lists of "
        "the benchmark's repository (default: each dataset's own splits)",
    )  # fmt: skip
    add_executor(parser)
    add_statistics(parser)
    add_paths(parser)
    add_execution(parser)


def execute(options: argparse.Namespace) -> int:
    """Make the tables and print them, or with ``--dry-run`` show their plans; returns the exit status."""
    from experiments.session.selecting import Selection

    settings = settings_of(options.set)
    selection = Selection(added=tuple(options.add_row), rows=tuple(options.only_rows), columns=tuple(options.columns))
    with session_of(options) as session:
        if options.dry_run:
            for name in options.names:
                planned = session.plan(
                    name,
                    profile=options.profile,
                    seeds=options.seeds,
                    settings=settings,
                    selection=selection,
                    splits=options.splits,
                )
                show_plan(planned, options)
            return 0
        made = session.make_several(
            options.names,
            profile=options.profile,
            seeds=options.seeds,
            settings=settings,
            selection=selection,
            splits=options.splits,
            statistics=statistics_of(options),
            output=options.output,
        )
        return show_all_made(made, options.json)
