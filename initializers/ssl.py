"""Self-supervised pretraining, a run like any other, such as ssl("moco_v2", on="chestxray14")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from initializers.loading.trained import TrainedHere, check_method, start_of
from specs.expression import Call, parse
from specs.run import Pretraining
from specs.titles import Words


@dataclass(frozen=True)
class Ssl(TrainedHere):
    """Weights from self-supervised pretraining, which learns from images without labels.

    Attributes:
        method: the name of a self-supervised method, such as ``moco_v2``; its settings are the recipe's.
        on: the dataset whose training images it learns from.
        source: the initializer that the pretraining starts from; None: random weights as the authors of the method draw
            them, ``random`` or ``random(residual="zero")``.
        recipe: the recipe of the pretraining, as STUDY/NAME; None takes the one that is named like the method.
        images: the images that it learns from: those of the training split, or of the test split too, without labels. A
            table marks rows that were trained on the dataset that it tests on, whichever of its images they saw.
    """

    method: str
    on: Annotated[str, "datamodules"]
    source: Annotated[Call, "initializers"] | None = None
    recipe: str | None = None
    images: Literal["train", "train+test"] = "train"

    title: ClassVar[str] = "{method:methods} on {on:datasets}"
    words: ClassVar[Words] = {
        "source": "from {source:initializers}",
        "recipe": "recipe {recipe}",
        "images": {"train+test": "test images too"},
    }

    def __post_init__(self) -> None:
        """Check the name of the method.

        Raises:
            UsageError: lists the near matches if there is no such method.
        """
        check_method(self.method)

    def requires(self) -> tuple[Pretraining, ...]:
        """The pretraining run that makes these weights."""
        source = start_of(self.method) if self.source is None else self.source
        return (Pretraining(parse(self.on), source, self.recipe, self.method, self.images),)
