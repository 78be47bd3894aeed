"""Build the wandb workspace of finished tables: for each a saved view with scores, learning curves and convergence.

By default (--wandb offline) it prints the workspace as JSON and builds nothing. Runs that were mirrored offline are
uploaded with
`wandb sync runs/wandb/wandb/offline-run-*`; each is written once, so sync each once.
"""

from __future__ import annotations

import argparse
import json
import os

from experiments.cli.commands.options import add_tables

HELP = "build the wandb workspace of finished tables, or print its spec"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer dashboard``."""
    add_tables(parser)
    parser.add_argument(
        "--entity", default=os.environ.get("WANDB_ENTITY"), help="the wandb user or team (default: WANDB_ENTITY)"
    )
    parser.add_argument(
        "--project", default="medtransfer", help="the wandb project of the mirrored runs (default: %(default)s)"
    )
    parser.add_argument(
        "--wandb", choices=("offline", "online"), default="offline",
        help="print the spec, or build it (default: %(default)s)",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Build the workspaces and print their addresses, or print what would be built; returns the exit status."""
    from experiments.reporting.formats.json_format import finished_tables
    from experiments.reporting.wandb.workspace import save, spec_of, workspace
    from specs.errors import UsageError

    if options.wandb == "online" and not options.entity:
        raise UsageError("--wandb online needs to know whose workspace it builds. Give --entity or set WANDB_ENTITY.")
    made = [
        workspace(document, options.entity or "ENTITY", options.project)
        for document in finished_tables(options.files, options.tables)
    ]
    if options.wandb == "online":
        for one in made:
            print(f"{one.name}: {save(one)}")
    else:
        print(json.dumps([spec_of(one) for one in made], indent=1))
    return 0
