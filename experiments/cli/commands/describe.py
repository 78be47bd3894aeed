r"""Say what a folder of images is, and how it can be read. No file is changed.

  medtransfer describe ward-7
  medtransfer compare ward-7

It looks for class folders, tables, and images with masks; says which columns and names it takes for what, and why; and
prints the dataset expression, which other commands take as it is. If a folder can be read in two ways, it lists them
and chooses none. The exit status is then 3, and also if there is no way to read the folder, or its splits are unfit.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from experiments.cli.paths import FolderToRead
from specs.errors import DataError

if TYPE_CHECKING:
    from datamodules.describing.describe import Description
    from datamodules.describing.tried import Tried

HELP = "say what a folder of images is, and print the dataset expression for it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer describe``."""
    parser.add_argument("folder", type=FolderToRead(), metavar="DIR", help="the folder of the images")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Examine the folder and print what was found; returns the exit status."""
    from datamodules.describing.describe import describe

    found = describe(options.folder)
    if options.json:
        print(json.dumps(_plain(found), indent=1))
    else:
        _show(found)
    used = found.chosen.census if found.chosen is not None else None
    return DataError.exit_status if used is None or used.faults else 0


def _plain(found: Description) -> dict[str, object]:
    return {
        "folder": str(found.folder),
        "found": list(found.found),
        "unread": list(found.unread),
        "chosen": found.chosen.reading.expression if found.chosen else None,
        "readings": [
            {
                "expression": one.reading.expression,
                "what": one.reading.what,
                "why": list(one.reading.why),
                "unsure": list(one.reading.unsure),
                "asks": one.reading.asks,
                "error": one.error,
                "counts": one.census.to_json() if one.census else None,
            }
            for one in found.readings
        ],
    }


def _show(found: Description) -> None:
    from experiments.session.describing import why_none

    print(f"{found.folder}")
    for said in found.found:
        print(f"  {said}")
    for number, one in enumerate(found.readings, start=1):
        title = f"reading {number}: {one.reading.what}" if len(found.readings) > 1 else one.reading.what
        print(f"\n{title}")
        _show_reading(one)
    if found.unread:
        print("\nnot read")
        for said in found.unread[:8]:
            print(f"  {said}")
        if len(found.unread) > 8:
            print(f"  and {len(found.unread) - 8} more")
    if found.chosen is None:
        print(f"\n{why_none(found)}")


def _show_reading(one: Tried) -> None:
    from experiments.cli.commands.viewing import show_census

    for said in one.reading.why:
        print(f"  {said}")
    print(f"\n  {one.reading.expression}\n")
    if one.census is not None:
        show_census(one.census, "real")
    for said in one.reading.unsure:
        print(f"not sure: {said}")
    if one.reading.asks:
        print(f"to be answered first: {one.reading.asks}")
    if one.error:
        print(f"wrong: {one.error}")
