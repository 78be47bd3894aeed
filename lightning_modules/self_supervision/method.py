"""The description of a self-supervised method and its settings, without torch, so that it is imported quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from specs.errors import UsageError
from specs.recipe import Recipe
from specs.recipe_parts import Views
from specs.sources import Difference, Sources

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone
    from lightning_modules.self_supervision.learner import Learner


class Method(NamedTuple):
    """A self-supervised method with its settings.

    Attributes:
        family: the kind of method: instance discrimination; jigsaw; clustering; clustering with contrastive learning;
            mutual information reduction; redundancy reduction; self-distillation; masked autoencoding.
        paper: the paper's citation and URL.
        learner: a function that makes the learner from a backbone and the number of training images.
        views: the number of views of each image in a batch.
        more_views: whether the method takes further views, such as small crops.
        published: the recipe as its authors give it; None: not known.
        phantom: a recipe for small drawn images, seconds to a minute on two cores; None: there is none.
        version: raised on purpose when the same settings give other weights than before.
        residual: how the last normalization of each residual branch starts in the authors' code, where the pretraining
            starts from random weights: ``initializers.random`` says what it means.
        sources: the source of every value of ``published`` and of every argument; data for readers that changes no run.
        differences: the differences from the authors' training that no value says.
    """

    family: str
    paper: str
    learner: Callable[[Backbone, int], Learner]
    views: int = 2
    more_views: bool = False
    published: Recipe | None = None
    phantom: Recipe | None = None
    version: int = 1
    residual: Literal["one", "zero"] = "one"
    sources: Sources | None = None
    differences: tuple[Difference, ...] = ()

    def check_views(self, views: tuple[Views, ...]) -> None:
        """Refuse a recipe's views if they are too few or too many.

        Raises:
            UsageError: if the number is wrong; it says how many views the method takes.
        """
        given = sum(view.count for view in views)
        if views and (given < self.views or (given > self.views and not self.more_views)):
            takes = f"{'at least ' if self.more_views else ''}{self.views}"
            raise UsageError(f"recipe: the method takes {takes} views of an image, found {given}. Mend their counts.")
