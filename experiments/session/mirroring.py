"""Mirroring of runs and tables into wandb, after all results are stored, rendered and, on the command line, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.reporting.wandb.mirror import mirror
from experiments.reporting.wandb.modes import Mode
from experiments.reporting.wandb.parcels import Parcel, of_runs, of_table
from experiments.run.store import Record
from experiments.tables.document import TableDocument


class Mirroring:
    """Collects the runs and tables of a session that will be mirrored into wandb, and mirrors them.

    Args:
        folder: the folder in the run store that wandb writes to.
        mode: whether they are mirrored: ``offline``, ``online`` or ``disabled``.
        say: a function that is told a warning if wandb fails.
    """

    def __init__(self, folder: Path, mode: Mode, say: Callable[[str], None]) -> None:
        self._folder, self._mode, self._say = folder, mode, say
        self._parcels: list[Parcel] = []
        self._blocks = 0

    def note(self, records: Iterable[Record], group: str, document: TableDocument | None = None) -> None:
        """Note runs, which form a group on the dashboard, and perhaps the table of them, to be mirrored later."""
        self._parcels.extend(of_runs(records, group))
        if document is not None:
            self._parcels.append(of_table(document))

    @contextmanager
    def afterwards(self) -> Iterator[None]:
        """Mirror the runs and tables noted in a block when it has ended without error; of nested blocks, the outermost.

        An error of wandb becomes a warning and has no other effect.
        """
        self._blocks += 1
        try:
            yield
        except BaseException:
            self._parcels.clear()  # the next call for finished runs notes them again
            raise
        finally:
            self._blocks -= 1
        if not self._blocks:
            self._mirror()

    def _mirror(self) -> None:
        waiting, self._parcels = self._parcels, []
        try:
            mirror(waiting, self._folder, self._mode)
        except Exception as error:  # no error of wandb may spoil results, which are stored already
            text = str(error).strip().splitlines()
            self._say(
                f"warning: {text[0].rstrip('.') if text else type(error).__name__}. The results are not touched by "
                "it. The same command mirrors what is missing; --wandb disabled leaves wandb out."
            )
