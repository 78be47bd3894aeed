"""Build the wandb workspace and report of finished tables.

The workspace is a saved view with scores, learning curves and convergence. The report begins with what the table
answers, has the same panels for each task, and ends with the table itself.

By default (--wandb offline) both are printed as JSON, an object for each table, and nothing is built. Online, each call
saves new ones. Runs that were mirrored offline are uploaded with
`wandb sync runs/wandb/wandb/offline-run-*`; each is written once, so sync each once.
"""

from __future__ import annotations

import argparse
import json
import os

from experiments.cli.commands.options import add_tables

HELP = "build the wandb workspace and report of finished tables, or print their specs"


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
        help="print the specs, or build what they describe (default: %(default)s)",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Build workspaces and reports and print their addresses, or print what would be built; returns the exit status."""
    from experiments.reporting.formats.json_format import finished_tables
    from experiments.reporting.wandb.panels import save, spec_of
    from experiments.reporting.wandb.report import report
    from experiments.reporting.wandb.workspace import workspace
    from specs.errors import UsageError

    if options.wandb == "online" and not options.entity:
        raise UsageError("--wandb online needs to know whose workspace it builds. Give --entity or set WANDB_ENTITY.")
    entity = options.entity or "ENTITY"
    made = [
        (document.name, workspace(document, entity, options.project), report(document, entity, options.project))
        for document in finished_tables(options.files, options.tables)
    ]
    if options.wandb == "online":
        for name, view, told in made:
            print(f"{name}: {save(view, f'the workspace of {name}')}")
            print(f"{name}, report: {save(told, f'the report of {name}')}")
        return 0
    specs = [{"table": name, "workspace": spec_of(view), "report": spec_of(told)} for name, view, told in made]
    print(json.dumps(specs, indent=1))
    return 0
