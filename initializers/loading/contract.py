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
"""Where the weights of a required run are: a safetensors file."""


def no_runs(need: Pretraining) -> Path:
    """A ``WeightsOf`` where there is no run store.

    Raises:
        WeightsError: always; says which run is needed.
    """
    raise WeightsError(
        f"these weights come from a run: {need.initializer} trained on {need.dataset}. `medtransfer run` does it, and "
        "initialize(..., weights_of=...) then says where its weights are."
    )


class Initializer(ABC):
    """Where a backbone's weights come from. Subclasses are frozen dataclasses whose fields are the arguments.

    Importing a subclass must be light: torch is imported inside ``state_dict`` only.

    Attributes:
        title: what people call it, where that is not what its file's first line begins with (``specs.titles``).
        words: by argument, what a title says of it where it is not the default; those of base classes hold too.
        version: raised on purpose when the same arguments give other weights than before.
    """

    title: ClassVar[str] = ""
    words: ClassVar[Words] = {}
    version: ClassVar[int] = 1

    def __str__(self) -> str:
        """The canonical expression that builds it; the class's name stands in for one that is not registered."""
        cls = type(self)
        names = {(entry.module, entry.attribute): entry.name for entry in INITIALIZERS.entries.values()}
        return str(Call(names.get((cls.__module__, cls.__name__), cls.__name__), (), tuple(_fields(self).items())))

    @classmethod
    def left_to_network(cls, arguments: Mapping[str, Value], network: str) -> dict[str, Value]:
        """The values of arguments that leave something to the network which is initialized; mostly none does.

        A run's spec holds these values, so that it says in full what the run starts from.

        Args:
            arguments: all of the expression's, by name.
            network: the backbone's name, without its arguments.
        """
        return {}

    @abstractmethod
    def card(self) -> Card:
        """What is known of the weights."""

    def requires(self) -> tuple[Pretraining, ...]:
        """The runs of this initializer itself that must be done first (those of nested ones not included)."""
        return ()

    def identity(self) -> dict[str, Any]:
        """The arguments as they enter a run's key, nested expressions left out: places replaced by content hashes.

        Raises:
            WeightsError: if a file that it names is missing.
        """
        return {name: value for name, value in _fields(self).items() if not isinstance(value, Call)}

    def nested(self) -> dict[str, Call]:
        """The initializer expressions among the arguments, by argument name."""
        return {name: value for name, value in _fields(self).items() if isinstance(value, Call)}

    @abstractmethod
    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The weights for a backbone.

        Args:
            backbone: whose names and shapes the weights must have.
            generator: the only source of random draws.
            weights_of: finds the weights of the runs in ``requires``.

        Raises:
            WeightsError: if the weights cannot be had or do not fit.
        """


def _fields(initializer: Initializer) -> dict[str, Any]:
    """The arguments by name, in order."""
    return {field.name: getattr(initializer, field.name) for field in dataclasses.fields(initializer)}  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Weights:
    """What an initializer yields.

    Attributes:
        tensors: by the backbone's canonical names.
        transformed: what was done to a tensor before it fitted, by name (such as ``sum of 3 input channels``).
        dropped: keys of the source that were left out on purpose (heads).
        drawn: names of tensors that were drawn at random.
        source: where the tensors come from, in words.
        sha256: of the file that they come from, or None.
        fingerprint: of ``tensors``, where they are known to be finite and to be those that once had it; else None.
    """

    tensors: dict[str, Tensor]
    transformed: dict[str, str] = dataclasses.field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    source: str = ""
    sha256: str | None = None
    fingerprint: str | None = None


def build(expression: Call | str) -> Initializer:
    """The initializer of an expression.

    Raises:
        UsageError: if the expression does not name one, or its arguments do not fit.
    """
    built: Initializer = INITIALIZERS.build(expression)
    return built
