"""Test the stored networks of finished runs once more, and compare the results with their records.

  medtransfer verify 3f2a 77c0e1
  medtransfer verify tables/initializations.json

A run is verified if its files have the recorded sha256, its data and weights are still those that its key was made of,
it would begin with the same weights, its network gives the stored predictions again (bit by bit on the same processor
and versions), and the recorded scores follow from them. The weights of a pretraining must load strictly. Nothing is
written. The exit status is 5 if a run differs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_paths, paths_of
from experiments.cli.paths import file_to_read
from specs.errors import RunError

if TYPE_CHECKING:
    from experiments.checks.verification import Verdict

HELP = "test finished runs once more and compare with their records"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer verify``."""
    parser.add_argument(
        "runs_or_tables", nargs="+", metavar="KEY|FILE",
        help="the beginning of a run's key, or a table such as tables/NAME.json",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Verify one run after the other and print each verdict; returns the exit status."""
    where = paths_of(options)
    keys = chosen(options.runs_or_tables, where.runs)
    from experiments.checks.verification import verify

    verdicts = []
    for key in keys:
        verdicts.append(verify(key, where))
        if not options.json:
            print(words(verdicts[-1]), flush=True)
    if options.json:
        print(json.dumps([verdict.to_json() for verdict in verdicts], indent=1, allow_nan=False))
    return RunError.exit_status if any(verdict.differences for verdict in verdicts) else 0


def chosen(named: Sequence[str], store: Path) -> list[str]:
    """The keys that beginnings of keys and files of tables stand for, each once.

    Args:
        named: the arguments; one that ends in ``.json`` is the file of a table, others are beginnings of keys.
        store: the folder of the run store.

    Raises:
        UsageError: if a beginning fits no key or several keys, or a file's table has no runs.
        DataError: if a file cannot be read as a table.
    """
    from experiments.session.chosen_runs import key_beginning, keys_in, table_of_runs

    there = keys_in(store)
    keys: list[str] = []
    for text in named:
        if text.endswith(".json"):
            document = table_of_runs(file_to_read(text, "verify"), "so there is nothing to verify")
            keys += [run.key for run in document.runs]
        else:
            keys.append(key_beginning(text, there, store))
    return list(dict.fromkeys(keys))


def words(verdict: Verdict) -> str:
    """A verdict as text: one line, or if the run differs from its record, one line for each difference."""
    head = f"{verdict.key[:12]} {verdict.run}".rstrip()
    if verdict.differences:
        return "\n".join(
            f"{head}: differs: {one.what}: expected {one.expected}; found {one.found}. {one.remedy}".rstrip(". ") + "."
            for one in verdict.differences
        )
    if verdict.largest is None:
        return f"{head}: verified"
    if verdict.largest == 0:
        return f"{head}: verified, bit-identical predictions"
    return f"{head}: verified, predictions within {verdict.largest:.3g} on another processor or with other versions"
