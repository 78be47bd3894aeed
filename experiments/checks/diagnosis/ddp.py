"""Whether processes of this machine can train together (DistributedDataParallel)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments.checks.diagnosis.check_result import CheckResult

TIMEOUT = 60.0
"""Seconds that two processes may take to import torch and to add their numbers."""

SUM = """
import datetime, sys, torch
rank, store, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
torch.set_num_threads(1)
torch.distributed.init_process_group(
    "gloo", init_method=f"file://{store}", rank=rank, world_size=2, timeout=datetime.timedelta(seconds=seconds)
)
number = torch.tensor(float(rank + 1))
torch.distributed.all_reduce(number)
assert number == 3, number
torch.distributed.destroy_process_group()
"""
"""The program of each of the two processes: they add 1 and 2 over gloo."""


def gloo(program: str = SUM, timeout: float = TIMEOUT) -> CheckResult:
    """Whether two processes can add their numbers over gloo; both have ended when this returns.

    Args:
        program: the Python program that each process runs. Its arguments are its rank (0 or 1), the path of the file
            by which the two find each other, and the timeout.
        timeout: the time that both have together, in seconds.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"{rank}.txt" for rank in (0, 1)]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for rank, log in enumerate(logs):
                command = [sys.executable, "-P", "-c", program, str(rank), f"{folder}/meet", str(timeout)]
                with log.open("wb") as file:
                    processes.append(subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=folder))
            for process in processes:
                process.wait(max(0.1, began + timeout - time.monotonic()))
        except subprocess.TimeoutExpired:
            return _broken(f"two processes did not meet in {timeout:.0f} s")
        finally:
            for process in processes:
                process.kill()
                process.wait()
        if all(process.returncode == 0 for process in processes):
            return CheckResult(
                "DDP", "ok", f"two processes added their numbers (gloo, {time.monotonic() - began:.0f} s)"
            )
        said = "".join(log.read_text(errors="replace") for log in logs).split("\n")
        return _broken(next((line.strip() for line in reversed(said) if line.strip()), "they ended without a word"))


def _broken(why: str) -> CheckResult:
    remedy = "Runs on one device work. For several: let the host name resolve (/etc/hosts), or GLOO_SOCKET_IFNAME=lo."
    return CheckResult("DDP", "warning", why, remedy)


def nccl(gpus: int, available: bool) -> list[CheckResult]:
    """Whether GPUs can train together; no result if there are fewer than two.

    Args:
        gpus: the number of GPUs that torch sees.
        available: whether this build of torch has NCCL.
    """
    if gpus < 2:
        return []
    if available:
        return [CheckResult("NCCL", "ok", f"in this torch, for {gpus} GPUs")]
    return [
        CheckResult("NCCL", "warning", f"not in this torch, and there are {gpus} GPUs", "Install a torch with NCCL.")
    ]
