"""Trying inputs in a separate process, so that whatever one of them does ends with that process."""

from __future__ import annotations

import ast
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import struct
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.fuzzing.finding import Kind
from specs.errors import MedtransferError

PLACE = struct.Struct("<q")
"""The format in which a process writes the number of its current input."""


WAITED, STARTING = 12, 300.0
"""How many times longer than its processor time an input may take on a busy machine; and the additional seconds of
processor time for the first input of a process, which imports the product."""


class Limits(NamedTuple):
    """The limits of time and memory for one input.

    Attributes:
        seconds: the processor time of an input in seconds; its wall-clock time may be ``WAITED`` times as long.
        size: the bytes of memory beyond those that the process had after its first input, which imports the product.
    """

    seconds: float = 10.0
    size: int = 2 * 2**30


class Batch(NamedTuple):
    """A series of consecutive inputs of one kind.

    Attributes:
        kind: the kind of input.
        seed: the seed that all inputs are drawn with.
        first: the number of the first input.
        number: the number of inputs.
    """

    kind: Kind
    seed: int
    first: int
    number: int


def generator_of(batch: Batch, number: int) -> random.Random:
    """The random generator of one input, which is the same on every machine."""
    return random.Random(f"{batch.seed}/{batch.kind.name}/{number}")


def tried(batch: Batch, limits: Limits) -> tuple[int, list[dict[str, Any]]]:
    """Try inputs until the batch ends or one of them ends its process.

    Returns:
        The number of inputs that were tried, and the findings, each with its number, what happened, and where.
    """
    with tempfile.TemporaryDirectory(prefix="medtransfer-fuzz-") as name:
        folder = Path(name)
        (folder / "place").write_bytes(PLACE.pack(batch.first))
        child = multiprocessing.get_context("fork").Process(target=_try, args=(batch, limits, folder))
        child.start()
        child.join()
        lines = (folder / "found").read_text(encoding="utf-8").splitlines() if (folder / "found").exists() else []
        findings = [json.loads(line) for line in lines]
        if child.exitcode == 0:
            return batch.number, findings
        (number,) = PLACE.unpack((folder / "place").read_bytes())
        ended = -(child.exitcode or 0)
        hung = ended in (signal.SIGPROF, signal.SIGALRM)
        fault = f"took more than {limits.seconds:g} s" if hung else f"ended its process ({_named(ended)})"
        return number - batch.first + 1, [*findings, {"number": number, "what": fault, "where": ""}]


def _named(ended: int) -> str:
    return signal.Signals(ended).name if ended > 0 else f"status {-ended}"


def _try(batch: Batch, limits: Limits, folder: Path) -> None:
    """Try the inputs one after the other in the child process, and write findings to a file as they come."""
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    import experiments.run.preloaded  # noqa: F401 - what an input imports first counts neither as its time nor memory

    for alarm in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(alarm, signal.SIG_DFL)  # ends the process wherever it hangs, in C too
    own = folder / "inputs"
    with (
        (folder / "place").open("r+b", buffering=0) as position,
        (folder / "found").open("w", encoding="utf-8") as findings,
    ):
        allowed = None
        for number in range(batch.first, batch.first + batch.number):
            os.pwrite(position.fileno(), PLACE.pack(number), 0)
            shutil.rmtree(own, ignore_errors=True)
            own.mkdir()
            _alarm(limits.seconds + (STARTING if allowed is None else 0))
            fault = _fault(batch, number, own)
            _alarm(0)
            peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if allowed is None:
                allowed = peak + limits.size
                _limit_memory(limits.size)
            elif peak > allowed and fault is None:
                fault = f"took {peak - allowed + limits.size:,} bytes of memory", ""
                allowed = peak + limits.size
            if fault is not None:
                findings.write(json.dumps({"number": number, "what": fault[0], "where": fault[1]}) + "\n")
                findings.flush()
    os._exit(0)


def _alarm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, WAITED * seconds)


def _too_deep(error: MemoryError) -> bool:
    """Whether Python's parser raised the error because a text is nested too deeply, for which it takes no memory."""
    return any(frame.filename == ast.__file__ for frame in traceback.extract_tb(error.__traceback__))


def _limit_memory(size: int) -> None:
    """Limit this process's address space to its present size plus the bytes that an input may take."""
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + size, held + size))


def _fault(batch: Batch, number: int, folder: Path) -> tuple[str, str] | None:
    """The error that an input must not raise but does, and where it is raised; None if all is well."""
    try:
        batch.kind.attempt(generator_of(batch, number), folder)
    except MedtransferError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, MemoryError) and not _too_deep(cause):
                return f"memory ran out: {str(error)[:200]}", ""
            cause = cause.__cause__
        return None
    except BaseException as error:  # any other error is a finding
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:200]}", f"{last.filename}:{last.lineno}"
    return None
