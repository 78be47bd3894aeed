"""Count what a dataset holds: images and patients per split and class, what is wrong, and what was published.

It reads label files alone, and the list of problems where the dataset is prepared. The exit status is 3 if a patient
or an image is in two splits, a split is empty, or problems are not accepted.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_edition, add_places, places
from specs.errors import DataError
from specs.expression import parse

if TYPE_CHECKING:
    from datamodules.dataset.counting import Census

HELP = "count a dataset's images, patients and classes per split, and compare with what was published"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dataset", metavar="EXPR", help="such as chestxray14 or 'chexpert(fraction=0.1)'")
    add_edition(parser)
    parser.add_argument(
        "--fractions", type=_fractions, default=(), metavar="LIST",
        help="also count these shares of the training patients, such as 0.01,0.1,0.5; those that are the same set "
        "are shown once",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Count and compare."""
    from datamodules.dataset.counting import census, fractions
    from datamodules.prepared.problems import accepted, find_problems
    from datamodules.prepared.storage import Prepared

    expression, where = parse(options.dataset), places(options)
    dataset, root = where.open(expression, options.edition)
    index = dataset.index(root)
    found = census(dataset, index, compare=options.edition == "real")
    prepared = Prepared.find(where.prepared(expression, options.edition))
    problems, new = [], []
    if prepared is not None:
        problems = find_problems(dataset, root, index, prepared)
        known = accepted(prepared.folder)
        new = [problem for problem in problems if (problem.id, problem.reason) not in known]
    nested = fractions(dataset, root, options.fractions)
    if options.json:
        plain: dict[str, Any] = found.to_json() | {
            "prepared": prepared.forms if prepared else [],
            "problems": [problem._asdict() for problem in problems],
            "fractions": [{"fractions": list(shares), "images": images, "patients": patients}
                          for shares, images, patients in nested],
        }  # fmt: skip
        print(json.dumps(plain, indent=1))
    else:
        _show(found, options.edition)
        for shares, images, patients in nested:
            print(f"  {' = '.join(f'{share:.4g}' for share in shares)} of the training patients: "
                  f"{images} images of {patients} patients")  # fmt: skip
        forms = f"prepared: {', '.join(prepared.forms)}" if prepared else "not prepared"
        print(forms + (f"; {len(problems)} problems, {len(new)} of them not accepted" if problems else ""))
    return DataError.exit_status if found.faults or new else 0


def _show(found: Census, edition: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=None, box=None, pad_edge=False)
    for column in ("", *found.splits, "all"):
        table.add_column(column, justify="left" if not column else "right")
    for name, counts in found.counts.items():
        published = found.published.get(name, {})
        cells = [_cell(count, published.get(split)) for split, count in counts.items()]
        table.add_row(name, *cells, _cell(found.total(name), published.get("all")))
    Console().print(table)
    if found.excluded:
        print(f"{sum(found.excluded.values())} images are left out: "
              + ", ".join(f"{count} {reason}" for reason, count in found.excluded.items()))  # fmt: skip
    compared = sum(len(row) for row in found.published.values())
    if compared:
        differ = found.differences()
        if differ:
            print(f"{differ} of {compared} published counts differ; they are in brackets")
        else:
            print(f"all {compared} published counts are met")
    for fault in found.faults:
        print(f"wrong: {fault}")
    if edition == "phantom":
        print("these images are synthetic: the phantom edition")


def _cell(count: int, published: int | None) -> str:
    """A count, and the published one where it differs."""
    return f"{count:,}" if published in (None, count) else f"{count:,} ({published:,})"


def _fractions(text: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected shares such as 0.01,0.1, found {text}") from None
    if not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError(f"expected shares in (0, 1], found {text}")
    return shares
