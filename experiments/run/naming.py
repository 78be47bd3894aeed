"""How runs are named where others read it: short, and without what a user's folder is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from datamodules.dataset.contract import Dataset
from specs.errors import UsageError
from specs.expression import Call, Value, parse
from specs.fold import Fold
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, Registry
from specs.run import RunSpec
from specs.settling import unsettled
from specs.titles import Shorten, distinct, shortest, title, title_of_text


def public_dataset(expression: Call | str) -> str:
    """A dataset's expression for reports and dashboards: no paths, no names of files and columns."""
    return str(_public_dataset(expression))


def _public_dataset(expression: Call | str) -> Call:
    dataset: Dataset = DATASETS.build(expression)
    return DATASETS.short(expression, dataset.membership - {"fraction"})


def metric_prefix(expression: Call | str) -> str:
    """A dataset as the first part of a metric's name on a dashboard: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", public_dataset(expression)).strip("_")


def public_initializer(expression: Call) -> str:
    """An initializer's expression for reports and dashboards; datasets inside it are named as ``public_dataset``."""
    return str(_public_initializer(expression))


def _public_initializer(expression: Call) -> Call:
    def public(value: Value) -> Value:
        if isinstance(value, Call):
            return _public_initializer(value)
        return public_text(value) if isinstance(value, str) else value

    short = INITIALIZERS.short(expression)
    return Call(short.name, (), tuple((name, public(value)) for name, value in short.kwargs))


def public(registry: Registry, expression: Call) -> Call:
    """The shortest form of an expression for reports and dashboards."""
    if registry is DATASETS:
        return _public_dataset(expression)
    return _public_initializer(expression) if registry is INITIALIZERS else registry.short(expression)


def public_title(registry: Registry, expression: Call | str) -> str:
    """What people call what an expression names, for reports and dashboards: no names of a user's folders."""
    return title(registry, expression, public)


def public_labels(registry: Registry, expressions: Iterable[Call], taken: Collection[str] = ()) -> dict[Call, str]:
    """What expressions are called in one table; two that readers can tell apart never have one label.

    Args:
        registry: that they are of.
        expressions: to label.
        taken: labels that others have.
    """
    found = list(dict.fromkeys(expressions))
    titles = [public_title(registry, call) for call in found]
    return dict(zip(found, distinct(titles, [str(public(registry, call)) for call in found], taken), strict=True))


def row_title(weights: Call | str, backbone: Call | str | None = None) -> str:
    """What people call weights, and the network where a row has its own: ``ImageNet on ResNet-18``."""
    called = public_title(INITIALIZERS, weights)
    return f"{called} on {public_title(BACKBONES, backbone)}" if backbone is not None else called


def run_title(spec: RunSpec, shorten: Shorten = shortest) -> str:
    """A run in words: ``DRIVE, from ImageNet on ResNet-18, seed 0``, or ``pretraining on Fractals, from ...``.

    Before the seed it says the fold, if there is one: ``fold 2 of 5``.

    Args:
        spec: of the run.
        shorten: what readers may see of an expression; ``public`` for reports and dashboards.
    """
    weights = title(INITIALIZERS, unsettled(INITIALIZERS.bind(spec.initializer), spec.backbone), shorten)
    network, dataset = title(BACKBONES, spec.backbone, shorten), title(DATASETS, spec.dataset, shorten)
    return _run_title(spec.stage, dataset, f"{weights} on {network}", draw_title(spec))


def draw_title(spec: RunSpec) -> str:
    """Which of the runs of one kind a run is: ``seed 0``, or ``fold 2 of 5, seed 0``."""
    return _draw_title(spec.fold, spec.seed)


def _draw_title(fold: Fold | None, seed: int | str) -> str:
    return f"seed {seed}" if fold is None else f"{fold.title}, seed {seed}"


def noted_title(run: Mapping[str, str]) -> str:
    """A run in words that ``experiments.execution.journal.described`` noted, on another machine perhaps.

    Expressions of what is not installed here are said as they are.
    """
    dataset, weights = title_of_text(DATASETS, run["dataset"]), title_of_text(INITIALIZERS, run["initializer"])
    fold = Fold.parse(run["fold"]) if "fold" in run else None
    return _run_title(run["stage"], dataset, weights, _draw_title(fold, run["seed"]))


def _run_title(stage: str, dataset: str, weights: str, draw: str) -> str:
    doing = {"pretrain": "pretraining on ", "tune": "tuning on "}.get(stage, "")
    return f"{doing}{dataset}, from {weights}, {draw}"


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
