"""The ``medtransfer`` command. Each subcommand is a file in ``experiments/commands``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from experiments.cli.arguments import Parser
from experiments.cli.commands import (
    cancel,
    check,
    compare,
    dashboard,
    doctor,
    fetch,
    inspect,
    listing,
    prepare,
    pretrain,
    report,
    run,
    status,
    table,
    verify,
    weights,
)
from specs.errors import MedtransferError
from specs.files import disk_is_full, says_disk_is_full

EPILOG = """exit status:
  0 done   2 usage or environment   3 data   4 weights   5 a run failed   6 disk full   130 interrupted

environment:
  MEDTRANSFER_DATA     default of --data-root
  MEDTRANSFER_RUNS     default of --runs
  MEDTRANSFER_CACHE    default of --cache
  MEDTRANSFER_WEIGHTS  default of --weights
"""


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="medtransfer",
        description="Which initialization should a medical-imaging task be fine-tuned from, and why?",
        epilog=EPILOG,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    making = (run, pretrain, table, compare, report, dashboard)
    for command in (*making, status, cancel, listing, fetch, check, prepare, weights, inspect, verify, doctor):
        added = commands.add_parser(command.NAME, help=command.HELP, description=command.__doc__, epilog=EPILOG)
        command.add_arguments(added)
        added.set_defaults(execute=command.execute, parser=added)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        options = parser().parse_args(arguments)
        status: int = options.execute(options)
        sys.stdout.flush()
    except MedtransferError as error:
        print(f"medtransfer: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if not says_disk_is_full(error):
            raise
        full = disk_is_full(error.filename or "a file")
        print(f"medtransfer: {full}", file=sys.stderr)
        return full.exit_status
    except KeyboardInterrupt:
        print("medtransfer: interrupted; the same command goes on where this one stopped", file=sys.stderr)
        return 130
    return status
