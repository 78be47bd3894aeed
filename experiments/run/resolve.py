"""From a run spec to the run's identity, its key, and the runs that it needs.

The identity holds everything that changes the result and nothing else: no paths, devices or loggers. The number of
devices is in it only if each device estimates batch norm's statistics from its own part of a batch, plugins only if the
run uses something from one. The key is the sha256 of the identity's canonical JSON.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datamodules.dataset.added import unchanged
from datamodules.dataset.contract import Dataset, Index
from datamodules.dataset.counts import Counts
from datamodules.dataset.innermost import innermost
from datamodules.prepared.folds import in_fold
from datamodules.prepared.opening import OpenDataset
from experiments.run.fitness import Fitness, check_divisible, check_training, fitness
from experiments.run.identified import identified
from experiments.run.members import members_of
from experiments.run.memory_format import with_format
from experiments.run.named_decoder import identifying
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named, recipe_of_method
from experiments.run.stages import check_stage
from initializers.loading.contract import Initializer
from specs.errors import UsageError
from specs.expression import Call
from specs.fold import Fold
from specs.plugins import plugins_of
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, INITIALIZERS
from specs.run import Edition, Pretraining, RunSpec, digest
from specs.settling import with_channels_of

TRAINING_VERSION = 3
"""Raised on purpose when the same spec trains, validates or tests to other numbers than before."""

READING_VERSION = 2
"""Raised on purpose when the same files give other pixels; runs on drawn images leave it out.

2: photographs are upright as their orientation tag says, DICOM images go through the standard's pipeline, masks are
read by their stored values.
"""

TASK_VERSIONS = {"segmentation": 2}
"""By kind of task, raised on purpose when fine-tuning on this kind alone gives other numbers; version 1 is left out.

