"""Check this machine: what would keep runs from working or make them slow, and what to do about it.

It prints a line per check: versions, own packages, decoders of compressed DICOM images, devices, threads, memory,
folders, datasets in the data folder, network, DDP, SLURM, wandb and MONAI. The servers of published weights have three
seconds to answer a request; nothing is fetched, and no folder is made. The exit status is 2 if there is a problem, and
0 if there are only warnings.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_paths, paths_of
from experiments.cli.paths import PathOption
from experiments.run.machine.cores import cores
from specs.errors import UsageError
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    from experiments.checks.diagnosis.check_result import CheckResult

HELP = "look for what would keep runs on this machine from working, and say what to do"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer doctor``."""
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser, PathOption())  # other faults of a folder are results, and must not end the command


def execute(options: argparse.Namespace) -> int:
    """Do all checks and print each result as soon as it is there; returns the exit status."""
    import dataclasses

    results = []
    for result in check_results(options):
        results.append(result)
        if not options.json:
            print(words(result), flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results], indent=1))
    return UsageError.exit_status if any(result.state == "problem" for result in results) else 0


def words(result: CheckResult) -> str:
    """A result as a line of text: its state, what was checked, what was found, and the remedy."""
    text = f"{result.state:8}{result.check}: {result.found}" + (f". {result.remedy}" if result.remedy else "")
    return plain(text, LONGEST_PATH)


def check_results(options: argparse.Namespace) -> Iterator[CheckResult]:
    """The results of all checks of this machine, one after the other."""
    import platform

    from experiments.checks.diagnosis.cluster import cluster
    from experiments.checks.diagnosis.datasets import datasets
    from experiments.checks.diagnosis.ddp import gloo, nccl
    from experiments.checks.diagnosis.decoders import decoders
    from experiments.checks.diagnosis.folders import Folder, folder
    from experiments.checks.diagnosis.memory import available, memory, shared_memory
    from experiments.checks.diagnosis.network import network, servers
    from experiments.checks.diagnosis.processors import devices, gpu_nodes, installed_build, quota, threads
    from experiments.checks.diagnosis.surfaces import surfaces
    from experiments.checks.diagnosis.tracking import tracking
    from experiments.checks.diagnosis.versions import installed_version, own_packages, versions
    from initializers.publishing.store import WeightStore
    from specs.packages import HOME, intruder

    where = paths_of(options)
    yield from versions(platform.python_version())
    yield own_packages(intruder(), HOME)
    yield from decoders()
    build = installed_build()
    yield from devices(build, gpu_nodes())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    yield from threads(cores(), quota(), os.environ.get("OMP_NUM_THREADS"), load)
    yield memory(available())
    yield shared_memory()
    for checked in (
        Folder("--runs", where.runs, "runs"),
        Folder("--cache", where.cache, "cache"),
        Folder("--weights", WeightStore.current().folder, "weights"),
        Folder("--data-root", where.data, "data"),
    ):
        yield from folder(checked)
    yield from datasets(where)
    yield network(servers())
    if not isinstance(build, str):
        import torch

        yield gloo()
        yield from nccl(len(build.gpus), torch.distributed.is_available() and torch.distributed.is_nccl_available())
    yield from cluster(os.environ, submitit=installed_version("submitit"))
    yield tracking(installed_version("wandb"), os.environ)
    yield surfaces(installed_version("monai"))
