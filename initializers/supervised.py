"""Supervised pretraining, a run like any other, such as supervised(on="inat2021", labels="genus")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from initializers.loading.trained import TrainedHere
from specs.errors import UsageError
from specs.expression import Call, parse
from specs.registry import DATASETS
from specs.run import Pretraining
from specs.titles import Words


@dataclass(frozen=True)
class Supervised(TrainedHere):
    """Weights from supervised pretraining, which learns a dataset's labels from random weights.

    Attributes:
        on: the dataset whose labels are learned.
        labels: the labels to learn, where the dataset has several: a level of a taxonomy, ``fine`` or ``coarse``, or a
            file that joins classes. It is the dataset's argument of that name, and may be written there.
        recipe: the recipe of the pretraining, as STUDY/NAME; None takes the run spec's.
    """

    on: Annotated[str, "datamodules"]
    labels: str | None = None
    recipe: str | None = None

    title: ClassVar[str] = "Supervised on {on:datasets}"
    words: ClassVar[Words] = {"labels": "{labels:file} labels", "recipe": "recipe {recipe}"}

    def __post_init__(self) -> None:
        """Check that the dataset has such labels.

        Raises:
            UsageError: if the dataset has no choice of labels, or not these labels.
        """
        self._dataset()

    def requires(self) -> tuple[Pretraining, ...]:
        """The pretraining run that makes these weights."""
        return (Pretraining(self._dataset(), Call("random"), self.recipe),)

    def _dataset(self) -> Call:
        given = parse(self.on)
        if self.labels is None:
            return given
        names = [name for name, _ in DATASETS.bind(given).kwargs]
        if "labels" not in names:
            raise UsageError(
                f'supervised: {given.name} has one kind of labels, and labels="{self.labels}" was asked for. Leave '
                "labels out, or name a dataset that takes them, such as fractals, imagenet or inat2021."
            )
        others = tuple(item for item in DATASETS.bind(given).kwargs if item[0] != "labels")
        return DATASETS.bind(Call(given.name, (), (*others, ("labels", self.labels))))
