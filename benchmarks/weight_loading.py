"""Loading ResNet-50 weights from the store, checks and report included, against safetensors alone.

    python -m benchmarks.weight_loading [--rounds N] [--json]

The peer is ``safetensors.torch.load_file`` and ``load_state_dict`` of the same converted file, in turns with ours in
one process. Memory is the largest growth of a process's private memory (Linux: RssAnon of /proc/self/status) while it
loads, measured in a separate process for each. The weights are random numbers in the published container.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from benchmarks.interleaved import rates, ratio
from initializers.loading.contract import build
from initializers.loading.loading import initialize
from initializers.publishing.variable import VARIABLE
from specs.registry import BACKBONES

TARGETS = {"time": 1.5, "private memory": 1.2}
"""The largest ratios that issue 4 of this project allows."""

EXPRESSION, FILE = "barlow_twins", "barlowtwins_resnet50.pth"
"""A published file whose names have no prefix, so that the converted file has the published names."""


def main() -> None:
    """Measure both contenders, and print the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="(default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    parser.add_argument("--memory-of", choices=("ours", "peer"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print(_private_growth(_contenders()[options.memory_of]))
        return
    with tempfile.TemporaryDirectory(prefix="medtransfer-benchmark-") as folder:
        os.environ[VARIABLE] = folder
        comparisons = measure(Path(folder), options.rounds)
    print(json.dumps(comparisons, indent=1) if options.json else _words(comparisons))


def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Comparisons with ``name``, ``ours``, ``peer``, ``unit``, ``ratio``, ``target`` and ``machine``.

    Args:
        folder: the folder of the weight store.
        rounds: the number of rounds, in each of which both contenders take their turns.
    """
    folder.mkdir(exist_ok=True)
    torch.save(BACKBONES.build("resnet50").draw(torch.Generator().manual_seed(0)), folder / FILE)
    contenders = _contenders()
    contenders["ours"]()  # converts
    (converted,) = (folder / "converted").glob("*.safetensors")
    counted = {name: _counted(contender) for name, contender in contenders.items()}
    speeds = rates(counted, rounds)
    size = converted.stat().st_size
    ours, peer = (1000 / statistics.median(speeds[name]) for name in ("ours", "peer"))
    grown = {name: _in_a_process_of_its_own(name) for name in contenders}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch threads: {torch.get_num_threads()}"
    return [
        {
            "name": "time",
            "ours": ours,
            "peer": peer,
            "unit": "ms",
            "ratio": 1 / ratio(speeds, "ours", "peer"),
            "target": TARGETS["time"],
            "machine": machine,
        },
        {
            "name": "private memory",
            "ours": grown["ours"] / 2**20,
            "peer": size / 2**20,
            "unit": "MiB (peer: the file)",
            "ratio": grown["ours"] / size,
            "target": TARGETS["private memory"],
            "machine": machine,
        },
        {
            "name": "private memory of safetensors alone",
            "ours": grown["peer"] / 2**20,
            "peer": size / 2**20,
            "unit": "MiB (peer: the file)",
            "ratio": grown["peer"] / size,
            "target": None,
            "machine": machine,
        },
    ]


def _contenders() -> dict[str, Callable[[], object]]:
    """The contenders, each of which loads the weights into its own network, built beforehand."""
    mine, theirs = BACKBONES.build("resnet50"), BACKBONES.build("resnet50")
    folder = Path(os.environ[VARIABLE])

    def ours() -> object:
        return initialize(mine, build(EXPRESSION), torch.Generator().manual_seed(0))

    def peer() -> object:
        (converted,) = (folder / "converted").glob("*.safetensors")
        return theirs.network.load_state_dict(load_file(converted))

    return {"ours": ours, "peer": peer}


def _counted(contender: Callable[[], object]) -> Callable[[], int]:
    def once() -> int:
        contender()
        return 1

    return once


def _in_a_process_of_its_own(name: str) -> int:
    command = [sys.executable, "-m", "benchmarks.weight_loading", "--memory-of", name]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _private_growth(contender: Callable[[], object]) -> int:
    """The largest growth of private memory in bytes while a contender ran, sampled each millisecond."""
    before, highest, done = _private(), 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, _private())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    contender()
    done.set()
    watcher.join()
    return max(highest, _private()) - before


def _private() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not say how much private memory a process has")


def _words(comparisons: list[dict[str, Any]]) -> str:
    lines = [f"loading a ResNet-50 from the store; {comparisons[0]['machine']}", ""]
    lines += [f"{'':38}{'ours':>8}{'peer':>8}{'ratio':>8}{'at most':>9}  unit"]
    for row in comparisons:
        most = "" if row["target"] is None else f"{row['target']:.1f}"
        name, unit = row["name"], row["unit"]
        lines.append(f"{name:38}{row['ours']:8.1f}{row['peer']:8.1f}{row['ratio']:8.2f}{most:>9}  {unit}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
