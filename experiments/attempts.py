"""How far the attempts at a run are."""

from __future__ import annotations

import json

from experiments.store import RunStore


def epochs_done(store: RunStore, key: str) -> tuple[int, int] | None:
    """The finished epochs of the attempt that is furthest, and the most there can be; None before the first one."""
    found = []
    for folder in store.attempts(key):
        try:
            rows = (folder / "metrics.jsonl").read_text(encoding="utf-8").count("\n")
            spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        found.append((rows, spec["recipe"]["epochs"]))
    return max(found, default=None)