Segmentation 2: decoder and head start as segmentation-models-pytorch starts them (``lightning_modules.decoders``).
"""


Needs = dict["Pretraining | RunSpec", "ResolvedRun"]


@dataclass(frozen=True)
class ResolvedRun:
    """A run spec with its identity.

    Attributes:
        spec: the spec of the run.
        identity: everything that changes the result, as plain data.
        needs: the run that makes the weights, for each pretraining that the initializer needs; and the runs whose
            networks this one averages, by their specs.
        counts: the numbers of images, patients and findings in the splits; they are no part of the identity.
        warnings: warnings about the splits, a sentence each; they are no part of the identity.
        key: the sha256 of the identity.
    """

    spec: RunSpec
    identity: dict[str, Any]
    needs: Mapping[Pretraining | RunSpec, ResolvedRun]
    counts: Counts | None = field(default=None, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", digest(self.identity))

    @property
    def requires(self) -> tuple[ResolvedRun, ...]:
        """The runs whose weights this run starts from, each once; they must be done first."""
        return tuple({run.key: run for run in self.needs.values()}.values())

    def closure(self) -> dict[str, ResolvedRun]:
        """This run and all runs that it needs, by key, each after the runs that it needs itself."""
        found: dict[str, ResolvedRun] = {}
        for run in self.requires:
            found |= run.closure()
        return found | {self.key: self}


def pretraining_of(need: Pretraining, backbone: Call, edition: Edition, default: Recipe | None) -> RunSpec:
    """The spec of a pretraining, with seed 0.

    Args:
        need: the pretraining that an initializer asks for.
        backbone: the expression of the backbone that is pretrained.
        edition: the edition of the dataset that it is pretrained on.
        default: the recipe of a supervised pretraining for which the initializer names none; None if there is none.

    Raises:
        UsageError: if no recipe is given.
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

    Its network takes the channels of its own images. If the run is in a fold and the pretraining uses images of the
    same dataset, the pretraining is in that fold too, so that it sees no image that the run is tested on.

    Raises:
        UsageError: if no recipe is given.
    """
    made = pretraining_of(need, with_channels_of(spec.backbone, need.dataset), spec.edition, spec.pretraining)
    return dataclasses.replace(made, fold=spec.fold) if _of_same_images(spec.dataset, made.dataset) else made


class Resolver:
    """Resolves run specs; each dataset is opened once, and its label files are read once.

    Args:
        paths: where data and runs are.
        devices: the number of devices that share each run, at least 1.
    """

    def __init__(self, paths: Paths, devices: int = 1) -> None:
        self.paths, self.devices = paths, devices
        self._opened: dict[tuple[Call, Edition], OpenDataset] = {}
        self._folded: dict[tuple[Call, Edition, Fold], Index] = {}
        self._fitness: dict[tuple[Call, Edition, Fold | None], Fitness] = {}

    def resolve(self, spec: RunSpec) -> ResolvedRun:
        """Find the identity, key and required runs of a spec.

        Raises:
            UsageError: if the parts of the spec do not fit each other.
            DataError: if the dataset's files are missing or damaged.
            WeightsError: if a weight file is missing.
        """
        spec = with_format(spec)
        check_divisible(spec.recipe.batch_size, self.devices)
        check_stage(spec)
        fit = self._checked(spec)
        needs: Needs = {}
        identity: dict[str, Any] = {
            "stage": spec.stage,
            "dataset": self._dataset(spec),
            "backbone": {"expression": str(spec.backbone), "version": _module_version(spec.backbone)},
            "initializer": self._initializer(spec.initializer, spec, needs),
            "recipe": identified(identifying(spec)),
            "seed": spec.seed,
            "training": TRAINING_VERSION,
        }
        if spec.fold is not None:
            self._check_unseen(spec, spec.fold, needs.values())
            identity["fold"] = str(spec.fold)
        if members := members_of(spec):
            needs |= {one: self.resolve(one) for one in members}
            identity["members"] = [needs[one].key for one in members]
        if spec.stage != "pretrain" and (kind := DATASETS.build(spec.dataset).kind) in TASK_VERSIONS:
            identity["task"] = TASK_VERSIONS[kind]
        if self.devices > 1 and spec.recipe.batch_norm == "local":
            from experiments.run.batch_statistics import estimates_statistics

            if estimates_statistics(spec):
                identity["devices"] = self.devices
        if plugins := plugins_of(spec):
            identity["plugins"] = {plugin.distribution: plugin.sha256 for plugin in plugins}
        return ResolvedRun(spec, identity, needs, fit.counts, fit.warnings())

    def opened(self, expression: Call, edition: Edition) -> OpenDataset:
        """Open a dataset with its checked splits, once.

        Raises:
            DataError: if its files are missing, damaged or not prepared.
        """
        if (expression, edition) not in self._opened:
            self._opened[expression, edition] = self.paths.opened(expression, edition)
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
        """The splits of a run's dataset, in the run's fold if it has one, including test images for every stage."""
        opened = self.opened(spec.dataset, spec.edition)
        if spec.fold is None:
            return opened.index
        asked = spec.dataset, spec.edition, spec.fold
        if asked not in self._folded:
            self._folded[asked] = in_fold(opened, spec.fold).index
        return self._folded[asked]

    def _checked(self, spec: RunSpec) -> Fitness:
        """What the splits of a run's dataset can be used for, after checking that the run can use them.

        Raises:
            DataError: if the images lack what the run needs.
            UsageError: if the network cannot be trained on the recipe's batches.
        """
        asked = spec.dataset, spec.edition, spec.fold
        opened, index = self.opened(spec.dataset, spec.edition), self.index(spec)
        if asked not in self._fitness:
            self._fitness[asked] = fitness(opened, index)
        self._fitness[asked].check(spec)
        check_training(spec, opened, index)
        return self._fitness[asked]

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

    def _initializer(
        self, expression: Call, spec: RunSpec, needs: dict[Pretraining | RunSpec, ResolvedRun]
    ) -> dict[str, Any]:
        initializer: Initializer = INITIALIZERS.build(expression)
        runs = [self._required(spec, need, needs) for need in initializer.requires()]
        own = initializer.identity()
        nested = {name: self._initializer(inner, spec, needs) for name, inner in initializer.nested().items()}
        if runs and not own and not nested:  # it passes on the weights of runs unchanged, so its name does not matter
            return {"runs": [run.key for run in runs]}
        return {
            "name": expression.name,
            "version": initializer.version,
            "arguments": own,
            "nested": nested,
            "runs": [run.key for run in runs],
        }

    def _required(
        self, spec: RunSpec, need: Pretraining, needs: dict[Pretraining | RunSpec, ResolvedRun]
    ) -> ResolvedRun:
        """The run that makes the weights that an initializer of ``spec`` needs, with seed 0.

        Raises:
            UsageError: if neither the expression nor the spec gives a recipe for it.
        """
        if need not in needs:
            needs[need] = self.resolve(required_by(spec, need))
        return needs[need]


def _of_same_images(one: Call, other: Call) -> bool:
    """Whether two dataset expressions take their images from the same collection in the same form."""
    one, other = innermost(one), innermost(other)
    if one.name != other.name:
        return False
    first, second = DATASETS.build(one), DATASETS.build(other)
    return bool(first.taken_from == second.taken_from)


def _identifying(expression: Call, dataset: Dataset) -> Call:
    """A bound dataset expression without the arguments whose effect is in the digests of the splits.

    Arguments that came later, and have their default, are left out too: runs of before keep their keys. The same holds
    for a dataset inside.
    """
    left_out = dataset.membership | unchanged(dataset)
    kept = (
        (name, _identifying(value, DATASETS.build(value)) if isinstance(value, Call) else value)
        for name, value in expression.kwargs
        if name not in left_out
    )
    return Call(expression.name, (), tuple(kept))


def _module_version(expression: Call) -> int:
    """The ``VERSION`` of a backbone's module, raised on purpose when it builds another network than before."""
    version: int = getattr(sys.modules[BACKBONES.get(expression.name).__module__], "VERSION", 1)
    return version
