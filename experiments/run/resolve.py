"""From a run spec to what it truly is: its identity, its key, and the runs that it needs.

The identity holds everything that changes the result and nothing else: no paths, devices or loggers. The number of
devices is in it only where each estimates batch norm's statistics from its own part of a batch, plugins only where the
run takes something from one. The key is the sha256 of its canonical JSON.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datamodules.dataset.contract import Dataset, Index
from datamodules.dataset.counts import unscored
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from experiments.run.places import Places
from experiments.run.recipes import recipe_named, recipe_of_method
from initializers.loading.contract import Initializer
from specs.errors import DataError, UsageError
from specs.expression import Call
from specs.fold import Fold
from specs.plugins import plugins_of
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, INITIALIZERS, METHODS
from specs.run import Edition, Pretraining, RunSpec, digest

TRAINING_VERSION = 3
"""Raised on purpose when the same spec trains, validates or tests to other numbers than before."""

AUGMENTATION_VERSION = 2
"""Raised on purpose when the same steps by albumentations give other images; runs without such steps do not mention it.

2: a sample's steps draw independently, and those of segmentation do what albumentations 0.4.3 did.
"""

READING_VERSION = 2
"""Raised on purpose when the same files give other pixels; drawn images do not mention it.

2: photographs are upright as their orientation tag says, masks are read by their stored values.
"""

TASK_VERSIONS = {"segmentation": 2}
"""By kind of task, raised on purpose when fine-tuning on one alone gives other numbers; kinds at 1 are not mentioned.

Segmentation 2: decoder and head start as segmentation-models-pytorch starts them (``lightning_modules.unet``).
"""


@dataclass(frozen=True)
class ResolvedRun:
    """A run spec with its identity.

    Attributes:
        needs: the run that makes the weights of each pretraining which the initializer asks for.
    """

    spec: RunSpec
    identity: dict[str, Any]
    needs: Mapping[Pretraining, ResolvedRun]
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", digest(self.identity))

    @property
    def requires(self) -> tuple[ResolvedRun, ...]:
        """The runs whose weights it starts from, which must be done first, each once."""
        return tuple({run.key: run for run in self.needs.values()}.values())

    def closure(self) -> dict[str, ResolvedRun]:
        """This run and all that it needs, by key, each after what it needs itself."""
        found: dict[str, ResolvedRun] = {}
        for run in self.requires:
            found |= run.closure()
        return found | {self.key: self}


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
        recipe: Recipe | None = dataclasses.replace(
            recipe_of_method(need.method, need.recipe, edition), images=need.images
        )
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


def required_by(spec: RunSpec, need: Pretraining) -> RunSpec:
    """The spec of a pretraining that a run's initializer asks for.

    On images of the dataset of a run in a fold it is in that fold too, so that it sees no image that the run is tested
    on.

    Raises:
        UsageError: if there is no recipe.
    """
    made = pretraining_of(need, spec.backbone, spec.edition, spec.pretraining)
    return dataclasses.replace(made, fold=spec.fold) if _of_same_images(spec.dataset, made.dataset) else made


class Resolver:
    """Resolves run specs; each dataset is opened once, and its label files are read once.

    Args:
        places: where data and runs are.
        devices: that share each run.
    """

    def __init__(self, places: Places, devices: int = 1) -> None:
        self.places, self.devices = places, devices
        self._opened: dict[tuple[Call, Edition], OpenDataset] = {}
        self._folded: dict[tuple[Call, Edition, Fold], Index] = {}
        self._unscored: dict[tuple[Call, Edition, Fold | None], str | None] = {}

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
        if spec.stage != "pretrain" and spec.recipe.method:
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
        self._check_selection(spec)
        needs: dict[Pretraining, ResolvedRun] = {}
        identity: dict[str, Any] = {
            "stage": spec.stage,
            "dataset": self._dataset(spec),
            "backbone": {"expression": str(spec.backbone), "version": _module_version(spec.backbone)},
            "initializer": self._initializer(spec.initializer, spec, needs),
            "recipe": _identified(spec.recipe),
            "seed": spec.seed,
            "training": TRAINING_VERSION,
        }
        if spec.fold is not None:
            self._check_unseen(spec, spec.fold, needs.values())
            identity["fold"] = str(spec.fold)
        kind = DATASETS.build(spec.dataset).kind
        if spec.stage != "pretrain" and kind in TASK_VERSIONS:
            identity["task"] = TASK_VERSIONS[kind]
        if self.devices > 1 and spec.recipe.batch_norm == "local":
            from experiments.run.batch_statistics import estimates_statistics

            if estimates_statistics(spec):
                identity["devices"] = self.devices
        if plugins := plugins_of(spec):
            identity["plugins"] = {plugin.distribution: plugin.sha256 for plugin in plugins}
        return ResolvedRun(spec, identity, needs)

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        """A dataset with its checked splits.

        Raises:
            DataError: if its files are missing, damaged or not prepared.
        """
        if (expression, edition) not in self._opened:
            self._opened[expression, edition] = self.places.opened(expression, edition)
        return self._opened[expression, edition]

    def _dataset(self, spec: RunSpec) -> dict[str, Any]:
        dataset: Dataset = DATASETS.build(spec.dataset)
        edition = "generated" if dataset.generated else spec.edition
        return {
            "expression": str(_identifying(spec.dataset, dataset)),
            "version": dataset.version,
            "edition": edition,
            **({"reading": READING_VERSION} if edition == "real" else {}),
            **self.index(spec).identity(),
        }

    def index(self, spec: RunSpec) -> Index:
        """The splits of a run's dataset, in its fold if it has one, with the test split, whatever the stage."""
        opened = self.opened(spec.dataset, spec.edition)
        if spec.fold is None:
            return opened.index
        asked = spec.dataset, spec.edition, spec.fold
        if asked not in self._folded:
            self._folded[asked] = in_fold(opened, spec.fold).index
        return self._folded[asked]

    def _check_selection(self, spec: RunSpec) -> None:
        """Refuse to select epochs by a score that the validation images do not have: the first one would be kept.

        Raises:
            DataError: says what the images lack.
        """
        if spec.recipe.selection != "metric" or spec.recipe.method is not None:
            return
        asked = spec.dataset, spec.edition, spec.fold
        if asked not in self._unscored:
            task = self.opened(spec.dataset, spec.edition).dataset.task
            self._unscored[asked] = unscored(self.index(spec).validation, task)
        if (why := self._unscored[asked]) is not None:
            raise DataError(
                f"{DATASETS.short(spec.dataset)}: the validation split has no score to select epochs by, since {why}. "
                "Divide the images so that it shows each class and its absence, or select by the loss: --set "
                "selection=loss."
            )

    def _check_unseen(self, spec: RunSpec, fold: Fold, needs: Iterable[ResolvedRun]) -> None:
        """Refuse weights that were trained on patients whom a run in a fold is tested on.

        Raises:
            UsageError: names the pretraining.
        """
        tested = {sample.patient for sample in self.index(spec).test}
        for run in {key: run for need in needs for key, run in need.closure().items()}.values():
            if not _of_same_images(spec.dataset, run.spec.dataset):
                continue
            index = self.index(run.spec)
            if shared := tested & {sample.patient for sample in index.train + index.validation}:
                on, target = DATASETS.short(run.spec.dataset), DATASETS.short(spec.dataset)
                raise UsageError(
                    f"{spec.initializer} starts from a pretraining on {on}, which sees {len(shared)} of the "
                    f"{len(tested)} patients that {fold.title} of {target} tests on. In folds, pretrain on the dataset "
                    "as it is tested, with no pretraining on other images after it, or on other images alone."
                )

    def _initializer(self, expression: Call, spec: RunSpec, needs: dict[Pretraining, ResolvedRun]) -> dict[str, Any]:
        initializer: Initializer = INITIALIZERS.build(expression)
        runs = [self._required(spec, need, needs) for need in initializer.requires()]
        own = initializer.identity()
        nested = {name: self._initializer(inner, spec, needs) for name, inner in initializer.nested().items()}
        if runs and not own and not nested:  # passes a run's weights on as they are, under whatever name
            return {"runs": [run.key for run in runs]}
        return {
            "name": expression.name,
            "version": initializer.version,
            "arguments": own,
            "nested": nested,
            "runs": [run.key for run in runs],
        }

    def _required(self, spec: RunSpec, need: Pretraining, needs: dict[Pretraining, ResolvedRun]) -> ResolvedRun:
        """The run that makes the weights which an initializer of ``spec`` needs; its seed is 0, as of published ones.

        Raises:
            UsageError: if neither the expression nor the spec says by which recipe.
        """
        if need not in needs:
            needs[need] = self.resolve(required_by(spec, need))
        return needs[need]


