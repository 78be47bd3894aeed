"""What planned runs need and is not here: published files are fetched, and images prepared, before the first run.

A run's key is made of what it reads, so this comes before runs are resolved. It is the planner's alone: workers are
given nothing that fetches. What asks for a form or an account, and what pip brings, stays with the user.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence

from datamodules.dataset.contract import Dataset
from experiments.run.ddp.launchers import check_alone
from experiments.run.needed import initializers_of, with_needed
from experiments.session.context import Context
from experiments.session.needs import Files, Images, Need, Weights
from initializers.loading.contract import Initializer
from initializers.publishing.publishing import Placed
from specs.errors import DataError, WeightsError
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import RunSpec

ORDER = (Files, Weights, Images)
"""What may fail soon comes before what takes long, and images after their files."""


def provide(specs: Sequence[RunSpec], context: Context, may_lack: bool = False) -> None:
    """Fetch and prepare what runs need, each thing once.

    Nothing is done for a run that lacks something else, which only a user can bring; resolving it says what.

    Args:
        specs: of the runs; those that they need are known from them.
        context: says where things are and whether fetching is allowed, and is told what comes.
        may_lack: whether runs whose needs cannot be met leave the others as they are. If not, nothing is done unless
            all can be met.

    Raises:
        UsageError: if a spec is wrong, or this process was started together with others that would do the same.
        DataError: if files cannot be fetched or images not prepared, and none may lack.
        WeightsError: likewise, of weights.
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


def to_provide(specs: Sequence[RunSpec], context: Context, may_lack: bool = False) -> tuple[str, ...]:
    """What ``provide`` would do, a line each; nothing is done, and no server is asked."""
    return tuple(line for need in _in_order(_lacking(specs, context, may_lack)) for line in need.lines())


def _lacking(specs: Sequence[RunSpec], context: Context, may_lack: bool) -> list[set[Need]]:
    """What is not here of what each run needs, of those runs whose needs can all be met."""
    known = _Known(context)
    runs = [known.lacking(spec) for spec in dict.fromkeys(dataclasses.replace(spec, seed=0) for spec in specs)]
    met = [needs for needs in runs if all(need.can_be_had for need in needs)]
    return met if may_lack or len(met) == len(runs) else []


def _in_order(runs: Sequence[set[Need]]) -> list[Need]:
    """What several runs lack, each thing once."""
    return sorted(set[Need]().union(*runs), key=lambda need: (ORDER.index(type(need)), need.lines()))


class _Known:
    """What has been looked for already, each thing once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._found: dict[Hashable, Need | None] = {}

    def lacking(self, spec: RunSpec) -> set[Need]:
        """What a run lacks, and what the runs lack that it needs."""
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
        """Expressions that differ in which images they use share what is prepared."""
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

        return self._once(initializer.file.name if isinstance(initializer, Placed) else expression, look)

    def _once(self, key: Hashable, look: Callable[[], Need | None]) -> Need | None:
        if key not in self._found:
            self._found[key] = look()
        return self._found[key]
