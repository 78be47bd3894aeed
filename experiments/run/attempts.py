"""How far the attempts at a run have got: finished epochs, and the last one's losses and scores."""

from __future__ import annotations

import json
from typing import Any

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


def rows_of(store: RunStore, key: str) -> list[dict[str, Any]]:
    """The metrics of each epoch that a run has finished so far, or did; empty if there are none that can be read."""
    furthest = max(store.attempts(key), key=epochs_of, default=store.folder(key))
    try:
        lines = (furthest / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]
    except (OSError, ValueError):  # the file is not there, or another machine shows a part of it
        return []


def latest_values(store: RunStore, key: str) -> dict[str, float]:
    """The losses and scores of the last epoch of the attempt that has got furthest; empty if none is finished."""
    furthest = max(store.attempts(key), key=epochs_of, default=None)
    if furthest is None:
        return {}
    try:
        values = json.loads((furthest / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    except (OSError, ValueError, IndexError):  # as ``epochs_of`` has it: whoever asks for a state is not stopped by it
        return {}
    named = values.items() if isinstance(values, dict) else ()
    return {name: value for name, value in named if name not in ("epoch", "step") and isinstance(value, float)}
