"""Fuzzing: does any input make the product raise an error that is not its own, hang, or run out of memory?

    python -m benchmarks.fuzz [--kinds NAME ...] [--inputs N] [--seed N] [--file JOURNAL] [--minutes M]
    python -m benchmarks.fuzz --kinds NAME --repeat NUMBER [--seed N]

An *input* is a file or text of one kind, such as a checkpoint, whole or damaged, which is given to the product; each is
drawn with a random generator of its own. A *finding* is an input after which the product raised anything but its own
errors, took longer than 10 s or more than 2 GiB of memory, or ended its process. A process tries some thousands of
inputs; if an input ends it, another process goes on with the next input.

Results are appended to the journal as they come, and a later start goes on where it ends. Each finding is printed with
its kind, seed and number, and ``--repeat`` tries that input again and shows where it ends. The default is 200,000
inputs or more: 25,000 of each kind. It takes an hour or more, so it is no part of `make bench`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzzing.finding import Kind, kinds
from benchmarks.fuzzing.trying import Batch, Limits, generator_of, tried
from benchmarks.journal import Entry, append, entries

BATCH = 2000
"""The number of inputs that a process tries."""

SHOWN = 5
"""The largest number of similar findings whose numbers are printed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try inputs, and print the findings; the exit status is 1 if there are any."""
    known = kinds()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=known, default=list(known), metavar="NAME", help=", ".join(known))
    parser.add_argument(
        "--inputs", type=int, default=25_000, help="number of inputs of each kind (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed of all inputs (default: %(default)s)")
    parser.add_argument("--file", type=Path, default=Path(tempfile.gettempdir()) / "medtransfer-fuzz.jsonl")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no process after this time")
    parser.add_argument(
        "--repeat", type=int, metavar="NUMBER", help="try one input again, in this process, and show where it ends"
    )
    options = parser.parse_args(arguments)
    if options.repeat is not None:
        for name in options.kinds:
            repeat(known[name], options.seed, options.repeat)
        return 0
    deadline = time.monotonic() + 60 * options.minutes
    for name in options.kinds:
        while time.monotonic() < deadline and (done := tried_before(options.file, name, options.seed)) < options.inputs:
            go_on(options.file, Batch(known[name], options.seed, done, min(BATCH, options.inputs - done)), Limits())
    print(report(options.file, options.seed))
    return int(any("what" in entry for entry in entries(options.file) if entry["seed"] == options.seed))


def repeat(kind: Kind, seed: int, number: int) -> None:
    """Try one input again in this process, without catching what it raises."""
    with tempfile.TemporaryDirectory(prefix="medtransfer-fuzz-") as name:
        folder = Path(name) / "inputs"
        folder.mkdir()
        kind.attempt(generator_of(Batch(kind, seed, number, 1), number), folder)
    print(f"{kind.name} {number}: no error")


def tried_before(journal: Path, name: str, seed: int) -> int:
    """The number of inputs of a kind that have been tried; they are the first ones."""
    return sum(entry["count"] for entry in entries(journal) if _of(entry, name, seed) and "count" in entry)


def _of(entry: Entry, name: str, seed: int) -> bool:
    return (entry["kind"], entry["seed"]) == (name, seed)


def go_on(journal: Path, batch: Batch, limits: Limits) -> None:
    """Try a batch until an input ends its process, and write the findings and then the number tried to the journal."""
    start = time.monotonic()
    count, findings = tried(batch, limits)
    about = {"kind": batch.kind.name, "seed": batch.seed}
    for finding in findings:
        append(journal, about | finding)
    append(journal, about | {"count": count, "seconds": round(time.monotonic() - start, 1)})
    print(f"{batch.kind.name}: {batch.first + count:,} tried, {len(findings)} findings", file=sys.stderr, flush=True)


def report(journal: Path, seed: int) -> str:
    """A report as text: the counts by kind, and the arguments that repeat each finding; similar ones share a line."""
    written = [entry for entry in entries(journal) if entry["seed"] == seed]
    counts, seconds, findings = Counter[str](), Counter[str](), Counter[str]()
    alike: dict[tuple[str, str, str], list[int]] = {}
    for entry in written:
        counts[entry["kind"]] += entry.get("count", 0)
        seconds[entry["kind"]] += entry.get("seconds", 0)
        if "what" in entry:
            findings[entry["kind"]] += 1
            numbers = alike.setdefault((entry["kind"], entry["what"].partition(":")[0], entry["where"]), [])
            numbers.append(entry["number"])
    lines = [f"{'kind':16} {'inputs':>9} {'findings':>9} {'seconds':>9}"]
    lines += [f"{name:16} {counts[name]:9,} {findings[name]:9,} {seconds[name]:9,.0f}" for name in sorted(counts)]
    lines += [f"{'all':16} {sum(counts.values()):9,} {sum(findings.values()):9,} {sum(seconds.values()):9,.0f}"]
    for (name, fault, where), numbers in alike.items():
        listed = ", ".join(map(str, sorted(set(numbers))[:SHOWN]))
        lines.append(f"{name} --seed {seed} --repeat {listed} ({len(numbers)}): {fault} {where}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
