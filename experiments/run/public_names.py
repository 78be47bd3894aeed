"""Names of runs in reports and on dashboards: short, and without names of the user's folders and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from datamodules.dataset.contract import Dataset
from specs.errors import UsageError
from specs.expression import Call, Literal, Value, parse
from specs.fold import Fold
from specs.registry import ADAPTATIONS, BACKBONES, DATASETS, INITIALIZERS, METHODS, Registry
from specs.run import RunSpec, digest
from specs.settling import unsettled
from specs.short_names import LABEL, short_name
from specs.titles import Shorten, distinct, shortest, title, title_of_text


def public_dataset(expression: Call | str) -> str:
    """A dataset's expression for reports and dashboards, without paths and names of files and columns."""
    return str(_public_dataset(expression))


def _public_dataset(expression: Call | str) -> Call:
    dataset: Dataset = DATASETS.build(expression)
    short = DATASETS.short(expression, dataset.membership - {"fraction"})
    shown = ((name, _public_dataset(value) if isinstance(value, Call) else value) for name, value in short.kwargs)
    return Call(short.name, (), tuple(shown))


def metric_prefix(expression: Call | str) -> str:
    """A dataset's name as the first part of a metric's name on a dashboard: letters, digits and underscores.

    It has at most ``LABEL`` characters. A longer name, or one with letters that are not ASCII, ends in a hyphen and a
    digest.
    """
    whole = public_dataset(expression)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", whole).strip("_")
    return short_name(plain if whole.isascii() else f"{plain}-{digest(whole)[:8]}", LABEL)


def public_initializer(expression: Call) -> str:
    """An initializer's expression for reports and dashboards.

    Datasets inside it are named by ``public_dataset``, and the user's files by a digest of their path.
    """
    return str(_public_initializer(expression))


def _public_initializer(expression: Call) -> Call:
    short = INITIALIZERS.short(expression)

    def plain(name: str, value: Literal) -> Literal:
        if isinstance(value, tuple):
            return tuple(plain(name, item) for item in value)
        return _public_leaf(short.name, name, value) if isinstance(value, str) else value

    def public(name: str, value: Value) -> Value:
        return _public_initializer(value) if isinstance(value, Call) else plain(name, value)

    return Call(short.name, (), tuple((name, public(name, value)) for name, value in short.kwargs))


def _public_leaf(entry: str, argument: str, text: str) -> str:
    """The public form of a text argument of an initializer: a digest if the initializer calls the argument private."""
    private: Collection[str] = getattr(INITIALIZERS.get(entry), "private", ())
    return f"{entry}-{digest(text)[:8]}" if argument in private else public_text(text)


def passed_on(initializer: str) -> str:
    """An initializer's expression as it was written, or its public form if that hides something.

    Args:
        initializer: the expression of a table's row, in which ``{source}`` and ``{domain}`` may stand for names that
            each column fills in.
    """
    call = parse(initializer.replace("{source}", "random").replace("{domain}", "drive"))
    return str(_public_initializer(call)) if _hides(INITIALIZERS.bind(call)) else initializer


def _hides(initializer: Call) -> bool:
    """Whether the public form of a bound expression hides one of the user's own names."""

    def hides(name: str, value: Value) -> bool:
        if isinstance(value, Call):
            return _hides(INITIALIZERS.bind(value))
        if isinstance(value, tuple):
            return any(hides(name, item) for item in value)
        return isinstance(value, str) and _public_leaf(initializer.name, name, value) not in (value, _short(value))

    return any(hides(name, value) for name, value in initializer.kwargs)


def _short(text: str) -> str:
    """A text that may be a dataset's expression, without arguments that have their default."""
    try:
        return str(DATASETS.short(text))
    except UsageError:
        return text


def public(registry: Registry, expression: Call) -> Call:
    """The shortest form of an expression for reports and dashboards."""
    if registry is DATASETS:
        return _public_dataset(expression)
    return _public_initializer(expression) if registry is INITIALIZERS else registry.short(expression)


