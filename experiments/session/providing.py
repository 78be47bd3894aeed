"""Fetching published files and preparing images that planned runs need, before the first run.

A run's key is made of the data that it reads, so this comes before runs are resolved. Only the planner does it: workers
never fetch. Files that need a form or an account, and packages of pip, must be brought by the user.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from datamodules.dataset.contract import Dataset
from experiments.run.ddp.launch_environment import check_alone
from experiments.run.needed import initializers_of, with_needed
from experiments.session.context import Context
from experiments.session.needs import Fetched, Files, Images, Need, Weights
from initializers.loading.contract import Initializer
from initializers.publishing.publishing import StoredWeights
from specs.errors import DataError, WeightsError
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import RunSpec

ORDER = (Files, Weights, Images)
"""The order of the steps: those that may fail soon before those that take long, and images after their files."""


def provide(specs: Sequence[RunSpec], context: Context, may_lack: bool = False) -> None:
    """Fetch and prepare what runs need, each thing once.

    Nothing is done for a run that also needs something that only the user can bring; resolving the run says what.

    Args:
        specs: the specs of the runs, which also state the pretrainings that they need.
        context: the session's settings: where things are, whether fetching is allowed, and who is told of it.
        may_lack: whether runs whose needs cannot be met are skipped. If False, nothing is done for any run unless the
            needs of all can be met.

    Raises:
        UsageError: if a spec is wrong, or this process was started together with others that would do the same.
        DataError: if files cannot be fetched or images cannot be prepared, unless ``may_lack``.
        WeightsError: if weights cannot be fetched, unless ``may_lack``.
        StorageError: if the disk is full.
    """
    runs = _lacking(specs, context, may_lack)
    wanted = _in_order(runs)
    if wanted:
        check_alone()
    given_up: set[Need] = set()
    for need in wanted:
        if all(given_up & run for run in runs if need in run):
            continue
        try:
            need.provide()
        except (DataError, WeightsError) as error:
            if not may_lack:
                raise
            context.say(str(error))
            given_up.add(need)


@dataclass(frozen=True)
class Beforehand:
    """What ``provide`` would do.

    Attributes:
        lines: what would be fetched and prepared, as lines for a user, each thing once.
        missing: what stands for the files that would be there afterwards, in errors about them.
    """

    lines: tuple[str, ...]
    missing: frozenset[Hashable]


def to_provide(specs: Sequence[RunSpec], context: Context, may_lack: bool = False) -> Beforehand:
    """What ``provide`` would do; nothing is done, and no server is asked."""
    needs = _in_order(_lacking(specs, context, may_lack))
    lines: list[str] = []
    fetched: dict[tuple[str, str], list[str]] = {}
    for step in (step for need in needs for step in need.steps()):
        if isinstance(step, Fetched):
            fetched.setdefault((step.host, step.terms), []).append(step.name)
        else:
            lines.append(step)
    first = [
        f"would fetch {', '.join(names)} from {host}: size unknown before the server is asked, {terms}"
        for (host, terms), names in fetched.items()
    ]
    return Beforehand((*first, *lines), frozenset(need.missing for need in needs if need.missing is not None))


def _lacking(specs: Sequence[RunSpec], context: Context, may_lack: bool) -> list[set[Need]]:
    """The missing things of each run, for runs whose needs can all be met; none at all if one may not be skipped."""
    known = _Known(context)
    runs = [known.lacking(spec) for spec in dict.fromkeys(dataclasses.replace(spec, seed=0) for spec in specs)]
    met = [needs for needs in runs if all(need.can_be_had for need in needs)]
    return met if may_lack or len(met) == len(runs) else []


def _in_order(runs: Sequence[set[Need]]) -> list[Need]:
    """The missing things of several runs, each once, in the order in which they are provided."""
    return sorted(set[Need]().union(*runs), key=lambda need: (ORDER.index(type(need)), str(need.steps())))


class _Known:
    """Finds the missing things of runs, and looks for each thing only once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._found: dict[Hashable, Need | None] = {}

    def lacking(self, spec: RunSpec) -> set[Need]:
        """The missing things of a run and of the pretrainings that it needs."""
        found: list[Need | None] = []
        for one in with_needed(spec):
            dataset: Dataset = DATASETS.build(one.dataset)
            if one.edition == "real" and not dataset.generated:
                files = self._files(one.dataset, dataset)
                found += [files, self._images(one.dataset, dataset, one.recipe, there=files is None)]
        found += [self._weights(*initializer) for initializer in initializers_of(spec.initializer)]
        return {need for need in found if need is not None}

    def _files(self, expression: Call, dataset: Dataset) -> Need | None:
        root = self.context.paths.root(expression, "real")

        def look() -> Need | None:
            return Files(expression, self.context) if Files.lack(dataset, root) else None

        return self._once((root, *(file.becomes for file in dataset.open_files)), look)

    def _images(self, expression: Call, dataset: Dataset, recipe: Recipe, there: bool) -> Need | None:
        """The need for prepared images; expressions that use different parts of a dataset share one."""
        paths = self.context.paths

        def look() -> Need | None:
            lack = dataset.needs_preparing and not paths.is_prepared(expression, "real")
            return Images(expression, self.context, there) if lack else None

        images = self._once(paths.prepared(expression, "real"), look)
        if isinstance(images, Images):
            images.add(recipe)
        return images

    def _weights(self, expression: Call, initializer: Initializer) -> Need | None:
        def look() -> Need | None:
            return Weights(initializer, self.context) if Weights.lack(initializer) else None

        return self._once(initializer.file.name if isinstance(initializer, StoredWeights) else expression, look)

    def _once(self, key: Hashable, look: Callable[[], Need | None]) -> Need | None:
        if key not in self._found:
            self._found[key] = look()
        return self._found[key]
