"""Fetch the files of datasets that anyone may fetch from their publishers without a form.

  medtransfer fetch 'medmnist("pneumoniamnist")'
  medtransfer fetch shenzhen montgomery --data-root /data

They go into a folder of the dataset's name under --data-root, and the dataset is then counted as by `medtransfer
check`. A transfer that breaks off goes on the next time; each file is compared with the publishers' checksum if they
state one. By fetching a file you accept its licence, which is shown. For a dataset that asks for a form or an account,
a message says which page has it and where to put its files. Commands that train fetch what their runs need by
themselves, unless they are given --offline.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import add_paths, paths_of
from experiments.cli.commands.showing import note
from specs.errors import DataError, MedtransferError
from specs.expression import parse

if TYPE_CHECKING:
    from experiments.session.fetching import Fetched, FetchedFile

HELP = "fetch the files of datasets that need no form"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer fetch``."""
    parser.add_argument(
        "datasets",
        nargs="+",
        metavar="EXPR",
        help="datasets, such as shenzhen or 'medmnist(\"pneumoniamnist\", size=64)'",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be fetched and stop")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Fetch each dataset, also after an error in another one, and print its counts; returns the exit status."""
    from rich.console import Console

    from experiments.cli.commands.viewing import census_of, show_census
    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.session import Session

    found, errors, unfit = list[dict[str, Any]](), list[MedtransferError](), False
    with ProgressBars(Console(stderr=True)) as bars:
        session = Session(paths_of(options), say=note)
        for dataset in options.datasets:
            try:
                fetched = session.plan_fetch(dataset) if options.dry_run else session.fetch(dataset, progress=bars)
                if not options.json:
                    _show(fetched)
                counted = None if options.dry_run else census_of(paths_of(options).view(parse(dataset), "real"), True)
                found.append(_plain(fetched) | ({"counts": counted.to_json()} if counted else {}))
                unfit = unfit or bool(counted and counted.faults)
                if counted and not options.json:
                    show_census(counted, "real")
            except MedtransferError as fault:
                found.append({"dataset": dataset, "error": str(fault)})
                errors.append(fault)
    for error in errors:
        note(f"medtransfer: {error}")
    if options.json:
        print(json.dumps(found, indent=1))
    statuses = {error.exit_status for error in errors} | ({DataError.exit_status} if unfit else set())
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else DataError.exit_status


def _plain(fetched: Fetched) -> dict[str, Any]:
    files = [dataclasses.asdict(file) | {"path": str(file.path)} for file in fetched.files]
    return {"dataset": fetched.dataset, "root": str(fetched.root), "page": fetched.page, "files": files}


def _show(fetched: Fetched) -> None:
    if not fetched.files:
        print(f"{fetched.dataset}: its files are in {fetched.root}; there is nothing to do")
    for file in fetched.files:
        print(f"{fetched.dataset}: {_words(file)}")


def _words(file: FetchedFile) -> str:
    if file.state == "to fetch":
        checked = f"md5 {file.published_md5}" if file.published_md5 else "no published checksum"
        return f"would fetch {file.url} ({file.licence}, {checked}) to {file.path}"
    if file.state == "there" and file.sha256 is None:
        return f"{file.path} is there; there is nothing to do"
    compared = (
        "its md5 is the published one"
        if file.published_md5
        else "no checksum of it is published; its size is the one that the server said"
    )
    if file.state == "there":
        return (
            f"{file.path} is there, {compared if file.published_md5 else 'as it was fetched'}; there is nothing to do"
        )
    return f"{file.path} was fetched ({file.licence}); {compared}; its sha256 is {file.sha256}"
