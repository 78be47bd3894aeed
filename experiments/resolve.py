"""From a run spec to what it truly is: its identity, its key, and the runs that it needs.

The identity holds everything that changes the result and nothing else: no paths, devices or loggers. The number of
devices is in it only where each estimates batch norm's statistics from its own part of a batch.
The key is the sha256 of its canonical JSON.
"""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from typing import Any

from datamodules.contract import Dataset
from experiments.places import Places
from initializers.contract import Initializer
from specs.errors import UsageError, unknown
from specs.expression import Call, parse
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, METHODS, RECIPES
from specs.run import Edition, Pretraining, RunSpec, digest

TRAINING_VERSION = 3
"""Raised on purpose when the same spec trains, validates or tests to other numbers than before."""


@dataclass(frozen=True)
class ResolvedRun:
    """A run spec with its identity.

    Attributes:
        requires: the runs whose weights it starts from, which must be done first.
    """

    spec: RunSpec
    identity: dict[str, Any]
    requires: tuple[ResolvedRun, ...]
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", digest(self.identity))

    def closure(self) -> dict[str, ResolvedRun]:
        """This run and all that it needs, by key, each after what it needs itself."""
        found: dict[str, ResolvedRun] = {}
        for run in self.requires:
            found |= run.closure()
        return found | {self.key: self}


def recipe_named(name: str) -> Recipe:
    """The recipe ``STUDY/NAME`` of ``experiments/recipes/STUDY.py``.

    Raises:
        UsageError: lists the near matches if there is none.
    """
    study, _, part = name.partition("/")
    recipes: dict[str, Recipe] = RECIPES.get(study)() if study in RECIPES.entries else {}
    if part not in recipes:
        raise unknown("recipe", name, recipe_names())
    return recipes[part]


def recipe_names() -> list[str]:
    """All recipes as ``STUDY/NAME``."""
    return [f"{study}/{name}" for study in RECIPES.entries for name in RECIPES.get(study)()]


def pretraining_of(need: Pretraining, backbone: Call, edition: Edition, default: Recipe | None) -> RunSpec:
    """The spec of a pretraining, with seed 0.

    Args:
        need: what an initializer asks for.
        backbone: that is pretrained.
        edition: of the dataset.
        default: recipe of learning from labels, where the initializer names none.

    Raises:
        UsageError: if there is no recipe.
    """
    if need.method:
        recipe: Recipe | None = dataclasses.replace(_of_method(need.method, need.recipe, edition), images=need.images)
    else:
        recipe = recipe_named(need.recipe) if need.recipe else default
    if recipe is None:
        raise UsageError(
            f"a pretraining on {need.dataset} is needed, and no recipe is given for it. Name one: --pretraining "
            'STUDY/NAME (of `medtransfer pretrain`: --recipe), or recipe="STUDY/NAME" inside the expression.'
        )
    return RunSpec(
        stage="pretrain",
        dataset=need.dataset,
        edition=edition,
        backbone=backbone,
        initializer=need.initializer,
        recipe=recipe,
        pretraining=default,
        seed=0,
    )


