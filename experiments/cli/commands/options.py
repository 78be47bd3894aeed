"""Options that several commands share, and the objects that they stand for."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.cli import site
from experiments.cli.commands.showing import note
from experiments.cli.paths import FileToRead, FolderToRead, PathOption, check_writable
from initializers.publishing.variable import VARIABLE
from specs.errors import UsageError

if TYPE_CHECKING:
    from experiments.execution.executor import Executor
    from experiments.run.paths import Paths
    from experiments.session.documents import Statistics
    from experiments.session.pages import Images
    from experiments.session.session import Session


FOLDER = FolderToRead()
"""The type of options for folders that a command reads, and makes or writes into if it needs to."""


def add_paths(parser: argparse.ArgumentParser, folder: PathOption = FOLDER) -> None:
    """Declare ``--data-root``, ``--runs``, ``--cache`` and ``--weights``.

    Args:
        parser: the parser of the command.
        folder: the type of the options, which checks the folders before the command begins.
    """
    add_data_root(parser, folder)
    parser.add_argument(
        "--runs",
        type=folder,
        default=os.environ.get("MEDTRANSFER_RUNS") or "runs",
        metavar="DIR",
        help="the run store (default: %(default)s)",
    )
    add_weights(parser, folder)
    parser.add_argument(
        "--cache",
        type=folder,
        default=os.environ.get("MEDTRANSFER_CACHE") or None,
        metavar="DIR",
        help="where `medtransfer prepare` stores images, best a fast local disk (default: prepared in the run store)",
    )


def add_data_root(parser: argparse.ArgumentParser, folder: PathOption = FOLDER) -> None:
    """Declare ``--data-root``.

    Args:
        parser: the parser of the command.
        folder: the type of the option, which checks the folder before the command begins.
    """
    parser.add_argument(
        "--data-root",
        type=folder,
        default=os.environ.get("MEDTRANSFER_DATA") or "data",
        metavar="DIR",
        help="folder with one folder per real dataset, by its name (default: %(default)s)",
    )


def add_weights(parser: argparse.ArgumentParser, folder: PathOption = FOLDER) -> None:
    """Declare ``--weights``, which sets the environment variable, so that every process of the command sees it."""

    def use(text: str) -> Path:
        named = folder(text).absolute()
        os.environ[VARIABLE] = str(named)
        return named

    parser.add_argument(
        "--weights",
        type=use,
        default=os.environ.get(VARIABLE) or None,
        metavar="DIR",
        help=f"the weight store (default: {os.environ.get(VARIABLE) or 'weights'})",
    )


def add_tables(parser: argparse.ArgumentParser) -> None:
    """Declare ``FILE ...`` and ``--tables``."""
    parser.add_argument(
        "files", type=FileToRead(), nargs="*", metavar="FILE", help="a finished table, such as tables/NAME.json"
    )
    parser.add_argument(
        "--tables", type=FOLDER, default="tables", metavar="DIR",
        help="where the tables are if no FILE is given (default: %(default)s)",
    )  # fmt: skip


def add_edition(parser: argparse.ArgumentParser) -> None:
    """Declare ``--edition``."""
    parser.add_argument(
        "--edition", choices=("real", "phantom"), default="real",
        help="the edition of the dataset: its published files, or drawn images (default: %(default)s)",
    )  # fmt: skip


def paths_of(options: argparse.Namespace) -> Paths:
    """The folders that the options name."""
    from experiments.run.paths import Paths

    return Paths.given(options.data_root, options.runs, options.cache)


@contextmanager
def session_of(options: argparse.Namespace) -> Iterator[Session]:
    """The session that the options describe; in the block it shows its progress on standard error.

    Runs and tables are mirrored into wandb after the block, so that the block prints the results first.
    """
    from rich.console import Console

    from experiments.cli.display import Display
    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.session import Session
    from specs.registry import EXECUTORS

    if options.device_speed is not None and not options.dry_run:
        raise UsageError("--device-speed is for the estimate of a dry run. Add --dry-run, or leave it out.")
    executor: Executor = EXECUTORS.build(options.executor)
    executor.check(options.devices)
    if not options.dry_run:
        check_writable(options, "runs", "cache", "output", "report", "export")
    console = Console(stderr=True)
    with Display(console) as display, ProgressBars(console) as bars:
        session = Session(
            paths_of(options),
            executor=options.executor,
            devices=options.devices,
            jobs=options.jobs,
            workers=options.workers,
            wandb=options.wandb,
            progress=display,
            say=note,
            steps=bars,
            offline=options.offline,
        )
        with session.mirrored_afterwards():
            yield session
            sys.stdout.flush()  # mirroring into wandb follows and may take long


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Declare ``--offline``, ``--workers``, ``--wandb``, ``--dry-run`` and ``--json``."""
    parser.add_argument(
        "--offline",
        action="store_true",
        help="fetch nothing; without it, missing files of datasets and weights that runs need are fetched first, if "
        "their publishers give them to everyone",
    )
    parser.add_argument(
        "--wandb",
        choices=("offline", "online", "disabled"),
        help="mirror runs and tables into wandb, last of all (default: offline, which writes files into the run store; "
        "disabled if the environment says WANDB_MODE=disabled or WANDB_DISABLED=true)",
    )
    parser.add_argument(
        "--workers",
        type=count_from(0),
        default=0,
        metavar="N",
        help="threads per run that load data (default: 0, the run's own thread); results do not depend on it",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would run and stop")
    parser.add_argument(
        "--device-speed",
        type=_speed,
        metavar="IMAGES|measured",
        help="with --dry-run: the images a second at which the device trains ResNet-50 at 224 pixels, or measured for "
        "this machine's; runs like none that is done are estimated by it",
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Declare ``--executor``, ``--jobs`` and ``--devices``."""
    parser.add_argument(
        "--executor",
        type=site.executor_expression,
        default=os.environ.get(site.VARIABLE) or "local",
        metavar="EXPR|@FILE",
        help="where runs go: local, or such as 'slurm(partition=\"gpu\", minutes=480)', or a file with such an "
        "expression; `medtransfer list executors` shows them (default: %(default)s)",
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


def add_statistics(parser: argparse.ArgumentParser) -> None:
    """Declare ``--marks``, ``--test``, ``--alternative``, ``--equivalence``, ``--bootstrap`` and ``--output``."""
    parser.add_argument(
        "--marks", choices=("reference", "paper"), default="reference",
        help="test against the reference row, or mark as the papers did (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--test", choices=("student", "welch", "paired"), default="student",
        help="t-test against the reference row: pooled variance, Welch's, or of differences over seeds "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--alternative", choices=("two-sided", "greater", "less"), default="two-sided",
        help="the alternative hypothesis: how a row's mean differs from the reference row's (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--equivalence", type=points, metavar="POINTS",
        help="also say which rows are shown to lie within this margin of the reference row",
    )  # fmt: skip
    parser.add_argument(
        "--bootstrap", type=count_from(100), metavar="RESAMPLES",
        help="also give 95 %% intervals over this many resamples of the test patients, such as 1000",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=FOLDER, default="tables", metavar="DIR",
        help="where the rendered files go (default: %(default)s)",
    )  # fmt: skip


def statistics_of(options: argparse.Namespace) -> Statistics:
    """The statistics that the options ask for."""
    from experiments.session.documents import Statistics

    return Statistics(
        marks=options.marks,
        test=options.test,
        alternative=options.alternative,
        equivalence=options.equivalence,
        bootstrap=options.bootstrap,
    )


def _speed(text: str) -> float | Literal["measured"]:
    """A number of images a second above 0, or ``measured``, from its text."""
    if text == "measured":
        return "measured"
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected images a second above 0, or measured; found {text}")
    return value


def points(text: str) -> float:
    """A number of percentage points in (0, 100), from its text."""
    if (value := tolerated(text)) == 0:
        raise argparse.ArgumentTypeError(f"expected a number of points between 0 and 100, found {text}")
    return value


def tolerated(text: str) -> float:
    """A number of percentage points in [0, 100), from its text."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 100:
        raise argparse.ArgumentTypeError(f"expected a number of points between 0 and 100, found {text}")
    return value


def add_images(parser: argparse.ArgumentParser) -> None:
    """Declare ``--with-images`` and ``--without-images``."""
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--with-images", action="store_true", help="show example images of real test sets too")
    images.add_argument("--without-images", action="store_true", help="show no example images at all")


def images_of(options: argparse.Namespace) -> Images:
    """Which test images a page shows, by the options."""
    return "all" if options.with_images else "none" if options.without_images else "phantom"


def settings_of(texts: list[str]) -> dict[str, object]:
    """The recipe settings of ``--set NAME=VALUE``.

    Raises:
        UsageError: if one is not of that form.
    """
    changed: dict[str, object] = {}
    for setting in texts:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes NAME=VALUE, found {setting}.")
        changed[name.strip()] = value.strip()
    return changed


class count_from:
    """A type of options: a whole number from a least one to ``MOST``.

    Args:
        least: the least number that is allowed.
    """

    MOST = 10**6

    def __init__(self, least: int) -> None:
        self.least = least

    def __call__(self, text: str) -> int:
        """Read the number from its text."""
        if not text.isdecimal() or len(text) > 100 or not self.least <= int(text) <= self.MOST:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {self.least} to {self.MOST:,}, found {text[:100]}"
            )
        return int(text)
