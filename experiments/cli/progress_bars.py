"""Progress bars of fetching and preparing, on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text


class ProgressBars:
    """Shows a bar for each thing that is fetched, checked, unpacked or prepared; without a terminal, nothing.

    Args:
        console: the console of rich that the bars are shown on.
    """

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), _Done(), TimeRemainingColumn()
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show how much of a step is done. When all bars are full, they stay as text, and later steps get new bars."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.start()
        self._progress.update(self._tasks[what], completed=done, total=total)
        if self._progress.finished:
            self._progress.stop()
            for task in self._tasks.values():
                self._progress.remove_task(task)
            self._tasks.clear()


class _Done(DownloadColumn):
    """The column of a bar that shows how many bytes of how many are done, or how many images when preparing."""

    def render(self, task: Task) -> Text:
        """The numbers of one bar."""
        if task.description.startswith("prepare "):
            return Text(f"{int(task.completed):,}/{int(task.total or 0):,}", style="progress.download")
        return super().render(task)
