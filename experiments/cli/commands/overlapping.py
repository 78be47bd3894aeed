"""`medtransfer weights overlap`: printing which images of a dataset weights have seen, by lists of names."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.commands.options import paths_of
from experiments.cli.commands.showing import note
from experiments.cli.paths import to_read
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.quoting import plain

if TYPE_CHECKING:
    from experiments.session.leaks import Leaks

FOUND = 1
"""The exit status where test images or test patients are in the list, or may be."""


def overlap_of(options: argparse.Namespace) -> int:
    """Hold a list of training images against a dataset and print the counts; returns the exit status."""
    from rich.console import Console

    from experiments.cli.progress_bars import ProgressBars
    from experiments.session.session import Session

    if len(options.arguments) != 2:
        raise UsageError("medtransfer weights overlap: give weights or a list of names, and a dataset, in this order.")
    first, dataset = options.arguments
    weights, trained_on = _weights_or_list(first, options.trained_on)
    with ProgressBars(Console(stderr=True)) as bars:
        session = Session(paths_of(options), say=note, steps=bars)
        found = session.leaks(
            weights,
            dataset,
            trained_on=trained_on,
            column=options.column,
            edition=options.edition,
            fetch=options.fetch,
        )
    if options.json:
        print(json.dumps(_plain(found, options.names), indent=1))
    else:
        _show(found, options.names)
    return 0 if found.listed.verdict in ("none", "nothing") else FOUND


def _weights_or_list(text: str, trained_on: Path | None) -> tuple[Call | None, Path | None]:
    """The weights that an argument names, or the list that it is, and the list that was given beside weights.

    Raises:
        UsageError: if a list is given twice, or a file is not there.
    """
    from specs.registry import INITIALIZERS

    given = None if trained_on is None else to_read(str(trained_on), "weights overlap")
    try:
        expression = parse(text)
    except UsageError:
        expression = None
    if expression is not None and (expression.name in INITIALIZERS.entries or not Path(text).exists()):
        return INITIALIZERS.bind(expression), given
    if given is not None:
        raise UsageError(
            f"medtransfer weights overlap: two lists are given, {plain(text)} and {given}. Name weights first, or "
            "leave --trained-on out."
        )
    return None, to_read(text, "weights overlap")


def _plain(found: Leaks, with_names: bool) -> dict[str, Any]:
    listed = found.listed
    told: dict[str, Any] = {
        "weights": found.weights,
        "lists": [str(path) for path in found.lists],
        "names": listed.names,
        "dataset": found.dataset,
        "verdict": listed.verdict,
        "splits": {split: dataclasses.asdict(of) for split, of in listed.splits.items()},
        "patients_by": list(listed.namings),
        "mark": None if found.mark is None else found.mark._asdict(),
    }
    return told | ({"test_images": list(listed.test_images)} if with_names else {})


def _show(found: Leaks, with_names: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from experiments.reporting.blocks.training_lists import in_words, told_of

    listed = found.listed
    lists = ", ".join(str(path) for path in found.lists)
    print(f"{listed.names:,} names in {lists}, beside the images of {found.dataset}")
    table = Table(title=None, box=None, pad_edge=False)
    header = ("split", "images", "listed", "by path", "by name", "perhaps", "patients", "listed")
    for number, column in enumerate(header):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for split, of in listed.splits.items():
        numbers = (of.images, of.listed, of.by_path, of.by_file_name, of.ambiguous, of.patients, of.patients_listed)
        table.add_row(split, *(f"{number:,}" for number in numbers))
    Console().print(table, markup=False)
    said = in_words(told_of(listed))
    print(f"{said[0].upper()}{said[1:]}.")
    if listed.namings:
        print(f"Names tell patients as those of {', '.join(listed.namings)} do.")
    if found.mark is not None:
        print(f"By their card these weights have seen images of {', '.join(found.mark.titles)}, and tables mark that.")
    elif found.weights is not None:
        print("Their card names no collection of images that this dataset is from.")
    for name in listed.test_images if with_names else ():
        print(f"  {plain(name)}")
