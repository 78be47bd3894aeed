r"""Decode and resize every image of a dataset once, and list what is wrong with them.

Commands that train prepare a dataset by themselves, at their recipes' sizes, if that has not been done. Run this to see
what is wrong with a dataset first, again after its files changed (it does only what is missing), and with --size or
--resampling for a recipe that needs other sizes:
  medtransfer prepare chestxray14
  medtransfer prepare chestxray14 --size source
  medtransfer prepare 'chexpert(frontal_only=True)' --accept
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

from experiments.cli.commands.options import add_edition, add_paths, count_from, paths_of
from experiments.run.machine.cores import cores
from specs.errors import DataError
from specs.expression import parse

if TYPE_CHECKING:
    from datamodules.prepared.storage import Prepared
    from datamodules.prepared.view import View

HELP = "decode and resize a dataset's images once, and list what is wrong with them"
DEFAULT_RESAMPLING = "antialiased"
DEFAULT_SIZES: tuple[int, ...] = (256, 512)
"""Stored sizes in pixels: 512 for training on crops and 256 for validation and test; `benchmarks/input_pipeline.py`
measures what is lost by them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer prepare``."""
    parser.add_argument("dataset", metavar="EXPR", help="the dataset, such as chestxray14 or 'folder(\"my-images\")'")
    add_edition(parser)
    parser.add_argument(
        "--size", type=_size, action="append", metavar="PIXELS",
        help="height and width to store, or `source`; repeat it for several (default: 256 and 512)",
    )  # fmt: skip
    parser.add_argument(
        "--resampling", choices=("antialiased", "bilinear", "nearest"), default=DEFAULT_RESAMPLING,
        help="the resampling of the recipe that the images are for (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=count_from(1), default=cores(), metavar="N",
        help="processes that decode (default: the number of cores, %(default)s)",
    )  # fmt: skip
    parser.add_argument("--accept", action="store_true", help="accept the listed problems, so that training may start")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Prepare the dataset and print its counts and problems; returns the exit status."""
    from rich.console import Console

    from datamodules.prepared.problems import ACCEPTED, write_problems
    from experiments.cli.commands.showing import note
    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.describing import dataset_named
    from experiments.session.preparing import prepared_dataset
    from specs.recipe import Form

    options.dataset = dataset_named(options.dataset, note)
    expression, where = parse(options.dataset), paths_of(options)
    forms = [Form(size, options.resampling) for size in options.size or DEFAULT_SIZES]
    with ProgressBars(Console(stderr=True)) as bars:
        view = prepared_dataset(
            expression, options.edition, forms, where, options.jobs,
            lambda done, total: bars(f"prepare {expression.name}", done, total),
        )  # fmt: skip
    assert view.prepared is not None
    if options.accept and view.new:
        write_problems(view.problems, view.prepared.folder / ACCEPTED)
        view = where.view(expression, options.edition)
    assert view.prepared is not None
    if options.json:
        print(json.dumps(_plain(view, view.prepared), indent=1))
    else:
        _show(view, view.prepared, options)
    return DataError.exit_status if view.new or view.faults() else 0


def _plain(view: View, prepared: Prepared) -> dict[str, object]:
    return {
        "folder": str(prepared.folder),
        "images": len(prepared.ids),
        "forms": {form: _bytes(prepared, form) for form in prepared.forms},
        "problems": [problem._asdict() for problem in view.problems],
        "accepted": not view.new,
        "faults": view.faults(),
    }


def _show(view: View, prepared: Prepared, options: argparse.Namespace) -> None:
    from datamodules.prepared.lacking import said_of
    from datamodules.prepared.problems import PROBLEMS
    from experiments.cli.commands.viewing import census_of, show_census

    print(f"{len(prepared.ids):,} images in {prepared.folder}")
    for form in prepared.forms:
        print(f"  {form}: {_bytes(prepared, form) / 2**20:,.1f} MiB")
    for (kind, action), count in Counter((one.kind, one.action) for one in view.problems).items():
        print(f"  {count} {kind}, {action}")
    for line in said_of(view.problems, len(view.everything), 10):
        print(f"    {line}")
    if view.problems:
        print(f"  all of them: {prepared.folder / PROBLEMS}")
    show_census(census_of(view, options.edition == "real"), options.edition)
    if view.new:
        print("training refuses to start until the problems are mended or accepted:")
        print(f"  {_again(options)} --accept")
    elif view.problems:
        print(_accepted(view))


def _accepted(view: View) -> str:
    """A line on problems that need not be accepted, or were accepted."""
    if view.fixed:
        return "nothing is to be accepted: these files are digested at each start and trained on as they are"
    if all(problem.kind == "duplicate" for problem in view.problems):
        return "nothing is to be accepted: of equal images with one label, one is trained on"
    if not _leaves_out(view):
        return "the problems are accepted; no image is left out for them, so runs are the same as without them"
    return "the problems are accepted; the images that are left out are part of the identity of runs"


def _leaves_out(view: View) -> bool:
    """Whether any image is left out because of a problem."""
    return any(problem.action == "left out" for problem in view.problems)


def _again(options: argparse.Namespace) -> str:
    """This command line with the options that it was given, except ``--accept``."""
    words = ["prepare", options.dataset]
    for size in options.size or ():
        words += ["--size", str(size)]
    if options.resampling != DEFAULT_RESAMPLING:
        words += ["--resampling", options.resampling]
    return paths_of(options).suggested(*words, edition=options.edition)


def _bytes(prepared: Prepared, form: str) -> int:
    return sum(path.stat().st_size for path in prepared.folder.glob(f"*-{form}.bin"))


def _size(text: str) -> int | Literal["source"]:
    return "source" if text == "source" else count_from(1)(text)
