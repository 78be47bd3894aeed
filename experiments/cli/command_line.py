"""The ``medtransfer`` command. Each subcommand is a file in ``experiments/cli/commands``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from experiments.cli.arguments import Parser, Version
from experiments.cli.ending import asked_to_end, ended_by, streams_that_can_show_everything

COMMANDS = (
    "demo", "describe", "run", "pretrain", "table", "compare", "predict", "export", "report", "dashboard", "status",
    "cancel", "list", "fetch", "check", "prepare", "weights", "inspect", "verify", "reproduce",
    "claims", "doctor",
)  # fmt: skip
"""All commands in the order of the help. Each is a file of its name, which is imported only when the command is given,
so that it need not wait for the others."""

EPILOG = """exit status:
  0 done   2 usage or environment   3 data   4 weights   5 a run failed   6 disk full
  70 a fault of medtransfer   129 130 143 interrupted   141 the reader of the output has gone

environment:
  MEDTRANSFER_DATA     default of --data-root
  MEDTRANSFER_RUNS     default of --runs
  MEDTRANSFER_CACHE    default of --cache
  MEDTRANSFER_WEIGHTS  default of --weights
  MEDTRANSFER_EXECUTOR default of --executor
"""


def parser(asked: str | None = None) -> Parser:
    """The parser of the command line.

    Args:
        asked: the command that is given, whose options are declared. None declares no options, and shows all commands.
    """
    top = Parser(
        prog="medtransfer",
        description="Which initialization should a medical-imaging task be fine-tuned from, and why?",
        epilog=EPILOG,
    )
    top.add_argument("--version", action=Version)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        if asked is None:
            commands.add_parser(name, help=import_module(f"experiments.cli.commands.{name}").HELP)
        elif asked != name:
            commands.add_parser(name)
        else:
            command = import_module(f"experiments.cli.commands.{name}")
            added = commands.add_parser(name, description=command.__doc__, epilog=EPILOG)
            command.add_arguments(added)
            added.set_defaults(execute=command.execute, parser=added)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    An error becomes one line on standard error and an exit status. Only the ``SystemExit`` of ``--help`` is raised.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = argparse.Namespace()
    streams_that_can_show_everything()
    try:
        with asked_to_end():
            asked = given[0] if given and given[0] in COMMANDS else None
            options = parser(asked).parse_args(given)
            status: int = options.execute(options)
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return ended_by(error, given, getattr(options, "runs", None))
    return status
