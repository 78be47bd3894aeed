"""Shows the epochs of runs in wandb while they go on; results follow afterwards, by ``mirror``, with the same ids.

The planner reads the metrics that runs leave in the store; no run imports wandb or waits for it. Lines go to wandb's
process through a queue and a thread, so that a server that does not answer keeps nothing back.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from experiments.execution.planner import Plan
from experiments.reporting.wandb.parcels import ID, history_of, opening
from experiments.reporting.wandb.process import clear, end, staged, started, why_ended
from experiments.run.attempts import rows_of
from experiments.run.store import RunStore

PATIENCE = 120.0
"""How many seconds wandb may take to send what is left, when all runs have ended."""

SHORTLY = 2.0
"""How many seconds wandb may take when the planner was interrupted or has failed."""

Say = Callable[[str], None]


@contextmanager
def followed(
    folder: Path, group: str, store: RunStore, say: Say, mode: Literal["offline", "online"] = "online"
) -> Iterator[Callable[[Plan], None]]:
    """A function that is called with a plan after each change, and logs the epochs that its runs have finished.

    Args:
        folder: the folder for wandb's files.
        group: the name of the group of the runs in wandb, such as the table's name; empty: it is not known yet.
        store: the run store, in which the runs leave their metrics.
        say: a function that is told a warning if wandb fails; it fails alone.
        mode: ``online`` uploads; ``offline`` writes files, which nothing but tests asks for.
    """
    clear(folder / "staging")
    with ExitStack() as stack:
        follower = _Follower(stack, folder, group, store, mode)
        patience = SHORTLY
        try:
            yield follower.look
            patience = PATIENCE
        finally:
            if why := follower.close(patience):
                say(f"warning: wandb did not show all epochs of the runs ({why}). Results are not touched by it.")


class _Follower:
    """What has been sent of each run, and the process that it was sent to, which is started with the first epoch."""

    def __init__(
        self, stack: ExitStack, folder: Path, group: str, store: RunStore, mode: Literal["offline", "online"]
    ) -> None:
        self._stack, self._folder, self._group, self._store, self._mode = stack, folder, group, store, mode
        self._sent: dict[str, int] = {}
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._place = folder
        self._broken = ""

    def look(self, plan: Plan) -> None:
        """Send the epochs that runs have finished since the last look; after an error, nothing more is sent."""
        if self._broken:
            return
        try:
            self._look(plan)
        except Exception as error:  # damaged metrics, a full disk: nothing that only shows runs may stop them
            self._broken = f"{type(error).__name__}: {error}"

    def _look(self, plan: Plan) -> None:
        for key in [*plan.running, *(key for key in self._sent if key in plan.done or key in plan.failed)]:
            rows = rows_of(self._store, key)
            if key not in self._sent and not rows:
                continue
            spec = plan.runs[key].spec
            if key not in self._sent:
                self._sent[key] = 0
                self._tell({"open": opening(key, spec, self._group)})
            if new := rows[self._sent[key] :]:
                self._tell({"id": key[:ID], "rows": history_of(spec, new)})
                self._sent[key] = len(rows)
            if key not in plan.running:
                del self._sent[key]
                self._tell({"id": key[:ID], "end": True})

    def close(self, patience: float) -> str:
        """Let wandb send what is left, for so many seconds; returns why it could not, or an empty text."""
        if self._process is None or self._thread is None:
            return self._broken
        self._lines.put(None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        status = self._process.poll()
        why = f"it did not answer for {patience:.0f} s" if status is None else self._broken
        if status:
            why = why_ended(self._process, self._place)
        end(self._process)
        return why

    def _tell(self, line: dict[str, Any]) -> None:
        if self._process is None:
            self._place = self._stack.enter_context(staged(self._folder / "staging"))
            self._process = started(self._place, "live", mode=self._mode)
            self._thread = threading.Thread(target=self._write, daemon=True)
            self._thread.start()
        self._lines.put(json.dumps(line).encode() + b"\n")

    def _write(self) -> None:
        """Write the lines to wandb's process, until there are no more or it has ended."""
        assert self._process is not None and self._process.stdin is not None
        with suppress(OSError):
            while (line := self._lines.get()) is not None:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        with suppress(OSError):
            self._process.stdin.close()