UNMENTIONED = {"trained": "all", "memory_format": "contiguous", "compiled": False, "deterministic": False}
"""Settings that runs did not have at first, with what they meant then."""

UNMENTIONED_OF_OPTIMIZERS = {"decayed": "all"}
"""The same of optimizers' settings."""


def _identified(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings with the method's arguments written out; without one, they are not mentioned.

    Nor are settings that came later, where they change nothing, so that runs from before them are still known.
    """
    plain = {name: value for name, value in recipe.to_json().items() if (name, value) not in UNMENTIONED.items()}
    later = UNMENTIONED_OF_OPTIMIZERS.items()
    plain["optimizer"] = {name: value for name, value in plain["optimizer"].items() if (name, value) not in later}
    by_albumentations = recipe.method is not None or recipe.pipeline == "albumentations"
    if by_albumentations and (recipe.augmentation or any(views.augmentation for views in recipe.views)):
        plain["augmentation_version"] = AUGMENTATION_VERSION
    if recipe.method is not None:
        version: int = METHODS.build(recipe.method).version
        changed = {"method_version": version} if version != 1 else {}
        return plain | {"method": str(METHODS.bind(recipe.method))} | changed
    return {name: value for name, value in plain.items() if name not in ("method", "views", "images")}


def _of_same_images(one: Call, other: Call) -> bool:
    """Whether two dataset expressions are of one collection in one form, whatever they take of it."""
    if one.name != other.name:
        return False
    first, second = DATASETS.build(one), DATASETS.build(other)
    return bool(first.taken_from == second.taken_from)


def _identifying(expression: Call, dataset: Dataset) -> Call:
    """A bound dataset expression without the arguments whose effect the digests of the splits see."""
    kept = tuple(item for item in expression.kwargs if item[0] not in dataset.membership)
    return Call(expression.name, (), kept)


def _module_version(expression: Call) -> int:
    """The ``VERSION`` of a backbone's module, raised on purpose when it builds another network than before."""
    version: int = getattr(sys.modules[BACKBONES.get(expression.name).__module__], "VERSION", 1)
    return version
