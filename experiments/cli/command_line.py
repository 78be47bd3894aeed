"""The ``medtransfer`` command. Each subcommand is a file in ``experiments/cli/commands``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from experiments.cli.arguments import Parser
from specs.errors import MedtransferError

COMMANDS = (
    "run", "pretrain", "table", "compare", "report", "dashboard", "status", "cancel",
    "list", "fetch", "check", "prepare", "weights", "inspect", "verify", "doctor",
)  # fmt: skip
"""All commands in the order of the help. Each is a file of its name, which is imported when it is asked for, so that an
answer need not wait for the others."""

EPILOG = """exit status:
  0 done   2 usage or environment   3 data   4 weights   5 a run failed   6 disk full   130 interrupted

environment:
  MEDTRANSFER_DATA     default of --data-root
  MEDTRANSFER_RUNS     default of --runs
  MEDTRANSFER_CACHE    default of --cache
  MEDTRANSFER_WEIGHTS  default of --weights
"""


def parser(asked: str | None = None) -> Parser:
    """The command line.

    Args:
        asked: the command that is given, whose options are declared. None declares no options, and shows all commands.
    """
    top = Parser(
        prog="medtransfer",
        description="Which initialization should a medical-imaging task be fine-tuned from, and why?",
        epilog=EPILOG,
    )
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
    """Run one command; returns the exit status."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        asked = given[0] if given and given[0] in COMMANDS else None
        options = parser(asked).parse_args(given)
        status: int = options.execute(options)
        sys.stdout.flush()
    except MedtransferError as error:
        print(f"medtransfer: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        from specs.files import disk_is_full, says_disk_is_full

        if not says_disk_is_full(error):
            raise
        full = disk_is_full(error.filename or "a file")
        print(f"medtransfer: {full}", file=sys.stderr)
        return full.exit_status
    except KeyboardInterrupt:
        print("medtransfer: interrupted; the same command goes on where this one stopped", file=sys.stderr)
        return 130
    return status
