"""Weights whose origin a run's key does not know are refused before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from backbones.networks.contract import Backbone
from experiments.run.initialized import initialized
from experiments.run.runner import run
from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card
from specs.errors import WeightsError
from specs.expression import Call, parse
from specs.registry import INITIALIZERS, OWN, Entry
from specs.run import Pretraining
from tests.experiments.smoke import NO_RUNS, paths_in, spec

Origin = Literal["unknown", "transformed", "short hash", "one drawn", "drawn", "hash", "inner hash", "run", "nested"]

FIRST = "conv1.conv.weight"


@dataclass(frozen=True)
class Brought(Initializer):
    """Tensors of ones.

    Attributes:
        origin: what it says of where they come from.
    """

    origin: Origin

    def card(self) -> Card:
        """Nothing is known of them."""
        return Card(method="unknown")

    def identity(self) -> dict[str, Any]:
        """The argument, and a hash where it has one."""
        hashes: dict[str, Any] = {"short hash": "0123abcd" * 4, "hash": "0123abcd" * 8, "inner hash": ["0123abcd" * 8]}
        return {"origin": self.origin, "file": {"sha256": hashes.get(self.origin)}}

    def requires(self) -> tuple[Pretraining, ...]:
        """A run where it says so."""
        return (Pretraining(parse("fractals"), parse("random")),) if self.origin == "run" else ()

    def nested(self) -> dict[str, Call]:
        """Another initializer where it says so."""
        return {"source": parse("random")} if self.origin == "nested" else {}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The same in every case but for what is said of them."""
        tensors = {name: torch.ones_like(tensor) for name, tensor in backbone.weights().items()}
        drawn = {"one drawn": (FIRST,), "drawn": tuple(tensors)}.get(self.origin, ())
        transformed = dict.fromkeys(tensors, "halved") if self.origin == "transformed" else {}
        return Weights(tensors, transformed=transformed, drawn=drawn, source="somewhere")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The initializer under the name ``brought``."""
    entry = Entry("brought", "", __name__, "Brought", OWN)
    monkeypatch.setattr(INITIALIZERS, "entries", INITIALIZERS.entries | {"brought": entry})


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[Origin], Backbone]:
    """The network with tensors that say that origin."""

    def begun(origin: Origin) -> Backbone:
        return initialized(spec(f'brought("{origin}")'), paths_in(tmp_path), NO_RUNS)[0]

    return begun


@pytest.mark.parametrize("origin", ["unknown", "transformed", "short hash", "one drawn"])
def test_tensors_that_could_change_while_the_key_stays_are_refused(
    origin: Origin, begin: Callable[[Origin], Backbone]
) -> None:
    drawn = int(origin == "one drawn")
    count = len(begin("drawn").weights()) - drawn
    with pytest.raises(WeightsError) as refused:
        begin(origin)
    message = str(refused.value)
    assert message.startswith(f'brought(origin="{origin}") brings {count} tensors, such as ')
    assert (f"such as {FIRST}," in message) == (not drawn)
    assert "Let its identity() give the sha256 of the file that it reads, or list the tensors that it draws" in message


@pytest.mark.parametrize("origin", ["drawn", "hash", "inner hash", "run", "nested"])
def test_tensors_that_are_drawn_hashed_or_made_by_what_is_in_the_key_are_taken(
    origin: Origin, begin: Callable[[Origin], Backbone]
) -> None:
    assert all(bool((tensor == 1).all()) for tensor in begin(origin).weights().values())


def test_a_run_from_such_weights_ends_before_its_training(tmp_path: Path) -> None:
    where, epochs = paths_in(tmp_path), list[int]()
    with pytest.raises(WeightsError, match="says nothing of where they come from"):
        run(spec('brought("unknown")'), where, report=lambda epoch, _: epochs.append(epoch))
    assert epochs == [], "not even the beginning of a training"
    assert not [path for path in where.runs.rglob("*") if path.name in ("record.json", "metrics.jsonl")]
