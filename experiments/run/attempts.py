"""How far the attempts at a run are."""

from __future__ import annotations

import json

from experiments.run.store import RunStore, epochs_of


def epochs_done(store: RunStore, key: str) -> tuple[int, int] | None:
    """The finished epochs of the attempt that is furthest, and the most there can be; None before the first one."""
    found = []
    for folder in store.attempts(key):
        try:
            spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        found.append((epochs_of(folder), spec["recipe"]["epochs"]))
    furthest = max(found, default=(0, 0))
    return furthest if furthest[0] else None