def public_title(registry: Registry, expression: Call | str) -> str:
    """The name of an expression's entry in plain words, for reports and dashboards, without the user's own names."""
    return title(registry, expression, public)


def public_labels(registry: Registry, expressions: Iterable[Call], taken: Collection[str] = ()) -> dict[Call, str]:
    """The labels of expressions in one table; expressions with different public forms have different labels.

    Args:
        registry: the registry that the expressions' entries are in.
        expressions: the bound expressions to label.
        taken: labels that are in use already and are not given again.
    """
    calls = list(dict.fromkeys(expressions))
    titles = [public_title(registry, call) for call in calls]
    return dict(zip(calls, distinct(titles, [str(public(registry, call)) for call in calls], taken), strict=True))


def row_title(weights: Call | str, backbone: Call | str | None = None, adaptation: Call | str | None = None) -> str:
    """The title of a row: its weights, and its own network and adaptation if any: ``ImageNet on ResNet-18 by head``.

    Args:
        weights: the expression of the row's initializer.
        backbone: the expression of the row's own network; None if it has none.
        adaptation: the expression of the row's own adaptation; None if it has none.
    """
    called = public_title(INITIALIZERS, weights)
    network = f" on {public_title(BACKBONES, backbone)}" if backbone is not None else ""
    return called + network + (f" by {ADAPTATIONS.short(adaptation)}" if adaptation is not None else "")


def run_title(spec: RunSpec, shorten: Shorten = shortest) -> str:
    """A run in words: ``DRIVE, from ImageNet on ResNet-18, seed 0``, or ``MoCo-v2 pretraining on Fractals, from ...``.

    The fold stands before the seed, if there is one: ``fold 2 of 5``.

    Args:
        spec: the spec of the run.
        shorten: a function that gives the form of an expression that readers may see; ``public`` for reports and
            dashboards.
    """
    weights = title(INITIALIZERS, unsettled(INITIALIZERS.bind(spec.initializer), spec.backbone), shorten)
    network, dataset = title(BACKBONES, spec.backbone, shorten), title(DATASETS, spec.dataset, shorten)
    network += f" by {spec.recipe.adaptation}" if spec.recipe.adaptation != "full" else ""
    method = title_of_text(METHODS, parse(spec.recipe.method).name) if spec.recipe.method else ""
    return _run_title(spec.stage, dataset, f"{weights} on {network}", draw_title(spec), method)


def draw_title(spec: RunSpec) -> str:
    """What tells a run from the other runs of its cell: ``seed 0``, or ``fold 2 of 5, seed 0``."""
    return _draw_title(spec.fold, spec.seed)


def _draw_title(fold: Fold | None, seed: int | str) -> str:
    return f"seed {seed}" if fold is None else f"{fold.title}, seed {seed}"


def noted_title(run: Mapping[str, str]) -> str:
    """A run in words, from a description by ``planner_notes.described``, perhaps of another machine.

    Expressions whose entries are not installed here are given as they are.
    """
    dataset, weights = title_of_text(DATASETS, run["dataset"]), title_of_text(INITIALIZERS, run["initializer"])
    fold = Fold.parse(run["fold"]) if "fold" in run else None
    method = title_of_text(METHODS, run["method"]) if "method" in run else ""
    return _run_title(run["stage"], dataset, weights, _draw_title(fold, run["seed"]), method)


def _run_title(stage: str, dataset: str, weights: str, draw: str, method: str) -> str:
    doing = {"pretrain": "pretraining on ", "tune": "tuning on "}.get(stage, "")
    return f"{f'{method} ' if method else ''}{doing}{dataset}, from {weights}, {draw}"


def public_spec(spec: RunSpec) -> dict[str, Any]:
    """A run's spec as plain data for reports and dashboards."""
    named = {"dataset": public_dataset(spec.dataset), "initializer": public_initializer(spec.initializer)}
    return spec.to_json() | named


def public_text(text: str) -> str:
    """A text that may be a dataset's expression, for reports and dashboards."""
    try:
        return public_dataset(text) if parse(text).name in DATASETS.entries else text
    except UsageError:  # text of another kind, such as a file's name
        return text
