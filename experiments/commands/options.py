"""Options that several subcommands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from experiments.places import Places
from initializers.store import VARIABLE


def add_places(parser: argparse.ArgumentParser) -> None:
    """``--data-root``, ``--runs``, ``--cache`` and ``--weights``."""
    parser.add_argument(
        "--data-root",
        type=Path,
        default=Path(os.environ.get("MEDTRANSFER_DATA", "data")),
        metavar="DIR",
        help="folder with one folder per real dataset, by its name (default: %(default)s)",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path(os.environ.get("MEDTRANSFER_RUNS", "runs")),
        metavar="DIR",
        help="the run store (default: %(default)s)",
    )
    add_weights(parser)
    parser.add_argument(
        "--cache",
        type=Path,
        default=os.environ.get("MEDTRANSFER_CACHE"),
        metavar="DIR",
        help="where `medtransfer prepare` stores images, best a fast local disk (default: prepared in the run store)",
    )


def add_weights(parser: argparse.ArgumentParser) -> None:
    """``--weights``, which sets the environment variable, so that every process of the command sees it."""

    def use(text: str) -> Path:
        folder = Path(text).absolute()
        os.environ[VARIABLE] = str(folder)
        return folder

    parser.add_argument(
        "--weights",
        type=use,
        metavar="DIR",
        help=f"the weight store (default: {os.environ.get(VARIABLE) or 'weights'})",
    )


def add_tables(parser: argparse.ArgumentParser) -> None:
    """``FILE ...`` and ``--tables``."""
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="of a table, such as tables/NAME.json")
    parser.add_argument(
        "--tables", type=Path, default=Path("tables"), metavar="DIR",
        help="where the tables are if no FILE is given (default: %(default)s)",
    )  # fmt: skip


def add_edition(parser: argparse.ArgumentParser) -> None:
    """``--edition``."""
    parser.add_argument(
        "--edition", choices=("real", "phantom"), default="real", help="of the dataset (default: %(default)s)"
    )


def places(options: argparse.Namespace) -> Places:
    """The folders that the options name."""
    runs = options.runs.absolute()
    cache = Path(options.cache).absolute() if options.cache else runs / "prepared"
    return Places(options.data_root.absolute(), runs, cache)


def add_execution(parser: argparse.ArgumentParser) -> None:
    """``--workers``, ``--wandb``, ``--dry-run`` and ``--json``."""
    parser.add_argument(
        "--wandb",
        choices=("offline", "online", "disabled"),
        default="offline",
        help="mirror what was done into wandb (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=count_from(0),
        default=0,
        metavar="N",
        help="threads per run that load data (default: 0, the run's own thread); results do not depend on it",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would run and stop")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def add_executor(parser: argparse.ArgumentParser) -> None:
    """``--executor``, ``--jobs`` and ``--devices``."""
    parser.add_argument(
        "--executor",
        default="local",
        metavar="EXPR",
        help="where runs go: local, or such as 'slurm(partition=\"gpu\", minutes=480)'; `medtransfer list executors` "
        "shows them (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs",
        type=count_from(1),
        metavar="N",
        help="runs at the same time (default: here one per core, or per set of GPUs; elsewhere no limit)",
    )
    parser.add_argument(
        "--devices",
        type=count_from(1),
        default=1,
        metavar="N",
        help="GPUs (processes, where there are none) that share each batch of a run (default: %(default)s); the batch "
        "size over all of them is the recipe's",
    )


class count_from:
    """A whole number that is not below a limit."""

    def __init__(self, least: int) -> None:
        self.least = least

    def __call__(self, text: str) -> int:
        """Read the number."""
        if not text.isdecimal() or int(text) < self.least:
            raise argparse.ArgumentTypeError(f"expected a whole number from {self.least}, found {text}")
        return int(text)
