r"""Decode and resize every image of a dataset once, and list what is wrong with them.

Commands that train do so by themselves, at their recipes' sizes, with a dataset that nobody has prepared. Run this to
see what is wrong with a dataset first, again after its files changed (it does only what is missing), and with --size or
--resampling for a recipe that stores other sizes:
  medtransfer prepare chestxray14
  medtransfer prepare chestxray14 --size source
  medtransfer prepare 'chexpert(frontal_only=True)' --accept
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Literal

from experiments.cli.commands.options import add_edition, add_places, count_from, places
from experiments.run.machine.cores import cores
from specs.errors import DataError
from specs.expression import parse

if TYPE_CHECKING:
    from datamodules.prepared.problems import Problem
    from datamodules.prepared.storage import Prepared

HELP = "decode and resize a dataset's images once, and list what is wrong with them"
DEFAULT_SIZES: tuple[int, ...] = (256, 512)
"""512 to train on crops of and 256 to validate and test on; `benchmarks/input_pipeline.py` measures what is lost."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dataset", metavar="EXPR", help="such as chestxray14 or 'folder(\"my-images\")'")
    add_edition(parser)
    parser.add_argument(
        "--size", type=_size, action="append", metavar="PIXELS",
        help="height and width to store, or `source`; repeat it for several (default: 256 and 512)",
    )  # fmt: skip
    parser.add_argument(
        "--resampling", choices=("antialiased", "bilinear", "nearest"), default="antialiased",
        help="as the recipe's (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=count_from(1), default=cores(), metavar="N",
        help="processes that decode (default: the number of cores, %(default)s)",
    )  # fmt: skip
    parser.add_argument("--accept", action="store_true", help="accept the listed problems, so that training may start")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Prepare, then list problems."""
    from rich.console import Console

    from datamodules.prepared.problems import ACCEPTED, write_problems
    from experiments.cli.steps import StepsBars
    from experiments.session.preparing import prepared_dataset
    from specs.recipe import Form

    expression = parse(options.dataset)
    forms = [Form(size, options.resampling) for size in options.size or DEFAULT_SIZES]
    with StepsBars(Console(stderr=True)) as bars:
        prepared, problems = prepared_dataset(
            expression, options.edition, forms, places(options), options.jobs,
            lambda done, total: bars(f"prepare {expression.name}", done, total),
        )  # fmt: skip
    if options.accept:
        write_problems(problems, prepared.folder / ACCEPTED)
    if options.json:
        print(json.dumps(_plain(prepared, problems, options.accept), indent=1))
    else:
        _show(prepared, problems, options)
    return 0 if options.accept or not problems else DataError.exit_status


def _plain(prepared: Prepared, problems: list[Problem], accepted: bool) -> dict[str, object]:
    return {
        "folder": str(prepared.folder),
        "images": len(prepared.ids),
        "forms": {form: _bytes(prepared, form) for form in prepared.forms},
        "problems": [problem._asdict() for problem in problems],
        "accepted": accepted,
    }


def _show(prepared: Prepared, problems: list[Problem], options: argparse.Namespace) -> None:
    from datamodules.prepared.problems import PROBLEMS

    print(f"{len(prepared.ids)} images in {prepared.folder}")
    for form in prepared.forms:
        print(f"  {form}: {_bytes(prepared, form) / 2**20:,.1f} MiB")
    counts = dict.fromkeys(sorted({(one.kind, one.action) for one in problems}), 0)
    for problem in problems:
        counts[problem.kind, problem.action] += 1
    for (kind, action), count in counts.items():
        print(f"  {count} {kind}, {action}")
    for problem in problems[:10]:
        print(f"    {problem.kind}: {problem.path} ({problem.other})")
    if problems:
        print(f"  all of them: {prepared.folder / PROBLEMS}")
        if options.accept:
            print("  accepted: they are part of the identity of runs from now on")
        else:
            print("  training refuses to start until they are mended or accepted:")
            print(f"  medtransfer prepare '{options.dataset}' --accept")


def _bytes(prepared: Prepared, form: str) -> int:
    return sum(path.stat().st_size for path in prepared.folder.glob(f"*-{form}.bin"))


def _size(text: str) -> int | Literal["source"]:
    return "source" if text == "source" else count_from(1)(text)
