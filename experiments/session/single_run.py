"""A single run, a fine-tuning or a pretraining, with the runs that it needs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.execution.planner import Plan, plan
from experiments.reporting.text.phrases import listed
from experiments.run.members import check_same_start
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun, pretraining_of
from experiments.run.store import WEIGHTS
from experiments.session.context import Context
from experiments.session.providing import to_provide
from experiments.session.results import UNKNOWN, Planned, Pretrained, RunResult
from experiments.tables.overlap import overlap
from experiments.tables.resolve_table import ResolvedCells
from initializers.loading.contract import build
from specs.errors import RunError, UsageError, failure
from specs.expression import Call, parse
from specs.files import replacing
from specs.recipe import Recipe
from specs.registry import BACKBONES, INITIALIZERS
from specs.row import RowText, parse_row
from specs.run import Edition, RunSpec

SINGLE = "single runs"
"""The name of the group in wandb of runs that belong to no table."""

COLLAPSED = "the embeddings collapsed, so the weights are of little use; lower the learning rate or enlarge the batch."


def changed(recipe: Recipe, settings: Mapping[str, object]) -> Recipe:
    """A recipe with some settings changed.

    Args:
        recipe: the recipe to change; it stays as it is.
        settings: the new values by name, as values or as the texts that ``--set NAME=VALUE`` takes.

    Raises:
        UsageError: if a setting does not exist, or does not take the value.
    """
    return recipe.override({name: str(value) for name, value in settings.items()})


def named(recipe: str | Recipe | None) -> Recipe | None:
    """The recipe with a name ``STUDY/NAME``; a recipe or None is returned unchanged.

    Raises:
        UsageError: if there is no recipe of that name; it lists similar names.
    """
    return recipe_named(recipe) if isinstance(recipe, str) else recipe


def row_on(initializer: str | Call, backbone: str | Call | None) -> RowText:
    """The parts of a row, with a network that is given separately if the row names none.

    Args:
        initializer: the row, ``NAME = WEIGHTS on BACKBONE by ADAPTATION``, of which the weights are enough.
        backbone: the backbone that is given separately; None if there is none.

    Raises:
        UsageError: if the text is not a row, or names another network than ``backbone``.
    """
    row = parse_row(initializer) if isinstance(initializer, str) else RowText(initializer)
    if backbone is None:
        return row
    other = parse(backbone) if isinstance(backbone, str) else backbone
    if row.backbone is not None and BACKBONES.bind(row.backbone) != BACKBONES.bind(other):
        raise UsageError(
            f'two networks are named: {row.backbone} in "{row}", and the backbone {other}. Name one of them.'
        )
    return dataclasses.replace(row, backbone=other)


def check_recipe_is_used(recipe: str | Recipe | None, initializers: Iterable[Call], name: str) -> None:
    """Refuse a recipe of supervised pretrainings where none takes it, instead of leaving it unused.

    Args:
        recipe: the recipe, or its name; None: none is given.
        initializers: the initializers whose pretrainings may take it.
        name: what the recipe is called where it was given, such as ``--pretraining``.

    Raises:
        UsageError: names the initializers, and where their pretrainings have their recipes.
    """
    named_ones = [str(INITIALIZERS.short(initializer)) for initializer in initializers]
    if recipe is not None and not any(map(_takes_recipe, initializers)):
        raise UsageError(
            f"{name} is the recipe of supervised pretrainings whose expression names none, and {listed(named_ones)} "
            'need none of these. Name a recipe inside the expression, as in ssl("moco_v2", recipe="STUDY/NAME"), or '
            "leave it out."
        )


def _takes_recipe(initializer: Call) -> bool:
    """Whether a supervised pretraining without a recipe of its own is needed, at any depth."""
    made = build(initializer)
    return any(
        (not need.method and need.recipe is None) or _takes_recipe(need.initializer) for need in made.requires()
    ) or any(map(_takes_recipe, made.nested().values()))


def finetuning_spec(base: RunSpec | None, given: Mapping[str, Any], settings: Mapping[str, object]) -> RunSpec:
    """Make the spec of a fine-tuning from names of its parts.

    Args:
        base: a spec that gives all parts that are not given; None if there is none.
        given: the parts of a spec by name: expressions, recipes or their names, edition and seed; a part that is None
            is not given.
        settings: new values for settings of the recipe, by name.

    Raises:
        UsageError: if something is missing, unknown or does not fit.
    """
    parts = {name: value for name, value in given.items() if value is not None}
    if "initializer" in parts:
        row = row_on(parts["initializer"], parts.get("backbone"))
        parts["initializer"] = row.weights
        if row.backbone is not None:
            parts["backbone"] = row.backbone
        if row.adaptation is not None:
            settings = {"adaptation": row.adaptation, **settings}
    for name in ("dataset", "backbone"):
        if isinstance(parts.get(name), str):
            parts[name] = parse(parts[name])
    for name in ("recipe", "pretraining"):
        if name in parts:
            parts[name] = named(parts[name])
    lacking = [name for name in ("dataset", "backbone", "initializer", "recipe") if name not in parts]
    if base is None and lacking:
        raise UsageError(f"a run needs {', '.join(lacking)} too. Give them, or a whole spec as the base.")
    if base is None:
        base = RunSpec(**{"stage": "finetune", "edition": "real", **parts})
    spec = dataclasses.replace(base, **parts)
    check_recipe_is_used(given.get("pretraining"), [spec.initializer], "the recipe of pretrainings (--pretraining)")
    recipe = changed(spec.recipe, settings)
    check_same_start(spec.initializer, recipe.adaptation)
    return dataclasses.replace(spec, recipe=recipe)


def pretraining_spec(
    initializer: str,
    backbone: str | Call | None,
    *,
    recipe: str | Recipe | None,
    edition: Edition,
    settings: Mapping[str, object],
    seed: int,
) -> RunSpec:
    """The spec of the pretraining that an initializer stands for.

    Args:
        initializer: the initializer expression, such as ``ssl("moco_v2", on="fractals")``, or a row with its network.
        backbone: the expression of the backbone that is pretrained; None takes that of the row.
        recipe: the recipe, or its name, of supervised pretraining, also of pretrainings that this one starts from;
            self-supervised methods have their own.
        edition: the edition of the dataset.
        settings: new values for settings of the recipe, by name.
        seed: the seed of all random draws.

    Raises:
        UsageError: if the initializer is not a pretraining, no network is named, or the parts do not fit.
    """
    row = row_on(initializer, backbone)
    needs = build(row.weights).requires()
    if len(needs) != 1:
        raise UsageError(
            f"{row.weights} is no pretraining. Name one: supervised(on=...), ssl(METHOD, on=...) or "
            "continual(SOURCE, on=...)."
        )
    if row.backbone is None:
        raise UsageError(
            f"a pretraining needs a network, and none is named for {row.weights}. Name it as the backbone, or behind "
            f'the weights: "{row.weights} on resnet50".'
        )
    if row.adaptation is not None:
        raise UsageError(
            f'"{row}" names the adaptation {row.adaptation}, and an adaptation is for fine-tuning on a task. Leave it '
            "out of a pretraining."
        )
    check_recipe_is_used(recipe, [row.weights], "the recipe (--recipe)")
    spec = pretraining_of(needs[0], BACKBONES.bind(row.backbone), edition, named(recipe))
    return dataclasses.replace(spec, recipe=changed(spec.recipe, settings), seed=seed)


def planned_run(run: RunSpec | ResolvedRun, context: Context) -> Planned:
    """The plan of a run; warnings about the run's numbers are said.

    Raises:
        MedtransferError: if something is missing that only a user can bring, or parts do not fit.
    """
    spec = run.spec if isinstance(run, ResolvedRun) else run
    say_warnings(spec, context)
    if not isinstance(run, ResolvedRun) and (lines := to_provide([run], context).lines):
        return Planned(plan=Plan({}, context.store), cells=ResolvedCells(), then=UNKNOWN, first=lines)
    resolved = run if isinstance(run, ResolvedRun) else context.resolver().resolve(run)
    context.warn([resolved])
    return Planned(plan=plan([resolved], context.store), cells=ResolvedCells())


def run_one(resolved: ResolvedRun, context: Context) -> RunResult:
    """Do a run and the runs that it needs, unless they are done.

    Raises:
        MedtransferError: if the run fails; its class tells the kind of the error.
    """
    warnings = say_warnings(resolved.spec, context)
    warnings += context.warn([resolved])
    run_plan = plan([resolved], context.store)
    context.carry_out(run_plan, SINGLE)
    if failed := run_plan.failed.get(resolved.key):
        log = f"\nlog: {failed.log}" if failed.log else ""
        raise failure(failed.exit_status, f"{failed.error}{log}")
    record = context.store.published(resolved.key)
    if record.data.get("collapsed"):
        warnings.append(COLLAPSED)
        context.say(f"warning: {COLLAPSED}")
    context.mirroring.note(context.records_of(run_plan), SINGLE)
    return RunResult(record, tuple(warnings), resolved.counts)


def exported(result: RunResult, export: Path | None) -> Pretrained:
    """Write the weights of a finished pretraining to a file of the user's choice.

    Args:
        result: the result of the pretraining.
        export: the ``.safetensors`` file to write; None takes the file in the run store.

    Raises:
        UsageError: if the file's name does not end in ``.safetensors``.
        RunError: if the run is not a pretraining, or its weights are damaged.
    """
    check_export(export)
    if result.record.data["spec"]["stage"] != "pretrain":
        raise RunError(f"the run {result.key[:12]} is no pretraining, so it left no weights to start from.")
    weights = result.record.file(WEIGHTS)
    if export is not None:
        with replacing(export) as temporary:
            shutil.copyfile(weights, temporary)
    file = export or weights
    return Pretrained(result.record, result.warnings, result.counts, file, str(parse(f"file({json.dumps(str(file))})")))


def check_export(export: Path | None) -> None:
    """Refuse a name for exported weights that does not end in ``.safetensors``.

    Raises:
        UsageError: if the name ends otherwise.
    """
    if export is not None and export.suffix != ".safetensors":
        raise UsageError(f"--export takes a name that ends in .safetensors, found {export}.")


def say_warnings(spec: RunSpec, context: Context) -> list[str]:
    """Say and return warnings about the numbers of a run, before it is done."""
    seen = overlap(spec.initializer, spec.dataset, spec.edition) if spec.stage == "finetune" else None
    if seen is None:
        return []
    warning = (
        f"these weights have seen images of {', '.join(seen.titles)}, which the test set is from; the score may "
        "be too high."
    )
    context.say(f"warning: {warning}")
    return [warning]
