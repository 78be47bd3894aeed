"""`medtransfer describe` of a table against reading the table: seconds of a processor, and their ratio.

    python -m benchmarks.describing TABLE [--rows N] [--rounds N]

TABLE is a label file, such as VinDr's table of boxes. Its first rows are described in a folder of their own. The peer
is Python's csv module, which reads the same rows and does nothing with them; both take turns in one process.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from datamodules.describing.describe import describe
from datamodules.files.texts import opened_text


def spent(work: Callable[[], object]) -> float:
    """The seconds of a processor that some work takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def read(table: Path) -> int:
    """Read a table with the csv module; the number of its rows."""
    with opened_text(table) as file:
        return sum(1 for _ in csv.reader(file))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the median seconds of both and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("table", type=Path, help="the label file")
    parser.add_argument(
        "--rows", type=int, default=15_000, help="the number of rows that are described (default: 15000)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        with opened_text(options.table) as file:
            lines = list(itertools.islice(file, options.rows + 1))
        table.write_text("".join(lines), encoding="utf-8")
        rounds = [(spent(lambda: describe(table.parent)), spent(lambda: read(table))) for _ in range(options.rounds)]
    described, plain = (sorted(of)[len(rounds) // 2] for of in zip(*rounds, strict=True))
    print(f"{len(lines) - 1:,} rows: described in {described:.2f} s, read by the csv module in {plain:.3f} s, "
          f"ratio {described / plain:.0f}, median of {options.rounds} rounds")  # fmt: skip


if __name__ == "__main__":
    main()