class Resolver:
    """Resolves run specs; each dataset's label files are read once.

    Args:
        places: where data and runs are.
        devices: that share each run.
    """

    def __init__(self, places: Places, devices: int = 1) -> None:
        self.places, self.devices = places, devices
        self._datasets: dict[tuple[Call, Edition], dict[str, Any]] = {}

    def resolve(self, spec: RunSpec) -> ResolvedRun:
        """The spec's identity, key and required runs.

        Raises:
            UsageError: if the parts of the spec do not fit each other.
            DataError: if the dataset's files are missing or damaged.
            WeightsError: if a weight file is missing.
        """
        if (batch := spec.recipe.batch_size) % self.devices:
            fitting = [number for number in range(1, batch + 1) if batch % number == 0]
            near = [max(number for number in fitting if number < self.devices)]
            near += [number for number in fitting if number > self.devices][:1]
            raise UsageError(
                f"recipe: batch_size={batch} is over all devices together and cannot be divided among {self.devices} "
                f"devices. Use {' or '.join(map(str, near))}; another batch size is another run."
            )
        if spec.stage == "finetune" and spec.recipe.method:
            raise UsageError(
                f"the recipe names the self-supervised method {spec.recipe.method}, which pretrains. Fine-tune with a "
                "recipe without a method, from ssl(...)."
            )
        if spec.stage == "pretrain" and not spec.recipe.method and DATASETS.build(spec.dataset).kind == "segmentation":
            raise UsageError(
                f"pretraining on {spec.dataset} is not possible: it has masks, and supervised pretraining needs "
                "image labels. Choose a classification dataset."
            )
        if spec.stage == "pretrain" and spec.recipe.trained == "head":
            raise UsageError(
                'the recipe of a pretraining says trained="head", which leaves the backbone as it is, so there would '
                'be nothing to start from. Pretrain with trained="all".'
            )
        requires: list[ResolvedRun] = []
        identity: dict[str, Any] = {
            "stage": spec.stage,
            "dataset": self._dataset(spec.dataset, spec.edition),
            "backbone": {"expression": str(spec.backbone), "version": _module_version(spec.backbone)},
            "initializer": self._initializer(spec.initializer, spec, requires),
            "recipe": _identified(spec.recipe),
            "seed": spec.seed,
            "training": TRAINING_VERSION,
        }
        if self.devices > 1 and spec.recipe.batch_norm == "local":
            from experiments.batch_statistics import estimates_statistics

            if estimates_statistics(spec):
                identity["devices"] = self.devices
        return ResolvedRun(spec, identity, tuple({run.key: run for run in requires}.values()))

    def required(self, spec: RunSpec, need: Pretraining) -> ResolvedRun:
        """The run that makes the weights which an initializer of ``spec`` needs; its seed is 0, as of published ones.

        Raises:
            UsageError: if neither the expression nor the spec says by which recipe.
        """
        return self.resolve(pretraining_of(need, spec.backbone, spec.edition, spec.pretraining))

    def _dataset(self, expression: Call, edition: Edition) -> dict[str, Any]:
        if (expression, edition) not in self._datasets:
            dataset: Dataset = DATASETS.build(expression)
            self._datasets[expression, edition] = {
                "expression": str(_identifying(expression, dataset)),
                "version": dataset.version,
                "edition": "generated" if dataset.generated else edition,
                **self.places.opened(expression, edition).index.identity(),
            }
        return self._datasets[expression, edition]

    def _initializer(self, expression: Call, spec: RunSpec, requires: list[ResolvedRun]) -> dict[str, Any]:
        initializer: Initializer = INITIALIZERS.build(expression)
        runs = [self.required(spec, need) for need in initializer.requires()]
        requires.extend(runs)
        own = initializer.identity()
        nested = {name: self._initializer(inner, spec, requires) for name, inner in initializer.nested().items()}
        if runs and not own and not nested:  # passes a run's weights on as they are, under whatever name
            return {"runs": [run.key for run in runs]}
        return {
            "name": expression.name,
            "version": initializer.version,
            "arguments": own,
            "nested": nested,
            "runs": [run.key for run in runs],
        }


UNMENTIONED = {"trained": "all", "memory_format": "contiguous", "compiled": False, "deterministic": False}
"""Settings that runs did not have at first, with what they meant then."""


def _identified(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings with the method's arguments written out; without one, they are not mentioned.

    Nor are settings that came later, where they change nothing, so that runs from before them are still known.
    """
    plain = {name: value for name, value in recipe.to_json().items() if (name, value) not in UNMENTIONED.items()}
    if recipe.method is not None:
        return plain | {"method": str(METHODS.bind(recipe.method))}
    return {name: value for name, value in plain.items() if name not in ("method", "views", "images")}


def _of_method(method: str, recipe: str | None, edition: Edition) -> Recipe:
    """The recipe of a self-supervised pretraining: the one that is named, or the one that is named like the method.

    Raises:
        UsageError: if the named recipe is of another method.
    """
    found = recipe_named(recipe or f"{'phantom_ssl' if edition == 'phantom' else 'ssl'}/{method}")
    if found.method is None or parse(found.method).name != method:
        raise UsageError(f"the recipe {recipe} is of {found.method or 'no method'}, and {method} is asked for.")
    return found


def _identifying(expression: Call, dataset: Dataset) -> Call:
    """A bound dataset expression without the arguments whose effect the digests of the splits see."""
    kept = tuple(item for item in expression.kwargs if item[0] not in dataset.membership)
    return Call(expression.name, (), kept)


def _module_version(expression: Call) -> int:
    """The ``VERSION`` of a backbone's module, raised on purpose when it builds another network than before."""
    version: int = getattr(sys.modules[BACKBONES.get(expression.name).__module__], "VERSION", 1)
    return version
