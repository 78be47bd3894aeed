"""Count the images and patients of a dataset per split and class, compare with published counts, and report faults.

It reads label files, and the list of problems that was made when the dataset was prepared. If it is not prepared, it
checks that each image has a file. Images that are left out are not counted. The exit status is 3 if a patient or an
image is in two splits, a split is empty, images have no file, or problems are not accepted.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_edition, add_paths, paths_of
from specs.errors import DataError
from specs.expression import parse

if TYPE_CHECKING:
    from datamodules.prepared.view import View

HELP = "count a dataset's images, patients and classes per split, and compare with what was published"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer check``."""
    parser.add_argument("dataset", metavar="EXPR", help="the dataset, such as chestxray14 or 'chexpert(fraction=0.1)'")
    add_edition(parser)
    parser.add_argument(
        "--fractions", type=_fractions, default=(), metavar="LIST",
        help="also count these shares of the training patients, such as 0.01,0.1,0.5; those that are the same set "
        "are shown once",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Count, compare with the published counts, and print; returns the exit status."""
    from datamodules.dataset.counting import fractions
    from experiments.cli.commands.showing import note
    from experiments.cli.commands.viewing import census_of, show_census
    from experiments.session.describing import dataset_named

    expression, where = parse(dataset_named(options.dataset, note)), paths_of(options)
    view = where.view(expression, options.edition)
    found, prepared = census_of(view, options.edition == "real"), view.prepared
    nested = fractions(view.dataset, view.root, options.fractions)
    if options.json:
        plain: dict[str, Any] = found.to_json() | {
            "prepared": prepared.forms if prepared else [],
            "problems": [problem._asdict() for problem in view.problems],
            "fractions": [{"fractions": list(shares), "images": images, "patients": patients}
                          for shares, images, patients in nested],
        }  # fmt: skip
        print(json.dumps(plain, indent=1))
    else:
        show_census(found, options.edition)
        for shares, images, patients in nested:
            print(f"  {' = '.join(f'{share:.4g}' for share in shares)} of the training patients: "
                  f"{images} images of {patients} patients")  # fmt: skip
        print(_prepared(view))
        if view.new:
            prepare = where.suggested("prepare", str(expression), edition=options.edition)
            print(f"training refuses to start until they are mended or accepted: {prepare} --accept")
    return DataError.exit_status if found.faults or view.new else 0


def _prepared(view: View) -> str:
    """A line that says whether the dataset is prepared, and how many problems were found in its images."""
    if view.prepared is None:
        words = "drawn or digested at each start" if view.fixed else "the images have not been looked at"
        return f"not prepared ({words})"
    found = f"prepared: {', '.join(view.prepared.forms)}"
    if not view.problems:
        return found
    if view.fixed:
        return f"{found}; {len(view.problems)} problems, of files that are trained on as they are"
    return f"{found}; {len(view.problems)} problems, {len(view.new)} of them not accepted"


def _fractions(text: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected shares such as 0.01,0.1, found {text}") from None
    if not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError(f"expected shares in (0, 1], found {text}")
    return shares
