"""The progress of a plan while its runs go on: done, running, failed, time left."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from experiments.execution.planner import Plan

LINE_SECONDS = 10
"""The least number of seconds between two printed lines, if there is no terminal."""


class Display:
    """Shows the progress of a plan: a bar on a terminal, else a line now and then.

    Args:
        console: the console of rich that the progress is shown on.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started = self._last = time.monotonic()
        self._work_at_start: float | None = None
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[state]}"),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._progress.add_task("runs", total=None, state="")

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()  # an interrupted bar would leave the terminal without a cursor

    def __call__(self, plan: Plan) -> None:
        """Show the plan's state. When nothing runs any more, the bar is removed, and the next plan gets a new one."""
        queued = f"{len(plan.queued)} queued, " if plan.queued else ""
        running = len(plan.running) - len(plan.queued)
        state = f"{running} running, {queued}{len(plan.failed)} failed, {self._left(plan)}"
        finished = len(plan.done) + len(plan.failed)
        self._progress.start()
        self._progress.update(self._task, total=len(plan.runs), completed=finished, state=state)
        now = time.monotonic()
        if not self.console.is_terminal and now - self._last > LINE_SECONDS:
            self._last = now
            self.console.print(f"{finished} of {len(plan.runs)} runs finished, {state}")
        if not plan.running:
            self._progress.stop()
            self._started, self._work_at_start = time.monotonic(), None

    def _left(self, plan: Plan) -> str:
        """The time left in words, estimated from the runs that were done since the start, all taken as equally long."""
        work = len(plan.done) + len(plan.failed) + sum(plan.running.values())
        if self._work_at_start is None:
            self._work_at_start = work
        gained, elapsed = work - self._work_at_start, time.monotonic() - self._started
        if gained < 0.5 or not plan.running:
            return "time left unknown" if plan.running else "nothing left"
        seconds = elapsed / gained * (len(plan.runs) - work)
        return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
