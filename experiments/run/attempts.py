"""How many epochs the attempts at a run have finished."""

from __future__ import annotations

import json

from experiments.run.store import RunStore, epochs_of


def epochs_done(store: RunStore, key: str) -> tuple[int, int] | None:
    """The most epochs that an attempt at a run has finished, and the recipe's epochs; None if none is finished."""
    found = []
    for folder in store.attempts(key):
        try:
            spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        found.append((epochs_of(folder), spec["recipe"]["epochs"]))
    furthest = max(found, default=(0, 0))
    return furthest if furthest[0] else None
