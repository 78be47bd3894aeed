"""The contract of every initializer: it yields a state dict for a backbone and says where it came from."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call, Value
from specs.registry import INITIALIZERS
from specs.run import Pretraining
from specs.titles import Words

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from backbones.networks.contract import Backbone

WeightsOf = Callable[[Pretraining], Path]
"""A function that gives the path of a required run's weights, a safetensors file."""


def no_runs(need: Pretraining) -> Path:
    """The ``WeightsOf`` where there is no run store.

    Raises:
        WeightsError: always; it says which run is needed.
    """
    raise WeightsError(
        f"these weights come from a run: {need.initializer} trained on {need.dataset}. `medtransfer run` does it, and "
        "initialize(..., weights_of=...) then says where its weights are."
    )


class Initializer(ABC):
    """A source of weights for a backbone. Subclasses are frozen dataclasses whose fields are the arguments.

    Importing a subclass must be quick, so that torch is imported only inside ``state_dict``.

    Attributes:
        title: what people call the initializer, where that is not what its file's first line begins with
            (``specs.titles``).
        words: for each argument, what a title says of it where it is not the default; those of base classes apply too.
        private: the names of arguments that name files of a user's own. Reports and dashboards show a digest instead of
            them.
        version: a number that is raised on purpose when the same arguments give other weights than before.
        draws: whether it draws tensors of its own, so that runs of different seeds start from different weights.
    """

    title: ClassVar[str] = ""
    words: ClassVar[Words] = {}
    private: ClassVar[frozenset[str]] = frozenset()
    version: ClassVar[int] = 1
    draws: ClassVar[bool] = False

    def __str__(self) -> str:
        """The canonical expression that builds it; an initializer that is not registered has its class's name."""
        cls = type(self)
        names = {(entry.module, entry.attribute): entry.name for entry in INITIALIZERS.entries.values()}
        return str(Call(names.get((cls.__module__, cls.__name__), cls.__name__), (), tuple(_fields(self).items())))

    @classmethod
    def left_to_network(cls, arguments: Mapping[str, Value], network: str) -> dict[str, Value]:
        """The values of arguments whose default depends on the network that is initialized; usually there are none.

        A run's spec holds these values, so that it says in full which weights the run starts from.

        Args:
            arguments: all arguments of the expression, by name.
            network: the backbone's name, without its arguments.
        """
        return {}

    @abstractmethod
    def card(self) -> Card:
        """The card: what is known of the weights."""

    def made_for(self) -> str:
        """The expression of the backbone that the weights are of; empty where they are made for any."""
        return ""

    def requires(self) -> tuple[Pretraining, ...]:
        """The runs that this initializer itself needs first, without those of nested initializers."""
        return ()

    def identity(self) -> dict[str, Any]:
        """The arguments that enter a run's key, without nested expressions; paths are replaced by content hashes.

        Raises:
            WeightsError: if a file that an argument names is missing.
        """
        return {name: value for name, value in _fields(self).items() if not isinstance(value, Call)}

    def nested(self) -> dict[str, Call]:
        """The initializer expressions among the arguments, by argument name."""
        return {name: value for name, value in _fields(self).items() if isinstance(value, Call)}

    @abstractmethod
    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The weights for a backbone.

        Args:
            backbone: the backbone whose names and shapes the weights must have.
            generator: the only source of random draws.
            weights_of: a function that finds the weights of the runs in ``requires``.

        Raises:
            WeightsError: if the weights are not available or do not fit.
        """


def _fields(initializer: Initializer) -> dict[str, Any]:
    """The arguments by name, in order."""
    return {field.name: getattr(initializer, field.name) for field in dataclasses.fields(initializer)}  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Weights:
    """The weights that an initializer gives, with a record of where they come from.

    Attributes:
        tensors: the tensors by the backbone's canonical names.
        transformed: what was done to a tensor before it fitted, by name (such as ``sum of 3 input channels``).
        dropped: keys of the source that were left out on purpose (heads).
        drawn: names of tensors that were drawn at random.
        source: where the tensors come from, in words.
        sha256: the hash of the file that the tensors come from, or None.
        fingerprint: the fingerprint of ``tensors``, where they are known to be unchanged and finite; otherwise None.
        first: the first convolution as the source has it, where it was adapted to another number of channels; otherwise
            None.
    """

    tensors: dict[str, Tensor]
    transformed: dict[str, str] = dataclasses.field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    source: str = ""
    sha256: str | None = None
    fingerprint: str | None = None
    first: Tensor | None = None


def differs_by_seed(initializer: Initializer) -> bool:
    """Whether runs of different seeds start from different weights, since some are drawn, here or in what is nested."""
    return initializer.draws or any(differs_by_seed(build(inner)) for inner in initializer.nested().values())


def build(expression: Call | str) -> Initializer:
    """The initializer of an expression.

    Raises:
        UsageError: if the expression does not name one, or its arguments do not fit.
    """
    built: Initializer = INITIALIZERS.build(expression)
    return built
