"""Doing one run with those that it needs, as `run` and `pretrain` do."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from experiments.commands.carrying import do_runs
from experiments.commands.options import places
from specs.errors import UsageError, failure

if TYPE_CHECKING:
    from experiments.resolve import ResolvedRun
    from experiments.store import Record
    from specs.recipe import Recipe


def do(resolved: ResolvedRun, options: argparse.Namespace) -> Record | None:
    """Show the resolved run, and unless it is a dry run, do it and what it needs.

    Returns:
        Its record, or None after a dry run.

    Raises:
        MedtransferError: of the kind of what went wrong.
    """
    from experiments.planner import plan
    from experiments.store import RunStore

    where = places(options)
    store = RunStore(where.runs)
    work = plan([resolved], store)
    if not options.json:
        print(f"run {resolved.key}\n{json.dumps(resolved.spec.to_json(), indent=1)}")
    if options.dry_run:
        if options.json:
            print(json.dumps(resolved.spec.to_json(), indent=1))
        else:
            print(f"{len(work.waiting)} of {len(work.runs)} runs to do (a dry run does none)")
        return None
    do_runs(work, options)
    if resolved.key in work.failed:
        failed = work.failed[resolved.key]
        log = f"\nlog: {failed.log}" if failed.log else ""
        raise failure(failed.exit_status, f"{failed.error}{log}")
    record = store.published(resolved.key)
    from experiments.dashboard import mirror_runs

    if record.data.get("collapsed"):
        print(
            "warning: the embeddings collapsed, so the weights are of little use; lower the learning rate or enlarge "
            "the batch.",
            file=sys.stderr,
        )
    finished = [done for key in work.runs if (done := store.record(key)) is not None]
    mirror_runs(finished, "single runs", store.root / "wandb", options.wandb)
    return record


def overridden(recipe: Recipe, settings: list[str]) -> Recipe:
    """A recipe with the settings of ``--set NAME=VALUE``.

    Raises:
        UsageError: if one is not of that form, or does not fit.
    """
    changed: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes NAME=VALUE, found {setting}.")
        changed[name.strip()] = value.strip()
    return recipe.override(changed)


def scores_in_words(record: Record) -> list[str]:
    """A line for each score."""
    scores: dict[str, float | None] = record.data["outcome"]["scores"]
    return [f"{name}: {'undefined' if value is None else f'{value:.4f}'}" for name, value in scores.items()]
