"""Test the stored networks of finished runs once more, and compare with their records.

  medtransfer verify 3f2a 77c0e1
  medtransfer verify tables/initializations.json

A run is verified if its files have the recorded sha256, its data and weights are still those that its key was made of,
it would begin with the same weights, its network predicts the stored predictions again (the very same on the same
processor and versions), and the recorded scores follow from them. Of a pretraining, the weights must load strictly.
Nothing is written. The exit status is 5 if a run differs.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_places, places
from specs.errors import RunError, UsageError

if TYPE_CHECKING:
    from experiments.checks.verification import Verdict

HELP = "test finished runs once more and compare with their records"

SHOWN = 5
"""Keys that a message lists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "runs_or_tables", nargs="+", metavar="KEY|FILE",
        help="the beginning of a run's key, or a table such as tables/NAME.json",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_places(parser)


def execute(options: argparse.Namespace) -> int:
    """Verify one run after the other."""
    where = places(options)
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
        named: ``.json`` at the end makes it a file.
        store: the run store.

    Raises:
        UsageError: if no run's key begins so, or several do, or a file's table has no runs.
        DataError: if a file cannot be read as a table.
    """
    there = sorted(path.parent.name for path in store.glob("*/record.json"))
    keys: list[str] = []
    for text in named:
        keys += _of_table(Path(text)) if text.endswith(".json") else [_key(text, there, store)]
    return list(dict.fromkeys(keys))


def _of_table(path: Path) -> list[str]:
    from experiments.reporting.formats.plain import is_table, read_table

    if not is_table(path):
        raise UsageError(f"{path} is not a table of runs, so there is nothing to verify. Name keys of runs.")
    keys = [run.key for run in read_table(path).runs]
    if not keys:
        raise UsageError(f"{path} has no finished runs. Make the table first.")
    return keys


def _key(text: str, there: Sequence[str], store: Path) -> str:
    found = [key for key in there if key.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        length = max(12, len(text) + 4)
        raise UsageError(
            f'{len(found)} runs begin with "{text}": {", ".join(key[:length] for key in found[:SHOWN])}{more}. '
            "Give more of the key."
        )
    heads = {key[: max(12, len(text))]: key for key in there}
    near = difflib.get_close_matches(text, heads, n=SHOWN, cutoff=0.5) or list(heads)[:SHOWN]
    hint = f"Among its {len(there)} runs are {', '.join(near)}." if near else "It holds no finished runs."
    raise UsageError(f'no run in {store} begins with "{text}". {hint} Another store: --runs.')


def words(verdict: Verdict) -> str:
    """One line, and one more for each difference after the first."""
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
